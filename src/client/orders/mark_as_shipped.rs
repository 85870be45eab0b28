//! Telling ShipStation that an order has left: the one write that must never happen twice.

use serde::Serialize;

use super::super::{Error, OrderId, Orders, PacificDate, ShipStation, call::Call, endpoints, wire::model};
use crate::setters::setters;

/// A request to mark an order as shipped; see [`Orders::mark_as_shipped`](super::Orders::mark_as_shipped).
#[derive(Debug)]
#[must_use = "nothing is sent until send() is awaited"]
pub struct MarkAsShipped {
    client: ShipStation,
    body: Body,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    order_id: OrderId,
    carrier_code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ship_date: Option<PacificDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking_number: Option<String>,
    notify_customer: bool,
    notify_sales_channel: bool,
}

impl Orders {
    /// Marks an order as shipped outside ShipStation, with the carrier that took it.
    ///
    /// It takes the whole order, creates a *fulfillment*, and happens once:
    /// see [`MarkAsShipped::send`] for what to do when the outcome is unknown.
    pub fn mark_as_shipped(&self, order: OrderId, carrier_code: impl Into<String>) -> MarkAsShipped {
        let body = Body {
            order_id: order,
            carrier_code: carrier_code.into(),
            ship_date: None,
            tracking_number: None,
            notify_customer: false,
            notify_sales_channel: false,
        };
        MarkAsShipped { client: self.0.clone(), body }
    }
}

impl MarkAsShipped {
    setters! {
        #![must_use]
        /// The tracking number; one per order.
        tracking_number(number: impl Into<String>) => body.tracking_number = Some(number.into());
        /// The day the goods left.
        ship_date(date: PacificDate) => body.ship_date = Some(date);
        /// Whether ShipStation mails the buyer. Default false; always sent explicitly.
        notify_customer(notify: bool) => body.notify_customer = notify;
        /// Whether ShipStation notifies the store. Default false; always sent explicitly.
        notify_sales_channel(notify: bool) => body.notify_sales_channel = notify;
    }

    /// Sends it, once. Waiting for the rate limit may take minutes: a caller whose right to send may end meanwhile uses a
    /// client with [`send_before`](ShipStation::send_before).
    ///
    /// # Errors
    /// What to do next is decided by [`Error::outcome`], not by its kind:
    /// - `NotSent`: nothing happened; sending again is safe.
    /// - `Answered`: ShipStation refused; nothing happened, and it will refuse again.
    /// - `Unknown`: it may have happened. Read the order and `/fulfillments` of the order, allowing for a delay, and
    ///   send again only if the shipment is clearly absent. This includes a 500 with an exception message (kind
    ///   `Invalid`): ShipStation most likely refused, but it threw somewhere along the way, and only a look can decide.
    pub async fn send(self) -> Result<MarkedAsShipped, Error> {
        self.client.one(&Call::to(&endpoints::MARK_AS_SHIPPED).json(&self.body)).await
    }
}

model! {
    /// ShipStation's confirmation that the order is marked.
    pub struct MarkedAsShipped {
        order_id: OrderId = "orderId",
        @public order_number: Option<String> = "orderNumber",
    }
}
