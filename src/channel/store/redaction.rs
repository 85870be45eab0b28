//! What stays of the story of an order whose buyer is forgotten: ids, kinds, quantities and times. A tracking number leads to its
//! addressee, and a text from outside may name anything: both go.

use super::{
    ActionRow, HeldOrder, ImportRecord, OrderChange, OrderChangeKind, OrderEvent, OrderEventKind,
    OrderSnapshot, OrderWork,
};
use crate::channel::{
    ActionState, BlockReason, CloseReason, FailReason, HoldReason, NotificationStatus, ShipmentState,
    Unrecognized,
};

/// Stands where a text was.
const REMOVED: &str = "(removed)";

impl OrderEvent {
    /// The event without tracking numbers and without texts from outside: what may stay once the
    /// [buyer is forgotten](super::Maintenance::forget_buyer).
    #[must_use]
    pub fn without_buyer(mut self) -> Self {
        self.what.forget_buyer();
        self
    }
}

impl OrderChange {
    /// The change without tracking numbers and without texts from outside: what may stay once the
    /// [buyer is forgotten](super::Maintenance::forget_buyer).
    #[must_use]
    pub fn without_buyer(mut self) -> Self {
        self.what.iter_mut().for_each(OrderChangeKind::forget_buyer);
        self
    }
}

impl ImportRecord {
    /// The record without what tells of the address and without texts from outside: what may stay once the
    /// [buyer is forgotten](super::Maintenance::forget_buyer).
    #[must_use]
    pub fn without_buyer(mut self) -> Self {
        self.holds.iter_mut().for_each(HoldReason::forget_buyer);
        self.without_address()
    }

    /// The record without what was made from the address: the order is not recognized under another id any more.
    #[must_use]
    pub fn without_address(mut self) -> Self {
        self.fingerprint = None;
        self.snapshot = self.snapshot.map(OrderSnapshot::without_address);
        self
    }
}

impl OrderSnapshot {
    /// The snapshot without the number that stands for the address: what may stay once the
    /// [buyer is forgotten](super::Maintenance::forget_buyer).
    #[must_use]
    pub fn without_address(self) -> Self {
        Self { address: 0, ..self }
    }
}

impl HeldOrder {
    /// The order without texts from outside: what may stay once the [buyer is forgotten](super::Maintenance::forget_buyer).
    #[must_use]
    pub fn without_buyer(mut self) -> Self {
        self.holds.iter_mut().for_each(HoldReason::forget_buyer);
        self
    }
}

impl OrderWork {
    /// The entry without what the last attempt said: what may stay once the
    /// [buyer is forgotten](super::Maintenance::forget_buyer). That there was something stays.
    #[must_use]
    pub fn without_buyer(mut self) -> Self {
        self.error.iter_mut().for_each(remove);
        self
    }
}

impl ActionRow {
    /// The row without texts from outside: what may stay once the [buyer is forgotten](super::Maintenance::forget_buyer).
    #[must_use]
    pub fn without_buyer(mut self) -> Self {
        self.state.remove_texts();
        self.last_error = None;
        self
    }
}

impl OrderEventKind {
    fn forget_buyer(&mut self) {
        match self {
            Self::Imported { holds, .. } | Self::Released { holds, .. } => {
                holds.iter_mut().for_each(HoldReason::forget_buyer);
            }
            Self::ImportFailed { error, .. } => remove(error),
            Self::FollowUp { error, .. } => *error = None,
            Self::Shipment { state, error, .. } => {
                state.remove_texts();
                *error = None;
            }
            Self::Action { state, error, .. } => {
                state.remove_texts();
                *error = None;
            }
            Self::Changed { what } => what.iter_mut().for_each(OrderChangeKind::forget_buyer),
            Self::Unrecognized(value) => value.keep_only("event"),
            Self::ImportClosed
            | Self::Dismissed
            | Self::ReleasedByHost
            | Self::FollowUpDropped { .. }
            | Self::ShipmentEnqueued { .. }
            | Self::ActionAdded { .. } => {}
        }
    }
}

