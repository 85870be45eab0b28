//! The outbox of shipments: the trait, in terms of the rows beside this file. What becomes of rows is decided as in memory, on the
//! rows that a call touches.

mod cancelled;
mod rows;

use std::collections::BTreeMap;

use async_trait::async_trait;
use rusqlite::Transaction;

use super::{SqliteStore, events, key, query::all};
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId, LineQuantity, Shipment,
        store::{
            BeginSendOutcome, EnqueueOutcome, OrderEvent, OutboxCursor, OutboxPage, OutboxQuery, OutboxRow,
            RunToken, SendIntent, ShipmentStore, ShipmentTransition, StoreError,
        },
    },
    stores::{
        columns::unsigned,
        failure::Answer,
        memory::{Effects, Outbox},
    },
};

#[async_trait]
impl ShipmentStore for SqliteStore {
    async fn enqueue(
        &self,
        connection: &ConnectionId,
        shipments: &[Shipment],
        now: Timestamp,
    ) -> Result<Vec<EnqueueOutcome>, StoreError> {
        let (connection, shipments) = (connection.clone(), shipments.to_vec());
        self.change(move |tx| enqueue(tx, &connection, &shipments, now)).await
    }

    async fn rows(
        &self,
        connection: &ConnectionId,
        query: &OutboxQuery,
        after: Option<&OutboxCursor>,
        limit: usize,
    ) -> Result<OutboxPage, StoreError> {
        let (connection, query, after) = (key(connection), query.clone(), after.cloned());
        self.read(move |tx| {
            let mut page = OutboxPage::new(rows::page(tx, &connection, &query, after.as_ref(), limit)?);
            if let OutboxQuery::OfOrder(order) = &query {
                page.cancelled = cancelled::lines(tx, &connection, order)?;
            }
            Ok(page)
        })
        .await
    }

    async fn begin_send(
        &self,
        token: &RunToken,
        intents: &[SendIntent],
    ) -> Result<Vec<BeginSendOutcome>, StoreError> {
        let intents = intents.to_vec();
        self.write(token, move |tx, token| {
            let connection = token.connection.as_str();
            let touched = rows::of_the_orders_of(tx, connection, intents.iter().map(|intent| &intent.id))?;
            let (answers, effects) = Outbox::of(touched).begin_send(&intents, &token.run)?;
            write(tx, connection, &effects)?;
            Ok(answers)
        })
        .await
    }

    async fn record(&self, token: &RunToken, records: &[ShipmentTransition]) -> Result<(), StoreError> {
        let records = records.to_vec();
        self.write(token, move |tx, token| {
            let connection = token.connection.as_str();
            let touched = rows::of_the_orders_of(tx, connection, records.iter().map(|record| &record.id))?;
            write(tx, connection, &Outbox::of(touched).record(&records, &token.run)?)
        })
        .await
    }

    async fn unblock(&self, connection: &ConnectionId, key: &str, now: Timestamp) -> Result<u64, StoreError> {
        let (connection, unblock_key) = (super::key(connection), key.to_owned());
        self.change(move |tx| {
            let blocked = rows::blocked_on(tx, &connection, &unblock_key)?;
            let effects = Outbox::of(blocked).unblock(&unblock_key, now);
            write(tx, &connection, &effects)?;
            Ok(effects.rows.len() as u64)
        })
        .await
    }

    async fn counts(&self, connection: &ConnectionId) -> Result<BTreeMap<String, u64>, StoreError> {
        let connection = key(connection);
        self.read(move |tx| {
            let counts =
                "SELECT state, count(*) FROM shipstation_outbox WHERE connection = ?1 GROUP BY state";
            let counts = all(tx, counts, [connection], |row| Ok((row.get(0)?, unsigned(row.get(1)?))))?;
            Ok(counts.into_iter().collect())
        })
        .await
    }
}

impl SqliteStore {
    /// The host's side: adds shipments in a transaction of the host's own on the store's file. They are in the outbox if it commits.
    /// The answers stand in the order given.
    ///
    /// # Errors
    /// When the file refuses.
    pub fn enqueue_in(
        tx: &Transaction<'_>,
        connection: &ConnectionId,
        shipments: &[Shipment],
        now: Timestamp,
    ) -> Result<Vec<EnqueueOutcome>, StoreError> {
        Ok(enqueue(tx, connection, shipments, now)?)
    }

    /// The host's side: these quantities of an order will never be shipped, so that no shipment waits for them.
    /// Replaces what was said of the order before; an empty list takes it back.
    #[expect(clippy::missing_errors_doc, reason = "said at the type")]
    pub async fn put_cancelled(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
        lines: Vec<LineQuantity>,
    ) -> Result<(), StoreError> {
        let (connection, order) = (key(connection), order.clone());
        self.change(move |tx| cancelled::replace(tx, &connection, &order, &lines)).await
    }
}

fn enqueue(
    tx: &Transaction<'_>,
    connection: &ConnectionId,
    shipments: &[Shipment],
    now: Timestamp,
) -> Answer<Vec<EnqueueOutcome>> {
    let enqueue = |shipment: &Shipment| {
        let row = OutboxRow::new(shipment.clone(), now);
        if !rows::insert(tx, connection.as_str(), &row)? {
            return Ok(EnqueueOutcome::Duplicate);
        }
        events::append(tx, connection.as_str(), &OrderEvent::of_enqueued(&row))?;
        Ok(EnqueueOutcome::New)
    };
    shipments.iter().map(enqueue).collect()
}

/// Writes down rows that have changed, and what happened.
pub(super) fn write(tx: &Transaction<'_>, connection: &str, effects: &Effects) -> Answer<()> {
    effects.rows.values().try_for_each(|row| rows::update(tx, connection, row))?;
    effects.events.iter().try_for_each(|event| events::append(tx, connection, event))
}
