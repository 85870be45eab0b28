//! Listing shipments, and what one is made of.

use super::super::{
    Address, AdvancedOptions, Confirmation, Decimal, Dimensions, InsuranceOptions, OrderId, OrderItem,
    PacificDate, PacificTime, ShipmentId, StoreId, UserId, WarehouseId, Weight,
    page::{Column, Dated, Key, ListCall, list_request},
    wire::{
        model, open_enum,
        rows::{Listed, Row},
    },
};
use crate::Timestamp;

open_enum! {
    /// What shipments can be sorted by.
    pub enum ShipmentSort {
        /// By ship date.
        ShipDate = "ShipDate",
        /// By creation; the default.
        CreateDate = "CreateDate",
    }
}

const CREATED: Key = Key { column: Column::Created, start: "createDateStart", sort: "CreateDate" };

/// A request for shipments; see [`Shipments::list`](super::Shipments::list).
#[derive(Debug)]
#[must_use = "nothing is sent until send(), pages() or items() is called"]
pub struct ListShipments(pub(super) ListCall);

impl ListShipments {
    /// Only those to this recipient.
    pub fn recipient_name(self, name: impl AsRef<str>) -> Self {
        Self(self.0.set("recipientName", name.as_ref()))
    }

    /// Only those to this country, two letters.
    pub fn recipient_country_code(self, country: impl AsRef<str>) -> Self {
        Self(self.0.set("recipientCountryCode", country.as_ref()))
    }

    /// Only those with this order number: compare the rows exactly.
    pub fn order_number(self, number: impl AsRef<str>) -> Self {
        Self(self.0.set("orderNumber", number.as_ref()))
    }

    /// Only those of this order.
    pub fn order_id(self, id: OrderId) -> Self {
        Self(self.0.set("orderId", id))
    }

    /// Only those with this carrier.
    pub fn carrier_code(self, code: impl AsRef<str>) -> Self {
        Self(self.0.set("carrierCode", code.as_ref()))
    }

    /// Only those with this service.
    pub fn service_code(self, code: impl AsRef<str>) -> Self {
        Self(self.0.set("serviceCode", code.as_ref()))
    }

    /// Only those with this tracking number.
    pub fn tracking_number(self, number: impl AsRef<str>) -> Self {
        Self(self.0.set("trackingNumber", number.as_ref()))
    }

    /// Only those of this store.
    pub fn store(self, store: StoreId) -> Self {
        Self(self.0.set("storeId", store))
    }

    /// Only those created at or after this instant (floored to the second).
    pub fn created_since(self, instant: Timestamp) -> Self {
        Self(self.0.since("createDateStart", instant, Some(CREATED)))
    }

    /// Only those created up to this instant (raised to the second).
    pub fn created_before(self, instant: Timestamp) -> Self {
        Self(self.0.before("createDateEnd", instant, Some(CREATED)))
    }

    /// Only those shipped at or after this instant (floored to the second).
    pub fn shipped_since(self, instant: Timestamp) -> Self {
        Self(self.0.since("shipDateStart", instant, None))
    }

    /// Only those shipped up to this instant (raised to the second).
    pub fn shipped_before(self, instant: Timestamp) -> Self {
        Self(self.0.before("shipDateEnd", instant, None))
    }

    /// Only those voided at or after this instant (floored to the second).
    pub fn voided_since(self, instant: Timestamp) -> Self {
        Self(self.0.since("voidDateStart", instant, None))
    }

    /// Only those voided up to this instant (raised to the second).
    pub fn voided_before(self, instant: Timestamp) -> Self {
        Self(self.0.before("voidDateEnd", instant, None))
    }

    /// Whether the rows show their items. Default false: then [`Shipment::shipment_items`] is empty.
    pub fn include_shipment_items(self, include: bool) -> Self {
        Self(self.0.set("includeShipmentItems", include))
    }
}

list_request!(ListShipments, Shipment, ShipmentSort);

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
        /// Whether the sales channel was told.
        @droppable marketplace_notified: Option<bool> = "marketplaceNotified",
        /// Why the sales channel could not be told.
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

impl Row for Shipment {
    const ID: &'static str = "shipmentId";
}

impl Listed for Shipment {
    const KEY: &'static str = "shipments";

    fn key(&self) -> i64 {
        self.shipment_id.get()
    }
}

impl Dated for Shipment {
    fn date(&self, column: Column) -> Option<&PacificTime> {
        match column {
            Column::Created => self.create_date.as_ref(),
            Column::Modified | Column::Ordered | Column::Shipped => None,
        }
    }
}
