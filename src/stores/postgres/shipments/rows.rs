//! Reading and writing rows of the outbox. What a step means is decided elsewhere.

use std::collections::BTreeSet;

use tokio_postgres::{Row, Transaction};

use crate::{
    channel::{
        ChannelOrderId, LineId, LineQuantity, OutboxId, ShipmentState,
        store::{EnqueueOutcome, OutboxCursor, OutboxQuery, OutboxRow},
    },
    stores::{
        columns::{due_from, integer, json, nanos, overdue_from, settled},
        failure::Answer,
        memory::Outbox,
        postgres::query::{all, execute, from_json, get, params, text},
    },
};

const ROW: &str = "outbox.row_json";

macro_rules! page {
    ($rest:literal) => {
        concat!(
            "SELECT row_json::text FROM outbox WHERE connection = $1 AND (shipped_at, shipment, revision) > ($2, $3, $4) AND ",
            $rest,
            " ORDER BY shipped_at, shipment, revision LIMIT $5"
        )
    };
}

/// Adds rows, those that are new.
pub(super) async fn insert(
    tx: &Transaction<'_>,
    connection: &str,
    rows: &[OutboxRow],
) -> Answer<Vec<EnqueueOutcome>> {
    let key = |row: &Row| Ok((get::<String>(row, 0)?, get::<i64>(row, 1)?));
    let inserted = all(
        tx,
        "INSERT INTO outbox (connection, shipment, revision, order_id, shipped_at, state, due_from, in_flight, row_json)
         SELECT $1, new.shipment, new.revision, new.order_id, new.shipped_at, new.state, new.due_from, false, new.row::json
         FROM unnest($2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::bigint[], $8::text[])
              AS new (shipment, revision, order_id, shipped_at, state, due_from, row)
         ORDER BY new.shipment COLLATE \"C\", new.revision
         ON CONFLICT (connection, shipment, revision) DO NOTHING RETURNING shipment, revision",
        params![
            connection,
            rows.iter().map(|row| text(row.shipment.id.as_str())).collect::<Vec<String>>(),
            rows.iter().map(|row| i64::from(row.shipment.revision)).collect::<Vec<i64>>(),
            rows.iter().map(|row| text(row.shipment.order.as_str())).collect::<Vec<String>>(),
            rows.iter().map(|row| nanos(row.shipment.shipped_at)).collect::<Vec<i64>>(),
            rows.iter().map(|row| row.state.name()).collect::<Vec<&str>>(),
            rows.iter().map(|row| due_from(&row.state)).collect::<Vec<Option<i64>>>(),
            rows.iter().map(json).collect::<Result<Vec<String>, _>>()?,
        ],
        key,
    )
    .await?;
    let mut inserted: BTreeSet<(String, i64)> = inserted.into_iter().collect();
    let outcome = |row: &OutboxRow| {
        let key = (text(row.shipment.id.as_str()), i64::from(row.shipment.revision));
        if inserted.remove(&key) { EnqueueOutcome::New } else { EnqueueOutcome::Duplicate }
    };
    Ok(rows.iter().map(outcome).collect())
}

/// Writes down rows that have changed.
pub(super) async fn update(
    tx: &Transaction<'_>,
    connection: &str,
    rows: impl Iterator<Item = &OutboxRow>,
) -> Answer<()> {
    let rows: Vec<&OutboxRow> = rows.collect();
    let unblock_key = |row: &&OutboxRow| match &row.state {
        ShipmentState::Blocked { reason } => reason.unblock_key().map(text),
        _ => None,
    };
    execute(
        tx,
        "UPDATE outbox SET state = new.state, due_from = new.due_from, in_flight = new.in_flight,
                           unblock_key = new.unblock_key, settled = new.settled, row_json = new.row::json
         FROM unnest($2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::boolean[], $7::text[], $8::bigint[], $9::text[])
              AS new (shipment, revision, state, due_from, in_flight, unblock_key, settled, row)
         WHERE connection = $1 AND outbox.shipment = new.shipment COLLATE \"C\" AND outbox.revision = new.revision",
        params![
            connection,
            rows.iter().map(|row| text(row.shipment.id.as_str())).collect::<Vec<String>>(),
            rows.iter().map(|row| i64::from(row.shipment.revision)).collect::<Vec<i64>>(),
            rows.iter().map(|row| row.state.name()).collect::<Vec<&str>>(),
            rows.iter().map(|row| due_from(&row.state)).collect::<Vec<Option<i64>>>(),
            rows.iter().map(|row| row.state.is_in_flight()).collect::<Vec<bool>>(),
            rows.iter().map(unblock_key).collect::<Vec<Option<String>>>(),
            rows.iter().map(|row| settled(row)).collect::<Vec<Option<i64>>>(),
            rows.iter().map(json).collect::<Result<Vec<String>, _>>()?,
        ],
    )
    .await
    .map(drop)
}

