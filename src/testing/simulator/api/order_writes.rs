//! Creating and updating orders: an upsert by `orderKey` that replaces the whole order.

use serde_json::value::RawValue;

use super::super::{Account, Record, Reply, record, set, shapes};
use super::{Route, found};

pub(super) const ROUTES: &[Route] = &[
    ("POST", "orders/createorder", |account, call| {
        let id = upsert(account, call.row(&shapes::ORDER, "apiOrder")?).map_err(|(refusal, _)| refusal)?;
        Ok(Reply::json(found(account.order(id))?).took_effect())
    }),
    ("POST", "orders/createorders", |account, call| {
        const NOT_A_LIST: &str = "Cannot deserialize the current JSON object because the type requires a JSON array to deserialize correctly.";
        let rows: Vec<&RawValue> =
            serde_json::from_str(&call.text).map_err(|_| Reply::invalid("apiOrders", NOT_A_LIST))?;
        if rows.len() > MAX_BULK_ORDERS {
            return Err(Reply::message(400, "No more than 100 orders may be sent at once."));
        }
        let sent: Result<Vec<Record>, _> =
            rows.iter().map(|row| Record::new(&shapes::ORDER).read(row.get())).collect();
        let sent = sent.map_err(|error| Reply::invalid("apiOrders", &error))?;
        let results: Vec<Record> = sent.into_iter().map(|order| bulk_result(account, order)).collect();
        let succeeded = results.iter().filter(|result| result.flag("success")).count();
        let has_errors = succeeded < results.len();
        let answer = Reply::json(&record!({ "hasErrors": has_errors, "results": results }));
        Ok(Reply { effect: succeeded > 0, ..answer })
    }),
];

/// The most orders that one call may carry.
const MAX_BULK_ORDERS: usize = 100;

/// The members that only ShipStation writes. What callers send for them is ignored.
const READ_ONLY: &str = "orderId createDate modifyDate customerId orderTotal holdUntilDate userId externallyFulfilled \
    externallyFulfilledBy externallyFulfilledById externallyFulfilledByName labelMessages advancedOptions.mergedOrSplit \
    advancedOptions.mergedIds advancedOptions.parentId";

/// What an update leaves as it is.
const KEPT: &str = "orderId orderKey createDate customerId userId holdUntilDate importBatch advancedOptions.storeId \
    advancedOptions.mergedOrSplit advancedOptions.mergedIds advancedOptions.parentId";

fn bulk_result(account: &mut Account, sent: Record) -> Record {
    let number = sent.has("orderNumber").then(|| sent.get("orderNumber").clone());
    let sent_key = sent.text("orderKey").unwrap_or_default().to_owned();
    let outcome = upsert(account, sent);
    let id = outcome.as_ref().ok().copied();
    let key = id.and_then(|id| account.order(id)?.text("orderKey")).unwrap_or(&sent_key);
    let error = outcome.err().map(|(_, reason)| reason);
    record!({
        "orderId": id, "orderNumber": number, "orderKey": key, "success": id.is_some(), "errorMessage": error,
    })
}

/// What refuses an order: the answer where it was sent alone, and the reason, which one of several gets.
type Refusal = (Reply, String);

/// A rule was broken: 500 with an exception, as recorded.
fn broken(rule: &str) -> Refusal {
    (Reply::exception(rule), rule.to_owned())
}

fn upsert(account: &mut Account, sent: Record) -> Result<i64, Refusal> {
    let known = find(account, &sent).cloned();
    let status = known.as_ref().and_then(|order| order.text("orderStatus"));
    if matches!(status, Some("shipped" | "cancelled")) {
        return Err(broken("The order cannot be updated in its present status."));
    }
    let mut order = build(account, sent)?;
    let Some((known, id)) = known.and_then(|known| known.int("orderId").map(|id| (known, id))) else {
        let customer = customer_of(account, &order);
        set!(order, "createDate": account.now(), "modifyDate": account.now(), "customerId": customer);
        return Ok(account.add_order(order));
    };
    order.copy(&known, KEPT);
    order.set("modifyDate", account.now());
    account.replace_order(id, order);
    Ok(id)
}

