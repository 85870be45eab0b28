//! Shipments that go back to the channel, and the states that each one passes through.
//!
//! The state machine stands here, beside the contract, so that every store refuses the same illegal steps.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::{ChannelOrderId, LineQuantity, ShipmentId};
use crate::Timestamp;

/// One shipment of the host: some or all of an order, in one or more parcels.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Shipment {
    /// The host's identity of the shipment.
    pub id: ShipmentId,
    /// Grows when the host corrects the shipment. `(id, revision)` is unique.
    pub revision: u32,
    /// The order that it belongs to.
    pub order: ChannelOrderId,
    /// The order's number, for people.
    pub order_number: Option<String>,
    /// When the goods left.
    pub shipped_at: Timestamp,
    /// The carrier, in the host's words.
    pub carrier: Option<String>,
    /// The service, in the host's words; may choose between carrier rules.
    pub method: Option<String>,
    /// The parcels, in the host's order.
    pub packages: Vec<Package>,
    /// What is inside. Empty means "all that was left of the order".
    pub lines: Vec<LineQuantity>,
    /// Set when the channel must not be told, with the reason.
    pub suppressed: Option<String>,
    /// Set when the host takes the shipment back.
    pub voided: bool,
}

impl Shipment {
    /// A shipment of the whole order.
    pub fn new(
        id: impl Into<ShipmentId>,
        order: impl Into<ChannelOrderId>,
        shipped_at: Timestamp,
        carrier: impl Into<String>,
        tracking: impl Into<String>,
    ) -> Self {
        Self {
            id: id.into(),
            revision: 1,
            order: order.into(),
            order_number: None,
            shipped_at,
            carrier: Some(carrier.into()),
            method: None,
            packages: vec![Package { tracking: Some(tracking.into()), quantity: None }],
            lines: Vec::new(),
            suppressed: None,
            voided: false,
        }
    }

    /// The order's number, for people.
    #[must_use]
    pub fn order_number(mut self, number: impl Into<String>) -> Self {
        self.order_number = Some(number.into());
        self
    }

    /// What is inside.
    #[must_use]
    pub fn lines(mut self, lines: Vec<LineQuantity>) -> Self {
        self.lines = lines;
        self
    }

    /// The parcels.
    #[must_use]
    pub fn packages(mut self, packages: Vec<Package>) -> Self {
        self.packages = packages;
        self
    }

    /// The service, in the host's words.
    #[must_use]
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// The channel must not be told, for this reason.
    #[must_use]
    pub fn suppressed(mut self, why: impl Into<String>) -> Self {
        self.suppressed = Some(why.into());
        self
    }

    /// The host takes the shipment back. Meant for a new [revision](method@Self::revision) of it.
    #[must_use]
    pub fn voided(mut self) -> Self {
        self.voided = true;
        self
    }

    /// A correction of an earlier revision.
    #[must_use]
    pub fn revision(mut self, revision: u32) -> Self {
        self.revision = revision;
        self
    }

    /// The key of its row in the outbox.
    pub fn outbox_id(&self) -> OutboxId {
        OutboxId { shipment: self.id.clone(), revision: self.revision }
    }
}

impl fmt::Debug for Shipment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shipment")
            .field("id", &self.id)
            .field("revision", &self.revision)
            .field("order", &self.order)
            .field("shipped_at", &self.shipped_at)
            .field("carrier", &self.carrier)
            .field("packages", &self.packages.len())
            .finish_non_exhaustive()
    }
}

/// A parcel of a shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Package {
    /// The carrier's tracking number.
    pub tracking: Option<String>,
    /// How many items are inside, when the host knows.
    pub quantity: Option<i64>,
}

impl Package {
    /// A parcel with a tracking number.
    pub fn new(tracking: impl Into<String>) -> Self {
        Self { tracking: Some(tracking.into()), quantity: None }
    }

    /// How many items are inside.
    #[must_use]
    pub fn quantity(mut self, quantity: i64) -> Self {
        self.quantity = Some(quantity);
        self
    }
}

/// The key of a row of the outbox, unique within a connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OutboxId {
    /// The host's shipment.
    pub shipment: ShipmentId,
    /// Its revision.
    pub revision: u32,
}

impl fmt::Display for OutboxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (revision {})", self.shipment, self.revision)
    }
}

