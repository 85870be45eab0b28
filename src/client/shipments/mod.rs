//! Shipments: labels bought in ShipStation, and what they cost. V1 reference, Endpoints / Shipments.

mod label;
mod list;
mod rates;

pub use self::{
    label::{NewLabel, VoidedLabel},
    list::{Label, ListShipments, Shipment, ShipmentSort},
    rates::{GetRates, Rate},
};
use serde_json::json;

use super::{Error, ShipmentId, Shipments, call::Call, endpoints};

impl Shipments {
    /// Lists shipments: labels bought in ShipStation, void ones among them. Orders marked as shipped without a
    /// label are fulfillments.
    pub fn list(&self) -> ListShipments {
        ListShipments::new(&self.0)
    }

    /// Buys a label that belongs to no order. Its PDF can be had from this answer only.
    ///
    /// It happens once: each call buys.
    ///
    /// # Errors
    /// After [`Outcome::Unknown`](super::Outcome::Unknown) list the shipments before buying again.
    pub async fn create_label(&self, label: &NewLabel) -> Result<Label, Error> {
        self.0.one(&Call::to(&endpoints::CREATE_LABEL).json(label)).await
    }

    /// Voids a label. It happens once.
    ///
    /// # Errors
    /// [`Invalid`](super::ErrorKind::Invalid) with ShipStation's reason if the carrier did not approve.
    pub async fn void_label(&self, shipment: ShipmentId) -> Result<VoidedLabel, Error> {
        let call = Call::to(&endpoints::VOID_LABEL).json(&json!({ "shipmentId": shipment }));
        let answer = self.0.call(&call).await?;
        let voided: VoidedLabel = self.0.decode(&answer)?;
        if voided.approved == Some(true) { Ok(voided) } else { Err(answer.refused()) }
    }
}
