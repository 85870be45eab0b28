//! Faults by name and rate.

use shipstation_connector::testing::simulator::{Fault, FaultKind, Simulator};

use super::courier::Chances;
use crate::{exit::Failure, output::joined};

/// A delivery that never leaves.
const LOST: &str = "webhookLost";
/// A delivery that leaves twice.
const TWICE: &str = "webhookTwice";
/// The kinds of faults, each with what it says beside its name.
const KINDS: [(&str, &str); 18] = [
    ("serverError", "null"),
    ("errorAfterEffect", "null"),
    ("refuse", "null"),
    ("dropBefore", "null"),
    ("dropAfterEffect", "null"),
    ("hang", "null"),
    ("hangAfterEffect", "null"),
    ("truncate", "null"),
    ("cutBody", "null"),
    ("stallBody", "null"),
    ("emptyBody", "null"),
    ("anotherOrder", "null"),
    ("throttle", r#"{"reset": null}"#),
    ("html", r#"{"status": 502}"#),
    ("htmlAfterEffect", r#"{"status": 504}"#),
    ("slow", r#"{"secs": 5, "nanos": 0}"#),
    ("lateEffect", r#"{"secs": 30, "nanos": 0}"#),
    ("staleRead", r#"{"secs": 60, "nanos": 0}"#),
];

/// What goes wrong, and how often.
#[derive(Debug, Default)]
pub(super) struct Faults {
    requests: Vec<Fault>,
    pub(super) deliveries: Chances,
}

/// `NAME=RATE`, each with a rate from 0 to 1.
pub(super) fn of(asked: &[String]) -> Result<Faults, Failure> {
    let mut faults = Faults::default();
    for word in asked {
        let (name, rate) = word.split_once('=').unwrap_or((word, ""));
        let rate: f64 = rate.parse().ok().filter(|rate| (0.0..=1.0).contains(rate)).ok_or_else(|| {
            Failure::usage(format!(
                "--fault {word}: wanted is NAME=RATE with a rate from 0 to 1, such as dropAfterEffect=0.05"
            ))
        })?;
        match name {
            LOST => faults.deliveries.lost = rate,
            TWICE => faults.deliveries.twice = rate,
            _ => faults.requests.push(Fault::any().at_rate(rate).with(kind(name)?)),
        }
    }
    Ok(faults)
}

fn kind(name: &str) -> Result<FaultKind, Failure> {
    let known = KINDS.iter().find(|(known, _)| *known == name);
    let kind = known.and_then(|(name, says)| serde_json::from_str(&format!("{{\"{name}\": {says}}}")).ok());
    kind.ok_or_else(|| {
        let names = joined(KINDS.iter().map(|(name, _)| *name).chain([LOST, TWICE]), ", ");
        Failure::usage(format!("--fault: there is no {name:?}; there are {names}"))
    })
}

impl Faults {
    /// Gives them to an account, in place of those it had.
    pub(super) fn scripted(&self, account: &Simulator) {
        if !self.requests.is_empty() {
            account.clear_faults();
        }
        self.requests.iter().cloned().for_each(|fault| account.fault(fault));
    }
}
