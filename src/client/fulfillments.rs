//! Fulfillments: shipments made outside ShipStation's labels, "mark as shipped" among them. V1 reference,
//! Endpoints / Fulfillments.

use super::{
    Address, Decimal, FulfillmentId, Fulfillments, OrderId, PacificTime, UserId,
    page::list_request,
    wire::{model, open_enum},
};

impl Fulfillments {
    /// Lists fulfillments. Labels bought in ShipStation are not among them: those are shipments.
    pub fn list(&self) -> ListFulfillments {
        ListFulfillments::new(&self.0)
    }
}

open_enum! {
    /// What fulfillments can be sorted by.
    pub enum FulfillmentSort {
        ShipDate = "ShipDate",
        /// By creation; the default.
        CreateDate = "CreateDate",
    }
}

list_request! {
    /// A request for fulfillments; see [`Fulfillments::list`].
    pub struct ListFulfillments of Fulfillment: LIST_FULFILLMENTS;
    sort FulfillmentSort;
    texts {
        /// Only those whose order number begins with this text: compare the rows exactly.
        order_number = "orderNumber",
        tracking_number = "trackingNumber",
        recipient_name = "recipientName",
    }
    values {
        fulfillment_id: FulfillmentId = "fulfillmentId",
        order_id: OrderId = "orderId",
    }
    dates {
        "those created" {
            created_since = "createDateStart", created_before = "createDateEnd",
            read by create_date, sorted by "CreateDate"
        }
        "those shipped" {
            shipped_since = "shipDateStart", shipped_before = "shipDateEnd",
            read by ship_date, sorted by "ShipDate"
        }
    }
}

model! {
    /// A shipment made outside ShipStation's labels.
    pub struct Fulfillment {
        fulfillment_id: FulfillmentId = "fulfillmentId",
        /// The order it belongs to.
        order_id: Option<OrderId> = "orderId",
        @public order_number: Option<String> = "orderNumber",
        /// Who marked it.
        @droppable user_id: Option<UserId> = "userId",
        @personal @droppable customer_email: Option<String> = "customerEmail",
        /// The tracking number; may be `""`.
        tracking_number: Option<String> = "trackingNumber",
        create_date: Option<PacificTime> = "createDate",
        /// When the goods left; often midnight.
        ship_date: Option<PacificTime> = "shipDate",
        void_date: Option<PacificTime> = "voidDate",
        /// When the goods arrived.
        @droppable delivery_date: Option<PacificTime> = "deliveryDate",
        /// The carrier as free text (`UPS`, `FedEx`), not a carrier code.
        @public carrier_code: Option<String> = "carrierCode",
        /// The fulfillment provider's connection.
        @droppable seller_fill_provider_id: Option<i64> = "sellerFillProviderId",
        @droppable seller_fill_provider_name: Option<String> = "sellerFillProviderName",
        @public @droppable fulfillment_provider_code: Option<String> = "fulfillmentProviderCode",
        @droppable fulfillment_service_code: Option<String> = "fulfillmentServiceCode",
        @droppable fulfillment_fee: Option<Decimal> = "fulfillmentFee",
        /// Whether somebody asked to void it.
        void_requested: Option<bool> = "voidRequested",
        /// Whether it is void.
        voided: Option<bool> = "voided",
        @droppable marketplace_notified: Option<bool> = "marketplaceNotified",
        /// Why the sales channel could not be notified: a sentence from the channel.
        @personal @droppable notify_error_message: Option<String> = "notifyErrorMessage",
        @droppable ship_to: Option<Address> = "shipTo",
    }
}
