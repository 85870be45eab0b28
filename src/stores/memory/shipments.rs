//! The outbox of shipments.

use std::{collections::BTreeMap, ops::Bound};

use async_trait::async_trait;

use super::MemoryStore;
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId, OutboxId, Shipment, ShipmentState,
        store::{
            BeginSend, Enqueued, OrderProgress, OutboxCursor, OutboxRow, RunToken, SendIntent,
            ShipmentRecord, ShipmentStore, StoreError,
        },
    },
};

#[derive(Debug, Default)]
pub(super) struct Outbox {
    rows: BTreeMap<OutboxCursor, OutboxRow>,
    places: BTreeMap<OutboxId, OutboxCursor>,
    by_order: BTreeMap<ChannelOrderId, Vec<OutboxCursor>>,
}

impl Outbox {
    fn enqueue(&mut self, shipment: Shipment, now: Timestamp) -> Enqueued {
        let id = shipment.outbox_id();
        if self.places.contains_key(&id) {
            return Enqueued::Duplicate;
        }
        let row = OutboxRow::new(shipment, now);
        let place = row.cursor();
        self.places.insert(id, place.clone());
        self.by_order.entry(row.shipment.order.clone()).or_default().push(place.clone());
        self.rows.insert(place, row);
        Enqueued::Enqueued
    }

    fn page(
        &self,
        after: Option<&OutboxCursor>,
        limit: usize,
        wanted: impl Fn(&ShipmentState) -> bool,
    ) -> Vec<OutboxRow> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self.rows.range::<OutboxCursor, _>((from, Bound::Unbounded)).map(|(_, row)| row);
        rows.filter(|row| wanted(&row.state)).take(limit).cloned().collect()
    }

    fn of_order(&self, order: &ChannelOrderId) -> Vec<&OutboxRow> {
        let places = self.by_order.get(order).map(Vec::as_slice).unwrap_or_default();
        let mut rows: Vec<&OutboxRow> = places.iter().filter_map(|place| self.rows.get(place)).collect();
        rows.sort_by_key(|row| row.cursor());
        rows
    }

    fn row_mut(&mut self, id: &OutboxId) -> Result<&mut OutboxRow, StoreError> {
        let place = self.places.get(id);
        let row = place.and_then(|place| self.rows.get_mut(place));
        row.ok_or_else(|| StoreError::permanent(format!("there is no shipment {id} in the outbox")))
    }

    fn begin_send(&mut self, id: &OutboxId, intent: SendIntent) -> Result<BeginSend, StoreError> {
        let row = self.row_mut(id)?;
        if !row.state.is_due(intent.now) {
            return Ok(BeginSend::NotDue);
        }
        let order = row.shipment.order.clone();
        if self.of_order(&order).iter().any(|row| row.state.is_in_flight()) {
            return Ok(BeginSend::OrderBusy);
        }
        let row = self.row_mut(id)?;
        row.state = row.state.step(intent.sending()).map_err(illegal)?;
        row.updated_at = intent.now;
        Ok(BeginSend::Granted)
    }

    fn record(&mut self, records: &[ShipmentRecord]) -> Result<(), StoreError> {
        // All or nothing: every step is tried on a copy before the first one is kept.
        let mut stepped: BTreeMap<OutboxId, OutboxRow> = BTreeMap::new();
        for record in records {
            let mut row = match stepped.remove(&record.id) {
                Some(row) => row,
                None => self.row_mut(&record.id)?.clone(),
            };
            row.step(record.clone()).map_err(illegal)?;
            stepped.insert(record.id.clone(), row);
        }
        for row in stepped.into_values() {
            self.rows.insert(row.cursor(), row);
        }
        Ok(())
    }

    fn unblock(&mut self, key: &str) -> u64 {
        let mut unblocked = 0;
        for row in self.rows.values_mut() {
            if let ShipmentState::Blocked { reason } = &row.state
                && reason.unblock_key() == Some(key)
            {
                row.state = ShipmentState::Pending;
                unblocked += 1;
            }
        }
        unblocked
    }

    fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for row in self.rows.values() {
            *counts.entry(row.state.name().to_owned()).or_default() += 1;
        }
        counts
    }
}

fn illegal(error: crate::channel::IllegalTransition) -> StoreError {
    StoreError::permanent(error.to_string()).with_source(error)
}

#[async_trait]
impl ShipmentStore for MemoryStore {
    async fn enqueue(
        &self,
        connection: &ConnectionId,
        shipment: Shipment,
        now: Timestamp,
    ) -> Result<Enqueued, StoreError> {
        Ok(self.with(connection, |kept| kept.outbox.enqueue(shipment, now)))
    }

    async fn due(
        &self,
        connection: &ConnectionId,
        now: Timestamp,
        after: Option<&OutboxCursor>,
        limit: usize,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        Ok(self.with(connection, |kept| kept.outbox.page(after, limit, |state| state.is_due(now))))
    }

    async fn begin_send(
        &self,
        token: &RunToken,
        id: &OutboxId,
        intent: SendIntent,
    ) -> Result<BeginSend, StoreError> {
        self.write(token, |kept| kept.outbox.begin_send(id, intent))
    }

    async fn record(&self, token: &RunToken, records: &[ShipmentRecord]) -> Result<(), StoreError> {
        self.write(token, |kept| kept.outbox.record(records))
    }

    async fn unfinished(
        &self,
        connection: &ConnectionId,
        after: Option<&OutboxCursor>,
        limit: usize,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        Ok(self.with(connection, |kept| kept.outbox.page(after, limit, ShipmentState::is_in_flight)))
    }

    async fn unblock(&self, connection: &ConnectionId, key: &str) -> Result<u64, StoreError> {
        Ok(self.with(connection, |kept| kept.outbox.unblock(key)))
    }

    async fn blocked(
        &self,
        connection: &ConnectionId,
        after: Option<&OutboxCursor>,
        limit: usize,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        let is_blocked = |state: &ShipmentState| matches!(state, ShipmentState::Blocked { .. });
        Ok(self.with(connection, |kept| kept.outbox.page(after, limit, is_blocked)))
    }

    async fn counts(&self, connection: &ConnectionId) -> Result<BTreeMap<String, u64>, StoreError> {
        Ok(self.with(connection, |kept| kept.outbox.counts()))
    }

    async fn order_progress(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
    ) -> Result<OrderProgress, StoreError> {
        Ok(self.with(connection, |kept| {
            OrderProgress::new(kept.outbox.of_order(order).into_iter().cloned().collect())
        }))
    }
}
