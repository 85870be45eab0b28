//! Faults that a simulator is given: what the caller is answered, and what the account becomes.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use shipstation_connector::{
    client::RetryPolicy,
    testing::simulator::{
        Fault, FaultKind, Quirks, RateLimit, SimLine, SimOrder, Simulator, SimulatorConfig,
    },
};

use super::{get, post, start};

const MINUTE: Duration = Duration::from_secs(60);

fn order(sim: &Simulator, number: &str) -> i64 {
    let order = SimOrder::new(number).line(SimLine::new("MUG", 1, "18.50"));
    sim.account(|account| account.add_order(order))
}

#[tokio::test]
async fn an_effect_comes_long_after_its_request() {
    let sim = start().await;
    let id = order(&sim, "1001");
    let late = FaultKind::LateEffect(MINUTE * 10);
    sim.fault(Fault::on(Method::POST, "/orders/markasshipped").with(late));
    let body = json!({ "orderId": id, "carrierCode": "ups", "trackingNumber": "1Z", "notifyCustomer": true });
    assert_eq!(post(&sim, "orders/markasshipped", body).await.0, 504);
    assert!(sim.journal().entries()[0].executed);
    sim.clock().advance(Duration::from_millis(599_999));
    let path = format!("orders/{id}");
    assert_eq!(get(&sim, &path).await["orderStatus"], "awaiting_shipment");
    assert_eq!(get(&sim, "fulfillments").await["total"], 0);
    sim.clock().advance(MINUTE);
    assert_eq!(sim.account(|account| account.notices.len()), 1, "whoever looks sees it");
    assert_eq!(get(&sim, &path).await["modifyDate"], "2026-03-02T09:10:00.0000000");
    assert_eq!(
        get(&sim, "fulfillments").await["fulfillments"][0]["createDate"],
        "2026-03-02T09:10:00.0000000"
    );
}

#[tokio::test]
async fn a_late_effect_is_judged_by_the_state_of_its_time() {
    let sim = start().await;
    let id = order(&sim, "1001");
    sim.fault(Fault::any().times(2).with(FaultKind::LateEffect(MINUTE)));
    let body = json!({ "orderId": id, "carrierCode": "ups" });
    assert_eq!(post(&sim, "orders/markasshipped", body).await.0, 504);
    let read = super::send(&sim, Method::GET, "orders", None).await.unwrap();
    assert_eq!((read.status().as_u16(), sim.journal().entries()[1].executed), (504, false));
    sim.account(|account| account.delete(id));
    sim.clock().advance(MINUTE);
    assert_eq!(sim.account(|account| account.fulfillments.len()), 0, "there is no order to be marked");
}

#[tokio::test]
async fn reads_may_lag_behind_the_account() {
    let sim = start().await;
    let id = order(&sim, "1001");
    sim.fault(Fault::on(Method::GET, "*").always().with(FaultKind::StaleRead(MINUTE)));
    sim.clock().advance(MINUTE * 5);
    let body = json!({ "orderId": id, "carrierCode": "ups", "trackingNumber": "1Z" });
    assert_eq!(post(&sim, "orders/markasshipped", body).await.0, 200);
    let added = order(&sim, "1002");
    sim.account(|account| account.buy_label(added, "ups", "ups_ground"));
    let path = format!("orders/{id}");
    let seen = async || {
        let totals =
            ["orders", "fulfillments", "shipments"].map(async |list| get(&sim, list).await["total"].as_i64());
        let [orders, fulfillments, shipments] = totals;
        (get(&sim, &path).await["orderStatus"].clone(), orders.await, fulfillments.await, shipments.await)
    };
    assert_eq!(seen().await, (json!("awaiting_shipment"), Some(1), Some(0), Some(0)));
    sim.clock().advance(Duration::from_millis(59_990));
    assert_eq!(seen().await, (json!("awaiting_shipment"), Some(1), Some(0), Some(0)));
    sim.clock().advance(Duration::from_millis(10));
    assert_eq!(seen().await, (json!("shipped"), Some(2), Some(1), Some(1)));
    sim.account(|account| account.cancel(added));
    sim.clear_faults();
    assert_eq!(get(&sim, &format!("orders/{added}")).await["orderStatus"], "cancelled");
}

