//! Orders that ShipStation does not find: gone, or only out of its sight for a moment.

use shipstation_connector::{
    channel::{
        FailKind, FailReason, RetryClass, RunStatus, Shipment, ShipmentState, report::SyncOutcomeKind,
    },
    connector::Preflight,
    testing::simulator::{Fault, FaultKind, Method},
};

use super::{HOUR, MINUTE, marked, state, sync, sync_after, sync_with};
use crate::support::World;

fn not_found() -> FaultKind {
    FaultKind::Status { code: 404, body: String::new() }
}

async fn one(world: &World) -> i64 {
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    order
}

/// The next looks at this order find nothing.
fn hide(world: &World, order: i64, times: u64) {
    world.sim.fault(Fault::on(Method::GET, &format!("/orders/{order}")).times(times).with(not_found()));
}

#[tokio::test]
async fn faults_one_answer_that_an_order_is_missing_does_not_make_it_gone() {
    let world = World::new().await;
    let order = one(&world).await;
    hide(&world, order, 1);
    let report = sync(&world).await;
    assert_eq!((report.counts.of(SyncOutcomeKind::RetryWaiting), world.marks()), (1, 0), "{report}");
    assert_eq!(report.run.status, RunStatus::CompletedWithErrors);
    let report = sync_after(&world, MINUTE / 2).await;
    assert_eq!(
        (report.counts.due(), world.sim.journal().len()),
        (0, 1),
        "it is too early to ask again: {report}"
    );
    let report = sync_after(&world, MINUTE).await;
    assert_eq!((report.counts.confirmed(), marked(&world, order)), (1, 1), "{report}");
}

#[tokio::test]
async fn requests_an_order_that_is_missing_for_an_hour_is_gone() {
    let world = World::new().await;
    let order = one(&world).await;
    hide(&world, order, 3);
    for wait in [std::time::Duration::ZERO, MINUTE] {
        sync_after(&world, wait).await;
        assert!(matches!(
            state(&world, order).await,
            ShipmentState::RetryWait { class: RetryClass::OrderMissing, .. }
        ));
    }
    let report = sync_after(&world, HOUR).await;
    assert_eq!(report.counts.failed.of(FailKind::OrderGone), 1, "{report}");
    assert_eq!(state(&world, order).await, ShipmentState::Failed { reason: FailReason::OrderGone });
    assert_eq!(world.sim.journal().len(), 5, "three looks, and a search for survivors with the last two");
}

#[tokio::test]
async fn faults_a_sighting_in_between_starts_the_count_over() {
    let world = World::new().await;
    let order = one(&world).await;
    hide(&world, order, 1);
    sync(&world).await;
    world.sim.account(|account| account.hold(order));
    sync_after(&world, MINUTE * 2).await;
    hide(&world, order, 1);
    sync_after(&world, MINUTE * 2).await;
    assert_eq!(state(&world, order).await.name(), "retry_wait");
    world.sim.account(|account| account.set_status(order, "awaiting_shipment"));
    let report = sync_after(&world, MINUTE * 2).await;
    assert_eq!((report.counts.confirmed(), world.marks()), (1, 1), "{report}");
}

#[tokio::test]
async fn faults_a_mark_that_finds_no_order_is_repeated_once_the_order_is_seen() {
    for preflight in [Preflight::Bulk, Preflight::OnRetryOnly] {
        let world = World::new().await;
        let order = one(&world).await;
        world.sim.fault(Fault::on(Method::POST, "/orders/markasshipped").with(not_found()));
        let report = sync_with(&world, |settings| settings.shipments.preflight = preflight).await;
        assert_eq!((report.counts.of(SyncOutcomeKind::RetryWaiting), world.marks()), (1, 1), "{report}");
        world.sim.clock().advance(MINUTE * 2);
        let report = sync_with(&world, |settings| settings.shipments.preflight = preflight).await;
        assert_eq!((report.counts.confirmed(), marked(&world, order)), (1, 1), "{report}");
    }
}

#[tokio::test]
async fn faults_marks_that_never_find_an_order_that_is_there_end_after_a_week() {
    let world = World::new().await;
    let order = one(&world).await;
    world.sim.fault(Fault::on(Method::POST, "/orders/markasshipped").always().with(not_found()));
    for _ in 0..400 {
        sync_after(&world, HOUR / 2).await;
    }
    assert!(matches!(
        state(&world, order).await,
        ShipmentState::Failed { reason: FailReason::GaveUp { .. } }
    ));
    assert!(world.marks() < 60, "{} attempts", world.marks());
}

#[tokio::test]
async fn faults_an_unknown_outcome_survives_an_order_that_is_missing_once() {
    let world = World::new().await;
    let order = one(&world).await;
    world.sim.fault(Fault::on(Method::POST, "/orders/markasshipped").with(FaultKind::DropBefore));
    hide_after_first_look(&world, order, 1);
    sync(&world).await;
    assert!(matches!(
        state(&world, order).await,
        ShipmentState::Unknown { checks: 0, order_missing: true, .. }
    ));
    sync_after(&world, MINUTE * 2).await;
    assert!(matches!(
        state(&world, order).await,
        ShipmentState::Unknown { checks: 1, order_missing: false, .. }
    ));
    let report = sync_after(&world, MINUTE * 2).await;
    assert_eq!((report.counts.confirmed(), marked(&world, order)), (1, 1), "{report}");
}

