//! The list of shipments made outside ShipStation.

use std::cmp::Reverse;

use super::super::{
    Account, SimFulfillment, pacific,
    page::{PageCount, Paging, as_json, descending},
    request::Call,
};
use super::{Outcome, order_filter::Range};

pub(super) fn list(account: &Account, call: &Call) -> Outcome {
    let now = account.now();
    let (id, order) = (call.query_number("fulfillmentId")?, call.query_number("orderId")?);
    let created = Range::of(call, "createDateStart", "createDateEnd", false)?;
    let shipped = Range::of(call, "shipDateStart", "shipDateEnd", false)?;
    let is = |name: &str, text: Option<&str>| {
        call.query(name).is_none_or(|wanted| text.is_some_and(|text| text.eq_ignore_ascii_case(wanted)))
    };
    let wanted = |row: &&SimFulfillment| {
        row.visible_from <= now
            && id.is_none_or(|id| row.fulfillment_id == id)
            && order.is_none_or(|id| row.order_id == id)
            && is("orderNumber", Some(&row.order_number))
            && is("trackingNumber", row.tracking_number.as_deref())
            && is("recipientName", row.ship_to.name.as_deref())
            && created.admits(Some(row.create_date))
            && shipped.admits(Some(row.ship_date))
    };
    let mut rows: Vec<&SimFulfillment> = account.fulfillments.values().filter(wanted).collect();
    let by_ship_date = call.query("sortBy").is_some_and(|by| by.eq_ignore_ascii_case("shipdate"));
    let key = |row: &&SimFulfillment| {
        let at = if by_ship_date { row.ship_date } else { row.create_date };
        (pacific::wall(at), row.fulfillment_id)
    };
    if descending(call) {
        rows.sort_by_cached_key(|row| Reverse(key(row)));
    } else {
        rows.sort_by_cached_key(key);
    }
    let write = |row: &&SimFulfillment| account.printed(row.fulfillment_id, as_json(row));
    Ok(Paging::of(call)?.answer_with("fulfillments", &rows, PageCount::Right, &account.quirks, write))
}
