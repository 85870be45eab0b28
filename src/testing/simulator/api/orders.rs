//! Reading and deleting orders, and what can be done to them: assign, tag, hold, mark as shipped. Of a sequence only the rows of
//! the page are ever made.

use std::{
    borrow::Cow,
    cmp::{Ordering, Reverse},
};

use serde_json::Value;

use super::super::{
    Account, ActionFailure, ApiRequest, Field, Handled, Notice, Record, Reply,
    lists::{Condition, FilterValue, ORDERS, ORDERS_BY_TAG, Paging, admit, is_descending},
    order_sequence::OrderSequence,
    pacific, set, whole_number,
};
use super::Route;

pub(super) const ROUTES: &[Route] = &[
    ("GET", "orders", list),
    // An older name, which published clients still use.
    ("GET", "orders/list", list),
    ("GET", "orders/listbytag", |account, call| {
        check_status(call)?;
        let status = call.required_query("orderStatus")?;
        let tag = call.query_number("tagId")?;
        call.required_query("tagId")?;
        let has_tag = |order: &Record| tag.is_some_and(|tag| order.ids("tagIds").contains(&tag));
        let wanted = |order: &&Record| order.is_text("orderStatus", status) && has_tag(order);
        let mut rows: Vec<&Record> = account.visible_orders().filter(wanted).collect();
        rows.sort_by_key(|order| Reverse((order.time("createDate"), order.int("orderId"))));
        ORDERS_BY_TAG.page(account, call, rows.len(), |place| rows.get(place).map(|row| Cow::Borrowed(*row)))
    }),
    ("POST", "orders/assignuser", |account, call| {
        let wanted = call.required_text("userId")?;
        let user = account.users.iter().find(|user| user.is_text("userId", wanted));
        let user = user.ok_or_else(|| refusal(account, "The requested user could not be found."))?;
        if user.flag("inactive") {
            return Err(refusal(account, "The requested user is not active."));
        }
        let user_id = user.get("userId").clone();
        edit_all(account, call, "User assigned successfully.", |order| order.set("userId", user_id.clone()))
    }),
    ("POST", "orders/unassignuser", |account, call| {
        edit_all(account, call, "User unassigned successfully.", |order| order.clear("userId"))
    }),
    ("POST", "orders/addtag", |account, call| {
        let (_, tag) = (call.number("orderId")?, call.number("tagId")?);
        if !account.tags.contains_key(&tag) {
            return Err(refusal(account, "The requested tag could not be found."));
        }
        edit_one(account, call, "Tag added successfully.", |order| {
            if !order.ids("tagIds").contains(&tag) {
                order.push("tagIds", tag);
            }
        })
    }),
    ("POST", "orders/removetag", |account, call| {
        let (_, tag) = (call.number("orderId")?, call.number("tagId")?);
        edit_one(account, call, "Tag removed successfully.", |order| {
            let left: Field = order.ids("tagIds").into_iter().filter(|own| *own != tag).collect();
            order.set("tagIds", left);
        })
    }),
    ("POST", "orders/holduntil", |account, call| {
        let id = call.number("orderId")?;
        let day = call.text("holdUntilDate").and_then(pacific::parse);
        let day = day.ok_or_else(|| Reply::invalid("request.holdUntilDate", "The value is not valid."))?;
        let held = account.hold_until(id, &day.date().to_string());
        done_if(account, held, "Order held successfully.")
    }),
    ("POST", "orders/restorefromhold", |account, call| {
        edit_one(account, call, "The requested order has been restored", |order| {
            if order.text("orderStatus") == Some("on_hold") {
                set!(order, "orderStatus": "awaiting_shipment", "holdUntilDate": Field::Null);
            }
        })
    }),
    ("POST", "orders/markasshipped", |account, call| {
        let id = call.number("orderId")?;
        let carrier = call.required_text("carrierCode")?;
        let ship_date = call.text("shipDate").filter(|text| !text.is_empty()).map(|text| {
            let message = format!("The value '{text}' is not valid for shipDate.");
            pacific::parse(text).ok_or_else(|| Reply::invalid("request.shipDate", &message))
        });
        let ship_date = ship_date.transpose()?.map(pacific::instant);
        let notice = Notice {
            at: account.now(),
            order_id: id,
            tracking: call.text("trackingNumber").map(str::to_owned),
            customer: call.flag("notifyCustomer"),
            channel: call.flag("notifySalesChannel"),
        };
        account.mark_shipped(carrier, ship_date, notice)
    }),
    ("GET", "orders/*", |account, call| {
        let order = account.order(call.id()?).ok_or_else(|| not_found(account))?;
        Ok(Reply::text(account.list_row("orderId", order)?.text))
    }),
    ("DELETE", "orders/*", |account, call| {
        if !account.delete(call.id()?) {
            return Err(not_found(account));
        }
        Ok(Reply::done("The requested order has been deleted."))
    }),
];

