//! What the code of a store fails with, whatever the database.

use crate::channel::store::{SaveOutcome, StoreError, StoreErrorKind};

/// A type of its own, so that the crate's public error knows nothing of a database and `?` works all the same.
#[derive(Debug)]
pub(super) struct Failure {
    error: StoreError,
    concerns_one_row: bool,
}

pub(super) type Answer<T> = Result<T, Failure>;

impl Failure {
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
