//! Imported orders, their follow-ups, and the orders that could not be imported.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
};

use async_trait::async_trait;

use super::MemoryStore;
use crate::{
    Timestamp,
    channel::{
        ChannelOrder, ChannelOrderId, ConnectionId, HoldReason, OrderFingerprint,
        shipping::ShippingResolution,
        store::{
            Applied, FailureRecord, FollowUp, FollowUpKind, FollowUpOutcome, FollowUpResult, HeldOrder,
            ImportRecord, NewOrder, OrderFailure, OrderStore, RunToken, SaveOutcome, StoreError,
        },
    },
};

/// An imported order as the host finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredOrder {
    /// The order.
    pub order: ChannelOrder,
    /// How it is to be shipped.
    pub shipping: ShippingResolution,
    /// The version of the rules that said so.
    pub rules_version: u64,
    /// The import record, with the holds.
    pub record: ImportRecord,
}

impl StoredOrder {
    /// Whether nothing holds it.
    pub fn is_ready(&self) -> bool {
        self.record.holds.is_empty()
    }
}

#[derive(Debug, Default)]
pub(super) struct Orders {
    imported: BTreeMap<ChannelOrderId, StoredOrder>,
    held: BTreeMap<ChannelOrderId, HeldOrder>,
    follow_ups: BTreeMap<(ChannelOrderId, FollowUpKind), Task>,
    failures: BTreeMap<ChannelOrderId, FailureRecord>,
    fingerprints: BTreeMap<OrderFingerprint, BTreeSet<ChannelOrderId>>,
    swallowed: BTreeMap<ChannelOrderId, BTreeSet<ChannelOrderId>>,
}

/// A follow-up and where it stands.
#[derive(Debug)]
struct Task {
    follow_up: FollowUp,
    state: TaskState,
}

#[derive(Debug)]
enum TaskState {
    Open { not_before: Timestamp },
    Failed { wanted: String },
    Closed,
}

impl Orders {
    pub(super) fn all(&self) -> Vec<StoredOrder> {
        self.imported.values().cloned().collect()
    }

    pub(super) fn order(&self, id: &ChannelOrderId) -> Option<ChannelOrder> {
        self.imported.get(id).map(|stored| stored.order.clone())
    }

    fn insert(&mut self, new: &NewOrder, token: &RunToken) -> SaveOutcome {
        let id = &new.order.id;
        if self.imported.contains_key(id) {
            return SaveOutcome::AlreadyExists;
        }
        if !new.holds.is_empty() {
            self.held.insert(id.clone(), HeldOrder::of(new));
        }
        for follow_up in &new.follow_ups {
            let follow_up = FollowUp::open(id.clone(), follow_up.clone(), new.imported_at);
            let state = TaskState::Open { not_before: new.imported_at };
            self.follow_ups.insert((id.clone(), follow_up.kind), Task { follow_up, state });
        }
        self.failures.remove(id);
        for inside in &new.order.lineage.merged {
            self.swallowed.entry(inside.clone()).or_default().insert(id.clone());
        }
        if let Some(fingerprint) = &new.fingerprint {
            self.fingerprints.entry(fingerprint.clone()).or_default().insert(id.clone());
        }
        let stored = StoredOrder {
            order: new.order.clone(),
            shipping: new.shipping.clone(),
            rules_version: new.rules_version,
            record: new.record(&token.run, None),
        };
        self.imported.insert(id.clone(), stored);
        SaveOutcome::Inserted { host_order: None }
    }

    fn look_alikes(&self, fingerprint: &OrderFingerprint, limit: usize) -> Vec<ImportRecord> {
        self.records(self.fingerprints.get(fingerprint).into_iter().flatten().take(limit)).collect()
    }

