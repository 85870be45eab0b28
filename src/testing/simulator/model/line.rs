//! A line of an order.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::super::{money, pacific::wire};
use super::SimWeight;
use crate::Timestamp;

/// A line of an order, as ShipStation prints it. (V1 reference, models / `OrderItem`.)
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
#[must_use = "a line does nothing until an order has it"]
pub struct SimLine {
    /// ShipStation's number of the line; 0 until the order is added.
    #[serde(skip_deserializing)]
    pub order_item_id: i64,
    /// The channel's number of the line.
    pub line_item_key: Option<String>,
    /// The SKU as the store sent it.
    pub sku: Option<String>,
    /// Name of the product.
    pub name: String,
    /// Picture.
    pub image_url: Option<String>,
    /// Weight of one.
    pub weight: Option<SimWeight>,
    /// How many.
    pub quantity: i64,
    /// Price of one; negative for discounts.
    #[serde(serialize_with = "money::number_or_null", deserialize_with = "money::read")]
    pub unit_price: Option<Decimal>,
    /// Tax on the line, informational.
    #[serde(serialize_with = "money::number_or_null", deserialize_with = "money::read")]
    pub tax_amount: Option<Decimal>,
    /// Shipping of the line, informational.
    #[serde(serialize_with = "money::number_or_null", deserialize_with = "money::read")]
    pub shipping_amount: Option<Decimal>,
    /// Shelf.
    pub warehouse_location: Option<String>,
    /// Chosen options.
    pub options: Option<Vec<SimItemOption>>,
    /// The product that ShipStation matched by SKU.
    #[serde(skip_deserializing)]
    pub product_id: Option<i64>,
    /// The SKU to ship instead.
    pub fulfillment_sku: Option<String>,
    /// Whether this is a discount or a fee rather than goods.
    pub adjustment: bool,
    /// Bar code.
    pub upc: Option<String>,
    /// Creation; filled when the order is added.
    #[serde(serialize_with = "wire::trimmed_or_null", skip_deserializing)]
    pub create_date: Option<Timestamp>,
    /// Last change; filled when the order is added.
    #[serde(serialize_with = "wire::trimmed_or_null", skip_deserializing)]
    pub modify_date: Option<Timestamp>,
    /// Whether the number stays 0. Never printed.
    #[serde(skip)]
    pub unnumbered: bool,
}

/// A chosen option, such as a colour.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SimItemOption {
    /// Which option.
    pub name: String,
    /// What was chosen.
    pub value: Option<String>,
}

impl Default for SimLine {
    fn default() -> Self {
        Self {
            order_item_id: 0,
            line_item_key: None,
            sku: None,
            name: String::new(),
            image_url: None,
            weight: Some(SimWeight::default()),
            quantity: 1,
            unit_price: Some(Decimal::ZERO),
            tax_amount: None,
            shipping_amount: None,
            warehouse_location: None,
            options: Some(Vec::new()),
            product_id: None,
            fulfillment_sku: None,
            adjustment: false,
            upc: None,
            create_date: None,
            modify_date: None,
            unnumbered: false,
        }
    }
}

impl SimLine {
    /// `quantity` pieces of `sku` at `unit_price` each. A price that is not a number counts as zero.
    pub fn new(sku: impl Into<String>, quantity: i64, unit_price: &str) -> Self {
        let sku = sku.into();
        Self {
            name: format!("Item {sku}"),
            sku: Some(sku),
            quantity,
            unit_price: Some(money::parse(unit_price).unwrap_or_default()),
            ..Self::default()
        }
    }

    /// A discount or fee: no goods, no SKU, and a negative amount when it is a discount.
    pub fn adjustment(name: impl Into<String>, amount: &str) -> Self {
        Self {
            name: name.into(),
            unit_price: Some(money::parse(amount).unwrap_or_default()),
            adjustment: true,
            ..Self::default()
        }
    }

    /// Takes the SKU away, as stores without SKUs do.
    pub fn without_sku(mut self) -> Self {
        self.sku = None;
        self
    }

    /// The product's name.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// A number of your choice, which may be another line's too, instead of the next free one.
    pub fn id(mut self, order_item_id: i64) -> Self {
        self.order_item_id = order_item_id;
        self
    }

    /// The number is 0 and stays so.
    pub fn without_id(mut self) -> Self {
        self.unnumbered = true;
        self
    }

    /// The channel's own number of the line.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.line_item_key = Some(key.into());
        self
    }

    /// The SKU to ship instead of the one sold.
    pub fn fulfillment_sku(mut self, sku: impl Into<String>) -> Self {
        self.fulfillment_sku = Some(sku.into());
        self
    }

    /// A chosen option.
    pub fn option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let option = SimItemOption { name: name.into(), value: Some(value.into()) };
        self.options.get_or_insert_default().push(option);
        self
    }

    /// The copy that shipments print: without weight, options, amounts and dates.
    pub(crate) fn as_printed_on_shipments(&self) -> Self {
        Self {
            weight: None,
            tax_amount: None,
            shipping_amount: None,
            options: None,
            create_date: None,
            modify_date: None,
            ..self.clone()
        }
    }

    /// What the line adds to the order's total.
    pub fn amount(&self) -> Decimal {
        self.unit_price.unwrap_or_default().saturating_mul(Decimal::from(self.quantity))
    }
}
