//! The host's database: a file of SQLite, or PostgreSQL. The connector's store lies in the same one, so that an order and the
//! connector's account of it are written in one transaction.
//!
//! A statement is written once for both: its parameters are `$1`, `$2`, … in the order in which they first appear, and its values
//! are texts and whole numbers.

pub(crate) mod postgres;
pub(crate) mod sqlite;

use std::{fmt, path::Path, sync::Arc};

use shipstation_connector::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId, Shipment,
        store::{Maintenance, StoreError, Stores},
    },
    client::BudgetStore,
    fleet::{MemorySchedule, Schedule},
    stores::{
        PostgresStore, SqliteStore,
        postgres::{PostgresOptions, PostgresSchedule},
    },
};

use crate::{Failure, shop};

/// A value of a column. It may be a key, or a buyer's: nothing shows it by accident.
#[derive(Clone)]
pub(crate) enum Value {
    Null,
    Number(i64),
    Text(String),
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A statement with its parameters.
#[derive(Clone)]
pub(crate) struct Statement {
    sql: &'static str,
    values: Vec<Value>,
}

impl Statement {
    pub(crate) fn new(sql: &'static str, values: impl Into<Vec<Value>>) -> Self {
        Self { sql, values: values.into() }
    }
}

/// A row of an answer. A column that is not there, or of the other kind, is an empty text or zero.
#[derive(Clone)]
pub(crate) struct Row(Vec<Value>);

impl Row {
    pub(crate) fn text(&self, column: usize) -> String {
        self.maybe_text(column).unwrap_or_default()
    }

    pub(crate) fn maybe_text(&self, column: usize) -> Option<String> {
        match self.0.get(column) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        }
    }

    pub(crate) fn number(&self, column: usize) -> i64 {
        match self.0.get(column) {
            Some(Value::Number(number)) => *number,
            _ => 0,
        }
    }

    pub(crate) fn time(&self, column: usize) -> Timestamp {
        Timestamp::from_unix_seconds(self.number(column))
    }
}

/// The database, with the host's tables and the connector's store in it.
#[derive(Clone)]
pub(crate) enum Database {
    Sqlite { tables: sqlite::Tables, store: Arc<SqliteStore> },
    Postgres { store: Arc<PostgresStore>, address: Arc<str> },
}

/// The same call on whichever store it is.
macro_rules! on_store {
    ($self:ident, $store:ident => $call:expr) => {
        match $self {
            Database::Sqlite { store: $store, .. } => $call,
            Database::Postgres { store: $store, .. } => $call,
        }
    };
}

impl Database {
    /// Opens `postgres://…`, or a file. The tables are made where they are missing.
    pub(crate) async fn open(address: &str) -> Result<Self, Failure> {
        if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            let store = PostgresStore::connect(address, &PostgresOptions::default()).await?;
            let store = Arc::new(store.with_order_writer(shop::Writer));
            postgres::create(store.pool()).await?;
            return Ok(Self::Postgres { store, address: address.into() });
        }
        let tables = sqlite::Tables::open(Path::new(address))?;
        let store = Arc::new(SqliteStore::open(address)?.with_order_writer(shop::Writer));
        Ok(Self::Sqlite { tables, store })
    }

    /// The rows that a statement answers.
    pub(crate) async fn query(&self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>, Failure> {
        let statement = Statement::new(sql, values);
        match self {
            Self::Sqlite { tables, .. } => tables.query(statement).await,
            Self::Postgres { store, .. } => {
                Ok(postgres::query(&**store.pool().get().await?, &statement).await?)
            }
        }
    }

    /// The one number that a statement answers.
    pub(crate) async fn count(&self, sql: &'static str) -> Result<i64, Failure> {
        Ok(self.query(sql, &[]).await?.first().map_or(0, |row| row.number(0)))
    }

    /// The number of rows that a statement changed.
    pub(crate) async fn execute(&self, sql: &'static str, values: &[Value]) -> Result<u64, Failure> {
        let statement = Statement::new(sql, values);
        match self {
            Self::Sqlite { tables, .. } => tables.execute(statement).await,
            Self::Postgres { store, .. } => {
                Ok(postgres::execute(&**store.pool().get().await?, &statement).await?)
            }
        }
    }

    /// Books a parcel in the host's tables and puts it into the outbox: both, or neither. Says whether it was booked: not if a statement
    /// changed nothing.
    pub(crate) async fn ship(
        &self,
        connection: &ConnectionId,
        booking: Vec<Statement>,
        shipment: Shipment,
        now: Timestamp,
    ) -> Result<bool, Failure> {
        match self {
            Self::Sqlite { tables, .. } => tables.ship(connection.clone(), booking, shipment, now).await,
            Self::Postgres { store, .. } => postgres::ship(store, connection, &booking, shipment, now).await,
        }
    }

    /// The connector's store.
    pub(crate) fn stores(&self) -> Stores {
        on_store!(self, store => store.stores())
    }

    pub(crate) fn maintenance(&self) -> Arc<dyn Maintenance> {
        on_store!(self, store => store.clone())
    }

    /// Plans runs: in this process for a file, among all processes with this database for PostgreSQL.
    pub(crate) fn schedule(&self) -> Arc<dyn Schedule> {
        match self {
            Self::Sqlite { .. } => Arc::new(MemorySchedule::new()),
            Self::Postgres { store, address, .. } => {
                Arc::new(PostgresSchedule::new(store.clone()).listen(&**address))
            }
        }
    }

    /// What can keep the budget of a key for all processes that use it: PostgreSQL.
    pub(crate) fn budgets(&self) -> Option<Arc<dyn BudgetStore>> {
        match self {
            Self::Sqlite { .. } => None,
            Self::Postgres { store, .. } => Some(store.clone()),
        }
    }

    /// Releases an order by a person's decision: says whether it was held.
    pub(crate) async fn release_order(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        on_store!(self, store => store.release_order(connection, order, now).await)
    }
}
