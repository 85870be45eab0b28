//! Members that cannot be read: those that no decision needs are left out and named, the others fail their row by name.

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use shipstation_connector::client::{DriftKind, NewOrder, OrderId, RowError, ShipStation};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use crate::support::client;

async fn serve(body: String) -> (MockServer, ShipStation) {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_raw(body, "application/json");
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let client = client(&server.uri());
    (server, client)
}

fn order() -> Value {
    json!({
        "orderId": 7, "orderNumber": "1001", "orderKey": "k", "orderStatus": "awaiting_shipment",
        "orderDate": "2026-06-01T10:00:00", "createDate": "2026-06-01T10:00:00", "modifyDate": "2026-06-01T10:00:00",
        "paymentDate": "2026-06-01T10:00:00", "shipTo": {"country": "US"}, "tagIds": [3], "userId": "u",
        "requestedShippingService": "Standard", "externallyFulfilled": false,
        "advancedOptions": {"storeId": 4, "mergedIds": [], "customField1": "x"},
        "items": [{"orderItemId": 1, "lineItemKey": "l", "sku": "A", "quantity": 2, "unitPrice": 1.5, "adjustment": false}],
    })
}

/// The value with another one at a path such as `items.0.weight`.
fn with(mut row: Value, path: &str, other: &Value) -> Value {
    let mut place = &mut row;
    for step in path.split('.') {
        place = match step.parse::<usize>() {
            Ok(index) => &mut place[index],
            Err(_) => &mut place[step],
        };
    }
    *place = other.clone();
    row
}

#[tokio::test]
async fn what_no_decision_needs_is_left_out_and_named() {
    for (path, value, named) in [
        ("holdUntilDate", json!("TBD"), "holdUntilDate"),
        ("weight", json!("12 oz"), "weight"),
        ("weight", json!({"value": "12 oz", "units": "ounces"}), "weight.value"),
        ("customerId", json!("guest"), "customerId"),
        ("dimensions", json!("10x10"), "dimensions"),
        ("dimensions", json!({"length": "long"}), "dimensions.length"),
        ("insuranceOptions", json!("none"), "insuranceOptions"),
        ("insuranceOptions", json!({"insuredValue": "n/a"}), "insuranceOptions.insuredValue"),
        ("internationalOptions", json!({"customsItems": "none"}), "internationalOptions.customsItems"),
        (
            "internationalOptions",
            json!({"customsItems": [{"quantity": 1}, {"quantity": "two"}]}),
            "internationalOptions.customsItems[1].quantity",
        ),
        ("shipByDate", json!("soon"), "shipByDate"),
        ("shipDate", json!("31.12."), "shipDate"),
        ("gift", json!("perhaps"), "gift"),
        ("orderTotal", json!("free"), "orderTotal"),
        ("amountPaid", json!([]), "amountPaid"),
        ("billTo", json!("same"), "billTo"),
        ("customerNotes", json!({"text": "x"}), "customerNotes"),
        ("confirmation", json!({}), "confirmation"),
        ("shipTo.residential", json!("perhaps"), "shipTo.residential"),
        ("advancedOptions.warehouseId", json!("main"), "advancedOptions.warehouseId"),
        ("items.0.weight", json!("1 lb"), "items[0].weight"),
        ("items.0.createDate", json!("yesterday"), "items[0].createDate"),
        ("items.0.options", json!("none"), "items[0].options"),
    ] {
        let row = with(order(), path, &value);
        let mut other = order();
        other["orderId"] = json!(8);
        let (_server, client) = serve(json!({"orders": [row, other], "total": 2}).to_string()).await;
        let page = client.orders().list().send().await.unwrap();
        assert_eq!((page.items.len(), &page.errors), (2, &vec![]), "{path}: {value}");
        let order = &page.items[0];
        assert_eq!(order.unreadable(), [named], "{path}: {value}");
        assert_eq!((order.items[0].quantity, page.items[1].unreadable().len()), (Some(2), 0));
        let shown = format!("{order:?} {:?}", client.drift());
        assert!(value.as_str().is_none_or(|text| !shown.contains(&format!("{text:?}"))), "{shown}");
        let drift = client.drift();
        let counted: Vec<_> = drift.iter().filter(|drift| drift.kind == DriftKind::Unreadable).collect();
        assert_eq!(counted.iter().map(|drift| drift.count).sum::<u64>(), 1, "{counted:?}");
    }
}

