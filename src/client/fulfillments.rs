//! Fulfillments: shipments made outside ShipStation's labels, "mark as shipped" among them. V1 reference,
//! Endpoints / Fulfillments.

use super::{
    Address, Decimal, FulfillmentId, Fulfillments, OrderId, PacificTime, UserId, endpoints,
    page::{ListCall, list_request},
    wire::{model, open_enum, rows::list_row},
};

impl Fulfillments {
    /// Lists fulfillments. Labels bought in ShipStation are not among them: those are shipments.
    pub fn list(&self) -> ListFulfillments {
        ListFulfillments(ListCall::new(self.0.clone(), &endpoints::LIST_FULFILLMENTS))
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

list_request! {
    /// A request for fulfillments; see [`Fulfillments::list`].
    pub struct ListFulfillments of Fulfillment;
    sort FulfillmentSort;
    texts {
        /// Only those whose order number begins with this text: compare the rows exactly.
        order_number = "orderNumber",
        /// Only those with this tracking number.
        tracking_number = "trackingNumber",
        /// Only those to this recipient.
        recipient_name = "recipientName",
    }
    values {
        /// Only this fulfillment.
        fulfillment_id: FulfillmentId = "fulfillmentId",
        /// Only those of this order.
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
        /// The fulfillment provider's connection.
        @droppable seller_fill_provider_id: Option<i64> = "sellerFillProviderId",
        /// The fulfillment provider's name.
        @droppable seller_fill_provider_name: Option<String> = "sellerFillProviderName",
        /// The fulfillment provider's code.
        @public @droppable fulfillment_provider_code: Option<String> = "fulfillmentProviderCode",
        /// The fulfillment provider's service.
        @droppable fulfillment_service_code: Option<String> = "fulfillmentServiceCode",
        /// What the fulfillment provider charges.
        @droppable fulfillment_fee: Option<Decimal> = "fulfillmentFee",
        /// Whether somebody asked to void it.
        void_requested: Option<bool> = "voidRequested",
        /// Whether it is void.
        voided: Option<bool> = "voided",
        /// Whether the sales channel was notified.
        @droppable marketplace_notified: Option<bool> = "marketplaceNotified",
        /// Why the sales channel could not be notified: a sentence from the channel.
        @personal @droppable notify_error_message: Option<String> = "notifyErrorMessage",
        /// Where the goods go.
        @droppable ship_to: Option<Address> = "shipTo",
    }
}

list_row!(Fulfillment, "fulfillmentId", fulfillment_id in "fulfillments");
