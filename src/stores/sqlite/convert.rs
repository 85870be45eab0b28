//! How failures of SQLite become failures of a store.

use std::fmt;

use rusqlite::ErrorCode;

use crate::{channel::store::StoreError, stores::failure::Failure};

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        let code = error.sqlite_error_code();
        let failure = if matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)) {
            StoreError::retryable("the SQLite file is locked by another process")
        } else {
            StoreError::permanent(format!("SQLite refused: {}", Plain(&error)))
        };
        let concerns_one_row = matches!(code, Some(ErrorCode::ConstraintViolation | ErrorCode::TooBig));
        Self::new(failure.with_source(error), concerns_one_row)
    }
}

/// Only what SQLite says of itself: it names tables and columns, never values.
pub(super) struct Plain<'a>(pub(super) &'a rusqlite::Error);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            rusqlite::Error::SqliteFailure(code, Some(message)) => write!(f, "{message} ({code})"),
            rusqlite::Error::SqliteFailure(code, None) => code.fmt(f),
            rusqlite::Error::FromSqlConversionFailure(column, found, _)
            | rusqlite::Error::InvalidColumnType(column, _, found) => {
                write!(f, "column {column} of an answer holds a {found}")
            }
            _ => f.write_str("an unexpected answer"),
        }
    }
}
