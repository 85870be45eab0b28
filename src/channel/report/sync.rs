//! What sending shipments did.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::Serialize;

use super::{RunInfo, fmt_by_reason, fmt_items};
use crate::channel::{ChannelOrderId, Marketplace, OutboxId};

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

    /// The counts in one line.
    pub fn headline(&self) -> String {
        let counts = &self.counts;
        let first = format!(
            "{} due, {} sent, {} confirmed, {} already there",
            counts.due, counts.sent, counts.confirmed, counts.already_there
        );
        let others = [
            (counts.waiting_partial, "waiting for the rest of their order"),
            (counts.blocked.values().sum(), "blocked"),
            (counts.retry_waiting, "to be tried again"),
            (counts.unknown, "with unknown outcome"),
            (counts.failed_permanent.values().sum(), "failed"),
            (counts.superseded, "superseded"),
            (counts.not_evaluated, "not reached"),
        ];
        let others =
            others.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
        std::iter::once(first).chain(others).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for SyncReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.run.fmt_head(f)?;
        writeln!(f, "  shipments {}", self.headline())?;
        fmt_by_reason(f, "blocked", &self.counts.blocked)?;
        fmt_by_reason(f, "failed", &self.counts.failed_permanent)?;
        fmt_items(f, "shipment", self.items.iter().filter(|item| item.needs_attention()))?;
        fmt_items(f, "not told", self.not_conveyed.iter())?;
        if let Some(oldest) = self.oldest_waiting {
            writeln!(f, "  waiting   the oldest for {} h", oldest.as_secs() / 3600)?;
        }
        self.run.fmt_tail(f)
    }
}

/// How many. Every row that was due or in flight when it was read is in exactly one bucket, by what it
/// is when the run ends: `due = sent + confirmed + already_there + waiting_partial + blocked + retry_waiting + unknown +
/// failed_permanent + suppressed + superseded + cancelled + not_evaluated`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SyncCounts {
    /// Rows that the run looked at.
    pub due: u64,
    /// Accepted by the channel; its record is not visible yet.
    pub sent: u64,
    /// Accepted and visible with our tracking number.
    pub confirmed: u64,
    /// Was there before we sent anything.
    pub already_there: u64,
    /// Waiting for the rest of the order.
    pub waiting_partial: u64,
    /// Waiting for a person, by reason.
    pub blocked: BTreeMap<&'static str, u64>,
    /// Waiting for another attempt.
    pub retry_waiting: u64,
    /// It is not known whether the channel has it; it is looked for before anything is sent.
    pub unknown: u64,
    /// Given up, by reason.
    pub failed_permanent: BTreeMap<&'static str, u64>,
    /// Not to be told, by the host's word.
    pub suppressed: u64,
    /// Another shipment speaks for them.
    pub superseded: u64,
    /// Taken back by the host.
    pub cancelled: u64,
    /// Rows that the run did not get to.
    pub not_evaluated: u64,
    /// Tracking numbers that the channel has no room for.
    pub not_conveyed_tracking: u64,
    /// Requests that asked the channel to mark an order as shipped.
    pub marked: u64,
}

impl SyncCounts {
    /// Whether every row is in exactly one bucket.
    pub fn add_up(&self) -> bool {
        self.due
            == self.sent
                + self.confirmed
                + self.already_there
                + self.waiting_partial
                + self.blocked.values().sum::<u64>()
                + self.retry_waiting
                + self.unknown
                + self.failed_permanent.values().sum::<u64>()
                + self.suppressed
                + self.superseded
                + self.cancelled
                + self.not_evaluated
    }
}

/// One shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SyncItem {
    /// The row.
    pub shipment: OutboxId,
    /// Its order.
    pub order: ChannelOrderId,
    /// The order's number, when known.
    pub order_number: Option<String>,
    /// What became of it.
    pub outcome: SyncOutcome,
    /// What a person should know.
    pub note: Option<String>,
}

impl SyncItem {
    /// An item.
    pub fn new(
        shipment: OutboxId,
        order: ChannelOrderId,
        order_number: Option<String>,
        outcome: SyncOutcome,
        note: Option<String>,
    ) -> Self {
        Self { shipment, order, order_number, outcome, note }
    }

    /// Whether it may not be left out of a report.
    pub fn needs_attention(&self) -> bool {
        match &self.outcome {
            SyncOutcome::Blocked
            | SyncOutcome::Failed
            | SyncOutcome::Unknown
            | SyncOutcome::RetryWaiting
            | SyncOutcome::Confirmed { marketplace: Marketplace::Failed { .. } } => true,
            _ => self.note.is_some(),
        }
    }
}

impl fmt::Display for SyncItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of order {}",
            self.shipment,
            self.order_number.as_deref().unwrap_or(self.order.as_str())
        )?;
        write!(f, ": {}", self.outcome.describe())?;
        match &self.note {
            Some(note) => write!(f, ": {note}"),
            None => Ok(()),
        }
    }
}

/// What became of a shipment in this run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
#[non_exhaustive]
pub enum SyncOutcome {
    /// Accepted; not visible yet.
    Sent,
    /// Accepted and visible.
    Confirmed {
        /// What became of the notice to the store.
        marketplace: Marketplace,
    },
    /// Was there before.
    AlreadyThere,
    /// Waits for the rest of the order.
    WaitingPartial,
    /// Waits for a person.
    Blocked,
    /// Waits for another attempt.
    RetryWaiting,
    /// Not known yet.
    Unknown,
    /// Given up.
    Failed,
    /// Not to be told.
    Suppressed,
    /// Another shipment speaks for it.
    Superseded,
    /// Taken back by the host.
    Cancelled,
}

impl SyncOutcome {
    fn describe(&self) -> &'static str {
        match self {
            Self::Sent => "sent, not visible yet",
            Self::Confirmed { .. } => "confirmed",
            Self::AlreadyThere => "was already there",
            Self::WaitingPartial => "waits for the rest of the order",
            Self::Blocked => "blocked",
            Self::RetryWaiting => "will be tried again",
            Self::Unknown => "outcome unknown, will be looked for",
            Self::Failed => "failed",
            Self::Suppressed => "suppressed",
            Self::Superseded => "superseded",
            Self::Cancelled => "cancelled",
        }
    }
}
