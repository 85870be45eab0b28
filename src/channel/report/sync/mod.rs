//! What sending shipments did.

mod counts;
mod item;

use std::{fmt, time::Duration};

use serde::Serialize;

pub use self::{
    counts::SyncCounts,
    item::{SyncItem, SyncOutcome},
};
use super::{RunInfo, fmt_by_reason, fmt_items, in_groups};

/// What sending shipments did.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SyncReport {
    /// The run.
    pub run: RunInfo,
    /// How many.
    pub counts: SyncCounts,
    /// Which. What needs a person is never left out; successes may be.
    pub items: Vec<SyncItem>,
    /// How many successes were left out of `items`.
    pub items_truncated: u64,
    /// Tracking numbers that the channel has no room for: the order carries one. Never dropped silently.
    pub not_conveyed: Vec<SyncItem>,
    /// How long the order that has waited longest for its other parcels has waited.
    pub oldest_waiting: Option<Duration>,
}

impl SyncReport {
    /// The report of a run that has just begun.
    pub fn new(run: RunInfo) -> Self {
        Self {
            run,
            counts: SyncCounts::default(),
            items: Vec::new(),
            items_truncated: 0,
            not_conveyed: Vec::new(),
            oldest_waiting: None,
        }
    }

    /// The counts in one line: what this run did first, then what it left.
    pub fn headline(&self) -> String {
        let counts = &self.counts;
        let ways = [
            (counts.would_be_sent, "would be marked shipped"),
            (
                counts.confirmed.saturating_sub(counts.confirmed_for_earlier_runs),
                "marked shipped and confirmed",
            ),
            (counts.sent.saturating_sub(counts.sent_by_earlier_runs), "marked shipped and not confirmed yet"),
            (counts.confirmed_for_earlier_runs, "marked by an earlier run and confirmed now"),
            (counts.sent_by_earlier_runs, "marked by an earlier run and not confirmed yet"),
            (counts.never_confirmed, "marked by an earlier run and never confirmed"),
            (counts.already_there, "already shipped with our number"),
            (counts.waiting_partial, "waiting for the rest of their order"),
            (counts.blocked.values().sum(), "blocked"),
            (counts.retry_waiting, "to be tried again"),
            (counts.unknown, "with unknown outcome, to be looked for"),
            (counts.failed_permanent.values().sum(), "failed"),
            (counts.suppressed, "suppressed by the host"),
            (counts.superseded, "superseded by another shipment"),
            (counts.cancelled, "taken back by the host"),
            (counts.not_evaluated, "not reached"),
        ];
        let ways =
            ways.iter().filter(|(count, _)| *count > 0).map(|(count, words)| format!("{count} {words}"));
        match ways.collect::<Vec<_>>().join(", ") {
            ways if ways.is_empty() => "none due".to_owned(),
            ways => format!("{} due: {ways}", counts.due),
        }
    }
}

impl fmt::Display for SyncReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.run.fmt_head(f)?;
        writeln!(f, "  shipments {}", self.headline())?;
        fmt_by_reason(f, "blocked", &self.counts.blocked)?;
        if self.counts.still_blocked > 0 {
            let still = self.counts.still_blocked;
            writeln!(f, "  blocked   {still} since earlier runs: a person must change something first")?;
        }
        if self.counts.still_retry_waiting > 0 {
            writeln!(f, "  retrying  {} since earlier runs, not due yet", self.counts.still_retry_waiting)?;
        }
        fmt_by_reason(f, "failed", &self.counts.failed_permanent)?;
        let items = self.items.iter().filter(|item| item.needs_attention());
        let lines = in_groups("shipment", items.map(|item| (item.name(), item.fate())));
        fmt_items(f, "shipment", lines.iter())?;
        fmt_items(f, "not told", self.not_conveyed.iter())?;
        if let Some(oldest) = self.oldest_waiting {
            writeln!(f, "  waiting   the order that waits longest: for {} h", oldest.as_secs() / 3600)?;
        }
        self.run.fmt_tail(f)
    }
}
