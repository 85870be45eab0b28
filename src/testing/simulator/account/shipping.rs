//! Marking orders as shipped and buying labels.

use rust_decimal::Decimal;

use super::super::model::{Notice, SimBilling, SimFulfillment, SimLine, SimOrder, SimShipment};
use super::super::pacific;
use super::super::{RepeatMarkAsShipped as RepeatMark, UnshippableMark};
use super::{Account, next};
use crate::Timestamp;

/// What `markasshipped` was given.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Marking {
    pub(in super::super) carrier: String,
    pub(in super::super) tracking: Option<String>,
    pub(in super::super) ship_date: Option<Timestamp>,
    pub(in super::super) notify_customer: bool,
    pub(in super::super) notify_channel: bool,
}

/// Why nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Refusal {
    /// There is no such order.
    Unknown,
    /// Refused with 400.
    BadRequest(&'static str),
    /// Refused with 500 and an exception body.
    Exception(&'static str),
    /// Answered as if it had been done.
    Ignored,
}

impl Account {
    /// Marks an order as shipped as the API call does, by the switches in [`Quirks`](super::Quirks).
    pub(in super::super) fn mark_as_shipped(&mut self, order_id: i64, mark: Marking) -> Result<(), Refusal> {
        let order = self.order(order_id).ok_or(Refusal::Unknown)?;
        self.permit_marking(order)?;
        let fulfillment_id = next(&mut self.last.fulfillment);
        let now = self.now();
        let midnight = pacific::parse(&pacific::date(now)).map(pacific::instant);
        let ship_date = mark.ship_date.or(midnight).unwrap_or(now);
        let visible_from = now + self.quirks.fulfillment_delay;
        let Some(order) = self.order_mut(order_id) else { return Err(Refusal::Unknown) };
        "shipped".clone_into(&mut order.order_status);
        order.ship_date = Some(pacific::date(ship_date));
        order.hold_until_date = None;
        order.modify_date = now;
        let fulfillment = SimFulfillment {
            fulfillment_id,
            order_id,
            order_number: order.order_number.clone(),
            user_id: order.user_id.clone(),
            customer_email: order.customer_email.clone(),
            tracking_number: Some(mark.tracking.clone().unwrap_or_default()),
            create_date: now,
            ship_date,
            void_date: None,
            delivery_date: None,
            carrier_code: Some(mark.carrier),
            seller_fill_provider_id: None,
            seller_fill_provider_name: None,
            fulfillment_provider_code: None,
            fulfillment_service_code: None,
            fulfillment_fee: Decimal::ZERO,
            void_requested: false,
            voided: false,
            marketplace_notified: mark.notify_channel,
            notify_error_message: None,
            ship_to: order.ship_to.as_printed_on_shipments(),
            visible_from,
        };
        self.fulfillments.insert(fulfillment_id, fulfillment);
        if mark.notify_customer || mark.notify_channel {
            self.notices.push(Notice {
                at: now,
                order_id,
                tracking: mark.tracking,
                customer: mark.notify_customer,
                channel: mark.notify_channel,
            });
        }
        Ok(())
    }

    fn permit_marking(&self, order: &SimOrder) -> Result<(), Refusal> {
        match order.order_status.as_str() {
            "shipped" => match self.quirks.repeat_mark_as_shipped {
                RepeatMark::SecondFulfillment => Ok(()),
                RepeatMark::Error500 => Err(Refusal::Exception("The order has already been shipped.")),
                RepeatMark::Ok => Err(Refusal::Ignored),
            },
            "on_hold" | "awaiting_payment" | "cancelled" => match self.quirks.unshippable_mark {
                UnshippableMark::Ships => Ok(()),
                UnshippableMark::Error500 => {
                    Err(Refusal::Exception("The order cannot be marked as shipped in its present status."))
                }
                UnshippableMark::BadRequest => {
                    Err(Refusal::BadRequest("The order cannot be marked as shipped in its present status."))
                }
            },
            _ => Ok(()),
        }
    }

    /// A person marks an order as shipped in ShipStation's pages: nobody is told. False when there is no such order.
    pub fn ship_by_hand(&mut self, order_id: i64, tracking: &str, carrier: &str) -> bool {
        if self.order(order_id).is_none() {
            return false;
        }
        let mark = Marking {
            carrier: carrier.to_owned(),
            tracking: Some(tracking.to_owned()),
            ..Marking::default()
        };
        self.mark_as_shipped(order_id, mark).is_ok()
    }

    /// The shipments made elsewhere of an order, also those not yet visible in lists.
    pub fn fulfillments_of(&self, order_id: i64) -> Vec<&SimFulfillment> {
        self.fulfillments.values().filter(|row| row.order_id == order_id).collect()
    }

    /// A person voids a shipment made elsewhere. False when there is none of this number.
    pub fn void_fulfillment(&mut self, fulfillment_id: i64) -> bool {
        let now = self.now();
        let Some(row) = self.fulfillments.get_mut(&fulfillment_id) else { return false };
        (row.voided, row.void_requested, row.void_date) = (true, true, Some(now));
        true
    }

    /// A person buys a label for an order: a shipment, not a fulfillment. `None` when there is no such order.
    pub fn buy_label(&mut self, order_id: i64, carrier: &str, service: &str) -> Option<i64> {
        let order = self.order(order_id)?;
        let today = pacific::date(self.now());
        let mut label = self.blank_label(carrier, service, today.clone());
        label.order_id = Some(order_id);
        label.order_key = Some(order.order_key.clone());
        label.order_number = Some(order.order_number.clone());
        label.user_id.clone_from(&order.user_id);
        label.customer_email.clone_from(&order.customer_email);
        label.package_code.clone_from(&order.package_code);
        label.warehouse_id = order.advanced_options.warehouse_id;
        label.store_id = order.store_id();
        label.ship_to = Some(order.ship_to.as_printed_on_shipments());
        label.weight = Some(order.weight.clone());
        label.dimensions.clone_from(&order.dimensions);
        label.insurance_options = Some(order.insurance_options.clone());
        label.advanced_options = Some(SimBilling::of(&order.advanced_options));
        label.shipment_items = Some(order.items.iter().map(SimLine::as_printed_on_shipments).collect());
        let id = self.keep_label(label);
        self.edit(order_id, |order| {
            "shipped".clone_into(&mut order.order_status);
            order.ship_date = Some(today);
            order.carrier_code = Some(carrier.to_owned());
            order.service_code = Some(service.to_owned());
        });
        Some(id)
    }

    /// A label with no order behind it.
    pub(in super::super) fn blank_label(
        &self,
        carrier: &str,
        service: &str,
        ship_date: String,
    ) -> SimShipment {
        SimShipment {
            shipment_id: 0,
            order_id: None,
            order_key: None,
            user_id: None,
            customer_email: None,
            order_number: None,
            create_date: self.now(),
            ship_date,
            shipment_cost: Decimal::new(798, 2),
            insurance_cost: Decimal::new(0, 1),
            tracking_number: None,
            is_return_label: false,
            batch_number: None,
            carrier_code: carrier.to_owned(),
            service_code: service.to_owned(),
            package_code: None,
            confirmation: Some("delivery".to_owned()),
            warehouse_id: None,
            voided: false,
            void_date: None,
            marketplace_notified: false,
            notify_error_message: None,
            ship_to: None,
            weight: None,
            dimensions: None,
            insurance_options: None,
            advanced_options: None,
            shipment_items: None,
            label_data: None,
            form_data: None,
            store_id: None,
        }
    }

    /// Numbers a label, gives it a tracking number and a batch, and keeps it.
    pub(in super::super) fn keep_label(&mut self, mut label: SimShipment) -> i64 {
        let id = next(&mut self.last.shipment);
        label.shipment_id = id;
        label.tracking_number = Some(format!("9400100000000{id}"));
        label.batch_number = Some((id - 879_912_000).to_string());
        self.shipments.insert(id, label);
        id
    }

    /// Voids a label and reopens its order. `Some(false)` when it is void already, `None` when there is none of this number.
    pub fn void_label(&mut self, shipment_id: i64) -> Option<bool> {
        let now = self.now();
        let label = self.shipments.get_mut(&shipment_id)?;
        if label.voided {
            return Some(false);
        }
        (label.voided, label.void_date) = (true, Some(now));
        if let Some(order_id) = label.order_id {
            self.set_status(order_id, "awaiting_shipment");
        }
        Some(true)
    }
}
