//! What a channel can do, and whether this connection is ready to do it. Values only; computed without I/O.

use serde::Serialize;

use crate::{channel::record::record, named_enum::named_enum};

named_enum! {
    /// An operation of a channel.
    Operation {
        /// Match the host's listings with the channel's products.
        LinkListings = "link_listings",
        /// Send stock and prices of linked listings.
        SyncListings = "sync_listings",
        /// Create products on the channel.
        PublishListings = "publish_listings",
        /// Import new orders.
        GetOrders = "get_orders",
        /// Send shipments back.
        SyncShipments = "sync_shipments",
        /// Release held orders after a mapping changed.
        ResolveHeld = "resolve_held",
        /// Import orders that somebody names, apart from the runs that read the whole window.
        ImportOrder = "import_order",
        /// Import what changed since the last look, between two runs that read the whole window.
        GetChanges = "get_changes",
        /// Import orders of a time that the window does not cover.
        BackFill = "back_fill",
        /// Keep the subscriptions of webhooks in order.
        EnsureWebhooks = "ensure_webhooks",
        /// Do to orders in the channel what the host wants done: hold, release, tag.
        RunActions = "run_actions",
    }
}

record! {
    /// Everything that a channel can and cannot do.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    pub struct Capabilities {
        /// The channel's name, for people.
        pub channel: &'static str,
        /// Linking: supported, and on what it matches.
        pub link_listings: Support = cannot(why),
        /// Sending stock and prices.
        pub sync_listings: Support = cannot(why),
        /// Creating products.
        pub publish_listings: Support = cannot(why),
        /// Importing orders.
        pub get_orders: Support = cannot(why),
        /// What importing can filter by and do.
        pub order_features: OrderFeatures = OrderFeatures::default(),
        /// Sending shipments.
        pub sync_shipments: Support = cannot(why),
        /// What a shipment can carry.
        pub shipment_features: ShipmentFeatures = ShipmentFeatures::default(),
        /// Subscribing to what the channel posts.
        pub ensure_webhooks: Support = cannot(why),
        /// Holding, releasing and tagging orders.
        pub run_actions: Support = cannot(why),
        /// Whether shipping mappings should be configured first: without them orders are imported and held, and shipments are
        /// blocked.
        pub shipping_mappings_recommended: bool = false,
        /// The complete list of things that the crate can change on the channel.
        pub writes: &'static [RemoteWrite] = &[],
    }
    /// A channel that can do nothing, to be filled in.
    pub fn none(channel: &'static str, why: &'static str);
}

fn cannot(why: &'static str) -> Support {
    Support::NotSupported { why, instead: None }
}

impl Capabilities {
    /// Whether the channel can do `operation` at all.
    pub fn support(&self, operation: Operation) -> &Support {
        match operation {
            Operation::LinkListings => &self.link_listings,
            Operation::SyncListings => &self.sync_listings,
            Operation::PublishListings => &self.publish_listings,
            Operation::GetOrders
            | Operation::ResolveHeld
            | Operation::ImportOrder
            | Operation::GetChanges
            | Operation::BackFill => &self.get_orders,
            Operation::SyncShipments => &self.sync_shipments,
            Operation::EnsureWebhooks => &self.ensure_webhooks,
            Operation::RunActions => &self.run_actions,
        }
    }
}

/// Whether a channel can do something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "support", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Support {
    /// It can.
    Supported {
        /// On what things are matched ("sku"), where that is a question.
        match_on: &'static [&'static str],
        /// What should be configured first.
        needs: &'static [&'static str],
    },
    /// It cannot.
    NotSupported {
        /// Why it cannot.
        why: &'static str,
        /// What to do instead.
        instead: Option<Operation>,
    },
}

impl Support {
    /// Whether it can.
    pub fn is_supported(&self) -> bool {
        matches!(self, Self::Supported { .. })
    }
}

/// What importing orders can do.
#[expect(clippy::struct_excessive_bools, reason = "a list of independent facts, read by name")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OrderFeatures {
    /// The states that can be asked for.
    pub statuses: &'static [&'static str],
    /// The dates that an order's age can be counted from.
    pub age_basis: &'static [&'static str],
    /// Whether one tag can be required.
    pub tag: bool,
    /// Whether imported orders can be assigned to a user of the channel.
    pub assign_user: bool,
    /// Whether stores can be chosen.
    pub store_filter: bool,
    /// Whether one order can be imported by its id.
    pub by_id: bool,
    /// Whether what changed since a last look can be read alone.
    pub changes_only: bool,
    /// Whether the orders of any stretch of time can be read.
    pub back_fill: bool,
}

/// What a shipment can tell the channel.
#[expect(clippy::struct_excessive_bools, reason = "a list of independent facts, read by name")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ShipmentFeatures {
    /// Whether part of an order can be marked shipped.
    pub partial_orders: bool,
    /// How many tracking numbers an order can carry.
    pub tracking_numbers: u32,
    /// Whether a carrier is required.
    pub carrier_required: bool,
    /// Whether the service can be given.
    pub service: bool,
    /// Whether a sent shipment can be changed.
    pub amend: bool,
    /// Whether a sent shipment can be taken back.
    pub cancel: bool,
    /// Whom the channel can notify.
    pub notify: &'static [&'static str],
}

/// Something that the crate can change on the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RemoteWrite {
    /// Assign a user to an imported order.
    AssignUser,
    /// Put a tag on an imported order: the acknowledgement tag, where configured, or one that the host asks for.
    AddTag,
    /// Take a tag off an imported order, as the host asks.
    RemoveTag,
    /// Hold an imported order, as the host asks.
    HoldOrder,
    /// Release an imported order from its hold, as the host asks.
    ReleaseOrder,
    /// Mark an order as shipped.
    MarkShipped,
    /// Subscribe a webhook of the connection's name, when asked to.
    SubscribeWebhook,
    /// Remove a webhook of the connection's name, when asked to.
    RemoveWebhook,
}

/// Whether a connection is configured for an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "readiness", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Readiness {
    /// It is.
    Ready,
    /// Something is missing.
    NotConfigured {
        /// The settings, by name.
        missing: Vec<String>,
    },
    /// The channel cannot do it, or the host has switched it off.
    Disabled {
        /// Why it is not ready.
        why: String,
    },
}
