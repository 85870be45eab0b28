//! The host's own tables, and the imported orders in them.

use std::error::Error;

use async_trait::async_trait;
use shipstation_connector::{
    channel::{ConnectionId, HostOrderId, store::NewOrder},
    stores::{
        Failure, ReleasedOrder,
        postgres::{OrderWriter, deadpool_postgres::Pool, tokio_postgres::Transaction},
    },
};

/// Made under a lock: many workers may start at once.
const TABLES: &str = "BEGIN;
    SELECT pg_advisory_xact_lock(hashtextextended('the tables of the shop', 0));
    CREATE TABLE IF NOT EXISTS account (
        name text PRIMARY KEY, api_key text NOT NULL, api_secret text NOT NULL, base_url text,
        revision bigint NOT NULL DEFAULT 1, paused text);
    CREATE TABLE IF NOT EXISTS shop_order (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account text NOT NULL, channel_order text NOT NULL,
        number text NOT NULL, status text NOT NULL);
    CREATE INDEX IF NOT EXISTS shop_order_ready ON shop_order (id) WHERE status = 'ready';
    COMMIT;";

/// Makes the host's tables where they are missing.
pub(crate) async fn create(host: &Pool) -> Result<(), Box<dyn Error>> {
    host.get().await?.batch_execute(TABLES).await?;
    Ok(())
}

#[derive(Debug)]
pub(crate) struct Shop;

#[async_trait]
impl OrderWriter for Shop {
    async fn write(
        &self,
        tx: &Transaction<'_>,
        connection: &ConnectionId,
        orders: &[&NewOrder],
    ) -> Result<Vec<Option<HostOrderId>>, Failure> {
        let insert = "INSERT INTO shop_order (account, channel_order, number, status)
                      SELECT $1, new.channel_order, new.number, new.status
                      FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY
                           AS new (channel_order, number, status, place)
                      ORDER BY new.place RETURNING id::text";
        let ids: Vec<&str> = orders.iter().map(|new| new.order.id.as_str()).collect();
        let numbers: Vec<&str> = orders.iter().map(|new| new.order.number.as_str()).collect();
        let is_ready = |new: &&NewOrder| if new.holds.is_empty() { "ready" } else { "held" };
        let states: Vec<&str> = orders.iter().map(is_ready).collect();
        let rows = tx.query(insert, &[&connection.as_str(), &ids, &numbers, &states]).await?;
        rows.iter().map(|row| Ok(Some(HostOrderId::new(row.try_get::<_, String>(0)?)))).collect()
    }

    async fn release(
        &self,
        tx: &Transaction<'_>,
        _: &ConnectionId,
        order: &ReleasedOrder,
    ) -> Result<(), Failure> {
        let id = order.record.host_order.as_ref().map(HostOrderId::as_str);
        tx.execute("UPDATE shop_order SET status = 'ready' WHERE id = $1::text::bigint", &[&id]).await?;
        Ok(())
    }
}
