//! Listing shipments, and what one is made of.

use super::super::{
    Address, AdvancedOptions, Confirmation, Decimal, Dimensions, InsuranceOptions, OrderId, OrderItem,
    PacificDate, PacificTime, ShipmentId, StoreId, UserId, WarehouseId, Weight,
    page::list_request,
    wire::{model, open_enum, rows::list_row},
};

open_enum! {
    /// What shipments can be sorted by.
    pub enum ShipmentSort {
        /// By ship date.
        ShipDate = "ShipDate",
        /// By creation; the default.
        CreateDate = "CreateDate",
    }
}

list_request! {
    /// A request for shipments; see [`Shipments::list`](super::Shipments::list).
    pub struct ListShipments of Shipment;
    sort ShipmentSort;
    texts {
        /// Only those to this recipient.
        recipient_name = "recipientName",
        /// Only those to this country, two letters.
        recipient_country_code = "recipientCountryCode",
        /// Only those with this order number: compare the rows exactly.
        order_number = "orderNumber",
        /// Only those with this carrier.
        carrier_code = "carrierCode",
        /// Only those with this service.
        service_code = "serviceCode",
        /// Only those with this tracking number.
        tracking_number = "trackingNumber",
    }
    values {
        /// Only those of this order.
        order_id: OrderId = "orderId",
        /// Only those of this store.
        store: StoreId = "storeId",
        /// Whether the rows show their items. Default false: then [`Shipment::shipment_items`] is empty.
        include_shipment_items: bool = "includeShipmentItems",
    }
    dates {
        "those created" {
            created_since = "createDateStart", created_before = "createDateEnd",
            read by create_date, sorted by "CreateDate"
        }
        "those shipped" { shipped_since = "shipDateStart", shipped_before = "shipDateEnd" }
        "those voided" { voided_since = "voidDateStart", voided_before = "voidDateEnd" }
    }
}

model! {
    /// A label bought in ShipStation: as lists show it, and as the purchase answers.
    pub struct Shipment {
        /// The shipment's id.
        shipment_id: ShipmentId = "shipmentId",
        /// The order; absent for a label that belongs to none.
        order_id: Option<OrderId> = "orderId",
        /// The order's key.
        @droppable order_key: Option<String> = "orderKey",
        /// Who bought it.
        @droppable user_id: Option<UserId> = "userId",
        /// The buyer's e-mail address.
        @personal @droppable customer_email: Option<String> = "customerEmail",
        /// The order's number.
        @public order_number: Option<String> = "orderNumber",
        /// When it was bought.
        create_date: Option<PacificTime> = "createDate",
        /// The day it ships.
        ship_date: Option<PacificDate> = "shipDate",
        /// What the carrier charges, in US dollars.
        @droppable shipment_cost: Option<Decimal> = "shipmentCost",
        /// What the insurance costs, in US dollars.
        @droppable insurance_cost: Option<Decimal> = "insuranceCost",
        /// The tracking number.
        tracking_number: Option<String> = "trackingNumber",
        /// Whether it is a return label.
        is_return_label: Option<bool> = "isReturnLabel",
        /// The batch it was bought in.
        @droppable batch_number: Option<String> = "batchNumber",
        /// The carrier.
        @public carrier_code: Option<String> = "carrierCode",
        /// The carrier's service.
        @public @droppable service_code: Option<String> = "serviceCode",
        /// The kind of package.
        @public @droppable package_code: Option<String> = "packageCode",
        /// The proof of delivery.
        @droppable confirmation: Option<Confirmation> = "confirmation",
        /// The ship-from location.
        @droppable warehouse_id: Option<WarehouseId> = "warehouseId",
        /// Whether it is void. Void labels stay in the list.
        voided: Option<bool> = "voided",
        /// When it was voided.
        void_date: Option<PacificTime> = "voidDate",
        /// Whether the sales channel was notified.
        @droppable marketplace_notified: Option<bool> = "marketplaceNotified",
        /// Why the sales channel could not be notified.
        @personal @droppable notify_error_message: Option<String> = "notifyErrorMessage",
        /// Where it goes.
        @droppable ship_to: Option<Address> = "shipTo",
        /// Its weight.
        @droppable weight: Option<Weight> = "weight",
        /// Its measures.
        @droppable dimensions: Option<Dimensions> = "dimensions",
        /// Its insurance.
        @droppable insurance_options: Option<InsuranceOptions> = "insuranceOptions",
        /// Who pays the carrier, and the store.
        @droppable advanced_options: Option<AdvancedOptions> = "advancedOptions",
        /// Its items, if they were asked for.
        shipment_items: Vec<OrderItem> = "shipmentItems",
        /// The label as a PDF in base64. Only the purchase shows it: it cannot be had again.
        @personal label_data: Option<String> = "labelData",
        /// The customs forms as a PDF in base64, from the purchase only.
        @personal form_data: Option<String> = "formData",
    }
}

/// A label that was just bought. One for an order fills the id, the costs, the tracking number and the PDFs only.
pub type Label = Shipment;

list_row!(Shipment, "shipmentId", shipment_id in "shipments");