fn list(account: &mut Account, call: &ApiRequest) -> Handled {
    check_status(call)?;
    if let Some(sequence) = account.sequence.as_ref().filter(|_| is_ascending(call))
        && may_admit(sequence, &ORDERS.conditions(account, call)?)
    {
        return list_with_sequence(account, call, sequence);
    }
    ORDERS.reply(account, call, account.visible_orders().collect())
}

/// Every status that the filter takes; others, `all` among them, are refused.
const STATUSES: &str = "awaiting_payment awaiting_shipment pending_fulfillment shipped on_hold cancelled \
    rejected_fulfillment processing";

fn check_status(call: &ApiRequest) -> Result<(), Reply> {
    let unknown = |status: &&str| !STATUSES.split(' ').any(|known| known.eq_ignore_ascii_case(status));
    call.query("orderStatus").filter(unknown).map_or(Ok(()), |status| {
        Err(Reply::invalid("orderStatus", &format!("The value '{status}' is not valid for orderStatus.")))
    })
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
    conditions.iter().all(|condition| match (condition.query, &condition.value) {
        ("orderStatus", FilterValue::Text(status)) => *status == sequence.status,
        ("storeId", FilterValue::Number(store)) => *store == sequence.store,
        (query, _) => query == "createDateStart",
    })
}

/// The list with the sequence's pending orders among the ordinary ones.
fn list_with_sequence(account: &Account, call: &ApiRequest, sequence: &OrderSequence) -> Handled {
    let conditions = ORDERS.conditions(account, call)?;
    let mut ordinary: Vec<&Record> =
        account.visible_orders().filter(|order| admit(&conditions, order)).collect();
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

    // The places of a page are asked for one after the other.
    let range = Paging::of(call)?.range(total);
    let passed = positions.partition_point(|position| *position < range.start);
    let mut generated = sequence.pending_from(begin, range.start - passed);
    let mut ordinary = positions.into_iter().zip(ordinary).skip(passed).peekable();
    ORDERS.page(account, call, total, |position| match ordinary.next_if(|(own, _)| *own == position) {
        Some((_, order)) => Some(Cow::Borrowed(order)),
        None => generated.next().map(|index| Cow::Owned(account.pending_order(sequence, index))),
    })
}

/// The refusal of an action on something that does not exist, in the shape that the switch asks for.
fn refusal(account: &Account, message: &str) -> Reply {
    match account.quirks.action_failure {
        ActionFailure::SuccessFalse => Reply::refused(message),
        ActionFailure::NotFound => Reply::refused(message).with_status(404),
        ActionFailure::Error500 => Reply::exception(message),
    }
}

fn done_if(account: &Account, done: bool, message: &str) -> Handled {
    let refused = || refusal(account, "The requested order could not be found.");
    done.then(|| Reply::done(message)).ok_or_else(refused)
}

/// Changes the orders of a call that takes several. All of them must exist, or nothing is done.
fn edit_all(account: &mut Account, call: &ApiRequest, done: &str, edit: impl Fn(&mut Record)) -> Handled {
    let ids = call.member("orderIds").and_then(Value::as_array).into_iter().flatten();
    let ids: Option<Vec<i64>> = ids.map(whole_number).collect();
    let ids = ids.filter(|ids| !ids.is_empty()).ok_or_else(|| Reply::required("orderIds"))?;
    let exist = ids.iter().all(|id| account.order(*id).is_some());
    let is_done = exist && ids.iter().all(|id| account.edit(*id, &edit));
    done_if(account, is_done, done)
}

/// Changes the order of a call that takes one.
fn edit_one(account: &mut Account, call: &ApiRequest, done: &str, edit: impl FnOnce(&mut Record)) -> Handled {
    let is_done = account.edit(call.number("orderId")?, edit);
    done_if(account, is_done, done)
}
