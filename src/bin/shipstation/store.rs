//! Where the program keeps what it knows: a file of SQLite, or a database of PostgreSQL.

use std::{path::Path, sync::Arc};

use shipstation_connector::{
    channel::store::{Maintenance, StoreError, Stores},
    fleet::{MemorySchedule, Schedule},
    stores::{
        PostgresStore, SqliteStore,
        postgres::{ConnectProblem, PostgresOptions, PostgresSchedule},
        sqlite::OpenProblem,
    },
};

use crate::{
    exit::{Exit, Failure},
    output::Output,
};

/// The file that is used where none is named.
pub(crate) const DEFAULT_ADDRESS: &str = "sqlite:shipstation.sqlite";

#[derive(Debug, Clone)]
pub(crate) enum Store {
    Sqlite(Arc<SqliteStore>),
    Postgres(Arc<PostgresStore>),
}

/// Rows that are read at once.
pub(crate) const PAGE: usize = 500;

/// Every row, page by page, each behind the last row of the one before.
pub(crate) async fn every_row<T, P>(
    read: impl AsyncFn(Option<P>) -> Result<Vec<T>, StoreError>,
    place: impl Fn(&T) -> P,
) -> Result<Vec<T>, StoreError> {
    let mut all = Vec::new();
    loop {
        let page = read(all.last().map(&place)).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// The same call on whichever store it is.
macro_rules! either {
    ($either:expr, $store:ident => $call:expr) => {
        match $either {
            $crate::store::Store::Sqlite($store) => $call,
            $crate::store::Store::Postgres($store) => $call,
        }
    };
}
pub(crate) use either;

impl Store {
    /// Opens `sqlite:PATH` or `postgres://…`. No part of an address is in an error: it may hold a password.
    pub(crate) async fn open(address: &str, out: &mut Output) -> Result<Self, Failure> {
        if let Some(path) = address.strip_prefix("sqlite:") {
            if path.is_empty() || path.starts_with(':') || path.starts_with("file:") {
                return Err(Failure::usage("sqlite:PATH wants the path of a file"));
            }
            let is_new = !Path::new(path).exists();
            let opened = SqliteStore::open(path).map_err(|error| {
                let exit = match &error.problem {
                    OpenProblem::NotADatabase | OpenProblem::NotOurs | OpenProblem::Newer { .. } => {
                        Exit::Usage
                    }
                    _ => Exit::Failed,
                };
                Failure::new(exit, format!("store {path}: {error}"))
            });
            let opened = Arc::new(opened?);
            if is_new {
                out.note(format!("the store {path} is a new file"));
            }
            return Ok(Self::Sqlite(opened));
        }
        if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            let opened = PostgresStore::connect(address, &PostgresOptions::default()).await;
            return Ok(Self::Postgres(Arc::new(opened.map_err(|error| {
                use ConnectProblem as Problem;
                let exit = match &error.problem {
                    Problem::Url
                    | Problem::NoHost
                    | Problem::TooOld { .. }
                    | Problem::Encoding { .. }
                    | Problem::NotOurs { .. }
                    | Problem::Newer { .. }
                    | Problem::NoDatabase { .. } => Exit::Usage,
                    _ => Exit::Failed,
                };
                Failure::new(exit, error.to_string())
            })?)));
        }
        Err(Failure::usage(
            "the store is neither sqlite:PATH nor postgres://…; set --store, SHIPSTATION_STORE or `store`",
        ))
    }

    pub(crate) fn stores(&self) -> Stores {
        either!(self, store => store.stores())
    }

    pub(crate) fn maintenance(&self) -> Arc<dyn Maintenance> {
        either!(self, store => store.clone())
    }

    /// Plans runs: among all processes with this database, or in this process for a file.
    pub(crate) fn schedule(&self) -> Arc<dyn Schedule> {
        match self {
            Self::Sqlite(_) => Arc::new(MemorySchedule::new()),
            Self::Postgres(store) => Arc::new(PostgresSchedule::new(store.clone())),
        }
    }
}
