//! What ShipStation can do as a channel, and everything that the connector may change there. Values only.

use super::Settings;
use crate::channel::{Capabilities, Operation, OrderFeatures, RemoteWrite, ShipmentFeatures, Support};

/// What ShipStation can do as a channel, with these settings.
pub(super) fn capabilities(settings: &Settings) -> Capabilities {
    let supported = |needs| Support::Supported { match_on: &[], needs };
    let mut can = Capabilities::none("ShipStation", "");
    can.link_listings = Support::Supported { match_on: &["sku"], needs: &["listings"] };
    can.sync_listings = Support::NotSupported {
        why: "ShipStation holds no stock or prices of a store's listings",
        instead: Some(Operation::LinkListings),
    };
    can.publish_listings = Support::NotSupported {
        why: "ShipStation makes products by itself, from the orders it imports",
        instead: None,
    };
    can.get_orders = supported(&["shipping mappings"]);
    can.sync_shipments = supported(&["carrier rules"]);
    can.run_actions = supported(&["actions.enabled", "an ActionStore"]);
    can.shipping_mappings_recommended = true;
    can.order_features = order_features();
    can.shipment_features = shipment_features();
    can.ensure_webhooks = supported(&["webhook_secret"]);
    let without_actions = || WRITES.split_at(WRITES.len() - ONLY_BY_ACTIONS).0;
    can.writes = if settings.actions.enabled { WRITES } else { without_actions() };
    can
}

/// How many of the writes, at the end of their list, only actions make.
const ONLY_BY_ACTIONS: usize = 3;
/// Everything that the connector may change in ShipStation.
const WRITES: &[RemoteWrite] = &[
    RemoteWrite::AssignUser,
    RemoteWrite::AddTag,
    RemoteWrite::MarkShipped,
    RemoteWrite::SubscribeWebhook,
    RemoteWrite::RemoveWebhook,
    RemoteWrite::RemoveTag,
    RemoteWrite::HoldOrder,
    RemoteWrite::ReleaseOrder,
];

fn order_features() -> OrderFeatures {
    OrderFeatures {
        statuses: &[
            "awaiting_payment",
            "awaiting_shipment",
            "pending_fulfillment",
            "on_hold",
            "shipped",
            "cancelled",
        ],
        age_basis: &["created", "ordered", "paid", "modified"],
        tag: true,
        assign_user: true,
        store_filter: true,
        by_id: true,
        changes_only: true,
        back_fill: true,
    }
}

fn shipment_features() -> ShipmentFeatures {
    ShipmentFeatures {
        tracking_numbers: 1,
        carrier_required: true,
        notify: &["customer", "sales_channel"],
        ..ShipmentFeatures::default()
    }
}
