//! Flaws in keeping what becomes of orders.

use async_trait::async_trait;
use shipstation_connector::channel::{
    ChannelOrderId, ConnectionId,
    store::{ChangeCursor, HistoryStore, OrderChange, OrderSnapshot, RecordedChange, RunToken, StoreError},
};

use super::{BrokenStore, Flaw, Write};

#[async_trait]
impl HistoryStore for BrokenStore {
    async fn snapshots(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<Vec<OrderSnapshot>, StoreError> {
        let asked = if self.is(Flaw::SnapshotsTake100) { orders.len().min(100) } else { orders.len() };
        self.inner.snapshots(&self.connection(connection), &orders[..asked]).await
    }

    async fn record_changes(
        &self,
        token: &RunToken,
        changes: &[OrderChange],
        snapshots: &[OrderSnapshot],
    ) -> Result<(), StoreError> {
        let mut snapshots = snapshots.to_vec();
        if self.is(Flaw::FirstSnapshotsStay) {
            let ids: Vec<_> = snapshots.iter().map(|snapshot| snapshot.order.clone()).collect();
            let kept = self.inner.snapshots(&token.connection, &ids).await?;
            snapshots.retain(|new| kept.iter().all(|kept| kept.order != new.order));
        }
        self.inner.record_changes(&self.token(token, Write::RecordChanges), changes, &snapshots).await
    }

    async fn changes(
        &self,
        connection: &ConnectionId,
        after: Option<ChangeCursor>,
        limit: usize,
    ) -> Result<Vec<RecordedChange>, StoreError> {
        let mut changes = self.inner.changes(&self.connection(connection), after, limit).await?;
        if self.is(Flaw::FeedRepeats) {
            let before = after.map(|after| ChangeCursor::new(after.number().saturating_sub(1)));
            changes = self.inner.changes(&self.connection(connection), before, limit).await?;
        }
        Ok(changes)
    }
}
