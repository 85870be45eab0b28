//! What becomes of orders.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::MemoryStore;
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId,
        store::{
            ChangeCursor, EventCursor, HistoryStore, OrderEvent, OrderObservation, OrderSnapshot,
            RecordedChange, RecordedEvent, RunToken, StoreError,
        },
    },
};

#[derive(Debug, Default)]
pub(super) struct History {
    snapshots: BTreeMap<ChannelOrderId, OrderSnapshot>,
    /// In the order in which they were recorded, each with when the run began that noticed it; their cursors count from 1.
    pub(super) changes: Vec<(Option<Timestamp>, RecordedChange)>,
    last_change: u64,
    /// What happened to each order; cursors count from 1.
    events: BTreeMap<ChannelOrderId, Vec<RecordedEvent>>,
    last_event: u64,
}

impl History {
    /// Keeps an observation; says whether it added a change.
    fn record(&mut self, seen: &OrderObservation, since: Option<Timestamp>) -> bool {
        if !seen.is_up_to_date(self.snapshots.get(&seen.now.order)) {
            return false;
        }
        self.snapshots.insert(seen.now.order.clone(), seen.now.clone());
        let Some(change) = &seen.change else { return false };
        self.last_change += 1;
        let cursor = ChangeCursor::new(self.last_change);
        self.changes.push((since, RecordedChange::new(cursor, change.clone())));
        true
    }

    /// Adds events, but those that are one repetition too many.
    pub(super) fn append(&mut self, events: impl IntoIterator<Item = OrderEvent>) {
        for event in events {
            let story = self.events.entry(event.order.clone()).or_default();
            if story.len() < OrderEvent::MAX_BEFORE_REPETITIONS || !event.is_repetition() {
                self.last_event += 1;
                story.push(RecordedEvent::new(EventCursor::new(self.last_event), event));
            }
        }
    }

    /// Removes what is the buyer's from what is kept of an order.
    pub(super) fn forget_buyer(&mut self, order: &ChannelOrderId) {
        if let Some(snapshot) = self.snapshots.get_mut(order) {
            *snapshot = snapshot.clone().without_address();
        }
        for recorded in self.events.get_mut(order).into_iter().flatten() {
            recorded.event = recorded.event.clone().without_buyer();
        }
        for recorded in self.changes.iter_mut().map(|(_, recorded)| recorded) {
            if recorded.change.order == *order {
                recorded.change = recorded.change.clone().without_buyer();
            }
        }
    }

    /// Removes events from before.
    pub(super) fn remove_events(&mut self, before: Timestamp) -> u64 {
        let mut removed = 0;
        self.events.retain(|_, story| {
            let all = story.len();
            story.retain(|recorded| recorded.event.at >= before);
            removed += (all - story.len()) as u64;
            !story.is_empty()
        });
        removed
    }

    /// Leaves numbers out.
    pub(super) fn skip(&mut self, numbers: u64) {
        self.last_change += numbers;
    }

    /// Removes what was recorded before. The age of what does not say it begins now.
    pub(super) fn remove(&mut self, before: Timestamp, now: Timestamp) -> u64 {
        let all = self.changes.len();
        self.changes.iter_mut().for_each(|(since, _)| *since = since.or(Some(now)));
        self.changes.retain(|(since, _)| since.is_none_or(|since| since >= before));
        (all - self.changes.len()) as u64
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
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let holder = self.lock().runs.lease_of(token).holder.clone();
        let since = holder.filter(|holder| holder.run == token.run).map(|holder| holder.since);
        self.write(token, |kept| {
            let mut recorded = 0;
            for seen in observed {
                if kept.history.record(seen, since) {
                    recorded += 1;
                    let change = seen.change.iter();
                    kept.history.append(change.map(|change| OrderEvent::of_change(change, &token.run, now)));
                }
            }
            Ok(recorded)
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

    async fn events(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
        after: Option<EventCursor>,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        Ok(self.with(connection, |kept| {
            let story = kept.history.events.get(order).into_iter().flatten();
            story.filter(|recorded| Some(recorded.cursor) > after).take(limit).cloned().collect()
        }))
    }
}
