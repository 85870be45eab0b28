//! What sending shipments did.

mod item;

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

pub use self::item::{SyncItem, SyncOutcome, SyncOutcomeKind};
use super::{RunInfo, Tally, in_groups, item_lines};
use crate::channel::{
    BlockKind, FailKind,
    record::record,
    wording::{joined, some},
};

record! {
    /// What sending shipments did.
    #[must_use]
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct SyncReport {
        /// The run.
        pub run: RunInfo,
        /// Shipments, by what became of them.
        pub counts: SyncCounts = SyncCounts::default(),
        /// Which. What needs a person is never left out; successes may be.
        pub items: Vec<SyncItem> = Vec::new(),
        /// How many successes were left out of `items`.
        pub items_truncated: u64 = 0,
        /// Tracking numbers that the channel has no room for: the order carries one. Never dropped silently.
        pub unreported: Vec<SyncItem> = Vec::new(),
        /// How long the order that has waited longest for its other parcels has waited.
        #[serde(with = "crate::duration_text::option")]
        pub oldest_waiting: Option<Duration> = None,
        /// How long the shipment has been in the outbox that has waited longest to be sent and that this run did not send: it did not
        /// get to it, or it will try again. Rows whose next attempt was not due yet are not looked at.
        #[serde(default, with = "crate::duration_text::option")]
        pub oldest_due: Option<Duration> = None,
    }
    /// The report of a run that has just begun.
    pub fn new(run: RunInfo);
}

impl SyncReport {
    /// The counts in one line: what this run did first, then what it left.
    pub fn headline(&self) -> String {
        let ways = self.counts.outcomes.iter().map(|(kind, count)| format!("{count} {}", kind.message()));
        match joined(ways, ", ").as_str() {
            "" => "none due".to_owned(),
            ways => format!("{} due: {ways}", self.counts.due()),
        }
    }
}

impl fmt::Display for SyncReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = &self.counts;
        let still_blocked =
            some(counts.still_blocked, "since earlier runs: a person must change something first");
        let mut lines = vec![
            ("shipments", self.headline()),
            ("blocked", counts.blocked.to_string()),
            ("blocked", still_blocked),
            ("retrying", some(counts.still_retry_waiting, "since earlier runs, not due yet")),
            ("failed", counts.failed.to_string()),
        ];
        let items = self.items.iter().filter(|item| item.needs_attention());
        let groups = in_groups("shipment", items.map(|item| (item.name(), item.message())));
        lines.extend(item_lines("shipment", groups));
        lines.extend(item_lines("omitted", &self.unreported));
        let waiting =
            |oldest: Duration| format!("the order that waits longest: for {} h", oldest.as_secs() / 3600);
        lines.extend(self.oldest_waiting.map(|oldest| ("waiting", waiting(oldest))));
        self.run.fmt_report(f, lines)
    }
}

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
