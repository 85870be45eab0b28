//! An order of a channel in neutral words. The fields that identify a person are masked in `Debug`.

use serde::{Deserialize, Serialize};

use super::{
    ChannelOrderId, ChannelProductId, ChannelUserId, LineId, ListingId, Money, money, shipping::StoreKey,
};
use crate::{Timestamp, shows::shows};

/// An order as the channel had it when it was read.
///
/// Texts are exactly as the channel sent them; nothing is trimmed or guessed. All times are UTC instants;
/// `None` means that the channel did not say.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChannelOrder {
    /// The channel's identity of the order.
    pub id: ChannelOrderId,
    /// The number that people use. Not unique.
    pub number: String,
    /// The key of the system that put the order into the channel. Not unique after a split.
    pub key: Option<String>,
    /// The store of the channel that the order came from.
    pub store: Option<StoreKey>,
    /// The marketplace behind the store ("Shopify", "Amazon"), when known.
    pub marketplace: Option<String>,
    /// The channel's own word for the state of the order.
    pub status: String,
    /// When the order appeared in the channel.
    pub created_at: Option<Timestamp>,
    /// When the buyer placed it, as the store said.
    pub ordered_at: Option<Timestamp>,
    /// When it was paid, as the store said.
    pub paid_at: Option<Timestamp>,
    /// When the channel last changed it.
    pub modified_at: Option<Timestamp>,
    /// Ship no later than this.
    pub ship_by: Option<Timestamp>,
    /// Who bought.
    pub buyer: Buyer,
    /// Where the goods go.
    pub ship_to: Address,
    /// Whom the bill goes to, when given.
    pub bill_to: Option<Address>,
    /// The lines, adjustments included.
    pub lines: Vec<OrderLine>,
    /// The sums as the channel gave them; they need not add up.
    pub totals: OrderTotals,
    /// The shipping method in the store's own words, untouched. `None` when the store gave none.
    pub shipping_text: Option<String>,
    /// The carrier chosen in the channel so far, if any.
    pub carrier_code: Option<String>,
    /// The service chosen in the channel so far, if any.
    pub service_code: Option<String>,
    /// The package type chosen in the channel so far, if any.
    pub package_code: Option<String>,
    /// Whether it is a gift.
    pub gift: bool,
    /// What to write on the gift card.
    pub gift_message: Option<String>,
    /// The buyer's note.
    pub customer_notes: Option<String>,
    /// The merchant's note.
    pub internal_notes: Option<String>,
    /// The tags on the order, by the channel's ids.
    pub tags: Vec<i64>,
    /// The person the order is assigned to in the channel.
    pub assigned_user: Option<ChannelUserId>,
    /// Relatives of the order.
    pub lineage: Lineage,
    /// The channel's free fields, in order.
    pub custom_fields: Vec<Option<String>>,
    /// Whether somebody outside the host fulfills it.
    pub externally_fulfilled: bool,
}

impl ChannelOrder {
    /// The order without what is its buyer's: user name, e-mail, addresses, gift message, notes, free fields, and of the lines their
    /// names and the buyer's choices. Ids, numbers, quantities, sums and the ship-to country stay.
    #[must_use]
    pub fn without_buyer(mut self) -> Self {
        self.buyer = Buyer::default();
        self.ship_to = Address { country: self.ship_to.country, ..Address::default() };
        self.bill_to = None;
        self.gift_message = None;
        self.customer_notes = None;
        self.internal_notes = None;
        self.custom_fields.clear();
        for line in &mut self.lines {
            line.name = None;
            line.options.clear();
        }
        self
    }

    /// An order with an identity and a number, and nothing else.
    pub fn new(id: impl Into<ChannelOrderId>, number: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            number: number.into(),
            key: None,
            store: None,
            marketplace: None,
            status: String::new(),
            created_at: None,
            ordered_at: None,
            paid_at: None,
            modified_at: None,
            ship_by: None,
            buyer: Buyer::default(),
            ship_to: Address::default(),
            bill_to: None,
            lines: Vec::new(),
            totals: OrderTotals::default(),
            shipping_text: None,
            carrier_code: None,
            service_code: None,
            package_code: None,
            gift: false,
            gift_message: None,
            customer_notes: None,
            internal_notes: None,
            tags: Vec::new(),
            assigned_user: None,
            lineage: Lineage::default(),
            custom_fields: Vec::new(),
            externally_fulfilled: false,
        }
    }

    /// The lines that somebody has to put into a parcel, with their quantities.
    pub fn shippable_lines(&self) -> impl Iterator<Item = LineQuantity> + '_ {
        self.lines
            .iter()
            .filter(|line| line.is_shippable())
            .map(|line| LineQuantity { line: line.id.clone(), quantity: line.quantity })
    }
}

