//! The simulator, asked by plain HTTP as any other client would.

mod control;
mod deliveries;
mod faults;
mod flaws;
mod in_process;
mod quirks;
mod resources;
mod rules;
mod saved;
mod shapes;

use reqwest::{Method, Response};
use serde_json::{Value, json};
use shipstation_connector::testing::simulator::{
    Fault, FaultKind, RateLimit, SimLine, SimOrder, SimProduct, Simulator, SimulatorConfig,
};

async fn start() -> Simulator {
    Simulator::start(SimulatorConfig::default().rate_limit(RateLimit::Unlimited)).await.unwrap()
}

async fn send(sim: &Simulator, method: Method, path: &str, body: Option<Value>) -> reqwest::Result<Response> {
    let url = format!("{}{}", sim.url(), path.trim_start_matches('/'));
    let mut request =
        reqwest::Client::new().request(method, url).basic_auth(sim.api_key(), Some(sim.api_secret()));
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    request.send().await
}

async fn get(sim: &Simulator, path: &str) -> Value {
    let response = send(sim, Method::GET, path, None).await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

async fn post(sim: &Simulator, path: &str, body: Value) -> (u16, String) {
    let response = send(sim, Method::POST, path, Some(body)).await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

fn ids(page: &Value) -> Vec<i64> {
    page["orders"].as_array().unwrap().iter().map(|order| order["orderId"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn wire_order_has_every_member_in_order_with_exact_money() {
    let sim = start().await;
    let id = sim.account(|account| {
        account.add_product(SimProduct::new("MUG"));
        let line = SimLine::new("MUG", 2, "18.50").option("Color", "Blue");
        account.add_order(SimOrder::new("1001").line(line).tax("1.20").shipping("Standard"))
    });
    let response = send(&sim, Method::GET, &format!("orders/{id}"), None).await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/json; charset=utf-8");
    let text = response.text().await.unwrap();
    assert!(text.starts_with(&format!(
        "{{\"orderId\":{id},\"orderNumber\":\"1001\",\"orderKey\":\"5f0c2a9e-7d41-4b6e-9c35-000000000001\",\
         \"orderDate\":\"2026-03-02T09:00:00.0000000\",\"createDate\":\"2026-03-02T09:00:00.0000000\""
    )));
    for part in [
        "\"unitPrice\":18.50,",
        "\"orderTotal\":38.20,\"amountPaid\":38.20,\"taxAmount\":1.20,\"shippingAmount\":0,",
        "\"weight\":{\"value\":0,\"units\":\"ounces\",\"WeightUnits\":1},\"dimensions\":null,",
        "\"createDate\":\"2026-03-02T09:00:00\",\"modifyDate\":\"2026-03-02T09:00:00\"}",
        "\"tagIds\":null,\"userId\":null,",
        "\"productId\":90411801,",
        "\"parentId\":null,\"storeId\":204417,",
    ] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
}

#[tokio::test]
async fn orders_are_filtered_sorted_and_paged() {
    let sim = start().await;
    let (hour, now) = (std::time::Duration::from_secs(3_600), sim.clock().now());
    let made = sim.account(|account| {
        let mut add = |number: &str, hours: u32, status: &str| {
            account.add_order(SimOrder::new(number).created(now - hour * hours).status(status))
        };
        [
            add("A1", 5, "awaiting_shipment"),
            add("A12", 4, "on_hold"),
            add("A13", 3, "awaiting_shipment"),
            add("B1", 2, "awaiting_shipment"),
        ]
    });
    let [first, held, third, last] = made;
    assert_eq!(ids(&get(&sim, "orders").await), made);
    assert_eq!(ids(&get(&sim, "Orders?orderNumber=a1&orderStatus=").await), [first, held, third]);
    assert_eq!(ids(&get(&sim, "orders?orderStatus=on_hold").await), [held]);
    let page = get(&sim, "orders?sortBy=CreateDate&sortDir=DESC&pageSize=3&page=2").await;
    assert_eq!(ids(&page), [first]);
    assert_eq!((&page["total"], &page["page"], &page["pages"]), (&json!(4), &json!(2), &json!(2)));
    let since = "orders?createDateStart=2026-03-02%2006:00:00&createDateEnd=2026-03-02T07:00:00";
    assert_eq!(ids(&get(&sim, since).await), [third, last]);
    assert_eq!(ids(&get(&sim, "orders?createDateStart=2026-03-03").await), [0; 0]);
    for refused in ["orders?orderStatus=all", "orders?createDateStart=soon", "orders/listbytag?tagId=1"] {
        assert_eq!(send(&sim, Method::GET, refused, None).await.unwrap().status(), 400, "{refused}");
    }
}

#[tokio::test]
async fn requests_beyond_forty_a_clock_minute_are_turned_away() {
    let sim = Simulator::start(SimulatorConfig::default()).await.unwrap();
    sim.clock().advance(std::time::Duration::from_secs(43));
    for left in (0..40).rev() {
        let answer = send(&sim, Method::GET, "users", None).await.unwrap();
        assert_eq!(answer.headers()["x-rate-limit-remaining"], left.to_string());
        assert_eq!(answer.headers()["x-rate-limit-reset"], "17");
        assert_eq!(answer.headers()["date"], "Mon, 02 Mar 2026 17:00:43 GMT");
    }
    let answer = send(&sim, Method::GET, "users", None).await.unwrap();
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.headers()["x-rate-limit-limit"], "40");
    assert_eq!(answer.text().await.unwrap(), r#"{"message":"Too Many Requests"}"#);
    sim.clock().advance(std::time::Duration::from_secs(17));
    assert_eq!(send(&sim, Method::GET, "users", None).await.unwrap().status(), 200);
    assert_eq!((sim.journal().len(), sim.journal().throttled().count()), (42, 1));
}

#[tokio::test]
async fn marks_orders_shipped_with_a_fulfillment_and_notices() {
    let sim = start().await;
    let id = sim.account(|account| account.add_order(SimOrder::new("1001")));
    let body = json!({ "orderId": id, "carrierCode": "ups", "trackingNumber": "1Z1", "shipDate": "2026-03-01",
        "notifySalesChannel": true });
    let (status, answer) = post(&sim, "orders/markasshipped", body.clone()).await;
    assert_eq!((status, answer), (200, format!("{{\"orderId\":{id},\"orderNumber\":\"1001\"}}")));
    let order = get(&sim, &format!("orders/{id}")).await;
    assert_eq!((&order["orderStatus"], &order["shipDate"]), (&json!("shipped"), &json!("2026-03-01")));
    let page = get(&sim, &format!("fulfillments?orderId={id}")).await;
    assert_eq!(page["fulfillments"][0]["trackingNumber"], "1Z1");
    assert_eq!(page["fulfillments"][0]["shipDate"], "2026-03-01T00:00:00.0000000");
    sim.account(|account| {
        assert_eq!(account.notices.len(), 1);
        assert!(account.notices[0].channel && !account.notices[0].customer);
    });
    assert_eq!(sim.journal().of("POST", "/orders/markasshipped").next().unwrap().body, body);
    let (unknown, _) =
        post(&sim, "orders/markasshipped", json!({ "orderId": 1, "carrierCode": "ups" })).await;
    assert_eq!(unknown, 404);
}

#[tokio::test]
async fn assigns_a_user_to_all_orders_or_to_none() {
    let sim = start().await;
    let (user, order) =
        sim.account(|account| (account.add_user("Ops Desk"), account.add_order(SimOrder::new("1001"))));
    let (status, refused) =
        post(&sim, "orders/assignuser", json!({ "orderIds": [order, 7], "userId": user })).await;
    assert_eq!((status, refused.contains("\"success\":false")), (200, true));
    let assigned = || sim.account(|account| account.order(order).unwrap().text("userId").map(str::to_owned));
    assert_eq!(assigned(), None);
    let (_, done) = post(&sim, "orders/assignuser", json!({ "orderIds": [order], "userId": user })).await;
    assert_eq!(done, r#"{"success":true,"message":"User assigned successfully."}"#);
    assert_eq!(assigned(), Some(user.clone()));
    sim.account(|account| account.deactivate_user(&user));
    let (_, refused) = post(&sim, "orders/assignuser", json!({ "orderIds": [order], "userId": user })).await;
    assert!(refused.contains("not active"), "{refused}");
    assert_eq!(sim.journal().iter().map(|entry| entry.executed).collect::<Vec<_>>(), [false, true, false]);
}

#[tokio::test]
async fn faults_strike_before_or_after_the_effect() {
    let sim = start().await;
    let cases = [
        (FaultKind::ServerError, Some(500), false),
        (FaultKind::ErrorAfterEffect, Some(500), true),
        (FaultKind::Html { status: 502 }, Some(502), false),
        (FaultKind::Throttle { reset: Some(9) }, Some(429), false),
        (FaultKind::DropBefore, None, false),
        (FaultKind::DropAfterEffect, None, true),
        (FaultKind::EmptyBody, Some(200), true),
        (FaultKind::Truncate, Some(200), true),
    ];
    for (kind, status, executed) in cases {
        let id = sim.account(|account| account.add_order(SimOrder::new("1001")));
        sim.fault(Fault::on(Method::POST, "/orders/markasshipped").with(kind.clone()));
        let body = json!({ "orderId": id, "carrierCode": "ups" });
        let answer = send(&sim, Method::POST, "orders/markasshipped", Some(body)).await;
        assert_eq!(answer.ok().map(|answer| answer.status().as_u16()), status, "{kind:?}");
        let shipped =
            sim.account(|account| account.order(id).unwrap().text("orderStatus") == Some("shipped"));
        assert_eq!(shipped, executed, "{kind:?}");
        let journal = sim.journal();
        let entry = journal.iter().last().unwrap();
        assert_eq!((entry.status, entry.executed), (status, executed), "{kind:?}");
        assert_eq!(entry.fault.as_ref(), Some(&kind));
    }
}

#[tokio::test]
async fn faults_cut_the_body_or_leave_the_caller_hanging() {
    let sim = start().await;
    sim.fault(Fault::on(Method::GET, "/carriers").with(FaultKind::CutBody));
    let answer = send(&sim, Method::GET, "carriers", None).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.is_err());
    sim.fault(Fault::on(Method::GET, "/car*").with(FaultKind::Hang));
    let hangs = async {
        while sim.journal().iter().last().is_none_or(|entry| entry.status.is_some()) {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        answer = send(&sim, Method::GET, "carriers", None) => panic!("it was answered: {answer:?}"),
        () = hangs => {}
    }
    assert!(get(&sim, "carriers").await.is_array());
}

#[tokio::test]
async fn strangers_are_refused_and_unknown_paths_are_404() {
    let sim = start().await;
    let answer = reqwest::Client::new()
        .get(format!("{}orders", sim.url()))
        .basic_auth("x", Some("y"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(sim.journal().unauthorized().count(), 1);
    assert_eq!(send(&sim, Method::GET, "nothing", None).await.unwrap().status(), 404);
    assert_eq!(send(&sim, Method::PUT, "orders", None).await.unwrap().status(), 405);
    let unknown = send(&sim, Method::GET, "orders/99", None).await.unwrap();
    assert_eq!((unknown.status().as_u16(), unknown.headers().get("content-type")), (404, None));
    assert!(!format!("{:?}", sim.journal()).contains("Basic"));
}

#[tokio::test]
async fn the_port_closes_with_the_last_handle() {
    let sim = start().await;
    let url = sim.url().to_owned();
    let other = sim.clone();
    drop(sim);
    assert!(get(&other, "/carriers").await.is_array());
    drop(other);
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
        if reqwest::get(&url).await.is_err() {
            return;
        }
    }
    panic!("the port is still open");
}

#[tokio::test]
async fn hanging_callers_are_let_go_when_the_simulator_ends() {
    let sim = start().await;
    let id = sim.account(|account| account.add_order(SimOrder::new("1001")));
    sim.fault(Fault::on(Method::POST, "/orders/markasshipped").with(FaultKind::HangAfterEffect));
    let url = format!("{}orders/markasshipped", sim.url());
    let request = reqwest::Client::new()
        .post(url)
        .basic_auth(sim.api_key(), Some(sim.api_secret()))
        .body(json!({ "orderId": id, "carrierCode": "ups" }).to_string());
    let hanging = tokio::spawn(request.send());
    while sim.journal().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(sim.journal().entries()[0].executed);
    assert!(!format!("{sim:?}").contains(sim.api_secret()));
    drop(sim);
    assert!(hanging.await.unwrap().is_err());
}
