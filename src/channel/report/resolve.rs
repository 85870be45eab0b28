//! What a second look at held orders did.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::RunInfo;
use crate::{
    channel::{ChannelOrderId, record::record, wording::some},
    named_enum::named_enum,
};

record! {
    /// What a second look at held orders did.
    #[must_use]
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct ResolveReport {
        /// The run.
        pub run: RunInfo,
        /// Held orders, by what became of them.
        pub counts: ResolveCounts = ResolveCounts::default(),
        /// The orders that got a method.
        pub released: Vec<ChannelOrderId> = Vec::new(),
    }
    /// The report of a run that has just begun.
    pub fn new(run: RunInfo);
}

impl ResolveReport {
    /// The counts in one line.
    pub fn headline(&self) -> String {
        let counts = &self.counts;
        format!(
            "{} held for their shipping text, {} released, {} still not mapped",
            counts.held, counts.released, counts.still_unmapped
        )
    }
}

impl fmt::Display for ResolveReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let still = some(self.counts.held_for_other_reasons, "held for other reasons");
        self.run.fmt_report(f, [("orders", self.headline()), ("still", still)])
    }
}

named_enum! {
    /// What became of an order that was held for its shipping text.
    HeldOutcomeKind {
        /// It has a method now.
        Released = "released",
        /// Its text still fits no rule.
        StillUnmapped = "still_unmapped",
        /// It changed meanwhile.
        Stale = "stale",
        /// The store could not change it.
        Failed = "failed",
    }
}

/// How many. `held = released + still_unmapped + stale + failed`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ResolveCounts {
    /// Orders that were held for their shipping text.
    pub held: u64,
    /// Of these, orders that have a method now.
    pub released: u64,
    /// Of the released, orders that other reasons still hold.
    pub held_for_other_reasons: u64,
    /// Orders whose text still fits no rule.
    pub still_unmapped: u64,
    /// Orders that changed meanwhile.
    pub stale: u64,
    /// Orders that the store could not change.
    pub failed: u64,
}

impl ResolveCounts {
    /// Counts one order.
    pub fn add(&mut self, outcome: HeldOutcomeKind) {
        self.held += 1;
        *match outcome {
            HeldOutcomeKind::Released => &mut self.released,
            HeldOutcomeKind::StillUnmapped => &mut self.still_unmapped,
            HeldOutcomeKind::Stale => &mut self.stale,
            HeldOutcomeKind::Failed => &mut self.failed,
        } += 1;
    }

    /// Whether every held order is in exactly one bucket.
    pub fn add_up(&self) -> bool {
        self.held == self.released + self.still_unmapped + self.stale + self.failed
    }
}
