//! Reading and writing rows of the outbox. What a step means is decided elsewhere.

use rusqlite::{OptionalExtension, Params, Row, Transaction};
use serde::{Deserialize, Serialize};

use super::{due_from, overdue_from};
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, OutboxId, ShipmentState,
        store::{OutboxCursor, OutboxRow, StoreError},
    },
    stores::sqlite::convert::{Answer, instant, integer, json, nanos, parse, unsigned},
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT shipment_json, state_json, attempts, last_error, enqueued_at, updated_at ",
            "FROM outbox WHERE connection = ?1 AND ",
            $rest
        )
    };
}

/// What `state_json` holds: the state, and beside it what is counted for as long as the row lives.
#[derive(Serialize)]
struct Standing<'r> {
    #[serde(flatten)]
    state: &'r ShipmentState,
    #[serde(flatten)]
    counts: Counts,
}

#[derive(Serialize, Deserialize)]
struct Counts {
    #[serde(default)]
    unknown_outcomes: u32,
}

impl<'r> Standing<'r> {
    fn of(row: &'r OutboxRow) -> Self {
        Self { state: &row.state, counts: Counts { unknown_outcomes: row.unknown_outcomes } }
    }
}

/// Adds a row; says whether it was new.
pub(super) fn insert(tx: &Transaction<'_>, connection: &str, row: &OutboxRow) -> Answer<bool> {
    let shipment = &row.shipment;
    let inserted = tx
        .prepare_cached(
            "INSERT INTO outbox (connection, shipment, revision, order_id, shipped_at, enqueued_at, shipment_json,
                                 state, state_json, due_from, in_flight, attempts, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?6)
             ON CONFLICT (connection, shipment, revision) DO NOTHING",
        )?
        .execute((
            connection,
            shipment.id.as_str(),
            shipment.revision,
            shipment.order.as_str(),
            nanos(shipment.shipped_at),
            nanos(row.enqueued_at),
            json(shipment)?,
            row.state.name(),
            json(&Standing::of(row))?,
            due_from(&row.state),
            row.state.is_in_flight(),
            row.attempts,
        ))?;
    Ok(inserted > 0)
}

/// Writes down what can change of a row.
pub(super) fn update(tx: &Transaction<'_>, connection: &str, row: &OutboxRow) -> Answer<()> {
    let unblock_key = match &row.state {
        ShipmentState::Blocked { reason } => reason.unblock_key(),
        _ => None,
    };
    tx.prepare_cached(
        "UPDATE outbox SET state = ?4, state_json = ?5, due_from = ?6, in_flight = ?7, unblock_key = ?8,
                           attempts = ?9, last_error = ?10, updated_at = ?11
         WHERE connection = ?1 AND shipment = ?2 AND revision = ?3",
    )?
    .execute((
        connection,
        row.shipment.id.as_str(),
        row.shipment.revision,
        row.state.name(),
        json(&Standing::of(row))?,
        due_from(&row.state),
        row.state.is_in_flight(),
        unblock_key,
        row.attempts,
        &row.last_error,
        nanos(row.updated_at),
    ))?;
    Ok(())
}

pub(super) fn find(tx: &Transaction<'_>, connection: &str, id: &OutboxId) -> Answer<OutboxRow> {
    let rows = select(
        tx,
        select!("shipment = ?2 AND revision = ?3"),
        (connection, id.shipment.as_str(), id.revision),
    )?;
    let missing = || StoreError::permanent(format!("there is no shipment {id} in the outbox")).into();
    rows.into_iter().next().ok_or_else(missing)
}

pub(super) fn due(
    tx: &Transaction<'_>,
    connection: &str,
    now: Timestamp,
    after: Option<&OutboxCursor>,
    limit: usize,
) -> Answer<Vec<OutboxRow>> {
    let (shipped_at, shipment, revision) = place(after);
    select(
        tx,
        select!(
            "due_from IS NOT NULL AND (due_from <= ?2 OR due_from > ?7)
             AND (shipped_at, shipment, revision) > (?3, ?4, ?5)
             ORDER BY shipped_at, shipment, revision LIMIT ?6"
        ),
        (connection, nanos(now), shipped_at, shipment, revision, integer(limit), overdue_from(now)),
    )
}

pub(super) fn in_flight(
    tx: &Transaction<'_>,
    connection: &str,
    after: Option<&OutboxCursor>,
    limit: usize,
) -> Answer<Vec<OutboxRow>> {
    let (shipped_at, shipment, revision) = place(after);
    select(
        tx,
        select!(
            "in_flight = 1 AND (shipped_at, shipment, revision) > (?2, ?3, ?4)
             ORDER BY shipped_at, shipment, revision LIMIT ?5"
        ),
        (connection, shipped_at, shipment, revision, integer(limit)),
    )
}

pub(super) fn of_order(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
) -> Answer<Vec<OutboxRow>> {
    select(tx, select!("order_id = ?2 ORDER BY shipped_at, shipment, revision"), (connection, order.as_str()))
}

pub(super) fn blocked_on(tx: &Transaction<'_>, connection: &str, key: &str) -> Answer<Vec<OutboxRow>> {
    select(tx, select!("unblock_key = ?2"), (connection, key))
}

/// Blocked rows are few, so that they are put in order here: their index is by state.
pub(super) fn blocked(
    tx: &Transaction<'_>,
    connection: &str,
    after: Option<&OutboxCursor>,
    limit: usize,
) -> Answer<Vec<OutboxRow>> {
    let mut rows = select(tx, select!("state = 'blocked'"), [connection])?;
    rows.retain(|row| after.is_none_or(|after| row.cursor() > *after));
    rows.sort_by_key(OutboxRow::cursor);
    rows.truncate(limit);
    Ok(rows)
}

pub(super) fn has_in_flight(tx: &Transaction<'_>, connection: &str, order: &ChannelOrderId) -> Answer<bool> {
    let found = tx
        .prepare_cached("SELECT 1 FROM outbox WHERE connection = ?1 AND order_id = ?2 AND in_flight = 1")?
        .query_row((connection, order.as_str()), |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}

/// The place to go on from; before every row when there is none.
fn place(after: Option<&OutboxCursor>) -> (i64, &str, i64) {
    after.map_or((i64::MIN, "", -1), |cursor| {
        (nanos(cursor.shipped_at), cursor.id.shipment.as_str(), i64::from(cursor.id.revision))
    })
}

fn select(tx: &Transaction<'_>, sql: &str, params: impl Params) -> Answer<Vec<OutboxRow>> {
    let mut select = tx.prepare_cached(sql)?;
    let mut rows = select.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(outbox_row(row)?);
    }
    Ok(found)
}

fn outbox_row(row: &Row<'_>) -> Answer<OutboxRow> {
    let standing = row.get::<_, String>(1)?;
    let Counts { unknown_outcomes } = parse("outbox.state_json", &standing)?;
    Ok(OutboxRow {
        shipment: parse("outbox.shipment_json", &row.get::<_, String>(0)?)?,
        state: parse("outbox.state_json", &standing)?,
        unknown_outcomes,
        attempts: unsigned(row.get(2)?),
        last_error: row.get(3)?,
        enqueued_at: instant(row.get(4)?),
        updated_at: instant(row.get(5)?),
    })
}
