//! Buying and voiding labels: what is sent and what comes back.

use super::super::{
    Address, AdvancedOptions, Confirmation, Decimal, Dimensions, InsuranceOptions, InternationalOptions,
    OrderId, OrderItem, PacificDate, PacificTime, ShipmentId, UserId, WarehouseId, Weight, wire::model,
};

model! {
    /// A label to be bought that belongs to no order; see [`Shipments::create_label`](super::Shipments::create_label).
    pub struct NewLabel {
        /// The carrier.
        carrier_code: Option<String> = "carrierCode",
        /// The carrier's service.
        service_code: Option<String> = "serviceCode",
        /// The kind of package.
        package_code: Option<String> = "packageCode",
        /// The proof of delivery.
        confirmation: Option<Confirmation> = "confirmation",
        /// The day it ships.
        ship_date: Option<PacificDate> = "shipDate",
        /// Its weight.
        weight: Option<Weight> = "weight",
        /// Its measures.
        dimensions: Option<Dimensions> = "dimensions",
        /// Where it starts.
        ship_from: Option<Address> = "shipFrom",
        /// Where it goes.
        ship_to: Option<Address> = "shipTo",
        /// Where it comes back to. Older documentation only.
        return_to: Option<Address> = "returnTo",
        /// Its insurance.
        insurance_options: Option<InsuranceOptions> = "insuranceOptions",
        /// What customs want to know.
        international_options: Option<InternationalOptions> = "internationalOptions",
        /// Everything else.
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
            confirmation: None,
            ship_date: Some(ship_date),
            weight: Some(weight),
            dimensions: None,
            ship_from: Some(ship_from),
            ship_to: Some(ship_to),
            return_to: None,
            insurance_options: None,
            international_options: None,
            advanced_options: None,
            test_label: Some(false),
            extra: super::super::Extra::default(),
        }
    }
}

model! {
    /// A label that was bought. A label for an order fills the first six members only.
    pub struct Label {
        /// The shipment.
        shipment_id: ShipmentId = "shipmentId",
        /// What the carrier charges, in US dollars.
        shipment_cost: Option<Decimal> = "shipmentCost",
        /// What the insurance costs, in US dollars.
        insurance_cost: Option<Decimal> = "insuranceCost",
        /// The tracking number.
        tracking_number: Option<String> = "trackingNumber",
        /// The label as a PDF in base64. It cannot be had again.
        @personal label_data: Option<String> = "labelData",
        /// The customs forms as a PDF in base64.
        @personal form_data: Option<String> = "formData",
        /// The order; absent for a label that belongs to none.
        order_id: Option<OrderId> = "orderId",
        /// The order's key.
        order_key: Option<String> = "orderKey",
        /// Who bought it.
        user_id: Option<UserId> = "userId",
        /// The buyer's e-mail address.
        @personal customer_email: Option<String> = "customerEmail",
        /// The order's number.
        order_number: Option<String> = "orderNumber",
        /// When it was bought.
        create_date: Option<PacificTime> = "createDate",
        /// The day it ships.
        ship_date: Option<PacificDate> = "shipDate",
        /// Whether it is a return label.
        is_return_label: Option<bool> = "isReturnLabel",
        /// The batch it was bought in.
        batch_number: Option<String> = "batchNumber",
        /// The carrier.
        carrier_code: Option<String> = "carrierCode",
        /// The carrier's service.
        service_code: Option<String> = "serviceCode",
        /// The kind of package.
        package_code: Option<String> = "packageCode",
        /// The proof of delivery.
        confirmation: Option<Confirmation> = "confirmation",
        /// The ship-from location.
        warehouse_id: Option<WarehouseId> = "warehouseId",
        /// Whether it is void.
        voided: Option<bool> = "voided",
        /// When it was voided.
        void_date: Option<PacificTime> = "voidDate",
        /// Whether the sales channel was told.
        marketplace_notified: Option<bool> = "marketplaceNotified",
        /// Why the sales channel could not be told.
        @personal notify_error_message: Option<String> = "notifyErrorMessage",
        /// Where it goes.
        ship_to: Option<Address> = "shipTo",
        /// Its weight.
        weight: Option<Weight> = "weight",
        /// Its measures.
        dimensions: Option<Dimensions> = "dimensions",
        /// Its insurance.
        insurance_options: Option<InsuranceOptions> = "insuranceOptions",
        /// Who pays the carrier, and the store.
        advanced_options: Option<AdvancedOptions> = "advancedOptions",
        /// Its items.
        shipment_items: Vec<OrderItem> = "shipmentItems",
    }
}

model! {
    /// A label that was voided.
    pub struct VoidedLabel {
        /// Always true here.
        approved: Option<bool> = "approved",
        /// ShipStation's words.
        message: Option<String> = "message",
    }
}
