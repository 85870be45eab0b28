//! An order, and how one is made for a test.

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

use super::super::{money, pacific::wire};
use super::{
    SimAddress, SimAdvancedOptions, SimDimensions, SimInsuranceOptions, SimInternationalOptions, SimLine,
    SimWeight,
};
use crate::Timestamp;

/// Why an order can no longer be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Absence {
    /// Deleted; ShipStation keeps the row, inactive.
    Deleted,
    /// Combined into this order.
    MergedInto(i64),
}

/// An order as ShipStation prints it, and a builder of one. (V1 reference, models / Order.)
///
/// A new order waits for shipment in the manual store and was created, ordered and paid "now", that is when it is
/// added; its total is computed then.
///
/// ```
/// use shipstation_connector::testing::simulator::{SimLine, SimOrder};
/// let order = SimOrder::new("1001").shipping("Standard").line(SimLine::new("MUG", 2, "18.50"));
/// assert_eq!(order.total().to_string(), "37.00");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[must_use = "an order does nothing until an account has it"]
pub struct SimOrder {
    /// ShipStation's number, above 2^31; 0 until the order is added.
    pub order_id: i64,
    /// The number that people see. Not unique.
    pub order_number: String,
    /// The channel's key. Not unique either: split orders share it.
    pub order_key: String,
    /// When the channel says it was ordered.
    #[serde(serialize_with = "wire::seven")]
    pub order_date: Timestamp,
    /// When ShipStation made it.
    #[serde(serialize_with = "wire::seven")]
    pub create_date: Timestamp,
    /// When it last changed in ShipStation.
    #[serde(serialize_with = "wire::seven")]
    pub modify_date: Timestamp,
    /// When it was paid.
    #[serde(serialize_with = "wire::seven_or_null")]
    pub payment_date: Option<Timestamp>,
    /// Promised day of shipment.
    #[serde(serialize_with = "wire::seven_or_null")]
    pub ship_by_date: Option<Timestamp>,
    /// Such as `awaiting_shipment`.
    pub order_status: String,
    /// The customer record.
    pub customer_id: Option<i64>,
    /// The buyer's name in the store.
    pub customer_username: Option<String>,
    /// The buyer's mail.
    pub customer_email: Option<String>,
    /// Who pays.
    pub bill_to: SimAddress,
    /// Where it goes.
    pub ship_to: SimAddress,
    /// The lines.
    pub items: Vec<SimLine>,
    /// Lines plus tax plus shipping, computed by ShipStation.
    #[serde(serialize_with = "money::number")]
    pub order_total: Decimal,
    /// What was paid; filled with the total when a paid order is added without it.
    #[serde(serialize_with = "money::number")]
    pub amount_paid: Decimal,
    /// Tax on the whole order.
    #[serde(serialize_with = "money::number")]
    pub tax_amount: Decimal,
    /// What the buyer paid for shipping.
    #[serde(serialize_with = "money::number")]
    pub shipping_amount: Decimal,
    /// The buyer's words.
    pub customer_notes: Option<String>,
    /// The merchant's words.
    pub internal_notes: Option<String>,
    /// Is it a gift.
    pub gift: bool,
    /// Words for the gift.
    pub gift_message: Option<String>,
    /// How it was paid.
    pub payment_method: Option<String>,
    /// The shipping method as the store names it.
    pub requested_shipping_service: Option<String>,
    /// The carrier chosen in ShipStation.
    pub carrier_code: Option<String>,
    /// The service chosen in ShipStation.
    pub service_code: Option<String>,
    /// The package chosen in ShipStation.
    pub package_code: Option<String>,
    /// Proof of delivery.
    pub confirmation: String,
    /// Day of shipment, `yyyy-MM-dd`.
    pub ship_date: Option<String>,
    /// Held until this day, `yyyy-MM-dd`.
    pub hold_until_date: Option<String>,
    /// Weight of the parcel.
    pub weight: SimWeight,
    /// Size of the parcel.
    pub dimensions: Option<SimDimensions>,
    /// Insurance.
    pub insurance_options: SimInsuranceOptions,
    /// Customs.
    pub international_options: SimInternationalOptions,
    /// Store, lineage and the rest.
    pub advanced_options: SimAdvancedOptions,
    /// Tags; printed as null when there are none.
    #[serde(serialize_with = "null_when_empty")]
    pub tag_ids: Vec<i64>,
    /// The assigned user.
    pub user_id: Option<String>,
    /// Whether somebody else ships it.
    pub externally_fulfilled: bool,
    /// Who does.
    pub externally_fulfilled_by: Option<String>,
    /// The number of who does.
    pub externally_fulfilled_by_id: Option<i64>,
    /// The name of who does.
    pub externally_fulfilled_by_name: Option<String>,
    /// Never seen other than null.
    pub label_messages: Option<Vec<String>>,
    /// The import that brought it, as webhook addresses name it. Never printed.
    #[serde(skip)]
    pub import_batch: Option<String>,
    /// Why it cannot be found any more. Never printed.
    #[serde(skip)]
    pub absence: Option<Absence>,
}

