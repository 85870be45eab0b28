//! How shipments are sent back.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use super::fields::{days, minutes, settings};
use crate::{UnknownName, named_enum::named_enum};

settings! {
    /// How shipments are sent back.
    ShipmentSettings {
        /// Whether ShipStation tells the store.
        notify_sales_channel: bool = true;
        /// Whether ShipStation mails the buyer.
        notify_customer: bool = false;
        /// When an order of several shipments is marked shipped.
        partial: PartialPolicy = PartialPolicy::HoldUntilComplete { max_hold: None };
        /// Which tracking number the order carries; ShipStation has room for one.
        primary_tracking: PrimaryTracking = PrimaryTracking::FirstPackage;
        /// Whether a shipment without a tracking number is blocked.
        require_tracking: bool = true;
        /// The carrier code for carriers that no rule names; `None` blocks them. What was blocked before it
        /// was set is released with [`ShipmentStore::unblock`](crate::channel::store::ShipmentStore::unblock).
        unmapped_carrier (into): Option<String> = None;
        /// How the orders' present state is looked at before anything is sent.
        preflight: Preflight = Preflight::Bulk;
        /// How it is proven that ShipStation has it.
        confirm: Confirm = Confirm::ReadBack;
        /// The first wait after a failed attempt, a second to six hours; it doubles up to six hours.
        #[serde(with = "crate::duration_text")]
        backoff: Duration = minutes(1);
        /// When to stop trying: after an hour to 365 days.
        #[serde(with = "crate::duration_text")]
        give_up_after: Duration = days(7);
        /// How long after a request of unknown outcome, and after a look that did not find the shipment or its order, the next
        /// look counts: a minute to a day.
        #[serde(with = "crate::duration_text")]
        lookup_interval: Duration = minutes(1);
        /// How long after a request of unknown outcome the look may come after which the shipment is sent again: a minute to a
        /// day. An effect that comes later, or a read that is stale for longer, may lead to a second mark.
        ///
        /// After a second unknown outcome of the order it is sixteen times as long. After the third the shipment is only looked
        /// for, the last time 4 hours after the request or later; then it is
        /// [confirmed](crate::channel::ShipmentState::Confirmed) or left to a person
        /// ([`OutcomeUnknown`](crate::channel::BlockReason::OutcomeUnknown)).
        #[serde(with = "crate::duration_text")]
        resend_after: Duration = minutes(4);
    }
}

/// When an order of several shipments is marked shipped. ShipStation knows whole orders only.
///
/// In a file: `"ship_on_first"`, or `{"hold_until_complete": {"max_hold": "2d"}}`. As a text it is a name without
/// `max_hold`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum PartialPolicy {
    /// Once everything has left.
    HoldUntilComplete {
        /// Or once the first shipment is so old: a minute to 365 days.
        #[serde(default, with = "crate::duration_text::option")]
        max_hold: Option<Duration>,
    },
    /// With the first shipment.
    ShipOnFirst,
}

impl PartialPolicy {
    /// Its name, as settings and reports write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::HoldUntilComplete { .. } => "hold_until_complete",
            Self::ShipOnFirst => "ship_on_first",
        }
    }
}

impl fmt::Display for PartialPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for PartialPolicy {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        match name {
            "hold_until_complete" => Ok(Self::HoldUntilComplete { max_hold: None }),
            "ship_on_first" => Ok(Self::ShipOnFirst),
            _ => Err(UnknownName::new(name, &["hold_until_complete", "ship_on_first"])),
        }
    }
}

named_enum! {
    /// Which tracking number an order carries.
    PrimaryTracking {
        /// That of the first parcel of the first shipment.
        FirstPackage = "first_package",
        /// That of the parcel with the most items.
        MostItems = "most_items",
        /// That of the last parcel of the last shipment.
        Last = "last",
    }
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
    /// How it is proven that ShipStation has a shipment.
    Confirm {
        /// Its record is read back, many at a time.
        ReadBack = "read_back",
        /// A successful answer counts as proof.
        TrustAnswer = "trust_answer",
    }
}
