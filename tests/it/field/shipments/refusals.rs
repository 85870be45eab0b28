//! What ShipStation refuses, and what only looks like a refusal.

use shipstation_connector::{
    channel::{
        BlockKind,
        shipping::CarrierRule,
        store::{MappingStoreExt, ShipmentStore},
    },
    testing::simulator::{Fault, FaultKind, Method},
};

use super::{HOUR, MARK, MINUTE, fulfillments, name, one, sync, sync_after};
use crate::support::World;

fn refusal(message: &str) -> FaultKind {
    FaultKind::Status { code: 400, body: format!(r#"{{"Message":"{message}"}}"#) }
}

#[tokio::test]
async fn faults_a_refusal_of_what_took_effect_is_confirmed_by_one_look() {
    let body = r#"{"Message":"The order has already been shipped."}"#.to_owned();
    let world = World::new().await;
    let order = one(&world, FaultKind::StatusAfterEffect { code: 400, body }).await;
    let report = sync(&world).await;
    assert_eq!((report.counts.confirmed(), world.marks()), (1, 1), "{report}");
    assert_eq!(name(&world, order).await, "confirmed");
}

#[tokio::test]
async fn faults_a_refusal_without_an_effect_is_blocked_after_the_look() {
    let world = World::new().await;
    let order = one(&world, refusal("The request is invalid.")).await;
    let report = sync(&world).await;
    assert_eq!(report.counts.blocked.of(BlockKind::Refused), 1, "{report}");
    assert!(report.to_string().contains("The request is invalid."), "{report}");
    let report = sync_after(&world, HOUR).await;
    assert_eq!((report.counts.due(), world.marks(), fulfillments(&world, order)), (0, 1, 0), "{report}");
}

#[tokio::test]
async fn faults_a_refusal_whose_look_fails_is_looked_for_again() {
    let world = World::new().await;
    let body = r#"{"Message":"The order has already been shipped."}"#.to_owned();
    let order = one(&world, FaultKind::StatusAfterEffect { code: 400, body }).await;
    world.sim.fault(Fault::on(Method::GET, "/fulfillments").always().with(FaultKind::ServerError));
    sync(&world).await;
    assert_eq!(name(&world, order).await, "unknown");
    world.sim.clear_faults();
    let report = sync_after(&world, MINUTE * 2).await;
    assert_eq!((report.counts.confirmed(), world.marks()), (1, 1), "{report}");
}

#[tokio::test]
async fn faults_a_page_of_a_proxy_blocks_nothing_for_good() {
    for status in [403, 405, 407, 413] {
        let world = World::new().await;
        let order = one(&world, FaultKind::Html { status }).await;
        sync(&world).await;
        assert_ne!(name(&world, order).await, "blocked", "{status}");
        for _ in 0..3 {
            sync_after(&world, MINUTE * 3).await;
        }
        assert_eq!((name(&world, order).await, fulfillments(&world, order)), ("confirmed", 1), "{status}");
    }
}

#[tokio::test]
async fn faults_a_refusal_whose_words_are_all_masked_says_the_status() {
    let world = World::new().await;
    one(&world, refusal("Zebulon Quackenbush")).await;
    let report = sync(&world).await.to_string();
    assert!(report.contains("400") && !report.contains("Zebulon"), "{report}");
}

/// Replaces the rule of the carrier.
async fn rule(world: &World, code: &str) {
    let version = world.store.carrier_rules(&world.connection).await.unwrap().version;
    let rules = vec![CarrierRule::new("UPS", code)];
    world.store.replace_carrier_rules(&world.connection, version, rules).await.unwrap();
}

#[tokio::test]
async fn requests_a_corrected_carrier_code_releases_what_was_refused_for_it() {
    let world = World::new().await;
    rule(&world, "upss_walleted").await;
    let order = one(&world, refusal("Invalid carrierCode upss_walleted")).await;
    let report = sync(&world).await;
    assert_eq!(report.counts.blocked.of(BlockKind::Refused), 1, "{report}");
    assert!(report.to_string().contains("upss_walleted"), "the host's own code is shown: {report}");
    let report = sync_after(&world, HOUR).await;
    assert_eq!((report.counts.due(), world.marks()), (0, 1), "not before it is corrected: {report}");
    rule(&world, "ups").await;
    let report = sync_after(&world, HOUR).await;
    assert_eq!((report.counts.confirmed(), world.marks()), (1, 2), "{report}");
    assert_eq!(fulfillments(&world, order), 1);
}

#[tokio::test]
async fn requests_a_corrected_carrier_code_releases_no_other_refusal() {
    let world = World::new().await;
    one(&world, refusal("The request is invalid.")).await;
    sync(&world).await;
    rule(&world, "fedex").await;
    let report = sync_after(&world, HOUR).await;
    assert_eq!((report.counts.due(), world.marks()), (0, 1), "{report}");
    assert_eq!(world.store.unblock(&world.connection, "refused", world.now()).await.unwrap(), 1);
}

#[tokio::test]
async fn requests_what_is_blocked_for_one_reason_is_one_line_of_the_report() {
    let world = World::new().await;
    for n in 0..12 {
        let order = world.add(world.order(&format!("{n}")));
        let mut shipment = shipstation_connector::channel::Shipment::new(
            format!("s{n}"),
            order.to_string(),
            world.now(),
            "UPS",
            "1Z",
        );
        shipment.carrier = Some("Bicycle".to_owned());
        world.enqueue(shipment).await;
    }
    let report = sync(&world).await.to_string();
    let lines: Vec<&str> = report.lines().filter(|line| line.starts_with("  shipment  ")).collect();
    assert_eq!(lines.len(), 1, "{report}");
    assert!(
        lines[0].contains("12 shipments: blocked: no carrier rule for \"Bicycle\"")
            && lines[0].contains("and 7 more")
    );
}

#[tokio::test]
async fn faults_a_clear_refusal_of_one_key_is_not_taken_for_the_shipment() {
    let world = World::new().await;
    let order = one(&world, FaultKind::Status { code: 401, body: String::new() }).await;
    world.sim.fault(Fault::on(Method::POST, MARK).with(FaultKind::Status { code: 401, body: String::new() }));
    sync(&world).await;
    assert_eq!(name(&world, order).await, "retry_wait");
}
