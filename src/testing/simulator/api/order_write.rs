//! Creating and updating orders: an upsert by `orderKey` that replaces the whole order.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::{
    Account, SimAddress, SimAdvancedOptions, SimDimensions, SimInsuranceOptions, SimInternationalOptions,
    SimLine, SimOrder, SimWeight, answer::Answer, money, pacific, page::as_json, request::Call,
};
use super::Outcome;
use crate::Timestamp;

/// The most orders that one call may carry.
const BULK_LIMIT: usize = 100;

/// The writable members of an order; everything else that callers send is ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ApiOrder {
    order_id: Option<i64>,
    order_number: Option<String>,
    order_key: Option<String>,
    order_date: Option<String>,
    payment_date: Option<String>,
    ship_by_date: Option<String>,
    order_status: Option<String>,
    customer_username: Option<String>,
    customer_email: Option<String>,
    bill_to: Option<SimAddress>,
    ship_to: Option<SimAddress>,
    items: Option<Vec<SimLine>>,
    #[serde(deserialize_with = "money::read_or_zero")]
    amount_paid: Decimal,
    #[serde(deserialize_with = "money::read_or_zero")]
    tax_amount: Decimal,
    #[serde(deserialize_with = "money::read_or_zero")]
    shipping_amount: Decimal,
    customer_notes: Option<String>,
    internal_notes: Option<String>,
    gift: Option<bool>,
    gift_message: Option<String>,
    payment_method: Option<String>,
    requested_shipping_service: Option<String>,
    carrier_code: Option<String>,
    service_code: Option<String>,
    package_code: Option<String>,
    confirmation: Option<String>,
    ship_date: Option<String>,
    weight: Option<SimWeight>,
    dimensions: Option<SimDimensions>,
    insurance_options: Option<SimInsuranceOptions>,
    international_options: Option<SimInternationalOptions>,
    advanced_options: Option<SimAdvancedOptions>,
    tag_ids: Option<Vec<i64>>,
}

pub(super) fn create_one(account: &mut Account, call: &Call) -> Outcome {
    let sent: ApiOrder = serde_json::from_slice(&call.text)
        .map_err(|error| Answer::invalid("apiOrder", &error.to_string()))?;
    let id = upsert(account, sent).map_err(Reason::answer)?;
    let order = account.order(id).ok_or_else(|| Answer::empty(404))?;
    Ok(Answer::text(as_json(order)).took_effect())
}

