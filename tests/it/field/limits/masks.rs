//! What `Debug`, the drift report and errors show of what others wrote: nothing but an explicit list of members.

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shipstation_connector::{
    channel::{Address as ChannelAddress, Buyer, ChannelOrder, OrderLine, OrderOption, Shipment as Parcel},
    client::{
        AccountTag, BulkOrders, Carrier, Customer, Fulfillment, Label, MarkedAsShipped, Marketplace,
        NewAccount, NewOrder, Order, OrderId, Package, Product, Rate, RegisteredAccount, Service, Shipment,
        Store, User, Warehouse, WebhookSubscription,
    },
};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::path};

use crate::support::{client, fixture};

const CANARIES: [&str; 3] = ["Jane Canary, 1 Rose Lane", "jane.canary@example.com", "+1 801 555 0142"];

/// The members whose texts `Debug` shows.
const SHOWN: &[&str] = &[
    "orderNumber",
    "sku",
    "code",
    "carrierCode",
    "serviceCode",
    "packageCode",
    "fulfillmentProviderCode",
    "defaultCarrierCode",
    "defaultServiceCode",
    "defaultPackageCode",
    "defaultIntlCarrierCode",
    "defaultIntlServiceCode",
    "defaultIntlPackageCode",
];

fn json(name: &str) -> Value {
    serde_json::from_slice(&fixture(&format!("v1/{name}.json"))).unwrap()
}

/// The pointers of all members that are no object and no list of objects.
fn leaves(json: &Value, at: &str, found: &mut Vec<String>) {
    match json {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| leaves(value, &format!("{at}/{name}"), found));
        }
        Value::Array(rows) if !rows.is_empty() => {
            rows.iter().enumerate().for_each(|(place, row)| leaves(row, &format!("{at}/{place}"), found));
        }
        _ => found.push(at.to_owned()),
    }
}

/// Puts each canary into each member in turn. Gives the members whose text `Debug` then shows, and checks the errors of what
/// does not decode.
fn shown_by<T: DeserializeOwned + Debug>(
    document: &Value,
    errors: impl Fn(&str, &str, String),
) -> Vec<String> {
    let mut pointers = Vec::new();
    leaves(document, "", &mut pointers);
    assert!(!pointers.is_empty());
    let mut shown = Vec::new();
    for (pointer, canary) in pointers.iter().flat_map(|pointer| CANARIES.map(|canary| (pointer, canary))) {
        let mut planted = document.clone();
        *planted.pointer_mut(pointer).unwrap() = json!(canary);
        match serde_json::from_str::<T>(&planted.to_string()) {
            Ok(model) if format!("{model:?} {model:#?}").contains(canary) => {
                let member = pointer.rsplit('/').find(|part| part.parse::<usize>().is_err());
                shown.push(member.unwrap().to_owned());
            }
            Ok(_) => {}
            Err(error) => errors(pointer, canary, format!("{error} {error:?}")),
        }
    }
    shown.sort();
    shown.dedup();
    shown
}

/// What a client's model shows; the errors of those that do not decode show nothing.
fn shown_by_model<T: DeserializeOwned + Debug>(document: &Value) -> Vec<String> {
    shown_by::<T>(document, |pointer, canary, error| {
        assert!(!error.contains(canary), "an error shows {pointer}: {error}");
    })
}

/// What a type of the channel shows.
fn shown_by_host<T: DeserializeOwned + Debug>(document: &Value) -> Vec<String> {
    shown_by::<T>(document, |_, _, _| {})
}

fn checked<T: DeserializeOwned + Debug>(document: &Value) {
    let shown = shown_by_model::<T>(document);
    let leaks: Vec<&String> = shown.iter().filter(|member| !SHOWN.contains(&member.as_str())).collect();
    assert!(leaks.is_empty(), "{} shows {leaks:?}", std::any::type_name::<T>());
}

fn checked_rows<T: DeserializeOwned + Debug>(name: &str, key: &str) {
    let document = json(name);
    let rows = if key.is_empty() { &document } else { &document[key] };
    rows.as_array().unwrap().iter().for_each(checked::<T>);
}

/// An order with every member of every part.
fn full_order() -> Value {
    let mut order = json("order");
    let texts =
        ["externallyFulfilledBy", "externallyFulfilledById", "externallyFulfilledByName", "labelMessages"];
    for member in texts {
        order[member] = Value::Null;
    }
    for member in ["lineItemKey", "imageUrl", "warehouseLocation", "fulfillmentSku", "upc", "name"] {
        order["items"][0][member] = Value::Null;
    }
    order["items"][0]["options"] = json!([{"name": null, "value": null}]);
    order["internationalOptions"] = json!({
        "contents": null, "nonDelivery": null,
        "customsItems": [{"customsItemId": 1, "description": null, "quantity": 1, "value": 1,
                          "harmonizedTariffCode": null, "countryOfOrigin": null}],
    });
    for member in [
        "customField1",
        "customField2",
        "customField3",
        "source",
        "billToParty",
        "billToAccount",
        "billToPostalCode",
        "billToCountryCode",
        "movementIndicator",
    ] {
        order["advancedOptions"][member] = Value::Null;
    }
    order["somethingNew"] = Value::Null;
    order
}

