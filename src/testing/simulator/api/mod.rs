//! The operations of the V1 reference, over the simulated account. Nothing here knows of faults, limits or
//! connections.

mod carriers;
mod order_actions;
mod order_writes;
mod orders;
mod products;
mod reference;
mod shipments;
mod stores;

use super::{
    Account,
    account::Table,
    answer::Answer,
    request::{Call, whole_number},
};

/// What an operation comes to; an early refusal is an answer like any other.
type Outcome = Result<Answer, Answer>;

/// Finds the operation of a request and carries it out.
pub(super) fn answer(account: &mut Account, call: &Call) -> Answer {
    for id in orders_named_in(call) {
        account.materialize(id);
    }
    route(account, call).unwrap_or_else(|refusal| refusal)
}

fn route(account: &mut Account, call: &Call) -> Outcome {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    match (call.method.as_str(), segments.as_slice()) {
        ("GET", ["orders"]) => orders::list(account, call),
        ("GET", ["orders", "listbytag"]) => orders::list_by_tag(account, call),
        ("POST", ["orders", action]) => order_actions::act(account, call, action),
        ("GET", ["orders", id]) => orders::get(account, id),
        ("DELETE", ["orders", id]) => orders::delete(account, id),
        ("GET", ["fulfillments"]) => shipments::list_fulfillments(account, call),
        ("GET", ["products"]) => products::list(account, call),
        ("GET", ["products", id]) => products::get(account, id),
        ("PUT", ["products", id]) => products::update(account, call, id),
        ("GET", ["shipments"]) => shipments::list(account, call),
        ("POST", ["shipments", "createlabel"]) => shipments::label_alone(account, call),
        ("POST", ["shipments", "getrates"]) => shipments::rates(account, call),
        ("POST", ["shipments", "voidlabel"]) => shipments::void(account, call),
        ("GET", ["stores"]) => stores::list(account, call),
        ("GET", ["stores", id]) => stores::get(account, call, id),
        ("PUT", ["stores", id]) => stores::update(account, call, id),
        ("POST", ["stores", action]) => stores::act(account, call, action),
        ("GET", ["users"]) => Ok(reference::users(account, call)),
        ("GET", ["accounts", "listtags"]) => Ok(Answer::rows(&account.tags)),
        ("POST", ["accounts", "registeraccount"]) => Ok(reference::register(call)),
        ("GET", ["carriers"]) => Ok(Answer::json(&account.carriers)),
        ("GET", ["carriers", "getcarrier"]) => carriers::get(account, call),
        ("GET", ["carriers", "listservices"]) => carriers::services(account, call),
        ("GET", ["carriers", "listpackages"]) => carriers::packages(account, call),
        ("POST", ["carriers", "addfunds"]) => carriers::add_funds(account, call),
        ("GET", ["customers"]) => reference::customers(account, call),
        ("GET", ["customers", id]) => row(&account.customers, id),
        ("GET", ["warehouses"]) => Ok(Answer::rows(&account.warehouses)),
        ("POST", ["warehouses", "createwarehouse"]) => reference::create_warehouse(account, call),
        ("GET", ["warehouses", id]) => row(&account.warehouses, id),
        ("PUT", ["warehouses", id]) => reference::update_warehouse(account, call, id),
        ("DELETE", ["warehouses", id]) => reference::delete_warehouse(account, id),
        ("GET", ["webhooks"]) => Ok(reference::webhooks(account)),
        ("POST", ["webhooks", "subscribe"]) => reference::subscribe(account, call),
        ("DELETE", ["webhooks", id]) => reference::unsubscribe(account, id),
        _ => Err(no_such_resource(call)),
    }
}

/// The orders that a request names by number, in its path or its body.
fn orders_named_in(call: &Call) -> Vec<i64> {
    let mut ids: Vec<i64> = call.segments.last().and_then(|last| last.parse().ok()).into_iter().collect();
    ids.extend(call.member("orderId").and_then(whole_number));
    let several = call.member("orderIds").and_then(serde_json::Value::as_array).into_iter().flatten();
    ids.extend(several.filter_map(whole_number));
    ids
}

fn no_such_resource(call: &Call) -> Answer {
    const KNOWN: [&str; 11] = [
        "accounts",
        "carriers",
        "customers",
        "fulfillments",
        "orders",
        "products",
        "shipments",
        "stores",
        "users",
        "warehouses",
        "webhooks",
    ];
    if call.segments.first().is_some_and(|first| KNOWN.contains(&first.as_str())) && call.segments.len() < 3 {
        let message = format!("The requested resource does not support http method '{}'.", call.method);
        return Answer::message(405, &message);
    }
    Answer::message(404, "No HTTP resource was found that matches the request URI.")
}

/// The number in a path; anything else is an unknown resource.
fn id_in_path(text: &str) -> Result<i64, Answer> {
    text.parse().map_err(|_| Answer::message(404, "No HTTP resource was found that matches the request URI."))
}

/// The row with the number in a path.
fn row(rows: &Table, id: &str) -> Outcome {
    Ok(Answer::json(found(rows.get(&id_in_path(id)?))?))
}

fn found<T>(row: Option<T>) -> Result<T, Answer> {
    row.ok_or_else(|| Answer::empty(404))
}
