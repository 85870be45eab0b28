//! Lists of orders: by filter and by tag.

use std::cmp::{Ordering, Reverse};

use jiff::civil::DateTime;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::{
    Account, SimOrder,
    account::Stretch,
    answer::Answer,
    pacific,
    page::{PageCount, Paging, as_json, descending},
    request::Call,
};
use super::{
    Outcome,
    order_filter::{Filter, status},
    order_sweep,
};
use crate::Timestamp;

pub(super) fn list(account: &Account, call: &Call) -> Outcome {
    let filter = Filter::of(call, account.quirks.bounds_exclusive)?;
    let mut rows: Vec<&SimOrder> = account.visible_orders().filter(|order| filter.admits(order)).collect();
    sort(&mut rows, call);
    match account.stretch().filter(|stretch| filter.may_admit(stretch) && is_ascending(call)) {
        Some(stretch) => swept(account, call, stretch, &rows, &filter),
        None => page(account, call, &rows, PageCount::Right),
    }
}

/// The list with the stretch's orders in it.
fn swept(account: &Account, call: &Call, stretch: &Stretch, rows: &[&SimOrder], filter: &Filter) -> Outcome {
    let paging = Paging::of(call)?;
    let from = stretch.first_where(|index| filter.created.has_begun(stretch.created(index)));
    let to = stretch.first_where(|index| filter.created.is_over(stretch.created(index)));
    let by_creation = call.query("sortBy").is_some();
    let place = |order: &SimOrder| {
        stretch.first_where(|index| {
            let id = stretch.id(index);
            let later = by_creation.then(|| stretch.created(index).cmp(&order.create_date));
            later.unwrap_or(Ordering::Equal).then(id.cmp(&order.order_id)).is_gt()
        })
    };
    let (page, total) = order_sweep::page(account, stretch, rows, from..to.max(from), place, paging);
    check_poison(account, page.iter().map(|order| order.order_id))?;
    let page = page.iter().map(|order| written(account, order)).collect();
    Ok(paging.envelope("orders", page, total, PageCount::Right, &account.quirks))
}

/// Whether the order of the list is that of a stretch.
fn is_ascending(call: &Call) -> bool {
    !descending(call) && call.query("sortBy").is_none_or(|by| by.eq_ignore_ascii_case("createdate"))
}

pub(super) fn list_by_tag(account: &Account, call: &Call) -> Outcome {
    let status = status(call)?.ok_or_else(|| Answer::invalid("orderStatus", "A value is required."))?;
    let tag = call.query_number("tagId")?.ok_or_else(|| Answer::invalid("tagId", "A value is required."))?;
    let wanted = |order: &&SimOrder| order.order_status == status && order.tag_ids.contains(&tag);
    let mut rows: Vec<&SimOrder> = account.visible_orders().filter(wanted).collect();
    rows.sort_by_key(|order| Reverse((order.create_date, order.order_id)));
    page(account, call, &rows, PageCount::RoundedDown)
}

fn page(account: &Account, call: &Call, rows: &[&SimOrder], count: PageCount) -> Outcome {
    let paging = Paging::of(call)?;
    check_poison(account, paging.slice(rows).iter().map(|order| order.order_id))?;
    Ok(paging.answer_with("orders", rows, count, &account.quirks, |order| written(account, order)))
}

fn check_poison(account: &Account, mut ids: impl Iterator<Item = i64>) -> Result<(), Answer> {
    if ids.any(|id| account.is_poisoned(id)) {
        return Err(Answer::exception("Object reference not set to an instance of an object."));
    }
    Ok(())
}

/// The order as JSON text, unless it was overwritten.
pub(super) fn written(account: &Account, order: &SimOrder) -> Vec<u8> {
    let row = if account.quirks.drift { drifted(order) } else { as_json(order) };
    account.printed(order.order_id, row)
}

/// Sorts by the wall-clock digits that the database holds, then by number.
fn sort(rows: &mut [&SimOrder], call: &Call) {
    let key: fn(&SimOrder) -> Option<Timestamp> = match call.query("sortBy").map(str::to_ascii_lowercase) {
        Some(by) if by == "orderdate" => |order| Some(order.order_date),
        Some(by) if by == "modifydate" => |order| Some(order.modify_date),
        Some(by) if by == "createdate" => |order| Some(order.create_date),
        _ => |_| None,
    };
    let digits =
        |order: &&SimOrder| -> (Option<DateTime>, i64) { (key(order).map(pacific::wall), order.order_id) };
    if descending(call) {
        rows.sort_by_cached_key(|order| Reverse(digits(order)));
    } else {
        rows.sort_by_cached_key(digits);
    }
}

/// The order as a newer server might print it: unknown members, and values outside the documented ones.
fn drifted(order: &SimOrder) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Newer {
        #[serde(flatten)]
        order: SimOrder,
        allocation_status: &'static str,
        fulfillment_plan: Value,
    }
    let mut order = order.clone();
    "video_signature".clone_into(&mut order.confirmation);
    "inches".clone_into(&mut order.weight.units);
    let plan = json!({ "steps": [1, { "at": null }], "score": 0.5 });
    as_json(&Newer { order, allocation_status: "partially_allocated", fulfillment_plan: plan })
}
