//! Reading and deleting orders, those of a sequence included: of these only the rows of the page are ever made.

use std::{
    borrow::Cow,
    cmp::{Ordering, Reverse},
};

use super::super::{
    Account,
    lists::{Condition, FilterValue, ORDERS, ORDERS_BY_TAG, Paging, admit, is_descending},
    order_sequence::OrderSequence,
    record::Record,
    reply::Reply,
    request::ApiRequest,
};
use super::Handled;

/// Every status that the filter takes; others, `all` among them, are refused.
const STATUSES: &str = "awaiting_payment awaiting_shipment pending_fulfillment shipped on_hold cancelled \
    rejected_fulfillment processing";

/// The status in the query, if it is one that may be asked for.
fn status(call: &ApiRequest) -> Result<Option<&str>, Reply> {
    let Some(status) = call.query("orderStatus") else { return Ok(None) };
    if STATUSES.split(' ').any(|known| known.eq_ignore_ascii_case(status)) {
        Ok(Some(status))
    } else {
        Err(Reply::invalid("orderStatus", &format!("The value '{status}' is not valid for orderStatus.")))
    }
}

pub(super) fn list(account: &Account, call: &ApiRequest) -> Handled {
    status(call)?;
    if let Some(sequence) = account.sequence.as_ref().filter(|_| is_ascending(call)) {
        let conditions = ORDERS.conditions(account, call)?;
        if may_admit(sequence, &conditions) {
            return list_with_sequence(account, call, sequence, &conditions);
        }
    }
    ORDERS.reply(account, call, account.visible_orders())
}

pub(super) fn list_by_tag(account: &Account, call: &ApiRequest) -> Handled {
    status(call)?;
    let status = call.required_query("orderStatus")?;
    let tag = call.query_number("tagId")?;
    call.required_query("tagId")?;
    let has_tag = |order: &Record| tag.is_some_and(|tag| order.ids("tagIds").contains(&tag));
    let wanted = |order: &&Record| order.is_text("orderStatus", status) && has_tag(order);
    let mut rows: Vec<&Record> = account.visible_orders().filter(wanted).collect();
    rows.sort_by_key(|order| Reverse((order.time("createDate"), order.int("orderId"))));
    ORDERS_BY_TAG.page(account, Paging::of(call)?, &rows)
}

pub(super) fn get(account: &Account, call: &ApiRequest) -> Handled {
    let order = account.order(call.id()?).ok_or_else(|| not_found(account))?;
    Ok(Reply::text(account.list_row("orderId", order)?.text))
}

pub(super) fn delete(account: &mut Account, call: &ApiRequest) -> Handled {
    if !account.delete(call.id()?) {
        return Err(not_found(account));
    }
    Ok(Reply::done("The requested order has been deleted."))
}

fn not_found(account: &Account) -> Reply {
    if account.quirks.not_found_empty_body {
        return Reply::empty(404);
    }
    Reply::message(404, "The requested order could not be found.")
}

/// Whether the rows are wanted in the order of a sequence.
fn is_ascending(call: &ApiRequest) -> bool {
    !is_descending(call) && call.query("sortBy").is_none_or(|by| by.eq_ignore_ascii_case("createdate"))
}

/// Whether orders of the sequence can be in the list, which takes no filters but status, store and creation.
fn may_admit(sequence: &OrderSequence, conditions: &[Condition]) -> bool {
    conditions.iter().all(|condition| match (condition.query(), &condition.value) {
        ("orderStatus", FilterValue::Text(status)) => *status == sequence.status,
        ("storeId", FilterValue::Number(store)) => *store == sequence.store,
        (query, _) => query == "createDateStart",
    })
}

/// The list with the sequence's pending orders among the ordinary ones.
fn list_with_sequence(
    account: &Account,
    call: &ApiRequest,
    sequence: &OrderSequence,
    conditions: &[Condition],
) -> Handled {
    let paging = Paging::of(call)?;
    let mut ordinary: Vec<&Record> =
        account.visible_orders().filter(|order| admit(conditions, order)).collect();
    ORDERS.sort(&mut ordinary, call);
    let dates = conditions.iter().find_map(Condition::dates);
    let side = |index| dates.map_or(Ordering::Equal, |dates| dates.position(sequence.created(index)));
    let begin = sequence.first_where(|index| side(index).is_ge());
    let end = sequence.first_where(|index| side(index).is_gt()).max(begin);

    // Where in the whole list each ordinary order stands.
    let by_creation = call.query("sortBy").is_some();
    let (mut next, mut pending) = (begin, 0);
    let mut positions = Vec::with_capacity(ordinary.len());
    for (place, order) in ordinary.iter().enumerate() {
        let follows = |index| {
            let later = Some(sequence.created(index)).cmp(&order.time("createDate"));
            let later = if by_creation { later } else { Ordering::Equal };
            later.then(Some(sequence.id(index)).cmp(&order.int("orderId"))).is_gt()
        };
        let until = sequence.first_where(follows).clamp(next, end);
        pending += sequence.count_pending(next..until);
        positions.push(place + pending);
        next = until;
    }
    let total = ordinary.len() + pending + sequence.count_pending(next..end);

    let range = paging.range(total);
    let passed = positions.partition_point(|position| *position < range.start);
    let mut generated = sequence.pending_from(begin, range.start - passed);
    let mut ordinary = positions.into_iter().zip(ordinary).skip(passed).peekable();
    let row = |position: usize| match ordinary.next_if(|(own, _)| *own == position) {
        Some((_, order)) => Some(Cow::Borrowed(order)),
        None => generated.next().map(|index| Cow::Owned(account.pending_order(sequence, index))),
    };
    let rows: Vec<Cow<'_, Record>> = range.filter_map(row).collect();
    ORDERS.reply_with(account, paging, rows.iter().map(|row| &**row), total)
}
