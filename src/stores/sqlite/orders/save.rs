//! Saving imported orders: a batch at once, and one by one where the file refuses something of it.

use rusqlite::Transaction;

use super::work;
use crate::{
    channel::{
        OrderFingerprint,
        store::{SaveOutcome, WorkKind},
    },
    stores::{
        columns::{Written, integer, nanos},
        failure::Answer,
        sqlite::query::execute,
    },
};

/// Saves a batch. An order that the file refuses fails alone: nothing of it stays, and the others are saved.
pub(super) fn save(tx: &Transaction<'_>, connection: &str, batch: &[Written]) -> Answer<Vec<SaveOutcome>> {
    let all = || batch.iter().map(|written| insert(tx, connection, written)).collect();
    match or_nothing(tx, all) {
        Err(failure) if failure.concerns_one_row() => {
            batch.iter().map(|written| save_alone(tx, connection, written)).collect()
        }
        saved => saved,
    }
}

fn save_alone(tx: &Transaction<'_>, connection: &str, written: &Written) -> Answer<SaveOutcome> {
    match or_nothing(tx, || insert(tx, connection, written)) {
        Err(failure) if failure.concerns_one_row() => Ok(failure.into()),
        saved => saved,
    }
}

/// Does `work` as a whole, or takes back what it wrote. A failure of the file itself is left to the transaction.
fn or_nothing<R>(tx: &Transaction<'_>, work: impl FnOnce() -> Answer<R>) -> Answer<R> {
    execute(tx, "SAVEPOINT attempt", [])?;
    let done = work();
    match &done {
        Ok(_) => {}
        Err(failure) if failure.concerns_one_row() => {
            execute(tx, "ROLLBACK TO attempt", [])?;
        }
        Err(_) => return done,
    }
    execute(tx, "RELEASE attempt", [])?;
    done
}

fn insert(tx: &Transaction<'_>, connection: &str, written: &Written) -> Answer<SaveOutcome> {
    let row = match written {
        Ok(row) => row,
        Err(outcome) => return Ok(outcome.clone()),
    };
    // The primary key decides, not a look before.
    let inserted = execute(
        tx,
        "INSERT INTO shipstation_import_record (connection, order_id, record_json, fingerprint) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (connection, order_id) DO NOTHING",
        (
            connection,
            row.order.as_str(),
            &row.record_json,
            row.fingerprint.as_ref().map(OrderFingerprint::as_str),
        ),
    )?;
    if inserted == 0 {
        return Ok(SaveOutcome::AlreadyExists);
    }
    execute(
        tx,
        "INSERT INTO shipstation_host_order (connection, order_id, imported_at, held_json, shipping_json, rules_version,
                                             order_json)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        (
            connection,
            row.order.as_str(),
            nanos(row.imported_at),
            &row.held_json,
            &row.shipping_json,
            integer(row.rules_version),
            &row.order_json,
        ),
    )?;
    work::remove(tx, connection, &row.order, WorkKind::Import)?;
    for entry in &row.follow_ups {
        work::put(tx, connection, entry)?;
    }
    for inside in &row.inside {
        execute(
            tx,
            "INSERT INTO shipstation_merged_order (connection, order_id, survivor) VALUES (?1, ?2, ?3)
             ON CONFLICT DO NOTHING",
            (connection, inside.as_str(), row.order.as_str()),
        )?;
    }
    Ok(SaveOutcome::Inserted { host_order: None })
}
