//! How failures of PostgreSQL become failures of a store.

use std::{error::Error as _, io};

use deadpool_postgres::PoolError;
use tokio_postgres::{
    Error,
    error::{DbError, SqlState},
};

use crate::{channel::store::StoreError, stores::failure::Failure};

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error.as_db_error() {
            Some(refusal) => refused(refusal),
            None if is_about_tls(&error) => {
                let words = format!("TLS with PostgreSQL fails: {}", cause(&error));
                Self::new(StoreError::retryable(words), false)
            }
            None if is_about_the_connection(&error) => {
                let failure = StoreError::retryable("the connection to PostgreSQL broke");
                Self::new(failure.with_source(error), false)
            }
            // A value that cannot be sent, or an answer that was not expected.
            None => {
                Self::new(StoreError::permanent("PostgreSQL and this program do not agree on a value"), true)
            }
        }
    }
}

impl From<PoolError> for Failure {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => error.into(),
            PoolError::Timeout(_) => {
                let words = "no connection to PostgreSQL became free in time: make the pool larger";
                Self::new(StoreError::retryable(words), false)
            }
            error => Self::new(StoreError::permanent(format!("no connection to PostgreSQL: {error}")), false),
        }
    }
}

/// The library has no other name for it.
pub(super) fn is_about_tls(error: &Error) -> bool {
    error.to_string().starts_with("error performing TLS handshake")
}

/// What an error says of its cause, which holds nothing of a row or a URL.
pub(super) fn cause(error: &Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

pub(super) fn is_about_the_connection(error: &Error) -> bool {
    error.is_closed() || error.source().is_some_and(<dyn std::error::Error>::is::<io::Error>)
}

/// What PostgreSQL says when it refuses. Its words are shown where they can hold no value of a row.
fn refused(refusal: &DbError) -> Failure {
    let code = refusal.code();
    let class = code.code().get(..2);
    // Values, constraints, what a trigger or a view of the host's refuses, limits.
    let concerns_one_row =
        matches!(class, Some("22" | "23" | "27" | "2F" | "38" | "39" | "44" | "54" | "P0"));
    let is_about_the_server = matches!(
        class,
        Some("08" | "0A" | "25" | "28" | "3D" | "3F" | "40" | "42" | "53" | "55" | "57" | "58")
    );
    let words = if is_about_the_server { refusal.message().to_owned() } else { place(refusal) };
    let remedy = remedy(code).map(|remedy| format!("; {remedy}")).unwrap_or_default();
    let message = format!("PostgreSQL refused: {words} (SQLSTATE {}){remedy}", code.code());
    let error = if may_pass(code) { StoreError::retryable(message) } else { StoreError::permanent(message) };
    Failure::new(error, concerns_one_row)
}

fn place(refusal: &DbError) -> String {
    let named =
        [("table", refusal.table()), ("column", refusal.column()), ("constraint", refusal.constraint())];
    let named: Vec<String> =
        named.into_iter().filter_map(|(what, name)| Some(format!("{what} {}", name?))).collect();
    if named.is_empty() { "a value".to_owned() } else { named.join(", ") }
}

/// What a person is to do, where that is known.
fn remedy(code: &SqlState) -> Option<&'static str> {
    match *code {
        SqlState::DISK_FULL => Some("make room on the server's disk"),
        SqlState::READ_ONLY_SQL_TRANSACTION => Some("name the primary in the URL"),
        SqlState::INSUFFICIENT_PRIVILEGE => Some("grant the role all rights on what is in the schema"),
        SqlState::TOO_MANY_CONNECTIONS => Some("make the pools smaller, or raise max_connections"),
        _ => None,
    }
}

/// Whether the same call may succeed later: the server restarts or hands over, or others were in the way.
fn may_pass(code: &SqlState) -> bool {
    let is_of = |class: &str| code.code().starts_with(class);
    // A connection that fails, a transaction that others rolled back, what the server has too little of, locks and time-outs, a
    // shutdown; and a server that was the primary until now.
    is_of("08")
        || is_of("40")
        || is_of("53")
        || is_of("57")
        || [SqlState::LOCK_NOT_AVAILABLE, SqlState::READ_ONLY_SQL_TRANSACTION].contains(code)
}
