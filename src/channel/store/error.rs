//! What a store answers when it cannot do what it was asked.

use crate::{channel::IllegalTransition, setters::setters};

/// A failure of a store.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct StoreError {
    kind: StoreErrorKind,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What kind of failure it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The same call may succeed later (locked, disconnected).
    Retryable,
    /// It will fail again until somebody changes something (constraint, disk, bad value).
    Permanent,
    /// The run's lease has gone to another run. The run stops without another write.
    LostLease,
}

impl StoreError {
    fn new(kind: StoreErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// A failure that may pass. The message is shown to operators: no buyer's data in it.
    pub fn retryable(message: impl Into<String>) -> Self {
        Self::new(StoreErrorKind::Retryable, message)
    }

    /// A failure that will not pass by itself.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self::new(StoreErrorKind::Permanent, message)
    }

    /// The answer to a stale fence.
    pub fn lost_lease() -> Self {
        Self::new(StoreErrorKind::LostLease, "the lease of this run has gone to another run")
    }

    setters! {
        /// Keeps the cause. It is reachable through `source()`, is logged when it ends a run, and is in no report: no buyer's
        /// data in it either.
        with_source(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) => source = Some(source.into());
    }

    /// What kind of failure it was.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        self.kind == StoreErrorKind::Retryable
    }

    /// Whether the run has lost its lease.
    pub fn is_lost_lease(&self) -> bool {
        self.kind == StoreErrorKind::LostLease
    }
}

/// A step that the state machine does not have, which no store may record.
impl From<IllegalTransition> for StoreError {
    fn from(error: IllegalTransition) -> Self {
        Self::permanent(error.to_string()).with_source(error)
    }
}
