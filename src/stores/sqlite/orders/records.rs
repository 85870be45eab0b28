//! The import records and the host's orders: what is known, and saving.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, Transaction};

use super::{failures, follow_ups};
use crate::{
    channel::{
        ChannelOrderId, OrderFingerprint,
        store::{ImportRecord, NewOrder, RunToken, SaveOutcome, StoreError},
    },
    stores::sqlite::convert::{Answer, integer, json, nanos, parse},
};

/// One look-up per id by primary key, all in one snapshot: any number of ids, any text in them.
pub(super) fn known(
    tx: &Transaction<'_>,
    connection: &str,
    orders: Vec<ChannelOrderId>,
) -> Answer<HashMap<ChannelOrderId, ImportRecord>> {
    let mut known = HashMap::with_capacity(orders.len());
    for order in orders {
        if let Some(record) = record(tx, connection, &order)? {
            known.insert(order, record);
        }
    }
    Ok(known)
}

pub(super) fn record(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
) -> Answer<Option<ImportRecord>> {
    let json: Option<String> = tx
        .prepare_cached("SELECT record_json FROM import_record WHERE connection = ?1 AND order_id = ?2")?
        .query_row((connection, order.as_str()), |row| row.get(0))
        .optional()?;
    json.map(|json| parse("import_record.record_json", &json)).transpose()
}

pub(super) fn swallowed(
    tx: &Transaction<'_>,
    connection: &str,
    orders: Vec<ChannelOrderId>,
) -> Answer<HashMap<ChannelOrderId, ImportRecord>> {
    let mut find = tx.prepare_cached(
        "SELECT record_json FROM import_record WHERE connection = ?1 AND order_id =
             (SELECT survivor FROM swallowed_order WHERE connection = ?1 AND order_id = ?2)",
    )?;
    let mut found = HashMap::new();
    for order in orders {
        let json: Option<String> =
            find.query_row((connection, order.as_str()), |row| row.get(0)).optional()?;
        if let Some(json) = json {
            found.insert(order, parse("import_record.record_json", &json)?);
        }
    }
    Ok(found)
}

pub(super) fn look_alikes(
    tx: &Transaction<'_>,
    connection: &str,
    fingerprints: Vec<OrderFingerprint>,
    limit: usize,
) -> Answer<HashMap<OrderFingerprint, Vec<ImportRecord>>> {
    // Named, because the planner would rather walk all records of a connection for the sake of their order.
    let mut find = tx.prepare_cached(
        "SELECT record_json FROM import_record INDEXED BY import_record_fingerprint
         WHERE connection = ?1 AND fingerprint = ?2 ORDER BY order_id LIMIT ?3",
    )?;
    let mut found = HashMap::new();
    for fingerprint in fingerprints {
        let rows = find.query_map((connection, fingerprint.as_str(), integer(limit)), |row| row.get(0))?;
        let records = rows.collect::<Result<Vec<String>, _>>()?;
        if !records.is_empty() {
            let records = records.iter().map(|json| parse("import_record.record_json", json));
            found.insert(fingerprint, records.collect::<Answer<_>>()?);
        }
    }
    Ok(found)
}

pub(super) fn put_record(tx: &Transaction<'_>, connection: &str, record: &ImportRecord) -> Answer<()> {
    tx.prepare_cached("UPDATE import_record SET record_json = ?3 WHERE connection = ?1 AND order_id = ?2")?
        .execute((connection, record.order.as_str(), json(record)?))?;
    Ok(())
}

/// A hash of an address is not kept longer than the address.
pub(in crate::stores::sqlite) fn forget_fingerprint(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
) -> Answer<()> {
    tx.prepare_cached(
        "UPDATE import_record SET fingerprint = NULL, record_json = json_remove(record_json, '$.fingerprint')
         WHERE connection = ?1 AND order_id = ?2 AND fingerprint IS NOT NULL",
    )?
    .execute((connection, order.as_str()))?;
    Ok(())
}

/// Saves one order of a batch. An order that the file refuses fails alone: what was written of it is taken back.
pub(super) fn save(tx: &Transaction<'_>, token: &RunToken, new: &NewOrder) -> Answer<SaveOutcome> {
    tx.prepare_cached("SAVEPOINT one_order")?.execute([])?;
    let saved = insert(tx, token, new);
    let failed = match saved {
        Ok(outcome) => {
            tx.prepare_cached("RELEASE one_order")?.execute([])?;
            return Ok(outcome);
        }
        Err(failure) if failure.concerns_one_row() => StoreError::from(failure),
        Err(failure) => return Err(failure),
    };
    tx.prepare_cached("ROLLBACK TO one_order")?.execute([])?;
    tx.prepare_cached("RELEASE one_order")?.execute([])?;
    Ok(SaveOutcome::Failed { message: failed.to_string(), retryable: false })
}

fn insert(tx: &Transaction<'_>, token: &RunToken, new: &NewOrder) -> Answer<SaveOutcome> {
    let (connection, order) = (token.connection.as_str(), &new.order);
    // The primary key decides, not a look before.
    let inserted = tx
        .prepare_cached(
            "INSERT INTO import_record (connection, order_id, record_json, fingerprint) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (connection, order_id) DO NOTHING",
        )?
        .execute((
            connection,
            order.id.as_str(),
            json(&new.record(&token.run, None))?,
            new.fingerprint.as_ref().map(OrderFingerprint::as_str),
        ))?;
    if inserted == 0 {
        return Ok(SaveOutcome::AlreadyExists);
    }
    tx.prepare_cached(
        "INSERT INTO host_order (connection, order_id, imported_at, held, marketplace, country, shipping_text,
                                 shipping_json, rules_version, order_json)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute((
        connection,
        order.id.as_str(),
        nanos(new.imported_at),
        !new.holds.is_empty(),
        &order.marketplace,
        &order.ship_to.country,
        &order.shipping_text,
        json(&new.shipping)?,
        integer(new.rules_version),
        json(order)?,
    ))?;
    for follow_up in &new.follow_ups {
        follow_ups::insert(tx, connection, &order.id, follow_up, new.imported_at)?;
    }
    for inside in &order.lineage.merged {
        tx.prepare_cached(
            "INSERT INTO swallowed_order (connection, order_id, survivor) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET survivor = excluded.survivor",
        )?
        .execute((connection, inside.as_str(), order.id.as_str()))?;
    }
    failures::clear(tx, connection, &order.id)?;
    Ok(SaveOutcome::Inserted { host_order: None })
}
