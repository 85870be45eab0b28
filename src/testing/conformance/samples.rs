//! What the checks store: synthetic orders, shipments, links and texts.

use std::time::Duration;

use crate::{
    Timestamp,
    channel::{
        Address, Buyer, ChannelOrder, HoldReason, OrderLine, Shipment,
        shipping::ShippingResolution,
        store::{NewFollowUp, NewOrder, OrderFailure, WorkKind},
    },
};

/// Texts that a store must keep apart and give back as they are. Keys with odd collations, trimming, folding or
/// normalization confuse some of them.
pub(super) const ODD_TEXTS: [&str; 16] = [
    "a",
    "A",
    "a ",
    " a",
    "ä",
    "a\u{308}",
    "ß",
    "ss",
    "7",
    "007",
    "%",
    "_",
    "'; --",
    "\"\\",
    "日本語 🚚",
    "x\ty\nz",
];

/// This many seconds after a Monday morning.
pub(super) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix_seconds(1_772_442_000) + Duration::from_secs(seconds)
}

pub(super) fn order(id: &str) -> ChannelOrder {
    let mut order = ChannelOrder::new(id, format!("N-{id}"));
    order.store = Some("12".into());
    order.marketplace = Some("Shopify".to_owned());
    order.status = "awaiting_shipment".into();
    order.modified_at = Some(at(5));
    order.buyer = Buyer { email: Some("buyer@example.com".to_owned()), ..Buyer::default() };
    order.ship_to =
        Address { name: Some("Test Buyer".to_owned()), country: Some("US".to_owned()), ..Address::default() };
    order.lines = vec![OrderLine::new("1", Some("SKU-1".to_owned()), 2), OrderLine::new("2", None, 0)];
    order.lineage.parent = Some("90".into());
    order.lineage.merged = vec!["91".into(), "92".into()];
    order
}

/// An order that is ready, with both follow-ups.
pub(super) fn ready(id: &str, imported: Timestamp) -> NewOrder {
    let mut new = NewOrder::new(order(id), ShippingResolution::NoText, 3, imported);
    new.follow_ups = vec![
        NewFollowUp::new(WorkKind::AssignUser, Some("before".into())),
        NewFollowUp::new(WorkKind::AddTag, None),
    ];
    new
}

/// An order that is ready and leaves nothing to do.
pub(super) fn plain(id: &str) -> NewOrder {
    NewOrder { follow_ups: Vec::new(), ..ready(id, at(1)) }
}

/// An order that waits for a shipping rule.
pub(super) fn held(id: &str, text: &str) -> NewOrder {
    let mut new = plain(id);
    new.order.shipping_text = Some(text.to_owned());
    new.shipping = ShippingResolution::Unmapped { text: text.to_owned() };
    new.holds = vec![HoldReason::UnmappedShipping { text: text.to_owned() }];
    new
}

pub(super) fn failure(id: &str, when: Timestamp, next: Timestamp) -> OrderFailure {
    OrderFailure::new(id.into(), format!("N-{id}"), "no ship-to address", true, when, next)
}

pub(super) fn shipment(id: &str, order: &str, shipped_at: Timestamp) -> Shipment {
    Shipment::new(id, order, shipped_at, "UPS", format!("1Z{id}")).order_number(format!("N-{order}"))
}
