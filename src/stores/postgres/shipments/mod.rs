//! The outbox of shipments: the trait, in terms of the rows beside this file. What becomes of rows is decided as in memory, on the
//! rows that a call touches.

mod rows;

use std::collections::BTreeMap;

use async_trait::async_trait;
use tokio_postgres::{Row, Transaction};

use super::{
    PostgresStore, commit, events,
    query::{all, execute, get, params, text},
    writer,
};
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
impl ShipmentStore for PostgresStore {
    async fn enqueue(
        &self,
        connection: &ConnectionId,
        shipments: &[Shipment],
        now: Timestamp,
    ) -> Result<Vec<EnqueueOutcome>, StoreError> {
        let rows: Vec<_> = shipments.iter().map(|shipment| OutboxRow::new(shipment.clone(), now)).collect();
        let mut client = self.client().await?;
        let tx = self.changing(&mut client).await?;
        let answers = enqueue(&tx, connection, &rows).await?;
        commit(tx, answers).await
    }

    async fn rows(
        &self,
        connection: &ConnectionId,
        query: &OutboxQuery,
        after: Option<&OutboxCursor>,
        limit: usize,
    ) -> Result<OutboxPage, StoreError> {
        let mut client = self.client().await?;
        let tx = self.reading(&mut client).await?;
        let mut page = OutboxPage::new(rows::page(&tx, connection.as_str(), query, after, limit).await?);
        if let OutboxQuery::OfOrder(order) = query {
            page.cancelled = rows::cancelled(&tx, connection.as_str(), order).await?;
        }
        Ok(page)
    }

    async fn begin_send(
        &self,
        token: &RunToken,
        intents: &[SendIntent],
    ) -> Result<Vec<BeginSendOutcome>, StoreError> {
        let connection = token.connection.as_str();
        let mut client = self.client().await?;
        let tx = self.writing(&mut client, token).await?;
        let touched =
            rows::of_the_orders_of(&tx, connection, intents.iter().map(|intent| &intent.id)).await?;
        let (answers, effects) = Outbox::of(touched).begin_send(intents, &token.run)?;
        write(&tx, connection, &effects).await?;
        commit(tx, answers).await
    }

    async fn record(&self, token: &RunToken, records: &[ShipmentTransition]) -> Result<(), StoreError> {
        let connection = token.connection.as_str();
        let mut client = self.client().await?;
        let tx = self.writing(&mut client, token).await?;
        let touched =
            rows::of_the_orders_of(&tx, connection, records.iter().map(|record| &record.id)).await?;
        let effects = Outbox::of(touched).record(records, &token.run)?;
        write(&tx, connection, &effects).await?;
        commit(tx, ()).await
    }

    async fn unblock(&self, connection: &ConnectionId, key: &str, now: Timestamp) -> Result<u64, StoreError> {
        let mut client = self.client().await?;
        let tx = self.changing(&mut client).await?;
        let blocked = rows::blocked_on(&tx, connection.as_str(), key).await?;
        let effects = Outbox::of(blocked).unblock(key, now);
        write(&tx, connection.as_str(), &effects).await?;
        commit(tx, effects.rows.len() as u64).await
    }

    async fn counts(&self, connection: &ConnectionId) -> Result<BTreeMap<String, u64>, StoreError> {
        let mut client = self.client().await?;
        let tx = self.reading(&mut client).await?;
        let counts = "SELECT state, count(*) FROM outbox WHERE connection = $1 GROUP BY state";
        let count = |row: &Row| Ok((get(row, 0)?, unsigned(get(row, 1)?)));
        Ok(all(&tx, counts, params![connection.as_str()], count).await?.into_iter().collect())
    }
}

/// Adds rows, those that are new, and what happened.
async fn enqueue(
    tx: &Transaction<'_>,
    connection: &ConnectionId,
    rows: &[OutboxRow],
) -> Answer<Vec<EnqueueOutcome>> {
    let answers = rows::insert(tx, connection.as_str(), rows).await?;
    let new = rows.iter().zip(&answers).filter(|(_, answer)| **answer == EnqueueOutcome::New);
    let happened: Vec<_> = new.map(|(row, _)| OrderEvent::of_enqueued(row)).collect();
    events::append(tx, connection.as_str(), &happened).await?;
    Ok(answers)
}

/// Writes down rows that have changed, and what happened.
pub(super) async fn write(tx: &Transaction<'_>, connection: &str, effects: &Effects) -> Answer<()> {
    rows::update(tx, connection, effects.rows.values()).await?;
    events::append(tx, connection, &effects.events).await
}

impl PostgresStore {
    /// The host's side: adds shipments in a transaction of the host's own on the same database. They are in the outbox if it commits.
    /// The answers stand in the order given.
    ///
    /// # Errors
    /// When the database refuses. The transaction can only be rolled back then.
    pub async fn enqueue_in(
        &self,
        tx: &Transaction<'_>,
        connection: &ConnectionId,
        shipments: &[Shipment],
        now: Timestamp,
    ) -> Result<Vec<EnqueueOutcome>, StoreError> {
        let rows: Vec<_> = shipments.iter().map(|shipment| OutboxRow::new(shipment.clone(), now)).collect();
        writer::enter(tx, &self.schema).await?;
        let answers = enqueue(tx, connection, &rows).await?;
        writer::leave(tx).await?;
        Ok(answers)
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
        // One line given twice is cancelled for the sum.
        let mut sums: BTreeMap<String, i64> = BTreeMap::new();
        for line in lines {
            let sum = sums.entry(text(line.line.as_str())).or_default();
            *sum = sum.saturating_add(line.quantity);
        }
        let (lines, quantities): (Vec<String>, Vec<i64>) = sums.into_iter().unzip();
        let mut client = self.client().await?;
        let tx = self.changing(&mut client).await?;
        self.lock(&tx, connection, "cancelled").await?;
        let (connection, order) = (connection.as_str(), text(order.as_str()));
        let remove = "DELETE FROM cancelled_line WHERE connection = $1 AND order_id = $2";
        execute(&tx, remove, params![connection, order]).await?;
        let add = "INSERT INTO cancelled_line (connection, order_id, line, quantity)
                   SELECT $1, $2, * FROM unnest($3::text[], $4::bigint[])";
        execute(&tx, add, params![connection, order, lines, quantities]).await?;
        commit(tx, ()).await
    }
}
