//! Flaws in keeping what becomes of orders.

use async_trait::async_trait;
use shipstation_connector::channel::{
    ChannelOrderId, ConnectionId,
    store::{
        ChangeCursor, HistoryStore, OrderObservation, OrderSnapshot, RecordedChange, RunToken, StoreError,
    },
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
        observed: &[OrderObservation],
    ) -> Result<u64, StoreError> {
        let mut observed = observed.to_vec();
        let ids: Vec<_> = observed.iter().map(|seen| seen.now.order.clone()).collect();
        let kept = self.inner.snapshots(&token.connection, &ids).await?;
        if self.is(Flaw::FirstSnapshotsStay) {
            observed.retain(|new| kept.iter().all(|kept| kept.order != new.now.order));
        }
        if self.is(Flaw::ComparesNothing) {
            for seen in &mut observed {
                seen.before = kept.iter().find(|kept| kept.order == seen.now.order).cloned();
            }
        }
        self.inner.record_changes(&self.token(token, Write::RecordChanges), &observed).await
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
