//! From ShipStation's words to the channel's: every conversion stands here. Settings choose among
//! what an order says (which SKU of a line, which shipping text); nothing else is decided.

mod extra;
mod handling;
mod line;
mod parties;

use super::settings::{OrderSettings, ShippingTextSource};
use crate::{
    Timestamp,
    channel::{
        CalendarDate, ChannelOrder, ChannelOrderId, ChannelUserId, ChannelWarehouseId, Lineage, OrderTotals,
        shipping::{ShippingRequest, StoreKey, is_invisible},
    },
    client::{AdvancedOptions, Order, OrderId, PacificDate, PacificTime, StoreId},
};

/// The first second of 1971, UTC.
const YEAR_1971: i64 = 31_536_000;

/// The channel's id of an order.
pub(super) fn order_id(id: OrderId) -> ChannelOrderId {
    ChannelOrderId::new(id.to_string())
}

/// ShipStation's id of an order, if it is one. Other spellings of the same number are none: two rows for one order
/// must have one id.
pub(super) fn wire_order_id(id: &ChannelOrderId) -> Option<OrderId> {
    let number: i64 = id.as_str().parse().ok().filter(|number| *number > 0)?;
    (number.to_string() == id.as_str()).then(|| OrderId::new(number))
}

/// Whether two numbers of orders are the same, as people write them.
pub(super) fn is_same_number(one: &str, other: &str) -> bool {
    plain_number(one) == plain_number(other)
}

/// The number of an order without the blanks, signs and capitals that people add or leave out.
pub(super) fn plain_number(number: &str) -> String {
    let visible: String = number.chars().filter(|c| !c.is_control() && !is_invisible(*c)).collect();
    visible.trim().trim_start_matches('#').trim().to_lowercase()
}

pub(super) fn store_id(order: &Order) -> Option<StoreId> {
    order.advanced_options.as_ref()?.store_id
}

pub(super) fn store_key(order: &Order) -> Option<StoreKey> {
    Some(StoreKey::new(store_id(order)?.to_string()))
}

pub(super) fn assigned_user(order: &Order) -> Option<ChannelUserId> {
    order.user_id.as_ref().map(|user| ChannelUserId::new(user.as_str()))
}

/// The relatives of an order. It is none of its own, and an id below 1 is none.
pub(super) fn lineage(order: &Order) -> Lineage {
    let mut lineage = Lineage::default();
    let is_other = |id: &OrderId| id.get() > 0 && *id != order.order_id;
    if let Some(options) = &order.advanced_options {
        lineage.parent = options.parent_id.filter(is_other).map(order_id);
        lineage.merged = options.merged_ids.iter().copied().filter(is_other).map(order_id).collect();
    }
    lineage
}

/// An order in the channel's words. Its marketplace is its source until the store is [named](super::store_directory).
pub(super) fn order(order: &Order, settings: &OrderSettings) -> ChannelOrder {
    let mut new = ChannelOrder::new(order_id(order.order_id), order.order_number.clone().unwrap_or_default());
    let options = order.advanced_options.as_ref();
    new.key.clone_from(&order.order_key);
    new.store = store_key(order);
    new.source = options.and_then(|options| options.source.clone());
    new.marketplace.clone_from(&new.source);
    new.status = order.order_status.as_ref().map(|status| status.as_str().to_owned()).unwrap_or_default();
    new.created_at = instant(order.create_date.as_ref());
    new.ordered_at = said(order.order_date.as_ref());
    new.paid_at = said(order.payment_date.as_ref());
    new.modified_at = instant(order.modify_date.as_ref());
    new.ship_by = said(order.ship_by_date.as_ref());
    new.ship_on = day(order.ship_date);
    new.hold_until = day(order.hold_until_date);
    new.buyer = parties::buyer(order);
    new.ship_to = order.ship_to.as_ref().map(parties::address).unwrap_or_default();
    new.bill_to = order.bill_to.as_ref().map(parties::address);
    new.lines = line::lines(&order.items, settings);
    new.totals = totals(order);
    new.payment_method.clone_from(&order.payment_method);
    new.shipping_text = shipping_text(order, settings.shipping_text);
    new.carrier_code.clone_from(&order.carrier_code);
    new.service_code.clone_from(&order.service_code);
    new.package_code.clone_from(&order.package_code);
    new.warehouse =
        options.and_then(|options| options.warehouse_id).map(|id| ChannelWarehouseId::new(id.to_string()));
    new.weight = order.weight.as_ref().map(handling::weight);
    new.dimensions = order.dimensions.as_ref().map(handling::dimensions);
    new.handling = handling::handling(order);
    new.insurance = order.insurance_options.as_ref().map(handling::insurance);
    new.customs = order.international_options.as_ref().and_then(handling::customs);
    new.carrier_billing = options.and_then(parties::carrier_billing);
    new.gift = order.gift.unwrap_or(false);
    new.gift_message.clone_from(&order.gift_message);
    new.customer_notes.clone_from(&order.customer_notes);
    new.internal_notes.clone_from(&order.internal_notes);
    new.tags = order.tag_ids.iter().map(|tag| tag.get()).collect();
    new.assigned_user = assigned_user(order);
    new.lineage = lineage(order);
    new.custom_fields = options.map(custom_fields).unwrap_or_default();
    new.externally_fulfilled = order.externally_fulfilled.unwrap_or(false);
    new.externally_fulfilled_by = parties::external_fulfiller(order);
    if settings.keep_extra_members {
        new.extra = extra::of_order(order);
    }
    new
}

