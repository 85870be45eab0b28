//! Why a shipment waits, failed, or is covered by another one: as a short code, and in words for a person.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::channel::{
    ChannelOrderId, LineQuantity, ShipmentId, Unrecognized, kinds::kinds, wording::count_of,
};

/// What a person must change before a shipment can be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
#[non_exhaustive]
pub enum BlockReason {
    /// No carrier rule fits.
    UnmappedCarrier {
        /// The carrier text that the rule must name.
        key: String,
    },
    /// There is no tracking number and the settings want one.
    NoTracking,
    /// The order is in a state in which it cannot be shipped. Looked at again in every run.
    OrderNotShippable {
        /// The state.
        status: String,
    },
    /// The channel refused the request itself.
    Refused {
        /// The channel's message.
        message: String,
    },
    /// The channel refused the request for its carrier code. Released by a rule that gives another code.
    RefusedCarrier {
        /// The code that was sent.
        code: String,
        /// The channel's message.
        message: String,
    },
    /// It was sent as often as the crate may, or for as long, and no look could tell whether the channel has it.
    OutcomeUnknown {
        /// How many requests had an unknown outcome.
        requests: u32,
        /// What the looks saw.
        saw: String,
    },
    /// It names lines that the imported order does not have, or more than was ordered. Judged again in every run.
    UnknownLines {
        /// Those of its lines that do not fit, with their quantities.
        shipped: Vec<LineQuantity>,
        /// The shippable lines of the order when it was imported.
        ordered: Vec<LineQuantity>,
    },
    /// It names the number of another order.
    OrderMismatch {
        /// The number that the shipment names.
        given: String,
        /// The number of the order that it belongs to.
        order: String,
    },
    /// Somebody else fulfills the order, a marketplace's warehouse for instance. Looked at again in every run.
    ExternallyFulfilled,
    /// A value of a newer version.
    #[serde(untagged)]
    Unrecognized(Unrecognized),
}

impl BlockReason {
    /// The key with which [`ShipmentStore::unblock`](crate::channel::store::ShipmentStore::unblock) releases it;
    /// `None` when it is looked at again by itself.
    pub fn unblock_key(&self) -> Option<&str> {
        match self {
            Self::UnmappedCarrier { key } => Some(key),
            Self::OrderNotShippable { .. } | Self::UnknownLines { .. } | Self::ExternallyFulfilled => None,
            _ => Some(self.name()),
        }
    }
}

kinds! {
    /// The kind of a [`BlockReason`].
    BlockKind of BlockReason {
        UnmappedCarrier = "unmapped_carrier": Self::UnmappedCarrier { .. },
        NoTracking = "no_tracking": Self::NoTracking,
        OrderNotShippable = "order_not_shippable": Self::OrderNotShippable { .. },
        Refused = "refused": Self::Refused { .. } | Self::RefusedCarrier { .. },
        OutcomeUnknown = "outcome_unknown": Self::OutcomeUnknown { .. },
        UnknownLines = "unknown_lines": Self::UnknownLines { .. },
        OrderMismatch = "order_mismatch": Self::OrderMismatch { .. },
        ExternallyFulfilled = "externally_fulfilled": Self::ExternallyFulfilled,
        Unrecognized = "unrecognized": Self::Unrecognized(_),
    }
}

impl BlockKind {
    /// Whether something went wrong, beside what is only not set up or not released yet.
    pub fn is_error(self) -> bool {
        matches!(self, Self::Refused | Self::OutcomeUnknown | Self::UnknownLines | Self::OrderMismatch)
    }
}

impl fmt::Display for BlockReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnmappedCarrier { key } if key.is_empty() => {
                f.write_str("it names no carrier: correct the shipment, or set a code for unmapped carriers")
            }
            Self::UnmappedCarrier { key } => {
                write!(f, "no carrier rule for {key:?}: add one, and the next run takes it up")
            }
            Self::NoTracking => f.write_str("no tracking number: add one, or allow shipments without"),
            Self::OrderNotShippable { status } => {
                write!(
                    f,
                    "the order is {status}: release it in the channel; it is looked at again in every run"
                )
            }
            Self::Refused { message } => {
                write!(f, "the channel refused it ({message}): correct what it names, then unblock it")
            }
            Self::RefusedCarrier { code, message } => write!(
                f,
                "the channel refused it with carrier code {code:?} ({message}): correct the carrier rule, which releases it, or correct what else it names, then unblock it"
            ),
            Self::OutcomeUnknown { requests, saw } => write!(
                f,
                "whether the channel has it is not known after {}: {saw}; look at the order in the channel, then unblock it",
                count_of(u64::from(*requests), "request")
            ),
            Self::UnknownLines { shipped, ordered } => write!(
                f,
                "it ships {}, and the order has {}: correct the shipment",
                quantities(shipped),
                quantities(ordered)
            ),
            Self::OrderMismatch { given, order } => write!(
                f,
                "it names order {given:?} and belongs to order {order:?}: correct the shipment with a new revision, or unblock it"
            ),
            Self::ExternallyFulfilled => f.write_str(
                "the order is fulfilled externally, so nothing is sent; it is checked again in every run",
            ),
            Self::Unrecognized(reason) => write!(f, "{reason}: unblock it with the version that wrote it"),
        }
    }
}

