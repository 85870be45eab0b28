//! Flaws in keeping what becomes of orders.

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use shipstation_connector::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId,
        store::{
            ChangeCursor, EventCursor, HistoryStore, OrderEvent, OrderEventKind, OrderObservation,
            OrderSnapshot, RecordedChange, RecordedEvent, RunToken, StoreError,
        },
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
        now: Timestamp,
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
        self.inner.record_changes(&self.token(token, Write::RecordChanges), &observed, now).await
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
        let kept = self.changes.lock().unwrap();
        Ok(if kept.is_empty() { changes } else { kept.clone() })
    }

    async fn events(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
        after: Option<EventCursor>,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let after = after.filter(|_| !self.is(Flaw::EventsIgnoreAfter));
        let connection = self.connection(connection);
        let mut events = self.inner.events(&connection, order, after, limit).await?;
        if self.is(Flaw::EventsNewestFirst) {
            events.reverse();
        }
        if self.is(Flaw::EventsOfRepeats) {
            let again = std::iter::repeat_n(events.last().cloned(), self.repeats.load(Ordering::SeqCst));
            events.extend(again.flatten());
        }
        let kept = self.events.lock().unwrap().clone();
        if kept.first().is_some_and(|kept| kept.event.order == *order) {
            events = kept;
        }
        if self.is(Flaw::ActionsMakeNoEvents) {
            let of_action = |what: &OrderEventKind| matches!(what, OrderEventKind::Action { .. });
            events.retain(|recorded| !of_action(&recorded.event.what));
        }
        if self.is(Flaw::EventsAreCut) {
            events.truncate(OrderEvent::MAX_BEFORE_REPETITIONS);
        }
        if self.is(Flaw::EventsByPrefix) {
            let longer = ChannelOrderId::new(format!("{order}0"));
            events.extend(self.inner.events(&connection, &longer, after, limit).await?);
        }
        Ok(events)
    }
}