shows! { |it: ChannelOrder| id, number, store, status, created_at, lines = it.lines.len() }

/// Who bought. `Debug` shows nothing of it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Buyer {
    /// The login name in the store.
    pub username: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
}

shows! { |_it: Buyer| }

/// A postal address. `Debug` shows the country only.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Address {
    /// The person.
    pub name: Option<String>,
    /// The company.
    pub company: Option<String>,
    /// First street line.
    pub street1: Option<String>,
    /// Second street line.
    pub street2: Option<String>,
    /// Third street line.
    pub street3: Option<String>,
    /// The city.
    pub city: Option<String>,
    /// The state or province; two letters in the US and Canada.
    pub state: Option<String>,
    /// The postal code.
    pub postal_code: Option<String>,
    /// The country, two letters.
    pub country: Option<String>,
    /// The telephone number.
    pub phone: Option<String>,
    /// Whether it is a home, when known.
    pub residential: Option<bool>,
}

// Where two letters are not given, it may be anything.
shows! { |it: Address| country = it.country.as_deref().filter(|country| country.len() == 2) }

/// A line of an order. `Debug` shows neither its name nor what the buyer chose: an engraving may stand in either.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OrderLine {
    /// The channel's identity of the line.
    pub id: LineId,
    /// The store's own identity of the line, when it gave one.
    pub store_line_key: Option<String>,
    /// An item, or a discount or fee.
    pub kind: LineKind,
    /// The SKU as the host's settings choose it (the sold one, or the one to pick).
    pub sku: Option<String>,
    /// What was sold, in the store's words.
    pub name: Option<String>,
    /// How many. Zero and negative quantities occur and are not shippable.
    pub quantity: i64,
    /// The price of one; negative on discounts.
    #[serde(with = "money::text", default)]
    pub unit_price: Option<Money>,
    /// The tax on the line, when given.
    #[serde(with = "money::text", default)]
    pub tax: Option<Money>,
    /// The channel's product, once it has made one.
    pub product: Option<ChannelProductId>,
    /// The host's listing that is linked to it, if any.
    pub listing: Option<ListingId>,
    /// What the buyer chose (size, color).
    pub options: Vec<OrderOption>,
    /// The bar code, when known.
    pub upc: Option<String>,
}

impl OrderLine {
    /// A line of goods.
    pub fn new(id: impl Into<LineId>, sku: Option<String>, quantity: i64) -> Self {
        Self {
            id: id.into(),
            store_line_key: None,
            kind: LineKind::Item,
            sku,
            name: None,
            quantity,
            unit_price: None,
            tax: None,
            product: None,
            listing: None,
            options: Vec::new(),
            upc: None,
        }
    }

    /// Whether somebody has to put it into a parcel.
    pub fn is_shippable(&self) -> bool {
        self.kind == LineKind::Item && self.quantity > 0
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
}

/// A choice that the buyer made on a line. `Debug` does not show it: an engraving may be a name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OrderOption {
    /// What was chosen ("Size").
    pub name: String,
    /// The choice ("XL").
    pub value: Option<String>,
}

shows! { |_it: OrderOption| }

impl OrderOption {
    /// A choice.
    pub fn new(name: impl Into<String>, value: Option<String>) -> Self {
        Self { name: name.into(), value }
    }
}

/// The sums of an order. `None` is "not said", which is not zero.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OrderTotals {
    /// What the buyer owes in all.
    #[serde(with = "money::text", default)]
    pub total: Option<Money>,
    /// What the buyer has paid.
    #[serde(with = "money::text", default)]
    pub paid: Option<Money>,
    /// Tax on the order.
    #[serde(with = "money::text", default)]
    pub tax: Option<Money>,
    /// Shipping charged to the buyer.
    #[serde(with = "money::text", default)]
    pub shipping: Option<Money>,
}

/// A quantity of one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineQuantity {
    /// The line.
    pub line: LineId,
    /// How many of it.
    pub quantity: i64,
}

/// The relatives of an order: it may have been split off another one or have absorbed others in a merge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Lineage {
    /// The order that this one was split off.
    pub parent: Option<ChannelOrderId>,
    /// The orders that were merged into this one or split off it.
    pub merged: Vec<ChannelOrderId>,
}
