//! Where a shipment stands, and what a state means for sending it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{BlockReason, FailReason, RetryClass, SupersedeReason};
use crate::{
    Timestamp,
    channel::{LineQuantity, Unrecognized, kinds::kinds},
};

kinds! { ShipmentStateKind of
    /// Where a shipment stands.
    ///
    /// | from | to |
    /// | --- | --- |
    /// | `Pending`, `Waiting`, `Blocked`, `RetryWait` | any state but `Unknown` and `Sent`: only what was `Sending` can become those |
    /// | `Sending` | `Sent`, `Unknown`, `RetryWait`, `Blocked`, `Failed` |
    /// | `Unknown` | `Unknown` (looked once more), `Confirmed`, `Pending` (to be sent again), `Failed`, `Blocked` on an unknown outcome |
    /// | `Sent` | `Confirmed` |
    /// | `Confirmed` | `Confirmed`: what became of the notification may become known later |
    /// | `Failed`, `Suppressed`, `Superseded`, `Cancelled` | nothing |
    ///
    /// [`step`](Self::step) decides it, and every store asks it. `not_sent` are the four states of the first row:
    ///
    #[doc = include_str!("../../../docs/pictures/shipment-states.svg")]
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(tag = "state", rename_all = "snake_case")]
    pub enum ShipmentState {
        /// Nothing has been done yet.
        Pending = "pending",
        /// The rest of the order has not shipped.
        Waiting {
            /// What is missing.
            missing: Vec<LineQuantity>,
        } = "waiting",
        /// A person must change something first.
        Blocked {
            /// What must be changed.
            reason: BlockReason,
        } = "blocked",
        /// Nothing reached the channel, or the channel asked to come back: try again later.
        RetryWait {
            /// The earliest time of the next attempt.
            until: Timestamp,
            /// Why it waits.
            class: RetryClass,
            /// The channel's own time when the wait began, where it is known.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            server_since: Option<Timestamp>,
        } = "retry_wait",
        /// A request may be on its way. Durable before the request leaves.
        Sending {
            /// Which attempt, from 1.
            attempt: u32,
            /// When that began.
            since: Timestamp,
            /// The channel's own time then, where it is known.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            server_since: Option<Timestamp>,
        } = "sending",
        /// It is not known whether the channel has it: look before anything is sent again.
        Unknown {
            /// When the request was begun.
            since: Timestamp,
            /// How many times it was looked for and not found.
            checks: u32,
            /// When it was last looked for.
            last_check: Option<Timestamp>,
            /// Whether the order itself was not found then. It counts as gone when that happens twice in a row.
            #[serde(default)]
            order_missing: bool,
            /// The channel's own time of `since`, where it is known.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            server_since: Option<Timestamp>,
            /// The channel's own time of `last_check`, where it is known.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            server_last_check: Option<Timestamp>,
        } = "unknown",
        /// The channel said yes. Never sent again.
        Sent {
            /// When it said so.
            at: Timestamp,
        } = "sent",
        /// The channel shows our tracking number.
        Confirmed {
            /// The channel's record of it, when it has one.
            record: Option<String>,
            /// What became of the notice to the store.
            #[serde(alias = "marketplace")]
            notification: NotificationStatus,
            /// Whether it was there before we sent anything.
            already_there: bool,
        } = "confirmed",
        /// Given up, or can never work.
        Failed {
            /// Why it will not be sent.
            reason: FailReason,
        } = "failed",
        /// The host said not to tell the channel.
        Suppressed {
            /// The host's reason.
            why: String,
        } = "suppressed",
        /// Another shipment covers it.
        Superseded {
            /// Why it is superseded.
            reason: SupersedeReason,
        } = "superseded",
        /// The host took it back before it was sent.
        Cancelled = "cancelled",
    }
}

impl ShipmentState {
    /// No wait is longer. One that ends further ahead was set while the host's clock was wrong.
    pub const MAX_RETRY_WAIT: Duration = Duration::from_secs(24 * 3600);

    /// Whether nothing will be sent for it any more. Of a confirmed one the notification may still become known.
    pub fn is_closed(&self) -> bool {
        matches!(
            self,
            Self::Confirmed { .. }
                | Self::Failed { .. }
                | Self::Suppressed { .. }
                | Self::Superseded { .. }
                | Self::Cancelled
        )
    }

    /// It is not known whether a request that was begun then arrived, and it was not looked for.
    pub(crate) fn unknown_since(since: Timestamp, server_since: Option<Timestamp>) -> Self {
        Self::Unknown {
            since,
            checks: 0,
            last_check: None,
            order_missing: false,
            server_since,
            server_last_check: None,
        }
    }

    /// Whether the channel has the order marked as shipped by it.
    pub(crate) fn is_reported(&self) -> bool {
        matches!(self, Self::Sent { .. } | Self::Confirmed { .. })
    }

    /// Whether it is not known if the channel has it, a row that was given up for that included.
    pub(crate) fn is_outcome_unknown(&self) -> bool {
        matches!(
            self,
            Self::Sending { .. }
                | Self::Unknown { .. }
                | Self::Blocked { reason: BlockReason::OutcomeUnknown { .. } }
        )
    }

    /// Whether a request may have reached the channel, so that nothing may be sent without looking. A row that is
    /// [blocked](BlockReason::OutcomeUnknown) because no look could tell is not among them: a person decides about it.
    pub fn is_in_flight(&self) -> bool {
        matches!(self, Self::Sending { .. } | Self::Unknown { .. } | Self::Sent { .. })
    }

    /// Whether it can be looked at for sending at `now`.
    ///
    /// A row that is blocked on something only a person can change (an unmapped carrier) is not due until it
    /// is unblocked; one that is blocked on the order's state is, because the order may change by itself. A wait that
    /// ends further ahead than [`MAX_RETRY_WAIT`](Self::MAX_RETRY_WAIT) is over.
    pub fn is_due(&self, now: Timestamp) -> bool {
        match self {
            Self::Pending | Self::Waiting { .. } => true,
            Self::RetryWait { until, .. } => *until <= now || *until > now + Self::MAX_RETRY_WAIT,
            Self::Blocked { reason } => reason.unblock_key().is_none(),
            _ => false,
        }
    }
}

/// What became of the notice that the channel gives to the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
#[non_exhaustive]
pub enum NotificationStatus {
    /// The channel does not say.
    Unknown,
    /// Not given yet.
    Pending,
    /// The sales channel has been notified.
    Notified,
    /// The sales channel could not be notified.
    Failed {
        /// The channel's message.
        message: String,
    },
    /// A value of a newer version.
    #[serde(untagged)]
    Unrecognized(Unrecognized),
}
