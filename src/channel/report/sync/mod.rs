//! What sending shipments did.

mod counts;
mod item;

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

pub use self::{
    counts::SyncCounts,
    item::{SyncItem, SyncOutcome, SyncOutcomeKind},
};
use super::{RunInfo, fmt_by_reason, fmt_items, in_groups};
use crate::channel::record::record;

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
        let due = self.counts.due();
        let ways = self.counts.outcomes.iter().map(|(kind, count)| format!("{count} {}", kind.message()));
        match ways.collect::<Vec<_>>().join(", ") {
            ways if ways.is_empty() => "none due".to_owned(),
            ways => format!("{due} due: {ways}"),
        }
    }
}

impl fmt::Display for SyncReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = &self.counts;
        self.run.fmt_head(f)?;
        writeln!(f, "  shipments {}", self.headline())?;
        fmt_by_reason(f, "blocked", &counts.blocked)?;
        if counts.still_blocked > 0 {
            let still = counts.still_blocked;
            writeln!(f, "  blocked   {still} since earlier runs: a person must change something first")?;
        }
        if counts.still_retry_waiting > 0 {
            writeln!(f, "  retrying  {} since earlier runs, not due yet", counts.still_retry_waiting)?;
        }
        fmt_by_reason(f, "failed", &counts.failed)?;
        let items = self.items.iter().filter(|item| item.needs_attention());
        let lines = in_groups("shipment", items.map(|item| (item.name(), item.message())));
        fmt_items(f, "shipment", lines.iter())?;
        fmt_items(f, "omitted", self.unreported.iter())?;
        if let Some(oldest) = self.oldest_waiting {
            writeln!(f, "  waiting   the order that waits longest: for {} h", oldest.as_secs() / 3600)?;
        }
        self.run.fmt_tail(f)
    }
}
