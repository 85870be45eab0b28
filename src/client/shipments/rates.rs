//! Asking what a parcel costs.

use serde::Serialize;

use super::super::{
    Confirmation, Decimal, Dimensions, Error, Rows, ShipStation, Shipments, WarehouseId, Weight, call::Call,
    endpoints, wire::model,
};
use crate::{setters::setters, shows::shows};

/// A question for rates; see [`Shipments::get_rates`](super::Shipments::get_rates).
#[must_use = "nothing is sent until send() is awaited"]
pub struct GetRates {
    client: ShipStation,
    body: Body,
}

/// Absent members mean "all" or "not known".
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    carrier_code: String,
    service_code: Option<String>,
    package_code: Option<String>,
    from_postal_code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_warehouse_id: Option<WarehouseId>,
    to_state: Option<String>,
    to_country: String,
    to_postal_code: String,
    to_city: Option<String>,
    weight: Weight,
    dimensions: Option<Dimensions>,
    confirmation: Option<Confirmation>,
    residential: bool,
}

impl Shipments {
    /// Asks what one carrier's services cost. A service comes once for each package, so that its code repeats.
    ///
    /// It changes nothing and is repeated like a read.
    pub fn get_rates(
        &self,
        carrier_code: impl Into<String>,
        from_postal_code: impl Into<String>,
        to_country: impl Into<String>,
        to_postal_code: impl Into<String>,
        weight: Weight,
    ) -> GetRates {
        let body = Body {
            carrier_code: carrier_code.into(),
            from_postal_code: from_postal_code.into(),
            to_country: to_country.into(),
            to_postal_code: to_postal_code.into(),
            weight,
            ..Body::default()
        };
        GetRates { client: self.0.clone(), body }
    }
}

impl GetRates {
    setters! {
        #![must_use]
        /// Only this service.
        service_code(code: impl Into<String>) => body.service_code = Some(code.into());
        /// Only this kind of package.
        package_code(code: impl Into<String>) => body.package_code = Some(code.into());
        /// The city it starts in. City and state go before the warehouse.
        from_city(city: impl Into<String>) => body.from_city = Some(city.into());
        /// The state it starts in.
        from_state(state: impl Into<String>) => body.from_state = Some(state.into());
        /// The ship-from location it starts in. Newer documentation only.
        from_warehouse(warehouse: WarehouseId) => body.from_warehouse_id = Some(warehouse);
        /// The state it goes to, two letters; UPS wants it.
        to_state(state: impl Into<String>) => body.to_state = Some(state.into());
        /// The city it goes to.
        to_city(city: impl Into<String>) => body.to_city = Some(city.into());
        /// Its measures.
        dimensions(dimensions: Dimensions) => body.dimensions = Some(dimensions);
        /// The proof of delivery.
        confirmation(confirmation: Confirmation) => body.confirmation = Some(confirmation);
        /// Whether somebody lives where it goes. Default false.
        residential(residential: bool) => body.residential = residential;
    }

    /// Asks.
    pub async fn send(self) -> Result<Rows<Rate>, Error> {
        self.client.rows(&Call::to(&endpoints::GET_RATES).json(&self.body)).await
    }
}

shows! { |it: GetRates| carrier_code = it.body.carrier_code }

model! {
    /// What one service with one package costs: both costs together.
    pub struct Rate {
        /// The service's name, and the package's.
        service_name: Option<String> = "serviceName",
        /// The service's code. It repeats.
        @public service_code: Option<String> = "serviceCode",
        /// What the carrier charges, in US dollars.
        shipment_cost: Option<Decimal> = "shipmentCost",
        /// What comes on top, in US dollars.
        other_cost: Option<Decimal> = "otherCost",
    }
}
