//! What becomes of orders after they were imported.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::MemoryStore;
use crate::channel::{
    ChannelOrderId, ConnectionId,
    store::{ChangeCursor, HistoryStore, OrderChange, OrderSnapshot, RecordedChange, RunToken, StoreError},
};

#[derive(Debug, Default)]
pub(super) struct History {
    snapshots: BTreeMap<ChannelOrderId, OrderSnapshot>,
    /// In the order in which they were recorded; their cursors count from 1.
    pub(super) changes: Vec<RecordedChange>,
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
        changes: &[OrderChange],
        snapshots: &[OrderSnapshot],
    ) -> Result<(), StoreError> {
        self.write(token, |kept| {
            let history = &mut kept.history;
            let kept = snapshots.iter().map(|snapshot| (snapshot.order.clone(), snapshot.clone()));
            history.snapshots.extend(kept);
            for (cursor, change) in (history.changes.len() as u64 + 1..).zip(changes) {
                history.changes.push(RecordedChange::new(ChangeCursor::new(cursor), change.clone()));
            }
            Ok(())
        })
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
