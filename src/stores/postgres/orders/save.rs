//! Saving imported orders: a batch at once, one round trip a table, and one by one where the database refuses something of it.

use std::collections::BTreeSet;

use tokio_postgres::Transaction;

use super::work;
use crate::{
    channel::{
        ConnectionId, HostOrderId,
        store::{NewOrder, OrderWork, SaveOutcome, StoreError},
    },
    stores::{
        columns::{OrderRow, Written, integer, nanos},
        failure::Answer,
        postgres::{
            events,
            query::{all, execute, get, params, text},
            writer::HostTables,
        },
    },
};

/// Where a batch goes.
pub(super) struct Tables<'a> {
    pub(super) tx: &'a Transaction<'a>,
    pub(super) host: Option<&'a HostTables>,
    pub(super) connection: &'a ConnectionId,
}

impl Tables<'_> {
    /// Saves a batch. An order that the database or the host refuses fails alone: nothing of it stays, and the others are saved.
    pub(super) async fn save(&self, batch: Vec<Written>) -> Answer<Vec<SaveOutcome>> {
        let rows: Vec<&OrderRow> = batch.iter().flatten().collect();
        let mut saved = match self.insert_or_nothing(&rows).await {
            Err(failure) if failure.concerns_one_row() => self.one_by_one(&rows).await?,
            saved => saved?,
        }
        .into_iter();
        let outcome = |written| match written {
            Ok(_) => saved.next().ok_or_else(|| StoreError::permanent("an order has no outcome").into()),
            Err(outcome) => Ok(outcome),
        };
        batch.into_iter().map(outcome).collect()
    }

    async fn one_by_one(&self, rows: &[&OrderRow]) -> Answer<Vec<SaveOutcome>> {
        let mut saved = Vec::with_capacity(rows.len());
        for alone in rows.chunks(1) {
            match self.insert_or_nothing(alone).await {
                Err(failure) if failure.concerns_one_row() => saved.push(failure.into()),
                outcome => saved.extend(outcome?),
            }
        }
        Ok(saved)
    }

    /// Inserts rows as a whole, or takes back what it wrote. A failure of the database itself is left to the transaction.
    async fn insert_or_nothing(&self, rows: &[&OrderRow]) -> Answer<Vec<SaveOutcome>> {
        self.tx.batch_execute("SAVEPOINT attempt").await?;
        let saved = self.insert(rows).await;
        match &saved {
            Ok(_) => self.tx.batch_execute("RELEASE attempt").await?,
            Err(failure) if failure.concerns_one_row() => {
                self.tx.batch_execute("ROLLBACK TO attempt; RELEASE attempt").await?;
            }
            Err(_) => {}
        }
        saved
    }

    async fn insert(&self, rows: &[&OrderRow]) -> Answer<Vec<SaveOutcome>> {
        let (tx, connection) = (self.tx, self.connection.as_str());
        let mut new = insert_records(tx, connection, rows).await?;
        let is_new = |row: &&OrderRow| new.remove(&text(row.order.as_str()));
        let are_new: Vec<bool> = rows.iter().map(is_new).collect();
        let new: Vec<&OrderRow> =
            rows.iter().zip(&are_new).filter(|(_, is_new)| **is_new).map(|(row, _)| *row).collect();
        let mut names = Vec::new();
        if !new.is_empty() {
            insert_orders(tx, connection, &new).await?;
            work::imported(tx, connection, &new).await?;
            let follow_ups: Vec<&OrderWork> = new.iter().flat_map(|row| &row.follow_ups).collect();
            work::put(tx, connection, &follow_ups).await?;
            insert_inside(tx, connection, &new).await?;
            names = self.give_to_host(&new).await?;
            let name = |place| names.get(place).and_then(Option::as_ref);
            let happened: Vec<_> =
                new.iter().enumerate().map(|(place, row)| row.event_of(name(place))).collect();
            events::append(tx, connection, &happened).await?;
        }
        let mut names = names.into_iter();
        let outcome = |is_new| {
            if is_new {
                SaveOutcome::Inserted { host_order: names.next().flatten() }
            } else {
                SaveOutcome::AlreadyExists
            }
        };
        Ok(are_new.into_iter().map(outcome).collect())
    }

    /// Has the host write new orders, and keeps what it calls them.
    async fn give_to_host(&self, rows: &[&OrderRow]) -> Answer<Vec<Option<HostOrderId>>> {
        let Some(host) = self.host else { return Ok(Vec::new()) };
        let orders: Vec<&NewOrder> = rows.iter().filter_map(|row| row.for_host.as_ref()).collect();
        let names = host.write(self.tx, self.connection, &orders).await?;
        let mut called: Vec<String> = Vec::new();
        let mut records: Vec<String> = Vec::new();
        for (row, name) in rows.iter().zip(&names) {
            if let Some(name) = name {
                called.push(text(row.order.as_str()));
                records.push(row.record_of(name)?);
            }
        }
        let put = "UPDATE import_record SET record_json = new.record::json
                   FROM unnest($2::text[], $3::text[]) AS new (order_id, record)
                   WHERE connection = $1 AND import_record.order_id = new.order_id COLLATE \"C\"";
        if !called.is_empty() {
            execute(self.tx, put, params![self.connection.as_str(), called, records]).await?;
        }
        Ok(names)
    }
}

