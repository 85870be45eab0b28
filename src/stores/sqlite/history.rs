//! What becomes of orders.

use async_trait::async_trait;
use rusqlite::{Row, Transaction};

use super::{
    SqliteStore, events, key,
    query::{all, execute, first, from_json},
};
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId,
        store::{
            ChangeCursor, EventCursor, HistoryStore, OrderChange, OrderEvent, OrderObservation,
            OrderSnapshot, RecordedChange, RecordedEvent, RunToken, StoreError,
        },
    },
    stores::{
        columns::{integer, json, parse, unsigned},
        failure::Answer,
    },
};

const SNAPSHOT: &str = "shipstation_order_snapshot.snapshot_json";
const CHANGE: &str = "shipstation_order_change.change_json";

#[async_trait]
impl HistoryStore for SqliteStore {
    async fn snapshots(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<Vec<OrderSnapshot>, StoreError> {
        let (connection, orders) = (key(connection), orders.to_vec());
        self.read(move |tx| {
            orders.iter().filter_map(|order| snapshot(tx, &connection, order).transpose()).collect()
        })
        .await
    }

    async fn record_changes(
        &self,
        token: &RunToken,
        observed: &[OrderObservation],
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let (observed, host) = (observed.to_vec(), self.order_writer.clone());
        self.write(token, move |tx, token| {
            let mut changes = Vec::new();
            for seen in &observed {
                changes.extend(record(tx, token, seen)?);
            }
            for change in &changes {
                events::append(
                    tx,
                    token.connection.as_str(),
                    &OrderEvent::of_change(change, &token.run, now),
                )?;
            }
            if let Some(host) = host.filter(|_| !changes.is_empty()) {
                host.change(tx, &token.connection, &changes)?;
            }
            Ok(changes.len() as u64)
        })
        .await
    }

    async fn changes(
        &self,
        connection: &ConnectionId,
        after: Option<ChangeCursor>,
        limit: usize,
    ) -> Result<Vec<RecordedChange>, StoreError> {
        let (connection, after) = (key(connection), integer(after.map_or(0, ChangeCursor::number)));
        self.read(move |tx| {
            let newer = "SELECT seq, change_json FROM shipstation_order_change
                         WHERE connection = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
            all(tx, newer, (connection, after, integer(limit)), |row| {
                let change = parse(CHANGE, &row.get::<_, String>(1)?)?;
                Ok(RecordedChange::new(ChangeCursor::new(unsigned(row.get(0)?)), change))
            })
        })
        .await
    }

    async fn events(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
        after: Option<EventCursor>,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let (connection, order) = (key(connection), order.clone());
        self.read(move |tx| events::of(tx, &connection, &order, after, limit)).await
    }
}

/// Removes what is the buyer's from the changes of an order, and from how it was last seen.
pub(super) fn forget_buyer(tx: &Transaction<'_>, connection: &str, order: &ChannelOrderId) -> Answer<()> {
    if let Some(kept) = snapshot(tx, connection, order)? {
        keep(tx, connection, &kept.without_address())?;
    }
    let find =
        "SELECT seq, change_json FROM shipstation_order_change WHERE connection = ?1 AND order_id = ?2";
    let put = "UPDATE shipstation_order_change SET change_json = ?2 WHERE seq = ?1";
    let numbered = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, parse(CHANGE, &row.get::<_, String>(1)?)?));
    let kept: Vec<(i64, OrderChange)> = all(tx, find, (connection, order.as_str()), numbered)?;
    kept.into_iter()
        .try_for_each(|(seq, change)| execute(tx, put, (seq, json(&change.without_buyer())?)).map(drop))
}

fn snapshot(tx: &Transaction<'_>, connection: &str, order: &ChannelOrderId) -> Answer<Option<OrderSnapshot>> {
    let find = "SELECT snapshot_json FROM shipstation_order_snapshot WHERE connection = ?1 AND order_id = ?2";
    first(tx, find, (connection, order.as_str()), from_json(SNAPSHOT))
}

fn keep(tx: &Transaction<'_>, connection: &str, seen: &OrderSnapshot) -> Answer<()> {
    let keep =
        "INSERT INTO shipstation_order_snapshot (connection, order_id, snapshot_json) VALUES (?1, ?2, ?3)
                ON CONFLICT DO UPDATE SET snapshot_json = excluded.snapshot_json";
    execute(tx, keep, (connection, seen.order.as_str(), json(seen)?)).map(drop)
}

/// Keeps an observation; gives the change that it adds, if it does.
fn record<'s>(
    tx: &Transaction<'_>,
    token: &RunToken,
    seen: &'s OrderObservation,
) -> Answer<Option<&'s OrderChange>> {
    let (connection, order) = (token.connection.as_str(), &seen.now.order);
    if !seen.is_up_to_date(snapshot(tx, connection, order)?.as_ref()) {
        return Ok(None);
    }
    keep(tx, connection, &seen.now)?;
    let add = "INSERT INTO shipstation_order_change (connection, order_id, change_json, recorded) VALUES (?1, ?2, ?3,
                   (SELECT since FROM shipstation_lease WHERE connection = ?1 AND operation = ?4 AND run = ?5))";
    if let Some(change) = &seen.change {
        execute(
            tx,
            add,
            (connection, order.as_str(), json(change)?, token.operation.name(), token.run.as_str()),
        )?;
    }
    Ok(seen.change.as_ref())
}
