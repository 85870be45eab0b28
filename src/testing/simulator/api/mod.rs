//! The operations of the V1 reference, over the simulated account. Nothing here knows of faults, limits or
//! connections.

mod order_actions;
mod order_writes;
mod orders;
mod shipping;
mod stores;

use super::{
    Account,
    account::Table,
    lists::{CUSTOMERS, FULFILLMENTS},
    record::{Field, Record, record},
    reply::Reply,
    request::{ApiRequest, whole_number},
    shapes::WAREHOUSE,
};

/// What an operation comes to; an early refusal is an answer like any other.
pub(super) type Handled = Result<Reply, Reply>;

/// Finds the operation of a request and carries it out.
pub(super) fn handle(account: &mut Account, call: &ApiRequest) -> Reply {
    for id in orders_named_in(call) {
        account.materialize(id);
    }
    route(account, call).unwrap_or_else(|refusal| refusal)
}

fn route(account: &mut Account, call: &ApiRequest) -> Handled {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    match (call.method.as_str(), segments.as_slice()) {
        ("GET", ["orders"]) => orders::list(account, call),
        ("GET", ["orders", "listbytag"]) => orders::list_by_tag(account, call),
        ("POST", ["orders", "assignuser"]) => order_actions::assign_user(account, call),
        ("POST", ["orders", "unassignuser"]) => order_actions::unassign_user(account, call),
        ("POST", ["orders", "addtag"]) => order_actions::add_tag(account, call),
        ("POST", ["orders", "removetag"]) => order_actions::remove_tag(account, call),
        ("POST", ["orders", "holduntil"]) => order_actions::hold_until(account, call),
        ("POST", ["orders", "restorefromhold"]) => order_actions::restore_from_hold(account, call),
        ("POST", ["orders", "markasshipped"]) => order_actions::mark_as_shipped(account, call),
        ("POST", ["orders", "createorder"]) => order_writes::create_one(account, call),
        ("POST", ["orders", "createorders"]) => order_writes::create_many(account, call),
        ("POST", ["orders", "createlabelfororder"]) => shipping::label_for_order(account, call),
        ("GET", ["orders", _]) => orders::get(account, call),
        ("DELETE", ["orders", _]) => orders::delete(account, call),
        ("GET", ["fulfillments"]) => fulfillments(account, call),
        ("GET", ["products"]) => stores::products(account, call),
        ("GET", ["products", _]) => stores::product(account, call),
        ("PUT", ["products", _]) => stores::update_product(account, call),
        ("GET", ["shipments"]) => shipping::shipments(account, call),
        ("POST", ["shipments", "createlabel"]) => shipping::label_alone(account, call),
        ("POST", ["shipments", "getrates"]) => shipping::rates(account, call),
        ("POST", ["shipments", "voidlabel"]) => shipping::void(account, call),
        ("GET", ["stores"]) => stores::list(account, call),
        ("GET", ["stores", "marketplaces"]) => Ok(stores::marketplaces()),
        ("GET", ["stores", "getrefreshstatus"]) => stores::refresh_status(account, call),
        ("POST", ["stores", "refreshstore"]) => stores::refresh(account, call),
        ("POST", ["stores", "deactivate"]) => stores::activate(account, call, false),
        ("POST", ["stores", "reactivate"]) => stores::activate(account, call, true),
        ("GET", ["stores", _]) => row(&account.stores, call),
        ("PUT", ["stores", _]) => stores::update(account, call),
        ("GET", ["users"]) => Ok(users(account, call)),
        ("GET", ["accounts", "listtags"]) => Ok(Reply::rows(&account.tags)),
        ("POST", ["accounts", "registeraccount"]) => Ok(register(call)),
        ("GET", ["carriers"]) => Ok(Reply::json(&account.carriers)),
        ("GET", ["carriers", "getcarrier"]) => Ok(Reply::json(shipping::carrier(account, call)?)),
        ("GET", ["carriers", "listservices"]) => shipping::services(account, call),
        ("GET", ["carriers", "listpackages"]) => shipping::packages(account, call),
        ("POST", ["carriers", "addfunds"]) => shipping::add_funds(account, call),
        ("GET", ["customers"]) => CUSTOMERS.reply(account, call, account.customers.values()),
        ("GET", ["customers", _]) => row(&account.customers, call),
        ("GET", ["warehouses"]) => Ok(Reply::rows(&account.warehouses)),
        ("POST", ["warehouses", "createwarehouse"]) => create_warehouse(account, call),
        ("GET", ["warehouses", _]) => row(&account.warehouses, call),
        ("PUT", ["warehouses", _]) => update_warehouse(account, call),
        ("DELETE", ["warehouses", _]) => {
            found(account.warehouses.remove(&call.id()?))?;
            Ok(Reply::done("The requested warehouse has been deleted."))
        }
        ("GET", ["webhooks"]) => {
            let rows: Field = account.webhooks.values().cloned().collect();
            Ok(Reply::json(&record!({ "webhooks": rows })))
        }
        ("POST", ["webhooks", "subscribe"]) => subscribe(account, call),
        ("DELETE", ["webhooks", _]) => {
            found(account.webhooks.remove(&call.id()?))?;
            Ok(Reply::empty(200).took_effect())
        }
        _ => Err(no_such_operation(call)),
    }
}

