//! Why a shipment waits, failed, or is covered by another one: as a short code, and in words for a person.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::channel::{
    ChannelOrderId, LineQuantity, ShipmentId, Unrecognized,
    kinds::kinds,
    wording::{count_of, worded},
};

worded! {
    /// What a person must change before a shipment can be sent.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(tag = "reason", rename_all = "snake_case")]
    pub enum BlockReason {
        /// No carrier rule fits.
        UnmappedCarrier {
            /// The carrier text that the rule must name.
            key: String,
        } => ("{}", unmapped(key)),
        /// There is no tracking number and the settings want one.
        NoTracking => ("no tracking number: add one, or allow shipments without"),
        /// The order is in a state in which it cannot be shipped. Looked at again in every run.
        OrderNotShippable {
            /// The state.
            status: String,
        } => ("the order is {status}: release it in the channel; it is looked at again in every run"),
        /// The channel refused the request itself.
        Refused {
            /// The channel's message.
            message: String,
        } => ("the channel refused it ({message}): correct what it names, then unblock it"),
        /// The channel refused the request for its carrier code. Released by a rule that gives another code.
        RefusedCarrier {
            /// The code that was sent.
            code: String,
            /// The channel's message.
            message: String,
        } => (
            "the channel refused it with carrier code {code:?} ({message}): correct the carrier rule, which releases it, or correct what else it names, then unblock it"
        ),
        /// It was sent as often as the crate may, or for as long, and no look could tell whether the channel has it.
        OutcomeUnknown {
            /// How many requests had an unknown outcome.
            requests: u32,
            /// What the looks saw.
            saw: String,
        } => (
            "whether the channel has it is not known after {}: {saw}; look at the order in the channel, then unblock it",
            count_of(u64::from(*requests), "request")
        ),
        /// It names lines that the imported order does not have, or more than was ordered. Judged again in every run.
        UnknownLines {
            /// Those of its lines that do not fit, with their quantities.
            shipped: Vec<LineQuantity>,
            /// The shippable lines of the order when it was imported.
            ordered: Vec<LineQuantity>,
        } => (
            "it ships {}, and the order has {}: correct the shipment", quantities(shipped), quantities(ordered)
        ),
        /// It names the number of another order.
        OrderMismatch {
            /// The number that the shipment names.
            given: String,
            /// The number of the order that it belongs to.
            order: String,
        } => (
            "it names order {given:?} and belongs to order {order:?}: correct the shipment with a new revision, or unblock it"
        ),
        /// Somebody else fulfills the order, a marketplace's warehouse for instance. Looked at again in every run.
        ExternallyFulfilled => (
            "the order is fulfilled externally, so nothing is sent; it is checked again in every run"
        ),
        /// A value of a newer version.
        #[serde(untagged)]
        Unrecognized(reason: Unrecognized) => ("{reason}: unblock it with the version that wrote it"),
    }
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

fn unmapped(key: &str) -> String {
    if key.is_empty() {
        return "it names no carrier: correct the shipment, or set a code for unmapped carriers".to_owned();
    }
    format!("no carrier rule for {key:?}: add one, and the next run takes it up")
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

kinds! { FailKind of
    /// Why a shipment will never be sent.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(tag = "reason", rename_all = "snake_case")]
    pub enum FailReason {
        /// The order is shipped with something else: possibly two parcels are under way.
        AlreadyShipped {
            /// The tracking that the channel has, if any.
            theirs: Option<String>,
        } = "already_shipped" => (
            "the order is already shipped {}: two parcels may be under way; compare by hand",
            theirs.as_ref().map_or("without our tracking".to_owned(), |theirs| format!("with tracking {theirs}"))
        ),
        /// The order was cancelled in the channel, and the goods are on their way.
        OrderCancelled = "order_cancelled" => (
            "the order was cancelled in the channel after the goods left: stop the parcel or talk to the buyer"
        ),
        /// The order no longer exists in the channel.
        OrderGone = "order_gone" => ("the order no longer exists in the channel: enter the tracking by hand"),
        /// The order was merged into another one.
        MergedInto {
            /// The surviving order.
            order: ChannelOrderId,
        } = "merged_into" => ("the order was merged into order {order}: enter the tracking there by hand"),
        /// A correction of something that the channel already has.
        AmendmentNotSupported = "amendment_not_supported" => (
            "the channel already has this shipment and cannot change it: correct it in its user interface"
        ),
        /// The order id is not one that this channel gives out.
        InvalidOrderId = "invalid_order_id" => ("the order id is not one of this channel: correct the shipment"),
        /// It was tried for too long.
        GaveUp {
            /// For how long it was tried.
            #[serde(with = "crate::duration_text")]
            after: Duration,
            /// What the last attempt said.
            last_error: String,
        } = "gave_up" => (
            "given up after {} h ({last_error}): enter the tracking by hand, or correct the shipment", after.as_secs() / 3600
        ),
        /// A value of a newer version.
        #[serde(untagged)]
        Unrecognized(reason: Unrecognized) = "unrecognized" => ("{reason}"),
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