    fn records<'a>(
        &self,
        ids: impl Iterator<Item = &'a ChannelOrderId>,
    ) -> impl Iterator<Item = ImportRecord> {
        ids.filter_map(|id| self.imported.get(id)).map(|stored| stored.record.clone())
    }

    fn settle(&mut self, outcome: &FollowUpOutcome) {
        let key = (outcome.order.clone(), outcome.kind);
        let Some(task) = self.follow_ups.get_mut(&key) else { return };
        let TaskState::Open { not_before } = &mut task.state else { return };
        match &outcome.result {
            FollowUpResult::Attempting { wanted } => task.follow_up.attempt(wanted),
            FollowUpResult::Pending { next_attempt, outcome_unknown, .. } => {
                *not_before = *next_attempt;
                task.follow_up.outcome_unknown = *outcome_unknown;
            }
            FollowUpResult::Failed { wanted, .. } => {
                task.state = TaskState::Failed { wanted: wanted.clone() }
            }
            FollowUpResult::Done | FollowUpResult::NoLongerRequired | FollowUpResult::OverriddenByPerson => {
                task.state = TaskState::Closed;
            }
        }
    }

    fn open_follow_ups(&self, now: Timestamp, limit: usize) -> Vec<FollowUp> {
        let mut due: Vec<&FollowUp> = self
            .follow_ups
            .values()
            .filter(|task| matches!(task.state, TaskState::Open { not_before } if not_before <= now))
            .map(|task| &task.follow_up)
            .collect();
        due.sort_by(|a, b| (a.created_at, &a.order, a.kind).cmp(&(b.created_at, &b.order, b.kind)));
        due.into_iter().take(limit).cloned().collect()
    }

    fn reopen(&mut self, kind: FollowUpKind, wanted: &str, now: Timestamp) -> u64 {
        let mut reopened = 0;
        for task in self.follow_ups.values_mut().filter(|task| task.follow_up.kind == kind) {
            if matches!(&task.state, TaskState::Failed { wanted: tried } if tried != wanted) {
                task.state = TaskState::Open { not_before: now };
                reopened += 1;
            }
        }
        reopened
    }

    fn record_failure(&mut self, failure: &OrderFailure) {
        let record = match self.failures.remove(&failure.order) {
            Some(record) => record.again(failure.clone()),
            None => FailureRecord::first(failure.clone()),
        };
        self.failures.insert(failure.order.clone(), record);
    }

    fn due_failures(&self, now: Timestamp, limit: usize) -> Vec<FailureRecord> {
        let mut due: Vec<&FailureRecord> = self
            .failures
            .values()
            .filter(|failure| !failure.dismissed && failure.last.next_attempt <= now)
            .collect();
        due.sort_by(|a, b| (a.last.next_attempt, &a.last.order).cmp(&(b.last.next_attempt, &b.last.order)));
        due.into_iter().take(limit).cloned().collect()
    }

    fn apply_shipping(
        &mut self,
        order: &ChannelOrderId,
        text: Option<&str>,
        resolution: &ShippingResolution,
        rules_version: u64,
    ) -> Applied {
        let (Some(held), Some(stored)) = (self.held.get_mut(order), self.imported.get_mut(order)) else {
            return Applied::NoLongerHeld;
        };
        if !held.holds.iter().any(HoldReason::is_about_shipping) {
            return Applied::NoLongerHeld;
        }
        if held.text.as_deref() != text {
            return Applied::Stale;
        }
        held.holds.retain(|hold| !hold.is_about_shipping());
        stored.record.holds.clone_from(&held.holds);
        stored.shipping = resolution.clone();
        stored.rules_version = rules_version;
        let still_held = !held.holds.is_empty();
        if !still_held {
            self.held.remove(order);
        }
        Applied::Applied { still_held }
    }
}

