//! Buying the label for an order.

use serde::Serialize;

use super::{
    super::{Error, Label, OrderId, PacificDate, ShipStation, call::Call, endpoints},
    AdvancedOptions, Confirmation, Dimensions, InsuranceOptions, InternationalOptions, Orders, Weight,
};
use crate::{setters::setters, shows::shows};

/// A request to buy the label for an order; see [`Orders::create_label`](super::Orders::create_label).
#[must_use = "nothing is sent until send() is awaited"]
pub struct CreateLabelForOrder {
    client: ShipStation,
    body: Body,
}

/// Every member is sent; null means "as the order says". The proof of delivery is required, so that it is never null.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    order_id: OrderId,
    carrier_code: String,
    service_code: String,
    package_code: Option<String>,
    confirmation: Confirmation,
    ship_date: PacificDate,
    weight: Option<Weight>,
    dimensions: Option<Dimensions>,
    insurance_options: Option<InsuranceOptions>,
    international_options: Option<InternationalOptions>,
    advanced_options: Option<AdvancedOptions>,
    test_label: bool,
}

impl Orders {
    /// Buys the label for an order, which becomes `shipped`. It happens once: each call buys.
    pub fn create_label(
        &self,
        order: OrderId,
        carrier_code: impl Into<String>,
        service_code: impl Into<String>,
        ship_date: PacificDate,
    ) -> CreateLabelForOrder {
        let body = Body {
            order_id: order,
            carrier_code: carrier_code.into(),
            service_code: service_code.into(),
            package_code: None,
            confirmation: Confirmation::None,
            ship_date,
            weight: None,
            dimensions: None,
            insurance_options: None,
            international_options: None,
            advanced_options: None,
            test_label: false,
        };
        CreateLabelForOrder { client: self.0.clone(), body }
    }
}

impl CreateLabelForOrder {
    setters! {
        #![must_use]
        /// The kind of package.
        package_code(code: impl Into<String>) => body.package_code = Some(code.into());
        /// The proof of delivery. ShipStation requires it; default [`Confirmation::None`], whatever the order says.
        confirmation(confirmation: Confirmation) => body.confirmation = confirmation;
        /// The weight, if not the order's.
        weight(weight: Weight) => body.weight = Some(weight);
        /// The measures, if not the order's.
        dimensions(dimensions: Dimensions) => body.dimensions = Some(dimensions);
        /// The insurance, if not the order's.
        insurance(options: InsuranceOptions) => body.insurance_options = Some(options);
        /// What customs want to know, if not the order's.
        international(options: InternationalOptions) => body.international_options = Some(options);
        /// Everything else, if not the order's.
        advanced(options: AdvancedOptions) => body.advanced_options = Some(options);
        /// Whether it is a test that costs nothing and ships nothing; USPS only. Default false; always sent.
        test_label(test: bool) => body.test_label = test;
    }

    /// Buys it, once. The order becomes `shipped`, and the PDF can be had from this answer only.
    ///
    /// # Errors
    /// After [`Outcome::Unknown`](super::super::Outcome::Unknown) list the order's shipments before buying again.
    pub async fn send(self) -> Result<Label, Error> {
        self.client.one(&Call::to(&endpoints::CREATE_LABEL_FOR_ORDER).json(&self.body)).await
    }
}

shows! { |it: CreateLabelForOrder| order_id = it.body.order_id }
