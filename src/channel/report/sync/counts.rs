//! How many shipments went which way.

use serde::{Deserialize, Serialize};

use super::{SyncOutcome, SyncOutcomeKind};
use crate::channel::{BlockKind, FailKind, report::Tally};

/// How many. Every row that was due or in flight when it was read is counted once, by what it is when the run ends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SyncCounts {
    /// The rows that the run looked at, by what became of each.
    pub outcomes: Tally<SyncOutcomeKind>,
    /// Those that wait for a person, by reason.
    pub blocked: Tally<BlockKind>,
    /// Those that were given up, by reason.
    pub failed: Tally<FailKind>,
    /// Not among the outcomes: rows that an earlier run blocked and that are not looked at until a person has acted.
    pub still_blocked: u64,
    /// Not among the outcomes: rows that have waited for another attempt since an earlier run, and are not due yet.
    pub still_retry_waiting: u64,
    /// Requests that asked the channel to mark an order as shipped.
    pub marked: u64,
}

impl SyncCounts {
    /// Counts one row.
    pub fn add(&mut self, outcome: &SyncOutcome) {
        self.outcomes.add(outcome.kind());
        match outcome {
            SyncOutcome::Blocked { reason } => self.blocked.add(reason.kind()),
            SyncOutcome::Failed { reason } => self.failed.add(reason.kind()),
            _ => {}
        }
    }

    /// How many rows the run looked at.
    pub fn due(&self) -> u64 {
        self.outcomes.total()
    }

    /// How many rows have this outcome.
    pub fn of(&self, outcome: SyncOutcomeKind) -> u64 {
        self.outcomes.of(outcome)
    }

    /// How many rows the channel has accepted, in this run or an earlier one, and were not confirmed yet.
    pub fn unconfirmed(&self) -> u64 {
        self.of(SyncOutcomeKind::Sent) + self.of(SyncOutcomeKind::SentEarlier)
    }

    /// How many rows were confirmed in this run, whichever run sent them.
    pub fn confirmed(&self) -> u64 {
        self.of(SyncOutcomeKind::Confirmed) + self.of(SyncOutcomeKind::ConfirmedEarlier)
    }

    /// Whether the counts by reason are those of the outcomes.
    pub fn add_up(&self) -> bool {
        self.blocked.total() == self.of(SyncOutcomeKind::Blocked)
            && self.failed.total() == self.of(SyncOutcomeKind::Failed)
    }
}