#[async_trait]
impl OrderStore for MemoryStore {
    async fn known(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, ImportRecord>, StoreError> {
        Ok(self.with(connection, |kept| {
            let records = orders.iter().filter_map(|id| kept.orders.imported.get(id));
            records.map(|stored| (stored.record.order.clone(), stored.record.clone())).collect()
        }))
    }

    async fn swallowed(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, Vec<ImportRecord>>, StoreError> {
        Ok(self.with(connection, |kept| {
            let inside = orders.iter().filter_map(|id| {
                let survivors = kept.orders.swallowed.get(id)?.iter();
                Some((id.clone(), kept.orders.records(survivors).collect()))
            });
            inside.collect()
        }))
    }

    async fn look_alikes(
        &self,
        connection: &ConnectionId,
        fingerprints: &[OrderFingerprint],
        limit: usize,
    ) -> Result<HashMap<OrderFingerprint, Vec<ImportRecord>>, StoreError> {
        Ok(self.with(connection, |kept| {
            let found =
                fingerprints.iter().map(|print| (print.clone(), kept.orders.look_alikes(print, limit)));
            found.filter(|(_, records)| !records.is_empty()).collect()
        }))
    }

    async fn save(&self, token: &RunToken, batch: &[NewOrder]) -> Result<Vec<SaveOutcome>, StoreError> {
        self.write(token, |kept| Ok(batch.iter().map(|new| kept.orders.insert(new, token)).collect()))
    }

    async fn open_follow_ups(
        &self,
        connection: &ConnectionId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<FollowUp>, StoreError> {
        Ok(self.with(connection, |kept| kept.orders.open_follow_ups(now, limit)))
    }

    async fn settle_follow_ups(
        &self,
        token: &RunToken,
        outcomes: &[FollowUpOutcome],
    ) -> Result<(), StoreError> {
        self.write(token, |kept| {
            for outcome in outcomes {
                kept.orders.settle(outcome);
            }
            Ok(())
        })
    }

    async fn reopen_follow_ups(
        &self,
        token: &RunToken,
        kind: FollowUpKind,
        wanted: &str,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.write(token, |kept| Ok(kept.orders.reopen(kind, wanted, now)))
    }

    async fn record_failures(&self, token: &RunToken, failures: &[OrderFailure]) -> Result<(), StoreError> {
        self.write(token, |kept| {
            for failure in failures {
                kept.orders.record_failure(failure);
            }
            Ok(())
        })
    }

    async fn due_failures(
        &self,
        connection: &ConnectionId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<FailureRecord>, StoreError> {
        Ok(self.with(connection, |kept| kept.orders.due_failures(now, limit)))
    }

    async fn failures(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, FailureRecord>, StoreError> {
        Ok(self.with(connection, |kept| {
            let failures = orders.iter().filter_map(|id| kept.orders.failures.get_key_value(id));
            failures.map(|(id, failure)| (id.clone(), failure.clone())).collect()
        }))
    }

    async fn clear_failures(&self, token: &RunToken, orders: &[ChannelOrderId]) -> Result<(), StoreError> {
        self.write(token, |kept| {
            kept.orders.failures.retain(|order, _| !orders.contains(order));
            Ok(())
        })
    }

    async fn dismiss_failure(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
    ) -> Result<(), StoreError> {
        self.with(connection, |kept| {
            if let Some(failure) = kept.orders.failures.get_mut(order) {
                failure.dismissed = true;
            }
        });
        Ok(())
    }

    async fn held(
        &self,
        connection: &ConnectionId,
        after: Option<&ChannelOrderId>,
        limit: usize,
    ) -> Result<Vec<HeldOrder>, StoreError> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        Ok(self.with(connection, |kept| {
            let rows = kept.orders.held.range::<ChannelOrderId, _>((from, Bound::Unbounded));
            rows.take(limit).map(|(_, held)| held.clone()).collect()
        }))
    }

    async fn apply_shipping(
        &self,
        token: &RunToken,
        order: &ChannelOrderId,
        text: Option<&str>,
        resolution: &ShippingResolution,
        rules_version: u64,
    ) -> Result<Applied, StoreError> {
        self.write(token, |kept| Ok(kept.orders.apply_shipping(order, text, resolution, rules_version)))
    }
}
