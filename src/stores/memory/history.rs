//! What becomes of orders after they were imported.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::MemoryStore;
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId,
        store::{
            ChangeCursor, HistoryStore, OrderObservation, OrderSnapshot, RecordedChange, RunToken, StoreError,
        },
    },
};

#[derive(Debug, Default)]
pub(super) struct History {
    snapshots: BTreeMap<ChannelOrderId, OrderSnapshot>,
    /// In the order in which they were recorded, each with when the run began that noticed it; their cursors count from 1.
    pub(super) changes: Vec<(Option<Timestamp>, RecordedChange)>,
    /// Numbers that no change has any more.
    unused: u64,
}

impl History {
    /// Keeps an observation; says whether it added a change.
    fn record(&mut self, seen: &OrderObservation, since: Option<Timestamp>) -> bool {
        if !seen.is_up_to_date(self.snapshots.get(&seen.now.order)) {
            return false;
        }
        self.snapshots.insert(seen.now.order.clone(), seen.now.clone());
        let cursor = ChangeCursor::new(self.unused + self.changes.len() as u64 + 1);
        let change = seen.change.iter().map(|change| (since, RecordedChange::new(cursor, change.clone())));
        self.changes.extend(change);
        seen.change.is_some()
    }

    /// Leaves numbers out.
    pub(super) fn skip(&mut self, numbers: u64) {
        self.unused += numbers;
    }

    /// Removes what was recorded before. The age of what does not say it begins now.
    pub(super) fn remove(&mut self, before: Timestamp, now: Timestamp) -> u64 {
        let all = self.changes.len();
        self.changes.iter_mut().for_each(|(since, _)| *since = since.or(Some(now)));
        self.changes.retain(|(since, _)| since.is_none_or(|since| since >= before));
        let removed = (all - self.changes.len()) as u64;
        self.unused += removed;
        removed
    }
}

#[async_trait]
impl HistoryStore for MemoryStore {
    async fn snapshots(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<Vec<OrderSnapshot>, StoreError> {
        Ok(self.with(connection, |kept| {
            orders.iter().filter_map(|id| kept.history.snapshots.get(id)).cloned().collect()
        }))
    }

    async fn record_changes(
        &self,
        token: &RunToken,
        observed: &[OrderObservation],
    ) -> Result<u64, StoreError> {
        let holder = self.lock().runs.lease_of(token).holder.clone();
        let since = holder.filter(|holder| holder.run == token.run).map(|holder| holder.since);
        self.write(token, |kept| {
            Ok(observed.iter().map(|seen| u64::from(kept.history.record(seen, since))).sum())
        })
    }

    async fn changes(
        &self,
        connection: &ConnectionId,
        after: Option<ChangeCursor>,
        limit: usize,
    ) -> Result<Vec<RecordedChange>, StoreError> {
        Ok(self.with(connection, |kept| {
            let changes = kept.history.changes.iter().map(|(_, change)| change);
            let newer = changes.filter(|change| Some(change.cursor) > after);
            newer.take(limit).cloned().collect()
        }))
    }
}
