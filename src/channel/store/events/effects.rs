//! Which event a write makes, for every store. A write that changes nothing makes none, so that what is repeated after a crash is
//! there once.

use super::{OrderEvent, OrderEventKind};
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, HoldReason, HostOrderId, RunId,
        report::FollowUpStatus,
        shipping::ShippingResolution,
        store::{
            ActionRow, HeldOrder, NewOrder, OrderChange, OrderWork, OutboxRow, WorkKind, WorkOutcome,
            WorkResult,
        },
    },
};

impl OrderEvent {
    /// A new order was saved: for every one that is [inserted](super::super::SaveOutcome::Inserted).
    pub fn of_import(new: &NewOrder, host_order: Option<HostOrderId>, run: &RunId) -> Self {
        let what = OrderEventKind::Imported { host_order, holds: shown(&new.holds) };
        Self::new(new.order.id.clone(), new.imported_at, Some(run.clone()), what)
    }

    /// An outcome made `after` of the entry `before`. That a request is about to leave is no event: its outcome is one.
    pub fn of_work(
        before: Option<&OrderWork>,
        outcome: &WorkOutcome,
        after: Option<&OrderWork>,
        run: &RunId,
    ) -> Option<Self> {
        if before == after {
            return None;
        }
        let (work, attempts) = (outcome.kind, after.or(before).map_or(0, |entry| entry.attempts));
        let follow_up = |status, error: Option<&String>| {
            Some(OrderEventKind::FollowUp { work, status, attempts, error: error.cloned() })
        };
        let what = match &outcome.result {
            WorkResult::Attempting { .. } => None,
            WorkResult::ImportFailed(failure) => {
                Some(OrderEventKind::ImportFailed { error: failure.error.clone(), attempts })
            }
            WorkResult::Pending { error, .. } => follow_up(FollowUpStatus::Pending, Some(error)),
            WorkResult::Failed { error, .. } => follow_up(FollowUpStatus::Failed, Some(error)),
            _ if work == WorkKind::Import => Some(OrderEventKind::ImportClosed),
            WorkResult::Done => follow_up(FollowUpStatus::Done, None),
            WorkResult::OverriddenByPerson => follow_up(FollowUpStatus::Overridden, None),
            WorkResult::NoLongerRequired => Some(OrderEventKind::FollowUpDropped { work }),
        };
        Some(Self::new(outcome.order.clone(), outcome.at, Some(run.clone()), what?))
    }

    /// A person dismissed the order: [`OrderWork::dismiss`] said that it is new.
    pub fn of_dismissal(order: &ChannelOrderId, now: Timestamp) -> Self {
        Self::new(order.clone(), now, None, OrderEventKind::Dismissed)
    }

    /// The rules gave a method to the order, which is held as it is from now on.
    pub fn of_release(
        held: &HeldOrder,
        resolution: &ShippingResolution,
        rules_version: u64,
        run: &RunId,
        now: Timestamp,
    ) -> Self {
        let policy = resolution.method().map(|method| method.policy.to_string());
        let what = OrderEventKind::Released { rules_version, policy, holds: shown(&held.holds) };
        Self::new(held.order.clone(), now, Some(run.clone()), what)
    }

    /// The host released an order that was held.
    pub fn of_host_release(order: &ChannelOrderId, now: Timestamp) -> Self {
        Self::new(order.clone(), now, None, OrderEventKind::ReleasedByHost)
    }

    /// A row came into the outbox.
    pub fn of_enqueued(row: &OutboxRow) -> Self {
        let what = OrderEventKind::ShipmentEnqueued { shipment: row.id() };
        Self::new(row.shipment.order.clone(), row.enqueued_at, None, what)
    }

    /// A row of the outbox took a step; `run` is the one that did it.
    pub fn of_step(before: &OutboxRow, after: &OutboxRow, run: Option<&RunId>) -> Option<Self> {
        (before.state != after.state).then(|| Self::of_row(after, run))
    }

