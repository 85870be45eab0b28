//! Shipments that go back to the channel: what left, and the key of its row in the outbox. The states that each one
//! passes through stand beside this file, so that every store refuses the same illegal steps.

mod reason;
mod state;
mod step;

use serde::{Deserialize, Serialize};

pub use self::{
    reason::{BlockKind, BlockReason, FailKind, FailReason, RetryClass, SupersedeReason},
    state::{NotificationStatus, ShipmentState, ShipmentStateKind},
    step::IllegalTransition,
};
use super::{ChannelOrderId, LineQuantity, ShipmentId};
use crate::{
    Timestamp,
    channel::{record::record, wording::says},
    setters::setters,
    shows::shows,
};

record! {
    /// One shipment of the host: some or all of an order, in one or more parcels.
    #[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct Shipment {
        /// The host's identity of the shipment.
        pub id: ShipmentId,
        /// Grows when the host corrects the shipment. `(id, revision)` is unique.
        pub revision: u32 = 1,
        /// The order that it belongs to.
        pub order: ChannelOrderId,
        /// The order's number, for people.
        pub order_number: Option<String> = None,
        /// When the goods left.
        pub shipped_at: Timestamp,
        /// The carrier, in the host's words.
        pub carrier: Option<String> = Some(carrier.into()),
        /// The service, in the host's words; may choose between carrier rules.
        pub method: Option<String> = None,
        /// The parcels, in the host's order.
        pub packages: Vec<Package> = vec![Package { tracking: Some(tracking.into()), quantity: None }],
        /// What is inside. Empty means "all that was left of the order".
        pub lines: Vec<LineQuantity> = Vec::new(),
        /// Set when the shipment must not be reported to the channel, with the reason.
        pub suppressed: Option<String> = None,
        /// Set when the host takes the shipment back.
        pub voided: bool = false,
    }
    /// A shipment of the whole order.
    pub fn new(
        id: impl Into<ShipmentId>,
        order: impl Into<ChannelOrderId>,
        shipped_at: Timestamp,
        carrier: impl Into<String>,
        tracking: impl Into<String>
    );
}

impl Shipment {
    setters! {
        /// The order's number, for people.
        order_number(number: impl Into<String>) => order_number = Some(number.into());
        /// What is inside.
        lines(lines: Vec<LineQuantity>) => lines = lines;
        /// The parcels.
        packages(packages: Vec<Package>) => packages = packages;
        /// The service, in the host's words.
        method(method: impl Into<String>) => method = Some(method.into());
        /// The shipment must not be reported to the channel, for this reason.
        suppressed(why: impl Into<String>) => suppressed = Some(why.into());
        /// The host takes the shipment back. Meant for a new [revision](method@Self::revision) of it.
        voided() => voided = true;
        /// A correction of an earlier revision.
        revision(revision: u32) => revision = revision;
    }

    /// The key of its row in the outbox.
    pub fn outbox_id(&self) -> OutboxId {
        OutboxId { shipment: self.id.clone(), revision: self.revision }
    }
}

shows! { |it: Shipment| id, revision, order, shipped_at, carrier, packages = it.packages.len() }

record! {
    /// A parcel of a shipment.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct Package {
        /// The carrier's tracking number.
        pub tracking: Option<String> = Some(tracking.into()),
        /// How many items are inside, when the host knows.
        pub quantity: Option<i64> = None,
    }
    /// A parcel with a tracking number.
    pub fn new(tracking: impl Into<String>);
}

impl Package {
    setters! {
        /// How many items are inside.
        quantity(quantity: i64) => quantity = Some(quantity);
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

says! { |it: OutboxId| "{} (revision {})", it.shipment, it.revision }