pub(super) fn create_many(account: &mut Account, call: &Call) -> Outcome {
    const NOT_A_LIST: &str = "Cannot deserialize the current JSON object because the type requires a JSON array to deserialize correctly.";
    let rows: Vec<Box<RawValue>> =
        serde_json::from_slice(&call.text).map_err(|_| Answer::invalid("apiOrders", NOT_A_LIST))?;
    if rows.len() > BULK_LIMIT {
        return Err(Answer::message(400, "No more than 100 orders may be sent at once."));
    }
    let sent: Result<Vec<ApiOrder>, _> = rows.iter().map(|row| serde_json::from_str(row.get())).collect();
    let sent = sent.map_err(|error| Answer::invalid("apiOrders", &error.to_string()))?;
    let results: Vec<BulkResult> = sent.into_iter().map(|order| bulk_result(account, order)).collect();
    let has_errors = results.iter().any(|result| !result.success);
    let effect = results.iter().any(|result| result.success);
    let answer = Answer::json(&BulkAnswer { has_errors, results });
    Ok(if effect { answer.took_effect() } else { answer })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BulkAnswer {
    has_errors: bool,
    results: Vec<BulkResult>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BulkResult {
    order_id: Option<i64>,
    order_number: Option<String>,
    order_key: Option<String>,
    success: bool,
    error_message: Option<String>,
}

fn bulk_result(account: &mut Account, sent: ApiOrder) -> BulkResult {
    let (order_number, order_key) = (sent.order_number.clone(), sent.order_key.clone());
    match upsert(account, sent) {
        Ok(id) => BulkResult {
            order_id: Some(id),
            order_number,
            order_key: account.order(id).map(|order| order.order_key.clone()),
            success: true,
            error_message: None,
        },
        Err(reason) => BulkResult {
            order_id: None,
            order_number,
            order_key: Some(order_key.unwrap_or_default()),
            success: false,
            error_message: Some(reason.text()),
        },
    }
}

/// Why an order was not taken.
enum Reason {
    /// A member that must be there is not: 400.
    Missing(&'static str),
    /// A rule was broken: 500 with an exception, as recorded.
    Broken(&'static str),
}

impl Reason {
    fn text(&self) -> String {
        match self {
            Self::Missing(member) => format!("The {member} field is required."),
            Self::Broken(rule) => (*rule).to_owned(),
        }
    }

    fn answer(self) -> Answer {
        match self {
            Self::Missing(member) => Answer::invalid(&format!("apiOrder.{member}"), &self.text()),
            Self::Broken(rule) => Answer::exception(rule),
        }
    }
}

fn upsert(account: &mut Account, sent: ApiOrder) -> Result<i64, Reason> {
    let known = find(account, &sent).cloned();
    if known.as_ref().is_some_and(|order| matches!(order.order_status.as_str(), "shipped" | "cancelled")) {
        return Err(Reason::Broken("The order cannot be updated in its present status."));
    }
    let mut order = build(account, sent)?;
    if let Some(known) = known {
        return Ok(replace(account, known, order));
    }
    order.customer_id = customer_of(account, &order);
    Ok(account.add_order(order))
}

/// The order that is updated: the one of that number, else the one of that key that is not a split child.
fn find<'a>(account: &'a Account, sent: &ApiOrder) -> Option<&'a SimOrder> {
    if let Some(id) = sent.order_id.filter(|id| *id != 0) {
        return account.order(id);
    }
    let key = sent.order_key.as_deref().filter(|key| !key.is_empty())?;
    account
        .visible_orders()
        .find(|order| order.order_key == key && order.advanced_options.parent_id.is_none())
}

fn replace(account: &mut Account, known: SimOrder, mut order: SimOrder) -> i64 {
    order.order_id = known.order_id;
    order.order_key = known.order_key;
    order.create_date = known.create_date;
    order.modify_date = account.now();
    order.customer_id = known.customer_id;
    order.user_id = known.user_id;
    order.hold_until_date = known.hold_until_date;
    order.import_batch = known.import_batch;
    order.advanced_options = SimAdvancedOptions {
        store_id: known.advanced_options.store_id,
        merged_or_split: known.advanced_options.merged_or_split,
        merged_ids: known.advanced_options.merged_ids,
        parent_id: known.advanced_options.parent_id,
        ..order.advanced_options
    };
    let id = order.order_id;
    account.replace_order(order);
    id
}

fn build(account: &Account, sent: ApiOrder) -> Result<SimOrder, Reason> {
    let date = |text: &Option<String>| text.as_deref().and_then(pacific::parse).map(pacific::instant);
    let number = sent.order_number.ok_or(Reason::Missing("orderNumber"))?;
    let mut order = SimOrder::new(number.chars().take(50).collect::<String>());
    order.order_key = sent.order_key.unwrap_or_default();
    order.order_date = date(&sent.order_date).ok_or(Reason::Missing("orderDate"))?;
    order.payment_date = date(&sent.payment_date);
    order.ship_by_date = date(&sent.ship_by_date);
    order.order_status = sent.order_status.ok_or(Reason::Missing("orderStatus"))?;
    order.customer_username = sent.customer_username;
    order.customer_email = sent.customer_email;
    order.bill_to = sent.bill_to.ok_or(Reason::Missing("billTo"))?;
    order.ship_to = verified(sent.ship_to.ok_or(Reason::Missing("shipTo"))?);
    check_addresses(&order)?;
    order.items = sent.items.unwrap_or_default();
    order.amount_paid = sent.amount_paid;
    order.tax_amount = sent.tax_amount;
    order.shipping_amount = sent.shipping_amount;
    order.customer_notes = sent.customer_notes;
    order.internal_notes = sent.internal_notes;
    order.gift = sent.gift.unwrap_or_default();
    order.gift_message = sent.gift_message;
    order.payment_method = sent.payment_method;
    order.requested_shipping_service = sent.requested_shipping_service;
    order.carrier_code = sent.carrier_code;
    order.service_code = sent.service_code;
    order.package_code = sent.package_code;
    order.confirmation = sent.confirmation.unwrap_or_else(|| "none".to_owned());
    order.ship_date = sent.ship_date;
    order.weight = sent.weight.unwrap_or_default();
    order.dimensions = sent.dimensions;
    order.insurance_options = sent.insurance_options.unwrap_or_default();
    order.international_options = sent.international_options.unwrap_or_default();
    order.advanced_options = writable(sent.advanced_options.unwrap_or_default());
    order.tag_ids = sent.tag_ids.unwrap_or_default();
    order.tag_ids.retain(|tag| account.tags.contains_key(tag));
    order.create_date = account.now();
    order.modify_date = Timestamp::UNIX_EPOCH;
    Ok(order)
}

/// The options without the members that only ShipStation writes.
fn writable(options: SimAdvancedOptions) -> SimAdvancedOptions {
    SimAdvancedOptions {
        merged_or_split: false,
        merged_ids: Some(Vec::new()),
        parent_id: None,
        warehouse_id: options.warehouse_id.filter(|id| *id != 0),
        ..options
    }
}

fn check_addresses(order: &SimOrder) -> Result<(), Reason> {
    let blank = |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
    let long = |text: &Option<String>| text.as_deref().is_some_and(|text| !matches!(text.len(), 0 | 2));
    if blank(&order.bill_to.name) {
        Err(Reason::Broken("'Bill Name' must not be empty."))
    } else if blank(&order.ship_to.name) {
        Err(Reason::Broken("'Ship Name' must not be empty."))
    } else if long(&order.ship_to.country) || long(&order.bill_to.country) {
        Err(Reason::Broken("Please use a 2 character country code"))
    } else if order.ship_to.country.as_deref() == Some("US") && blank(&order.ship_to.postal_code) {
        Err(Reason::Broken("Ship To: Postal Code must be provided."))
    } else {
        Ok(())
    }
}

/// The address as ShipStation rewrites it: standardised, in capitals, with a verdict.
fn verified(address: SimAddress) -> SimAddress {
    let capitals = |text: Option<String>| text.map(|text| text.to_uppercase());
    SimAddress {
        street1: capitals(address.street1),
        street2: capitals(address.street2),
        city: capitals(address.city),
        state: capitals(address.state),
        country: capitals(address.country),
        residential: Some(address.company.is_none()),
        address_verified: Some("Address validated successfully".to_owned()),
        ..address
    }
}

/// The buyer's record, made when there is none. Orders without a user name have none.
fn customer_of(account: &mut Account, order: &SimOrder) -> Option<i64> {
    let username = order.customer_username.as_deref().filter(|name| !name.is_empty())?;
    let known = account.customers.values().find(|customer| customer.is_called(username));
    let known = known.map(|customer| customer.customer_id);
    known.or_else(|| Some(account.add_customer(username, &order.ship_to, order.customer_email.clone())))
}
