//! What somebody does at the pages: opens one, reads it, fills in fields, presses buttons, follows links, uses keys.
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use fantoccini::{
    Client, Locator,
    actions::{InputSource, KeyAction, KeyActions},
    elements::{Element, ElementRef},
    key::Key,
};
use serde_json::{Value, json};

use crate::driver::{Chromium, Driver};

const LEAVES: &str = include_str!("leaves.js");

/// The window, in CSS pixels of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// 1280 x 900.
    Desk,
    /// 390 x 844, as a telephone shows pages.
    Phone,
}

impl Size {
    const fn pixels(self) -> (u64, u64) {
        match self {
            Self::Desk => (1280, 900),
            Self::Phone => (390, 844),
        }
    }
}

/// The colors that the reader's system prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Light,
    Dark,
}

/// A browser with one window.
#[derive(Debug)]
pub(crate) struct Browser {
    client: Client,
    size: Size,
    site: String,
}

impl Browser {
    pub(crate) async fn open(driver: &Driver, size: Size, scheme: Scheme) -> Self {
        let browser = Self { client: driver.session().await, size, site: String::new() };
        browser.resize(size.pixels().1).await;
        let scheme = if scheme == Scheme::Dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        browser.command("Emulation.setEmulatedMedia", features).await;
        browser
    }

    /// The same browser, which reads paths from this address on: `http://127.0.0.1:3000`.
    pub(crate) fn at(self, site: impl Into<String>) -> Self {
        Self { site: site.into(), ..self }
    }

    /// Opens the page at a path.
    pub(crate) async fn go(&self, path: &str) {
        let url = format!("{}{path}", self.site);
        self.client.goto(&url).await.unwrap_or_else(|error| panic!("{url} does not open: {error}"));
    }

    /// The path and the query of the page that is shown.
    pub(crate) async fn path(&self) -> String {
        self.run("return location.pathname + location.search", vec![]).await.as_str().unwrap().to_owned()
    }

    /// The HTTP status that the page came with.
    pub(crate) async fn status(&self) -> u64 {
        let script = "return performance.getEntriesByType('navigation')[0].responseStatus";
        self.run(script, vec![]).await.as_u64().unwrap()
    }

    pub(crate) async fn title(&self) -> String {
        self.client.title().await.unwrap()
    }

    /// The text of the page's `main`, as it is shown.
    pub(crate) async fn text(&self) -> String {
        self.client.find(Locator::Css("main")).await.unwrap().text().await.unwrap()
    }

    /// Fills in the field with this label: types the text, chooses the option with it, or sets the date (`2025-01-31`).
    pub(crate) async fn fill(&self, label: &str, value: &str) {
        let field = self.find("field", label).await;
        let kind = field.prop("type").await.unwrap().unwrap_or_default();
        match kind.as_str() {
            "select-one" | "select-multiple" => field.select_by_label(value).await.unwrap(),
            "date" | "datetime-local" | "month" | "time" => {
                let field = serde_json::to_value(&field).unwrap();
                self.run("arguments[0].value = arguments[1]", vec![field, value.into()]).await;
            }
            _ => {
                field.clear().await.unwrap();
                field.send_keys(value).await.unwrap();
            }
        }
    }

    /// Clicks the checkbox or the radio button with this label.
    pub(crate) async fn tick(&self, label: &str) {
        self.find("field", label).await.click().await.unwrap();
    }

    /// Clicks the button that says this, and waits for the page that it leads to, if its form is complete.
    pub(crate) async fn press(&self, button: &str) {
        self.click(&self.find("button", button).await).await;
    }

    /// Clicks the link that says this, and waits for the page that it leads to.
    pub(crate) async fn follow(&self, link: &str) {
        self.click(&self.find("link", link).await).await;
    }

    /// Presses the key that goes to the next control.
    pub(crate) async fn tab(&self) {
        self.keys(&char::from(Key::Tab).to_string()).await;
    }

    /// Presses Enter, and waits for the page that it leads to.
    pub(crate) async fn enter(&self) {
        let leaves = self.run(LEAVES, vec![]).await;
        self.keys(&char::from(Key::Enter).to_string()).await;
        self.arrive(leaves == true).await;
    }

    /// Presses one key after the other, wherever the focus is.
    pub(crate) async fn keys(&self, text: &str) {
        let keys = text.chars().fold(KeyActions::new("keyboard".to_owned()), |keys, value| {
            keys.then(KeyAction::Down { value }).then(KeyAction::Up { value })
        });
        self.client.perform_actions(keys).await.unwrap();
    }

    /// What has the focus: the text of its label, or its own.
    pub(crate) async fn active(&self) -> String {
        let script = "const e = document.activeElement;
            return e === document.body ? '' : e.ariaLabel || (e.labels?.[0] ?? e).innerText || e.value";
        self.run(script, vec![]).await.as_str().unwrap_or_default().trim().to_owned()
    }

    /// Saves a picture of the whole page, also of what the window does not show, as `target/browser/NAME.png`.
    pub(crate) async fn screenshot(&self, name: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("browser");
        let file = folder.join(format!("{name}.png"));
        let (_, shown) = self.size.pixels();
        let whole = self.run("return document.documentElement.scrollHeight", vec![]).await;
        self.resize(whole.as_u64().unwrap()).await;
        let picture = self.client.screenshot().await.unwrap();
        self.resize(shown).await;
        fs::create_dir_all(&folder).unwrap();
        fs::write(&file, picture).unwrap();
        file
    }

    /// Runs a script of the test in the page.
    pub(crate) async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute(script, arguments).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// The one field, button or link that has this name.
    async fn find(&self, kind: &str, name: &str) -> Element {
        let found = self.run(include_str!("find.js"), vec![kind.into(), name.into()]).await;
        let [element] = found[0].as_array().unwrap().as_slice() else {
            panic!("not one {kind} has the name {name:?} on {}; there are {}", self.path().await, found[1]);
        };
        let id = element.as_object().and_then(|element| element.values().next()?.as_str());
        let id = id.unwrap_or_else(|| panic!("the label {name:?} is the label of nothing"));
        Element::from_element_id(self.client.clone(), ElementRef::from(id.to_owned()))
    }

    async fn click(&self, element: &Element) {
        let leaves = self.run(LEAVES, vec![serde_json::to_value(element).unwrap()]).await;
        element.click().await.unwrap();
        self.arrive(leaves == true).await;
    }

    /// Waits until a page that is left is no longer shown: a form is sent some time after the click.
    async fn arrive(&self, leaves: bool) {
        if leaves {
            let arrival =
                self.client.wait().at_most(Duration::from_secs(20)).every(Duration::from_millis(10));
            arrival.for_element(Locator::Css("html:not([data-left])")).await.expect("another page is shown");
        }
    }

    async fn resize(&self, height: u64) {
        let (width, _) = self.size.pixels();
        let mobile = self.size == Size::Phone;
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile });
        self.command("Emulation.setDeviceMetricsOverride", size).await;
    }

    async fn command(&self, name: &'static str, parameters: Value) {
        self.client.issue_cmd(Chromium(name, parameters)).await.unwrap();
    }
}
