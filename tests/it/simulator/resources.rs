//! The rest of the resources: shapes, writes and refusals.

use reqwest::Method;
use serde_json::{Value, json};
use shipstation_connector::testing::simulator::{SimAddress, SimLine, SimOrder, SimProduct};

use super::{get, post, send, start};

fn api_order(key: &str) -> Value {
    json!({
        "orderNumber": "MAN-1", "orderKey": key, "orderDate": "2026-03-01T10:00:00.0000000",
        "orderStatus": "awaiting_shipment", "customerUsername": "robin@example.com",
        "billTo": { "name": "Robin Sample" },
        "shipTo": { "name": "Robin Sample", "street1": "1 Main St", "country": "us", "postalCode": "62701" },
        "items": [{ "sku": "MUG", "name": "Mug", "quantity": 2, "unitPrice": 99.99 },
                  { "name": "SAVE", "quantity": 1, "unitPrice": -20.55, "adjustment": true }],
        "taxAmount": 5, "shippingAmount": 10.0, "amountPaid": 218.73, "tagIds": [53974]
    })
}

#[tokio::test]
async fn createorder_inserts_computes_and_then_replaces_by_key() {
    let sim = start().await;
    let (status, text) = post(&sim, "Orders/CreateOrder", api_order("k1")).await;
    assert_eq!(status, 200, "{text}");
    for part in
        ["\"orderTotal\":194.43,", "\"amountPaid\":218.73,", "\"tagIds\":null", "\"street1\":\"1 MAIN ST\""]
    {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    let made: Value = serde_json::from_str(&text).unwrap();
    assert!(made["customerId"].is_i64());
    assert!(made["orderId"].as_i64().unwrap() > i64::from(i32::MAX));
    let mut again = api_order("k1");
    again["items"] = Value::Null;
    again["orderNumber"] = json!("N".repeat(60));
    let (_, text) = post(&sim, "orders/createorder", again).await;
    let changed: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&changed["orderId"], &changed["items"]), (&made["orderId"], &json!([])));
    assert_eq!(changed["orderNumber"].as_str().unwrap().len(), 50);
    assert_eq!(get(&sim, "customers").await["total"], 1);
}

