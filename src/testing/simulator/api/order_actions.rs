//! What can be done to orders: assign, tag, hold, mark as shipped.

use serde_json::Value;

use super::super::{
    Account, ActionFailure, Notice, pacific,
    record::Field,
    reply::Reply,
    request::{ApiRequest, whole_number},
};
use super::Handled;

/// The refusal of an action on something that does not exist, in the shape that the switch asks for.
fn refusal(account: &Account, message: &str) -> Reply {
    match account.quirks.action_failure {
        ActionFailure::SuccessFalse => Reply::refused(message),
        ActionFailure::NotFound => Reply::refused(message).with_status(404),
        ActionFailure::Error500 => Reply::exception(message),
    }
}

fn no_such_order(account: &Account) -> Reply {
    refusal(account, "The requested order could not be found.")
}

/// The orders of a call that takes several. All of them must exist, or nothing is done.
fn order_ids(account: &Account, call: &ApiRequest) -> Result<Vec<i64>, Reply> {
    let ids: Option<Vec<i64>> = call
        .member("orderIds")
        .and_then(Value::as_array)
        .and_then(|ids| ids.iter().map(whole_number).collect());
    let ids = ids.filter(|ids| !ids.is_empty());
    let ids = ids.ok_or_else(|| Reply::required("orderIds"))?;
    if ids.iter().all(|id| account.order(*id).is_some()) { Ok(ids) } else { Err(no_such_order(account)) }
}

pub(super) fn assign_user(account: &mut Account, call: &ApiRequest) -> Handled {
    let wanted = call.required_text("userId")?;
    let user = account.users.iter().find(|user| user.is_text("userId", wanted));
    let user = user.ok_or_else(|| refusal(account, "The requested user could not be found."))?;
    if user.flag("inactive") {
        return Err(refusal(account, "The requested user is not active."));
    }
    let user_id = user.get("userId").clone();
    for id in order_ids(account, call)? {
        account.edit(id, |order| order.set("userId", user_id.clone()));
    }
    Ok(Reply::done("User assigned successfully."))
}

pub(super) fn unassign_user(account: &mut Account, call: &ApiRequest) -> Handled {
    for id in order_ids(account, call)? {
        account.edit(id, |order| order.clear("userId"));
    }
    Ok(Reply::done("User unassigned successfully."))
}

pub(super) fn add_tag(account: &mut Account, call: &ApiRequest) -> Handled {
    let (id, tag) = (call.number("orderId")?, call.number("tagId")?);
    if !account.tags.contains_key(&tag) {
        return Err(refusal(account, "The requested tag could not be found."));
    }
    let tagged = account.edit(id, |order| {
        if !order.ids("tagIds").contains(&tag) {
            order.push("tagIds", tag);
        }
    });
    done_if(account, tagged, "Tag added successfully.")
}

pub(super) fn remove_tag(account: &mut Account, call: &ApiRequest) -> Handled {
    let (id, tag) = (call.number("orderId")?, call.number("tagId")?);
    let untagged = account.edit(id, |order| {
        let left: Field = order.ids("tagIds").into_iter().filter(|own| *own != tag).collect();
        order.set("tagIds", left);
    });
    done_if(account, untagged, "Tag removed successfully.")
}

pub(super) fn hold_until(account: &mut Account, call: &ApiRequest) -> Handled {
    let id = call.number("orderId")?;
    let day = call.text("holdUntilDate").and_then(pacific::parse);
    let day = day.ok_or_else(|| Reply::invalid("request.holdUntilDate", "The value is not valid."))?;
    let held = account.hold_until(id, &day.date().to_string());
    done_if(account, held, "Order held successfully.")
}

pub(super) fn restore_from_hold(account: &mut Account, call: &ApiRequest) -> Handled {
    let id = call.number("orderId")?;
    let restored = account.edit(id, |order| {
        if order.text("orderStatus") == Some("on_hold") {
            order.set("orderStatus", "awaiting_shipment");
            order.clear("holdUntilDate");
        }
    });
    done_if(account, restored, "The requested order has been restored")
}

fn done_if(account: &Account, done: bool, message: &str) -> Handled {
    if done { Ok(Reply::done(message)) } else { Err(no_such_order(account)) }
}

pub(super) fn mark_as_shipped(account: &mut Account, call: &ApiRequest) -> Handled {
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
    account.mark_as_shipped(carrier, ship_date, notice)
}
