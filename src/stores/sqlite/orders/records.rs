//! The import records: what is known.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, Transaction};

use crate::{
    channel::{ChannelOrderId, OrderFingerprint, store::ImportRecord},
    stores::sqlite::convert::{Answer, integer, json, parse},
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
) -> Answer<HashMap<ChannelOrderId, Vec<ImportRecord>>> {
    let mut find = tx.prepare_cached(
        "SELECT record_json FROM swallowed_order AS inside
         JOIN import_record AS record ON record.connection = ?1 AND record.order_id = inside.survivor
         WHERE inside.connection = ?1 AND inside.order_id = ?2 ORDER BY inside.survivor",
    )?;
    let mut found = HashMap::new();
    for order in orders {
        let survivors = parse_all(find.query_map((connection, order.as_str()), |row| row.get(0))?)?;
        if !survivors.is_empty() {
            found.insert(order, survivors);
        }
    }
    Ok(found)
}

fn parse_all(rows: impl Iterator<Item = rusqlite::Result<String>>) -> Answer<Vec<ImportRecord>> {
    rows.map(|json| parse("import_record.record_json", &json?)).collect()
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
        let records = parse_all(rows)?;
        if !records.is_empty() {
            found.insert(fingerprint, records);
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
