//! Opening the file: looking before touching, then the settings and the schema.

use std::{fs, path::Path, sync::Mutex, time::Duration};

use rusqlite::{
    Connection, ErrorCode, MAIN_DB, OpenFlags, Transaction, TransactionBehavior, config::DbConfig,
};
use url::Url;

use super::open_error::{OpenError, OpenProblem};
use crate::{locked::locked, setters::setters};

/// What version 0.1 wrote into the header of its files (the letters `ShCo`).
const APPLICATION_ID: i32 = 0x5368_436F;

/// What brings a file of version 0.1, by its `user_version`, to the newest one of those.
const VERSION_0_1: &[&str] = &[
    include_str!("schema/version_0_1/0002_second_time.sql"),
    include_str!("schema/version_0_1/0003_lease_length.sql"),
];

/// The version of the schema that [`TABLES`] makes.
const BASE_SCHEMA_VERSION: i32 = 4;
pub(super) const TABLES: &str = include_str!("schema/tables.sql");
const FROM_VERSION_0_1: &str = include_str!("schema/version_0_1/to_tables.sql");

/// The steps from [`BASE_SCHEMA_VERSION`] to each later version.
const MIGRATIONS: &[&str] = &[];

/// How the file is opened.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SqliteOptions {
    /// How long a call waits for another process to let go of the file, before it fails as retryable.
    pub busy_timeout: Duration,
    /// Whether every call does its work on the thread of the caller, who is blocked meanwhile, in place of threads of the
    /// store's own. For tests whose history must not depend on how threads are scheduled. Default false.
    pub inline: bool,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { busy_timeout: Duration::from_secs(30), inline: false }
    }
}

impl SqliteOptions {
    /// A busy timeout of thirty seconds.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Waits this long for another process to let go of the file.
        busy_timeout(timeout: Duration) => busy_timeout = timeout;
        /// Does all work on the caller's thread; see [`inline`](Self::inline).
        inline() => inline = true;
    }
}

/// The connection that writes. Sees to the schema.
pub(super) fn writer(path: &Path, options: &SqliteOptions) -> Result<Connection, OpenError> {
    open_writer(path, options).map_err(|problem| OpenError::new(path, problem))
}

/// A connection that only reads, to be opened after the one that writes.
pub(super) fn reader(path: &Path, options: &SqliteOptions) -> Result<Connection, OpenError> {
    open_reader(path, options).map_err(|problem| OpenError::new(path, problem.into()))
}

fn open_writer(path: &Path, options: &SqliteOptions) -> Result<Connection, OpenProblem> {
    inspect(path)?;
    create(path);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(options.busy_timeout)?;
    // Until the file is known to be ours, closing it must not move the log of somebody else into it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    let found = find_snapshot(&connection)?;
    writable(&connection)?;
    // Only a new file takes it. A stored order fills most of the usual 4 KiB, so that larger pages are fewer writes.
    connection.pragma_update(None, "page_size", 8_192)?;
    if found != SchemaState::Tables(newest(MIGRATIONS)) {
        migrate(&mut connection, MIGRATIONS)?;
    }
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    if is_ours_alone(&connection)? {
        write_ahead(&connection)?;
    }
    connection.pragma_update(None, "synchronous", "full")?;
    // What was redacted of buyers shall not live on in free pages.
    connection.pragma_update(None, "secure_delete", true)?;
    // 16 MiB: what a batch changes is written to the log once, at its end, and not piece by piece when the cache is full.
    connection.pragma_update(None, "cache_size", -16_384)?;
    // 16 MiB of log: copied into the file more often, pages that every batch changes would be written each time.
    connection.pragma_update(None, "wal_autocheckpoint", 2_048)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Creates the file unless it is there, for nobody but its owner: it will hold buyers' data. SQLite gives the files that it
/// keeps beside it the same mode. That it cannot be created is seen when it is opened.
fn create(path: &Path) {
    /// With POSIX locks, closing a file ends the locks of every connection of this process to it. While this is held, no
    /// other call can have opened the file that is being created.
    static CREATING: Mutex<()> = Mutex::new(());
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let creating = locked(&CREATING);
    drop(options.open(path));
    drop(creating);
}

/// Switches the file to a write-ahead log. SQLite waits for nobody there, so two that open a new file at the same time
/// refuse each other: then the lock is waited for, and the switch tried again.
fn write_ahead(connection: &Connection) -> Result<(), rusqlite::Error> {
    const TRIES: usize = 100;
    let switch = || connection.pragma_update(None, "journal_mode", "wal");
    for _ in 0..TRIES {
        match switch() {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                connection.execute_batch("BEGIN EXCLUSIVE; COMMIT")?;
            }
            switched => return switched,
        }
    }
    switch()
}

