//! A product of the account's catalogue.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::{money, pacific::wire};
use super::{SimNamedTag, order::WHEN_ADDED};
use crate::Timestamp;

/// A product as ShipStation prints it. (V1 reference, models / Product.)
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
#[must_use = "a product does nothing until an account has it"]
pub struct SimProduct {
    /// Other names of the product: null in every recording, else a list of objects.
    pub aliases: Option<Vec<Value>>,
    /// ShipStation's number; 0 until the product is added.
    pub product_id: i64,
    /// The SKU. Not unique by any rule; leading blanks occur.
    pub sku: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its price.
    #[serde(serialize_with = "money::number", deserialize_with = "money::read_or_zero")]
    pub price: Decimal,
    /// Its cost.
    #[serde(serialize_with = "money::number_or_null", deserialize_with = "money::read")]
    pub default_cost: Option<Decimal>,
    /// Length.
    #[serde(serialize_with = "money::number_or_null", deserialize_with = "money::read")]
    pub length: Option<Decimal>,
    /// Width.
    #[serde(serialize_with = "money::number_or_null", deserialize_with = "money::read")]
    pub width: Option<Decimal>,
    /// Height.
    #[serde(serialize_with = "money::number_or_null", deserialize_with = "money::read")]
    pub height: Option<Decimal>,
    /// Weight in ounces.
    #[serde(serialize_with = "money::number_or_null", deserialize_with = "money::read")]
    pub weight_oz: Option<Decimal>,
    /// The merchant's words.
    pub internal_notes: Option<String>,
    /// The SKU to ship instead.
    pub fulfillment_sku: Option<String>,
    /// Creation.
    #[serde(serialize_with = "wire::trimmed", skip_deserializing)]
    pub create_date: Timestamp,
    /// Last change; null until there is one.
    #[serde(serialize_with = "wire::trimmed_or_null", skip_deserializing)]
    pub modify_date: Option<Timestamp>,
    /// Inactive products are listed on request only.
    pub active: bool,
    /// An object, or null.
    pub product_category: Option<Value>,
    /// A text, an object, or null.
    pub product_type: Option<Value>,
    /// Shelf.
    pub warehouse_location: Option<String>,
    /// Default carrier.
    pub default_carrier_code: Option<String>,
    /// Default service.
    pub default_service_code: Option<String>,
    /// Default package.
    pub default_package_code: Option<String>,
    /// Default carrier abroad.
    pub default_intl_carrier_code: Option<String>,
    /// Default service abroad.
    pub default_intl_service_code: Option<String>,
    /// Default package abroad.
    pub default_intl_package_code: Option<String>,
    /// Default proof of delivery.
    pub default_confirmation: Option<String>,
    /// Default proof of delivery abroad.
    pub default_intl_confirmation: Option<String>,
    /// What customs is told.
    pub customs_description: Option<String>,
    /// What customs is told it is worth.
    #[serde(serialize_with = "money::number_or_null", deserialize_with = "money::read")]
    pub customs_value: Option<Decimal>,
    /// Tariff number.
    pub customs_tariff_no: Option<String>,
    /// Country of origin.
    pub customs_country_code: Option<String>,
    /// Leaves it off the declaration.
    pub no_customs: Option<bool>,
    /// Product tags.
    pub tags: Option<Vec<SimNamedTag>>,
    /// Bar code.
    pub upc: Option<String>,
    /// Picture.
    #[serde(rename = "thumbnailURL")]
    pub thumbnail_url: Option<String>,
}

impl Default for SimProduct {
    /// An active product of which nothing is known.
    fn default() -> Self {
        Self {
            aliases: None,
            product_id: 0,
            name: None,
            sku: None,
            price: Decimal::ZERO,
            default_cost: None,
            length: None,
            width: None,
            height: None,
            weight_oz: None,
            internal_notes: None,
            fulfillment_sku: None,
            create_date: WHEN_ADDED,
            modify_date: None,
            active: true,
            product_category: None,
            product_type: None,
            warehouse_location: None,
            default_carrier_code: None,
            default_service_code: None,
            default_package_code: None,
            default_intl_carrier_code: None,
            default_intl_service_code: None,
            default_intl_package_code: None,
            default_confirmation: None,
            default_intl_confirmation: None,
            customs_description: None,
            customs_value: None,
            customs_tariff_no: None,
            customs_country_code: None,
            no_customs: None,
            tags: None,
            upc: None,
            thumbnail_url: None,
        }
    }
}

impl SimProduct {
    /// An active product with this SKU and little else, as ShipStation makes them on import.
    pub fn new(sku: impl Into<String>) -> Self {
        let sku = sku.into();
        Self { name: Some(format!("Item {sku}")), sku: Some(sku), ..Self::default() }
    }

    /// Its name.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Its price. A text that is not a number counts as zero.
    pub fn price(mut self, price: &str) -> Self {
        self.price = money::parse(price).unwrap_or_default();
        self
    }

    /// Its bar code.
    pub fn upc(mut self, upc: impl Into<String>) -> Self {
        self.upc = Some(upc.into());
        self
    }

    /// One more alias, as the newer recordings show them: a name, and the store it holds for.
    pub fn alias(mut self, name: impl Into<String>, store_id: i64) -> Self {
        let alias = serde_json::json!({ "name": name.into(), "storeId": store_id });
        self.aliases.get_or_insert_default().push(alias);
        self
    }

    /// When ShipStation made it.
    pub fn created(mut self, at: Timestamp) -> Self {
        self.create_date = at;
        self
    }

    /// Makes it inactive.
    pub fn inactive(mut self) -> Self {
        self.active = false;
        self
    }
}
