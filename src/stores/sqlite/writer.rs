//! What a host writes of its orders into tables of its own, in the transaction of the store.

use std::fmt::Debug;

use rusqlite::Transaction;

use crate::{
    channel::{
        ConnectionId, HostOrderId,
        store::{NewOrder, OrderChange},
    },
    stores::{Failure, ReleasedOrder},
};

/// Writes imported orders into the host's own tables in the store's file: see
/// [`SqliteStore::with_order_writer`](super::SqliteStore::with_order_writer).
///
/// Each method is called on the thread of the store, inside the transaction in which the store keeps its own account of the same
/// orders, so that both are kept or neither. After a rollback it is called again for the same orders: it must have no effect
/// outside the transaction, and must not end it.
///
/// ```
/// use shipstation_connector::{
///     channel::{ConnectionId, HostOrderId, store::NewOrder},
///     stores::{Failure, ReleasedOrder, SqliteStore, sqlite::{OrderWriter, rusqlite::{Connection, Transaction}}},
/// };
///
/// #[derive(Debug)]
/// struct Shop;
///
/// impl OrderWriter for Shop {
///     fn write(
///         &self,
///         tx: &Transaction<'_>,
///         _connection: &ConnectionId,
///         orders: &[&NewOrder],
///     ) -> Result<Vec<Option<HostOrderId>>, Failure> {
///         let mut insert = tx.prepare_cached("INSERT INTO shop_order (number, held) VALUES (?1, ?2)")?;
///         let mut write = |new: &&NewOrder| Ok(insert.insert((&new.order.number, !new.holds.is_empty()))?);
///         let ids: Result<Vec<i64>, Failure> = orders.iter().map(&mut write).collect();
///         Ok(ids?.into_iter().map(|id| Some(HostOrderId::new(id.to_string()))).collect())
///     }
///
///     fn release(
///         &self,
///         tx: &Transaction<'_>,
///         _connection: &ConnectionId,
///         order: &ReleasedOrder,
///     ) -> Result<(), Failure> {
///         let id = order.record.host_order.as_ref().map(HostOrderId::as_str);
///         tx.execute("UPDATE shop_order SET held = false WHERE id = ?1", [id])?;
///         Ok(())
///     }
/// }
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("shop.sqlite");
/// let tables = "CREATE TABLE shop_order (id INTEGER PRIMARY KEY, number TEXT NOT NULL, held INTEGER NOT NULL)";
/// Connection::open(&path)?.execute_batch(tables)?;
/// let store = SqliteStore::open(&path)?.with_order_writer(Shop);
/// # let _ = store;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait OrderWriter: Debug + Send + Sync {
    /// Writes new orders, none of which was imported before, and answers with the host's name of each, in the order of the slice.
    /// Held orders are among them: [`holds`](NewOrder::holds) says so, and [`release`](Self::release) is called when they may go on.
    ///
    /// # Errors
    /// When one of them cannot be written. All of the slice is taken back then, and each order is given by itself, so that the one
    /// at fault fails alone: it is reported, and tried again as every order that failed.
    fn write(
        &self,
        tx: &Transaction<'_>,
        connection: &ConnectionId,
        orders: &[&NewOrder],
    ) -> Result<Vec<Option<HostOrderId>>, Failure>;

    /// Nothing holds an order any more.
    ///
    /// # Errors
    /// When that cannot be written. The order stays held, and the run or the call that released it fails.
    fn release(
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
    fn change(
        &self,
        tx: &Transaction<'_>,
        connection: &ConnectionId,
        changes: &[&OrderChange],
    ) -> Result<(), Failure> {
        let _ = (tx, connection, changes);
        Ok(())
    }
}
