//! What a real account shows of what this crate takes for granted: a few reads, and a sheet of evidence without any buyer's data, key or
//! name of the account. Nothing is changed.

mod questions;
mod redaction;
mod sheet;
mod tap;

use std::sync::Arc;

use shipstation_connector::{
    ShipStation,
    client::{ClientSettings, Credentials, RetryPolicy},
};

pub(crate) use self::sheet::Sheet;
use self::{questions::Asker, tap::Tap};
use crate::exit::{Exit, Failure};

/// Asks everything, within a budget of requests.
pub(crate) struct Probe {
    client: ShipStation,
    tap: Arc<Tap>,
    configured: ClientSettings,
}

impl Probe {
    /// As many requests as it takes at most.
    pub(crate) const REQUESTS: usize = 12;

    /// A probe of the account that these credentials belong to. No request is sent.
    pub(crate) fn new(credentials: Credentials, settings: &ClientSettings) -> Result<Self, Failure> {
        let tap = Arc::new(Tap::new(settings)?);
        let builder = ShipStation::builder(credentials).settings(settings).retry(RetryPolicy::never());
        let client = builder.transport(tap.clone()).build()?;
        Ok(Self { client, tap, configured: settings.clone() })
    }

    /// Asks, and says what was seen.
    pub(crate) async fn ask(&self) -> Result<Sheet, Failure> {
        let mut asker = Asker::new(&self.client, &self.tap);
        asker.ask_everything().await?;
        Ok(asker.finish(&self.configured))
    }

    /// What was answered, as fixtures: the shapes, and nothing of what they held.
    pub(crate) fn fixtures(&self) -> Vec<(String, serde_json::Value)> {
        let seen = self.tap.seen();
        seen.iter().enumerate().map(|(place, answer)| redaction::fixture(place + 1, answer)).collect()
    }
}

/// The program's code for an answer that ends the probe.
fn refused(status: u16) -> Failure {
    let (exit, why) = match status {
        401 => (Exit::Credentials, "ShipStation refused the key"),
        402 | 403 => (Exit::Credentials, "the account or the key may not use the API"),
        _ => (Exit::Failed, "ShipStation did not answer sensibly"),
    };
    Failure::new(exit, format!("{why} (status {status}): nothing was learned"))
}
