//! The small objects inside an order: weight, dimensions and the three groups of options.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::super::money;

/// A weight. (V1 reference, models / Weight.)
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SimWeight {
    /// How much.
    #[serde(serialize_with = "money::number", deserialize_with = "money::read_or_zero")]
    pub value: Decimal,
    /// Of what: `pounds`, `ounces`, `grams`.
    pub units: String,
    /// ShipStation's number for the unit (1 = ounces), printed with a capital W.
    #[serde(rename = "WeightUnits")]
    pub weight_units: Option<i64>,
}

impl Default for SimWeight {
    fn default() -> Self {
        Self { value: Decimal::ZERO, units: "ounces".to_owned(), weight_units: Some(1) }
    }
}

/// The size of a parcel. (V1 reference, models / Dimensions.)
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SimDimensions {
    /// `inches` or `centimeters`.
    pub units: String,
    /// Length.
    #[serde(serialize_with = "money::number", deserialize_with = "money::read_or_zero")]
    pub length: Decimal,
    /// Width.
    #[serde(serialize_with = "money::number", deserialize_with = "money::read_or_zero")]
    pub width: Decimal,
    /// Height.
    #[serde(serialize_with = "money::number", deserialize_with = "money::read_or_zero")]
    pub height: Decimal,
}

/// Insurance of a parcel. (V1 reference, models / `InsuranceOptions`.)
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct SimInsuranceOptions {
    /// Who insures; null when nobody does.
    pub provider: Option<String>,
    /// Whether the parcel is insured.
    pub insure_shipment: bool,
    /// For how much.
    #[serde(serialize_with = "money::number", deserialize_with = "money::read_or_zero")]
    pub insured_value: Decimal,
}

/// Customs declarations. (V1 reference, models / `InternationalOptions`.)
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct SimInternationalOptions {
    /// Kind of contents, such as `merchandise`.
    pub contents: Option<String>,
    /// What is declared; null on domestic orders.
    pub customs_items: Option<Vec<SimCustomsItem>>,
    /// What to do when nobody takes the parcel.
    pub non_delivery: Option<String>,
}

/// One declared line. (V1 reference, models / `CustomsItem`.)
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct SimCustomsItem {
    /// Its number in ShipStation.
    pub customs_item_id: i64,
    /// What it is.
    pub description: String,
    /// How many.
    pub quantity: i64,
    /// Value in US dollars.
    #[serde(serialize_with = "money::number", deserialize_with = "money::read_or_zero")]
    pub value: Decimal,
    /// Tariff code; may be empty.
    pub harmonized_tariff_code: Option<String>,
    /// Two-letter country of origin.
    pub country_of_origin: String,
}

/// Store, warehouse, lineage and the rest. (V1 reference, models / `AdvancedOptions`.)
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools)] // ShipStation's own members
pub struct SimAdvancedOptions {
    /// Where it ships from.
    pub warehouse_id: Option<i64>,
    /// Postal surcharge for odd shapes.
    pub non_machinable: bool,
    /// Deliver on Saturday.
    pub saturday_delivery: bool,
    /// Contains alcohol.
    pub contains_alcohol: bool,
    /// Whether the order was combined with others or split; one flag for both.
    pub merged_or_split: bool,
    /// The orders swallowed by this one, or its split children.
    pub merged_ids: Option<Vec<i64>>,
    /// The order that this one was split off.
    pub parent_id: Option<i64>,
    /// The store that the order came from.
    pub store_id: Option<i64>,
    /// Free field 1.
    pub custom_field1: Option<String>,
    /// Free field 2.
    pub custom_field2: Option<String>,
    /// Free field 3.
    pub custom_field3: Option<String>,
    /// Marketplace in words.
    pub source: Option<String>,
    /// Who pays the carrier.
    pub bill_to_party: Option<String>,
    /// The payer's account.
    pub bill_to_account: Option<String>,
    /// The payer's postal code.
    pub bill_to_postal_code: Option<String>,
    /// The payer's country.
    pub bill_to_country_code: Option<String>,
    /// Another provider account of the merchant.
    pub bill_to_my_other_account: Option<i64>,
}
