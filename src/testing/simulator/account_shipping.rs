//! Marking orders as shipped and buying labels.

use serde::{Deserialize, Serialize};

use super::{
    Account, Field, Handled, Record, RepeatMarkAsShipped as RepeatMark, Reply, UnshippableMark, pacific,
    record, set,
};
use crate::Timestamp;

/// A message that a `markasshipped` would have sent: what a buyer gets twice when a connector errs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

const UNSHIPPABLE: &str = "The order cannot be marked as shipped in its present status.";

/// The address as shipments and fulfillments print it.
fn printed_address(order: &Record) -> Option<Record> {
    order.row("shipTo").map(|address| address.without("residential addressVerified"))
}

impl Account {
    /// Marks an order as shipped as the API call does, by the switches in [`Quirks`](super::Quirks), and gives the reply.
    pub(super) fn mark_shipped(&mut self, carrier: &str, date: Option<Timestamp>, notice: Notice) -> Handled {
        let order = self.order(notice.order_id).ok_or_else(|| Reply::empty(404))?;
        let reply = Reply::json(&order.only("orderId orderNumber"));
        match order.text("orderStatus") {
            Some("shipped") => match self.quirks.repeat_mark_as_shipped {
                RepeatMark::SecondFulfillment => {}
                RepeatMark::Error500 => return Err(Reply::exception("The order has already been shipped.")),
                RepeatMark::Ok => return Ok(reply),
            },
            Some("on_hold" | "awaiting_payment" | "cancelled") => match self.quirks.unshippable_mark {
                UnshippableMark::Ships => {}
                UnshippableMark::Error500 => return Err(Reply::exception(UNSHIPPABLE)),
                UnshippableMark::BadRequest => return Err(Reply::message(400, UNSHIPPABLE)),
            },
            _ => {}
        }
        let midnight = pacific::parse(&pacific::date(notice.at)).map(pacific::instant);
        let ship_date = date.or(midnight).unwrap_or(notice.at);
        let mut row = record!(FULFILLMENT {
            "createDate": notice.at, "shipDate": ship_date, "carrierCode": carrier,
            "trackingNumber": notice.tracking.clone().unwrap_or_default(), "marketplaceNotified": notice.channel,
            "shipTo": printed_address(order), "visibleFrom": notice.at + self.quirks.fulfillment_delay,
        });
        row.copy(order, "orderId orderNumber userId customerEmail");
        let id = self.next_id("fulfillmentId");
        self.fulfillments.insert(id, row.with("fulfillmentId", id));
        self.edit(notice.order_id, |order| {
            set!(order, "orderStatus": "shipped", "shipDate": pacific::date(ship_date), "holdUntilDate": Field::Null);
        });
        self.note_fulfillment(notice.order_id);
        if notice.customer || notice.channel {
            self.notices.push(notice);
        }
        Ok(reply.took_effect())
    }

    /// A person marks an order as shipped in ShipStation's pages: nobody is told. False when there is no such order.
    pub fn ship_by_hand(&mut self, order_id: i64, tracking: &str, carrier: &str) -> bool {
        let (at, tracking) = (self.now(), Some(tracking.to_owned()));
        let notice = Notice { at, order_id, tracking, customer: false, channel: false };
        self.mark_shipped(carrier, None, notice).is_ok()
    }

    /// The shipments made elsewhere of an order, also those not yet visible in lists.
    pub fn fulfillments_of(&self, order_id: i64) -> Vec<&Record> {
        self.fulfillments.values().filter(|row| row.int("orderId") == Some(order_id)).collect()
    }

    /// A person voids a shipment made elsewhere. False when there is none of this number.
    pub fn void_fulfillment(&mut self, fulfillment_id: i64) -> bool {
        let now = self.now();
        let Some(row) = self.fulfillments.get_mut(&fulfillment_id) else { return false };
        set!(row, "voided": true, "voidRequested": true, "voidDate": now);
        true
    }

    /// A person buys a label for an order: a shipment, not a fulfillment. `None` when there is no such order.
    pub fn buy_label(&mut self, order_id: i64, carrier: &str, service: &str) -> Option<i64> {
        const BILLING: &str = "billToParty billToAccount billToPostalCode billToCountryCode storeId";
        const NOT_PRINTED: &str = "weight taxAmount shippingAmount options createDate modifyDate";
        const COPIED: &str = "orderId orderKey orderNumber userId customerEmail packageCode weight dimensions insuranceOptions";
        let order = self.order(order_id)?;
        let today = pacific::date(self.now());
        let lines = order.rows("items").map(|line| line.without(NOT_PRINTED));
        let mut label = self.blank_label(carrier, service, &today);
        set!(label,
            "warehouseId": order.int("advancedOptions.warehouseId"), "shipTo": printed_address(order),
            "advancedOptions": order.row("advancedOptions").map(|options| options.only(BILLING)),
            "shipmentItems": lines.collect::<Field>(),
        );
        label.copy(order, COPIED);
        let id = self.keep_label(label);
        self.edit(order_id, |order| {
            set!(order, "orderStatus": "shipped", "shipDate": today, "carrierCode": carrier, "serviceCode": service);
        });
        Some(id)
    }

    /// A label with no order behind it.
    pub(super) fn blank_label(&self, carrier: &str, service: &str, ship_date: &str) -> Record {
        record!(SHIPMENT {
            "createDate": self.now(), "shipDate": ship_date, "carrierCode": carrier, "serviceCode": service,
        })
    }

    /// Numbers a label, gives it a tracking number and a batch, and keeps it.
    pub(super) fn keep_label(&mut self, mut label: Record) -> i64 {
        let id = self.next_id("shipmentId");
        let batch = (id - 879_912_000).to_string();
        set!(label, "shipmentId": id, "trackingNumber": format!("9400100000000{id}"), "batchNumber": &batch);
        self.note_label(&batch, label.int("orderId"));
        self.shipments.insert(id, label);
        id
    }

    /// Voids a label and reopens its order. `Some(false)` when it is void already, `None` when there is none of this number.
    pub fn void_label(&mut self, shipment_id: i64) -> Option<bool> {
        let now = self.now();
        let label = self.shipments.get_mut(&shipment_id)?;
        if label.flag("voided") {
            return Some(false);
        }
        set!(label, "voided": true, "voidDate": now);
        if let Some(order_id) = label.int("orderId") {
            self.set_status(order_id, "awaiting_shipment");
        }
        Some(true)
    }
}
