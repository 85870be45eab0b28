//! Every recorded shape decodes without a missing row and without drift, and what is written back is what came.

use std::fmt::Debug;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use shipstation_connector::client::{
    AccountTag, BulkOrders, Carrier, Confirmation, Customer, Fulfillment, Label, Marketplace, NewOrder,
    Order, OrderStatus, Package, Product, Rate, RegisteredAccount, Service, Shipment, Store,
    StoreRefreshStatus, User, Warehouse, WebhookDelivery, WebhookEvent, WebhookSubscription, WeightUnits,
};

use crate::support::fixture;

/// Decodes one value, checks that writing it loses nothing, and gives it back.
fn survives<T: DeserializeOwned + Serialize + Debug>(json: &Value) -> T {
    let value: T = serde_json::from_value(json.clone()).unwrap_or_else(|error| panic!("{error}: {json}"));
    let written = serde_json::to_value(&value).unwrap();
    assert_eq!(plain(&written), plain(json));
    value
}

/// The document without what counts as absent, with numbers and numeric texts alike.
fn plain(json: &Value) -> Value {
    match json {
        Value::Object(members) => {
            let kept = members
                .iter()
                .map(|(name, value)| (name.clone(), plain(value)))
                .filter(|(_, value)| !is_nothing(value));
            Value::Object(kept.collect())
        }
        Value::Array(rows) => Value::Array(rows.iter().map(plain).collect()),
        Value::Number(number) => Value::String(number.as_f64().unwrap().to_string()),
        Value::String(text) => {
            Value::String(text.parse::<f64>().map_or_else(|_| text.clone(), |number| number.to_string()))
        }
        Value::Bool(value) => Value::String(value.to_string()),
        Value::Null => Value::Null,
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

fn json(name: &str) -> Value {
    serde_json::from_slice(&fixture(&format!("v1/{name}.json"))).unwrap()
}

fn rows<T: DeserializeOwned + Serialize + Debug>(name: &str, key: &str) -> Vec<T> {
    let document = json(name);
    let rows = if key.is_empty() { &document } else { &document[key] };
    rows.as_array().unwrap().iter().map(survives).collect()
}

#[test]
fn wire_every_list_shape_survives_both_ways() {
    assert_eq!(rows::<Order>("orders_list", "orders").len(), 3);
    assert_eq!(rows::<Order>("orders_listbytag", "orders").len(), 2);
    assert_eq!(rows::<Order>("orders_page_past_end", "orders").len(), 0);
    assert_eq!(rows::<Shipment>("shipments_list", "shipments").len(), 3);
    assert_eq!(rows::<Shipment>("shipments_list_with_items", "shipments").len(), 2);
    assert_eq!(rows::<Fulfillment>("fulfillments_list", "fulfillments").len(), 2);
    assert_eq!(rows::<Product>("products_list", "products").len(), 2);
    assert_eq!(rows::<Customer>("customers_list", "customers").len(), 2);
    assert_eq!(rows::<Store>("stores_list", "").len(), 3);
    assert_eq!(rows::<Marketplace>("marketplaces", "").len(), 4);
    assert_eq!(rows::<Carrier>("carriers", "").len(), 3);
    assert_eq!(rows::<Service>("services", "").len(), 3);
    assert_eq!(rows::<Package>("packages", "").len(), 3);
    assert_eq!(rows::<AccountTag>("tags", "").len(), 3);
    assert_eq!(rows::<User>("users", "").len(), 2);
    assert_eq!(rows::<Warehouse>("warehouses", "").len(), 2);
    assert_eq!(rows::<Rate>("rates", "").len(), 4);
    assert_eq!(rows::<WebhookSubscription>("webhooks_list", "webhooks").len(), 3);
    assert_eq!(rows::<WebhookSubscription>("webhooks_list_empty", "webhooks").len(), 0);
}

#[test]
fn wire_every_single_shape_survives_both_ways() {
    survives::<Order>(&json("order"));
    survives::<Store>(&json("store"));
    survives::<StoreRefreshStatus>(&json("store_refresh_status"));
    survives::<Carrier>(&json("carrier"));
    survives::<Carrier>(&json("carrier_addfunds"));
    survives::<RegisteredAccount>(&json("register_account"));
    survives::<Warehouse>(&json("warehouse"));
    survives::<Customer>(&json("customer"));
    survives::<Product>(&json("product"));
    survives::<Label>(&json("label_for_order"));
    survives::<Label>(&json("label_shipment"));
    assert_eq!(survives::<BulkOrders>(&json("createorders_response")).failures().count(), 0);
    assert_eq!(survives::<BulkOrders>(&json("errors/bulk_partial")).failures().count(), 1);
    survives::<NewOrder>(&json("createorder_request"));
}

#[test]
fn wire_unknown_values_survive_verbatim() {
    let order: Order = survives(&json("order_unknown_values"));
    assert_eq!(order.order_status, Some(OrderStatus::RejectedFulfillment));
    assert_eq!(order.confirmation, Some(Confirmation::Unknown("some_new_confirmation".to_owned())));
    assert_eq!(order.weight.as_ref().unwrap().units, Some(WeightUnits::Unknown("inches".to_owned())));
    assert!(order.extra.get("newFieldFromTheFuture").is_some());
    let replacing = serde_json::to_value(NewOrder::replacing(&order)).unwrap();
    assert_eq!(replacing["newFieldFromTheFuture"]["a"], 1);
    assert_eq!(replacing["confirmation"], "some_new_confirmation");
}

#[test]
fn wire_money_is_written_back_digit_by_digit() {
    let json = r#"{"orderId":1,"orderTotal":10.10,"amountPaid":123456789012345.67,"taxAmount":5.0}"#;
    let order: Order = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&order).unwrap(), json);
}

#[test]
fn wire_every_delivery_parses() {
    for (name, event) in [
        ("webhook_order_notify", WebhookEvent::OrderNotify),
        ("webhook_item_order_notify", WebhookEvent::ItemOrderNotify),
        ("webhook_ship_notify", WebhookEvent::ShipNotify),
        ("webhook_item_ship_notify", WebhookEvent::ItemShipNotify),
        ("webhook_fulfillment_shipped", WebhookEvent::FulfillmentShipped),
        ("webhook_fulfillment_rejected", WebhookEvent::FulfillmentRejected),
    ] {
        let delivery = WebhookDelivery::parse(&fixture(&format!("v1/{name}.json"))).unwrap();
        assert_eq!(delivery.event(), &event);
        assert!(!format!("{delivery:?}").contains("http"));
    }
    for body in [&b""[..], b"{}", b"[]", b"<html>", br#"{"resource_url": 5}"#] {
        assert!(WebhookDelivery::parse(body).is_err());
    }
}
