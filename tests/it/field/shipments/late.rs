//! How late an effect may be, and how stale a read, before an order is marked twice: measured.

use std::time::Duration;

use shipstation_connector::{
    Settings,
    channel::{
        BlockReason, ChannelConnector, Shipment, ShipmentState, SyncShipments, report::SyncOutcomeKind,
    },
    testing::simulator::{Fault, FaultKind, Method},
};

use super::{HOUR, MARK, MINUTE, fulfillments, name, one, state, sync_after, sync_with};
use crate::support::{DAY, World};

/// How many times an order is marked when each mark takes effect so late, or each read is so stale, with a run every minute.
async fn marks(
    late: Option<Duration>,
    stale: Option<Duration>,
    change: fn(&mut Settings),
) -> (usize, &'static str) {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    world.sim.clock().advance(DAY);
    let kind = late.map_or(FaultKind::DropAfterEffect, FaultKind::LateEffect);
    world.sim.fault(Fault::on(Method::POST, MARK).always().with(kind));
    if let Some(stale) = stale {
        for path in ["/orders", "/orders/*", "/fulfillments", "/shipments"] {
            world.sim.fault(Fault::on(Method::GET, path).always().with(FaultKind::StaleRead(stale)));
        }
    }
    // One process: every clock is at hand.
    let channel = world.channel(change);
    let begun = world.now();
    while !matches!(name(&world, order).await, "confirmed" | "blocked" | "failed") {
        assert!(world.now().since(begun) < DAY * 9, "it must end");
        world.sim.clock().advance(MINUTE);
        channel.sync_shipments(SyncShipments::new()).await.unwrap();
    }
    let end = name(&world, order).await;
    world.sim.clock().advance(DAY);
    (fulfillments(&world, order), end)
}

const LENGTHS: [Duration; 5] = [
    Duration::from_secs(25),
    Duration::from_secs(90),
    MINUTE.saturating_mul(10),
    HOUR,
    HOUR.saturating_mul(5),
];

#[tokio::test]
async fn faults_marks_by_lateness_are_as_the_documentation_says() {
    let table = [1, 1, 2, 2, 3];
    for (length, most) in LENGTHS.into_iter().zip(table) {
        let late = marks(Some(length), None, |_| {}).await;
        let stale = marks(None, Some(length), |_| {}).await;
        println!("late or stale by {length:?}: {late:?}, {stale:?}");
        assert_eq!((late.0, stale.0), (most, most), "late or stale by {length:?}: {late:?}, {stale:?}");
    }
}

#[tokio::test]
async fn faults_a_longer_gap_survives_later_effects() {
    for length in LENGTHS {
        let patient: fn(&mut Settings) = |settings| settings.shipments.resend_after = HOUR * 6;
        assert_eq!(marks(Some(length), None, patient).await.0, 1, "late by {length:?}");
        assert_eq!(marks(None, Some(length), patient).await.0, 1, "stale by {length:?}");
    }
}

#[tokio::test]
async fn faults_an_hour_of_errors_blocks_nothing() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    world.sim.fault(Fault::on(Method::POST, MARK).always().with(FaultKind::ServerError));
    for _ in 0..4 {
        sync_after(&world, MINUTE * 15).await;
    }
    assert_eq!((name(&world, order).await, world.marks()), ("unknown", 2));
    world.sim.clear_faults();
    for _ in 0..8 {
        sync_after(&world, MINUTE * 15).await;
    }
    assert_eq!((name(&world, order).await, fulfillments(&world, order)), ("confirmed", 1));
}

#[tokio::test]
async fn faults_the_gap_before_another_mark_is_that_of_the_order() {
    use shipstation_connector::connector::PartialPolicy;
    for partial in [PartialPolicy::HoldUntilComplete { max_hold: None }, PartialPolicy::ShipOnFirst] {
        for (id, revision, hours) in [("other", 1, 0), ("other", 1, 1), ("ship", 2, 0)] {
            let world = World::new().await;
            let order = world.add(world.order("1"));
            let shipment = |id: &str, hours: u32| {
                Shipment::new(id, order.to_string(), world.ago(HOUR * hours), "UPS", format!("1Z{id}"))
            };
            world.enqueue(shipment("ship", 0)).await;
            world.sim.fault(Fault::on(Method::POST, MARK).always().with(FaultKind::ServerError));
            let channel = world.channel(|settings| settings.shipments.partial = partial);
            for minute in 0..60 {
                if minute == 2 {
                    world.enqueue(shipment(id, hours).revision(revision)).await;
                }
                channel.sync_shipments(SyncShipments::new()).await.unwrap();
                world.sim.clock().advance(MINUTE);
            }
            assert_eq!(world.marks(), 2, "{partial}, revision {revision} of {id}");
        }
    }
}

#[tokio::test]
async fn requests_that_certainly_were_not_sent_do_not_count() {
    let world = World::new().await;
    let order = one(&world, FaultKind::Throttle { reset: Some(30) }).await;
    world.sim.clear_faults();
    world.sim.fault(Fault::on(Method::POST, MARK).times(200).with(FaultKind::Throttle { reset: Some(30) }));
    for _ in 0..6 {
        sync_after(&world, HOUR).await;
    }
    let row = super::rows(&world, order).await.remove(0);
    assert_eq!((row.state.name(), row.unknown_outcomes), ("retry_wait", 0));
}

#[tokio::test]
async fn faults_another_shipment_of_an_order_waits_until_a_person_has_decided() {
    use shipstation_connector::connector::PartialPolicy;
    let world = World::new().await;
    let order = one(&world, FaultKind::ServerError).await;
    world.sim.fault(Fault::on(Method::POST, MARK).always().with(FaultKind::ServerError));
    let first = |settings: &mut Settings| settings.shipments.partial = PartialPolicy::ShipOnFirst;
    while name(&world, order).await != "blocked" {
        world.sim.clock().advance(MINUTE * 20);
        sync_with(&world, first).await;
    }
    let reason = state(&world, order).await;
    assert!(matches!(
        reason,
        ShipmentState::Blocked { reason: BlockReason::OutcomeUnknown { requests: 3, .. } }
    ));
    world.sim.clear_faults();
    let second = Shipment::new("B", order.to_string(), world.now(), "UPS", "1ZB");
    world.enqueue(second).await;
    let report = sync_with(&world, first).await;
    assert_eq!((report.counts.of(SyncOutcomeKind::RetryWaiting), world.marks()), (1, 3), "{report}");
    assert!(report.to_string().contains("release that one first"), "{report}");
}
