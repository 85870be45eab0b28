//! What happened to orders: added in the transaction of the write that made it happen.

use rusqlite::{Row, Transaction};

use super::query::{all, execute, first};
use crate::{
    channel::{
        ChannelOrderId,
        store::{EventCursor, OrderEvent, RecordedEvent},
    },
    stores::{
        columns::{integer, json, nanos, parse, unsigned},
        failure::Answer,
    },
};

const EVENT: &str = "shipstation_order_event.event_json";

/// Adds an event, unless it is one repetition too many.
pub(super) fn append(tx: &Transaction<'_>, connection: &str, event: &OrderEvent) -> Answer<()> {
    let order = event.order.as_str();
    if event.is_repetition() && has_many(tx, connection, order)? {
        return Ok(());
    }
    let add = "INSERT INTO shipstation_order_event (connection, order_id, seq, at, event_json)
               VALUES (?1, ?2, (SELECT ifnull(max(seq), 0) + 1 FROM shipstation_order_event
                                WHERE connection = ?1 AND order_id = ?2), ?3, ?4)";
    execute(tx, add, (connection, order, nanos(event.at), json(event)?)).map(drop)
}

/// Whether an order has so many events that repetitions are left out.
fn has_many(tx: &Transaction<'_>, connection: &str, order: &str) -> Answer<bool> {
    let last = "SELECT seq FROM shipstation_order_event WHERE connection = ?1 AND order_id = ?2
                ORDER BY seq LIMIT 1 OFFSET ?3";
    let before = integer(OrderEvent::MAX_BEFORE_REPETITIONS - 1);
    Ok(first(tx, last, (connection, order, before), |_| Ok(()))?.is_some())
}

/// Removes what is the buyer's from the events of an order.
pub(super) fn forget_buyer(tx: &Transaction<'_>, connection: &str, order: &str) -> Answer<()> {
    let find = "SELECT seq, event_json FROM shipstation_order_event WHERE connection = ?1 AND order_id = ?2";
    let put = "UPDATE shipstation_order_event SET event_json = ?4 WHERE connection = ?1 AND order_id = ?2 AND seq = ?3";
    let numbered = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, parse(EVENT, &row.get::<_, String>(1)?)?));
    let kept: Vec<(i64, OrderEvent)> = all(tx, find, (connection, order), numbered)?;
    kept.into_iter().try_for_each(|(seq, event)| {
        execute(tx, put, (connection, order, seq, json(&event.without_buyer())?)).map(drop)
    })
}

pub(super) fn of(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
    after: Option<EventCursor>,
    limit: usize,
) -> Answer<Vec<RecordedEvent>> {
    let newer = "SELECT seq, event_json FROM shipstation_order_event
                 WHERE connection = ?1 AND order_id = ?2 AND seq > ?3 ORDER BY seq LIMIT ?4";
    let after = integer(after.map_or(0, EventCursor::number));
    all(tx, newer, (connection, order.as_str(), after, integer(limit)), |row| {
        let event = parse(EVENT, &row.get::<_, String>(1)?)?;
        Ok(RecordedEvent::new(EventCursor::new(unsigned(row.get(0)?)), event))
    })
}
