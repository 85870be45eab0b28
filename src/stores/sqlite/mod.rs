//! Every storage trait in one SQLite file (feature `sqlite`). Its SQL lives below this folder and nowhere else.
//!
//! # The file
//! It may be a file of its own or the host's own database: every table of the store is named `shipstation_…`, and the
//! version of the schema stands in `shipstation_schema`. The schema is brought up to date when the file is opened, once and in
//! one transaction, also from what version 0.1 wrote; a file that is damaged, comes from a newer version or has tables of
//! another program under these names is refused and left as it was. Any number of processes on **one machine** may share the
//! file; a network drive is not supported.
//!
//! Every write is one `BEGIN IMMEDIATE` transaction with `synchronous = FULL`: what was answered `Ok` survives a loss of power.
//! A write of a run checks its fence first, so that a run which has lost its lease writes nothing, whichever process it lives
//! in. A file in which nobody else has tables is kept with a write-ahead log of about 16 MiB, so that reading goes on
//! while something is written; the journal of a host's own file stays as the host has set it.
//!
//! It holds buyers' data. A new file, and what SQLite keeps beside it (`-wal`, `-shm`, `-journal`), can be read and written
//! by its owner only (mode 0600), whatever the umask; a file that is there already keeps its mode. Who may read its folder
//! is the host's business, and so are copies of it.
//!
//! SQLite is compiled in (a C compiler is needed). A program can link it only once: beside sqlx 0.9 Cargo settles on
//! rusqlite 0.39, and beside the SQLite driver of sqlx 0.8 this feature cannot be used.
//!
//! The schema, table by table:
//!
//! ```sql
#![doc = include_str!("schema/tables.sql")]
//! ```

mod actions;
mod convert;
mod events;
mod history;
mod host;
mod listings;
mod maintenance;
mod mappings;
mod open;
mod open_error;
mod orders;
mod query;
mod runs;
mod shipments;
mod worker;
mod writer;

#[cfg(test)]
mod plans;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use self::worker::Worker;
pub use self::{
    open::SqliteOptions,
    open_error::{OpenError, OpenProblem},
    writer::OrderWriter,
};
use crate::{
    channel::{
        ConnectionId,
        store::{RunToken, StoreError, Stores},
    },
    setters::setters,
    stores::failure::Answer,
};
pub use rusqlite;

/// A store that keeps everything in one SQLite file, and is the host's own table of orders: the host takes
/// imported orders out with [`take_orders`](SqliteStore::take_orders), or has them written into tables of its own by an
/// [`OrderWriter`].
///
/// Share it as `Arc<SqliteStore>`. It has two threads, unless it is opened [`inline`](SqliteOptions::inline): one writes, one
/// reads, so that a look-up does not wait for a batch that is being saved.
///
/// # Errors
/// What the host calls fails when the file cannot be read or written; nothing has changed then.
///
/// ```
/// use shipstation_connector::stores::SqliteStore;
/// use std::sync::Arc;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("orders.sqlite");
/// let store = Arc::new(SqliteStore::open(&path)?);
/// let stores = store.stores();
/// # let _ = stores;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    writer: Worker,
    reader: Worker,
    order_writer: Option<Arc<dyn OrderWriter>>,
}

impl SqliteStore {
    /// Opens the file, creating it or bringing its schema up to date where needed. Blocks meanwhile.
    ///
    /// # Errors
    /// When the file is not one of this store, is damaged, comes from a newer version, or cannot be used. It
    /// has not been changed then.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_with(path, &SqliteOptions::default())
    }

    /// Opens the file with other options than the default ones.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_with(path: impl AsRef<Path>, options: &SqliteOptions) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let writer = open::writer(path, options)?;
        let reader = open::reader(path, options)?;
        let start = |name, connection| {
            if options.inline {
                return Ok(Worker::Inline(Mutex::new(connection)));
            }
            Worker::start(name, connection).map_err(|error| OpenError::new(path, OpenProblem::Io(error)))
        };
        Ok(Self {
            path: path.to_owned(),
            writer: start("sqlite-writer", writer)?,
            reader: start("sqlite-reader", reader)?,
            order_writer: None,
        })
    }

    setters! {
        /// Has the host's `writer` write imported orders into tables of its own in the same file. The store keeps no copy of them, and
        /// hands none out; orders that were imported before stay where they are.
        with_order_writer(writer: impl OrderWriter + 'static) => order_writer = Some(Arc::new(writer));
    }

    /// This store for every job, history, actions and maintenance included.
    pub fn stores(self: &Arc<Self>) -> Stores {
        let all = Stores::all_in(self.clone()).with_history(self.clone()).with_actions(self.clone());
        all.with_maintenance(self.clone())
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Closes the file and waits until that is done: then it is one file again, without a log beside it, unless
    /// somebody else has it open. Dropping the store closes it too, a moment later.
    pub async fn close(self) {
        self.reader.close().await;
        self.writer.close().await;
    }

    /// Reads the whole file and says what is damaged; empty when nothing is. Slow on a big file.
    ///
    /// # Errors
    /// When the file cannot be read at all.
    pub async fn check_integrity(&self) -> Result<Vec<String>, StoreError> {
        self.read(|tx| {
            let mut check = tx.prepare("PRAGMA integrity_check")?;
            let lines = check.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
            Ok(lines.into_iter().filter(|line| line != "ok").collect())
        })
        .await
    }

    /// Looks something up in one consistent snapshot that shows everything written before.
    async fn read<R: Send + 'static>(
        &self,
        look: impl FnOnce(&Transaction<'_>) -> Answer<R> + Send + 'static,
    ) -> Result<R, StoreError> {
        self.reader
            .run(move |connection| Ok(transact(connection, TransactionBehavior::Deferred, look)?))
            .await
    }

    /// Changes something in the host's name.
    async fn change<R: Send + 'static>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> Answer<R> + Send + 'static,
    ) -> Result<R, StoreError> {
        self.writer
            .run(move |connection| Ok(transact(connection, TransactionBehavior::Immediate, change)?))
            .await
    }

    /// Changes something in the name of the run that holds `token`, unless it has lost its lease.
    async fn write<R: Send + 'static>(
        &self,
        token: &RunToken,
        change: impl FnOnce(&Transaction<'_>, &RunToken) -> Answer<R> + Send + 'static,
    ) -> Result<R, StoreError> {
        let token = token.clone();
        self.change(move |tx| {
            runs::admit(tx, &token)?;
            change(tx, &token)
        })
        .await
    }
}

fn transact<R>(
    connection: &mut Connection,
    behavior: TransactionBehavior,
    work: impl FnOnce(&Transaction<'_>) -> Answer<R>,
) -> Answer<R> {
    // Dropped without a commit, a transaction rolls back.
    let tx = connection.transaction_with_behavior(behavior)?;
    let answer = work(&tx)?;
    tx.commit()?;
    Ok(answer)
}

/// The column `connection` of every table.
fn key(connection: &ConnectionId) -> String {
    connection.as_str().to_owned()
}
