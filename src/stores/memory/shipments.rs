//! The outbox of shipments.

use std::{collections::BTreeMap, ops::Bound};

use async_trait::async_trait;

use super::MemoryStore;
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId, IllegalTransition, OutboxId, Shipment,
        store::{
            BeginSendOutcome, EnqueueOutcome, OutboxCursor, OutboxPage, OutboxQuery, OutboxRow, RunToken,
            SendIntent, ShipmentStore, ShipmentTransition, StoreError,
        },
    },
};

#[derive(Debug, Default)]
pub(super) struct Outbox {
    rows: BTreeMap<OutboxCursor, OutboxRow>,
    places: BTreeMap<OutboxId, OutboxCursor>,
    by_order: BTreeMap<ChannelOrderId, Vec<OutboxCursor>>,
}

/// Rows that are to be written together, if at all.
type Changed = BTreeMap<OutboxCursor, OutboxRow>;

impl Outbox {
    fn enqueue(&mut self, shipment: &Shipment, now: Timestamp) -> EnqueueOutcome {
        let id = shipment.outbox_id();
        if self.places.contains_key(&id) {
            return EnqueueOutcome::Duplicate;
        }
        let row = OutboxRow::new(shipment.clone(), now);
        let place = row.cursor();
        self.places.insert(id, place.clone());
        self.by_order.entry(row.shipment.order.clone()).or_default().push(place.clone());
        self.rows.insert(place, row);
        EnqueueOutcome::New
    }

    fn page(&self, query: &OutboxQuery, after: Option<&OutboxCursor>, limit: usize) -> Vec<OutboxRow> {
        if let OutboxQuery::OfOrder(order) = query {
            let mut rows = self.of_order(order, &Changed::new());
            rows.retain(|row| after.is_none_or(|after| row.cursor() > *after));
            rows.truncate(limit);
            return rows;
        }
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self.rows.range::<OutboxCursor, _>((from, Bound::Unbounded)).map(|(_, row)| row);
        rows.filter(|row| query.takes(row)).take(limit).cloned().collect()
    }

    fn of_order(&self, order: &ChannelOrderId, changed: &Changed) -> Vec<OutboxRow> {
        let mut places = self.by_order.get(order).cloned().unwrap_or_default();
        places.sort();
        let row = |place| changed.get(place).or_else(|| self.rows.get(place)).cloned();
        places.iter().filter_map(row).collect()
    }

    /// A row as it is once what has changed is written.
    fn row(&self, id: &OutboxId, changed: &Changed) -> Result<OutboxRow, StoreError> {
        let row = self.places.get(id).and_then(|place| changed.get(place).or_else(|| self.rows.get(place)));
        row.cloned().ok_or_else(|| StoreError::permanent(format!("there is no shipment {id} in the outbox")))
    }

    fn begin_send(&mut self, intents: &[SendIntent]) -> Result<Vec<BeginSendOutcome>, StoreError> {
        let (mut changed, mut answers) = (Changed::new(), Vec::new());
        for intent in intents {
            let mut row = self.row(&intent.id, &changed)?;
            let order = self.of_order(&row.shipment.order, &changed);
            answers.push(row.begin_send(intent, &order).map_err(illegal)?);
            changed.insert(row.cursor(), row);
        }
        self.rows.extend(changed);
        Ok(answers)
    }

    fn record(&mut self, records: &[ShipmentTransition]) -> Result<(), StoreError> {
        let mut changed = Changed::new();
        for record in records {
            let mut row = self.row(&record.id, &changed)?;
            row.step(record.clone()).map_err(illegal)?;
            changed.insert(row.cursor(), row);
        }
        self.rows.extend(changed);
        Ok(())
    }
}

fn illegal(error: IllegalTransition) -> StoreError {
    StoreError::permanent(error.to_string()).with_source(error)
}

#[async_trait]
impl ShipmentStore for MemoryStore {
    async fn enqueue(
        &self,
        connection: &ConnectionId,
        shipments: &[Shipment],
        now: Timestamp,
    ) -> Result<Vec<EnqueueOutcome>, StoreError> {
        Ok(self.with(connection, |kept| {
            shipments.iter().map(|shipment| kept.outbox.enqueue(shipment, now)).collect()
        }))
    }

    async fn rows(
        &self,
        connection: &ConnectionId,
        query: &OutboxQuery,
        after: Option<&OutboxCursor>,
        limit: usize,
    ) -> Result<OutboxPage, StoreError> {
        Ok(OutboxPage::new(self.with(connection, |kept| kept.outbox.page(query, after, limit))))
    }

    async fn begin_send(
        &self,
        token: &RunToken,
        intents: &[SendIntent],
    ) -> Result<Vec<BeginSendOutcome>, StoreError> {
        self.write(token, |kept| kept.outbox.begin_send(intents))
    }

    async fn record(&self, token: &RunToken, records: &[ShipmentTransition]) -> Result<(), StoreError> {
        self.write(token, |kept| kept.outbox.record(records))
    }

    async fn unblock(&self, connection: &ConnectionId, key: &str) -> Result<u64, StoreError> {
        Ok(self.with(connection, |kept| {
            kept.outbox.rows.values_mut().map(|row| u64::from(row.unblock(key))).sum()
        }))
    }

    async fn counts(&self, connection: &ConnectionId) -> Result<BTreeMap<String, u64>, StoreError> {
        Ok(self.with(connection, |kept| {
            let mut counts = BTreeMap::new();
            for row in kept.outbox.rows.values() {
                *counts.entry(row.state.name().to_owned()).or_default() += 1;
            }
            counts
        }))
    }
}
