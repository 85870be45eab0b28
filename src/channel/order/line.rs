//! The lines of an order, and what the buyer chose on them.

use serde::{Deserialize, Serialize};

use super::{ExtraMembers, Weight};
use crate::{
    Timestamp,
    channel::{ChannelProductId, LineId, ListingId, Money, money, record::record},
    shows::shows,
};

record! {
    /// A line of an order. `Debug` shows neither its name nor what the buyer chose: an engraving may stand in either.
    #[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct OrderLine {
        /// The channel's identity of the line.
        pub id: LineId,
        /// The store's own identity of the line, when it gave one.
        pub store_line_key: Option<String> = None,
        /// An item, or a discount or fee.
        pub kind: LineKind = LineKind::Item,
        /// The SKU as the host's settings choose it (the sold one, or the one to pick).
        pub sku: Option<String>,
        /// The SKU that was sold, as it came.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub sold_sku: Option<String> = None,
        /// The SKU that a fulfillment provider knows it by, as it came.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub fulfillment_sku: Option<String> = None,
        /// What was sold, in the store's words.
        pub name: Option<String> = None,
        /// How many. Zero and negative quantities occur and are not shippable.
        pub quantity: i64,
        /// The price of one; negative on discounts.
        #[serde(with = "money::text", default)]
        pub unit_price: Option<Money> = None,
        /// The tax on the line, when given.
        #[serde(with = "money::text", default)]
        pub tax: Option<Money> = None,
        /// The shipping on the line, when given.
        #[serde(with = "money::text", default, skip_serializing_if = "Option::is_none")]
        pub shipping: Option<Money> = None,
        /// The weight of one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub weight: Option<Weight> = None,
        /// Where it lies in the warehouse.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub warehouse_location: Option<String> = None,
        /// The address of a picture.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub image_url: Option<String> = None,
        /// The channel's product, once it has made one.
        pub product: Option<ChannelProductId> = None,
        /// The host's listing that is linked to it, if any.
        pub listing: Option<ListingId> = None,
        /// What the buyer chose (size, color).
        pub options: Vec<OrderOption> = Vec::new(),
        /// The bar code, when known.
        pub upc: Option<String> = None,
        /// When the line appeared in the channel.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp> = None,
        /// When the channel last changed it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub modified_at: Option<Timestamp> = None,
        /// What else the channel said about it, if the host asks for that.
        #[serde(default, skip_serializing_if = "ExtraMembers::is_empty")]
        pub extra: ExtraMembers = ExtraMembers::default(),
    }
    /// A line of goods.
    pub fn new(id: impl Into<LineId>, sku: Option<String>, quantity: i64);
}

impl OrderLine {
    /// Whether somebody has to put it into a parcel.
    pub fn is_shippable(&self) -> bool {
        self.kind == LineKind::Item && self.is_item()
    }

    pub(super) fn is_item(&self) -> bool {
        self.kind != LineKind::Adjustment && self.quantity > 0
    }

    pub(super) fn with_quantity(&self) -> LineQuantity {
        LineQuantity { line: self.id.clone(), quantity: self.quantity }
    }
}

shows! { |it: OrderLine| id, kind, sku, quantity, unit_price, product, listing, options = it.options.len() }

/// What a line stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LineKind {
    /// Something that is shipped.
    #[serde(alias = "goods")]
    Item,
    /// A discount or a fee: nothing is shipped.
    Adjustment,
    /// An item that nobody ships, as the host's [`ImportPolicy`](crate::channel::ImportPolicy) says: a gift wrap, a download.
    NotShippable,
}

record! {
    /// A choice that the buyer made on a line. `Debug` does not show it: an engraving may be a name.
    #[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct OrderOption {
        /// What was chosen ("Size").
        pub name: String,
        /// The choice ("XL").
        pub value: Option<String>,
    }
    /// A choice.
    pub fn new(name: impl Into<String>, value: Option<String>);
}

shows! { |_it: OrderOption| }

/// A quantity of one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineQuantity {
    /// The line.
    pub line: LineId,
    /// How many of it.
    pub quantity: i64,
}
