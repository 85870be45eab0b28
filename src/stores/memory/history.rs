//! What becomes of orders after they were imported.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::MemoryStore;
use crate::channel::{
    ChannelOrderId, ConnectionId,
    store::{
        ChangeCursor, HistoryStore, OrderObservation, OrderSnapshot, RecordedChange, RunToken, StoreError,
    },
};

#[derive(Debug, Default)]
pub(super) struct History {
    snapshots: BTreeMap<ChannelOrderId, OrderSnapshot>,
    /// In the order in which they were recorded; their cursors count from 1.
    pub(super) changes: Vec<RecordedChange>,
}

impl History {
    /// Keeps an observation; says whether it added a change.
    fn record(&mut self, seen: &OrderObservation) -> bool {
        if !seen.is_up_to_date(self.snapshots.get(&seen.now.order)) {
            return false;
        }
        self.snapshots.insert(seen.now.order.clone(), seen.now.clone());
        let cursor = ChangeCursor::new(self.changes.len() as u64 + 1);
        self.changes.extend(seen.change.iter().map(|change| RecordedChange::new(cursor, change.clone())));
        seen.change.is_some()
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
        self.write(token, |kept| Ok(observed.iter().map(|seen| u64::from(kept.history.record(seen))).sum()))
    }

    async fn changes(
        &self,
        connection: &ConnectionId,
        after: Option<ChangeCursor>,
        limit: usize,
    ) -> Result<Vec<RecordedChange>, StoreError> {
        Ok(self.with(connection, |kept| {
            let newer = kept.history.changes.iter().filter(|change| Some(change.cursor) > after);
            newer.take(limit).cloned().collect()
        }))
    }
}
