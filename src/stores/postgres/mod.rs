//! Every storage trait in a PostgreSQL database, from version 15 on (feature `postgres`). Its SQL lives below this folder and
//! nowhere else.
//!
//! # The schema
//! Everything lies in a schema of its own (`shipstation_connector`, unless the options name another), with its own version table,
//! so that it shares a database with the host's tables. It is made and brought up to date when the store is opened, in one
//! transaction under an advisory lock. A newer program that brings it up to date says which older ones it still serves; the others are
//! refused when they open it and when they begin a run. Who migrates with a tool of their own applies
//! [`PostgresStore::schema_sql`] instead.
//!
//! The rules stand in the database: unique orders and shipments, one shipment of an order in flight, fences that are compared in the
//! transaction that writes. Leases are judged by the server's clock (the function `now_nanos` of the schema), so that no
//! host's clock matters. Any number of processes and machines may share it.
//!
//! Every call is one transaction of statements without names, and its locks end with it: it works behind `PgBouncer` in
//! transaction mode.
//!
//! What was answered `Ok` survives a crash of the server: `synchronous_commit` is switched on for what is written. A hand-over to a
//! replica that is not synchronous may lose what was committed last, as it does for the host's own tables.
//!
//! # Without Rust
//! Orders and shipments pass between the host and the schema by functions of it, in the host's own transaction and from any language:
//! `enqueue(connection, shipment)`, `take_orders(connection, most)` and `acknowledge(connection, orders)`. In Rust a shipment is
//! enqueued that way by [`enqueue_in`](PostgresStore::enqueue_in).
//!
//! It holds buyers' data, also of orders that were handed over; who may read the schema is the host's business.
//!
//! The schema, table by table:
//!
//! ```sql
#![doc = include_str!("schema/0001_tables.sql")]
#![doc = include_str!("schema/0001_functions.sql")]
//! ```

mod actions;
mod budget;
mod connect;
mod connect_error;
mod convert;
mod events;
mod history;
mod host;
mod listings;
mod maintenance;
mod mappings;
mod migrate;
mod orders;
mod query;
mod runs;
mod schedule;
mod shipments;
mod tls;
mod writer;

use std::{fmt, sync::Arc};

use deadpool_postgres::{Object, Pool};
use tokio_postgres::{Client, IsolationLevel, Transaction};

pub use self::{
    connect::PostgresOptions,
    connect_error::{ConnectError, ConnectProblem},
    schedule::PostgresSchedule,
    writer::OrderWriter,
};
use self::{
    query::{execute, first, get, params},
    writer::HostTables,
};
use crate::{
    channel::{
        ConnectionId,
        store::{RunToken, StoreError, Stores},
    },
    stores::{
        columns::integer,
        failure::{Answer, Failure},
    },
};

pub use deadpool_postgres;
pub use tokio_postgres;

/// A store that keeps everything in one schema of a PostgreSQL database, and is the host's own table of orders: the host takes
/// imported orders out with [`take_orders`](PostgresStore::take_orders), or has them written into tables of its own by an
/// [`OrderWriter`].
///
/// Share it as `Arc<PostgresStore>`; its connections come from a pool.
///
/// # Errors
/// What the host calls fails when the database cannot be read or written; nothing has changed then, unless the answer to a commit
/// was lost: each call may be repeated.
///
/// ```no_run
/// use shipstation_connector::stores::postgres::{PostgresOptions, PostgresStore};
/// use std::sync::Arc;
///
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// let url = "postgresql://shop@localhost/shop";
/// let store = Arc::new(PostgresStore::connect(url, &PostgresOptions::default()).await?);
/// let stores = store.stores();
/// # let _ = stores;
/// # Ok(()) }
/// ```
pub struct PostgresStore {
    pool: Pool,
    schema: String,
    /// What every transaction begins with.
    enter: String,
    host: Option<HostTables>,
    /// For connections beside the pool.
    root_certificates: Option<String>,
}

/// What was answered `Ok` survives a crash of the server, also where its settings would rather be fast.
const DURABLY: &str =
    "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'";

impl PostgresStore {
    /// This store for every job, history, actions and maintenance included.
    pub fn stores(self: &Arc<Self>) -> Stores {
        let all = Stores::all_in(self.clone()).with_history(self.clone()).with_actions(self.clone());
        all.with_maintenance(self.clone())
    }

    /// Has the host's `writer` write imported orders into tables of its own in the same database. The store keeps no copy of them,
    /// and hands none out; orders that were imported before stay where they are.
    #[must_use]
    pub fn with_order_writer(mut self, writer: impl OrderWriter + 'static) -> Self {
        self.host = Some(HostTables::new(writer, &self.schema));
        self
    }

    /// The schema that everything lies in.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// The connections of the store, for the host's own statements in the same database. Return one soon: runs wait for it.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    async fn client(&self) -> Answer<Object> {
        Ok(self.pool.get().await?)
    }

    /// Begins to look something up in one consistent snapshot that shows everything written before.
    async fn reading<'c>(&self, client: &'c mut Object) -> Answer<Transaction<'c>> {
        let client: &mut Client = client;
        let begin =
            client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
        self.enter(begin.start().await?).await
    }

    /// Begins to change something in the host's name.
    async fn changing<'c>(&self, client: &'c mut Object) -> Answer<Transaction<'c>> {
        let client: &mut Client = client;
        let begin =
            client.build_transaction().isolation_level(IsolationLevel::ReadCommitted).read_only(false);
        let tx = self.enter(begin.start().await?).await?;
        tx.batch_execute(DURABLY).await?;
        Ok(tx)
    }

    /// Begins to change something in the name of the run that holds `token`, unless it has lost its lease.
    async fn writing<'c>(&self, client: &'c mut Object, token: &RunToken) -> Answer<Transaction<'c>> {
        let tx = self.changing(client).await?;
        let (connection, operation) = (token.connection.as_str(), token.operation.name());
        let fence = integer(token.fence);
        let admitted =
            first(&tx, "SELECT admit($1, $2, $3)", params![connection, operation, fence], |row| get(row, 0))
                .await?;
        if admitted == Some(true) { Ok(tx) } else { Err(StoreError::lost_lease().into()) }
    }

    async fn enter<'c>(&self, tx: Transaction<'c>) -> Answer<Transaction<'c>> {
        tx.batch_execute(&self.enter).await?;
        Ok(tx)
    }

    /// Lets nobody else into this part of a connection until the transaction ends.
    async fn lock(&self, tx: &Transaction<'_>, connection: &ConnectionId, part: &str) -> Answer<()> {
        let key = format!("{}/{part}/{connection}", self.schema);
        execute(tx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", params![key]).await.map(drop)
    }
}

/// Keeps what a transaction has done.
async fn commit<R>(tx: Transaction<'_>, answer: R) -> Result<R, StoreError> {
    tx.commit().await.map_err(Failure::from)?;
    Ok(answer)
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("schema", &self.schema).finish_non_exhaustive()
    }
}