#[tokio::test]
async fn what_a_decision_needs_fails_the_row_by_name() {
    for (path, value) in [
        ("orderNumber", json!({})),
        ("orderKey", json!([])),
        ("orderStatus", json!({})),
        ("items", json!("none")),
        ("items.0.quantity", json!("two")),
        ("items.0.orderItemId", json!("x")),
        ("items.0.lineItemKey", json!({})),
        ("items.0.sku", json!({})),
        ("items.0.unitPrice", json!("free")),
        ("items.0.adjustment", json!("perhaps")),
        ("items.0.fulfillmentSku", json!([])),
        ("items.0.productId", json!("n/a")),
        ("orderDate", json!("soon")),
        ("createDate", json!("soon")),
        ("modifyDate", json!("soon")),
        ("paymentDate", json!("soon")),
        ("tagIds", json!(["x"])),
        ("userId", json!({})),
        ("externallyFulfilled", json!("perhaps")),
        ("requestedShippingService", json!({})),
        ("serviceCode", json!({})),
        ("shipTo", json!("home")),
        ("shipTo.country", json!({})),
        ("advancedOptions", json!("none")),
        ("advancedOptions.storeId", json!("main")),
        ("advancedOptions.parentId", json!("x")),
        ("advancedOptions.mergedIds", json!(["x"])),
        ("advancedOptions.mergedOrSplit", json!("perhaps")),
        ("advancedOptions.customField1", json!({})),
    ] {
        let (_server, client) =
            serve(json!({"orders": [with(order(), path, &value)], "total": 1}).to_string()).await;
        let page = client.orders().list().send().await.unwrap();
        let [error] = page.errors.as_slice() else { panic!("{path}: {value}: {page:?}") };
        assert_eq!(error.id, Some(7), "{path}");
        let last = path.rsplit('.').next().unwrap();
        assert!(error.path.contains(last), "{path}: {error}");
    }
}

#[tokio::test]
async fn parcels_keep_what_the_looks_read() {
    let fulfillment = json!({"fulfillmentId": 5, "orderId": 7, "trackingNumber": "T", "voided": false});
    for (member, value, fails) in [
        ("fulfillmentFee", json!("free"), false),
        ("marketplaceNotified", json!("perhaps"), false),
        ("shipTo", json!("home"), false),
        ("userId", json!({}), false),
        ("orderId", json!("x"), true),
        ("trackingNumber", json!({}), true),
        ("voided", json!("perhaps"), true),
        ("voidDate", json!("soon"), true),
        ("createDate", json!("soon"), true),
        ("shipDate", json!("soon"), true),
    ] {
        let row = with(fulfillment.clone(), member, &value);
        let (_server, client) = serve(json!({"fulfillments": [row], "total": 1}).to_string()).await;
        let page = client.fulfillments().list().send().await.unwrap();
        assert_eq!(
            (page.errors.len(), page.items.len()),
            (usize::from(fails), usize::from(!fails)),
            "{member}"
        );
        let mut row = with(fulfillment.clone(), member, &value);
        row["shipmentId"] = json!(6);
        let (_server, client) = serve(json!({"shipments": [row], "total": 1}).to_string()).await;
        let page = client.shipments().list().send().await.unwrap();
        let fails = fails && member != "fulfillmentFee";
        assert_eq!(page.errors.len(), usize::from(fails), "{member}");
    }
}

#[tokio::test]
async fn a_read_by_id_and_a_product_are_read_the_same_way() {
    let (_server, client) = serve(with(order(), "holdUntilDate", &json!("TBD")).to_string()).await;
    let order = client.orders().get(OrderId::new(7)).await.unwrap();
    assert_eq!(order.unreadable(), ["holdUntilDate"]);
    let product = json!({"productId": 3, "sku": "A", "weightOz": "heavy", "price": "?", "createDate": "2026-06-01T10:00:00"});
    let (_server, client) = serve(json!({"products": [product], "total": 1}).to_string()).await;
    let page = client.products().list().send().await.unwrap();
    assert_eq!(page.items[0].unreadable(), ["price", "weightOz"]);
}

#[tokio::test]
async fn what_is_sent_back_holds_what_came() {
    let (_server, client) = serve(with(order(), "weight", &json!("12 oz")).to_string()).await;
    let mut order = client.orders().get(OrderId::new(7)).await.unwrap();
    let written = serde_json::to_value(NewOrder::replacing(&order)).unwrap();
    assert_eq!(written["weight"], json!("12 oz"));
    order.weight = Some(shipstation_connector::client::Weight::new(12, "ounces".into()));
    let written = serde_json::to_string(&NewOrder::replacing(&order)).unwrap();
    assert!(written.contains(r#""weight":{"value":12"#) && !written.contains("12 oz"), "{written}");
}

#[tokio::test]
async fn an_id_below_one_is_no_id() {
    for id in [json!(0), json!(-4), json!("0"), json!(null), json!("")] {
        let rows: Vec<Value> = (0..2).map(|_| with(order(), "orderId", &id)).collect();
        let (_server, client) = serve(json!({"orders": rows, "total": 2}).to_string()).await;
        let mut pages = client.orders().list().pages();
        let page = pages.next().await.unwrap().unwrap();
        assert_eq!(page.items.len(), 0, "{id}");
        let ids: Vec<_> = page.errors.iter().map(|RowError { id, .. }| *id).collect();
        assert_eq!(ids, [None, None], "{id}");
        assert!(page.errors.iter().all(|error| error.reason.contains("OrderId")), "{:?}", page.errors);
        assert!(client.orders().get(OrderId::new(7)).await.is_err());
    }
    let (_server, client) = serve(r#"[{"storeId": 4, "marketplaceId": 0}, {"storeId": 0}]"#.to_owned()).await;
    let stores = client.stores().list().send().await.unwrap();
    assert_eq!((stores.items.len(), stores.errors.len()), (1, 1));
}
