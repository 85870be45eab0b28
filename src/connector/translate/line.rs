//! The lines of an order.

use super::{extra, handling::weight, instant};
use crate::{
    channel::{LineKind, OrderLine, OrderOption},
    client::OrderItem,
    connector::settings::{OrderSettings, SkuSource},
};

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

pub(super) fn lines(items: &[OrderItem], settings: &OrderSettings) -> Vec<OrderLine> {
    items.iter().zip(line_ids(items)).map(|(item, id)| line(id, item, settings)).collect()
}

fn line(id: String, item: &OrderItem, settings: &OrderSettings) -> OrderLine {
    let mut line = OrderLine::new(id, sku(item, settings.sku_source), item.quantity.unwrap_or(0));
    line.sold_sku.clone_from(&item.sku);
    line.fulfillment_sku.clone_from(&item.fulfillment_sku);
    line.store_line_key.clone_from(&item.line_item_key);
    line.kind = if is_adjustment(item) { LineKind::Adjustment } else { LineKind::Item };
    line.name.clone_from(&item.name);
    line.unit_price = item.unit_price;
    line.tax = item.tax_amount;
    line.shipping = item.shipping_amount;
    line.weight = item.weight.as_ref().map(weight);
    line.warehouse_location.clone_from(&item.warehouse_location);
    line.image_url.clone_from(&item.image_url);
    line.created_at = instant(item.create_date.as_ref());
    line.modified_at = instant(item.modify_date.as_ref());
    line.product = item.product_id.map(|id| id.to_string().into());
    line.upc.clone_from(&item.upc);
    line.options = item
        .options
        .iter()
        .map(|option| OrderOption::new(option.name.clone().unwrap_or_default(), option.value.clone()))
        .collect();
    if settings.keep_extra_members {
        line.extra = extra::of_line(item);
    }
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
