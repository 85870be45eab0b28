//! What happened to orders: added in the transaction of the write that made it happen.

use tokio_postgres::{Row, Transaction};

use super::query::{all, execute, get, params, text};
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

const EVENT: &str = "order_event.event_json";

/// Adds events in their order, but those that are one repetition too many.
pub(super) async fn append(tx: &Transaction<'_>, connection: &str, events: &[OrderEvent]) -> Answer<()> {
    if events.is_empty() {
        return Ok(());
    }
    execute(
        tx,
        "INSERT INTO order_event (connection, order_id, at, event_json)
         SELECT $1, new.order_id, new.at, new.event::json
         FROM unnest($2::text[], $3::bigint[], $4::boolean[], $5::text[])
              WITH ORDINALITY AS new (order_id, at, repetition, event, place)
         WHERE NOT new.repetition OR NOT EXISTS (
             SELECT FROM order_event WHERE connection = $1 AND order_id = new.order_id COLLATE \"C\" OFFSET $6)
         ORDER BY new.place",
        params![
            connection,
            events.iter().map(|event| text(event.order.as_str())).collect::<Vec<String>>(),
            events.iter().map(|event| nanos(event.at)).collect::<Vec<i64>>(),
            events.iter().map(OrderEvent::is_repetition).collect::<Vec<bool>>(),
            events.iter().map(json).collect::<Result<Vec<String>, _>>()?,
            integer(OrderEvent::MAX_BEFORE_REPETITIONS - 1),
        ],
    )
    .await
    .map(drop)
}

/// Removes what is the buyer's from the events of an order.
pub(super) async fn forget_buyer(tx: &Transaction<'_>, connection: &str, order: &str) -> Answer<()> {
    let find = "SELECT seq, event_json::text FROM order_event WHERE connection = $1 AND order_id = $2 ORDER BY seq FOR UPDATE";
    let numbered = |row: &Row| Ok((get(row, 0)?, parse::<OrderEvent>(EVENT, get(row, 1)?)?));
    let kept: Vec<(i64, OrderEvent)> = all(tx, find, params![connection, order], numbered).await?;
    let (mut numbers, mut events) = (Vec::new(), Vec::new());
    for (seq, event) in kept {
        numbers.push(seq);
        events.push(json(&event.without_buyer())?);
    }
    let put = "UPDATE order_event SET event_json = new.event::json FROM unnest($3::bigint[], $4::text[]) AS new (seq, event)
               WHERE connection = $1 AND order_id = $2 AND order_event.seq = new.seq";
    execute(tx, put, params![connection, order, numbers, events]).await.map(drop)
}

pub(super) async fn of(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
    after: Option<EventCursor>,
    limit: usize,
) -> Answer<Vec<RecordedEvent>> {
    let newer = "SELECT seq, event_json::text FROM order_event
                 WHERE connection = $1 AND order_id = $2 AND seq > $3 ORDER BY seq LIMIT $4";
    let after = integer(after.map_or(0, EventCursor::number));
    all(tx, newer, params![connection, text(order.as_str()), after, integer(limit)], |row| {
        Ok(RecordedEvent::new(EventCursor::new(unsigned(get(row, 0)?)), parse(EVENT, get(row, 1)?)?))
    })
    .await
}