#[test]
fn no_model_shows_a_text_that_is_not_on_the_list() {
    checked::<Order>(&full_order());
    checked::<NewOrder>(&full_order());
    checked::<Order>(&json("order_unknown_values"));
    checked::<BulkOrders>(&json("createorders_response"));
    checked::<MarkedAsShipped>(&json("markasshipped_response"));
    checked_rows::<Shipment>("shipments_list", "shipments");
    checked_rows::<Shipment>("shipments_list_with_items", "shipments");
    checked::<Label>(&json("label_shipment"));
    checked_rows::<Fulfillment>("fulfillments_list", "fulfillments");
    checked::<Product>(&json("product"));
    checked_rows::<Product>("products_list", "products");
    checked::<Customer>(&json("customer"));
    checked::<Carrier>(&json("carrier"));
    checked_rows::<Service>("services", "");
    checked_rows::<Package>("packages", "");
    checked_rows::<Rate>("rates", "");
    checked_rows::<Store>("stores_list", "");
    checked_rows::<Marketplace>("marketplaces", "");
    checked_rows::<AccountTag>("tags", "");
    checked_rows::<User>("users", "");
    checked_rows::<Warehouse>("warehouses", "");
    checked_rows::<WebhookSubscription>("webhooks_list", "webhooks");
    checked::<RegisteredAccount>(&json("register_account"));
    let account = json!({
        "firstName": null, "lastName": null, "email": null, "password": null, "companyName": null, "addr1": null,
        "addr2": null, "city": null, "state": null, "zip": null, "countryCode": null, "phone": null,
    });
    checked::<NewAccount>(&account);
}

#[test]
fn the_list_is_no_longer_than_it_must_be() {
    let mut shown = shown_by_model::<Order>(&full_order());
    shown.extend(shown_by_model::<Product>(&json("product")));
    shown.extend(shown_by_model::<Carrier>(&json("carrier")));
    shown.extend(shown_by_model::<Fulfillment>(&json("fulfillments_list")["fulfillments"][0]));
    let unused: Vec<_> = SHOWN.iter().filter(|member| !shown.iter().any(|shown| shown == *member)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn no_order_or_shipment_of_the_channel_shows_what_somebody_wrote() {
    let mut order = ChannelOrder::new("1", "A-1");
    order.buyer = Buyer::default();
    order.ship_to = ChannelAddress::default();
    order.custom_fields = vec![None];
    let mut line = OrderLine::new("1", None, 1);
    line.unit_price = Some("1.00".parse().unwrap());
    line.options = vec![OrderOption::new("", None)];
    order.lines = vec![line];
    let document = serde_json::to_value(&order).unwrap();
    assert_eq!(shown_by_host::<ChannelOrder>(&document), ["id", "number", "status", "store"]);
    assert_eq!(shown_by_host::<OrderLine>(&document["lines"][0]), ["id", "listing", "product", "sku"]);
    assert!(shown_by_host::<OrderOption>(&document["lines"][0]["options"][0]).is_empty());
    assert!(shown_by_host::<ChannelAddress>(&document["ship_to"]).is_empty());
    assert!(shown_by_host::<Buyer>(&document["buyer"]).is_empty());
    let parcel = Parcel::new("S", "1", "2026-03-02T08:00:00Z".parse().unwrap(), "UPS", "1Z");
    let document = serde_json::to_value(&parcel).unwrap();
    assert_eq!(shown_by_host::<Parcel>(&document), ["carrier", "id", "order"]);
}

#[tokio::test]
async fn the_drift_report_and_errors_show_no_content() {
    let server = MockServer::start().await;
    let mut order = full_order();
    order["orderStatus"] = json!(CANARIES[0]);
    order["confirmation"] = json!(CANARIES[1]);
    order["advancedOptions"]["billToParty"] = json!("8015550142");
    order["brandNew"] = json!(CANARIES[2]);
    for canary in CANARIES {
        order[canary] = json!(1);
        order["items"][0][canary] = json!(1);
    }
    let mut broken = order.clone();
    broken["orderDate"] = json!(CANARIES[0]);
    for (at, body) in [("/orders/1", &order), ("/orders/2", &broken)] {
        let answer = ResponseTemplate::new(200).set_body_json(body);
        Mock::given(path(at)).respond_with(answer).mount(&server).await;
    }
    let client = client(&server.uri());
    let _ = client.orders().get(OrderId::new(1)).await;
    let found = client.orders().get(OrderId::new(2)).await.map(|order| format!("{order:?}"));
    let error = found.unwrap_or_else(|error| format!("{error} {error:?}"));
    let drift = client.drift();
    let names: Vec<_> = drift.iter().map(|drift| (drift.model, drift.name.as_str())).collect();
    assert!(names.contains(&("Order", "brandNew")), "{names:?}");
    assert!(names.contains(&("OrderStatus", "*** (24 bytes)")), "{names:?}");
    let shown = format!("{drift:?} {names:?} {error}");
    for canary in CANARIES.iter().chain(&["8015550142"]) {
        assert!(!shown.contains(canary), "{canary} in {shown}");
    }
}
