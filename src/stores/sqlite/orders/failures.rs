//! Orders that could not be imported.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, Row, Transaction};

use crate::{
    Timestamp,
    channel::{
        ChannelOrderId,
        store::{FailureRecord, OrderFailure},
    },
    stores::sqlite::convert::{Answer, instant, integer, nanos, unsigned},
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT order_id, number, error, retryable, at, next_attempt, attempts, first_seen, dismissed ",
            "FROM order_failure WHERE connection = ?1 AND ",
            $rest
        )
    };
}

fn failure_record(row: &Row<'_>) -> rusqlite::Result<FailureRecord> {
    Ok(FailureRecord {
        last: OrderFailure {
            order: ChannelOrderId::new(row.get::<_, String>(0)?),
            number: row.get(1)?,
            error: row.get(2)?,
            retryable: row.get(3)?,
            at: instant(row.get(4)?),
            next_attempt: instant(row.get(5)?),
        },
        attempts: unsigned(row.get(6)?),
        first_seen: instant(row.get(7)?),
        dismissed: row.get(8)?,
    })
}

pub(super) fn record(tx: &Transaction<'_>, connection: &str, failure: &OrderFailure) -> Answer<()> {
    tx.prepare_cached(
        "INSERT INTO order_failure (connection, order_id, number, error, retryable, at, next_attempt, first_seen)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?6)
         ON CONFLICT DO UPDATE SET number = excluded.number, error = excluded.error, retryable = excluded.retryable,
             at = excluded.at, next_attempt = excluded.next_attempt, attempts = attempts + 1",
    )?
    .execute((
        connection,
        failure.order.as_str(),
        &failure.number,
        &failure.error,
        failure.retryable,
        nanos(failure.at),
        nanos(failure.next_attempt),
    ))?;
    Ok(())
}

pub(super) fn due(
    tx: &Transaction<'_>,
    connection: &str,
    now: Timestamp,
    limit: usize,
) -> Answer<Vec<FailureRecord>> {
    let mut due = tx.prepare_cached(select!(
        "dismissed = 0 AND next_attempt <= ?2 ORDER BY next_attempt, order_id LIMIT ?3"
    ))?;
    let rows = due.query_map((connection, nanos(now), integer(limit)), failure_record)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn of(
    tx: &Transaction<'_>,
    connection: &str,
    orders: &[ChannelOrderId],
) -> Answer<HashMap<ChannelOrderId, FailureRecord>> {
    let mut find = tx.prepare_cached(select!("order_id = ?2"))?;
    let mut found = HashMap::new();
    for order in orders {
        if let Some(failure) = find.query_row((connection, order.as_str()), failure_record).optional()? {
            found.insert(order.clone(), failure);
        }
    }
    Ok(found)
}

pub(super) fn clear(tx: &Transaction<'_>, connection: &str, order: &ChannelOrderId) -> Answer<()> {
    tx.prepare_cached("DELETE FROM order_failure WHERE connection = ?1 AND order_id = ?2")?
        .execute((connection, order.as_str()))?;
    Ok(())
}

pub(super) fn dismiss(tx: &Transaction<'_>, connection: &str, order: &ChannelOrderId) -> Answer<()> {
    tx.prepare_cached("UPDATE order_failure SET dismissed = 1 WHERE connection = ?1 AND order_id = ?2")?
        .execute((connection, order.as_str()))?;
    Ok(())
}
