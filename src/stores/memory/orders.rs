//! Imported orders, and what is still to be done about them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    iter::once,
};

use super::{Connection, Writer, after};
use crate::{
    Timestamp,
    channel::{
        ChannelOrder, ChannelOrderId, RunId,
        shipping::ShippingResolution,
        store::{
            ApplyOutcome, HeldOrder, ImportRecord, NewOrder, OrderEvent, OrderWork, RecordKey, SaveOutcome,
            StoreError, WorkKind, WorkOutcome, WorkQuery, WorkState,
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

    fn insert(&mut self, new: &NewOrder, run: &RunId) -> SaveOutcome {
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
            record: new.record(run, None),
        };
        self.imported.insert(id.clone(), stored);
        SaveOutcome::Inserted { host_order: None }
    }

    fn due(&self, follow_up: bool, now: Timestamp, limit: usize) -> Vec<OrderWork> {
        let entries = self.work.values().filter(|entry| entry.kind.is_follow_up() == follow_up);
        let mut due: Vec<&OrderWork> = entries.filter(|entry| entry.is_due(now)).collect();
        due.sort_by_key(|entry| entry.place());
        due.into_iter().take(limit).cloned().collect()
    }
}

#[allow(clippy::unnecessary_wraps, reason = "what writes for a run may fail")]
impl Connection {
    pub(super) fn save(
        &mut self,
        by: &Writer<'_>,
        batch: &[NewOrder],
    ) -> Result<Vec<SaveOutcome>, StoreError> {
        let save = |new| {
            let outcome = self.orders.insert(new, by.run);
            if let SaveOutcome::Inserted { host_order } = &outcome {
                self.history.append([OrderEvent::of_import(new, host_order.clone(), by.run)]);
            }
            outcome
        };
        Ok(batch.iter().map(save).collect())
    }

    pub(super) fn records(&self, keys: &[RecordKey], limit: usize) -> Vec<Vec<ImportRecord>> {
        let records = |key| {
            let ids = self.orders.by_key.get(key).into_iter().flatten();
            let stored = ids.filter_map(|id| self.orders.imported.get(id));
            stored.take(limit).map(|stored| stored.record.clone()).collect()
        };
        keys.iter().map(records).collect()
    }

    pub(super) fn work(&self, query: WorkQuery<'_>) -> Vec<OrderWork> {
        match query {
            WorkQuery::DueImports { now, limit } => self.orders.due(false, now, limit),
            WorkQuery::DueFollowUps { now, limit } => self.orders.due(true, now, limit),
            WorkQuery::Of(orders) => {
                let kinds = [WorkKind::Import, WorkKind::AssignUser, WorkKind::AddTag];
                let keys = orders.iter().flat_map(|order| kinds.map(|kind| (order.clone(), kind)));
                keys.filter_map(|key| self.orders.work.get(&key).cloned()).collect()
            }
        }
    }

    pub(super) fn record_work(
        &mut self,
        by: &Writer<'_>,
        outcomes: &[WorkOutcome],
    ) -> Result<(), StoreError> {
        for outcome in outcomes {
            let key = (outcome.order.clone(), outcome.kind);
            let before = self.orders.work.remove(&key);
            let next = OrderWork::step(before.clone(), outcome);
            self.history.append(OrderEvent::of_work(before.as_ref(), outcome, next.as_ref(), by.run));
            self.orders.work.extend(next.map(|entry| (key, entry)));
        }
        Ok(())
    }

    pub(super) fn reopen_work(
        &mut self,
        _: &Writer<'_>,
        kind: WorkKind,
        wanted: &str,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let entries = self.orders.work.values_mut().filter(|entry| entry.kind == kind);
        Ok(entries.map(|entry| u64::from(entry.reopen(wanted, now))).sum())
    }

    pub(super) fn dismiss(&mut self, order: &ChannelOrderId, now: Timestamp) {
        let entry = self.orders.work.get_mut(&(order.clone(), WorkKind::Import));
        if entry.is_some_and(OrderWork::dismiss) {
            self.history.append([OrderEvent::of_dismissal(order, now)]);
        }
    }

    pub(super) fn held(&self, place: Option<&ChannelOrderId>, limit: usize) -> Vec<HeldOrder> {
        after(&self.orders.held, place).take(limit).cloned().collect()
    }

    pub(super) fn apply_shipping(
        &mut self,
        by: &Writer<'_>,
        order: &ChannelOrderId,
        text: Option<&str>,
        resolution: &ShippingResolution,
        rules_version: u64,
        now: Timestamp,
    ) -> Result<ApplyOutcome, StoreError> {
        let Orders { held, imported, .. } = &mut self.orders;
        let (Some(waiting), Some(stored)) = (held.get_mut(order), imported.get_mut(order)) else {
            return Ok(ApplyOutcome::NoLongerHeld);
        };
        let answer = waiting.apply_shipping(text);
        if let ApplyOutcome::Applied { still_held } = answer {
            self.history.append([OrderEvent::of_release(waiting, resolution, rules_version, by.run, now)]);
            stored.record.holds.clone_from(&waiting.holds);
            stored.shipping = resolution.clone();
            stored.rules_version = rules_version;
            if !still_held {
                held.remove(order);
            }
        }
        Ok(answer)
    }
}
