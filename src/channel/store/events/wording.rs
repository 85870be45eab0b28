//! What an event says to a person.

use std::fmt;

use super::{OrderEvent, OrderEventKind};
use crate::channel::{
    ActionId, ActionKind, ActionState, HoldReason, NotificationStatus, OutboxId, ShipmentState,
    report::FollowUpStatus, shipping::DisplayText, store::WorkKind, wording::joined,
};

/// What happened, and the particulars.
struct Sentence {
    what: String,
    details: Vec<String>,
}

impl Sentence {
    fn new(what: impl Into<String>, details: impl IntoIterator<Item = String>) -> Self {
        Self { what: what.into(), details: details.into_iter().collect() }
    }

    fn of(kind: &OrderEventKind) -> Self {
        match kind {
            OrderEventKind::Imported { host_order, holds } => {
                let host = host_order.iter().map(|host| format!("host order {host}"));
                Self::new("imported", host.chain(held("held", holds)))
            }
            OrderEventKind::ImportFailed { error, attempts } => {
                Self::new(format!("failure {attempts} recorded"), [shown(error)])
            }
            OrderEventKind::ImportClosed => Self::new("failure closed", None),
            OrderEventKind::Dismissed => Self::new("dismissed by the host", None),
            OrderEventKind::Released { rules_version, policy, holds } => {
                let policy = policy.iter().map(|policy| format!("policy {policy}"));
                let what = format!("released with version {rules_version} of the rules");
                Self::new(what, policy.chain(held("still held", holds)))
            }
            OrderEventKind::ReleasedByHost => Self::new("released by the host", None),
            OrderEventKind::FollowUp { work, status, attempts, error } => {
                let error = error.iter().map(|error| shown(error));
                Self::new(follow_up(*work, *status, *attempts), error)
            }
            OrderEventKind::FollowUpDropped { work } => {
                Self::new(format!("{work} not needed any more"), None)
            }
            OrderEventKind::ShipmentEnqueued { shipment } => {
                Self::new(format!("{} enqueued", row(shipment)), None)
            }
            OrderEventKind::Shipment { shipment, state, error, .. } => {
                let (what, details) = standing(state);
                let error = error.iter().map(|error| shown(error));
                Self::new(format!("{} {what}", row(shipment)), details.into_iter().chain(error))
            }
            OrderEventKind::ActionAdded { action, kind } => {
                Self::new(format!("{} asked for", named(action, kind)), None)
            }
            OrderEventKind::Action { action, kind, state, error, .. } => {
                let (what, details) = progress(state);
                let error = error.iter().map(|error| shown(error));
                Self::new(format!("{} {what}", named(action, kind)), details.into_iter().chain(error))
            }
            OrderEventKind::Changed { what } => Self::new("changed", what.iter().map(ToString::to_string)),
            OrderEventKind::Unrecognized(what) => Self::new(what.to_string(), None),
        }
    }
}

fn row(shipment: &OutboxId) -> String {
    format!("shipment {shipment}")
}

fn named(action: &ActionId, kind: &ActionKind) -> String {
    format!("action {} ({kind})", DisplayText::name(action.as_str()).unquoted())
}

fn shown(text: &str) -> String {
    DisplayText::new(text).unquoted()
}

fn held(word: &str, holds: &[HoldReason]) -> Option<String> {
    (!holds.is_empty()).then(|| format!("{word}: {}", joined(holds, "; ")))
}

fn follow_up(work: WorkKind, status: FollowUpStatus, attempts: u32) -> String {
    let (subject, done) = match work {
        WorkKind::AddTag => ("tag", "added"),
        WorkKind::AssignUser => ("user", "assigned"),
        WorkKind::Import => ("order", "imported"),
    };
    match status {
        FollowUpStatus::Done => format!("{subject} {done}"),
        FollowUpStatus::Pending => format!("{subject} not {done} yet (attempt {attempts})"),
        FollowUpStatus::Failed => format!("{subject} not {done} (attempt {attempts})"),
        FollowUpStatus::Overridden => format!("{subject} left as a person chose it"),
    }
}

/// The state of a shipment as what happened to it.
fn standing(state: &ShipmentState) -> (String, Vec<String>) {
    let plain = |what: &str| (what.to_owned(), Vec::new());
    match state {
        ShipmentState::Pending => plain("to be sent"),
        ShipmentState::Waiting { .. } => plain("waits for the rest of the order"),
        ShipmentState::Blocked { reason } => ("blocked".to_owned(), vec![shown(&reason.to_string())]),
        ShipmentState::RetryWait { until, .. } => plain(&format!("to be tried again after {until}")),
        ShipmentState::Sending { attempt, .. } => plain(&format!("sending (attempt {attempt})")),
        ShipmentState::Unknown { checks: 0, .. } => plain("of unknown outcome"),
        ShipmentState::Unknown { checks, .. } => plain(&format!("read back and not found (look {checks})")),
        ShipmentState::Sent { .. } => plain("sent"),
        ShipmentState::Confirmed { record, notification, already_there } => {
            let there = already_there.then(|| "it was there before".to_owned());
            let record = record.iter().map(|record| format!("record {record}"));
            let notice = match notification {
                NotificationStatus::Notified => Some("the store is notified".to_owned()),
                NotificationStatus::Failed { message } => {
                    Some(format!("the store could not be notified: {}", shown(message)))
                }
                _ => None,
            };
            ("confirmed".to_owned(), record.chain(there).chain(notice).collect())
        }
        ShipmentState::Failed { reason } => ("failed".to_owned(), vec![shown(&reason.to_string())]),
        ShipmentState::Suppressed { .. } => plain("not to be reported, as the host says"),
        ShipmentState::Superseded { .. } => plain("covered by another shipment"),
        ShipmentState::Cancelled => plain("taken back by the host"),
    }
}

/// The state of an action as what happened to it.
fn progress(state: &ActionState) -> (String, Option<String>) {
    let plain = |what: &str| (what.to_owned(), None);
    match state {
        ActionState::Pending => plain("to be tried"),
        ActionState::RetryWait { until, .. } => plain(&format!("to be tried again after {until}")),
        ActionState::Sending { .. } => plain("sending"),
        ActionState::Unknown { checks: 0, .. } => plain("of unknown outcome"),
        ActionState::Unknown { checks, .. } => plain(&format!("looked for and not seen (look {checks})")),
        ActionState::Done { already_there: true } => plain("done before anything was sent"),
        ActionState::Done { .. } => plain("done"),
        ActionState::Closed { reason } => {
            ("closed without effect".to_owned(), Some(shown(&reason.to_string())))
        }
        ActionState::Superseded { by } => plain(&format!("superseded by action {}", shown(by.as_str()))),
    }
}

/// One sentence, without its time and its run.
impl fmt::Display for OrderEventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sentence { what, details } = Sentence::of(self);
        f.write_str(&what)?;
        if details.is_empty() { Ok(()) } else { write!(f, ": {}", details.join(", ")) }
    }
}

/// One line: when, what, by which run, and the particulars.
impl fmt::Display for OrderEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sentence { what, details } = Sentence::of(&self.what);
        let at = self.at.floor_second().to_string().replacen('T', " ", 1);
        write!(f, "{at} {what}")?;
        if let Some(run) = &self.run {
            write!(f, " by run {run}")?;
        }
        if details.is_empty() { Ok(()) } else { write!(f, ": {}", details.join(", ")) }
    }
}
