//! The outbox of shipments.

use std::collections::{BTreeMap, BTreeSet};

use super::{Connection, Writer};
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, OutboxId, RunId, Shipment, ShipmentId,
        store::{
            BeginSendOutcome, EnqueueOutcome, OrderEvent, OutboxCursor, OutboxPage, OutboxQuery, OutboxRow,
            SendIntent, ShipmentTransition, StoreError,
        },
    },
};

/// Rows of an outbox, and what becomes of them. A store that keeps them elsewhere loads those that a call touches.
#[derive(Debug, Default)]
pub(in crate::stores) struct Outbox {
    rows: BTreeMap<OutboxId, OutboxRow>,
    by_order: BTreeMap<ChannelOrderId, BTreeSet<OutboxId>>,
}

/// Rows that are to be written together, if at all.
type Changed = BTreeMap<OutboxId, OutboxRow>;

/// What a call makes of the outbox.
#[derive(Debug, Default)]
pub(in crate::stores) struct Effects {
    /// The rows as they are from then on.
    pub(in crate::stores) rows: Changed,
    /// What happened to their orders.
    pub(in crate::stores) events: Vec<OrderEvent>,
}

impl Effects {
    fn add(&mut self, before: &OutboxRow, after: OutboxRow, run: Option<&RunId>) {
        self.events.extend(OrderEvent::of_step(before, &after, run));
        self.rows.insert(after.id(), after);
    }
}

impl Outbox {
    /// These rows.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(in crate::stores) fn of(rows: Vec<OutboxRow>) -> Self {
        let mut outbox = Self::default();
        for row in rows {
            outbox.add(row);
        }
        outbox
    }

    fn add(&mut self, row: OutboxRow) {
        self.by_order.entry(row.shipment.order.clone()).or_default().insert(row.id());
        self.rows.insert(row.id(), row);
    }

    /// Adds a new row; says what happened, if it was not there.
    fn enqueue(&mut self, shipment: &Shipment, now: Timestamp) -> Option<OrderEvent> {
        if self.rows.contains_key(&shipment.outbox_id()) {
            return None;
        }
        let row = OutboxRow::new(shipment.clone(), now);
        let event = OrderEvent::of_enqueued(&row);
        self.add(row);
        Some(event)
    }

    /// Keeps what stays of rows that were settled before, of orders that have none to be settled.
    pub(super) fn reduce(&mut self, before: Timestamp) -> u64 {
        let open = self.open_orders();
        let is_old = |row: &OutboxRow| row.updated_at < before && !open.contains(&row.shipment.order);
        let mut reduced = 0;
        for row in self.rows.values_mut().filter(|row| is_old(row) && **row != row.reduced()) {
            *row = row.reduced();
            reduced += 1;
        }
        reduced
    }

    /// The same for one order, whatever its age. Says how many rows stay as they are, since one is to be settled.
    pub(super) fn reduce_order(&mut self, order: &ChannelOrderId) -> u64 {
        let rows: Vec<OutboxRow> = self.of_order(order).cloned().collect();
        if rows.iter().any(|row| !row.state.is_closed()) {
            return rows.len() as u64;
        }
        self.rows.extend(rows.iter().map(|row| (row.id(), row.reduced())));
        0
    }

    /// The orders that have a row to be settled.
    fn open_orders(&self) -> BTreeSet<ChannelOrderId> {
        let open = self.rows.values().filter(|row| !row.state.is_closed());
        open.map(|row| row.shipment.order.clone()).collect()
    }

    /// One row of each order that has some to be settled is doubtful from now on.
    pub(in crate::stores) fn doubt(&self, now: Timestamp) -> Effects {
        let mut effects = Effects::default();
        for order in self.open_orders() {
            let rows = self.page(&OutboxQuery::OfOrder(order), None, usize::MAX);
            if let Some(row) = OutboxRow::doubt_one(&rows, now)
                && let Some(before) = self.rows.get(&row.id())
            {
                effects.add(before, row, None);
            }
        }
        effects
    }

    /// Rows that are blocked on `key` are not any more.
    pub(in crate::stores) fn unblock(&self, key: &str, now: Timestamp) -> Effects {
        let mut effects = Effects::default();
        for before in self.rows.values() {
            let mut row = before.clone();
            if row.unblock(key, now) {
                effects.add(before, row, None);
            }
        }
        effects
    }

    pub(in crate::stores) fn page(
        &self,
        query: &OutboxQuery,
        after: Option<&OutboxCursor>,
        limit: usize,
    ) -> Vec<OutboxRow> {
        let is_next = |row: &&OutboxRow| query.takes(row) && after.is_none_or(|after| row.cursor() > *after);
        let mut rows: Vec<&OutboxRow> = match query {
            OutboxQuery::OfOrder(order) => self.of_order(order).filter(is_next).collect(),
            OutboxQuery::OfShipment(shipment) => self.revisions(shipment).filter(is_next).collect(),
            _ => self.rows.values().filter(is_next).collect(),
        };
        rows.sort_by_cached_key(|row| row.cursor());
        rows.into_iter().take(limit).cloned().collect()
    }

    fn of_order(&self, order: &ChannelOrderId) -> impl Iterator<Item = &OutboxRow> {
        let ids = self.by_order.get(order).into_iter().flatten();
        ids.filter_map(|id| self.rows.get(id))
    }

    fn revisions(&self, shipment: &ShipmentId) -> impl Iterator<Item = &OutboxRow> {
        let id = |revision| OutboxId { shipment: shipment.clone(), revision };
        self.rows.range(id(0)..=id(u32::MAX)).map(|(_, row)| row)
    }

    /// A row as it is once what has changed is written.
    fn row(&self, id: &OutboxId, changed: &Changed) -> Result<OutboxRow, StoreError> {
        let row = changed.get(id).or_else(|| self.rows.get(id)).cloned();
        row.ok_or_else(|| StoreError::permanent(format!("there is no shipment {id} in the outbox")))
    }

    /// The answers, and what they make of the rows.
    pub(in crate::stores) fn begin_send(
        &self,
        intents: &[SendIntent],
        run: &RunId,
    ) -> Result<(Vec<BeginSendOutcome>, Effects), StoreError> {
        let (mut effects, mut answers) = (Effects::default(), Vec::new());
        for intent in intents {
            let before = self.row(&intent.id, &effects.rows)?;
            let mut row = before.clone();
            let rows = self.of_order(&row.shipment.order);
            let rows = rows.flat_map(|row| self.revisions(&row.shipment.id));
            let rows: Vec<OutboxRow> =
                rows.map(|row| effects.rows.get(&row.id()).unwrap_or(row).clone()).collect();
            answers.push(row.begin_send(intent, &rows)?);
            effects.add(&before, row, Some(run));
        }
        Ok((answers, effects))
    }

    /// What these steps make of the rows.
    pub(in crate::stores) fn record(
        &self,
        records: &[ShipmentTransition],
        run: &RunId,
    ) -> Result<Effects, StoreError> {
        let mut effects = Effects::default();
        for record in records {
            let before = self.row(&record.id, &effects.rows)?;
            let mut row = before.clone();
            row.step(record.clone())?;
            effects.add(&before, row, Some(run));
        }
        Ok(effects)
    }
}

