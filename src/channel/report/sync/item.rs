//! What became of one shipment, and how that is said.

use std::fmt;

use serde::Serialize;

use crate::channel::{ChannelOrderId, Marketplace, OutboxId};

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

impl SyncItem {
    /// Which shipment it is.
    pub(super) fn name(&self) -> String {
        let number = self.order_number.as_deref().unwrap_or(self.order.as_str());
        format!("{} of order {number}", self.shipment)
    }

    /// What became of it, to stand behind its name.
    pub(super) fn fate(&self) -> String {
        let note = self.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
        format!(": {}{note}", self.outcome.describe())
    }
}

impl fmt::Display for SyncItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.name(), self.fate())
    }
}

/// What became of a shipment in this run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
#[non_exhaustive]
pub enum SyncOutcome {
    /// A real run would send it; this one was dry.
    WouldBeSent,
    /// Accepted; not confirmed yet.
    Sent,
    /// Accepted and confirmed.
    Confirmed {
        /// What became of the notice to the store.
        marketplace: Marketplace,
    },
    /// Accepted in an earlier run and never confirmed; no longer waited for.
    NeverConfirmed,
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
    /// A tracking number of it is not on the order, which has room for one.
    NotConveyed,
}

impl SyncOutcome {
    fn describe(&self) -> &'static str {
        match self {
            Self::WouldBeSent => "would be marked shipped",
            Self::Sent => "marked shipped, not confirmed yet",
            Self::Confirmed { .. } => "marked shipped and confirmed",
            Self::NeverConfirmed => "marked shipped by an earlier run, never confirmed",
            Self::AlreadyThere => "already shipped with our number",
            Self::WaitingPartial => "waits for the rest of the order",
            Self::Blocked => "blocked",
            Self::RetryWaiting => "will be tried again",
            Self::Unknown => "outcome unknown, will be looked for",
            Self::Failed => "failed",
            Self::Suppressed => "suppressed by the host",
            Self::Superseded => "superseded by another shipment",
            Self::Cancelled => "taken back by the host",
            Self::NotConveyed => "number not told",
        }
    }
}