/// The order that is updated: the one of that number, else the one of that key that is not a split child.
fn find<'a>(account: &'a Account, sent: &Record) -> Option<&'a Record> {
    if let Some(id) = sent.int("orderId").filter(|id| *id != 0) {
        return account.order(id);
    }
    let key = sent.text("orderKey").filter(|key| !key.is_empty())?;
    let is_it = |order: &&Record| {
        order.text("orderKey") == Some(key) && order.int("advancedOptions.parentId").is_none()
    };
    account.visible_orders().find(is_it)
}

/// The order as it is kept: checked, without what is not the caller's to write, and with the address as ShipStation rewrites it.
fn build(account: &Account, mut order: Record) -> Result<Record, Refusal> {
    for member in ["orderNumber", "orderDate", "orderStatus", "billTo", "shipTo"] {
        if !order.has(member) {
            let reason = format!("The {member} field is required.");
            return Err((Reply::invalid(&format!("apiOrder.{member}"), &reason), reason));
        }
    }
    if let Some(rule) = broken_address_rule(&order) {
        return Err(broken(rule));
    }
    order.copy(&Record::new(&shapes::ORDER), READ_ONLY);
    let number: String = order.text("orderNumber").unwrap_or_default().chars().take(50).collect();
    for member in ["street1", "street2", "city", "state", "country"] {
        let member = format!("shipTo.{member}");
        if let Some(capitals) = order.text(&member).map(str::to_uppercase) {
            order.set(&member, capitals);
        }
    }
    let (residential, verified) = (order.text("shipTo.company").is_none(), "Address validated successfully");
    set!(order, "orderNumber": number, "shipTo.residential": residential, "shipTo.addressVerified": verified);
    for line in order.rows_mut("items") {
        line.copy(&Record::new(&shapes::LINE), "orderItemId productId createDate modifyDate");
    }
    if order.int("advancedOptions.warehouseId") == Some(0) {
        order.clear("advancedOptions.warehouseId");
    }
    let tags: Vec<i64> =
        order.ids("tagIds").into_iter().filter(|tag| account.tags.contains_key(tag)).collect();
    order.set("tagIds", tags);
    Ok(order)
}

/// The first rule about addresses that the order breaks.
fn broken_address_rule(order: &Record) -> Option<&'static str> {
    let blank = |member: &str| order.text(member).is_none_or(|text| text.trim().is_empty());
    let long = |member: &str| order.text(member).is_some_and(|text| !matches!(text.len(), 0 | 2));
    let no_postal_code = order.is_text("shipTo.country", "US") && blank("shipTo.postalCode");
    let rules = [
        (blank("billTo.name"), "'Bill Name' must not be empty."),
        (blank("shipTo.name"), "'Ship Name' must not be empty."),
        (long("shipTo.country") || long("billTo.country"), "Please use a 2 character country code"),
        (no_postal_code, "Ship To: Postal Code must be provided."),
    ];
    rules.into_iter().find(|(is_broken, _)| *is_broken).map(|(_, rule)| rule)
}

/// The buyer's record, made when there is none. Orders without a user name have none.
fn customer_of(account: &mut Account, order: &Record) -> Option<i64> {
    let username = order.text("customerUsername").filter(|name| !name.is_empty())?;
    let is_called = |customer: &&Record| {
        customer.rows("marketplaceUsernames").any(|name| name.is_text("username", username))
    };
    let known = account.customers.values().find(is_called).and_then(|customer| customer.int("customerId"));
    let email = order.text("customerEmail").map(str::to_owned);
    known.or_else(|| Some(account.add_customer(username, order.row("shipTo")?.clone(), email)))
}
