//! Reading and writing rows of the outbox. What a step means is decided elsewhere.

use rusqlite::{ToSql, Transaction};

use crate::{
    channel::{
        OutboxId, ShipmentState,
        store::{OutboxCursor, OutboxQuery, OutboxRow},
    },
    stores::{
        columns::{due_from, integer, json, nanos, overdue_from, settled},
        failure::Answer,
        memory::Outbox,
        sqlite::query::{all, execute, from_json},
    },
};

const ROW: &str = "shipstation_outbox.row_json";

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT row_json FROM shipstation_outbox WHERE connection = ?1 AND ", $rest)
    };
}

macro_rules! page {
    ($rest:literal) => {
        concat!(
            "SELECT row_json FROM shipstation_outbox WHERE connection = ?1 AND ",
            $rest,
            " AND (shipped_at, shipment, revision) > (?2, ?3, ?4) ORDER BY shipped_at, shipment, revision LIMIT ?6"
        )
    };
}

/// Adds a row; says whether it was new.
pub(super) fn insert(tx: &Transaction<'_>, connection: &str, row: &OutboxRow) -> Answer<bool> {
    let shipment = &row.shipment;
    let inserted = execute(
        tx,
        "INSERT INTO shipstation_outbox (connection, shipment, revision, order_id, shipped_at, state, due_from, in_flight,
                                         row_json)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (connection, shipment, revision) DO NOTHING",
        (
            connection,
            shipment.id.as_str(),
            shipment.revision,
            shipment.order.as_str(),
            nanos(shipment.shipped_at),
            row.state.name(),
            due_from(&row.state),
            row.state.is_in_flight(),
            json(row)?,
        ),
    )?;
    Ok(inserted > 0)
}

/// Writes down a row that has changed.
pub(super) fn update(tx: &Transaction<'_>, connection: &str, row: &OutboxRow) -> Answer<()> {
    let unblock_key = match &row.state {
        ShipmentState::Blocked { reason } => reason.unblock_key(),
        _ => None,
    };
    execute(
        tx,
        "UPDATE shipstation_outbox SET state = ?4, due_from = ?5, in_flight = ?6, unblock_key = ?7, row_json = ?8,
                                       settled = ?9
         WHERE connection = ?1 AND shipment = ?2 AND revision = ?3",
        (
            connection,
            row.shipment.id.as_str(),
            row.shipment.revision,
            row.state.name(),
            due_from(&row.state),
            row.state.is_in_flight(),
            unblock_key,
            json(row)?,
            settled(row),
        ),
    )
    .map(drop)
}

/// Every row of the orders that these rows are of, and every revision of their shipments.
pub(super) fn of_the_orders_of<'i>(
    tx: &Transaction<'_>,
    connection: &str,
    ids: impl Iterator<Item = &'i OutboxId>,
) -> Answer<Vec<OutboxRow>> {
    let of_order = select!(
        "shipment IN (
           SELECT shipment FROM shipstation_outbox WHERE connection = ?1 AND order_id = (
             SELECT order_id FROM shipstation_outbox WHERE connection = ?1 AND shipment = ?2 AND revision = ?3))"
    );
    let mut rows = Vec::new();
    for id in ids {
        rows.extend(all(tx, of_order, (connection, id.shipment.as_str(), id.revision), from_json(ROW))?);
    }
    Ok(rows)
}

pub(super) fn page(
    tx: &Transaction<'_>,
    connection: &str,
    query: &OutboxQuery,
    after: Option<&OutboxCursor>,
    limit: usize,
) -> Answer<Vec<OutboxRow>> {
    // Before every row when there is no place to go on from.
    let (shipped_at, shipment, revision) = after.map_or((i64::MIN, "", -1), |cursor| {
        (nanos(cursor.shipped_at), cursor.id.shipment.as_str(), i64::from(cursor.id.revision))
    });
    let (from, few, limit) = ((connection, shipped_at, shipment, revision), limit, integer(limit));
    let in_order = |sql, found: &dyn ToSql| {
        let (connection, shipped_at, shipment, revision) = from;
        all(tx, sql, (connection, shipped_at, shipment, revision, found, limit), from_json(ROW))
    };
    match query {
        OutboxQuery::Due { now } => all(
            tx,
            page!("due_from IS NOT NULL AND (due_from <= ?5 OR due_from > ?7)"),
            (connection, shipped_at, shipment, revision, nanos(*now), limit, overdue_from(*now)),
            from_json(ROW),
        ),
        OutboxQuery::InFlight => in_order(page!("in_flight = 1 AND ?5"), &true),
        OutboxQuery::Blocked => in_order(page!("state = 'blocked' AND ?5"), &true),
        OutboxQuery::OfOrder(order) => in_order(page!("order_id = ?5"), &order.as_str()),
        OutboxQuery::OfShipment(shipment) => {
            let revisions =
                all(tx, select!("shipment = ?2"), (connection, shipment.as_str()), from_json(ROW))?;
            Ok(Outbox::of(revisions).page(query, after, few))
        }
    }
}

pub(super) fn blocked_on(tx: &Transaction<'_>, connection: &str, key: &str) -> Answer<Vec<OutboxRow>> {
    all(tx, select!("unblock_key = ?2"), (connection, key), from_json(ROW))
}
