//! Saving imported orders: a batch at once, one round trip a table, and one by one where the database refuses something of it.

use std::collections::BTreeSet;

use tokio_postgres::Transaction;

use super::work;
use crate::{
    channel::store::{OrderWork, SaveOutcome, StoreError},
    stores::{
        columns::{OrderRow, Written, integer, nanos},
        failure::Answer,
        postgres::query::{all, execute, get, params, text},
    },
};

/// Saves a batch. An order that the database refuses fails alone: nothing of it stays, and the others are saved.
pub(super) async fn save(
    tx: &Transaction<'_>,
    connection: &str,
    batch: Vec<Written>,
) -> Answer<Vec<SaveOutcome>> {
    let rows: Vec<&OrderRow> = batch.iter().flatten().collect();
    let mut saved = match or_nothing(tx, connection, &rows).await {
        Err(failure) if failure.concerns_one_row() && rows.len() > 1 => {
            one_by_one(tx, connection, &rows).await?
        }
        Err(failure) if failure.concerns_one_row() => vec![failure.into()],
        saved => saved?,
    }
    .into_iter();
    let outcome = |written| match written {
        Ok(_) => saved.next().ok_or_else(|| StoreError::permanent("an order has no outcome").into()),
        Err(outcome) => Ok(outcome),
    };
    batch.into_iter().map(outcome).collect()
}

async fn one_by_one(tx: &Transaction<'_>, connection: &str, rows: &[&OrderRow]) -> Answer<Vec<SaveOutcome>> {
    let mut saved = Vec::with_capacity(rows.len());
    for row in rows {
        match or_nothing(tx, connection, &[row]).await {
            Err(failure) if failure.concerns_one_row() => saved.push(failure.into()),
            outcome => saved.extend(outcome?),
        }
    }
    Ok(saved)
}

/// Inserts rows as a whole, or takes back what it wrote. A failure of the database itself is left to the transaction.
async fn or_nothing(tx: &Transaction<'_>, connection: &str, rows: &[&OrderRow]) -> Answer<Vec<SaveOutcome>> {
    tx.batch_execute("SAVEPOINT attempt").await?;
    let saved = insert(tx, connection, rows).await;
    match &saved {
        Ok(_) => tx.batch_execute("RELEASE attempt").await?,
        Err(failure) if failure.concerns_one_row() => {
            tx.batch_execute("ROLLBACK TO attempt; RELEASE attempt").await?;
        }
        Err(_) => {}
    }
    saved
}

async fn insert(tx: &Transaction<'_>, connection: &str, rows: &[&OrderRow]) -> Answer<Vec<SaveOutcome>> {
    let mut new = insert_records(tx, connection, rows).await?;
    let is_new = |row: &&OrderRow| new.remove(&text(row.order.as_str()));
    let are_new: Vec<bool> = rows.iter().map(is_new).collect();
    let new: Vec<&OrderRow> =
        rows.iter().zip(&are_new).filter(|(_, is_new)| **is_new).map(|(row, _)| *row).collect();
    if !new.is_empty() {
        insert_orders(tx, connection, &new).await?;
        work::imported(tx, connection, &new).await?;
        let follow_ups: Vec<&OrderWork> = new.iter().flat_map(|row| &row.follow_ups).collect();
        work::put(tx, connection, &follow_ups).await?;
        insert_inside(tx, connection, &new).await?;
    }
    let outcome = |is_new| {
        if is_new { SaveOutcome::Inserted { host_order: None } } else { SaveOutcome::AlreadyExists }
    };
    Ok(are_new.into_iter().map(outcome).collect())
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
        "INSERT INTO host_order (connection, order_id, imported_at, held_json, rules_version, shipping_json, order_json)
         SELECT $1, new.order_id, new.imported_at, new.held::json, new.rules_version, new.shipping::json, new.body::json
         FROM unnest($2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::text[])
              WITH ORDINALITY AS new (order_id, imported_at, held, rules_version, shipping, body, place)
         ORDER BY new.place",
        params![
            connection,
            rows.iter().map(|row| text(row.order.as_str())).collect::<Vec<String>>(),
            rows.iter().map(|row| nanos(row.imported_at)).collect::<Vec<i64>>(),
            rows.iter().map(|row| row.held_json.as_deref()).collect::<Vec<Option<&str>>>(),
            rows.iter().map(|row| integer(row.rules_version)).collect::<Vec<i64>>(),
            rows.iter().map(|row| row.shipping_json.as_str()).collect::<Vec<&str>>(),
            rows.iter().map(|row| row.order_json.as_str()).collect::<Vec<&str>>(),
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