fn null_when_empty<S: Serializer>(ids: &[i64], serializer: S) -> Result<S::Ok, S::Error> {
    if ids.is_empty() { serializer.serialize_none() } else { ids.serialize(serializer) }
}

/// Stands for "when the order is added" until it is.
pub(crate) const WHEN_ADDED: Timestamp = Timestamp::UNIX_EPOCH;

impl SimOrder {
    /// A paid order of one United States buyer, without lines.
    pub fn new(order_number: impl Into<String>) -> Self {
        Self {
            order_id: 0,
            order_number: order_number.into(),
            order_key: String::new(),
            order_date: WHEN_ADDED,
            create_date: WHEN_ADDED,
            modify_date: WHEN_ADDED,
            payment_date: Some(WHEN_ADDED),
            ship_by_date: None,
            order_status: "awaiting_shipment".to_owned(),
            customer_id: None,
            customer_username: Some("robin.sample@example.com".to_owned()),
            customer_email: Some("robin.sample@example.com".to_owned()),
            bill_to: SimAddress::named("Robin Sample"),
            ship_to: SimAddress::sample(),
            items: Vec::new(),
            order_total: Decimal::ZERO,
            amount_paid: Decimal::ZERO,
            tax_amount: Decimal::ZERO,
            shipping_amount: Decimal::ZERO,
            customer_notes: None,
            internal_notes: None,
            gift: false,
            gift_message: None,
            payment_method: None,
            requested_shipping_service: None,
            carrier_code: None,
            service_code: None,
            package_code: None,
            confirmation: "none".to_owned(),
            ship_date: None,
            hold_until_date: None,
            weight: SimWeight::default(),
            dimensions: None,
            insurance_options: SimInsuranceOptions::default(),
            international_options: SimInternationalOptions::default(),
            advanced_options: SimAdvancedOptions {
                merged_ids: Some(Vec::new()),
                ..SimAdvancedOptions::default()
            },
            tag_ids: Vec::new(),
            user_id: None,
            externally_fulfilled: false,
            externally_fulfilled_by: None,
            externally_fulfilled_by_id: None,
            externally_fulfilled_by_name: None,
            label_messages: None,
            import_batch: None,
            absence: None,
        }
    }

    /// The total that ShipStation computes: lines, tax and shipping.
    pub fn total(&self) -> Decimal {
        let lines = self.items.iter().fold(Decimal::ZERO, |sum, line| sum.saturating_add(line.amount()));
        lines.saturating_add(self.tax_amount).saturating_add(self.shipping_amount)
    }

    /// The store that it belongs to.
    pub fn store_id(&self) -> Option<i64> {
        self.advanced_options.store_id
    }
}

/// Setters for tests.
impl SimOrder {
    /// A number of your choice, instead of the next free one.
    pub fn id(mut self, order_id: i64) -> Self {
        self.order_id = order_id;
        self
    }

