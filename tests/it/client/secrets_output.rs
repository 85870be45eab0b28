//! Nothing that was planted (credentials, a buyer's data, an address with a token) comes out of logs, errors or `Debug`.

use std::{collections::HashMap, error::Error as _, fmt::Write as _};

use serde_json::{Value, json};
use shipstation_connector::client::{
    Address, BulkOrders, Credentials, Error, NewAccount, NewLabel, NewOrder, NewWarehouse, OrderId,
    OrderStatus, PacificDate, ShipStation, ShipmentId, TagId, WebhookDelivery, WebhookEvent, Weight,
    WeightUnits,
};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, path},
};

use crate::support::{CaughtLog, KEY, SECRET, builder, fixture};

const PLANTED: &[&str] = &[
    KEY,
    SECRET,
    "dGVzdC1rZXk6cGxhbnRlZC1zZWNyZXQtNTUxMg==",
    "partner-planted",
    "Planted",
    "planted@example.com",
    "801-555-0199",
    "hook-token",
    "9876543210123",
];

fn show(output: &mut String, error: &Error) {
    write!(output, "{error} {error:?} {error:#?}").unwrap();
    let mut source = error.source();
    while let Some(cause) = source {
        write!(output, "{cause} {cause:?}").unwrap();
        source = cause.source();
    }
}

fn planted_order() -> Value {
    let mut order: Value = serde_json::from_slice(&fixture("v1/order.json")).unwrap();
    for member in ["customerUsername", "customerEmail", "customerNotes", "internalNotes", "giftMessage"] {
        order[member] = json!("planted@example.com Planted");
    }
    for address in ["billTo", "shipTo"] {
        for member in ["name", "company", "street1", "street2", "street3", "city", "state", "postalCode"] {
            order[address][member] = json!("Planted");
        }
        order[address]["phone"] = json!("801-555-0199");
    }
    order["advancedOptions"]["customField1"] = json!("Planted");
    order["items"][0]["options"][0]["value"] = json!("Planted");
    order["somethingNew"] = json!("Planted");
    order["orderId"] = json!(1);
    order
}

#[tokio::test]
async fn secrets_stay_out_of_everything_that_is_shown() {
    let (log, _guard) = CaughtLog::begin();
    let nowhere = builder("http://127.0.0.1:9").build().unwrap();
    nowhere.users().list().send().await.unwrap_err();
    CaughtLog::hear_every_place();
    let server = MockServer::start().await;
    let answers = [
        ("/orders/1", 200, planted_order()),
        ("/orders/2", 200, json!({"orderId": "Planted", "orderStatus": "x"})),
        ("/orders/3", 500, json!({"ExceptionMessage": "Planted is not valid", "StackTrace": "Planted"})),
        ("/orders/4", 404, json!({"Message": "no order 9876543210123 of Planted"})),
        (
            "/orders",
            200,
            json!({"orders": [planted_order(), {"orderId": 9_876_543_210_123_i64, "shipTo": "Planted"}], "total": 2}),
        ),
        ("/orders/createorder", 400, json!({"Message": "bad", "ModelState": {"Planted": ["Planted"]}})),
        (
            "/accounts/registeraccount",
            200,
            json!({"success": false, "message": "planted@example.com is taken"}),
        ),
        ("/users", 401, json!({"message": "key test-key is wrong"})),
    ];
    for (at, status, body) in answers {
        let answer = ResponseTemplate::new(status).set_body_json(body);
        Mock::given(path(at)).respond_with(answer).mount(&server).await;
    }
    let client = builder(&server.uri()).partner_key("partner-planted").build().unwrap();
    let mut output = format!("{client:?} {:?}", Credentials::new(KEY, SECRET));

    let order = client.orders().get(OrderId::new(1)).await.unwrap();
    write!(output, "{order:?} {order:#?} {:?}", NewOrder::replacing(&order)).unwrap();
    for id in [2, 3, 4, 9_876_543_210_123] {
        show(&mut output, &client.orders().get(OrderId::new(id)).await.unwrap_err());
    }
    let page = client.orders().list().customer_name("Planted").send().await.unwrap();
    assert_eq!(page.errors.len(), 1);
    let shown: Vec<String> =
        page.errors.iter().map(|error| format!("{error} {:?} {:?}", error.path, error.reason)).collect();
    write!(output, "{:?} {shown:?} {:?}", page.items, client.drift()).unwrap();
    let mut address = Address::default();
    address.name = Some("Planted".to_owned());
    let now = "2024-01-01T00:00:00Z".parse().unwrap();
    let new = NewOrder::new("M-1", now, OrderStatus::AwaitingShipment, address.clone(), address);
    show(&mut output, &client.orders().create(&new).await.unwrap_err());
    let account = NewAccount::new("Planted", "Planted", "planted@example.com", SECRET);
    write!(output, "{account:?}").unwrap();
    show(&mut output, &client.accounts().register(&account).await.unwrap_err());
    show(&mut output, &client.users().list().send().await.unwrap_err());
    let hook = client.webhooks().subscribe("https://h.example.com/hook-token", WebhookEvent::OrderNotify);
    write!(output, "{hook:?}").unwrap();
    show(&mut output, &hook.send().await.unwrap_err());
    let forged = WebhookDelivery::parse(&fixture("v1/webhook_forged_host.json")).unwrap();
    show(&mut output, &client.webhooks().fetch_all(&forged).await.unwrap_err());
    show(
        &mut output,
        &client.get("orders/9876543210123?customerName=Planted").send::<Vec<u8>>().await.unwrap_err(),
    );
    show(&mut output, &nowhere.orders().list().customer_name("Planted").send().await.unwrap_err());

    let log = log.text();
    assert!(log.contains("orders/{orderId}"), "the log is empty");
    for planted in PLANTED {
        assert!(!log.contains(planted), "{planted} is in the log");
        assert!(!output.contains(planted), "{planted} is in the output: {output}");
    }
}