/// Where a shipment stands.
///
/// ```text
/// Pending -> Sending -> Sent -> Confirmed
///    |          |  \--> Unknown -> Confirmed | Pending | Failed
///    |          \--> RetryWait -> Sending
///    |--> Waiting | Blocked          a later shipment, or a person, must come first
///    |--> Failed                     can never work
///    \--> Suppressed | Superseded | Cancelled      closed without sending
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ShipmentState {
    /// Nothing has been done yet.
    Pending,
    /// The rest of the order has not shipped.
    Waiting {
        /// What is missing.
        missing: Vec<LineQuantity>,
    },
    /// A person must change something first.
    Blocked {
        /// What it is.
        reason: BlockReason,
    },
    /// Nothing reached the channel, or the channel asked to come back: try again later.
    RetryWait {
        /// Not before this.
        until: Timestamp,
        /// Why.
        class: RetryClass,
    },
    /// A request may be on its way. Durable before the request leaves.
    Sending {
        /// Which attempt, from 1.
        attempt: u32,
        /// Of what is sent, to recognise it.
        payload_hash: u64,
        /// Since when.
        since: Timestamp,
    },
    /// It is not known whether the channel has it: look before anything is sent again.
    Unknown {
        /// Since when.
        since: Timestamp,
        /// How many times it was looked for and not found.
        checks: u32,
        /// When it was last looked for.
        last_check: Option<Timestamp>,
    },
    /// The channel said yes. Never sent again.
    Sent {
        /// When it said so.
        at: Timestamp,
    },
    /// The channel shows our tracking number.
    Confirmed {
        /// The channel's record of it, when it has one.
        record: Option<String>,
        /// What became of the notice to the store.
        marketplace: Marketplace,
        /// Whether it was there before we sent anything.
        already_there: bool,
    },
    /// Given up, or can never work.
    Failed {
        /// Why.
        reason: FailReason,
    },
    /// The host said not to tell the channel.
    Suppressed {
        /// The host's reason.
        why: String,
    },
    /// Another shipment speaks for it.
    Superseded {
        /// Which.
        reason: SupersedeReason,
    },
    /// The host took it back before it was sent.
    Cancelled,
}

impl ShipmentState {
    /// A short stable name, for counts and for stores.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Waiting { .. } => "waiting",
            Self::Blocked { .. } => "blocked",
            Self::RetryWait { .. } => "retry_wait",
            Self::Sending { .. } => "sending",
            Self::Unknown { .. } => "unknown",
            Self::Sent { .. } => "sent",
            Self::Confirmed { .. } => "confirmed",
            Self::Failed { .. } => "failed",
            Self::Suppressed { .. } => "suppressed",
            Self::Superseded { .. } => "superseded",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing will ever happen to it again.
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

    /// Whether the channel may have been told, so that nothing may be sent without looking.
    pub fn is_in_flight(&self) -> bool {
        matches!(self, Self::Sending { .. } | Self::Unknown { .. } | Self::Sent { .. })
    }

    /// Whether it can be looked at for sending at `now`.
    ///
    /// A row that is blocked on something only a person can change (an unmapped carrier) is not due until it
    /// is unblocked; one that is blocked on the order's state is, because the order may change by itself.
    pub fn is_due(&self, now: Timestamp) -> bool {
        match self {
            Self::Pending | Self::Waiting { .. } => true,
            Self::RetryWait { until, .. } => *until <= now,
            Self::Blocked { reason } => reason.unblock_key().is_none(),
            _ => false,
        }
    }

    /// The state after the step to `next`.
    ///
    /// # Errors
    /// [`IllegalTransition`] when the step is not one of the diagram's. Staying in the same state with newer
    /// facts is allowed, so that repeating a record after a crash is harmless.
    pub fn step(&self, next: Self) -> Result<Self, IllegalTransition> {
        if self.allows(&next) {
            Ok(next)
        } else {
            Err(IllegalTransition { from: self.name(), to: next.name() })
        }
    }

    fn allows(&self, next: &Self) -> bool {
        use ShipmentState as S;
        if self == next {
            return true;
        }
        match self {
            S::Pending | S::Waiting { .. } | S::Blocked { .. } | S::RetryWait { .. } => {
                !matches!(next, S::Unknown { .. } | S::Sent { .. })
            }
            S::Sending { .. } => matches!(
                next,
                S::Sent { .. }
                    | S::Unknown { .. }
                    | S::RetryWait { .. }
                    | S::Blocked { .. }
                    | S::Failed { .. }
            ),
            S::Unknown { .. } => {
                matches!(next, S::Unknown { .. } | S::Confirmed { .. } | S::Pending | S::Failed { .. })
            }
            S::Sent { .. } => matches!(next, S::Confirmed { .. }),
            // The notice to the store is asynchronous: its fate may become known after the confirmation.
            S::Confirmed { .. } => matches!(next, S::Confirmed { .. }),
            S::Failed { .. } | S::Suppressed { .. } | S::Superseded { .. } | S::Cancelled => false,
        }
    }
}

/// A step that the state machine does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a shipment cannot go from {from} to {to}")]
#[non_exhaustive]
pub struct IllegalTransition {
    /// The state it was in.
    pub from: &'static str,
    /// The state it was to be in.
    pub to: &'static str,
}

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
        /// The channel's words.
        message: String,
    },
}

impl BlockReason {
    /// The key with which [`ShipmentStore::unblock`](super::store::ShipmentStore::unblock) releases it;
    /// `None` when it is looked at again by itself.
    pub fn unblock_key(&self) -> Option<&str> {
        match self {
            Self::UnmappedCarrier { key } => Some(key),
            Self::NoTracking => Some("no_tracking"),
            Self::OrderNotShippable { .. } => None,
            Self::Refused { .. } => Some("refused"),
        }
    }

