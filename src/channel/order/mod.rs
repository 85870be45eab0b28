//! An order of a channel in neutral words. The fields that identify a person are masked in `Debug`.

mod customs;
mod extra;
mod handling;
mod line;
mod parties;

use serde::{Deserialize, Serialize};

pub use self::{
    customs::{Customs, CustomsContents, CustomsItem, NonDelivery},
    extra::ExtraMembers,
    handling::{
        Confirmation, Dimensions, Handling, Insurance, InsuranceProvider, LengthUnit, Weight, WeightUnit,
    },
    line::{LineKind, LineQuantity, OrderLine, OrderOption},
    parties::{Address, AddressVerification, BillingParty, Buyer, CarrierBilling, ExternalFulfiller},
};
use super::{
    CalendarDate, ChannelOrderId, ChannelUserId, ChannelWarehouseId, Money, money, shipping::StoreKey,
};
use crate::{Timestamp, channel::record::record, shows::shows};

/// Declares open enumerations that are kept as their text.
macro_rules! open_words {
    ($($(#[$meta:meta])* pub enum $name:ident { $($variants:tt)* })+) => {
        $crate::open_enum::open_enum! { $($(#[$meta])* pub enum $name { $($variants)* })+ }

        $(
            impl serde::Serialize for $name {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.serialize_str(self.as_str())
                }
            }

            impl<'de> serde::Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    String::deserialize(deserializer).map(Self::from)
                }
            }
        )+
    };
}
use open_words;

/// Whether there is nothing in it that a reader would not put there by itself.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A code of two letters; where a country is not given as one, it may be anything.
fn two_letters(country: Option<&String>) -> Option<&str> {
    country.map(String::as_str).filter(|country| country.len() == 2)
}

record! {
    /// An order as the channel had it when it was read.
    ///
    /// Texts are exactly as the channel sent them; nothing is trimmed or guessed. All times are UTC instants;
    /// `None` means that the channel did not say.
    #[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct ChannelOrder {
        /// The channel's identity of the order.
        pub id: ChannelOrderId,
        /// The number that people use. Not unique.
        pub number: String,
        /// The key of the system that put the order into the channel. Not unique after a split.
        pub key: Option<String> = None,
        /// The store of the channel that the order came from.
        pub store: Option<StoreKey> = None,
        /// What people call that store, when known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub store_name: Option<String> = None,
        /// The marketplace behind the store ("Shopify", "Amazon"). Where the channel's list of stores does not say, it is the
        /// [source](Self::source).
        pub marketplace: Option<String> = None,
        /// Where the order came from, in the order's own words: mostly a marketplace, in the spelling of whoever wrote it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub source: Option<String> = None,
        /// The channel's own word for the state of the order.
        pub status: String = String::new(),
        /// When the order appeared in the channel.
        pub created_at: Option<Timestamp> = None,
        /// When the buyer placed it, as the store said.
        pub ordered_at: Option<Timestamp> = None,
        /// When it was paid, as the store said.
        pub paid_at: Option<Timestamp> = None,
        /// When the channel last changed it.
        pub modified_at: Option<Timestamp> = None,
        /// Ship no later than this.
        pub ship_by: Option<Timestamp> = None,
        /// The day on which it is to ship, or has shipped.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub ship_on: Option<CalendarDate> = None,
        /// The day until which it is held in the channel.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub hold_until: Option<CalendarDate> = None,
        /// Who bought.
        pub buyer: Buyer = Buyer::default(),
        /// Where the goods go.
        pub ship_to: Address = Address::default(),
        /// Whom the bill goes to, when given.
        pub bill_to: Option<Address> = None,
        /// The lines, adjustments included.
        pub lines: Vec<OrderLine> = Vec::new(),
        /// The sums as the channel gave them; they need not add up.
        pub totals: OrderTotals = OrderTotals::default(),
        /// How it was paid, in the store's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub payment_method: Option<String> = None,
        /// The shipping method in the store's own words, untouched. `None` when the store gave none.
        pub shipping_text: Option<String> = None,
        /// The carrier chosen in the channel so far, if any.
        pub carrier_code: Option<String> = None,
        /// The service chosen in the channel so far, if any.
        pub service_code: Option<String> = None,
        /// The package type chosen in the channel so far, if any.
        pub package_code: Option<String> = None,
        /// The warehouse that it is asked to leave from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub warehouse: Option<ChannelWarehouseId> = None,
        /// Its weight, packed. A channel that has not weighed it may say 0.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub weight: Option<Weight> = None,
        /// The measures of its package.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub dimensions: Option<Dimensions> = None,
        /// What is asked of the carrier.
        #[serde(default, skip_serializing_if = "is_default")]
        pub handling: Handling = Handling::default(),
        /// Its insurance.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub insurance: Option<Insurance> = None,
        /// What customs are to be told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub customs: Option<Customs> = None,
        /// Who pays the carrier, where the order says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub carrier_billing: Option<CarrierBilling> = None,
        /// Whether it is a gift.
        pub gift: bool = false,
        /// What to write on the gift card.
        pub gift_message: Option<String> = None,
        /// The buyer's note.
        pub customer_notes: Option<String> = None,
        /// The merchant's note.
        pub internal_notes: Option<String> = None,
        /// The tags on the order, by the channel's ids.
        pub tags: Vec<i64> = Vec::new(),
        /// The person the order is assigned to in the channel.
        pub assigned_user: Option<ChannelUserId> = None,
        /// Relatives of the order.
        pub lineage: Lineage = Lineage::default(),
        /// The channel's free fields, in order.
        pub custom_fields: Vec<Option<String>> = Vec::new(),
        /// Whether somebody outside the host fulfills it.
        pub externally_fulfilled: bool = false,
        /// Who that is, when the channel says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub externally_fulfilled_by: Option<ExternalFulfiller> = None,
        /// What else the channel said, if the host asks for it; for the members of lines see [`OrderLine::extra`].
        #[serde(default, skip_serializing_if = "ExtraMembers::is_empty")]
        pub extra: ExtraMembers = ExtraMembers::default(),
    }
    /// An order with an identity and a number, and nothing else.
    pub fn new(id: impl Into<ChannelOrderId>, number: impl Into<String>);
}

impl ChannelOrder {
    /// The order without what is its buyer's or may name a person: user name, e-mail, customer, addresses, payment method, gift
    /// message, notes, free fields, the carrier account that is billed, descriptions for customs, extra members, and of the lines
    /// their names, pictures and the buyer's choices. Ids, numbers, quantities, sums, measures and countries stay.
    #[must_use]
    pub fn without_buyer(mut self) -> Self {
        self.buyer = Buyer::default();
        self.ship_to = Address { country: self.ship_to.country, ..Address::default() };
        self.bill_to = None;
        self.payment_method = None;
        self.gift_message = None;
        self.customer_notes = None;
        self.internal_notes = None;
        self.custom_fields.clear();
        self.carrier_billing = self.carrier_billing.map(CarrierBilling::without_account);
        for item in self.customs.iter_mut().flat_map(|customs| &mut customs.items) {
            item.description = None;
        }
        self.extra = ExtraMembers::default();
        for line in &mut self.lines {
            line.name = None;
            line.image_url = None;
            line.options.clear();
            line.extra = ExtraMembers::default();
        }
        self
    }

    /// The lines that somebody has to put into a parcel, with their quantities.
    pub fn shippable_lines(&self) -> impl Iterator<Item = LineQuantity> + '_ {
        self.lines.iter().filter(|line| line.is_shippable()).map(OrderLine::with_quantity)
    }

    /// The same, with the lines that the host's policy says nobody ships.
    pub(crate) fn item_lines(&self) -> impl Iterator<Item = LineQuantity> + '_ {
        self.lines.iter().filter(|line| line.is_item()).map(OrderLine::with_quantity)
    }
}

shows! { |it: ChannelOrder| id, number, store, status, created_at, lines = it.lines.len() }

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

/// The relatives of an order: it may have been split off another one or have absorbed others in a merge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Lineage {
    /// The order that this one was split off.
    pub parent: Option<ChannelOrderId>,
    /// The orders that were merged into this one or split off it.
    pub merged: Vec<ChannelOrderId>,
}
