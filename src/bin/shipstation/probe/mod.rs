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

pub(crate) use self::{
    plan::{Plan, Purpose},
    questions::NO_REQUEST,
    sheet::Sheet,
    target::Target,
};
use self::{questions::Asker, tap::Tap};
use crate::exit::{Exit, Failure};

/// Asks everything, within a budget of requests.
pub(crate) struct Probe {
    client: ShipStation,
    tap: Arc<Tap>,
    plan: Plan,
    configured: ClientSettings,
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
        tap.cap(plan.requests());
        let builder = ShipStation::builder(credentials).settings(settings).retry(RetryPolicy::never());
        let client = builder.transport(tap.clone()).build()?;
        Ok(Self { client, tap, plan, configured: settings.clone() })
    }

    /// Looks for the order that may be marked.
    pub(crate) async fn find(&self, number: &str) -> Result<Target, Failure> {
        Target::find(&self.client, &self.tap, number).await
    }

    /// Asks, marks the order if there is one, and says what was seen.
    pub(crate) async fn ask(&self, marks: &Marks) -> Result<Sheet, Failure> {
        let mut asker = Asker::new(&self.client, &self.tap);
        let (made, _) = self.tap.requests();
        self.tap.cap(self.plan.before_the_marks(made));
        asker.ask_everything().await?;
        self.tap.cap(self.plan.requests());
        match marks {
            Marks::Unasked => {}
            Marks::Not(why) => asker.say_unasked(&mark::ASSUMPTIONS, why),
            Marks::Twice(target, settle) => asker.mark_twice(target, *settle).await,
        }
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

fn not_shipstation() -> Failure {
    let why = "an answer is none of ShipStation's: nothing was learned; is the base URL right?";
    Failure::new(Exit::Failed, why)
}