    /// A short stable name, for counts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnmappedCarrier { .. } => "unmapped_carrier",
            Self::NoTracking => "no_tracking",
            Self::OrderNotShippable { .. } => "order_not_shippable",
            Self::Refused { .. } => "refused",
        }
    }
}

impl fmt::Display for BlockReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnmappedCarrier { key } => {
                write!(f, "no carrier rule for {key:?}: add one, then unblock it")
            }
            Self::NoTracking => f.write_str("no tracking number: add one, or allow shipments without"),
            Self::OrderNotShippable { status } => {
                write!(
                    f,
                    "the order is {status}: release it in the channel; it is looked at again in every run"
                )
            }
            Self::Refused { message } => write!(f, "the channel refused it: {message}"),
        }
    }
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
}

/// What became of the notice that the channel gives to the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Marketplace {
    /// The channel does not say.
    Unknown,
    /// Not given yet.
    Pending,
    /// The store has been told.
    Notified,
    /// The store could not be told.
    Failed {
        /// The channel's words.
        message: String,
    },
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
        /// For how long.
        after: Duration,
        /// What the last attempt said.
        last_error: String,
    },
}

impl FailReason {
    /// A short stable name, for counts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AlreadyShipped { .. } => "already_shipped",
            Self::OrderCancelled => "order_cancelled",
            Self::OrderGone => "order_gone",
            Self::MergedInto { .. } => "merged_into",
            Self::AmendmentNotSupported => "amendment_not_supported",
            Self::InvalidOrderId => "invalid_order_id",
            Self::GaveUp { .. } => "gave_up",
        }
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
                write!(f, "given up after {} h: {last_error}", after.as_secs() / 3600)
            }
        }
    }
}

/// Which shipment speaks for a superseded one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
#[non_exhaustive]
pub enum SupersedeReason {
    /// Its order was marked shipped with another shipment's tracking.
    ConveyedWith {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<ShipmentState> {
        let t = Timestamp::UNIX_EPOCH;
        vec![
            ShipmentState::Pending,
            ShipmentState::Waiting { missing: Vec::new() },
            ShipmentState::Blocked { reason: BlockReason::NoTracking },
            ShipmentState::RetryWait { until: t, class: RetryClass::RateLimited },
            ShipmentState::Sending { attempt: 1, payload_hash: 1, since: t },
            ShipmentState::Unknown { since: t, checks: 0, last_check: None },
            ShipmentState::Sent { at: t },
            ShipmentState::Confirmed {
                record: None,
                marketplace: Marketplace::Unknown,
                already_there: false,
            },
            ShipmentState::Failed { reason: FailReason::OrderGone },
            ShipmentState::Suppressed { why: String::new() },
            ShipmentState::Superseded { reason: SupersedeReason::AlreadyMarkedShipped },
            ShipmentState::Cancelled,
        ]
    }

    #[test]
    fn nothing_that_may_have_been_sent_can_be_sent_again_without_a_look() {
        let sending = ShipmentState::Sending { attempt: 2, payload_hash: 1, since: Timestamp::UNIX_EPOCH };
        for state in all().into_iter().filter(|state| state.is_in_flight() || state.is_closed()) {
            assert!(state.step(sending.clone()).is_err(), "{} must not go to sending", state.name());
        }
    }

    #[test]
    fn closed_states_stay_closed() {
        for state in all().into_iter().filter(ShipmentState::is_closed) {
            for next in all().into_iter().filter(|next| next.name() != state.name()) {
                assert!(state.step(next.clone()).is_err(), "{} -> {}", state.name(), next.name());
            }
        }
    }

    #[test]
    fn repeating_a_record_is_harmless() {
        for state in all() {
            assert_eq!(state.step(state.clone()), Ok(state.clone()));
        }
    }

    #[test]
    fn only_a_request_that_went_out_becomes_sent_or_unknown() {
        for state in all().into_iter().filter(|s| !s.is_in_flight()) {
            let sent = ShipmentState::Sent { at: Timestamp::UNIX_EPOCH + Duration::from_secs(1) };
            assert!(state.step(sent).is_err(), "{}", state.name());
        }
    }

    #[test]
    fn the_steps_are_those_of_the_table() {
        let not_sent = [
            "pending",
            "waiting",
            "blocked",
            "retry_wait",
            "sending",
            "confirmed",
            "failed",
            "suppressed",
            "superseded",
            "cancelled",
        ];
        let table: [(&str, &[&str]); 6] = [
            ("pending", &not_sent),
            ("waiting", &not_sent),
            ("sending", &["sending", "sent", "unknown", "retry_wait", "blocked", "failed"]),
            ("unknown", &["unknown", "confirmed", "pending", "failed"]),
            ("sent", &["sent", "confirmed"]),
            ("confirmed", &["confirmed"]),
        ];
        for (from, allowed) in table {
            let state = all().into_iter().find(|state| state.name() == from).unwrap();
            for next in all() {
                let legal = state.step(next.clone()).is_ok();
                assert_eq!(legal, allowed.contains(&next.name()), "{from} -> {}", next.name());
            }
        }
    }
}