/// The orders that a request names by number, in its path or its body.
fn orders_named_in(call: &ApiRequest) -> Vec<i64> {
    let mut ids: Vec<i64> = call.id().into_iter().collect();
    ids.extend(call.member("orderId").and_then(whole_number));
    let several = call.member("orderIds").and_then(serde_json::Value::as_array).into_iter().flatten();
    ids.extend(several.filter_map(whole_number));
    ids
}

fn no_such_operation(call: &ApiRequest) -> Reply {
    const RESOURCES: &str =
        "accounts carriers customers fulfillments orders products shipments stores users warehouses webhooks";
    let is_known = call.segments.first().is_some_and(|first| RESOURCES.split(' ').any(|name| name == first));
    if is_known && call.segments.len() < 3 {
        let message = format!("The requested resource does not support http method '{}'.", call.method);
        return Reply::message(405, &message);
    }
    Reply::unknown_resource()
}

/// The row with the number in the path.
fn row(rows: &Table, call: &ApiRequest) -> Handled {
    Ok(Reply::json(found(rows.get(&call.id()?))?))
}

fn found<T>(row: Option<T>) -> Result<T, Reply> {
    row.ok_or_else(|| Reply::empty(404))
}

fn fulfillments(account: &Account, call: &ApiRequest) -> Handled {
    let now = Some(account.now());
    let rows = account.fulfillments.values().filter(|row| row.time("visibleFrom") <= now);
    FULFILLMENTS.reply(account, call, rows)
}

fn users(account: &Account, call: &ApiRequest) -> Reply {
    let inactive = call.query_flag("showInactive");
    Reply::json(&account.users.iter().filter(|user| inactive || !user.flag("inactive")).collect::<Vec<_>>())
}

/// Answers as if an account had been made; nothing is kept.
fn register(call: &ApiRequest) -> Reply {
    let complete =
        ["firstName", "lastName", "email", "password"].iter().all(|name| call.text(name).is_some());
    if complete {
        let reply = Reply::json(&record!({
            "message": "ShipStation account created.", "sellerId": 777_001, "success": true, "apiKey": "registered-key",
            "apiSecret": "registered-secret",
        }));
        return reply.took_effect();
    }
    Reply::json(&record!({
        "message": "Some required fields are missing.", "sellerId": Field::Null, "success": false,
        "apiKey": Field::Null, "apiSecret": Field::Null,
    }))
}

fn create_warehouse(account: &mut Account, call: &ApiRequest) -> Handled {
    let (origin, back) = addresses(call)?;
    let id = account.next_id("warehouseId");
    let name = call.text("warehouseName").unwrap_or_default();
    account.keep_warehouse(id, name, origin, back, call.flag("isDefault"));
    Ok(Reply::json(found(account.warehouses.get(&id))?).took_effect())
}

fn update_warehouse(account: &mut Account, call: &ApiRequest) -> Handled {
    let (origin, back) = addresses(call)?;
    let id = call.id()?;
    found(account.warehouses.get(&id))?;
    let name = call.text("warehouseName").unwrap_or_default();
    account.keep_warehouse(id, name, origin, back, call.flag("isDefault"));
    Ok(Reply::done("The requested warehouse has been updated."))
}

/// Where parcels leave, and where they come back if that is elsewhere.
fn addresses(call: &ApiRequest) -> Result<(Record, Option<Record>), Reply> {
    let sent = call.row(&WAREHOUSE, "request")?;
    let origin = sent.row("originAddress").ok_or_else(|| Reply::required("originAddress"))?;
    Ok((origin.clone(), sent.row("returnAddress").cloned()))
}

fn subscribe(account: &mut Account, call: &ApiRequest) -> Handled {
    let required =
        |name: &str| call.text(name).filter(|text| !text.is_empty()).ok_or_else(|| Reply::required(name));
    let (url, event) = (required("target_url")?, required("event")?);
    let store = call.member("store_id").and_then(whole_number);
    let id = account.add_webhook(event, url, store, call.text("friendly_name").map(str::to_owned));
    Ok(Reply::json(&record!({ "id": id })).with_status(201).took_effect())
}
