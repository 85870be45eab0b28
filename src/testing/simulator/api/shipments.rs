//! The list of labels bought in ShipStation.

use std::cmp::Reverse;

use super::super::{
    Account, SimShipment, pacific,
    page::{PageCount, Paging, as_json, descending},
    request::Call,
};
use super::{Outcome, order_filter::Range};
use crate::Timestamp;

pub(super) fn list(account: &Account, call: &Call) -> Outcome {
    let wanted = filter(call)?;
    let mut rows: Vec<&SimShipment> = account.shipments.values().filter(|row| wanted(row)).collect();
    let by_ship_date = call.query("sortBy").is_some_and(|by| by.eq_ignore_ascii_case("shipdate"));
    let key = |row: &&SimShipment| {
        let day = by_ship_date.then(|| row.ship_date.clone());
        (day, pacific::wall(row.create_date), row.shipment_id)
    };
    if descending(call) {
        rows.sort_by_cached_key(|row| Reverse(key(row)));
    } else {
        rows.sort_by_cached_key(key);
    }
    let items = call.query_flag("includeShipmentItems");
    let write = |row: &&SimShipment| {
        let shipment_items = row.shipment_items.clone().filter(|_| items);
        account.printed(row.shipment_id, as_json(&SimShipment { shipment_items, ..(*row).clone() }))
    };
    Ok(Paging::of(call)?.answer_with("shipments", &rows, PageCount::Right, &account.quirks, write))
}

fn filter(call: &Call) -> Result<impl Fn(&SimShipment) -> bool, super::Answer> {
    let order = call.query_number("orderId")?;
    let store = call.query_number("storeId")?;
    let created = Range::of(call, "createDateStart", "createDateEnd", false)?;
    let shipped = Range::of(call, "shipDateStart", "shipDateEnd", false)?;
    let voided = Range::of(call, "voidDateStart", "voidDateEnd", false)?;
    let is = |name: &str, text: Option<&str>| {
        call.query(name).is_none_or(|wanted| text.is_some_and(|text| text.eq_ignore_ascii_case(wanted)))
    };
    Ok(move |row: &SimShipment| {
        let to = row.ship_to.as_ref();
        order.is_none_or(|id| row.order_id == Some(id))
            && store.is_none_or(|id| row.store_id == Some(id))
            && created.admits(Some(row.create_date))
            && shipped.admits(midnight(&row.ship_date))
            && voided.admits(row.void_date)
            && is("orderNumber", row.order_number.as_deref())
            && is("trackingNumber", row.tracking_number.as_deref())
            && is("carrierCode", Some(&row.carrier_code))
            && is("serviceCode", Some(&row.service_code))
            && is("batchId", row.batch_number.as_deref())
            && is("recipientName", to.and_then(|to| to.name.as_deref()))
            && is("recipientCountryCode", to.and_then(|to| to.country.as_deref()))
    })
}

fn midnight(day: &str) -> Option<Timestamp> {
    pacific::parse(day).map(pacific::instant)
}