impl Connection {
    /// Writes the rows, and what happened; says how many rows.
    pub(super) fn apply(&mut self, effects: Effects) -> u64 {
        let changed = effects.rows.len() as u64;
        self.outbox.rows.extend(effects.rows);
        self.history.append(effects.events);
        changed
    }

    pub(super) fn enqueue(&mut self, shipments: &[Shipment], now: Timestamp) -> Vec<EnqueueOutcome> {
        let enqueue = |shipment| match self.outbox.enqueue(shipment, now) {
            Some(event) => {
                self.history.append([event]);
                EnqueueOutcome::New
            }
            None => EnqueueOutcome::Duplicate,
        };
        shipments.iter().map(enqueue).collect()
    }

    pub(super) fn rows(&self, query: &OutboxQuery, after: Option<&OutboxCursor>, limit: usize) -> OutboxPage {
        OutboxPage::new(self.outbox.page(query, after, limit))
    }

    pub(super) fn begin_send(
        &mut self,
        by: &Writer<'_>,
        intents: &[SendIntent],
    ) -> Result<Vec<BeginSendOutcome>, StoreError> {
        let (answers, effects) = self.outbox.begin_send(intents, by.run)?;
        self.apply(effects);
        Ok(answers)
    }

    pub(super) fn record(
        &mut self,
        by: &Writer<'_>,
        records: &[ShipmentTransition],
    ) -> Result<(), StoreError> {
        let effects = self.outbox.record(records, by.run)?;
        self.apply(effects);
        Ok(())
    }

    pub(super) fn unblock(&mut self, key: &str, now: Timestamp) -> u64 {
        self.apply(self.outbox.unblock(key, now))
    }

    pub(super) fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for row in self.outbox.rows.values() {
            *counts.entry(row.state.name().to_owned()).or_default() += 1;
        }
        counts
    }
}
