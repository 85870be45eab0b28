//! Buying and voiding labels: what is sent and what comes back.

use super::super::{
    Address, AdvancedOptions, Confirmation, Dimensions, InsuranceOptions, InternationalOptions, PacificDate,
    Weight, wire::model,
};

model! {
    /// A label to be bought that belongs to no order; see [`Shipments::create_label`](super::Shipments::create_label).
    #[derive(Default)]
    pub struct NewLabel {
        @public carrier_code: Option<String> = "carrierCode",
        @public service_code: Option<String> = "serviceCode",
        @public package_code: Option<String> = "packageCode",
        confirmation: Option<Confirmation> = "confirmation",
        ship_date: Option<PacificDate> = "shipDate",
        weight: Option<Weight> = "weight",
        dimensions: Option<Dimensions> = "dimensions",
        ship_from: Option<Address> = "shipFrom",
        ship_to: Option<Address> = "shipTo",
        /// Where it comes back to. Older documentation only.
        return_to: Option<Address> = "returnTo",
        insurance_options: Option<InsuranceOptions> = "insuranceOptions",
        international_options: Option<InternationalOptions> = "internationalOptions",
        advanced_options: Option<AdvancedOptions> = "advancedOptions",
        /// Whether it is a test that costs nothing and ships nothing; USPS only.
        test_label: Option<bool> = "testLabel",
    }
}

impl NewLabel {
    /// A label with all that is required; the rest is set on the fields.
    pub fn new(
        carrier_code: impl Into<String>,
        service_code: impl Into<String>,
        package_code: impl Into<String>,
        ship_date: PacificDate,
        weight: Weight,
        ship_from: Address,
        ship_to: Address,
    ) -> Self {
        Self {
            carrier_code: Some(carrier_code.into()),
            service_code: Some(service_code.into()),
            package_code: Some(package_code.into()),
            ship_date: Some(ship_date),
            weight: Some(weight),
            ship_from: Some(ship_from),
            ship_to: Some(ship_to),
            test_label: Some(false),
            ..Self::default()
        }
    }
}

model! {
    /// A label that was voided.
    pub struct VoidedLabel {
        /// Always true here.
        approved: Option<bool> = "approved",
        /// ShipStation's words. They may quote what was sent.
        @personal message: Option<String> = "message",
    }
}
