//! From ShipStation's words to the channel's: every conversion stands here. Settings choose among
//! what an order says (which SKU of a line, which shipping text); nothing else is decided.

use super::settings::{OrderSettings, ShippingTextSource, SkuSource};
use crate::{
    Timestamp,
    channel::{
        Address, Buyer, ChannelOrder, ChannelOrderId, ChannelUserId, LineKind, Lineage, OrderLine,
        OrderOption, OrderTotals,
        shipping::{ShippingRequest, StoreKey, is_invisible},
    },
    client::{self, AdvancedOptions, Order, OrderId, OrderItem, PacificTime},
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

/// The store that an order came from.
pub(super) fn store_key(order: &Order) -> Option<StoreKey> {
    let store = order.advanced_options.as_ref()?.store_id?;
    Some(StoreKey::new(store.to_string()))
}

/// The user that an order is assigned to.
pub(super) fn assigned_user(order: &Order) -> Option<ChannelUserId> {
    order.user_id.as_ref().map(|user| ChannelUserId::new(user.as_str()))
}

/// The relatives of an order.
pub(super) fn lineage(order: &Order) -> Lineage {
    let mut lineage = Lineage::default();
    if let Some(options) = &order.advanced_options {
        lineage.parent = options.parent_id.map(order_id);
        lineage.merged = options.merged_ids.iter().copied().map(order_id).collect();
    }
    lineage
}

/// An order in the channel's words.
pub(super) fn order(order: &Order, settings: &OrderSettings) -> ChannelOrder {
    let mut new = ChannelOrder::new(order_id(order.order_id), order.order_number.clone().unwrap_or_default());
    let options = order.advanced_options.as_ref();
    new.key.clone_from(&order.order_key);
    new.store = store_key(order);
    new.marketplace = options.and_then(|options| options.source.clone());
    new.status = order.order_status.as_ref().map(|status| status.as_str().to_owned()).unwrap_or_default();
    new.created_at = instant(order.create_date.as_ref());
    new.ordered_at = said(order.order_date.as_ref());
    new.paid_at = said(order.payment_date.as_ref());
    new.modified_at = instant(order.modify_date.as_ref());
    new.ship_by = instant(order.ship_by_date.as_ref());
    new.buyer = buyer(order);
    new.ship_to = order.ship_to.as_ref().map(address).unwrap_or_default();
    new.bill_to = order.bill_to.as_ref().map(address);
    let ids = line_ids(&order.items);
    new.lines = order.items.iter().zip(ids).map(|(item, id)| line(id, item, settings.sku_source)).collect();
    new.totals = totals(order);
    new.shipping_text = shipping_text(order, settings.shipping_text);
    new.carrier_code.clone_from(&order.carrier_code);
    new.service_code.clone_from(&order.service_code);
    new.package_code.clone_from(&order.package_code);
    new.gift = order.gift.unwrap_or(false);
    new.gift_message.clone_from(&order.gift_message);
    new.customer_notes.clone_from(&order.customer_notes);
    new.internal_notes.clone_from(&order.internal_notes);
    new.tags = order.tag_ids.iter().map(|tag| tag.get()).collect();
    new.assigned_user = assigned_user(order);
    new.lineage = lineage(order);
    new.custom_fields = options.map(custom_fields).unwrap_or_default();
    new.externally_fulfilled = order.externally_fulfilled.unwrap_or(false);
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

fn buyer(order: &Order) -> Buyer {
    let mut buyer = Buyer::default();
    buyer.username.clone_from(&order.customer_username);
    buyer.email.clone_from(&order.customer_email);
    buyer
}

fn address(from: &client::Address) -> Address {
    let mut address = Address::default();
    address.name.clone_from(&from.name);
    address.company.clone_from(&from.company);
    address.street1.clone_from(&from.street1);
    address.street2.clone_from(&from.street2);
    address.street3.clone_from(&from.street3);
    address.city.clone_from(&from.city);
    address.state.clone_from(&from.state);
    address.postal_code.clone_from(&from.postal_code);
    address.country.clone_from(&from.country);
    address.phone.clone_from(&from.phone);
    address.residential = from.residential;
    address
}

/// The ids of an order's lines: ShipStation's own, made distinct by their place where it gives none, 0, or one that an earlier
/// line has.
fn line_ids(items: &[OrderItem]) -> Vec<String> {
    let mut ids: Vec<String> = Vec::with_capacity(items.len());
    for (place, item) in items.iter().enumerate() {
        let own = item.order_item_id.filter(|id| id.get() > 0).map(|id| id.to_string());
        ids.push(match own {
            Some(id) if ids.contains(&id) => format!("{id}-line-{}", place + 1),
            Some(id) => id,
            None => format!("line-{}", place + 1),
        });
    }
    ids
}

fn line(id: String, item: &OrderItem, source: SkuSource) -> OrderLine {
    let mut line = OrderLine::new(id, sku(item, source), item.quantity.unwrap_or(0));
    line.store_line_key.clone_from(&item.line_item_key);
    line.kind = if is_adjustment(item) { LineKind::Adjustment } else { LineKind::Item };
    line.name.clone_from(&item.name);
    line.unit_price = item.unit_price;
    line.tax = item.tax_amount;
    line.product = item.product_id.map(|id| id.to_string().into());
    line.upc.clone_from(&item.upc);
    line.options = item
        .options
        .iter()
        .map(|option| OrderOption::new(option.name.clone().unwrap_or_default(), option.value.clone()))
        .collect();
    line
}

/// ShipStation flags discounts and fees, not always: a negative price and a line of nothing give them away.
fn is_adjustment(item: &OrderItem) -> bool {
    item.adjustment == Some(true)
        || item.unit_price.is_some_and(|price| price.is_sign_negative() && !price.is_zero())
        || item.quantity.is_none_or(|quantity| quantity <= 0)
}

fn sku(item: &OrderItem, source: SkuSource) -> Option<String> {
    let given = |sku: &Option<String>| sku.clone().filter(|sku| !sku.trim().is_empty());
    match source {
        SkuSource::Sku => given(&item.sku),
        SkuSource::FulfillmentSku => given(&item.fulfillment_sku),
        SkuSource::Auto => given(&item.sku).or_else(|| given(&item.fulfillment_sku)),
    }
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

    #[test]
    fn other_spellings_of_an_order_id_are_none() {
        assert_eq!(wire_order_id(&"2184550001".into()), Some(OrderId::new(2_184_550_001)));
        for text in ["02184550001", "+2184550001", " 2184550001", "-1", "0", "", "A-1"] {
            assert_eq!(wire_order_id(&text.into()), None, "{text:?}");
        }
    }
}
