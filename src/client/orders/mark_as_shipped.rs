//! Telling ShipStation that an order has left: the one write that must never happen twice.

use serde::Serialize;

use super::super::{Error, OrderId, PacificDate, ShipStation, call::Call, endpoints, wire::model};

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

impl MarkAsShipped {
    pub(super) fn new(client: ShipStation, order_id: OrderId, carrier_code: String) -> Self {
        let body = Body {
            order_id,
            carrier_code,
            ship_date: None,
            tracking_number: None,
            notify_customer: false,
            notify_sales_channel: false,
        };
        Self { client, body }
    }

    /// The tracking number; one per order.
    pub fn tracking_number(mut self, number: impl Into<String>) -> Self {
        self.body.tracking_number = Some(number.into());
        self
    }

    /// The day the goods left.
    pub fn ship_date(mut self, date: PacificDate) -> Self {
        self.body.ship_date = Some(date);
        self
    }

    /// Whether ShipStation mails the buyer. Default false; always sent explicitly.
    pub fn notify_customer(mut self, notify: bool) -> Self {
        self.body.notify_customer = notify;
        self
    }

    /// Whether ShipStation tells the store. Default false; always sent explicitly.
    pub fn notify_sales_channel(mut self, notify: bool) -> Self {
        self.body.notify_sales_channel = notify;
        self
    }

    /// Sends it, once. Waiting for the rate limit may take minutes: a caller whose right to send may end meanwhile uses a
    /// client with [`leaving_by`](ShipStation::leaving_by).
    ///
    /// # Errors
    /// What to do next is decided by [`Error::outcome`], not by its kind:
    /// - `NotSent`: nothing happened; sending again is safe.
    /// - `Answered`: ShipStation refused; nothing happened, and it will refuse again.
    /// - `Unknown`: it may have happened. Read the order and `/fulfillments` of the order, allowing for a delay, and
    ///   send again only if the shipment is clearly absent. This includes a 500 with an exception message (kind
    ///   `Invalid`): ShipStation most likely refused, but it threw somewhere along the way, and only a look can tell.
    pub async fn send(self) -> Result<MarkedAsShipped, Error> {
        self.client.one(&Call::to(&endpoints::MARK_AS_SHIPPED).json(&self.body)?).await
    }
}

model! {
    /// ShipStation's confirmation that the order is marked.
    pub struct MarkedAsShipped {
        /// The order.
        order_id: OrderId = "orderId",
        /// Its number.
        @public order_number: Option<String> = "orderNumber",
    }
}