/// The primary key decides which orders are new, not a look before. In order, so that two batches do not wait for each other.
async fn insert_records(
    tx: &Transaction<'_>,
    connection: &str,
    rows: &[&OrderRow],
) -> Answer<BTreeSet<String>> {
    let inserted = all(
        tx,
        "INSERT INTO import_record (connection, order_id, fingerprint, record_json)
         SELECT $1, new.order_id, new.fingerprint, new.record::json
         FROM unnest($2::text[], $3::text[], $4::text[]) AS new (order_id, fingerprint, record)
         ORDER BY new.order_id COLLATE \"C\"
         ON CONFLICT (connection, order_id) DO NOTHING RETURNING order_id",
        params![
            connection,
            rows.iter().map(|row| text(row.order.as_str())).collect::<Vec<String>>(),
            rows.iter().map(|row| row.fingerprint.as_ref().map(|f| text(f.as_str()))).collect::<Vec<_>>(),
            rows.iter().map(|row| row.record_json.as_str()).collect::<Vec<&str>>(),
        ],
        |row| get(row, 0),
    )
    .await?;
    Ok(inserted.into_iter().collect())
}

async fn insert_orders(tx: &Transaction<'_>, connection: &str, rows: &[&OrderRow]) -> Answer<()> {
    execute(
        tx,
        "INSERT INTO host_order (connection, order_id, imported_at, held_json, rules_version, shipping_json, order_json,
                                 handed_over, blanked, fingerprinted)
         SELECT $1, new.order_id, new.imported_at, new.held::json, new.rules_version, new.shipping::json, new.body::json,
                new.body IS NULL, new.body IS NULL, new.fingerprinted
         FROM unnest($2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::boolean[])
              WITH ORDINALITY AS new (order_id, imported_at, held, rules_version, shipping, body, fingerprinted, place)
         ORDER BY new.place",
        params![
            connection,
            rows.iter().map(|row| text(row.order.as_str())).collect::<Vec<String>>(),
            rows.iter().map(|row| nanos(row.imported_at)).collect::<Vec<i64>>(),
            rows.iter().map(|row| row.held_json.as_deref()).collect::<Vec<Option<&str>>>(),
            rows.iter().map(|row| integer(row.rules_version)).collect::<Vec<i64>>(),
            rows.iter().map(|row| row.shipping_json.as_str()).collect::<Vec<&str>>(),
            rows.iter().map(|row| row.order_json.as_deref()).collect::<Vec<Option<&str>>>(),
            rows.iter().map(|row| row.fingerprint.is_some()).collect::<Vec<bool>>(),
        ],
    )
    .await
    .map(drop)
}

async fn insert_inside(tx: &Transaction<'_>, connection: &str, rows: &[&OrderRow]) -> Answer<()> {
    let pairs = rows.iter().flat_map(|row| row.inside.iter().map(|inside| (inside, &row.order)));
    let (inside, survivors): (Vec<String>, Vec<String>) =
        pairs.map(|(inside, survivor)| (text(inside.as_str()), text(survivor.as_str()))).unzip();
    if inside.is_empty() {
        return Ok(());
    }
    execute(
        tx,
        "INSERT INTO merged_order (connection, order_id, survivor) SELECT $1, * FROM unnest($2::text[], $3::text[])
         ON CONFLICT DO NOTHING",
        params![connection, inside, survivors],
    )
    .await
    .map(drop)
}
