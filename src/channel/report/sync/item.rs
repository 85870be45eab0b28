//! What became of one shipment, and how that is said.

use serde::{Deserialize, Serialize};

use crate::channel::{
    BlockReason, ChannelOrderId, FailReason, LineQuantity, NotificationStatus, OutboxId, Unrecognized,
    kinds::kinds, record::record, shipping::DisplayText, wording::says,
};

record! {
    /// One shipment.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// An item.
    pub fn new(
        shipment: OutboxId,
        order: ChannelOrderId,
        order_number: Option<String>,
        outcome: SyncOutcome,
        note: Option<String>
    );
}

impl SyncItem {
    /// Whether it may not be left out of a report.
    pub fn needs_attention(&self) -> bool {
        let is_kept = matches!(self.outcome, SyncOutcome::Blocked { .. }) || self.outcome.is_error();
        is_kept || self.note.is_some()
    }

    /// Which shipment it is.
    pub(super) fn name(&self) -> String {
        let order = self.order_number.as_deref().unwrap_or(self.order.as_str());
        let order = DisplayText::name(order).unquoted();
        format!("{} of order {order}", DisplayText::name(&self.shipment.to_string()).unquoted())
    }

    /// What became of it, to stand behind its name.
    pub(super) fn message(&self) -> String {
        let note = self
            .note
            .as_ref()
            .map(|note| format!(": {}", DisplayText::new(note).unquoted()))
            .unwrap_or_default();
        format!(": {}{note}", self.outcome.kind().message())
    }
}

says! { |it: SyncItem| "{}{}", it.name(), it.message() }

kinds! { SyncOutcomeKind of
    /// What became of a shipment in this run.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(tag = "outcome", rename_all = "snake_case")]
    pub enum SyncOutcome {
        /// A real run would send it; this one was dry.
        WouldBeSent = "would_be_sent" ("would be marked shipped"),
        /// Accepted and confirmed.
        Confirmed {
            /// What became of the notice to the store.
            notification: NotificationStatus,
        } = "confirmed" ("marked shipped and confirmed"),
        /// Accepted; not confirmed yet.
        Sent = "sent" ("marked shipped and not confirmed yet"),
        /// Accepted in an earlier run, and confirmed in this one.
        ConfirmedEarlier {
            /// What became of the notice to the store.
            notification: NotificationStatus,
        } = "confirmed_earlier" ("marked by an earlier run and confirmed now"),
        /// Accepted in an earlier run; not confirmed yet.
        SentEarlier = "sent_earlier" ("marked by an earlier run and not confirmed yet"),
        /// Accepted in an earlier run and never confirmed; no longer waited for.
        NeverConfirmed = "never_confirmed" ("marked by an earlier run and never confirmed"),
        /// Was there before anything was sent.
        AlreadyThere = "already_there" ("already shipped with our number"),
        /// Waits for the rest of the order.
        WaitingPartial {
            /// What is missing.
            missing: Vec<LineQuantity>,
        } = "waiting_partial" ("waiting for the rest of the order"),
        /// Waits for a person.
        Blocked {
            /// What the person must change.
            #[serde(flatten)]
            reason: BlockReason,
        } = "blocked" ("blocked"),
        /// Waits for another attempt.
        RetryWaiting = "retry_waiting" ("will be tried again"),
        /// It is not known whether the channel has it; it is looked for before anything is sent.
        Unknown = "unknown" ("of unknown outcome, will be looked for"),
        /// Given up.
        Failed {
            /// Why it failed.
            #[serde(flatten)]
            reason: FailReason,
        } = "failed" ("failed"),
        /// Not to be reported, as the host said.
        Suppressed = "suppressed" ("suppressed by the host"),
        /// Another shipment covers it.
        Superseded = "superseded" ("superseded by another shipment"),
        /// Taken back by the host.
        Cancelled = "cancelled" ("taken back by the host"),
        /// A tracking number of it is not on the order, which has room for one. Not counted.
        Unreported = "unreported" ("tracking number not reported"),
        /// The run did not get to it. Counted, and not among the items.
        NotReached = "not_reached" ("not reached"),
        /// A value of a newer version.
        #[serde(untagged)]
        Unrecognized(Unrecognized) = "unrecognized" ("not known to this version"),
    }
}

impl SyncOutcome {
    /// Whether something failed that is kept for another attempt or for a person.
    pub fn is_error(&self) -> bool {
        match self {
            Self::RetryWaiting | Self::Unknown | Self::Failed { .. } => true,
            Self::Blocked { reason } => reason.kind().is_error(),
            Self::Confirmed { notification } | Self::ConfirmedEarlier { notification } => {
                matches!(notification, NotificationStatus::Failed { .. })
            }
            _ => false,
        }
    }
}
