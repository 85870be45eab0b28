//! The import records: what is known.

use std::collections::BTreeMap;

use tokio_postgres::{Row, Transaction};

use crate::{
    channel::{
        ChannelOrderId,
        store::{ImportRecord, RecordKey},
    },
    stores::{
        columns::{integer, json, parse},
        failure::Answer,
        postgres::query::{all, execute, first, from_json, get, params, text},
    },
};

const RECORD: &str = "import_record.record_json";

/// One look-up by its index for each key, all keys of a kind in one question.
macro_rules! look_up {
    ($rest:literal) => {
        concat!(
            "SELECT wanted.key, found.record_json::text FROM unnest($2::text[]) AS wanted (key) CROSS JOIN LATERAL (",
            $rest,
            " LIMIT $3) AS found"
        )
    };
}

const BY_ID: &str = look_up!(
    "SELECT record_json, order_id FROM import_record
     WHERE connection = $1 AND order_id = wanted.key COLLATE \"C\""
);
const BY_MERGED: &str = look_up!(
    "SELECT record.record_json, inside.survivor FROM merged_order AS inside
     JOIN import_record AS record ON record.connection = $1 AND record.order_id = inside.survivor
     WHERE inside.connection = $1 AND inside.order_id = wanted.key COLLATE \"C\" ORDER BY inside.survivor"
);
const BY_FINGERPRINT: &str = look_up!(
    "SELECT record_json, order_id FROM import_record
     WHERE connection = $1 AND fingerprint = wanted.key COLLATE \"C\" ORDER BY order_id"
);

/// The records of each key, in ascending order of id.
pub(super) async fn with(
    tx: &Transaction<'_>,
    connection: &str,
    keys: &[RecordKey],
    limit: usize,
) -> Answer<Vec<Vec<ImportRecord>>> {
    let mut found: BTreeMap<(&str, String), Vec<ImportRecord>> = BTreeMap::new();
    for sql in [BY_ID, BY_MERGED, BY_FINGERPRINT] {
        let keys: Vec<String> =
            keys.iter().map(question).filter(|(of, _)| *of == sql).map(|(_, key)| key).collect();
        if keys.is_empty() {
            continue;
        }
        let record = |row: &Row| Ok((get::<String>(row, 0)?, parse(RECORD, get(row, 1)?)?));
        for (key, record) in all(tx, sql, params![connection, keys, integer(limit)], record).await? {
            found.entry((sql, key)).or_default().push(record);
        }
    }
    // A key that is asked for twice has its records twice, one after the other.
    let mut answers: Vec<Vec<ImportRecord>> =
        keys.iter().map(|key| found.get(&question(key)).cloned().unwrap_or_default()).collect();
    for records in &mut answers {
        records.sort_by(|a, b| a.order.cmp(&b.order));
        records.dedup_by(|a, b| a.order == b.order);
        records.truncate(limit);
    }
    Ok(answers)
}

fn question(key: &RecordKey) -> (&'static str, String) {
    match key {
        RecordKey::Id(order) => (BY_ID, text(order.as_str())),
        RecordKey::MergedInto(order) => (BY_MERGED, text(order.as_str())),
        RecordKey::Fingerprint(fingerprint) => (BY_FINGERPRINT, text(fingerprint.as_str())),
    }
}

/// Changes the record of an order.
pub(super) async fn change(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
    change: impl FnOnce(&mut ImportRecord),
) -> Answer<()> {
    let order = text(order.as_str());
    let find =
        "SELECT record_json::text FROM import_record WHERE connection = $1 AND order_id = $2 FOR UPDATE";
    let kept = first(tx, find, params![connection, order], from_json::<ImportRecord>(RECORD)).await?;
    let Some(mut record) = kept else { return Ok(()) };
    change(&mut record);
    let put = "UPDATE import_record SET record_json = $3::json WHERE connection = $1 AND order_id = $2";
    execute(tx, put, params![connection, order, json(&record)?]).await.map(drop)
}

/// Forgets by what an order is recognized under another id, and what else of its record is not in what is `left`.
pub(in crate::stores::postgres) async fn forget_fingerprint(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
    left: fn(ImportRecord) -> ImportRecord,
) -> Answer<()> {
    change(tx, connection, order, |record| *record = left(record.clone())).await?;
    for forget in [
        "UPDATE import_record SET fingerprint = NULL WHERE connection = $1 AND order_id = $2",
        "UPDATE host_order SET fingerprinted = false WHERE connection = $1 AND order_id = $2",
    ] {
        execute(tx, forget, params![connection, text(order.as_str())]).await?;
    }
    Ok(())
}
