//! The tables in a file of SQLite.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use shipstation_connector::{
    Timestamp,
    channel::{ConnectionId, Shipment},
    stores::{
        SqliteStore,
        sqlite::rusqlite::{self, Connection, ToSql, TransactionBehavior, types::ToSqlOutput},
    },
};

use super::{Row, Statement, Value};
use crate::{Failure, shop};

/// A connection of the host's own, beside the store's. Calls wait for each other, each in a thread for waiting.
#[derive(Clone)]
pub(crate) struct Tables(Arc<Mutex<Connection>>);

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Null => rusqlite::types::Null.to_sql(),
            Self::Number(number) => number.to_sql(),
            Self::Text(text) => text.to_sql(),
        }
    }
}

impl Tables {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        keep_to_owner(path)?;
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
        connection.execute_batch(&shop::tables("INTEGER PRIMARY KEY"))?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let tables = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || work(&mut tables.lock().unwrap_or_else(PoisonError::into_inner)))
            .await?
    }

    pub(super) async fn query(&self, statement: Statement) -> Result<Vec<Row>, Failure> {
        self.with(move |tables| Ok(query(tables, &statement)?)).await
    }

    pub(super) async fn execute(&self, statement: Statement) -> Result<u64, Failure> {
        self.with(move |tables| Ok(execute(tables, &statement)?.try_into()?)).await
    }

    pub(super) async fn ship(
        &self,
        connection: ConnectionId,
        booking: Vec<Statement>,
        shipment: Shipment,
        now: Timestamp,
    ) -> Result<bool, Failure> {
        self.with(move |tables| {
            let tx = tables.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for statement in &booking {
                if execute(&tx, statement)? == 0 {
                    return Ok(false);
                }
            }
            SqliteStore::enqueue_in(&tx, &connection, &[shipment], now)?;
            tx.commit()?;
            Ok(true)
        })
        .await
    }
}

/// Makes the file, readable for its owner alone: it holds keys and buyers' addresses.
fn keep_to_owner(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

pub(crate) fn query(tables: &Connection, statement: &Statement) -> rusqlite::Result<Vec<Row>> {
    let mut prepared = tables.prepare_cached(statement.sql)?;
    let columns = prepared.column_count();
    let rows = prepared.query_map(rusqlite::params_from_iter(&statement.values), |row| {
        (0..columns).map(|column| value(row, column)).collect::<rusqlite::Result<_>>().map(Row)
    })?;
    rows.collect()
}

pub(crate) fn execute(tables: &Connection, statement: &Statement) -> rusqlite::Result<usize> {
    tables.prepare_cached(statement.sql)?.execute(rusqlite::params_from_iter(&statement.values))
}

fn value(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Value> {
    use rusqlite::types::Value as Kept;
    Ok(match row.get(column)? {
        Kept::Integer(number) => Value::Number(number),
        Kept::Text(text) => Value::Text(text),
        _ => Value::Null,
    })
}