/// A request is shown by many a host before it is sent.
#[test]
fn secrets_stay_out_of_requests_that_are_shown() {
    let credentials = || Credentials::new(KEY, SECRET);
    let set_up = ShipStation::builder(credentials())
        .base_url("https://Planted:planted-secret-5512@ssapi.shipstation.com")
        .partner_key("partner-planted")
        .user_agent("Planted");
    let client = ShipStation::builder(credentials()).partner_key("partner-planted").build().unwrap();
    let mut address = Address::default();
    address.name = Some("Planted".to_owned());
    address.phone = Some("801-555-0199".to_owned());
    let weight = || Weight::new(1, WeightUnits::Ounces);
    let date = PacificDate::new(2024, 2, 27).unwrap();
    let now = "2024-01-01T00:00:00Z".parse().unwrap();
    let order = NewOrder::new("M-1", now, OrderStatus::AwaitingShipment, address.clone(), address.clone());
    let id = OrderId::new(1);
    let shown = [
        format!("{set_up:?}"),
        format!("{:?}", client.orders().list().customer_name("Planted").item_keyword("planted@example.com")),
        format!("{:?}", client.shipments().list().recipient_name("Planted")),
        format!("{:?}", client.fulfillments().list().recipient_name("Planted")),
        format!("{:?}", client.customers().list().state_code("Planted")),
        format!("{:?}", client.orders().mark_as_shipped(id, "ups")),
        format!("{:?}", client.orders().create_label(id, "ups", "ups_ground", date)),
        format!(
            "{:?}",
            client.shipments().get_rates("ups", "Planted", "US", "Planted", weight()).to_city("Planted")
        ),
        format!(
            "{:?}",
            NewLabel::new("ups", "ups_ground", "package", date, weight(), address.clone(), address.clone())
        ),
        format!("{order:?}"),
        format!("{:?}", NewWarehouse::new("East", address)),
        format!(
            "{:?}",
            client.post("orders/createorder?name=Planted").json(&order).query("email", "planted@example.com")
        ),
        format!("{:?}", client.get("Planted/hook-token/orders/9876543210123")),
    ];
    for shown in shown {
        for planted in PLANTED {
            assert!(!shown.contains(planted), "{planted} is in {shown}");
        }
    }
}

#[tokio::test]
async fn secrets_stay_out_of_the_endpoint_of_a_raw_call() {
    let nowhere = builder("http://127.0.0.1:9").build().unwrap();
    for (path, endpoint) in [
        ("orders/93348442", "orders/{…}"),
        ("/Orders/CreateOrder?key=Planted", "Orders/CreateOrder"),
        ("orders/Planted/holduntil#Planted", "orders/{…}/{…}"),
        ("keys/hook-token", "{…}/{…}"),
    ] {
        let error = nowhere.get(path).send::<Value>().await.unwrap_err();
        assert_eq!(error.endpoint(), endpoint);
    }
}

#[tokio::test]
async fn secrets_stay_out_of_the_place_where_a_raw_answer_does_not_fit() {
    for (body, place) in [
        (json!({"Jane Planted <planted@example.com>": "x"}), ""),
        (json!({"Planted": [1, {"planted@example.com": [0, 1, "x"]}]}), "[1][2]"),
    ] {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(200).set_body_json(&body);
        Mock::given(path("/orders")).respond_with(answer).mount(&server).await;
        let call = builder(&server.uri()).build().unwrap().get("orders");
        let error = match place {
            "" => call.send::<HashMap<String, i64>>().await.unwrap_err(),
            _ => call.send::<HashMap<String, (i64, HashMap<String, Vec<i64>>)>>().await.unwrap_err(),
        };
        let mut output = String::new();
        show(&mut output, &error);
        assert!(PLANTED.iter().all(|planted| !output.contains(planted)), "{output}");
        assert_eq!(error.path(), Some(place));
    }
}

