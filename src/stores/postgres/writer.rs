//! What a host writes of its orders into tables of its own, in the transaction of the store.

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use tokio_postgres::Transaction;

use crate::{
    channel::{
        ConnectionId, HostOrderId,
        store::{NewOrder, OrderChange},
    },
    stores::{Failure, ReleasedOrder, failure::Answer, released::one_for_each},
};

/// Writes imported orders into the host's own tables in the store's database: see
/// [`PostgresStore::with_order_writer`](super::PostgresStore::with_order_writer).
///
/// Each method is called inside the transaction in which the store keeps its own account of the same orders, so that both are kept
/// or neither. The search path is that of the connection, not the store's. After a rollback it is called again for the same orders:
/// it must have no effect outside the transaction, and must not end it.
///
/// ```
/// use shipstation_connector::{
///     channel::{ConnectionId, HostOrderId, store::NewOrder},
///     stores::{Failure, ReleasedOrder, postgres::{OrderWriter, tokio_postgres::Transaction}},
/// };
///
/// #[derive(Debug)]
/// struct Shop;
///
/// #[async_trait::async_trait]
/// impl OrderWriter for Shop {
///     async fn write(
///         &self,
///         tx: &Transaction<'_>,
///         _connection: &ConnectionId,
///         orders: &[&NewOrder],
///     ) -> Result<Vec<Option<HostOrderId>>, Failure> {
///         let mut ids = Vec::new();
///         for new in orders {
///             let insert = "INSERT INTO shop_order (number, held) VALUES ($1, $2) RETURNING id::text";
///             let row = tx.query_one(insert, &[&new.order.number, &!new.holds.is_empty()]).await?;
///             ids.push(Some(HostOrderId::new(row.try_get::<_, String>(0)?)));
///         }
///         Ok(ids)
///     }
///
///     async fn release(
///         &self,
///         tx: &Transaction<'_>,
///         _connection: &ConnectionId,
///         order: &ReleasedOrder,
///     ) -> Result<(), Failure> {
///         let id = order.record.host_order.as_ref().map(HostOrderId::as_str);
///         tx.execute("UPDATE shop_order SET held = false WHERE id = $1::text::bigint", &[&id]).await?;
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait OrderWriter: Debug + Send + Sync {
    /// Writes new orders, none of which was imported before, and answers with the host's name of each, in the order of the slice.
    /// Held orders are among them: [`holds`](NewOrder::holds) says so, and [`release`](Self::release) is called when they may go on.
    ///
    /// # Errors
    /// When one of them cannot be written. All of the slice is taken back then, and each order is given by itself, so that the one
    /// at fault fails alone: it is reported, and tried again as every order that failed.
    async fn write(
        &self,
        tx: &Transaction<'_>,
        connection: &ConnectionId,
        orders: &[&NewOrder],
    ) -> Result<Vec<Option<HostOrderId>>, Failure>;

    /// Nothing holds an order any more.
    ///
    /// # Errors
    /// When that cannot be written. The order stays held, and the run or the call that released it fails.
    async fn release(
        &self,
        tx: &Transaction<'_>,
        connection: &ConnectionId,
        order: &ReleasedOrder,
    ) -> Result<(), Failure>;

    /// Imported orders have changed on the channel: with the setting `orders.watch_changes` alone. By itself it does nothing, and
    /// the changes wait in the [feed](crate::channel::store::HistoryStore::changes), which has them in any case.
    ///
    /// # Errors
    /// When that cannot be written. The run fails, and the next one tells them again.
    async fn change(
        &self,
        tx: &Transaction<'_>,
        connection: &ConnectionId,
        changes: &[&OrderChange],
    ) -> Result<(), Failure> {
        let _ = (tx, connection, changes);
        Ok(())
    }
}

const LEAVE: &str =
    "SELECT set_config('search_path', current_setting('shipstation_connector.host_path'), true)";

/// Sets the search path of a transaction to the schema of the store, and keeps the host's.
pub(super) fn enter_sql(schema: &str) -> String {
    format!(
        "SELECT set_config('shipstation_connector.host_path', current_setting('search_path'), true); {}",
        return_sql(schema)
    )
}

/// Gives a transaction of the host's the search path of the store.
pub(super) async fn enter(tx: &Transaction<'_>, schema: &str) -> Answer<()> {
    Ok(tx.batch_execute(&enter_sql(schema)).await?)
}

/// Gives a transaction the search path of the host.
pub(super) async fn leave(tx: &Transaction<'_>) -> Answer<()> {
    Ok(tx.batch_execute(LEAVE).await?)
}

fn return_sql(schema: &str) -> String {
    format!("SET LOCAL search_path TO \"{schema}\"")
}

/// The host's tables.
#[derive(Debug, Clone)]
pub(super) struct HostTables {
    writer: Arc<dyn OrderWriter>,
    back: String,
}

impl HostTables {
    pub(super) fn new(writer: impl OrderWriter + 'static, schema: &str) -> Self {
        Self { writer: Arc::new(writer), back: return_sql(schema) }
    }

    pub(super) async fn write(
        &self,
        tx: &Transaction<'_>,
        connection: &ConnectionId,
        orders: &[&NewOrder],
    ) -> Answer<Vec<Option<HostOrderId>>> {
        one_for_each(self.outside(tx, self.writer.write(tx, connection, orders)).await?, orders.len())
    }

    pub(super) async fn release(
        &self,
        tx: &Transaction<'_>,
        connection: &ConnectionId,
        order: &ReleasedOrder,
    ) -> Answer<()> {
        self.outside(tx, self.writer.release(tx, connection, order)).await
    }

    pub(super) async fn change(
        &self,
        tx: &Transaction<'_>,
        connection: &ConnectionId,
        changes: &[&OrderChange],
    ) -> Answer<()> {
        self.outside(tx, self.writer.change(tx, connection, changes)).await
    }

    /// Does this with the search path of the host. After a failure the transaction goes back to a savepoint or is dropped.
    async fn outside<T>(&self, tx: &Transaction<'_>, work: impl Future<Output = Answer<T>>) -> Answer<T> {
        leave(tx).await?;
        let done = work.await?;
        tx.batch_execute(&self.back).await?;
        Ok(done)
    }
}
