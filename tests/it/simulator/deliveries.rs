//! What is posted to webhooks.

use serde_json::{Value, json};
use shipstation_connector::testing::simulator::{Account, SimOrder, Simulator, SimulatorConfig};

use super::{get, post};

const HOOK: &str = "https://hooks.example.com/one";

fn subscribed(events: &[&str]) -> Simulator {
    let sim = Simulator::in_process(SimulatorConfig::default());
    sim.account(|account| {
        for event in events {
            account.add_webhook(*event, HOOK, None, None);
        }
    });
    sim
}

/// The event and the resource of each delivery.
fn taken(sim: &Simulator) -> Vec<(String, String)> {
    let deliveries = sim.take_deliveries().into_iter();
    deliveries
        .map(|(url, body)| {
            assert_eq!(url, HOOK);
            let body: Value = serde_json::from_str(&body).unwrap();
            let resource = body["resource_url"].as_str().unwrap().trim_start_matches(sim.url()).to_owned();
            (body["resource_type"].as_str().unwrap().to_owned(), resource)
        })
        .collect()
}

#[test]
fn each_event_is_posted_once_to_who_asked_for_it() {
    let sim = subscribed(&["ORDER_NOTIFY", "ITEM_SHIP_NOTIFY", "FULFILLMENT_SHIPPED"]);
    let ids = sim.account(|account| ["1001", "1002"].map(|number| account.add_order(SimOrder::new(number))));
    let new = taken(&sim);
    assert_eq!(new.len(), 2, "{new:?}");
    assert!(new[0].1.starts_with("orders?storeID=204417&importBatch="), "{new:?}");
    sim.account(|account| {
        account.buy_label(ids[0], "ups", "ups_ground");
        account.ship_by_hand(ids[1], "1Z0000000000000017", "ups");
    });
    let shipped = taken(&sim);
    assert_eq!(shipped[0].0, "ITEM_SHIP_NOTIFY");
    assert!(shipped[0].1.ends_with("&includeShipmentItems=True"), "{shipped:?}");
    assert_eq!(shipped[1], ("FULFILLMENT_SHIPPED".to_owned(), format!("fulfillments?orderId={}", ids[1])));
    assert_eq!((shipped.len(), taken(&sim).len()), (2, 0));
}

#[test]
fn an_order_is_new_once_it_is_paid() {
    let sim = subscribed(&["ORDER_NOTIFY"]);
    let unpaid = |account: &mut Account, number: &str| {
        account.add_order(SimOrder::new(number).status("awaiting_payment"))
    };
    let ids = sim.account(|account| [unpaid(account, "1001"), unpaid(account, "1002")]);
    assert_eq!(taken(&sim), []);
    sim.account(|account| account.set_status(ids[0], "awaiting_shipment"));
    sim.account(|account| account.cancel(ids[1]));
    assert_eq!(taken(&sim).len(), 1);
}

#[test]
fn nobody_is_told_of_another_store_or_after_the_subscription_has_ended() {
    let sim = Simulator::in_process(SimulatorConfig::default());
    let (shop, hook) = sim.account(|account| {
        let shop = account.add_store("Shop", "Etsy");
        (shop, account.add_webhook("ORDER_NOTIFY", HOOK, Some(shop), None))
    });
    sim.account(|account| account.add_order(SimOrder::new("1001")));
    assert_eq!(taken(&sim), []);
    sim.account(|account| account.add_order(SimOrder::new("1002").store(shop)));
    sim.account(|account| account.webhooks.remove(&hook));
    assert_eq!(taken(&sim), []);
}

#[tokio::test]
async fn the_address_leads_to_what_happened() {
    let sim = Simulator::start(SimulatorConfig::default()).await.unwrap();
    let hook =
        json!({ "target_url": HOOK, "event": "ORDER_NOTIFY", "store_id": null, "friendly_name": "one" });
    assert_eq!(post(&sim, "webhooks/subscribe", hook).await.0, 201);
    for numbers in [vec!["1001", "1002"], vec!["1003"]] {
        let orders: Vec<_> = numbers.iter().map(|number| json!({ "orderNumber": number })).collect();
        let url = format!("{}_simulator/orders", sim.url());
        let answer = reqwest::Client::new().post(url).body(Value::from(orders).to_string()).send().await;
        assert!(answer.unwrap().status().is_success());
        let [(_, resource)] = taken(&sim).try_into().unwrap();
        let list = get(&sim, &resource).await;
        let shown: Vec<_> =
            list["orders"].as_array().unwrap().iter().map(|order| &order["orderNumber"]).collect();
        assert_eq!(shown, numbers);
    }
}
