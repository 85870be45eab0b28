//! The address of orders, shipments, fulfillments and warehouses.

use serde::{Deserialize, Serialize};

/// An address, with ShipStation's twelve members. (V1 reference, models / Address.)
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct SimAddress {
    /// The person.
    pub name: Option<String>,
    /// The company.
    pub company: Option<String>,
    /// First line.
    pub street1: Option<String>,
    /// Second line.
    pub street2: Option<String>,
    /// Third line.
    pub street3: Option<String>,
    /// Town.
    pub city: Option<String>,
    /// State or province.
    pub state: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Two-letter country code.
    pub country: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// Whether somebody lives there; computed by ShipStation.
    pub residential: Option<bool>,
    /// The result of ShipStation's check, in words.
    pub address_verified: Option<String>,
}

impl SimAddress {
    /// A made-up, complete address in the United States.
    pub fn sample() -> Self {
        let some = |text: &str| Some(text.to_owned());
        Self {
            name: some("Robin Sample"),
            company: None,
            street1: some("1200 EXAMPLE ST"),
            street2: some(""),
            street3: None,
            city: some("SPRINGFIELD"),
            state: some("IL"),
            postal_code: some("62701-0042"),
            country: some("US"),
            phone: some("217-555-0142"),
            residential: Some(true),
            address_verified: some("Address validated successfully"),
        }
    }

    /// Only a name, everything else null, as billing addresses often are.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..Self::default() }
    }

    /// The copy that shipments and fulfillments print: never any word on residence or verification.
    pub(crate) fn as_printed_on_shipments(&self) -> Self {
        Self { residential: None, address_verified: None, ..self.clone() }
    }
}
