//! The host's side: taking orders out, acknowledging them, letting held ones go, and what it sells.

use std::collections::BTreeMap;

use tokio_postgres::Row;

use super::{
    PostgresStore, commit, orders,
    query::{all, execute, first, get, params, text},
};
use crate::{
    Timestamp,
    channel::{ChannelOrderId, ConnectionId, Listing, ListingId, store::StoreError},
    stores::{
        StoredOrder,
        columns::{integer, parse, unsigned},
        failure::Answer,
    },
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT order_json::text, shipping_json::text, rules_version, record_json::text ",
            "FROM host_order JOIN import_record USING (connection, order_id) ",
            "WHERE connection = $1 AND order_json IS NOT NULL AND ",
            $rest
        )
    };
}

#[expect(clippy::missing_errors_doc, reason = "said at the type")]
impl PostgresStore {
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
        let mut client = self.client().await?;
        let tx = self.reading(&mut client).await?;
        let next = select!("held_json IS NULL AND NOT handed_over ORDER BY seq LIMIT $2");
        Ok(all(&tx, next, params![connection.as_str(), integer(limit)], stored).await?)
    }

    /// The host has these orders and will not ask for them again. Repeating it is harmless; orders that are not
    /// there are ignored, and held ones are left as they are: they are handed out once nothing holds them.
    pub async fn acknowledge_orders(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<(), StoreError> {
        let orders: Vec<String> = orders.iter().map(|order| text(order.as_str())).collect();
        let mut client = self.client().await?;
        let tx = self.changing(&mut client).await?;
        let acknowledge = "UPDATE host_order SET handed_over = true
                           WHERE connection = $1 AND order_id = ANY($2) AND held_json IS NULL";
        execute(&tx, acknowledge, params![connection.as_str(), orders]).await?;
        commit(tx, ()).await
    }

    /// One imported order, held or not, handed over or not; `None` where an [`OrderWriter`](super::OrderWriter) took it.
    pub async fn order(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
    ) -> Result<Option<StoredOrder>, StoreError> {
        let mut client = self.client().await?;
        let tx = self.reading(&mut client).await?;
        Ok(first(&tx, select!("order_id = $2"), params![connection.as_str(), text(order.as_str())], stored)
            .await?)
    }

    /// Releases an order by a person's decision at `now`, whatever holds it. Says whether it was held.
    pub async fn release_order(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut client = self.client().await?;
        let tx = self.changing(&mut client).await?;
        let held = orders::Held { tx: &tx, host: self.host.as_ref(), connection, order };
        let was_held = held.lift(now).await?;
        commit(tx, was_held).await
    }

    /// What the host sells. Replaces listings of the same id; a batch is kept as a whole or not at all.
    pub async fn put_listings(
        &self,
        connection: &ConnectionId,
        listings: impl IntoIterator<Item = Listing> + Send,
    ) -> Result<(), StoreError> {
        // Of one that is given twice the last counts.
        let listings: BTreeMap<String, Option<String>> = listings
            .into_iter()
            .map(|listing| (text(listing.id.as_str()), listing.sku.as_deref().map(text)))
            .collect();
        let (ids, skus): (Vec<String>, Vec<Option<String>>) = listings.into_iter().unzip();
        let mut client = self.client().await?;
        let tx = self.changing(&mut client).await?;
        let put =
            "INSERT INTO listing (connection, listing, sku) SELECT $1, * FROM unnest($2::text[], $3::text[])
                   ON CONFLICT (connection, listing) DO UPDATE SET sku = excluded.sku";
        execute(&tx, put, params![connection.as_str(), ids, skus]).await?;
        commit(tx, ()).await
    }

    /// The host no longer sells this. Its link goes with it.
    pub async fn remove_listing(
        &self,
        connection: &ConnectionId,
        listing: &ListingId,
    ) -> Result<(), StoreError> {
        let mut client = self.client().await?;
        let tx = self.changing(&mut client).await?;
        self.lock(&tx, connection, "links").await?;
        for sql in [
            "DELETE FROM listing WHERE connection = $1 AND listing = $2",
            "DELETE FROM link WHERE connection = $1 AND listing = $2",
        ] {
            execute(&tx, sql, params![connection.as_str(), text(listing.as_str())]).await?;
        }
        commit(tx, ()).await
    }
}

fn stored(row: &Row) -> Answer<StoredOrder> {
    Ok(StoredOrder {
        order: parse("host_order.order_json", get(row, 0)?)?,
        shipping: parse("host_order.shipping_json", get(row, 1)?)?,
        rules_version: unsigned(get(row, 2)?),
        record: parse("import_record.record_json", get(row, 3)?)?,
    })
}
