//! What happened to an order, step by step: the events that stores keep. Which write makes which event is decided in `effects`,
//! what an event says to a person in `wording`.

mod effects;
mod wording;

use serde::{Deserialize, Serialize};

use super::{EventCursor, OrderChangeKind, WorkKind};
use crate::{
    Timestamp,
    channel::{
        ActionId, ActionKind, ActionState, ChannelOrderId, HoldReason, HostOrderId, OutboxId, RunId,
        ShipmentState, Unrecognized, record::record, report::FollowUpStatus,
    },
};

record! {
    /// Something that happened to an order. Nothing of a buyer: ids, kinds, shipping texts, and errors as reports show them. Its serde
    /// form is what stores keep.
    ///
    /// The constructors say which event a write makes; a write that changes nothing makes none.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct OrderEvent {
        /// The order.
        pub order: ChannelOrderId,
        /// When it happened, by the clock of whoever wrote it.
        pub at: Timestamp,
        /// The run that did it; `None` where the host did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub run: Option<RunId>,
        /// What happened.
        pub what: OrderEventKind = what.for_report(),
    }
    /// An event. Texts from outside are cut where they are long.
    pub fn new(order: ChannelOrderId, at: Timestamp, run: Option<RunId>, what: OrderEventKind);
}

/// What happened to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum OrderEventKind {
    /// It became the host's.
    Imported {
        /// The host's order.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host_order: Option<HostOrderId>,
        /// Why it waits; empty when it is ready.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        holds: Vec<HoldReason>,
    },
    /// It could not be imported.
    ImportFailed {
        /// What happened.
        error: String,
        /// How many attempts have failed.
        attempts: u32,
    },
    /// It is not read again by itself any more: it was imported after all, or no longer matters.
    ImportClosed,
    /// A person decided that it is not tried again.
    Dismissed,
    /// The shipping rules gave it a method.
    Released {
        /// The version of the rules.
        rules_version: u64,
        /// The host's policy that they gave.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        policy: Option<String>,
        /// What still holds it; empty when it is ready.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        holds: Vec<HoldReason>,
    },
    /// The host released it, whatever held it.
    ReleasedByHost,
    /// What is to be done about it on the channel was tried, or was done.
    FollowUp {
        /// What is to be done.
        work: WorkKind,
        /// How far it is.
        status: FollowUpStatus,
        /// How many attempts were made.
        attempts: u32,
        /// What went wrong.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// The settings do not ask for this any more.
    FollowUpDropped {
        /// What was to be done.
        work: WorkKind,
    },
    /// The host put a shipment of it into the outbox.
    ShipmentEnqueued {
        /// The shipment.
        shipment: OutboxId,
    },
    /// A shipment of it came into another state, or what is known of its state changed.
    Shipment {
        /// The shipment.
        shipment: OutboxId,
        /// Where it stands.
        state: ShipmentState,
        /// How many attempts were made that count.
        attempts: u32,
        /// What the last attempt said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// The host asked for something to be done to it on the channel.
    ActionAdded {
        /// The action.
        action: ActionId,
        /// What is to be done.
        kind: ActionKind,
    },
    /// An action on it came into another state, or what is known of its state changed.
    Action {
        /// The action.
        action: ActionId,
        /// What is to be done.
        kind: ActionKind,
        /// Where it stands.
        state: ActionState,
        /// How many attempts were made that count.
        attempts: u32,
        /// What the last attempt said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// It changed on the channel after its import.
    Changed {
        /// What is different.
        what: Vec<OrderChangeKind>,
    },
    /// A value of a newer version.
    #[serde(untagged)]
    Unrecognized(Unrecognized),
}

impl OrderEvent {
    /// How many events of one order a store keeps before it leaves out further [repetitions](Self::is_repetition).
    pub const MAX_BEFORE_REPETITIONS: usize = 200;

    /// Whether it may come again and again while something is tried or waited for. Everything else comes a few times at most for
    /// each order, each shipment and each action.
    pub fn is_repetition(&self) -> bool {
        match &self.what {
            OrderEventKind::ImportFailed { .. } => true,
            OrderEventKind::Changed { what } => !what.iter().any(OrderChangeKind::ends_shipping),
            OrderEventKind::FollowUp { status, .. } => *status == FollowUpStatus::Pending,
            OrderEventKind::Shipment { state, .. } => !(state.is_closed() || state.is_reported()),
            OrderEventKind::Action { state, .. } => !state.is_closed(),
            _ => false,
        }
    }
}

impl OrderEventKind {
    fn for_report(mut self) -> Self {
        if let Self::Imported { holds, .. } | Self::Released { holds, .. } = &mut self {
            *holds = std::mem::take(holds).into_iter().map(HoldReason::for_report).collect();
        }
        self
    }
}

record! {
    /// An event with its place.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct RecordedEvent {
        /// Its place.
        pub cursor: EventCursor,
        /// The event.
        pub event: OrderEvent,
    }
    /// An event at this place.
    pub fn new(cursor: EventCursor, event: OrderEvent);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::{BlockReason, NotificationStatus};

    fn form(what: OrderEventKind) -> String {
        serde_json::to_string(&OrderEvent::new("7".into(), Timestamp::UNIX_EPOCH, None, what)).unwrap()
    }

    #[test]
    fn the_form_that_stores_keep_is_stable() {
        let shipment = OutboxId { shipment: "s".into(), revision: 2 };
        for (what, json) in [
            (
                OrderEventKind::Imported { host_order: None, holds: vec![HoldReason::NoShippingText] },
                r#"{"event":"imported","holds":[{"reason":"no_shipping_text"}]}"#,
            ),
            (
                OrderEventKind::ShipmentEnqueued { shipment: shipment.clone() },
                r#"{"event":"shipment_enqueued","shipment":{"shipment":"s","revision":2}}"#,
            ),
            (
                OrderEventKind::Shipment {
                    shipment,
                    state: ShipmentState::Blocked { reason: BlockReason::NoTracking },
                    attempts: 1,
                    error: None,
                },
                r#"{"event":"shipment","shipment":{"shipment":"s","revision":2},"state":{"state":"blocked","reason":{"reason":"no_tracking"}},"attempts":1}"#,
            ),
            (
                OrderEventKind::FollowUp {
                    work: WorkKind::AddTag,
                    status: FollowUpStatus::Done,
                    attempts: 1,
                    error: None,
                },
                r#"{"event":"follow_up","work":"add_tag","status":"done","attempts":1}"#,
            ),
            (
                OrderEventKind::ActionAdded { action: "a".into(), kind: ActionKind::Release },
                r#"{"event":"action_added","action":"a","kind":{"action":"release"}}"#,
            ),
            (
                OrderEventKind::Action {
                    action: "a".into(),
                    kind: ActionKind::AddTag { tag: "7".into() },
                    state: ActionState::Done { already_there: true },
                    attempts: 0,
                    error: None,
                },
                r#"{"event":"action","action":"a","kind":{"action":"add_tag","tag":"7"},"state":{"state":"done","already_there":true},"attempts":0}"#,
            ),
        ] {
            let whole = format!(r#"{{"order":"7","at":"1970-01-01T00:00:00Z","what":{json}}}"#);
            assert_eq!(form(what.clone()), whole);
            assert_eq!(serde_json::from_str::<OrderEvent>(&whole).unwrap().what, what);
        }
    }

    #[test]
    fn what_a_newer_version_wrote_is_kept() {
        for json in [
            r#"{"event":"labelled","label":7}"#,
            r#"{"event":"changed","what":[{"change":"painted","as":"red"}]}"#,
        ] {
            let what: OrderEventKind = serde_json::from_str(json).unwrap();
            let is_kept = match &what {
                OrderEventKind::Changed { what } => {
                    matches!(what.as_slice(), [OrderChangeKind::Unrecognized(_)])
                }
                what => matches!(what, OrderEventKind::Unrecognized(_)),
            };
            assert!(is_kept, "{what:?}");
            let again: serde_json::Value = serde_json::to_value(&what).unwrap();
            assert_eq!(again, serde_json::from_str::<serde_json::Value>(json).unwrap());
        }
    }

    #[test]
    fn ends_are_never_left_out() {
        let of = |state| {
            let shipment = OutboxId { shipment: "s".into(), revision: 1 };
            let what = OrderEventKind::Shipment { shipment, state, attempts: 0, error: None };
            OrderEvent::new("7".into(), Timestamp::UNIX_EPOCH, None, what)
        };
        let at = Timestamp::UNIX_EPOCH;
        let (notification, record) = (NotificationStatus::Unknown, None);
        let confirmed = ShipmentState::Confirmed { record, notification, already_there: false };
        for (state, repeats) in [
            (ShipmentState::Pending, true),
            (ShipmentState::Sending { attempt: 9, since: at, server_since: None }, true),
            (ShipmentState::Sent { at }, false),
            (confirmed, false),
            (ShipmentState::Cancelled, false),
        ] {
            assert_eq!(of(state.clone()).is_repetition(), repeats, "{}", state.name());
        }
    }
}
