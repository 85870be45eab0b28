//! What the code of a store, or the host's inside it, fails with, whatever the database.

use std::fmt;

use crate::channel::store::{SaveOutcome, StoreError, StoreErrorKind};

/// Why something could not be written. An error of the database's driver becomes one by `?`.
///
/// A type of its own, so that the crate's [`StoreError`] knows nothing of a database. It says whether the value that was to be
/// written is at fault (a constraint, a refusal), or the database.
#[derive(Debug)]
pub struct Failure {
    error: StoreError,
    concerns_one_row: bool,
}

pub(super) type Answer<T> = Result<T, Failure>;

impl Failure {
    /// The host does not take an order, for this reason. The reason is shown in reports: no buyer's data in it.
    pub fn refused(why: impl Into<String>) -> Self {
        StoreError::permanent(why).into()
    }

    pub(super) fn new(error: StoreError, concerns_one_row: bool) -> Self {
        Self { error, concerns_one_row }
    }

    /// Whether the value that was to be written is at fault, and not the database.
    pub(super) fn concerns_one_row(&self) -> bool {
        self.concerns_one_row
    }
}

/// What becomes of the one order that is at fault.
impl From<Failure> for SaveOutcome {
    fn from(failure: Failure) -> Self {
        Self::Failed { message: failure.error.to_string(), retryable: false }
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

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}
