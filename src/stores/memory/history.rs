//! What becomes of orders.

use std::collections::BTreeMap;

use super::{Connection, Writer};
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId,
        store::{
            ChangeCursor, EventCursor, OrderEvent, OrderObservation, OrderSnapshot, RecordedChange,
            RecordedEvent, StoreError,
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

#[allow(clippy::unnecessary_wraps, reason = "what writes for a run may fail")]
impl Connection {
    pub(super) fn snapshots(&self, orders: &[ChannelOrderId]) -> Vec<OrderSnapshot> {
        orders.iter().filter_map(|id| self.history.snapshots.get(id)).cloned().collect()
    }

    pub(super) fn record_changes(
        &mut self,
        by: &Writer<'_>,
        observed: &[OrderObservation],
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let (history, mut recorded) = (&mut self.history, 0);
        for seen in observed {
            if !seen.is_up_to_date(history.snapshots.get(&seen.now.order)) {
                continue;
            }
            history.snapshots.insert(seen.now.order.clone(), seen.now.clone());
            if let Some(change) = &seen.change {
                recorded += 1;
                history.last_change += 1;
                let cursor = ChangeCursor::new(history.last_change);
                history.changes.push((by.since, RecordedChange::new(cursor, change.clone())));
                history.append([OrderEvent::of_change(change, by.run, now)]);
            }
        }
        Ok(recorded)
    }

    pub(super) fn changes(&self, after: Option<ChangeCursor>, limit: usize) -> Vec<RecordedChange> {
        let changes = self.history.changes.iter().map(|(_, change)| change);
        changes.filter(|change| Some(change.cursor) > after).take(limit).cloned().collect()
    }

    pub(super) fn events(
        &self,
        order: &ChannelOrderId,
        after: Option<EventCursor>,
        limit: usize,
    ) -> Vec<RecordedEvent> {
        let story = self.history.events.get(order).into_iter().flatten();
        story.filter(|recorded| Some(recorded.cursor) > after).take(limit).cloned().collect()
    }
}