impl OrderChangeKind {
    fn forget_buyer(&mut self) {
        match self {
            Self::ShippedElsewhere { parcels } => {
                parcels.iter_mut().flatten().for_each(|parcel| parcel.tracking_number = None);
            }
            Self::Unrecognized(value) => value.keep_only("change"),
            Self::Cancelled
            | Self::OnHold
            | Self::Released
            | Self::Address
            | Self::Lines
            | Self::Merged { .. }
            | Self::Split { .. }
            | Self::Unknown { .. } => {}
        }
    }
}

impl HoldReason {
    /// What the others say is of the shop: shipping texts, SKUs and orders.
    fn forget_buyer(&mut self) {
        match self {
            Self::ByPolicy { reason } => remove(reason),
            Self::Unrecognized(value) => value.keep_only("reason"),
            _ => {}
        }
    }
}

impl ShipmentState {
    /// The same without what others have said about it.
    pub(crate) fn remove_texts(&mut self) {
        match self {
            Self::Blocked { reason } => match reason {
                BlockReason::Refused { message: text }
                | BlockReason::RefusedCarrier { message: text, .. }
                | BlockReason::OutcomeUnknown { saw: text, .. } => remove(text),
                BlockReason::Unrecognized(value) => value.keep_only("reason"),
                BlockReason::UnmappedCarrier { .. }
                | BlockReason::NoTracking
                | BlockReason::OrderNotShippable { .. }
                | BlockReason::UnknownLines { .. }
                | BlockReason::OrderMismatch { .. }
                | BlockReason::ExternallyFulfilled => {}
            },
            Self::Failed { reason } => match reason {
                FailReason::AlreadyShipped { theirs } => *theirs = None,
                FailReason::GaveUp { last_error, .. } => remove(last_error),
                FailReason::Unrecognized(value) => value.keep_only("reason"),
                FailReason::OrderCancelled
                | FailReason::OrderGone
                | FailReason::MergedInto { .. }
                | FailReason::AmendmentNotSupported
                | FailReason::InvalidOrderId => {}
            },
            Self::Confirmed { notification: NotificationStatus::Failed { message }, .. } => remove(message),
            Self::Confirmed { notification: NotificationStatus::Unrecognized(value), .. } => {
                value.keep_only("notice");
            }
            Self::Suppressed { why } => remove(why),
            Self::Pending
            | Self::Waiting { .. }
            | Self::RetryWait { .. }
            | Self::Sending { .. }
            | Self::Unknown { .. }
            | Self::Sent { .. }
            | Self::Confirmed { .. }
            | Self::Superseded { .. }
            | Self::Cancelled => {}
        }
    }
}

impl ActionState {
    /// The same without what others have said about it.
    pub(crate) fn remove_texts(&mut self) {
        let Self::Closed { reason } = self else { return };
        match reason {
            CloseReason::OutcomeUnknown { saw: text, .. }
            | CloseReason::Refused { message: text }
            | CloseReason::GaveUp { last_error: text, .. } => remove(text),
            CloseReason::Unrecognized(value) => value.keep_only("reason"),
            CloseReason::OrderChanged
            | CloseReason::NotPossible { .. }
            | CloseReason::OrderGone
            | CloseReason::HoldIsOver
            | CloseReason::TagUnknown { .. } => {}
        }
    }
}

impl Unrecognized {
    /// Removes every member but `tag`, which says what it is.
    fn keep_only(&mut self, tag: &str) {
        self.retain_members(|name| name == tag);
    }
}