fn open_reader(path: &Path, options: &SqliteOptions) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(options.busy_timeout)?;
    connection.pragma_update(None, "query_only", true)?;
    // 16 MiB: the inner pages of a table of a million records stay in memory.
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// `SQLite` opens a file that may not be written all the same, to be read.
fn writable(connection: &Connection) -> Result<(), OpenProblem> {
    if connection.is_readonly(MAIN_DB)? {
        return Err(OpenProblem::NotWritable { detail: "the file is read-only".to_owned() });
    }
    Ok(())
}

/// Looks at the header of an existing file before it is opened for writing, which might create or recover side files.
///
/// As an immutable database nothing beside the file is touched. It is SQLite that opens and closes it: with POSIX
/// locks, a file that is closed in any other way loses the locks of every connection of this process.
fn inspect(path: &Path) -> Result<(), OpenProblem> {
    if !path.try_exists().map_err(OpenProblem::Io)? {
        return Ok(());
    }
    let absolute = std::path::absolute(path).map_err(OpenProblem::Io)?;
    let Ok(mut address) = Url::from_file_path(absolute) else { return Ok(()) };
    address.set_query(Some("mode=ro&immutable=1"));
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let file = Connection::open_with_flags(address.as_str(), flags);
    let found = file.map_err(OpenProblem::from).and_then(|file| find_snapshot(&file));
    match found {
        Err(refused @ (OpenProblem::NotADatabase | OpenProblem::Newer { .. })) => Err(refused),
        // Somebody may be writing it, or part of it is in a log: opened properly, it will show.
        _ => Ok(()),
    }
}

fn number(connection: &Connection, pragma: &str) -> Result<i32, rusqlite::Error> {
    connection.pragma_query_value(None, pragma, |row| row.get(0))
}

fn newest(steps: &[&str]) -> i32 {
    i32::try_from(steps.len()).unwrap_or(i32::MAX).saturating_add(BASE_SCHEMA_VERSION)
}

/// What a file holds of this store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SchemaState {
    Nothing,
    /// The tables of version 0.1, with this `user_version`.
    Version01(i32),
    /// The tables of this version of the schema.
    Tables(i32),
}

/// What is found in one snapshot: another process may be making the schema.
fn find_snapshot(connection: &Connection) -> Result<SchemaState, OpenProblem> {
    let snapshot = connection.unchecked_transaction()?;
    find(&snapshot, MIGRATIONS)
}

fn find(tx: &Transaction<'_>, steps: &[&str]) -> Result<SchemaState, OpenProblem> {
    let supported = newest(steps);
    let tables: i64 = tx.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name GLOB 'shipstation_*'",
        [],
        |row| row.get(0),
    )?;
    if tables > 0 {
        let version = "SELECT min(version), count(*) FROM shipstation_schema";
        let read = tx.query_row(version, [], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)));
        let (version, rows) = read.map_err(|_| OpenProblem::NotOurs)?;
        return match (version, rows) {
            (version, 1) if version > supported => Err(OpenProblem::Newer { found: version, supported }),
            (version, 1) if version >= BASE_SCHEMA_VERSION && has_every_table(tx)? => {
                Ok(SchemaState::Tables(version))
            }
            _ => Err(OpenProblem::NotOurs),
        };
    }
    if number(tx, "application_id")? != APPLICATION_ID {
        return Ok(SchemaState::Nothing);
    }
    match number(tx, "user_version")? {
        found if found >= BASE_SCHEMA_VERSION => Err(OpenProblem::Newer { found, supported }),
        version => Ok(SchemaState::Version01(version)),
    }
}

