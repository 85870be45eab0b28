//! How shipments are sent back.

use std::time::Duration;

use super::choice::choice;

/// How shipments are sent back.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ShipmentSettings {
    /// Whether ShipStation tells the store. Default: yes.
    pub notify_sales_channel: bool,
    /// Whether ShipStation mails the buyer. Default: no.
    pub notify_customer: bool,
    /// When an order of several shipments is marked shipped. Default: once everything has left.
    pub partial: PartialPolicy,
    /// Which tracking number the order carries; ShipStation has room for one. Default: the first.
    pub primary_tracking: PrimaryTracking,
    /// Whether a shipment without a tracking number is blocked. Default: yes.
    pub require_tracking: bool,
    /// The carrier code for carriers that no rule names; `None` blocks them. Default: `None`. What was blocked before it
    /// was set is released with [`ShipmentStore::unblock`](crate::channel::store::ShipmentStore::unblock).
    pub unmapped_carrier: Option<String>,
    /// How the orders' present state is looked at before anything is sent.
    pub preflight: Preflight,
    /// How it is proven that ShipStation has it.
    pub confirm: Confirm,
    /// The first wait after a failed attempt, a second to six hours; it doubles up to six hours. Default: a minute.
    pub backoff: Duration,
    /// When to stop trying: after an hour to 365 days. Default: after 7 days.
    pub give_up_after: Duration,
    /// How long after a request of unknown outcome, and after a look that did not find the shipment or its order, the next
    /// look counts: a minute to a day. Default: a minute.
    pub read_back_gap: Duration,
    /// How long after a request of unknown outcome the look may come after which the shipment is sent again: a minute to a
    /// day. Default: 4 minutes. An effect that comes later, or a read that is stale for longer, may lead to a second mark.
    ///
    /// After a second unknown outcome it is sixteen times as long. After the third the shipment is only looked for, the last
    /// time 4 hours after the request or later; then it is [confirmed](crate::channel::ShipmentState::Confirmed) or left to a
    /// person ([`OutcomeUnknown`](crate::channel::BlockReason::OutcomeUnknown)).
    pub resend_after: Duration,
}

impl Default for ShipmentSettings {
    fn default() -> Self {
        Self {
            notify_sales_channel: true,
            notify_customer: false,
            partial: PartialPolicy::HoldUntilComplete { max_hold: None },
            primary_tracking: PrimaryTracking::FirstPackage,
            require_tracking: true,
            unmapped_carrier: None,
            preflight: Preflight::Bulk,
            confirm: Confirm::ReadBack,
            backoff: Duration::from_secs(60),
            give_up_after: Duration::from_secs(7 * 24 * 3600),
            read_back_gap: Duration::from_secs(60),
            resend_after: Duration::from_secs(4 * 60),
        }
    }
}

/// When an order of several shipments is marked shipped. ShipStation knows whole orders only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PartialPolicy {
    /// Once everything has left.
    HoldUntilComplete {
        /// Or once the first shipment is so old: a minute to 365 days.
        max_hold: Option<Duration>,
    },
    /// With the first shipment.
    ShipOnFirst,
}

choice! {
    /// Which tracking number an order carries.
    PrimaryTracking {
        /// That of the first parcel of the first shipment.
        FirstPackage = "first_package",
        /// That of the parcel with the most items.
        MostItems = "most_items",
        /// That of the last parcel of the last shipment.
        Last = "last",
    }
}
choice! {
    /// How the orders' present state is looked at before anything is sent.
    Preflight {
        /// By listing open orders, or one by one, whichever costs fewer requests. The look may be some minutes old when
        /// the last one is sent: what a person does to an order in between is not seen.
        Bulk = "bulk",
        /// One by one, each right before it is sent.
        Single = "single",
        /// Only where an earlier attempt failed, one by one. Saves the look, and may mark an order that a person has
        /// shipped meanwhile.
        OnRetryOnly = "on_retry_only",
    }
}
choice! {
    /// How it is proven that ShipStation has a shipment.
    Confirm {
        /// Its record is read back, many at a time.
        ReadBack = "read_back",
        /// Its answer is believed.
        TrustAnswer = "trust_answer",
    }
}
