//! How an order is to be packed and carried: weight and measures, what is asked of the carrier, insurance.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{is_default, open_words};
use crate::channel::{Money, money};

/// A weight, exact.
///
/// ```
/// use shipstation_connector::channel::{Weight, WeightUnit};
/// let weight: Weight = serde_json::from_str(r#"{"value": "2.5", "unit": "lb"}"#)?;
/// assert_eq!(weight.unit, Some(WeightUnit::Pound));
/// assert_eq!(weight.grams().unwrap().to_string(), "1133.980925");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Weight {
    /// How much.
    #[serde(with = "money::text")]
    pub value: Option<Decimal>,
    /// Of which unit. `None` when the channel gave none.
    pub unit: Option<WeightUnit>,
}

impl Weight {
    /// In grams, exactly. `None` without a value, in a unit that is not listed, or where it is too large to be exact.
    pub fn grams(&self) -> Option<Decimal> {
        let one = match self.unit.as_ref()? {
            WeightUnit::Pound => Decimal::new(45_359_237, 5),
            WeightUnit::Ounce => Decimal::new(28_349_523_125, 9),
            WeightUnit::Gram => Decimal::ONE,
            WeightUnit::Kilogram => Decimal::ONE_THOUSAND,
            WeightUnit::Unknown(_) => return None,
        };
        self.value?.checked_mul(one).map(|grams| grams.normalize())
    }
}

/// The measures of a package, exact.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Dimensions {
    /// The length.
    #[serde(with = "money::text")]
    pub length: Option<Decimal>,
    /// The width.
    #[serde(with = "money::text")]
    pub width: Option<Decimal>,
    /// The height.
    #[serde(with = "money::text")]
    pub height: Option<Decimal>,
    /// The unit of the three. `None` when the channel gave none.
    pub unit: Option<LengthUnit>,
}

/// What is asked of the carrier. A channel that says nothing asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Handling {
    /// The proof of delivery.
    pub confirmation: Option<Confirmation>,
    /// Whether it is delivered on Saturday.
    #[serde(skip_serializing_if = "is_default")]
    pub saturday_delivery: bool,
    /// Whether machines cannot sort it.
    #[serde(skip_serializing_if = "is_default")]
    pub non_machinable: bool,
    /// Whether it holds alcohol.
    #[serde(skip_serializing_if = "is_default")]
    pub contains_alcohol: bool,
}

/// The insurance of a shipment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Insurance {
    /// Whether it is insured, when the channel says so.
    pub insured: Option<bool>,
    /// Who insures it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<InsuranceProvider>,
    /// The value that is insured, in the store's currency.
    #[serde(with = "money::text")]
    pub value: Option<Money>,
}

open_words! {
    /// A unit of weight.
    pub enum WeightUnit {
        /// The avoirdupois pound.
        Pound = "lb",
        /// The avoirdupois ounce.
        Ounce = "oz",
        /// Grams.
        Gram = "g",
        /// Kilograms.
        Kilogram = "kg",
    }

    /// A unit of length.
    pub enum LengthUnit {
        /// Inches.
        Inch = "in",
        /// Centimeters.
        Centimeter = "cm",
    }

    /// The proof of delivery that is asked of the carrier.
    pub enum Confirmation {
        /// None.
        None = "none",
        /// Proof of delivery.
        Delivery = "delivery",
        /// A signature.
        Signature = "signature",
        /// An adult's signature.
        AdultSignature = "adult_signature",
        /// The recipient's own signature.
        DirectSignature = "direct_signature",
    }

    /// Who insures a shipment.
    pub enum InsuranceProvider {
        /// The carrier.
        Carrier = "carrier",
        /// Another provider, which the channel does not name.
        Provider = "provider",
        /// Shipsurance.
        Shipsurance = "shipsurance",
        /// `XCover`.
        XCover = "xcover",
        /// `ParcelGuard`.
        ParcelGuard = "parcelguard",
    }
}
