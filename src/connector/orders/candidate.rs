//! An order on its way into the host.

use crate::channel::{ChannelOrder, HoldReason, OrderFingerprint, shipping::ShippingResolution};

/// An order that is to be imported.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) order: ChannelOrder,
    pub(super) holds: Vec<HoldReason>,
    pub(super) fingerprint: Option<OrderFingerprint>,
    pub(super) shipping: ShippingResolution,
}
