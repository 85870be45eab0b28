//! The outbox of shipments.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use async_trait::async_trait;

use super::MemoryStore;
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId, OutboxId, Shipment,
        store::{
            BeginSendOutcome, EnqueueOutcome, OutboxCursor, OutboxPage, OutboxQuery, OutboxRow, RunToken,
            SendIntent, ShipmentStore, ShipmentTransition, StoreError,
        },
    },
};

/// Rows of an outbox, and what becomes of them. A store that keeps them elsewhere loads those that a call touches.
#[derive(Debug, Default)]
pub(in crate::stores) struct Outbox {
    rows: BTreeMap<OutboxCursor, OutboxRow>,
    places: BTreeMap<OutboxId, OutboxCursor>,
    by_order: BTreeMap<ChannelOrderId, Vec<OutboxCursor>>,
}

/// Rows that are to be written together, if at all.
type Changed = BTreeMap<OutboxCursor, OutboxRow>;

impl Outbox {
    /// These rows.
    #[cfg(feature = "postgres")]
    pub(in crate::stores) fn of(rows: Vec<OutboxRow>) -> Self {
        let mut outbox = Self::default();
        for row in rows {
            outbox.add(row);
        }
        outbox
    }

    fn add(&mut self, row: OutboxRow) {
        let place = row.cursor();
        self.places.insert(row.id(), place.clone());
        self.by_order.entry(row.shipment.order.clone()).or_default().push(place.clone());
        self.rows.insert(place, row);
    }

    fn enqueue(&mut self, shipment: &Shipment, now: Timestamp) -> EnqueueOutcome {
        if self.places.contains_key(&shipment.outbox_id()) {
            return EnqueueOutcome::Duplicate;
        }
        self.add(OutboxRow::new(shipment.clone(), now));
        EnqueueOutcome::New
    }

    /// Keeps what stays of rows that were settled before, of orders that have none to be settled.
    pub(super) fn reduce(&mut self, before: Timestamp) -> u64 {
        let is_old =
            |row: &OutboxRow| row.state.is_closed() && row.updated_at < before && *row != row.reduced();
        let old: BTreeSet<ChannelOrderId> =
            self.rows.values().filter(|row| is_old(row)).map(|row| row.shipment.order.clone()).collect();
        let mut reduced = 0;
        for order in old {
            let rows = self.of_order(&order, &Changed::new());
            if rows.iter().all(|row| row.state.is_closed()) {
                let old: Vec<_> = rows.into_iter().filter(is_old).collect();
                reduced += old.len() as u64;
                self.rows.extend(old.into_iter().map(|row| (row.cursor(), row.reduced())));
            }
        }
        reduced
    }

    /// The same for one order, whatever its age. Says how many rows stay as they are, since one is to be settled.
    pub(super) fn reduce_order(&mut self, order: &ChannelOrderId) -> u64 {
        let rows = self.of_order(order, &Changed::new());
        if rows.iter().all(|row| row.state.is_closed()) {
            self.rows.extend(rows.into_iter().map(|row| (row.cursor(), row.reduced())));
            return 0;
        }
        rows.len() as u64
    }

    /// One row of each order that has some to be settled is doubtful from now on; says how many.
    pub(super) fn doubt(&mut self, now: Timestamp) -> u64 {
        let rows_of = |order| self.of_order(order, &Changed::new());
        let doubtful = self.by_order.keys().filter_map(|order| OutboxRow::doubt_one(&rows_of(order), now));
        let doubtful: Vec<OutboxRow> = doubtful.collect();
        let doubted = doubtful.len() as u64;
        self.rows.extend(doubtful.into_iter().map(|row| (row.cursor(), row)));
        doubted
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

    /// The answers, and the rows as they are from then on.
    pub(in crate::stores) fn begin_send(
        &self,
        intents: &[SendIntent],
    ) -> Result<(Vec<BeginSendOutcome>, Changed), StoreError> {
        let (mut changed, mut answers) = (Changed::new(), Vec::new());
        for intent in intents {
            let mut row = self.row(&intent.id, &changed)?;
            let order = self.of_order(&row.shipment.order, &changed);
            answers.push(row.begin_send(intent, &order)?);
            changed.insert(row.cursor(), row);
        }
        Ok((answers, changed))
    }

    /// The rows as they are once these steps are taken.
    pub(in crate::stores) fn record(&self, records: &[ShipmentTransition]) -> Result<Changed, StoreError> {
        let mut changed = Changed::new();
        for record in records {
            let mut row = self.row(&record.id, &changed)?;
            row.step(record.clone())?;
            changed.insert(row.cursor(), row);
        }
        Ok(changed)
    }
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
        self.write(token, |kept| {
            let (answers, changed) = kept.outbox.begin_send(intents)?;
            kept.outbox.rows.extend(changed);
            Ok(answers)
        })
    }

    async fn record(&self, token: &RunToken, records: &[ShipmentTransition]) -> Result<(), StoreError> {
        self.write(token, |kept| {
            let changed = kept.outbox.record(records)?;
            kept.outbox.rows.extend(changed);
            Ok(())
        })
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
