//! The audit of a page: what it asks of every page is said in `audit.js`.
use crate::browser::Browser;

impl Browser {
    /// What is wrong with the page that is shown, in plain words; nothing if it is in order. The next key that is
    /// pressed begins at the top of the page.
    pub(crate) async fn audit(&self) -> Vec<String> {
        let problems = self.run(include_str!("audit.js"), vec![]).await;
        serde_json::from_value(problems).unwrap()
    }
}
