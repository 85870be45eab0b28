//! The accounts of ShipStation that the host serves. A real host keeps the keys in its secret store.

use crate::{
    Failure,
    database::{Database, Row},
};

/// An account, with its keys: nothing of it is shown as it is.
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) api_key: String,
    pub(crate) api_secret: String,
    /// The last day of the keys, as `2026-12-31`.
    pub(crate) expires_on: Option<String>,
    /// The secret part of the address of its webhooks.
    pub(crate) webhook_secret: String,
    /// Grows when its keys change.
    pub(crate) revision: i64,
    pub(crate) paused: Option<String>,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("name", &self.name).finish_non_exhaustive()
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT name, api_key, api_secret, expires_on, webhook_secret, revision, paused FROM oms_account ",
            $rest
        )
    };
}

fn account(row: &Row) -> Account {
    Account {
        name: row.text(0),
        api_key: row.text(1),
        api_secret: row.text(2),
        expires_on: row.maybe_text(3),
        webhook_secret: row.text(4),
        revision: row.number(5),
        paused: row.maybe_text(6),
    }
}

pub(crate) async fn all(database: &Database) -> Result<Vec<Account>, Failure> {
    Ok(database.query(select!("ORDER BY name"), &[]).await?.iter().map(account).collect())
}

pub(crate) async fn find(database: &Database, name: &str) -> Result<Option<Account>, Failure> {
    Ok(database.query(select!("WHERE name = $1"), &[name.into()]).await?.first().map(account))
}

/// Adds an account, or gives it other keys; its webhooks keep their secret.
pub(crate) async fn put(database: &Database, account: &Account) -> Result<(), Failure> {
    let put = "INSERT INTO oms_account (name, api_key, api_secret, expires_on, webhook_secret, revision)
               VALUES ($1, $2, $3, $4, $5, 1)
               ON CONFLICT (name) DO UPDATE SET api_key = excluded.api_key, api_secret = excluded.api_secret,
                   expires_on = excluded.expires_on, revision = oms_account.revision + 1";
    let values = [
        account.name.as_str().into(),
        account.api_key.as_str().into(),
        account.api_secret.as_str().into(),
        account.expires_on.clone().into(),
        account.webhook_secret.as_str().into(),
    ];
    database.execute(put, &values).await?;
    Ok(())
}

/// Stops serving an account for a reason, or serves it again: its channel stays the same. Says whether there is such an account.
pub(crate) async fn pause(database: &Database, name: &str, why: Option<&str>) -> Result<bool, Failure> {
    let pause = "UPDATE oms_account SET paused = $1 WHERE name = $2";
    Ok(database.execute(pause, &[why.into(), name.into()]).await? > 0)
}
