//! What can be done to orders: assign, tag, hold, mark as shipped. Larger ones have files of their own.

use serde_json::Value;

use super::super::{
    Account, ActionFailure,
    account::Marking,
    answer::Answer,
    pacific,
    record::Field,
    request::{Call, whole_number},
};
use super::{Outcome, order_writes, shipments};

pub(super) fn act(account: &mut Account, call: &Call, action: &str) -> Outcome {
    match action {
        "assignuser" => assign_user(account, call),
        "unassignuser" => unassign_user(account, call),
        "addtag" => add_tag(account, call),
        "removetag" => remove_tag(account, call),
        "holduntil" => hold_until(account, call),
        "restorefromhold" => restore_from_hold(account, call),
        "createorder" => order_writes::create_one(account, call),
        "createorders" => order_writes::create_many(account, call),
        "createlabelfororder" => shipments::label_for_order(account, call),
        "markasshipped" => mark_as_shipped(account, call),
        _ => Err(super::no_such_resource(call)),
    }
}

/// The refusal of an action on something that does not exist, in the shape that the switch asks for.
fn refusal(account: &Account, message: &str) -> Answer {
    match account.quirks.action_failure {
        ActionFailure::SuccessFalse => Answer::refused(message),
        ActionFailure::NotFound => Answer::refused(message).with_status(404),
        ActionFailure::Error500 => Answer::exception(message),
    }
}

fn no_such_order(account: &Account) -> Answer {
    refusal(account, "The requested order could not be found.")
}

/// The orders of a call that takes several. All of them must exist, or nothing is done.
fn order_ids(account: &Account, call: &Call) -> Result<Vec<i64>, Answer> {
    let ids: Option<Vec<i64>> = call
        .member("orderIds")
        .and_then(Value::as_array)
        .and_then(|ids| ids.iter().map(whole_number).collect());
    let ids = ids.filter(|ids| !ids.is_empty());
    let ids = ids.ok_or_else(|| Answer::required("orderIds"))?;
    if ids.iter().all(|id| account.order(*id).is_some()) { Ok(ids) } else { Err(no_such_order(account)) }
}

fn assign_user(account: &mut Account, call: &Call) -> Outcome {
    let wanted = call.required_text("userId")?;
    let user = account.users.iter().find(|user| user.is_text("userId", &wanted));
    let user = user.ok_or_else(|| refusal(account, "The requested user could not be found."))?;
    if user.flag("inactive") {
        return Err(refusal(account, "The requested user is not active."));
    }
    let user_id = user.get("userId").clone();
    for id in order_ids(account, call)? {
        account.edit(id, |order| order.set("userId", user_id.clone()));
    }
    Ok(Answer::done("User assigned successfully."))
}

fn unassign_user(account: &mut Account, call: &Call) -> Outcome {
    for id in order_ids(account, call)? {
        account.edit(id, |order| order.clear("userId"));
    }
    Ok(Answer::done("User unassigned successfully."))
}

fn add_tag(account: &mut Account, call: &Call) -> Outcome {
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

fn remove_tag(account: &mut Account, call: &Call) -> Outcome {
    let (id, tag) = (call.number("orderId")?, call.number("tagId")?);
    let untagged = account.edit(id, |order| {
        let left: Field = order.ids("tagIds").into_iter().filter(|own| *own != tag).collect();
        order.set("tagIds", left);
    });
    done_if(account, untagged, "Tag removed successfully.")
}

fn hold_until(account: &mut Account, call: &Call) -> Outcome {
    let id = call.number("orderId")?;
    let day = call.text("holdUntilDate").as_deref().and_then(pacific::parse);
    let day = day.ok_or_else(|| Answer::invalid("request.holdUntilDate", "The value is not valid."))?;
    let held = account.hold_until(id, &day.date().to_string());
    done_if(account, held, "Order held successfully.")
}

fn restore_from_hold(account: &mut Account, call: &Call) -> Outcome {
    let id = call.number("orderId")?;
    let restored = account.edit(id, |order| {
        if order.text("orderStatus") == Some("on_hold") {
            order.set("orderStatus", "awaiting_shipment");
            order.clear("holdUntilDate");
        }
    });
    done_if(account, restored, "The requested order has been restored")
}

fn done_if(account: &Account, done: bool, message: &str) -> Outcome {
    if done { Ok(Answer::done(message)) } else { Err(no_such_order(account)) }
}

fn mark_as_shipped(account: &mut Account, call: &Call) -> Outcome {
    let id = call.number("orderId")?;
    let carrier = call.required_text("carrierCode")?;
    let ship_date = match call.text("shipDate").filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => Some(pacific::parse(&text).ok_or_else(|| {
            Answer::invalid("request.shipDate", &format!("The value '{text}' is not valid for shipDate."))
        })?),
    };
    let mark = Marking {
        carrier,
        tracking: call.text("trackingNumber"),
        ship_date: ship_date.map(pacific::instant),
        notify_customer: call.flag("notifyCustomer"),
        notify_channel: call.flag("notifySalesChannel"),
    };
    account.mark_as_shipped(id, mark)
}