    /// Where a row of the outbox stands.
    pub(in crate::channel) fn of_row(row: &OutboxRow, run: Option<&RunId>) -> Self {
        let what = OrderEventKind::Shipment {
            shipment: row.id(),
            state: row.state.clone(),
            attempts: row.attempts,
            error: row.last_error.clone(),
        };
        Self::new(row.shipment.order.clone(), row.updated_at, run.cloned(), what)
    }

    /// An action was added.
    pub fn of_added_action(row: &ActionRow) -> Self {
        let (action, kind) = (row.action.id.clone(), row.action.kind.clone());
        let what = OrderEventKind::ActionAdded { action, kind };
        Self::new(row.action.order.clone(), row.added_at, None, what)
    }

    /// An action took a step; `run` is the one that did it.
    pub fn of_action(before: &ActionRow, after: &ActionRow, run: Option<&RunId>) -> Option<Self> {
        (before.state != after.state).then(|| Self::of_action_row(after, run))
    }

    /// Where an action stands.
    pub(in crate::channel) fn of_action_row(row: &ActionRow, run: Option<&RunId>) -> Self {
        let what = OrderEventKind::Action {
            action: row.action.id.clone(),
            kind: row.action.kind.clone(),
            state: row.state.clone(),
            attempts: row.attempts,
            error: row.last_error.clone(),
        };
        Self::new(row.action.order.clone(), row.updated_at, run.cloned(), what)
    }

    /// A change was added to the feed.
    pub fn of_change(change: &OrderChange, run: &RunId, now: Timestamp) -> Self {
        let what = OrderEventKind::Changed { what: change.what.clone() };
        Self::new(change.order.clone(), now, Some(run.clone()), what)
    }
}

/// Texts from outside are cut where they are long.
fn shown(holds: &[HoldReason]) -> Vec<HoldReason> {
    holds.iter().cloned().map(HoldReason::for_report).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::{Shipment, ShipmentState, store::ShipmentTransition};

    fn outcome(kind: WorkKind, result: WorkResult) -> WorkOutcome {
        WorkOutcome::new("7".into(), kind, result, Timestamp::UNIX_EPOCH)
    }

    /// The names of the events that these outcomes make of one entry.
    fn story(kind: WorkKind, results: Vec<WorkResult>) -> Vec<String> {
        let at = Timestamp::UNIX_EPOCH;
        let mut entry = Some(OrderWork::new("7".into(), "A-7", kind, at));
        let mut events = Vec::new();
        for result in results {
            let outcome = outcome(kind, result);
            let after = OrderWork::step(entry.clone(), &outcome);
            events.extend(OrderEvent::of_work(entry.as_ref(), &outcome, after.as_ref(), &"run".into()));
            entry = after;
        }
        events.iter().map(|event| event.what.to_string()).collect()
    }

    #[test]
    fn a_settled_entry_makes_one_event_however_often_it_is_settled() {
        let attempting = || WorkResult::Attempting { wanted: "u".into() };
        assert_eq!(
            story(WorkKind::AssignUser, vec![attempting(), WorkResult::Done, WorkResult::Done]),
            ["user assigned"]
        );
        assert_eq!(story(WorkKind::Import, vec![WorkResult::Done; 2]), ["failure closed"]);
        let failed = || WorkResult::Failed { wanted: "u".into(), error: "no such user".into() };
        assert_eq!(
            story(WorkKind::AssignUser, vec![attempting(), failed(), failed(), WorkResult::Done]),
            ["user not assigned (attempt 1): no such user"]
        );
    }

    #[test]
    fn a_step_that_repeats_the_state_makes_no_event() {
        let at = Timestamp::UNIX_EPOCH;
        let before = OutboxRow::new(Shipment::new("s", "7", at, "UPS", "1Z"), at);
        let step = |state| {
            let mut after = before.clone();
            after.step(ShipmentTransition::new(before.id(), state, at)).unwrap();
            OrderEvent::of_step(&before, &after, None)
        };
        assert_eq!(step(ShipmentState::Pending), None);
        assert!(step(ShipmentState::Cancelled).is_some());
    }
}
