//! Orders that could not be imported.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, channel::ChannelOrderId};

/// An order that could not be imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OrderFailure {
    /// The order.
    pub order: ChannelOrderId,
    /// Its number.
    pub number: String,
    /// What happened; no buyer's data.
    pub error: String,
    /// Whether trying again may help by itself.
    pub retryable: bool,
    /// When it happened.
    pub at: Timestamp,
    /// Not before this.
    pub next_attempt: Timestamp,
}

impl OrderFailure {
    /// A failure that happened at `at` and is due again at `next_attempt`.
    pub fn new(
        order: ChannelOrderId,
        number: impl Into<String>,
        error: impl Into<String>,
        retryable: bool,
        at: Timestamp,
        next_attempt: Timestamp,
    ) -> Self {
        Self { order, number: number.into(), error: error.into(), retryable, at, next_attempt }
    }
}

/// What is kept of an order that could not be imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FailureRecord {
    /// The newest failure.
    pub last: OrderFailure,
    /// How many there were.
    pub attempts: u32,
    /// When the first one happened.
    pub first_seen: Timestamp,
    /// Whether a person has dismissed it.
    pub dismissed: bool,
}

impl FailureRecord {
    /// The record of a first failure.
    pub fn first(failure: OrderFailure) -> Self {
        Self { first_seen: failure.at, last: failure, attempts: 1, dismissed: false }
    }

    /// The record after another failure of the same order.
    #[must_use]
    pub fn again(self, failure: OrderFailure) -> Self {
        Self { last: failure, attempts: self.attempts.saturating_add(1), ..self }
    }
}
