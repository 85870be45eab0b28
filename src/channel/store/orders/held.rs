//! Imported orders that wait for a person.

use serde::{Deserialize, Serialize};

use super::NewOrder;
use crate::{
    Timestamp,
    channel::{ChannelOrderId, HoldReason, record::record, shipping::StoreKey},
};

record! {
    /// An order that waits for a person. Its serde form is what stores keep; a store that keeps columns fills the members of a
    /// [new](Self::new) one.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct HeldOrder {
        /// The order.
        pub order: ChannelOrderId,
        /// Its number.
        pub number: String,
        /// Its store.
        pub store: Option<StoreKey> = None,
        /// The marketplace behind the store.
        pub marketplace: Option<String> = None,
        /// The country it goes to.
        pub country: Option<String> = None,
        /// Its shipping text.
        pub text: Option<String> = None,
        /// Why it waits.
        pub holds: Vec<HoldReason> = Vec::new(),
        /// When it was held.
        pub since: Timestamp,
    }
    /// An order of which nothing else is known.
    pub fn new(order: ChannelOrderId, number: impl Into<String>, since: Timestamp);
}

impl HeldOrder {
    /// What a store keeps to answer [`OrderStore::held`](super::OrderStore::held).
    pub fn of(order: &NewOrder) -> Self {
        Self {
            store: order.order.store.clone(),
            marketplace: order.order.marketplace.clone(),
            country: order.order.ship_to.country.clone(),
            text: order.order.shipping_text.clone(),
            holds: order.holds.clone(),
            ..Self::new(order.order.id.clone(), order.order.number.clone(), order.imported_at)
        }
    }

    /// Lifts the holds that are about shipping ([`HoldReason::is_about_shipping`]), provided that there are any and that the
    /// shipping text is still this one.
    pub fn apply_shipping(&mut self, text: Option<&str>) -> ApplyOutcome {
        if !self.holds.iter().any(HoldReason::is_about_shipping) {
            return ApplyOutcome::NoLongerHeld;
        }
        if self.text.as_deref() != text {
            return ApplyOutcome::Stale;
        }
        self.holds.retain(|hold| !hold.is_about_shipping());
        ApplyOutcome::Applied { still_held: !self.holds.is_empty() }
    }
}

/// The answer to [`OrderStore::apply_shipping`](super::OrderStore::apply_shipping).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApplyOutcome {
    /// The method is set; the order is ready, or held for other reasons only.
    Applied {
        /// Whether other reasons still hold it.
        still_held: bool,
    },
    /// The order's shipping text is another one now: nothing was changed.
    Stale,
    /// It no longer waits for a shipping method: nothing was changed.
    NoLongerHeld,
}
