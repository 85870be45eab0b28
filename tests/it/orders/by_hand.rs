//! Importing one order now, by a person or on a webhook's hint.

use shipstation_connector::{
    channel::{Bypass, ChannelConnector, OrderSelector, Refusal, RunStatus, Trigger},
    client::WebhookDelivery,
};

use super::{import, imported};
use crate::support::{DAY, World};

#[tokio::test]
async fn faults_a_bypass_ignores_age_floor_tag_and_status_and_nothing_else() {
    let world = World::new().await;
    let store = world.sim.account(|account| account.add_store("Web", "Shopify"));
    let old = world.order("100").status("on_hold").created(world.ago(DAY * 40)).store(store);
    world.add(old);
    world.add(world.order("1001"));
    let tag = world.sim.account(|account| account.add_tag("Dropship"));
    let by_number = || OrderSelector::Number("100".into());
    let channel = world.channel(|settings| {
        settings.orders.tag = Some(shipstation_connector::client::TagId::new(tag));
        settings.orders.not_before = Some(world.ago(DAY * 3));
    });
    let report = channel.import_order(by_number(), Bypass::NONE).await.unwrap();
    assert_eq!((report.counts.scanned, report.counts.imported), (1, 0), "1001 is another order: {report}");
    let report = channel.import_order(by_number(), Bypass::ALL).await.unwrap();
    assert_eq!((report.counts.imported, report.run.trigger), (1, Trigger::Manual), "{report}");
    let report = channel.import_order(by_number(), Bypass::ALL).await.unwrap();
    assert_eq!((report.counts.already_imported, imported(&world)), (1, 1), "{report}");

    let guarded = world.channel(|settings| {
        settings.orders.exclude_stores = [shipstation_connector::client::StoreId::new(store)].into();
    });
    world.add(world.order("200").store(store));
    let report = guarded.import_order(OrderSelector::Number("200".into()), Bypass::ALL).await.unwrap();
    assert_eq!(report.counts.skipped.get("wrong_store"), Some(&1), "{report}");
}

#[tokio::test]
async fn faults_an_order_that_does_not_exist_is_said_not_to() {
    let world = World::new().await;
    let refused = world
        .channel(|_| {})
        .import_order(OrderSelector::Key { key: "k-1".into(), number: "7".into() }, Bypass::ALL)
        .await
        .unwrap_err();
    assert!(matches!(refused.refusal, Refusal::NotFound { .. }), "{refused}");
    assert!(refused.to_string().contains("number 7 and key k-1"), "{refused}");
}

#[tokio::test]
async fn requests_a_webhook_imports_just_the_orders_it_names() {
    let world = World::new().await;
    for number in 0..3 {
        world.add(world.order(&format!("A-{number}")).import_batch("batch-1"));
    }
    world.add(world.order("B-1"));
    world.add(world.order("A-9").import_batch("batch-1").status("on_hold"));
    let body = format!(
        r#"{{"resource_url":"{}orders?importBatch=batch-1","resource_type":"ORDER_NOTIFY"}}"#,
        world.sim.url()
    );
    let delivery = WebhookDelivery::parse(body.as_bytes()).unwrap();
    let channel = world.channel(|_| {});
    let report = channel.on_webhook(&delivery).await.unwrap();
    assert!(report.counts.add_up(), "{report}");
    assert_eq!((report.counts.imported, report.run.trigger), (3, Trigger::Webhook), "{report}");
    assert_eq!(report.counts.skipped.get("wrong_status"), Some(&1), "{report}");
    assert_eq!(world.sim.journal().len(), 1);
    // A delivery may come twice, and polling stays the truth.
    assert_eq!(channel.on_webhook(&delivery).await.unwrap().counts.already_imported, 3);
    let report = import(&channel).await;
    assert_eq!((report.run.status.clone(), report.counts.imported), (RunStatus::Succeeded, 1), "{report}");
}

#[tokio::test]
async fn secrets_a_webhook_that_points_elsewhere_is_refused_without_a_request() {
    let world = World::new().await;
    let channel = world.channel(|_| {});
    let parse = |url: &str, event: &str| {
        let body = format!(r#"{{"resource_url":"{url}","resource_type":"{event}"}}"#);
        WebhookDelivery::parse(body.as_bytes()).unwrap()
    };
    let foreign = parse("https://ssapi.shipstation.com.example.net/orders?importBatch=1", "ORDER_NOTIFY");
    let refused = channel.on_webhook(&foreign).await.unwrap_err();
    assert!(matches!(refused.refusal, Refusal::Config { .. }), "{refused}");
    assert!(!refused.to_string().contains("example.net"), "{refused}");
    let shipped = parse(&format!("{}shipments?batchId=1", world.sim.url()), "SHIP_NOTIFY");
    let refused = channel.on_webhook(&shipped).await.unwrap_err();
    assert!(matches!(refused.refusal, Refusal::Unsupported { .. }), "{refused}");
    assert!(world.sim.journal().is_empty());
}
