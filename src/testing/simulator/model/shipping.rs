//! What became of orders: fulfillments, bought labels, and the notices that went out.

use rust_decimal::Decimal;
use serde::Serialize;

use super::super::{money, pacific::wire};
use super::{SimAddress, SimAdvancedOptions, SimDimensions, SimInsuranceOptions, SimLine, SimWeight};
use crate::Timestamp;

/// A shipment made outside ShipStation, among them every order marked as shipped. (V1 reference, models / Fulfillment.)
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SimFulfillment {
    /// ShipStation's number.
    pub fulfillment_id: i64,
    /// The order.
    pub order_id: i64,
    /// The order's number.
    pub order_number: String,
    /// Who did it.
    pub user_id: Option<String>,
    /// The buyer's mail.
    pub customer_email: Option<String>,
    /// Tracking number; may be empty.
    pub tracking_number: Option<String>,
    /// Creation.
    #[serde(serialize_with = "wire::seven")]
    pub create_date: Timestamp,
    /// Day of shipment, printed as its midnight.
    #[serde(serialize_with = "wire::seven")]
    pub ship_date: Timestamp,
    /// When it was voided.
    #[serde(serialize_with = "wire::seven_or_null")]
    pub void_date: Option<Timestamp>,
    /// When it arrived.
    #[serde(serialize_with = "wire::seven_or_null")]
    pub delivery_date: Option<Timestamp>,
    /// The carrier as it was given, any text.
    pub carrier_code: Option<String>,
    /// The provider that shipped it.
    pub seller_fill_provider_id: Option<i64>,
    /// That provider's name.
    pub seller_fill_provider_name: Option<String>,
    /// That provider's code.
    pub fulfillment_provider_code: Option<String>,
    /// That provider's service.
    pub fulfillment_service_code: Option<String>,
    /// That provider's fee.
    #[serde(serialize_with = "money::number")]
    pub fulfillment_fee: Decimal,
    /// Whether a void was asked for.
    pub void_requested: bool,
    /// Whether it is void.
    pub voided: bool,
    /// Whether the channel was told.
    pub marketplace_notified: bool,
    /// What the channel answered when it refused.
    pub notify_error_message: Option<String>,
    /// Where it went.
    pub ship_to: SimAddress,
    /// From when on `/fulfillments` shows it. Never printed.
    #[serde(skip)]
    pub visible_from: Timestamp,
}

/// A label bought in ShipStation. (V1 reference, models / Shipment.)
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SimShipment {
    /// ShipStation's number.
    pub shipment_id: i64,
    /// The order; null for a label on its own.
    pub order_id: Option<i64>,
    /// The order's key.
    pub order_key: Option<String>,
    /// Who bought it.
    pub user_id: Option<String>,
    /// The buyer's mail.
    pub customer_email: Option<String>,
    /// The order's number.
    pub order_number: Option<String>,
    /// Creation.
    #[serde(serialize_with = "wire::seven")]
    pub create_date: Timestamp,
    /// Day of shipment, `yyyy-MM-dd`.
    pub ship_date: String,
    /// Postage.
    #[serde(serialize_with = "money::number")]
    pub shipment_cost: Decimal,
    /// Insurance.
    #[serde(serialize_with = "money::number")]
    pub insurance_cost: Decimal,
    /// Tracking number.
    pub tracking_number: Option<String>,
    /// Whether it is a return label.
    pub is_return_label: bool,
    /// The batch that bought it: digits, but text.
    pub batch_number: Option<String>,
    /// Carrier.
    pub carrier_code: String,
    /// Service.
    pub service_code: String,
    /// Package.
    pub package_code: Option<String>,
    /// Proof of delivery.
    pub confirmation: Option<String>,
    /// Where it ships from.
    pub warehouse_id: Option<i64>,
    /// Whether it is void.
    pub voided: bool,
    /// When it was voided.
    #[serde(serialize_with = "wire::seven_or_null")]
    pub void_date: Option<Timestamp>,
    /// Whether the channel was told.
    pub marketplace_notified: bool,
    /// What the channel answered when it refused.
    pub notify_error_message: Option<String>,
    /// Where it goes; null on the answer to a purchase.
    pub ship_to: Option<SimAddress>,
    /// Weight.
    pub weight: Option<SimWeight>,
    /// Size.
    pub dimensions: Option<SimDimensions>,
    /// Insurance.
    pub insurance_options: Option<SimInsuranceOptions>,
    /// The five members that shipments have of them, or null.
    pub advanced_options: Option<SimBilling>,
    /// The lines; null unless asked for.
    pub shipment_items: Option<Vec<SimLine>>,
    /// The label as base64; only ever in the answer to the purchase.
    pub label_data: Option<String>,
    /// Customs forms as base64; likewise.
    pub form_data: Option<String>,
    /// The store, for the list's filter. Never printed.
    #[serde(skip)]
    pub store_id: Option<i64>,
}

/// A message that a `markasshipped` would have sent: what a buyer gets twice when a connector errs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notice {
    /// When.
    pub at: Timestamp,
    /// The order.
    pub order_id: i64,
    /// The tracking number in it.
    pub tracking: Option<String>,
    /// Whether the buyer got a mail.
    pub customer: bool,
    /// Whether the sales channel was told.
    pub channel: bool,
}

/// What a shipment shows of its order's advanced options.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SimBilling {
    /// Who pays the carrier.
    pub bill_to_party: Option<String>,
    /// The payer's account.
    pub bill_to_account: Option<String>,
    /// The payer's postal code.
    pub bill_to_postal_code: Option<String>,
    /// The payer's country.
    pub bill_to_country_code: Option<String>,
    /// The store.
    pub store_id: Option<i64>,
}

impl SimBilling {
    pub(crate) fn of(options: &SimAdvancedOptions) -> Self {
        Self {
            bill_to_party: options.bill_to_party.clone(),
            bill_to_account: options.bill_to_account.clone(),
            bill_to_postal_code: options.bill_to_postal_code.clone(),
            bill_to_country_code: options.bill_to_country_code.clone(),
            store_id: options.store_id,
        }
    }
}
