//! Saving imported orders: a batch at once, and one by one where the file refuses something of it.

use rusqlite::Transaction;

use super::{failures, follow_ups};
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, OrderFingerprint, RunId,
        store::{NewFollowUp, NewOrder, SaveOutcome, StoreError},
    },
    stores::sqlite::convert::{Answer, Failure, integer, json, nanos},
};

/// A new order as the tables take it. It is written down before the thread of the file is asked, since no order has
/// to be copied to get there then.
pub(super) struct Row {
    order: ChannelOrderId,
    imported_at: Timestamp,
    held: bool,
    marketplace: Option<String>,
    country: Option<String>,
    shipping_text: Option<String>,
    rules_version: u64,
    shipping_json: String,
    order_json: String,
    record_json: String,
    fingerprint: Option<OrderFingerprint>,
    inside: Vec<ChannelOrderId>,
    follow_ups: Vec<NewFollowUp>,
}

/// A row, or what becomes of an order that cannot be written down.
pub(super) type Written = Result<Row, SaveOutcome>;

pub(super) fn write_down(new: &NewOrder, run: &RunId) -> Written {
    row(new, run).map_err(refused)
}

fn row(new: &NewOrder, run: &RunId) -> Answer<Row> {
    let order = &new.order;
    Ok(Row {
        order: order.id.clone(),
        imported_at: new.imported_at,
        held: !new.holds.is_empty(),
        marketplace: order.marketplace.clone(),
        country: order.ship_to.country.clone(),
        shipping_text: order.shipping_text.clone(),
        rules_version: new.rules_version,
        shipping_json: json(&new.shipping)?,
        order_json: json(order)?,
        record_json: json(&new.record(run, None))?,
        fingerprint: new.fingerprint.clone(),
        inside: order.lineage.merged.clone(),
        follow_ups: new.follow_ups.clone(),
    })
}

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
        Err(failure) if failure.concerns_one_row() => Ok(refused(failure)),
        saved => saved,
    }
}

fn refused(failure: Failure) -> SaveOutcome {
    SaveOutcome::Failed { message: StoreError::from(failure).to_string(), retryable: false }
}

/// Does `work` as a whole, or takes back what it wrote. A failure of the file itself is left to the transaction.
fn or_nothing<R>(tx: &Transaction<'_>, work: impl FnOnce() -> Answer<R>) -> Answer<R> {
    tx.prepare_cached("SAVEPOINT attempt")?.execute([])?;
    let done = work();
    match &done {
        Ok(_) => {}
        Err(failure) if failure.concerns_one_row() => {
            tx.prepare_cached("ROLLBACK TO attempt")?.execute([])?;
        }
        Err(_) => return done,
    }
    tx.prepare_cached("RELEASE attempt")?.execute([])?;
    done
}

fn insert(tx: &Transaction<'_>, connection: &str, written: &Written) -> Answer<SaveOutcome> {
    let row = match written {
        Ok(row) => row,
        Err(outcome) => return Ok(outcome.clone()),
    };
    // The primary key decides, not a look before.
    let inserted = tx
        .prepare_cached(
            "INSERT INTO import_record (connection, order_id, record_json, fingerprint) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (connection, order_id) DO NOTHING",
        )?
        .execute((
            connection,
            row.order.as_str(),
            &row.record_json,
            row.fingerprint.as_ref().map(OrderFingerprint::as_str),
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
        row.order.as_str(),
        nanos(row.imported_at),
        row.held,
        &row.marketplace,
        &row.country,
        &row.shipping_text,
        &row.shipping_json,
        integer(row.rules_version),
        &row.order_json,
    ))?;
    for follow_up in &row.follow_ups {
        follow_ups::insert(tx, connection, &row.order, follow_up, row.imported_at)?;
    }
    for inside in &row.inside {
        tx.prepare_cached(
            "INSERT INTO swallowed_order (connection, order_id, survivor) VALUES (?1, ?2, ?3)
             ON CONFLICT DO NOTHING",
        )?
        .execute((connection, inside.as_str(), row.order.as_str()))?;
    }
    failures::clear(tx, connection, &row.order)?;
    Ok(SaveOutcome::Inserted { host_order: None })
}