/// What is asked of the shipping rules for an order.
pub(super) fn shipping_request(order: &ChannelOrder) -> ShippingRequest {
    let mut request = ShippingRequest::from_text(order.shipping_text.clone());
    request.store.clone_from(&order.store);
    request.marketplace.clone_from(&order.marketplace);
    request.country.clone_from(&order.ship_to.country);
    request
}

fn instant(time: Option<&PacificTime>) -> Option<Timestamp> {
    time.map(PacificTime::instant)
}

/// A date that a store may leave unset: some write the first year, 1900 or 1970 then.
pub(super) fn said(time: Option<&PacificTime>) -> Option<Timestamp> {
    instant(time).filter(|instant| *instant >= Timestamp::from_unix_seconds(YEAR_1971))
}

/// A day that a store may leave unset, like a date.
pub(super) fn day(date: Option<PacificDate>) -> Option<CalendarDate> {
    let date = date.filter(|date| date.start() >= Timestamp::from_unix_seconds(YEAR_1971))?;
    CalendarDate::new(date.year(), date.month(), date.day())
}

fn totals(order: &Order) -> OrderTotals {
    OrderTotals {
        total: order.order_total,
        paid: order.amount_paid,
        tax: order.tax_amount,
        shipping: order.shipping_amount,
    }
}

fn shipping_text(order: &Order, source: ShippingTextSource) -> Option<String> {
    let requested = || order.requested_shipping_service.clone();
    let service = || order.service_code.clone();
    match source {
        ShippingTextSource::Requested => requested(),
        ShippingTextSource::Service => service(),
        ShippingTextSource::RequestedThenService => {
            requested().filter(|text| !text.trim().is_empty()).or_else(service)
        }
    }
}

fn custom_fields(options: &AdvancedOptions) -> Vec<Option<String>> {
    vec![options.custom_field1.clone(), options.custom_field2.clone(), options.custom_field3.clone()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client;

    #[test]
    fn other_spellings_of_an_order_id_are_none() {
        assert_eq!(wire_order_id(&"2184550001".into()), Some(OrderId::new(2_184_550_001)));
        for text in ["02184550001", "+2184550001", " 2184550001", "-1", "0", "", "A-1"] {
            assert_eq!(wire_order_id(&text.into()), None, "{text:?}");
        }
    }

    /// The table in the guide, by model.
    #[test]
    fn every_member_of_an_order_is_in_the_guide() {
        let guide = include_str!("../../../docs/order-members.md");
        let models: [(&str, &[&str]); 10] = [
            ("Order", Order::MEMBERS),
            ("OrderItem", client::OrderItem::MEMBERS),
            ("ItemOption", client::ItemOption::MEMBERS),
            ("Address", client::Address::MEMBERS),
            ("Weight", client::Weight::MEMBERS),
            ("Dimensions", client::Dimensions::MEMBERS),
            ("InsuranceOptions", client::InsuranceOptions::MEMBERS),
            ("InternationalOptions", client::InternationalOptions::MEMBERS),
            ("CustomsItem", client::CustomsItem::MEMBERS),
            ("AdvancedOptions", AdvancedOptions::MEMBERS),
        ];
        for (model, members) in models {
            let table = guide.split("\n## ").find(|part| part.starts_with(&format!("`{model}`\n"))).unwrap();
            let named: Vec<&str> =
                table.lines().filter_map(|row| row.strip_prefix("| `")?.split('`').next()).collect();
            for member in members {
                assert_eq!(named.iter().filter(|name| name == &member).count(), 1, "{model}.{member}");
            }
            assert_eq!(named.len(), members.len(), "{model}: {named:?}");
        }
    }
}