#[tokio::test]
async fn a_stale_read_does_not_see_a_late_effect_too_soon() {
    let sim = start().await;
    let id = order(&sim, "1001");
    sim.fault(Fault::on(Method::POST, "*").with(FaultKind::LateEffect(MINUTE)));
    sim.fault(Fault::on(Method::GET, "*").always().with(FaultKind::StaleRead(MINUTE)));
    post(&sim, "orders/markasshipped", json!({ "orderId": id, "carrierCode": "ups" })).await;
    let path = format!("orders/{id}");
    sim.clock().advance(Duration::from_millis(119_990));
    assert_eq!(get(&sim, &path).await["orderStatus"], "awaiting_shipment");
    sim.clock().advance(Duration::from_millis(10));
    assert_eq!(get(&sim, &path).await["orderStatus"], "shipped");
}

#[tokio::test]
async fn pages_of_a_proxy_and_refusals_come_before_and_after_the_effect() {
    let sim = start().await;
    let page = |status| [FaultKind::Html { status }, FaultKind::HtmlAfterEffect { status }];
    let refusal = || r#"{"Message":"The order has already been shipped."}"#.to_owned();
    let refused = [
        FaultKind::Status { code: 400, body: refusal() },
        FaultKind::StatusAfterEffect { code: 400, body: refusal() },
    ];
    for kinds in [page(400), page(403), page(405), page(407), page(413), page(451), refused] {
        for (kind, effect) in kinds.into_iter().zip([false, true]) {
            let id = order(&sim, "1001");
            sim.fault(Fault::on(Method::POST, "*").with(kind.clone()));
            let (status, text) =
                post(&sim, "orders/markasshipped", json!({ "orderId": id, "carrierCode": "ups" })).await;
            assert_eq!(Some(status), sim.take_journal().entries()[0].status);
            assert!((400..500).contains(&status) && !text.is_empty(), "{kind:?}");
            let shipped =
                sim.account(|account| account.order(id).unwrap().text("orderStatus") == Some("shipped"));
            assert_eq!(shipped, effect, "{kind:?}");
        }
    }
}

#[tokio::test]
async fn a_key_expires_and_the_date_may_be_blank() {
    let sim = start().await;
    let at = sim.clock().now() + MINUTE;
    let quirks = Quirks::default().key_expires(Some(at)).blank_date(true);
    sim.account(|account| account.quirks = quirks);
    let answer = super::send(&sim, Method::GET, "users", None).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["date"].as_bytes()), (200, &b""[..]));
    sim.clock().advance(MINUTE);
    let answer = super::send(&sim, Method::GET, "users", None).await.unwrap();
    assert_eq!((answer.status().as_u16(), sim.journal().unauthorized().count()), (401, 1));
}

#[tokio::test]
async fn stores_say_when_they_were_refreshed_and_orders_who_ships_them() {
    let sim = start().await;
    let last = sim.clock().now() - MINUTE * 60 * 24 * 9;
    sim.account(|account| {
        let store = account.add_store("Old", "Shopify");
        account.set_refresh(store, false, Some(last));
        account.add_order(SimOrder::new("1").store(store).order_key("K").externally_fulfilled("FBA"));
        let other = account.add_store("New", "Shopify");
        account.add_order(SimOrder::new("1").store(other).order_key("K"));
    });
    let store = &get(&sim, "stores").await[1];
    assert_eq!(
        (&store["autoRefresh"], &store["refreshDate"]),
        (&json!(false), &json!("2026-02-21T09:00:00"))
    );
    let orders = get(&sim, "orders?orderNumber=1").await;
    let [one, two] = [&orders["orders"][0], &orders["orders"][1]];
    assert_eq!((&one["orderKey"], &one["externallyFulfilled"]), (&two["orderKey"], &json!(true)));
    assert_eq!((&one["externallyFulfilledBy"], &two["externallyFulfilled"]), (&json!("FBA"), &json!(false)));
}

#[tokio::test]
async fn a_rate_is_met_as_often_and_the_same_with_the_same_seed() {
    let met = async |seed: u64, rate: f64| {
        let config = SimulatorConfig::default().rate_limit(RateLimit::Unlimited).seed(seed);
        let sim = Simulator::in_process(config);
        sim.fault(Fault::on(Method::GET, "/accounts/listtags").at_rate(rate).with(FaultKind::ServerError));
        let client = sim.client().retry(RetryPolicy::never()).build().unwrap();
        for _ in 0..400 {
            let _ = client.accounts().list_tags().await;
        }
        sim.journal().iter().map(|entry| entry.fault.is_some()).collect::<Vec<_>>()
    };
    let often = |met: &[bool]| met.iter().filter(|met| **met).count();
    let one = met(1, 0.1).await;
    assert!((20..=60).contains(&often(&one)), "{}", often(&one));
    assert_eq!(one, met(1, 0.1).await);
    assert_ne!(one, met(2, 0.1).await);
    assert_eq!((often(&met(1, 0.0).await), often(&met(1, 1.0).await)), (0, 400));
}