#[tokio::test]
async fn createorder_refuses_in_the_recorded_shapes() {
    let sim = start().await;
    let mut nameless = api_order("k");
    nameless["shipTo"] = json!({});
    let (status, text) = post(&sim, "orders/createorder", nameless.clone()).await;
    assert_eq!(
        (status, text.contains("\"ExceptionMessage\":\"'Ship Name' must not be empty.\"")),
        (500, true)
    );
    let (status, text) = post(&sim, "orders/createorder", json!({ "orderKey": "k" })).await;
    assert_eq!((status, text.contains("\"ModelState\":{\"apiOrder.orderNumber\"")), (400, true));
    let (status, text) = post(&sim, "orders/createorders", json!([api_order("k2"), nameless])).await;
    let bulk: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &bulk["hasErrors"]), (200, &json!(true)));
    assert_eq!(
        (&bulk["results"][0]["success"], &bulk["results"][1]["orderId"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(post(&sim, "orders/createorders", api_order("k3")).await.0, 400);
    let many: Vec<Value> = (0..101).map(|n| api_order(&n.to_string())).collect();
    assert_eq!(post(&sim, "orders/createorders", json!(many)).await.0, 400);
    assert_eq!(sim.account(|account| account.orders.len()), 1);
}

#[tokio::test]
async fn tags_holds_and_deletes_change_the_order() {
    let sim = start().await;
    let (id, tag) =
        sim.account(|account| (account.add_order(SimOrder::new("1001")), account.add_tag("Rush")));
    let (_, done) = post(&sim, "orders/addtag", json!({ "orderId": id, "tagId": tag.to_string() })).await;
    assert_eq!(done, r#"{"success":true,"message":"Tag added successfully."}"#);
    let tagged = get(&sim, &format!("orders/listbytag?orderStatus=awaiting_shipment&tagId={tag}")).await;
    assert_eq!((&tagged["total"], &tagged["pages"]), (&json!(1), &json!(0)));
    assert!(post(&sim, "orders/addtag", json!({ "orderId": id, "tagId": 1 })).await.1.contains("false"));
    post(&sim, "orders/removetag", json!({ "orderId": id, "tagId": tag })).await;
    assert_eq!(get(&sim, &format!("orders/{id}")).await["tagIds"], Value::Null);
    post(&sim, "orders/holduntil", json!({ "orderId": id, "holdUntilDate": "2026-03-05" })).await;
    assert_eq!(get(&sim, &format!("orders/{id}")).await["orderStatus"], "on_hold");
    sim.clock().set("2026-03-05T08:00:00Z".parse().unwrap());
    assert_eq!(get(&sim, &format!("orders/{id}")).await["orderStatus"], "awaiting_shipment");
    let gone = send(&sim, Method::DELETE, &format!("orders/{id}"), None).await.unwrap();
    assert!(gone.text().await.unwrap().contains("has been deleted."));
    assert_eq!(send(&sim, Method::GET, &format!("orders/{id}"), None).await.unwrap().status(), 404);
}

#[tokio::test]
async fn labels_are_bought_listed_and_voided() {
    let sim = start().await;
    let id =
        sim.account(|account| account.add_order(SimOrder::new("1001").line(SimLine::new("MUG", 1, "18.50"))));
    let body = json!({ "orderId": id, "carrierCode": "stamps_com", "serviceCode": "usps_priority_mail",
        "shipDate": "2026-03-02", "testLabel": false });
    let (status, text) = post(&sim, "orders/createlabelfororder", body).await;
    let label: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, label["labelData"].is_string()), (200, true), "{text}");
    let wrong = json!({ "orderId": id, "carrierCode": "ups", "serviceCode": "usps_priority_mail" });
    assert_eq!(post(&sim, "orders/createlabelfororder", wrong).await.0, 400);
    let list = get(&sim, &format!("shipments?orderId={id}")).await;
    assert_eq!((&list["total"], &list["shipments"][0]["shipmentItems"]), (&json!(1), &Value::Null));
    assert_eq!(list["shipments"][0]["labelData"], Value::Null);
    let full = get(&sim, "shipments?includeShipmentItems=True").await;
    assert_eq!(full["shipments"][0]["shipmentItems"][0]["sku"], "MUG");
    assert_eq!(get(&sim, "fulfillments").await["total"], 0);
    let void = json!({ "shipmentId": label["shipmentId"] });
    let (_, text) = post(&sim, "shipments/voidlabel", void.clone()).await;
    assert_eq!(text, r#"{"approved":true,"message":"Label voided successfully"}"#);
    assert!(post(&sim, "shipments/voidlabel", void).await.1.contains("\"approved\":false"));
    let alone = json!({ "carrierCode": "ups", "serviceCode": "ups_ground", "packageCode": "package",
        "shipDate": "2026-03-02", "weight": { "value": 1, "units": "ounces" }, "shipFrom": {}, "shipTo": {} });
    let (status, text) = post(&sim, "shipments/createlabel", alone).await;
    assert_eq!((status, text.contains("\"orderId\":null")), (200, true), "{text}");
    let ask = json!({ "carrierCode": "ups", "fromPostalCode": "1", "toPostalCode": "2", "toCountry": "US",
        "weight": { "value": 1, "units": "ounces" } });
    let rates: Value = serde_json::from_str(&post(&sim, "shipments/getrates", ask).await.1).unwrap();
    assert_eq!(rates[0]["serviceCode"], rates[1]["serviceCode"]);
}

#[tokio::test]
async fn products_match_by_prefix_and_are_replaced_whole() {
    let sim = start().await;
    let id = sim.account(|account| {
        account.add_product(SimProduct::new("abcdef"));
        account.add_product(SimProduct::new("ABC-old").inactive());
        account.add_product(SimProduct::new("abc").price("7.50"))
    });
    let found = get(&sim, "products?sku=abc").await;
    assert_eq!((&found["total"], &found["pages"]), (&json!(2), &json!(0)));
    assert_eq!(get(&sim, "products?sku=abc&showInactive=true&sortBy=SKU&pageSize=2").await["pages"], 1);
    let mut product = get(&sim, &format!("products/{id}")).await;
    assert!(product["aliases"].is_null() && product["modifyDate"].is_null());
    product.as_object_mut().unwrap().remove("price");
    product["warehouseLocation"] = json!("B-2");
    let answer = send(&sim, Method::PUT, &format!("products/{id}"), Some(product)).await.unwrap();
    assert_eq!(
        answer.text().await.unwrap(),
        r#"{"success":true,"message":"The requested product has been updated"}"#
    );
    let product = get(&sim, &format!("products/{id}")).await;
    assert_eq!((&product["price"], &product["warehouseLocation"]), (&json!(0), &json!("B-2")));
    assert_eq!(product["modifyDate"], "2026-03-02T09:00:00");
}

#[tokio::test]
async fn stores_users_carriers_and_tags_are_bare_arrays() {
    let sim = start().await;
    let (store, user) = sim.account(|account| {
        account.add_tag("Rush");
        account.add_user("Ops Desk");
        let user = account.add_user("Night Shift");
        account.deactivate_user(&user);
        account.add_carrier("ups");
        (account.add_store("Web shop", "Shopify"), user)
    });
    assert_eq!(get(&sim, "stores").await[1]["marketplaceName"], "Shopify");
    assert!(
        post(&sim, "stores/deactivate", json!({ "storeId": store.to_string() }))
            .await
            .1
            .contains("deactivated.")
    );
    assert_eq!(get(&sim, "stores?marketplaceId=14").await, json!([]));
    assert_eq!(get(&sim, "stores?showInactive=true").await.as_array().unwrap().len(), 2);
    post(&sim, "stores/reactivate", json!({ "storeId": store })).await;
    let (_, text) = post(&sim, &format!("stores/refreshstore?storeId={store}"), Value::Null).await;
    assert!(text.contains(&format!("initiated for Store ID {store}\"")));
    let status = get(&sim, &format!("stores/getrefreshstatus?storeId={store}")).await;
    assert_eq!(status["refreshDate"], "3-2-2026");
    let mut full = get(&sim, &format!("stores/{store}")).await;
    full["statusMappings"] = json!([{ "orderStatus": "shipped", "statusKey": "Completed" }]);
    let put = send(&sim, Method::PUT, &format!("stores/{store}"), Some(full)).await.unwrap();
    assert!(put.text().await.unwrap().contains("\"statusKey\":\"Completed\""));
    assert!(get(&sim, "stores/marketplaces").await[0]["canRefresh"].is_boolean());
    assert_eq!(get(&sim, "users").await.as_array().unwrap().len(), 1);
    assert_eq!(get(&sim, "users?showInactive=true").await[1]["userId"], user);
    assert_eq!(get(&sim, "accounts/listtags").await[0]["name"], "Rush");
    let carriers = get(&sim, "carriers").await;
    assert_eq!((&carriers[3]["code"], &carriers[3]["primary"]), (&json!("ups"), &json!(false)));
    assert_eq!(get(&sim, "carriers/getcarrier?carrierCode=ups").await["shippingProviderId"], 350_002);
    assert_eq!(get(&sim, "carriers/listservices?carrierCode=ups").await[0]["code"], "ups_ground");
    assert_eq!(get(&sim, "carriers/listpackages?carrierCode=ups").await[0]["code"], "package");
    let (_, funds) =
        post(&sim, "carriers/addfunds", json!({ "carrierCode": "stamps_com", "amount": 20.01 })).await;
    assert!(funds.ends_with("\"requiresFundedAccount\":true,\"balance\":20.01}"), "{funds}");
}

#[tokio::test]
async fn warehouses_and_webhooks_come_and_go() {
    let sim = start().await;
    let address = serde_json::to_value(SimAddress::sample()).unwrap();
    let body = json!({ "warehouseName": "Annex", "originAddress": address, "isDefault": true });
    let made: Value =
        serde_json::from_str(&post(&sim, "warehouses/createwarehouse", body.clone()).await.1).unwrap();
    assert_eq!((&made["isDefault"], &made["returnAddress"]["residential"]), (&json!(true), &Value::Null));
    assert_eq!(get(&sim, "warehouses").await[0]["isDefault"], false);
    let path = format!("warehouses/{}", made["warehouseId"]);
    let put = send(&sim, Method::PUT, &path, Some(body)).await.unwrap();
    assert!(put.text().await.unwrap().contains("has been updated."));
    send(&sim, Method::DELETE, &path, None).await.unwrap();
    assert_eq!(send(&sim, Method::GET, &path, None).await.unwrap().status(), 404);

    assert_eq!(get(&sim, "webhooks").await, json!({ "webhooks": [] }));
    let hook =
        json!({ "target_url": "https://hooks.example.com/x", "event": "ORDER_NOTIFY", "store_id": null });
    assert_eq!(post(&sim, "webhooks/subscribe", hook).await, (201, "{\"id\":3189}".to_owned()));
    assert_eq!(get(&sim, "webhooks").await["webhooks"][0]["HookType"], "ORDER_NOTIFY");
    let gone = send(&sim, Method::DELETE, "webhooks/3189", None).await.unwrap();
    assert_eq!((gone.status().as_u16(), gone.content_length()), (200, Some(0)));
}

#[tokio::test]
async fn registering_needs_no_credentials() {
    let sim = start().await;
    let body = json!({ "firstName": "A", "lastName": "B", "email": "a@example.com", "password": "x" });
    let url = format!("{}accounts/registeraccount", sim.url());
    let answer = reqwest::Client::new().post(url).body(body.to_string()).send().await.unwrap();
    assert!(answer.text().await.unwrap().contains("\"success\":true,\"apiKey\":"));
    assert!(post(&sim, "accounts/registeraccount", json!({})).await.1.contains("\"sellerId\":null"));
}