#[tokio::test]
async fn faults_a_sighting_without_readable_records_starts_the_count_over() {
    let world = World::new().await;
    let order = one(&world).await;
    world.sim.fault(Fault::on(Method::POST, "/orders/markasshipped").with(FaultKind::DropBefore));
    hide_after_first_look(&world, order, 1);
    sync(&world).await;
    let body = r#"{"fulfillments":[{"fulfillmentId":"?","orderId":1}],"total":1,"page":1,"pages":1}"#;
    let unreadable = FaultKind::Status { code: 200, body: body.to_owned() };
    world.sim.fault(Fault::on(Method::GET, "/fulfillments").with(unreadable));
    sync_after(&world, MINUTE * 2).await;
    hide(&world, order, 1);
    let report = sync_after(&world, MINUTE * 2).await;
    assert_eq!(
        report.counts.of(SyncOutcomeKind::Unknown),
        1,
        "it is missing for the first time again: {report}"
    );
}

#[tokio::test]
async fn requests_an_unknown_outcome_on_an_order_that_is_missing_twice_is_traced() {
    let world = World::new().await;
    let order = one(&world).await;
    let survivor = world.add(world.order("2"));
    world.sim.fault(Fault::on(Method::POST, "/orders/markasshipped").with(FaultKind::DropBefore));
    world.sim.before(Method::GET, &format!("/orders/{order}"), 2, move |account| {
        account.merge_orders(survivor, &[order]);
    });
    let report = sync(&world).await;
    assert_eq!(report.counts.of(SyncOutcomeKind::Unknown), 1, "{report}");
    let report = sync_after(&world, MINUTE / 2).await;
    assert_eq!(report.counts.of(SyncOutcomeKind::Unknown), 1, "too early for another look: {report}");
    let report = sync_after(&world, MINUTE).await;
    assert_eq!(report.counts.failed.of(FailKind::MergedInto), 1, "{report}");
    assert_eq!(marked(&world, order), 0);
}

#[tokio::test]
async fn faults_an_order_that_was_split_off_and_is_missing_twice_is_not_merged() {
    for answer in [None, Some(FaultKind::DropBefore)] {
        let world = World::new().await;
        let parent = world.add(world.order("1"));
        let order = world.sim.account(|account| account.split_order(parent, &[1])).unwrap();
        world.ship(order, "1Z1").await;
        if let Some(kind) = answer {
            world.sim.fault(Fault::on(Method::POST, "/orders/markasshipped").with(kind));
            sync(&world).await;
        }
        hide(&world, order, 2);
        for _ in 0..8 {
            let report = sync_after(&world, MINUTE * 20).await;
            assert_eq!(
                report.counts.failed.iter().count(),
                0,
                "its parent names it, as a survivor would: {report}"
            );
        }
        assert_eq!((state(&world, order).await.name(), marked(&world, order)), ("confirmed", 1));
    }
}

#[tokio::test]
async fn faults_a_server_that_finds_nothing_at_all_closes_no_shipment() {
    let world = World::new().await;
    let order = one(&world).await;
    world.sim.fault(Fault::any().always().with(not_found()));
    for _ in 0..6 {
        world.sim.clock().advance(HOUR);
        let request = shipstation_connector::channel::SyncShipments::new();
        let channel = world.channel(|_| {});
        let _ = shipstation_connector::channel::ChannelConnector::sync_shipments(&channel, request).await;
        assert_eq!(state(&world, order).await.name(), "retry_wait");
    }
    world.sim.clear_faults();
    let report = sync_after(&world, HOUR * 12).await;
    assert_eq!((report.counts.confirmed(), marked(&world, order)), (1, 1), "{report}");
}

#[tokio::test]
async fn faults_a_search_for_survivors_that_fails_keeps_no_other_shipment_back() {
    let world = World::new().await;
    let gone = one(&world).await;
    let alive = world.add(world.order("2"));
    world.sim.account(|account| account.delete(gone));
    sync(&world).await;
    world.sim.clock().advance(MINUTE * 2);
    world.enqueue(Shipment::new("alive", alive.to_string(), world.now(), "UPS", "1Z2")).await;
    world.sim.fault(Fault::on(Method::GET, "/orders").always().with(FaultKind::Html { status: 503 }));
    let report = sync(&world).await;
    assert_eq!(
        (report.counts.confirmed(), report.counts.of(SyncOutcomeKind::RetryWaiting)),
        (1, 1),
        "{report}"
    );
    assert_eq!(marked(&world, alive), 1);
}

/// The look before the send sees the order; the next ones do not.
fn hide_after_first_look(world: &World, order: i64, times: u64) {
    let path = format!("/orders/{order}");
    world.sim.fault(Fault::on(Method::GET, &path).after(1).times(times).with(not_found()));
}
