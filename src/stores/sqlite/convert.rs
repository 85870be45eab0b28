//! How values are written down in columns, and how failures of SQLite become failures of a store. No table is
//! named here.

use std::{fmt, time::Duration};

use rusqlite::ErrorCode;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Timestamp,
    channel::store::{StoreError, StoreErrorKind},
};

const NANOS: i64 = 1_000_000_000;

/// Whole nanoseconds since the epoch, held between the years 1677 and 2262.
pub(super) fn nanos(instant: Timestamp) -> i64 {
    let seconds = instant.unix_seconds();
    let exact =
        seconds.checked_mul(NANOS).and_then(|nanos| nanos.checked_add(i64::from(instant.subsec_nanos())));
    exact.unwrap_or(if seconds < 0 { i64::MIN } else { i64::MAX })
}

/// The instant that was written as `nanos`.
pub(super) fn instant(nanos: i64) -> Timestamp {
    let fraction = u64::try_from(nanos.rem_euclid(NANOS)).unwrap_or(0);
    Timestamp::from_unix_seconds(nanos.div_euclid(NANOS)) + Duration::from_nanos(fraction)
}

/// A count or a version. SQLite has no unsigned integers; none of ours comes near the edge.
pub(super) fn integer(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

pub(super) fn unsigned<N: TryFrom<i64> + Default>(number: i64) -> N {
    N::try_from(number).unwrap_or_default()
}

pub(super) fn json<T: Serialize>(value: &T) -> Answer<String> {
    Ok(serde_json::to_string(value)
        .map_err(|_| StoreError::permanent("a value cannot be written as JSON"))?)
}

/// The value that was written as JSON. The error names the table's column and never what stands in it.
pub(super) fn parse<T: DeserializeOwned>(column: &'static str, json: &str) -> Answer<T> {
    Ok(serde_json::from_str(json).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        StoreError::permanent(format!("{column} holds a value that this version cannot read ({place})"))
    })?)
}

/// What the code of this store fails with. A type of its own, so that the crate's public error knows nothing of
/// SQLite and `?` works all the same.
#[derive(Debug)]
pub(super) struct Failure {
    error: StoreError,
    concerns_one_row: bool,
}

pub(super) type Answer<T> = Result<T, Failure>;

impl Failure {
    /// Whether the value that was to be written is at fault, and not the file.
    pub(super) fn concerns_one_row(&self) -> bool {
        self.concerns_one_row
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let concerns_one_row = error.kind() == StoreErrorKind::Permanent;
        Self { error, concerns_one_row }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        let code = error.sqlite_error_code();
        let failure = if matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)) {
            StoreError::retryable("the SQLite file is locked by another process")
        } else {
            StoreError::permanent(format!("SQLite refused: {}", Plain(&error)))
        };
        let concerns_one_row = matches!(code, Some(ErrorCode::ConstraintViolation | ErrorCode::TooBig));
        Self { error: failure.with_source(error), concerns_one_row }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_keep_every_nanosecond() {
        for text in
            ["1969-12-31T23:59:59.999999999Z", "1970-01-01T00:00:00Z", "2026-03-08T10:00:00.123456789Z"]
        {
            let at: Timestamp = text.parse().unwrap();
            assert_eq!(instant(nanos(at)), at, "{text}");
        }
    }

    #[test]
    fn far_instants_are_held_at_the_edge_and_keep_their_side() {
        let past = Timestamp::from_unix_seconds(i64::MIN);
        let future = Timestamp::from_unix_seconds(i64::MAX);
        assert_eq!((nanos(past), nanos(future)), (i64::MIN, i64::MAX));
        assert!(instant(i64::MIN) < Timestamp::UNIX_EPOCH && instant(i64::MAX) > Timestamp::UNIX_EPOCH);
    }

    #[test]
    fn an_unreadable_value_is_not_repeated_in_the_error() {
        let failure =
            parse::<Vec<u8>>("shipstation_outbox.state_json", r#"{"email":"a@example.com"}"#).unwrap_err();
        let error = StoreError::from(failure);
        assert!(!format!("{error:?}").contains("example.com"));
        assert!(error.to_string().contains("shipstation_outbox.state_json"));
    }
}