/// Every row of the orders that these rows are of, and every revision of their shipments, with nobody else changing them until the
/// transaction ends.
pub(super) async fn of_the_orders_of(
    tx: &Transaction<'_>,
    connection: &str,
    ids: impl Iterator<Item = &OutboxId>,
) -> Answer<Vec<OutboxRow>> {
    let (shipments, revisions): (Vec<String>, Vec<i64>) =
        ids.map(|id| (text(id.shipment.as_str()), i64::from(id.revision))).unzip();
    let rows = "SELECT row_json::text FROM outbox WHERE connection = $1 AND shipment IN (
                  SELECT of_order.shipment FROM outbox AS of_order WHERE of_order.connection = $1 AND of_order.order_id IN (
                    SELECT named.order_id FROM outbox AS named
                    JOIN unnest($2::text[], $3::bigint[]) AS id (shipment, revision)
                      ON named.shipment = id.shipment COLLATE \"C\" AND named.revision = id.revision
                    WHERE named.connection = $1))
                ORDER BY order_id, shipment, revision FOR UPDATE OF outbox";
    all(tx, rows, params![connection, shipments, revisions], from_json(ROW)).await
}

pub(super) async fn page(
    tx: &Transaction<'_>,
    connection: &str,
    query: &OutboxQuery,
    after: Option<&OutboxCursor>,
    limit: usize,
) -> Answer<Vec<OutboxRow>> {
    // Before every row when there is no place to go on from.
    let (shipped_at, shipment, revision) = after.map_or((i64::MIN, String::new(), -1), |cursor| {
        (nanos(cursor.shipped_at), text(cursor.id.shipment.as_str()), i64::from(cursor.id.revision))
    });
    let (few, limit) = (limit, integer(limit));
    let place = params![connection, shipped_at, shipment, revision, limit];
    match query {
        OutboxQuery::Due { now } => {
            let due = page!("due_from IS NOT NULL AND (due_from <= $6 OR due_from > $7)");
            let (now, overdue) = (nanos(*now), overdue_from(*now));
            all(
                tx,
                due,
                params![connection, shipped_at, shipment, revision, limit, now, overdue],
                from_json(ROW),
            )
            .await
        }
        OutboxQuery::InFlight => all(tx, page!("in_flight"), place, from_json(ROW)).await,
        OutboxQuery::Blocked => all(tx, page!("state = 'blocked'"), place, from_json(ROW)).await,
        OutboxQuery::OfOrder(order) => {
            let of = text(order.as_str());
            let place = params![connection, shipped_at, shipment, revision, limit, of];
            all(tx, page!("order_id = $6"), place, from_json(ROW)).await
        }
        OutboxQuery::OfShipment(id) => {
            let revisions = "SELECT row_json::text FROM outbox WHERE connection = $1 AND shipment = $2";
            let revisions =
                all(tx, revisions, params![connection, text(id.as_str())], from_json(ROW)).await?;
            Ok(Outbox::of(revisions).page(query, after, few))
        }
    }
}

pub(super) async fn blocked_on(tx: &Transaction<'_>, connection: &str, key: &str) -> Answer<Vec<OutboxRow>> {
    let blocked = "SELECT row_json::text FROM outbox WHERE connection = $1 AND unblock_key = $2
                   ORDER BY order_id, shipment, revision FOR UPDATE";
    all(tx, blocked, params![connection, text(key)], from_json(ROW)).await
}

/// Quantities that the host will never ship.
pub(super) async fn cancelled(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
) -> Answer<Vec<LineQuantity>> {
    let lines =
        "SELECT line, quantity FROM cancelled_line WHERE connection = $1 AND order_id = $2 ORDER BY line";
    let line =
        |row: &Row| Ok(LineQuantity { line: LineId::new(get::<String>(row, 0)?), quantity: get(row, 1)? });
    all(tx, lines, params![connection, text(order.as_str())], line).await
}
