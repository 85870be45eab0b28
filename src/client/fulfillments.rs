//! Fulfillments: shipments made outside ShipStation's labels, "mark as shipped" among them. V1 reference,
//! Endpoints / Fulfillments.

use super::{
    Address, Decimal, FulfillmentId, OrderId, PacificTime, UserId, operations,
    page::{Column, Dated, Key, ListCall, list_request},
    resource,
    wire::{
        model, open_enum,
        rows::{Listed, Row},
    },
};
use crate::Timestamp;

resource! {
    /// Fulfillment operations; see [`ShipStation::fulfillments`](super::ShipStation::fulfillments).
    Fulfillments
}

impl Fulfillments {
    /// Lists fulfillments. Labels bought in ShipStation are not among them: those are shipments.
    ///
    /// V1 reference, Fulfillments / List fulfillments.
    pub fn list(&self) -> ListFulfillments {
        ListFulfillments(ListCall::new(self.0.clone(), &operations::LIST_FULFILLMENTS))
    }
}

open_enum! {
    /// What fulfillments can be sorted by.
    pub enum FulfillmentSort {
        /// By ship date.
        ShipDate = "ShipDate",
        /// By creation; the default.
        CreateDate = "CreateDate",
    }
}

const CREATED: Key = Key { column: Column::Created, start: "createDateStart", sort: "CreateDate" };
const SHIPPED: Key = Key { column: Column::Shipped, start: "shipDateStart", sort: "ShipDate" };

/// A request for fulfillments; see [`Fulfillments::list`].
#[derive(Debug)]
#[must_use = "nothing is sent until send(), pages() or items() is called"]
pub struct ListFulfillments(ListCall);

impl ListFulfillments {
    /// Only this fulfillment.
    pub fn fulfillment_id(self, id: FulfillmentId) -> Self {
        Self(self.0.set("fulfillmentId", id))
    }

    /// Only those of this order.
    pub fn order_id(self, id: OrderId) -> Self {
        Self(self.0.set("orderId", id))
    }

    /// Only those whose order number begins with this text: compare the rows exactly.
    pub fn order_number(self, number: impl AsRef<str>) -> Self {
        Self(self.0.set("orderNumber", number.as_ref()))
    }

    /// Only those with this tracking number.
    pub fn tracking_number(self, number: impl AsRef<str>) -> Self {
        Self(self.0.set("trackingNumber", number.as_ref()))
    }

    /// Only those to this recipient.
    pub fn recipient_name(self, name: impl AsRef<str>) -> Self {
        Self(self.0.set("recipientName", name.as_ref()))
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
        Self(self.0.since("shipDateStart", instant, Some(SHIPPED)))
    }

    /// Only those shipped up to this instant (raised to the second).
    pub fn shipped_before(self, instant: Timestamp) -> Self {
        Self(self.0.before("shipDateEnd", instant, Some(SHIPPED)))
    }
}

list_request!(ListFulfillments, Fulfillment, FulfillmentSort);

model! {
    /// A shipment made outside ShipStation's labels.
    pub struct Fulfillment {
        /// The fulfillment's id.
        fulfillment_id: FulfillmentId = "fulfillmentId",
        /// The order it belongs to.
        order_id: Option<OrderId> = "orderId",
        /// The order's number.
        @public order_number: Option<String> = "orderNumber",
        /// Who marked it.
        @droppable user_id: Option<UserId> = "userId",
        /// The buyer's e-mail address.
        @personal @droppable customer_email: Option<String> = "customerEmail",
        /// The tracking number; may be `""`.
        tracking_number: Option<String> = "trackingNumber",
        /// When the record was made.
        create_date: Option<PacificTime> = "createDate",
        /// When the goods left; often midnight.
        ship_date: Option<PacificTime> = "shipDate",
        /// When it was voided.
        void_date: Option<PacificTime> = "voidDate",
        /// When the goods arrived.
        @droppable delivery_date: Option<PacificTime> = "deliveryDate",
        /// The carrier as free text (`UPS`, `FedEx`), not a carrier code.
        @public carrier_code: Option<String> = "carrierCode",
        /// The fulfilment provider's connection.
        @droppable seller_fill_provider_id: Option<i64> = "sellerFillProviderId",
        /// The fulfilment provider's name.
        @droppable seller_fill_provider_name: Option<String> = "sellerFillProviderName",
        /// The fulfilment provider's code.
        @public @droppable fulfillment_provider_code: Option<String> = "fulfillmentProviderCode",
        /// The fulfilment provider's service.
        @droppable fulfillment_service_code: Option<String> = "fulfillmentServiceCode",
        /// What the fulfilment provider charges.
        @droppable fulfillment_fee: Option<Decimal> = "fulfillmentFee",
        /// Whether somebody asked to void it.
        void_requested: Option<bool> = "voidRequested",
        /// Whether it is void.
        voided: Option<bool> = "voided",
        /// Whether the sales channel was told.
        @droppable marketplace_notified: Option<bool> = "marketplaceNotified",
        /// Why the sales channel could not be told: a sentence from the channel.
        @personal @droppable notify_error_message: Option<String> = "notifyErrorMessage",
        /// Where the goods go.
        @droppable ship_to: Option<Address> = "shipTo",
    }
}

impl Row for Fulfillment {
    const ID: &'static str = "fulfillmentId";
}

impl Listed for Fulfillment {
    const KEY: &'static str = "fulfillments";

    fn key(&self) -> i64 {
        self.fulfillment_id.get()
    }
}

impl Dated for Fulfillment {
    fn date(&self, column: Column) -> Option<&PacificTime> {
        match column {
            Column::Created => self.create_date.as_ref(),
            Column::Shipped => self.ship_date.as_ref(),
            Column::Ordered | Column::Modified => None,
        }
    }
}
