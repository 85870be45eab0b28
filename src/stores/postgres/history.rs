//! What becomes of orders.

use std::collections::BTreeMap;

use async_trait::async_trait;
use tokio_postgres::{Row, Transaction};

use super::{
    PostgresStore, commit, events,
    query::{all, execute, first, from_json, get, params, text},
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

const SNAPSHOT: &str = "order_snapshot.snapshot_json";
const CHANGE: &str = "order_change.change_json";

#[async_trait]
impl HistoryStore for PostgresStore {
    async fn snapshots(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<Vec<OrderSnapshot>, StoreError> {
        let mut client = self.client().await?;
        let tx = self.reading(&mut client).await?;
        Ok(snapshots(&tx, connection, orders.iter()).await?)
    }

    async fn record_changes(
        &self,
        token: &RunToken,
        observed: &[OrderObservation],
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let connection = &token.connection;
        let mut client = self.client().await?;
        let tx = self.writing(&mut client, token).await?;
        // Numbers of the feed are given in the order in which they can be read.
        self.lock(&tx, connection, "history").await?;
        let kept = snapshots(&tx, connection, observed.iter().map(|seen| &seen.now.order)).await?;
        let mut kept: BTreeMap<_, _> =
            kept.into_iter().map(|snapshot| (snapshot.order.clone(), snapshot)).collect();
        let mut changes = Vec::new();
        let mut newest = BTreeMap::new();
        for seen in observed {
            if seen.is_up_to_date(kept.get(&seen.now.order)) {
                kept.insert(seen.now.order.clone(), seen.now.clone());
                newest.insert(text(seen.now.order.as_str()), json(&seen.now)?);
                changes.extend(&seen.change);
            }
        }
        let (orders, snapshots): (Vec<String>, Vec<String>) = newest.into_iter().unzip();
        execute(
            &tx,
            "INSERT INTO order_snapshot (connection, order_id, snapshot_json)
             SELECT $1, new.order_id, new.snapshot::json FROM unnest($2::text[], $3::text[]) AS new (order_id, snapshot)
             ON CONFLICT (connection, order_id) DO UPDATE SET snapshot_json = excluded.snapshot_json",
            params![connection.as_str(), orders, snapshots],
        )
        .await?;
        let orders: Vec<String> = changes.iter().map(|change| text(change.order.as_str())).collect();
        let jsons = changes.iter().map(json).collect::<Result<Vec<String>, _>>()?;
        execute(
            &tx,
            "INSERT INTO order_change (connection, order_id, change_json, recorded)
             SELECT $1, new.order_id, new.change::json,
                    (SELECT since FROM lease WHERE connection = $1 AND operation = $4 AND run = $5)
             FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS new (order_id, change, place) ORDER BY place",
            params![connection.as_str(), orders, jsons, token.operation.name(), token.run.as_str()],
        )
        .await?;
        let happened: Vec<_> =
            changes.iter().map(|change| OrderEvent::of_change(change, &token.run, now)).collect();
        events::append(&tx, connection.as_str(), &happened).await?;
        if let Some(host) = self.host.as_ref().filter(|_| !changes.is_empty()) {
            host.change(&tx, connection, &changes).await?;
        }
        commit(tx, changes.len() as u64).await
    }

    async fn changes(
        &self,
        connection: &ConnectionId,
        after: Option<ChangeCursor>,
        limit: usize,
    ) -> Result<Vec<RecordedChange>, StoreError> {
        let mut client = self.client().await?;
        let tx = self.reading(&mut client).await?;
        let newer = "SELECT seq, change_json::text FROM order_change WHERE connection = $1 AND seq > $2
                     ORDER BY seq LIMIT $3";
        let after = integer(after.map_or(0, ChangeCursor::number));
        let found = all(&tx, newer, params![connection.as_str(), after, integer(limit)], |row| {
            let change = parse(CHANGE, get(row, 1)?)?;
            Ok(RecordedChange::new(ChangeCursor::new(unsigned(get(row, 0)?)), change))
        })
        .await?;
        Ok(found)
    }

    async fn events(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
        after: Option<EventCursor>,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let mut client = self.client().await?;
        let tx = self.reading(&mut client).await?;
        Ok(events::of(&tx, connection.as_str(), order, after, limit).await?)
    }
}

/// Removes what is the buyer's from the changes of an order, and from how it was last seen.
pub(super) async fn forget_buyer(tx: &Transaction<'_>, connection: &str, order: &str) -> Answer<()> {
    let find =
        "SELECT snapshot_json::text FROM order_snapshot WHERE connection = $1 AND order_id = $2 FOR UPDATE";
    let put = "UPDATE order_snapshot SET snapshot_json = $3::json WHERE connection = $1 AND order_id = $2";
    let kept = first(tx, find, params![connection, order], from_json::<OrderSnapshot>(SNAPSHOT)).await?;
    if let Some(kept) = kept {
        execute(tx, put, params![connection, order, json(&kept.without_address())?]).await?;
    }
    let find = "SELECT seq, change_json::text FROM order_change WHERE connection = $1 AND order_id = $2 ORDER BY seq FOR UPDATE";
    let numbered = |row: &Row| Ok((get(row, 0)?, parse::<OrderChange>(CHANGE, get(row, 1)?)?));
    let kept: Vec<(i64, OrderChange)> = all(tx, find, params![connection, order], numbered).await?;
    let (mut numbers, mut changes) = (Vec::new(), Vec::new());
    for (seq, change) in kept {
        numbers.push(seq);
        changes.push(json(&change.without_buyer())?);
    }
    let put = "UPDATE order_change SET change_json = new.change::json
               FROM unnest($1::bigint[], $2::text[]) AS new (seq, change) WHERE order_change.seq = new.seq";
    execute(tx, put, params![numbers, changes]).await.map(drop)
}

async fn snapshots(
    tx: &Transaction<'_>,
    connection: &ConnectionId,
    orders: impl Iterator<Item = &ChannelOrderId>,
) -> Answer<Vec<OrderSnapshot>> {
    let orders: Vec<String> = orders.map(|order| text(order.as_str())).collect();
    let find = "SELECT snapshot_json::text FROM order_snapshot WHERE connection = $1 AND order_id = ANY($2)";
    all(tx, find, params![connection.as_str(), orders], from_json(SNAPSHOT)).await
}