fn remove(text: &mut String) {
    REMOVED.clone_into(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Timestamp,
        channel::{
            ActionKind, ChannelParcel, OutboxId, ParcelSource, report::FollowUpStatus, store::WorkKind,
        },
    };

    /// What someone may have written into any text.
    const NUMBER: &str = "1Z999AA10123456784";

    fn events() -> Vec<OrderEventKind> {
        let text = || NUMBER.to_owned();
        let error = Some(text());
        let newer = |tag: &str| format!(r#"{{"{tag}":"newer","number":"{NUMBER}"}}"#);
        let reasons = [
            ShipmentState::Blocked { reason: BlockReason::Refused { message: text() } },
            ShipmentState::Blocked {
                reason: BlockReason::RefusedCarrier { code: "ups".into(), message: text() },
            },
            ShipmentState::Blocked { reason: BlockReason::OutcomeUnknown { requests: 3, saw: text() } },
            ShipmentState::Blocked { reason: serde_json::from_str(&newer("reason")).unwrap() },
            ShipmentState::Failed { reason: FailReason::AlreadyShipped { theirs: Some(text()) } },
            ShipmentState::Failed {
                reason: FailReason::GaveUp { after: std::time::Duration::ZERO, last_error: text() },
            },
            ShipmentState::Failed { reason: serde_json::from_str(&newer("reason")).unwrap() },
            ShipmentState::Suppressed { why: text() },
        ];
        let notices =
            [NotificationStatus::Failed { message: text() }, serde_json::from_str(&newer("notice")).unwrap()];
        let confirmed =
            |notification| ShipmentState::Confirmed { record: None, notification, already_there: false };
        let shipment = OutboxId { shipment: "s".into(), revision: 1 };
        let shipments = reasons.into_iter().chain(notices.map(confirmed)).map(|state| {
            OrderEventKind::Shipment { shipment: shipment.clone(), state, attempts: 1, error: error.clone() }
        });
        let closes = [
            CloseReason::OutcomeUnknown { requests: 1, saw: text() },
            CloseReason::Refused { message: text() },
            CloseReason::GaveUp { after: std::time::Duration::ZERO, last_error: text() },
            serde_json::from_str(&newer("reason")).unwrap(),
        ];
        let actions = closes.map(|reason| OrderEventKind::Action {
            action: "a".into(),
            kind: ActionKind::Release,
            state: ActionState::Closed { reason },
            attempts: 1,
            error: error.clone(),
        });
        let (work, status) = (WorkKind::AddTag, FollowUpStatus::Failed);
        let mut parcel = ChannelParcel::new(ParcelSource::Label);
        parcel.tracking_number = error.clone();
        let newer_hold: HoldReason = serde_json::from_str(&newer("reason")).unwrap();
        let others = [
            OrderEventKind::Imported {
                host_order: None,
                holds: vec![HoldReason::ByPolicy { reason: text() }, newer_hold],
            },
            OrderEventKind::ImportFailed { error: text(), attempts: 1 },
            OrderEventKind::FollowUp { work, status, attempts: 1, error: error.clone() },
            OrderEventKind::Changed {
                what: vec![
                    OrderChangeKind::ShippedElsewhere { parcels: Some(vec![parcel]) },
                    serde_json::from_str(&newer("change")).unwrap(),
                ],
            },
            serde_json::from_str(&newer("event")).unwrap(),
        ];
        others.into_iter().chain(shipments).chain(actions).collect()
    }

    #[test]
    fn secrets_no_tracking_number_and_no_text_stays_in_a_story_without_its_buyer() {
        for what in events() {
            let event = OrderEvent::new("7".into(), Timestamp::UNIX_EPOCH, None, what);
            assert!(serde_json::to_string(&event).unwrap().contains(NUMBER), "{event:?}");
            let without = event.clone().without_buyer();
            let json = serde_json::to_string(&without).unwrap();
            assert!(!json.contains(NUMBER), "{json}");
            assert_eq!(serde_json::from_str::<OrderEvent>(&json).unwrap(), without);
            assert_eq!(without.clone().without_buyer(), without, "once is enough");
        }
    }
}
