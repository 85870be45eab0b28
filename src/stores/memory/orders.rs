//! Imported orders, and what is still to be done about them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    iter::once,
};

use async_trait::async_trait;

use super::{MemoryStore, after};
use crate::{
    Timestamp,
    channel::{
        ChannelOrder, ChannelOrderId, ConnectionId, RunId,
        shipping::ShippingResolution,
        store::{
            ApplyOutcome, HeldOrder, ImportRecord, NewOrder, OrderEvent, OrderStore, OrderWork, RecordKey,
            RunToken, SaveOutcome, StoreError, WorkKind, WorkOutcome, WorkQuery, WorkState,
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
    pub(super) imported: BTreeMap<ChannelOrderId, StoredOrder>,
    held: BTreeMap<ChannelOrderId, HeldOrder>,
    work: BTreeMap<(ChannelOrderId, WorkKind), OrderWork>,
    by_key: HashMap<RecordKey, BTreeSet<ChannelOrderId>>,
}

impl Orders {
    /// Whether what is open of follow-ups was done is not known any more.
    pub(super) fn doubt_follow_ups(&mut self) {
        let open = |entry: &&mut OrderWork| entry.kind.is_follow_up() && entry.state == WorkState::Open;
        for entry in self.work.values_mut().filter(open) {
            entry.outcome_unknown = true;
        }
    }

    /// Removes what is its buyer's.
    pub(super) fn forget_buyer(&mut self, id: &ChannelOrderId) {
        self.forget_fingerprints(|record| record.order == *id);
        if let Some(stored) = self.imported.get_mut(id) {
            stored.order = stored.order.clone().without_buyer();
            stored.record = stored.record.clone().without_buyer();
        }
        if let Some(held) = self.held.get_mut(id) {
            *held = held.clone().without_buyer();
        }
        for entry in self.work.values_mut().filter(|entry| entry.order == *id) {
            *entry = entry.clone().without_buyer();
        }
    }

    /// Forgets by what these orders are recognized under another id; says of how many that was known.
    pub(super) fn forget_fingerprints(&mut self, of: impl Fn(&ImportRecord) -> bool) -> u64 {
        let mut forgotten = 0;
        for record in self.imported.values_mut().map(|stored| &mut stored.record).filter(|record| of(record))
        {
            let Some(fingerprint) = record.fingerprint.clone() else { continue };
            if let Some(orders) = self.by_key.get_mut(&RecordKey::Fingerprint(fingerprint)) {
                orders.remove(&record.order);
            }
            *record = record.clone().without_address();
            forgotten += 1;
        }
        forgotten
    }

    fn insert(&mut self, new: &NewOrder, token: &RunToken) -> SaveOutcome {
        let id = &new.order.id;
        if self.imported.contains_key(id) {
            return SaveOutcome::AlreadyExists;
        }
        if !new.holds.is_empty() {
            self.held.insert(id.clone(), HeldOrder::of(new));
        }
        self.work.remove(&(id.clone(), WorkKind::Import));
        for entry in OrderWork::follow_ups_of(new) {
            self.work.insert((id.clone(), entry.kind), entry);
        }
        let inside = new.order.lineage.merged.iter().cloned().map(RecordKey::MergedInto);
        let fingerprint = new.fingerprint.clone().map(RecordKey::Fingerprint);
        for key in once(RecordKey::Id(id.clone())).chain(inside).chain(fingerprint) {
            self.by_key.entry(key).or_default().insert(id.clone());
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

    fn records(&self, key: &RecordKey, limit: usize) -> Vec<ImportRecord> {
        let ids = self.by_key.get(key).into_iter().flatten();
        let stored = ids.filter_map(|id| self.imported.get(id));
        stored.take(limit).map(|stored| stored.record.clone()).collect()
    }

    fn work(&self, query: WorkQuery<'_>) -> Vec<OrderWork> {
        match query {
            WorkQuery::DueImports { now, limit } => self.due(false, now, limit),
            WorkQuery::DueFollowUps { now, limit } => self.due(true, now, limit),
            WorkQuery::Of(orders) => {
                let kinds = [WorkKind::Import, WorkKind::AssignUser, WorkKind::AddTag];
                let keys = orders.iter().flat_map(|order| kinds.map(|kind| (order.clone(), kind)));
                keys.filter_map(|key| self.work.get(&key).cloned()).collect()
            }
        }
    }

    fn due(&self, follow_up: bool, now: Timestamp, limit: usize) -> Vec<OrderWork> {
        let entries = self.work.values().filter(|entry| entry.kind.is_follow_up() == follow_up);
        let mut due: Vec<&OrderWork> = entries.filter(|entry| entry.is_due(now)).collect();
        due.sort_by_key(|entry| entry.place());
        due.into_iter().take(limit).cloned().collect()
    }

    fn record_work(&mut self, outcome: &WorkOutcome, run: &RunId) -> Option<OrderEvent> {
        let key = (outcome.order.clone(), outcome.kind);
        let before = self.work.remove(&key);
        let after = OrderWork::step(before.clone(), outcome);
        let event = OrderEvent::of_work(before.as_ref(), outcome, after.as_ref(), run);
        self.work.extend(after.map(|entry| (key, entry)));
        event
    }

    fn apply_shipping(
        &mut self,
        order: &ChannelOrderId,
        text: Option<&str>,
        resolution: &ShippingResolution,
        rules_version: u64,
        (run, now): (&RunId, Timestamp),
    ) -> (ApplyOutcome, Option<OrderEvent>) {
        let (Some(held), Some(stored)) = (self.held.get_mut(order), self.imported.get_mut(order)) else {
            return (ApplyOutcome::NoLongerHeld, None);
        };
        let answer = held.apply_shipping(text);
        let mut event = None;
        if let ApplyOutcome::Applied { still_held } = answer {
            event = Some(OrderEvent::of_release(held, resolution, rules_version, run, now));
            stored.record.holds.clone_from(&held.holds);
            stored.shipping = resolution.clone();
            stored.rules_version = rules_version;
            if !still_held {
                self.held.remove(order);
            }
        }
        (answer, event)
    }
}

#[async_trait]
impl OrderStore for MemoryStore {
    async fn save(&self, token: &RunToken, batch: &[NewOrder]) -> Result<Vec<SaveOutcome>, StoreError> {
        self.write(token, |kept| {
            let save = |new| {
                let outcome = kept.orders.insert(new, token);
                if let SaveOutcome::Inserted { host_order } = &outcome {
                    kept.history.append([OrderEvent::of_import(new, host_order.clone(), &token.run)]);
                }
                outcome
            };
            Ok(batch.iter().map(save).collect())
        })
    }

    async fn records(
        &self,
        connection: &ConnectionId,
        keys: &[RecordKey],
        limit: usize,
    ) -> Result<Vec<Vec<ImportRecord>>, StoreError> {
        Ok(self.with(connection, |kept| keys.iter().map(|key| kept.orders.records(key, limit)).collect()))
    }

    async fn work(
        &self,
        connection: &ConnectionId,
        query: WorkQuery<'_>,
    ) -> Result<Vec<OrderWork>, StoreError> {
        Ok(self.with(connection, |kept| kept.orders.work(query)))
    }

    async fn record_work(&self, token: &RunToken, outcomes: &[WorkOutcome]) -> Result<(), StoreError> {
        self.write(token, |kept| {
            let events = outcomes.iter().filter_map(|outcome| kept.orders.record_work(outcome, &token.run));
            kept.history.append(events);
            Ok(())
        })
    }

    async fn reopen_work(
        &self,
        token: &RunToken,
        kind: WorkKind,
        wanted: &str,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.write(token, |kept| {
            let entries = kept.orders.work.values_mut().filter(|entry| entry.kind == kind);
            Ok(entries.map(|entry| u64::from(entry.reopen(wanted, now))).sum())
        })
    }

    async fn dismiss(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.with(connection, |kept| {
            let entry = kept.orders.work.get_mut(&(order.clone(), WorkKind::Import));
            if entry.is_some_and(OrderWork::dismiss) {
                kept.history.append([OrderEvent::of_dismissal(order, now)]);
            }
        });
        Ok(())
    }

    async fn held(
        &self,
        connection: &ConnectionId,
        place: Option<&ChannelOrderId>,
        limit: usize,
    ) -> Result<Vec<HeldOrder>, StoreError> {
        Ok(self.with(connection, |kept| after(&kept.orders.held, place).take(limit).cloned().collect()))
    }

    async fn apply_shipping(
        &self,
        token: &RunToken,
        order: &ChannelOrderId,
        text: Option<&str>,
        resolution: &ShippingResolution,
        rules_version: u64,
        now: Timestamp,
    ) -> Result<ApplyOutcome, StoreError> {
        self.write(token, |kept| {
            let by = (&token.run, now);
            let (answer, event) = kept.orders.apply_shipping(order, text, resolution, rules_version, by);
            kept.history.append(event);
            Ok(answer)
        })
    }
}