/// A value may read like the end of a message, and a member that no model knows may have any name.
#[tokio::test]
async fn secrets_stay_out_of_the_place_and_the_reason_of_an_answer_that_is_cut_off_or_of_another_kind() {
    const WORDS: &str = "a parcel, expected Planted at line 3";
    let text = json!(WORDS).to_string();
    let cut_off = |json: &str| json.get(..json.len() - 3).unwrap().to_owned();
    for (body, wanted) in [
        (text, "expected an object with `orders`"),
        (cut_off(r#"{"Jane Planted": {"planted@example.com": [true]}}"#), "at *** (12 bytes), "),
        (cut_off(r#"{"orders": [], "801-555-0199": {"x": 1}}"#), "at *** (12 bytes), "),
    ] {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(200).set_body_raw(body.clone(), "application/json");
        Mock::given(path("/orders")).respond_with(answer).mount(&server).await;
        let error = builder(&server.uri()).build().unwrap().orders().list().send().await.unwrap_err();
        let mut output = format!("{:?}", error.path());
        show(&mut output, &error);
        assert!(PLANTED.iter().all(|planted| !output.contains(planted)), "{output}");
        assert!(output.contains(wanted), "{output}");
    }
}

/// What ShipStation says may quote what was sent.
#[tokio::test]
async fn secrets_stay_out_of_the_words_of_an_answer_that_is_shown() {
    let server = MockServer::start().await;
    let words = json!({"success": true, "approved": true, "message": "Planted is done"});
    Mock::given(any()).respond_with(ResponseTemplate::new(200).set_body_json(words)).mount(&server).await;
    let client = builder(&server.uri()).build().unwrap();
    let account = NewAccount::new("Planted", "Planted", "planted@example.com", SECRET);
    let bulk: BulkOrders =
        serde_json::from_value(json!({"hasErrors": true, "results": [], "Message": "Planted"})).unwrap();
    let shown = [
        format!("{:?}", client.orders().add_tag(OrderId::new(1), TagId::new(2)).await.unwrap()),
        format!("{:?}", client.accounts().register(&account).await.unwrap()),
        format!("{:?}", client.shipments().void_label(ShipmentId::new(1)).await.unwrap()),
        format!("{:?}", client.stores().refresh().send().await.unwrap()),
        format!("{bulk:?}"),
    ];
    for shown in shown {
        assert!(shown.contains("message: ***") && !shown.contains("Planted"), "{shown}");
    }
}

#[tokio::test]
async fn secrets_go_nowhere_when_a_webhook_is_forged() {
    let server = MockServer::start().await;
    let client = builder(&server.uri()).build().unwrap();
    let forged = WebhookDelivery::parse(&fixture("v1/webhook_forged_host.json")).unwrap();
    let error = client.webhooks().fetch_all(&forged).await.unwrap_err();
    assert_eq!(error.kind(), shipstation_connector::client::ErrorKind::Untrusted);
    assert!(server.received_requests().await.unwrap().is_empty());
}

const PROXIED: &str = "SHIPSTATION_CONNECTOR_PROXIED_TEST";

/// Plain http is allowed because it stays on this machine: the environment's proxy must not see it. The environment is
/// that of a child, so that no other test meets it.
#[tokio::test]
async fn secrets_on_loopback_do_not_go_through_a_proxy() {
    if let Ok(url) = std::env::var(PROXIED) {
        builder(&url).build().unwrap().users().list().send().await.unwrap();
        return;
    }
    let (server, proxy) = (MockServer::start().await, MockServer::start().await);
    let empty = || ResponseTemplate::new(200).set_body_string("[]");
    for server in [&server, &proxy] {
        Mock::given(any()).respond_with(empty()).mount(server).await;
    }
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child
        .args(["--exact", "client::secrets_output::secrets_on_loopback_do_not_go_through_a_proxy"])
        .env(PROXIED, server.uri())
        .stdout(std::process::Stdio::null());
    for name in ["NO_PROXY", "no_proxy", "REQUEST_METHOD"] {
        child.env_remove(name);
    }
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        child.env(name, proxy.uri());
    }
    assert!(child.status().unwrap().success());
    assert_eq!(proxy.received_requests().await.unwrap().len(), 0);
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn secrets_do_not_follow_a_redirect() {
    let (server, elsewhere) = (MockServer::start().await, MockServer::start().await);
    let answer =
        ResponseTemplate::new(302).insert_header("location", format!("{}/orders/1", elsewhere.uri()));
    Mock::given(path("/orders/1")).respond_with(answer).mount(&server).await;
    let client = builder(&server.uri()).build().unwrap();
    client.orders().get(OrderId::new(1)).await.unwrap_err();
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}
