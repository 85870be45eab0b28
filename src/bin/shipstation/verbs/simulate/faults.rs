//! Faults by name and rate.

use serde_json::{Value, json};
use shipstation_connector::testing::simulator::{Fault, FaultKind, Simulator};

use super::courier::Chances;
use crate::exit::Failure;

/// A delivery that never leaves.
const LOST: &str = "webhookLost";
/// A delivery that leaves twice.
const TWICE: &str = "webhookTwice";
/// Of the kinds that say nothing more, every name; of the others, what is said.
const PLAIN: [&str; 12] = [
    "serverError",
    "errorAfterEffect",
    "refuse",
    "dropBefore",
    "dropAfterEffect",
    "hang",
    "hangAfterEffect",
    "truncate",
    "cutBody",
    "stallBody",
    "emptyBody",
    "anotherOrder",
];

fn detailed() -> [(&'static str, Value); 6] {
    let lasting = |kind: &str, seconds: u64| json!({ kind: {"secs": seconds, "nanos": 0} });
    [
        ("throttle", json!({"throttle": {"reset": null}})),
        ("html", json!({"html": {"status": 502}})),
        ("htmlAfterEffect", json!({"htmlAfterEffect": {"status": 504}})),
        ("slow", lasting("slow", 5)),
        ("lateEffect", lasting("lateEffect", 30)),
        ("staleRead", lasting("staleRead", 60)),
    ]
}

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
    let detailed = detailed();
    let known = PLAIN.iter().find(|plain| **plain == name).map(|name| (*name).into());
    let known = known.or_else(|| Some(detailed.iter().find(|(own, _)| *own == name)?.1.clone()));
    let kind = known.and_then(|kind: Value| serde_json::from_value(kind).ok());
    kind.ok_or_else(|| {
        let names = PLAIN.into_iter().chain(detailed.iter().map(|(name, _)| *name)).chain([LOST, TWICE]);
        let names: Vec<_> = names.collect();
        Failure::usage(format!("--fault: there is no {name:?}; there are {}", names.join(", ")))
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
