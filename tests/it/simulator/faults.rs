//! Faults that a simulator is given: what the caller is answered, and what the account becomes.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use shipstation_connector::testing::simulator::{Fault, FaultKind, SimLine, SimOrder, Simulator};

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
    sim.clock().advance(MINUTE * 10 - Duration::from_millis(1));
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
