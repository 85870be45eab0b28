//! The ledger: what is still to be done about orders. What becomes of an entry is decided by [`OrderWork`].

use std::collections::BTreeMap;

use tokio_postgres::Transaction;

use crate::{
    Timestamp,
    channel::{
        ChannelOrderId,
        store::{OrderEvent, OrderWork, RunToken, WorkKind, WorkOutcome, WorkState},
    },
    stores::{
        columns::{OrderRow, integer, json, nanos},
        failure::Answer,
        postgres::{
            events,
            query::{all, execute, from_json, params, text},
        },
    },
};

const WORK: &str = "work.work_json";

pub(super) async fn due(
    tx: &Transaction<'_>,
    connection: &str,
    follow_up: bool,
    now: Timestamp,
    limit: usize,
) -> Answer<Vec<OrderWork>> {
    let due = "SELECT work_json::text FROM work
               WHERE connection = $1 AND follow_up = $2 AND state = 'open' AND next_attempt <= $3
               ORDER BY next_attempt, order_id, kind LIMIT $4";
    all(tx, due, params![connection, follow_up, nanos(now), integer(limit)], from_json(WORK)).await
}

pub(super) async fn of(
    tx: &Transaction<'_>,
    connection: &str,
    orders: impl Iterator<Item = &ChannelOrderId>,
) -> Answer<Vec<OrderWork>> {
    let orders: Vec<String> = orders.map(|order| text(order.as_str())).collect();
    let of = "SELECT work_json::text FROM work WHERE connection = $1 AND order_id = ANY($2)";
    all(tx, of, params![connection, orders], from_json(WORK)).await
}

pub(super) async fn record(tx: &Transaction<'_>, token: &RunToken, outcomes: &[WorkOutcome]) -> Answer<()> {
    let connection = token.connection.as_str();
    let kept = of(tx, connection, outcomes.iter().map(|outcome| &outcome.order)).await?;
    let mut kept: BTreeMap<_, _> =
        kept.into_iter().map(|entry| ((entry.order.clone(), entry.kind), Some(entry))).collect();
    let (mut touched, mut happened) = (BTreeMap::new(), Vec::new());
    for outcome in outcomes {
        let key = (outcome.order.clone(), outcome.kind);
        let before = touched.remove(&key).or_else(|| kept.remove(&key)).flatten();
        let after = OrderWork::step(before.clone(), outcome);
        happened.extend(OrderEvent::of_work(before.as_ref(), outcome, after.as_ref(), &token.run));
        touched.insert(key, after);
    }
    let gone: Vec<_> = touched.iter().filter(|(_, entry)| entry.is_none()).map(|(key, _)| key).collect();
    remove(tx, connection, gone.iter().map(|(order, kind)| (order, *kind))).await?;
    put(tx, connection, &touched.values().flatten().collect::<Vec<_>>()).await?;
    events::append(tx, connection, &happened).await
}

pub(super) async fn reopen(
    tx: &Transaction<'_>,
    connection: &str,
    kind: WorkKind,
    wanted: &str,
    now: Timestamp,
) -> Answer<u64> {
    let failed = "SELECT work_json::text FROM work
                  WHERE connection = $1 AND kind = $2 AND state = 'failed' AND wanted <> $3";
    let mut entries: Vec<OrderWork> =
        all(tx, failed, params![connection, kind.name(), text(wanted)], from_json(WORK)).await?;
    entries.retain_mut(|entry| entry.reopen(wanted, now));
    put(tx, connection, &entries.iter().collect::<Vec<_>>()).await?;
    Ok(entries.len() as u64)
}

pub(super) async fn dismiss(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
    now: Timestamp,
) -> Answer<()> {
    let mut entries = of(tx, connection, std::iter::once(order)).await?;
    entries.retain_mut(|entry| entry.kind == WorkKind::Import && entry.dismiss());
    put(tx, connection, &entries.iter().collect::<Vec<_>>()).await?;
    let happened: Vec<_> = entries.iter().map(|_| OrderEvent::of_dismissal(order, now)).collect();
    events::append(tx, connection, &happened).await
}

/// Writes entries down, in place of those of the same order and kind.
pub(super) async fn put(tx: &Transaction<'_>, connection: &str, entries: &[&OrderWork]) -> Answer<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let wanted = |entry: &&OrderWork| match &entry.state {
        WorkState::Failed { wanted } => Some(text(wanted)),
        WorkState::Open | WorkState::Dismissed => None,
    };
    execute(
        tx,
        "INSERT INTO work (connection, order_id, kind, follow_up, state, next_attempt, wanted, work_json)
         SELECT $1, new.order_id, new.kind, new.follow_up, new.state, new.next_attempt, new.wanted, new.work::json
         FROM unnest($2::text[], $3::text[], $4::boolean[], $5::text[], $6::bigint[], $7::text[], $8::text[])
              AS new (order_id, kind, follow_up, state, next_attempt, wanted, work)
         ON CONFLICT (connection, order_id, kind) DO UPDATE
         SET state = excluded.state, next_attempt = excluded.next_attempt, wanted = excluded.wanted,
             work_json = excluded.work_json",
        params![
            connection,
            entries.iter().map(|entry| text(entry.order.as_str())).collect::<Vec<String>>(),
            entries.iter().map(|entry| entry.kind.name()).collect::<Vec<&str>>(),
            entries.iter().map(|entry| entry.kind.is_follow_up()).collect::<Vec<bool>>(),
            entries.iter().map(|entry| entry.state.name()).collect::<Vec<&str>>(),
            entries.iter().map(|entry| nanos(entry.next_attempt)).collect::<Vec<i64>>(),
            entries.iter().map(wanted).collect::<Vec<Option<String>>>(),
            entries.iter().map(json).collect::<Result<Vec<String>, _>>()?,
        ],
    )
    .await
    .map(drop)
}

/// These orders are imported: no failure of theirs is open any more.
pub(super) async fn imported(tx: &Transaction<'_>, connection: &str, rows: &[&OrderRow]) -> Answer<()> {
    remove(tx, connection, rows.iter().map(|row| (&row.order, WorkKind::Import))).await
}

async fn remove(
    tx: &Transaction<'_>,
    connection: &str,
    entries: impl Iterator<Item = (&ChannelOrderId, WorkKind)>,
) -> Answer<()> {
    let (orders, kinds): (Vec<String>, Vec<&str>) =
        entries.map(|(order, kind)| (text(order.as_str()), kind.name())).unzip();
    if orders.is_empty() {
        return Ok(());
    }
    let remove = "DELETE FROM work USING unnest($2::text[], $3::text[]) AS gone (order_id, kind)
                  WHERE connection = $1 AND work.order_id = gone.order_id COLLATE \"C\" AND work.kind = gone.kind COLLATE \"C\"";
    execute(tx, remove, params![connection, orders, kinds]).await.map(drop)
}
