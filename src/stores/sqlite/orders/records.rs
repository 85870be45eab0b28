//! The import records: what is known.

use rusqlite::Transaction;

use crate::{
    channel::{
        ChannelOrderId,
        store::{ImportRecord, RecordKey},
    },
    stores::{
        columns::json,
        failure::Answer,
        sqlite::query::{execute, from_json, some},
    },
};

const RECORD: &str = "shipstation_import_record.record_json";

/// One look-up by its index, however many the caller asks for in one snapshot: any number of keys, any text in them.
pub(super) fn with(
    tx: &Transaction<'_>,
    connection: &str,
    key: &RecordKey,
    limit: usize,
) -> Answer<Vec<ImportRecord>> {
    let (sql, key) = match key {
        RecordKey::Id(order) => (
            "SELECT record_json FROM shipstation_import_record WHERE connection = ?1 AND order_id = ?2",
            order.as_str(),
        ),
        RecordKey::MergedInto(order) => (
            "SELECT record_json FROM shipstation_merged_order AS inside
             JOIN shipstation_import_record AS record ON record.connection = ?1 AND record.order_id = inside.survivor
             WHERE inside.connection = ?1 AND inside.order_id = ?2 ORDER BY inside.survivor",
            order.as_str(),
        ),
        // The index is named, because the planner would rather walk all records of a connection for the sake of their order.
        RecordKey::Fingerprint(fingerprint) => (
            "SELECT record_json FROM shipstation_import_record INDEXED BY shipstation_import_record_fingerprint
             WHERE connection = ?1 AND fingerprint = ?2 ORDER BY order_id",
            fingerprint.as_str(),
        ),
    };
    // No LIMIT in the statement: SQLite prepares one anew each time its limit is bound.
    some(tx, sql, (connection, key), limit, from_json(RECORD))
}

/// Changes the record of an order.
pub(super) fn change(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
    change: impl FnOnce(&mut ImportRecord),
) -> Answer<()> {
    let kept = with(tx, connection, &RecordKey::Id(order.clone()), 1)?;
    let Some(mut record) = kept.into_iter().next() else { return Ok(()) };
    change(&mut record);
    let put = "UPDATE shipstation_import_record SET record_json = ?3 WHERE connection = ?1 AND order_id = ?2";
    execute(tx, put, (connection, order.as_str(), json(&record)?)).map(drop)
}

/// Forgets by what an order is recognized under another id, and what else of its record is not in what is `left`.
pub(in crate::stores::sqlite) fn forget_fingerprint(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
    left: fn(ImportRecord) -> ImportRecord,
) -> Answer<()> {
    change(tx, connection, order, |record| *record = left(record.clone()))?;
    for forget in [
        "UPDATE shipstation_import_record SET fingerprint = NULL WHERE connection = ?1 AND order_id = ?2",
        "UPDATE shipstation_host_order SET fingerprinted = 0 WHERE connection = ?1 AND order_id = ?2",
    ] {
        execute(tx, forget, (connection, order.as_str()))?;
    }
    Ok(())
}
