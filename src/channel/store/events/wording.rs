//! What an event says to a person.

use std::fmt;

use super::{OrderEvent, OrderEventKind};
use crate::channel::{
    ActionId, ActionKind, ActionState, HoldReason, NotificationStatus, ShipmentState,
    report::FollowUpStatus,
    shipping::DisplayText,
    store::WorkKind,
    wording::{behind, joined},
};

/// What happened, and the particulars.
type Sentence = (String, Vec<String>);

fn plain(what: impl Into<String>) -> Sentence {
    (what.into(), Vec::new())
}

fn sentence(kind: &OrderEventKind) -> Sentence {
    match kind {
        OrderEventKind::Imported { host_order, holds } => {
            let host = host_order.iter().map(|host| format!("host order {host}"));
            ("imported".to_owned(), host.chain(held("held", holds)).collect())
        }
        OrderEventKind::ImportFailed { error, attempts } => {
            (format!("failure {attempts} recorded"), vec![shown(error)])
        }
        OrderEventKind::ImportClosed => plain("failure closed"),
        OrderEventKind::Dismissed => plain("dismissed by the host"),
        OrderEventKind::Released { rules_version, policy, holds } => {
            let policy = policy.iter().map(|policy| format!("policy {policy}"));
            let what = format!("released with version {rules_version} of the rules");
            (what, policy.chain(held("still held", holds)).collect())
        }
        OrderEventKind::ReleasedByHost => plain("released by the host"),
        OrderEventKind::FollowUp { work, status, attempts, error } => {
            (follow_up(*work, *status, *attempts), error.iter().map(|error| shown(error)).collect())
        }
        OrderEventKind::FollowUpDropped { work } => plain(format!("{work} not needed any more")),
        OrderEventKind::ShipmentEnqueued { shipment } => plain(format!("shipment {shipment} enqueued")),
        OrderEventKind::Shipment { shipment, state, error, .. } => {
            let (what, details) = standing(state);
            let error = error.iter().map(|error| shown(error));
            (format!("shipment {shipment} {what}"), details.into_iter().chain(error).collect())
        }
        OrderEventKind::ActionAdded { action, kind } => plain(format!("{} asked for", named(action, kind))),
        OrderEventKind::Action { action, kind, state, error, .. } => {
            let (what, details) = progress(state);
            let error = error.iter().map(|error| shown(error));
            (format!("{} {what}", named(action, kind)), details.into_iter().chain(error).collect())
        }
        OrderEventKind::Changed { what } => {
            ("changed".to_owned(), what.iter().map(ToString::to_string).collect())
        }
        OrderEventKind::Unrecognized(what) => plain(what.to_string()),
    }
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
fn standing(state: &ShipmentState) -> Sentence {
    match state {
        ShipmentState::Pending => plain("to be sent"),
        ShipmentState::Waiting { .. } => plain("waits for the rest of the order"),
        ShipmentState::Blocked { reason } => ("blocked".to_owned(), vec![shown(&reason.to_string())]),
        ShipmentState::RetryWait { until, .. } => plain(format!("to be tried again after {until}")),
        ShipmentState::Sending { attempt, .. } => plain(format!("sending (attempt {attempt})")),
        ShipmentState::Unknown { checks: 0, .. } => plain("of unknown outcome"),
        ShipmentState::Unknown { checks, .. } => plain(format!("read back and not found (look {checks})")),
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
fn progress(state: &ActionState) -> Sentence {
    match state {
        ActionState::Pending => plain("to be tried"),
        ActionState::RetryWait { until, .. } => plain(format!("to be tried again after {until}")),
        ActionState::Sending { .. } => plain("sending"),
        ActionState::Unknown { checks: 0, .. } => plain("of unknown outcome"),
        ActionState::Unknown { checks, .. } => plain(format!("looked for and not seen (look {checks})")),
        ActionState::Done { already_there: true } => plain("done before anything was sent"),
        ActionState::Done { .. } => plain("done"),
        ActionState::Closed { reason } => {
            ("closed without effect".to_owned(), vec![shown(&reason.to_string())])
        }
        ActionState::Superseded { by } => plain(format!("superseded by action {}", shown(by.as_str()))),
    }
}

/// The particulars behind what happened.
fn told(details: &[String]) -> String {
    if details.is_empty() { String::new() } else { format!(": {}", details.join(", ")) }
}

/// One sentence, without its time and its run.
impl fmt::Display for OrderEventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, details) = sentence(self);
        write!(f, "{what}{}", told(&details))
    }
}

/// One line: when, what, by which run, and the particulars.
impl fmt::Display for OrderEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, details) = sentence(&self.what);
        let at = self.at.floor_second().to_string().replacen('T', " ", 1);
        write!(f, "{at} {what}{}{}", behind(" by run ", self.run.as_ref()), told(&details))
    }
}