/// Lines with their quantities, the first few of them.
fn quantities(lines: &[LineQuantity]) -> String {
    const MAX_LINES_SHOWN: usize = 8;
    if lines.is_empty() {
        return "no shippable line".to_owned();
    }
    let mut list: Vec<String> = lines
        .iter()
        .take(MAX_LINES_SHOWN)
        .map(|line| format!("{} of line {}", line.quantity, line.line))
        .collect();
    if let Some(more) = lines.len().checked_sub(MAX_LINES_SHOWN).filter(|more| *more > 0) {
        list.push(format!("{more} more"));
    }
    list.join(", ")
}

/// Why a shipment waits for another attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RetryClass {
    /// The channel asked to come back later. Costs no attempt.
    RateLimited,
    /// The channel refused the credentials. Costs no attempt.
    Credentials,
    /// The channel could not be reached; nothing was sent.
    Unreachable,
    /// The channel failed before it did anything.
    Unavailable,
    /// The answer to a look could not be read.
    Unreadable,
    /// The channel did not find the order. It counts as gone only when it is not found an hour later either.
    OrderMissing,
}

/// Why a shipment will never be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailReason {
    /// The order is shipped with something else: possibly two parcels are under way.
    AlreadyShipped {
        /// The tracking that the channel has, if any.
        theirs: Option<String>,
    },
    /// The order was cancelled in the channel, and the goods are on their way.
    OrderCancelled,
    /// The order no longer exists in the channel.
    OrderGone,
    /// The order was merged into another one.
    MergedInto {
        /// The surviving order.
        order: ChannelOrderId,
    },
    /// A correction of something that the channel already has.
    AmendmentNotSupported,
    /// The order id is not one that this channel gives out.
    InvalidOrderId,
    /// It was tried for too long.
    GaveUp {
        /// For how long it was tried.
        #[serde(with = "crate::duration_text")]
        after: Duration,
        /// What the last attempt said.
        last_error: String,
    },
    /// A value of a newer version.
    #[serde(untagged)]
    Unrecognized(Unrecognized),
}

kinds! {
    /// The kind of a [`FailReason`].
    FailKind of FailReason {
        AlreadyShipped = "already_shipped": Self::AlreadyShipped { .. },
        OrderCancelled = "order_cancelled": Self::OrderCancelled,
        OrderGone = "order_gone": Self::OrderGone,
        MergedInto = "merged_into": Self::MergedInto { .. },
        AmendmentNotSupported = "amendment_not_supported": Self::AmendmentNotSupported,
        InvalidOrderId = "invalid_order_id": Self::InvalidOrderId,
        GaveUp = "gave_up": Self::GaveUp { .. },
        Unrecognized = "unrecognized": Self::Unrecognized(_),
    }
}

impl fmt::Display for FailReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyShipped { theirs: Some(theirs) } => write!(
                f,
                "the order is already shipped with tracking {theirs}: two parcels may be under way; compare by hand"
            ),
            Self::AlreadyShipped { theirs: None } => f.write_str(
                "the order is already shipped without our tracking: two parcels may be under way; compare by hand",
            ),
            Self::OrderCancelled => f.write_str("the order was cancelled in the channel after the goods left: stop the parcel or talk to the buyer"),
            Self::OrderGone => f.write_str("the order no longer exists in the channel: enter the tracking by hand"),
            Self::MergedInto { order } => {
                write!(f, "the order was merged into order {order}: enter the tracking there by hand")
            }
            Self::AmendmentNotSupported => f.write_str(
                "the channel already has this shipment and cannot change it: correct it in its user interface",
            ),
            Self::InvalidOrderId => f.write_str("the order id is not one of this channel: correct the shipment"),
            Self::GaveUp { after, last_error } => {
                let hours = after.as_secs() / 3600;
                write!(f, "given up after {hours} h ({last_error}): enter the tracking by hand, or correct the shipment")
            }
            Self::Unrecognized(reason) => write!(f, "{reason}"),
        }
    }
}

/// Which shipment covers a superseded one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
#[non_exhaustive]
pub enum SupersedeReason {
    /// Its order was marked shipped with another shipment's tracking.
    #[serde(alias = "conveyed_with")]
    ReportedWith {
        /// That shipment.
        shipment: ShipmentId,
    },
    /// Its order was already marked shipped with the first shipment.
    AlreadyMarkedShipped,
    /// The host corrected it before it was sent.
    NewerRevision {
        /// The revision that counts.
        revision: u32,
    },
}
