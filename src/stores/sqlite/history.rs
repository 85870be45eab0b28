//! What becomes of orders after they were imported.

use async_trait::async_trait;

use super::{
    SqliteStore,
    convert::{integer, json, parse, unsigned},
    key,
    query::{all, execute, first, from_json},
};
use crate::channel::{
    ChannelOrderId, ConnectionId,
    store::{ChangeCursor, HistoryStore, OrderChange, OrderSnapshot, RecordedChange, RunToken, StoreError},
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
        let find =
            "SELECT snapshot_json FROM shipstation_order_snapshot WHERE connection = ?1 AND order_id = ?2";
        self.read(move |tx| {
            let snapshot =
                |order: &ChannelOrderId| first(tx, find, (&connection, order.as_str()), from_json(SNAPSHOT));
            orders.iter().filter_map(|order| snapshot(order).transpose()).collect()
        })
        .await
    }

    async fn record_changes(
        &self,
        token: &RunToken,
        changes: &[OrderChange],
        snapshots: &[OrderSnapshot],
    ) -> Result<(), StoreError> {
        let (changes, snapshots) = (changes.to_vec(), snapshots.to_vec());
        let keep =
            "INSERT INTO shipstation_order_snapshot (connection, order_id, snapshot_json) VALUES (?1, ?2, ?3)
                    ON CONFLICT DO UPDATE SET snapshot_json = excluded.snapshot_json";
        let add =
            "INSERT INTO shipstation_order_change (connection, order_id, change_json) VALUES (?1, ?2, ?3)";
        self.write(token, move |tx, token| {
            let connection = token.connection.as_str();
            for snapshot in &snapshots {
                execute(tx, keep, (connection, snapshot.order.as_str(), json(snapshot)?))?;
            }
            for change in &changes {
                execute(tx, add, (connection, change.order.as_str(), json(change)?))?;
            }
            Ok(())
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
}
