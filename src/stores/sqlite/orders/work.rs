//! The ledger: what is still to be done about orders. What becomes of an entry is decided by [`OrderWork`].

use rusqlite::Transaction;

use crate::{
    Timestamp,
    channel::{
        ChannelOrderId,
        store::{OrderEvent, OrderWork, RunToken, WorkKind, WorkOutcome, WorkState},
    },
    stores::{
        columns::{integer, json, nanos},
        failure::Answer,
        sqlite::{
            events,
            query::{all, execute, first, from_json},
        },
    },
};

const WORK: &str = "shipstation_work.work_json";

pub(super) fn due(
    tx: &Transaction<'_>,
    connection: &str,
    follow_up: bool,
    now: Timestamp,
    limit: usize,
) -> Answer<Vec<OrderWork>> {
    all(
        tx,
        "SELECT work_json FROM shipstation_work
         WHERE connection = ?1 AND follow_up = ?2 AND state = 'open' AND next_attempt <= ?3
         ORDER BY next_attempt, order_id, kind LIMIT ?4",
        (connection, follow_up, nanos(now), integer(limit)),
        from_json(WORK),
    )
}

pub(super) fn of(
    tx: &Transaction<'_>,
    connection: &str,
    orders: &[ChannelOrderId],
) -> Answer<Vec<OrderWork>> {
    let of = "SELECT work_json FROM shipstation_work WHERE connection = ?1 AND order_id = ?2";
    let mut found = Vec::new();
    for order in orders {
        found.extend(all(tx, of, (connection, order.as_str()), from_json(WORK))?);
    }
    Ok(found)
}

pub(super) fn record(tx: &Transaction<'_>, token: &RunToken, outcome: &WorkOutcome) -> Answer<()> {
    let connection = token.connection.as_str();
    let before = entry(tx, connection, &outcome.order, outcome.kind)?;
    let after = OrderWork::step(before.clone(), outcome);
    match &after {
        Some(entry) => put(tx, connection, entry)?,
        None => remove(tx, connection, &outcome.order, outcome.kind)?,
    }
    match OrderEvent::of_work(before.as_ref(), outcome, after.as_ref(), &token.run) {
        Some(event) => events::append(tx, connection, &event),
        None => Ok(()),
    }
}

pub(super) fn reopen(
    tx: &Transaction<'_>,
    connection: &str,
    kind: WorkKind,
    wanted: &str,
    now: Timestamp,
) -> Answer<u64> {
    let failed = all(
        tx,
        "SELECT work_json FROM shipstation_work INDEXED BY shipstation_work_failed
         WHERE connection = ?1 AND kind = ?2 AND state = 'failed' AND wanted <> ?3",
        (connection, kind.name(), wanted),
        from_json::<OrderWork>(WORK),
    )?;
    let mut reopened = 0;
    for mut entry in failed {
        if entry.reopen(wanted, now) {
            put(tx, connection, &entry)?;
            reopened += 1;
        }
    }
    Ok(reopened)
}

pub(super) fn dismiss(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
    now: Timestamp,
) -> Answer<()> {
    let Some(mut entry) = entry(tx, connection, order, WorkKind::Import)? else { return Ok(()) };
    if !entry.dismiss() {
        return Ok(());
    }
    put(tx, connection, &entry)?;
    events::append(tx, connection, &OrderEvent::of_dismissal(order, now))
}

fn entry(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
    kind: WorkKind,
) -> Answer<Option<OrderWork>> {
    let find = "SELECT work_json FROM shipstation_work WHERE connection = ?1 AND order_id = ?2 AND kind = ?3";
    first(tx, find, (connection, order.as_str(), kind.name()), from_json(WORK))
}

pub(super) fn put(tx: &Transaction<'_>, connection: &str, entry: &OrderWork) -> Answer<()> {
    let wanted = match &entry.state {
        WorkState::Failed { wanted } => Some(wanted),
        WorkState::Open | WorkState::Dismissed => None,
    };
    execute(
        tx,
        "INSERT INTO shipstation_work (connection, order_id, kind, follow_up, state, next_attempt, wanted, work_json)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT DO UPDATE SET state = excluded.state, next_attempt = excluded.next_attempt,
                                   wanted = excluded.wanted, work_json = excluded.work_json",
        (
            connection,
            entry.order.as_str(),
            entry.kind.name(),
            entry.kind.is_follow_up(),
            entry.state.name(),
            nanos(entry.next_attempt),
            wanted,
            json(entry)?,
        ),
    )
    .map(drop)
}

pub(super) fn remove(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
    kind: WorkKind,
) -> Answer<()> {
    let remove = "DELETE FROM shipstation_work WHERE connection = ?1 AND order_id = ?2 AND kind = ?3";
    execute(tx, remove, (connection, order.as_str(), kind.name())).map(drop)
}
