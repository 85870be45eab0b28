//! Listing shipments, and what one is made of.

use super::super::{
    Address, AdvancedOptions, Confirmation, Decimal, Dimensions, InsuranceOptions, OrderId, OrderItem,
    PacificDate, PacificTime, ShipmentId, StoreId, UserId, WarehouseId, Weight,
    page::list_request,
    wire::{model, open_enum},
};

open_enum! {
    /// What shipments can be sorted by.
    pub enum ShipmentSort {
        ShipDate = "ShipDate",
        /// By creation; the default.
        CreateDate = "CreateDate",
    }
}

list_request! {
    /// A request for shipments; see [`Shipments::list`](super::Shipments::list).
    pub struct ListShipments of Shipment: LIST_SHIPMENTS;
    sort ShipmentSort;
    texts {
        recipient_name = "recipientName",
        /// Only those to this country, two letters.
        recipient_country_code = "recipientCountryCode",
        /// Only those with this order number: compare the rows exactly.
        order_number = "orderNumber",
        carrier_code = "carrierCode",
        service_code = "serviceCode",
        tracking_number = "trackingNumber",
    }
    values {
        order_id: OrderId = "orderId",
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
        shipment_id: ShipmentId = "shipmentId",
        /// The order; absent for a label that belongs to none.
        order_id: Option<OrderId> = "orderId",
        @droppable order_key: Option<String> = "orderKey",
        /// Who bought it.
        @droppable user_id: Option<UserId> = "userId",
        @personal @droppable customer_email: Option<String> = "customerEmail",
        @public order_number: Option<String> = "orderNumber",
        /// When it was bought.
        create_date: Option<PacificTime> = "createDate",
        ship_date: Option<PacificDate> = "shipDate",
        /// What the carrier charges, in US dollars.
        @droppable shipment_cost: Option<Decimal> = "shipmentCost",
        /// What the insurance costs, in US dollars.
        @droppable insurance_cost: Option<Decimal> = "insuranceCost",
        tracking_number: Option<String> = "trackingNumber",
        is_return_label: Option<bool> = "isReturnLabel",
        @droppable batch_number: Option<String> = "batchNumber",
        @public carrier_code: Option<String> = "carrierCode",
        @public @droppable service_code: Option<String> = "serviceCode",
        @public @droppable package_code: Option<String> = "packageCode",
        @droppable confirmation: Option<Confirmation> = "confirmation",
        @droppable warehouse_id: Option<WarehouseId> = "warehouseId",
        /// Whether it is void. Void labels stay in the list.
        voided: Option<bool> = "voided",
        void_date: Option<PacificTime> = "voidDate",
        @droppable marketplace_notified: Option<bool> = "marketplaceNotified",
        @personal @droppable notify_error_message: Option<String> = "notifyErrorMessage",
        @droppable ship_to: Option<Address> = "shipTo",
        @droppable weight: Option<Weight> = "weight",
        @droppable dimensions: Option<Dimensions> = "dimensions",
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
