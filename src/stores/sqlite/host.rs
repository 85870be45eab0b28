//! The host's side of the orders: taking them out, acknowledging them, letting held ones go.

use rusqlite::Row;

use super::{
    SqliteStore, key, orders,
    query::{all, execute, first},
};
use crate::{
    Timestamp,
    channel::{ChannelOrderId, ConnectionId, store::StoreError},
    stores::{
        StoredOrder,
        columns::{integer, parse, unsigned},
        failure::Answer,
    },
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT order_json, shipping_json, rules_version, record_json ",
            "FROM shipstation_host_order JOIN shipstation_import_record USING (connection, order_id) ",
            "WHERE connection = ?1 AND order_json IS NOT NULL AND ",
            $rest
        )
    };
}

#[expect(clippy::missing_errors_doc, reason = "said at the type")]
impl SqliteStore {
    /// The orders that are ready and that the host has not acknowledged, in the order in which they came.
    ///
    /// At least once: the same orders are handed out again until [`acknowledge_orders`](Self::acknowledge_orders)
    /// was called for them, so the host keeps its own copy first and acknowledges then. Held orders are left out
    /// until nothing holds them.
    pub async fn take_orders(
        &self,
        connection: &ConnectionId,
        limit: usize,
    ) -> Result<Vec<StoredOrder>, StoreError> {
        let connection = key(connection);
        self.read(move |tx| {
            let next = select!("held_json IS NULL AND handed_over = 0 ORDER BY seq LIMIT ?2");
            all(tx, next, (connection, integer(limit)), stored)
        })
        .await
    }

    /// The host has these orders and will not ask for them again. Repeating it is harmless; orders that are not
    /// there are ignored, and held ones are left as they are: they are handed out once nothing holds them.
    pub async fn acknowledge_orders(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<(), StoreError> {
        let (connection, orders) = (key(connection), orders.to_vec());
        self.change(move |tx| {
            let acknowledge = "UPDATE shipstation_host_order SET handed_over = 1
                               WHERE connection = ?1 AND order_id = ?2 AND held_json IS NULL";
            orders
                .iter()
                .try_for_each(|order| execute(tx, acknowledge, (&connection, order.as_str())).map(drop))
        })
        .await
    }

    /// One imported order, held or not, handed over or not; `None` where an [`OrderWriter`](super::OrderWriter) took it.
    pub async fn order(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
    ) -> Result<Option<StoredOrder>, StoreError> {
        let (connection, order) = (key(connection), order.clone());
        self.read(move |tx| first(tx, select!("order_id = ?2"), (connection, order.as_str()), stored)).await
    }

    /// Releases an order by a person's decision at `now`, whatever holds it. Says whether it was held.
    pub async fn release_order(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (connection, order, host) = (connection.clone(), order.clone(), self.order_writer.clone());
        self.change(move |tx| {
            orders::Held { tx, host: host.as_deref(), connection: &connection, order: &order }.lift(now)
        })
        .await
    }
}

fn stored(row: &Row<'_>) -> Answer<StoredOrder> {
    Ok(StoredOrder {
        order: parse("shipstation_host_order.order_json", &row.get::<_, String>(0)?)?,
        shipping: parse("shipstation_host_order.shipping_json", &row.get::<_, String>(1)?)?,
        rules_version: unsigned(row.get(2)?),
        record: parse("shipstation_import_record.record_json", &row.get::<_, String>(3)?)?,
    })
}
