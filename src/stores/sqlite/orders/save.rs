//! Saving imported orders: a batch at once, and one by one where the file refuses something of it.

use rusqlite::Transaction;

use super::work;
use crate::{
    channel::{
        ConnectionId, OrderFingerprint,
        store::{NewOrder, SaveOutcome, WorkKind},
    },
    stores::{
        columns::{OrderRow, Written, integer, nanos},
        failure::Answer,
        released::one_for_each,
        sqlite::{OrderWriter, events, query::execute},
    },
};

/// Saves a batch. An order that the file or the host refuses fails alone: nothing of it stays, and the others are saved.
pub(super) fn save(
    tx: &Transaction<'_>,
    host: Option<&dyn OrderWriter>,
    connection: &ConnectionId,
    batch: &[Written],
) -> Answer<Vec<SaveOutcome>> {
    match or_nothing(tx, || insert_all(tx, host, connection, batch)) {
        Err(failure) if failure.concerns_one_row() => {
            let mut outcomes = Vec::with_capacity(batch.len());
            for alone in batch.chunks(1) {
                match or_nothing(tx, || insert_all(tx, host, connection, alone)) {
                    Err(failure) if failure.concerns_one_row() => outcomes.push(failure.into()),
                    saved => outcomes.extend(saved?),
                }
            }
            Ok(outcomes)
        }
        saved => saved,
    }
}

/// Inserts orders, has the host write those that are new, and records that they are imported.
fn insert_all(
    tx: &Transaction<'_>,
    host: Option<&dyn OrderWriter>,
    connection: &ConnectionId,
    batch: &[Written],
) -> Answer<Vec<SaveOutcome>> {
    let insert = |written| insert(tx, connection.as_str(), written);
    let mut outcomes = batch.iter().map(insert).collect::<Answer<Vec<_>>>()?;
    if let Some(host) = host {
        give_to_host(tx, host, connection, batch, &mut outcomes)?;
    }
    for (outcome, row) in outcomes.iter().zip(batch) {
        if let (SaveOutcome::Inserted { host_order }, Ok(row)) = (outcome, row) {
            events::append(tx, connection.as_str(), &row.event_of(host_order.as_ref()))?;
        }
    }
    Ok(outcomes)
}

/// Has the host write new orders, and keeps what it calls them.
fn give_to_host(
    tx: &Transaction<'_>,
    host: &dyn OrderWriter,
    connection: &ConnectionId,
    batch: &[Written],
    outcomes: &mut [SaveOutcome],
) -> Answer<()> {
    let new = outcomes.iter_mut().zip(batch).filter_map(|(outcome, written)| {
        let row = written.as_ref().ok().filter(|_| matches!(outcome, SaveOutcome::Inserted { .. }))?;
        Some((outcome, row, row.for_host.as_ref()?))
    });
    let new: Vec<(&mut SaveOutcome, &OrderRow, &NewOrder)> = new.collect();
    let orders: Vec<&NewOrder> = new.iter().map(|(_, _, order)| *order).collect();
    if orders.is_empty() {
        return Ok(());
    }
    let names = one_for_each(host.write(tx, connection, &orders)?, orders.len())?;
    let put = "UPDATE shipstation_import_record SET record_json = ?3 WHERE connection = ?1 AND order_id = ?2";
    for ((outcome, row, _), name) in new.into_iter().zip(names) {
        if let Some(name) = &name {
            execute(tx, put, (connection.as_str(), row.order.as_str(), row.record_of(name)?))?;
        }
        *outcome = SaveOutcome::Inserted { host_order: name };
    }
    Ok(())
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
    let kept_by_host = row.order_json.is_none();
    execute(
        tx,
        "INSERT INTO shipstation_host_order (connection, order_id, imported_at, held_json, shipping_json, rules_version,
                                             order_json, handed_over, blanked, fingerprinted)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9)",
        (
            connection,
            row.order.as_str(),
            nanos(row.imported_at),
            &row.held_json,
            &row.shipping_json,
            integer(row.rules_version),
            &row.order_json,
            kept_by_host,
            row.fingerprint.is_some(),
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
