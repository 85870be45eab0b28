//! What a real account shows of what this crate takes for granted: a few reads, by consent one order that is marked as shipped, and a
//! sheet of evidence without any buyer's data, key, or name of the account or of an order.

mod headers;
mod looks;
mod mark;
mod plan;
mod questions;
mod redaction;
mod sheet;
mod tap;
mod target;

use std::{sync::Arc, time::Duration};

use shipstation_connector::{
    ShipStation,
    client::{ClientSettings, Credentials, RetryPolicy},
};

use self::tap::Tap;
pub(crate) use self::{
    plan::{Plan, Purpose},
    questions::NO_REQUEST,
    sheet::Sheet,
    target::Target,
};
use crate::exit::{Exit, Failure};

/// Asks everything, within a budget of requests, and keeps what was learned.
pub(crate) struct Probe {
    client: ShipStation,
    tap: Arc<Tap>,
    plan: Plan,
    /// As many as the settings allow.
    requests_per_minute: u32,
    pub(crate) sheet: Sheet,
}

/// What becomes of the order that may be marked.
pub(crate) enum Marks {
    /// None was named.
    Unasked,
    /// It is not marked, and why.
    Not(&'static str),
    /// It is marked twice; the second mark has so long at least to show what it did.
    Twice(Target, Duration),
}

impl Probe {
    /// A probe of the account that these credentials belong to. No request is sent.
    pub(crate) fn new(
        credentials: Credentials,
        settings: &ClientSettings,
        plan: Plan,
    ) -> Result<Self, Failure> {
        let tap = Arc::new(Tap::new(settings)?);
        tap.state().cap = plan.requests;
        let builder = ShipStation::builder(credentials).settings(settings).retry(RetryPolicy::never());
        let client = builder.transport(tap.clone()).build()?;
        let requests_per_minute = settings.requests_per_minute;
        Ok(Self { client, tap, plan, requests_per_minute, sheet: Sheet::default() })
    }

    /// Asks, and marks the order if there is one: what was seen is on the sheet.
    pub(crate) async fn ask(&mut self, marks: &Marks) -> Result<(), Failure> {
        let made = self.tap.state().requests;
        self.tap.state().cap = self.plan.before_the_marks(made);
        self.ask_everything().await?;
        self.tap.state().cap = self.plan.requests;
        match marks {
            Marks::Unasked => {}
            Marks::Not(why) => self.say_unasked(&mark::ASSUMPTIONS, why),
            Marks::Twice(target, settle) => self.mark_twice(target, *settle).await,
        }
        self.finish();
        Ok(())
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

fn not_shipstation() -> Failure {
    let why = "an answer is none of ShipStation's: nothing was learned; is the base URL right?";
    Failure::new(Exit::Failed, why)
}