    /// The store.
    pub fn store(mut self, store_id: i64) -> Self {
        self.advanced_options.store_id = Some(store_id);
        self
    }

    /// The status, any text.
    pub fn status(mut self, status: impl Into<String>) -> Self {
        self.order_status = status.into();
        self
    }

    /// When ShipStation made it.
    pub fn created(mut self, at: Timestamp) -> Self {
        self.create_date = at;
        self
    }

    /// When it last changed; the creation by default.
    pub fn modified(mut self, at: Timestamp) -> Self {
        self.modify_date = at;
        self
    }

    /// When it was ordered; the creation by default.
    pub fn ordered(mut self, at: Timestamp) -> Self {
        self.order_date = at;
        self
    }

    /// When it was paid; the order date by default.
    pub fn paid(mut self, at: Timestamp) -> Self {
        self.payment_date = Some(at);
        self
    }

    /// Not paid yet.
    pub fn unpaid(mut self) -> Self {
        self.payment_date = None;
        self
    }

    /// One more tag.
    pub fn tag(mut self, tag_id: i64) -> Self {
        self.tag_ids.push(tag_id);
        self
    }

    /// The shipping method as the store names it.
    pub fn shipping(mut self, text: impl Into<String>) -> Self {
        self.requested_shipping_service = Some(text.into());
        self
    }

    /// Carrier, service and package as chosen in ShipStation.
    pub fn shipping_codes(
        mut self,
        carrier: impl Into<String>,
        service: impl Into<String>,
        package: impl Into<String>,
    ) -> Self {
        self.carrier_code = Some(carrier.into());
        self.service_code = Some(service.into());
        self.package_code = Some(package.into());
        self
    }

    /// One more line.
    pub fn line(mut self, line: SimLine) -> Self {
        self.items.push(line);
        self
    }

    /// The assigned user.
    pub fn user(mut self, user_id: impl Into<String>) -> Self {
        self.user_id = Some(user_id.into());
        self
    }

    /// The channel's key; a fresh GUID by default.
    pub fn order_key(mut self, key: impl Into<String>) -> Self {
        self.order_key = key.into();
        self
    }

    /// Says that it was split off this order.
    pub fn parent(mut self, order_id: i64) -> Self {
        self.advanced_options.merged_or_split = true;
        self.advanced_options.parent_id = Some(order_id);
        self
    }

    /// Says that it swallowed these orders, or was split into them.
    pub fn merged(mut self, ids: impl IntoIterator<Item = i64>) -> Self {
        self.advanced_options.merged_or_split = true;
        self.advanced_options.merged_ids.get_or_insert_default().extend(ids);
        self
    }

    /// The country it goes to.
    pub fn country(mut self, code: impl Into<String>) -> Self {
        self.ship_to.country = Some(code.into());
        self
    }

    /// Where it goes.
    pub fn ship_to(mut self, address: SimAddress) -> Self {
        self.ship_to = address;
        self
    }

    /// Tax on the whole order. A text that is not a number counts as zero.
    pub fn tax(mut self, amount: &str) -> Self {
        self.tax_amount = money::parse(amount).unwrap_or_default();
        self
    }

    /// What the buyer paid for shipping. A text that is not a number counts as zero.
    pub fn shipping_paid(mut self, amount: &str) -> Self {
        self.shipping_amount = money::parse(amount).unwrap_or_default();
        self
    }

    /// Somebody else ships it, such as a marketplace's own warehouse.
    pub fn externally_fulfilled(mut self, by: impl Into<String>) -> Self {
        self.externally_fulfilled = true;
        self.externally_fulfilled_by = Some(by.into());
        self
    }

    /// The import that brought it, as webhook addresses name it.
    pub fn import_batch(mut self, batch: impl Into<String>) -> Self {
        self.import_batch = Some(batch.into());
        self
    }

    /// Any other change, in the middle of a chain.
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}