/// Whether the tables that every version of the schema has are there.
fn has_every_table(tx: &Transaction<'_>) -> Result<bool, rusqlite::Error> {
    let wanted = TABLES.lines().filter_map(|line| line.trim().strip_prefix("CREATE TABLE "));
    let names = wanted.map(|rest| rest.split([' ', '(']).next().unwrap_or_default());
    let mut find = tx.prepare("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1")?;
    for name in names {
        if find.query_row([name], |row| row.get::<_, i64>(0))? == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether nobody else has tables in the file.
fn is_ours_alone(connection: &Connection) -> Result<bool, rusqlite::Error> {
    let others = "SELECT count(*) FROM sqlite_schema
                  WHERE type = 'table' AND name NOT GLOB 'shipstation_*' AND name NOT GLOB 'sqlite_*'";
    connection.query_row(others, [], |row| row.get::<_, i64>(0)).map(|others| others == 0)
}

/// Takes the missing steps, all in one transaction.
fn migrate(connection: &mut Connection, steps: &[&str]) -> Result<(), OpenProblem> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Asked again under the lock: another process may have been faster.
    let found = find(&tx, steps)?;
    let from = match found {
        SchemaState::Tables(version) => version,
        SchemaState::Nothing | SchemaState::Version01(_) => BASE_SCHEMA_VERSION,
    };
    if let SchemaState::Version01(version) = found {
        let done = usize::try_from(version).unwrap_or(0).saturating_sub(1);
        VERSION_0_1.iter().skip(done).try_for_each(|step| tx.execute_batch(step))?;
    }
    if !matches!(found, SchemaState::Tables(_)) {
        tx.execute_batch(TABLES)?;
        tx.execute("INSERT INTO shipstation_schema (version) VALUES (?1)", [from])?;
    }
    if let SchemaState::Version01(_) = found {
        tx.execute_batch(FROM_VERSION_0_1)?;
        // A program of version 0.1 sees that the file is too new for it.
        tx.pragma_update(None, "user_version", BASE_SCHEMA_VERSION)?;
    }
    let missing = steps.iter().skip(usize::try_from(from.saturating_sub(BASE_SCHEMA_VERSION)).unwrap_or(0));
    missing.clone().try_for_each(|step| tx.execute_batch(step))?;
    tx.execute("UPDATE shipstation_schema SET version = ?1", [newest(steps)])?;
    Ok(tx.commit()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_version(path: &Path) -> Connection {
        let mut connection = Connection::open(path).unwrap();
        migrate(&mut connection, &[]).unwrap();
        connection.execute("INSERT INTO shipstation_listing VALUES ('here', 'L1', 'SKU-1')", []).unwrap();
        connection
    }

    fn version_and_skus(connection: &Connection) -> (i32, String) {
        let number = |sql| connection.query_row(sql, [], |row| row.get(0)).unwrap();
        let version = number("SELECT version FROM shipstation_schema");
        let skus = "SELECT group_concat(sku) FROM shipstation_listing";
        (version, connection.query_row(skus, [], |row| row.get(0)).unwrap())
    }

    #[test]
    fn a_file_of_the_first_version_is_brought_up_to_date_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = first_version(&folder.path().join("store.sqlite"));
        let steps = ["UPDATE shipstation_listing SET sku = sku || '+'"];
        for _ in 0..2 {
            migrate(&mut connection, &steps[..]).unwrap();
            assert_eq!(version_and_skus(&connection), (BASE_SCHEMA_VERSION + 1, "SKU-1+".to_owned()));
        }
    }

    #[test]
    fn a_step_that_fails_leaves_the_file_at_the_version_before() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = first_version(&folder.path().join("store.sqlite"));
        let steps = ["UPDATE shipstation_listing SET sku = 'lost'", "nonsense"];
        assert!(matches!(migrate(&mut connection, &steps[..]), Err(OpenProblem::Refused { .. })));
        assert_eq!(version_and_skus(&connection), (BASE_SCHEMA_VERSION, "SKU-1".to_owned()));
    }

    #[test]
    fn a_file_that_may_only_be_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.sqlite");
        drop(first_version(&path));
        let read_only = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        assert!(matches!(writable(&read_only), Err(OpenProblem::NotWritable { .. })));
    }
}
