//! Corrections: what a newer revision of a shipment does, before the channel knows of it and after.

use shipstation_connector::{
    channel::{FailKind, FailReason, Package, Shipment, ShipmentState, report::SyncOutcomeKind},
    testing::simulator::{Fault, FaultKind, Method},
};

use super::{HOUR, MINUTE, marked, part, rows, states, sync, sync_after};
use crate::support::World;

fn revision(world: &World, order: i64, revision: u32, tracking: &str) -> Shipment {
    let id = format!("ship-{order}");
    Shipment::new(id, order.to_string(), world.now(), "UPS", tracking).revision(revision)
}

fn told(world: &World) -> Vec<String> {
    let journal = world.sim.journal();
    let entries = journal.of("POST", "/orders/markasshipped");
    entries.map(|entry| entry.body["trackingNumber"].as_str().unwrap_or("").to_owned()).collect()
}

#[tokio::test]
async fn requests_a_correction_before_the_send_is_what_is_sent() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "wrong").await;
    world.enqueue(revision(&world, order, 2, "right")).await;
    let report = sync(&world).await;
    assert_eq!(
        (report.counts.confirmed(), report.counts.of(SyncOutcomeKind::Superseded)),
        (1, 1),
        "{report}"
    );
    assert_eq!(told(&world), ["right"]);
    assert!(report.unreported.is_empty(), "{report}");
}

#[tokio::test]
async fn requests_a_correction_after_the_send_is_reported_with_the_remedy() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "wrong").await;
    sync(&world).await;
    world.enqueue(revision(&world, order, 2, "right")).await;
    let report = sync(&world).await;
    assert_eq!(report.counts.failed.of(FailKind::AmendmentNotSupported), 1, "{report}");
    assert!(report.to_string().contains("correct it in its user interface"), "{report}");
    assert_eq!(marked(&world, order), 1);
    let failed = ShipmentState::Failed { reason: FailReason::AmendmentNotSupported };
    assert_eq!(rows(&world, order).await[1].state, failed);
}

#[tokio::test]
async fn requests_a_void_before_the_send_cancels_and_after_it_is_an_amendment() {
    let world = World::new().await;
    let (before, after) = (world.add(world.order("1")), world.add(world.order("2")));
    world.ship(after, "1Z2").await;
    sync(&world).await;
    world.ship(before, "1Z1").await;
    for order in [before, after] {
        world.enqueue(revision(&world, order, 2, "1Z").voided()).await;
    }
    let report = sync(&world).await;
    assert_eq!(report.counts.of(SyncOutcomeKind::Cancelled), 1, "{report}");
    assert_eq!(report.counts.failed.of(FailKind::AmendmentNotSupported), 1, "{report}");
    assert_eq!((marked(&world, before), marked(&world, after)), (0, 1));
}

#[tokio::test]
async fn faults_a_correction_of_a_shipment_of_unknown_outcome_waits_and_is_not_lost() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "wrong").await;
    world.sim.fault(Fault::on(Method::POST, "/orders/markasshipped").with(FaultKind::DropBefore));
    sync(&world).await;
    world.enqueue(revision(&world, order, 2, "right")).await;
    let report = sync_after(&world, MINUTE / 4).await;
    assert_eq!(states(&world, order).await, ["unknown", "pending"], "{report}");
    sync_after(&world, MINUTE * 2).await;
    let report = sync_after(&world, MINUTE * 2).await;
    assert_eq!(states(&world, order).await, ["superseded", "confirmed"], "{report}");
    assert_eq!(told(&world), ["wrong", "right"], "only the second one took effect");
    assert_eq!(marked(&world, order), 1);
}

#[tokio::test]
async fn faults_a_correction_that_meets_a_late_effect_of_its_shipment_is_an_amendment() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "wrong").await;
    world.sim.fault(Fault::on(Method::POST, "/orders/markasshipped").with(FaultKind::DropBefore));
    sync(&world).await;
    world.enqueue(revision(&world, order, 2, "right")).await;
    // After the second look, before the correction is sent.
    world.sim.before(Method::GET, &format!("/orders/{order}"), 3, move |account| {
        account.ship_by_hand(order, "wrong", "ups");
    });
    sync_after(&world, MINUTE * 2).await;
    let report = sync_after(&world, MINUTE * 2).await;
    assert_eq!(report.counts.failed.of(FailKind::AmendmentNotSupported), 1, "{report}");
    assert_eq!((states(&world, order).await, world.marks()), (vec!["superseded", "failed"], 1));
}

#[tokio::test]
async fn requests_a_voided_part_no_longer_counts_as_shipped() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    super::import(&world).await;
    let first = part(&world, "A", order, 5, &[(0, 2)]);
    world.enqueue(first.clone()).await;
    sync(&world).await;
    world.enqueue(first.revision(2).voided()).await;
    sync(&world).await;
    world.enqueue(part(&world, "B", order, 1, &[(1, 1)])).await;
    let report = sync(&world).await;
    assert_eq!(
        (report.counts.of(SyncOutcomeKind::WaitingPartial), world.marks()),
        (1, 0),
        "A never left: {report}"
    );
    world.enqueue(part(&world, "C", order, 0, &[(0, 2)])).await;
    let report = sync(&world).await;
    assert_eq!((report.counts.confirmed(), told(&world)), (1, vec!["1ZB".to_owned()]), "{report}");
}

#[tokio::test]
async fn requests_a_corrected_list_of_lines_replaces_the_earlier_one() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    super::import(&world).await;
    let whole = Shipment::new("A", order.to_string(), world.now(), "UPS", "1ZA");
    world.enqueue(whole).await;
    let mut some = part(&world, "A", order, 0, &[(0, 2)]).revision(2);
    some.shipped_at = world.now();
    world.enqueue(some).await;
    let report = sync(&world).await;
    assert_eq!((report.counts.of(SyncOutcomeKind::WaitingPartial), world.marks()), (1, 0), "{report}");
}

#[tokio::test]
async fn requests_a_correction_of_the_number_that_was_told_does_not_hide_its_proof() {
    let world = World::new().await;
    world.sim.account(|account| account.quirks.fulfillment_delay = MINUTE * 5);
    let order = world.add(world.order("1"));
    let first = part(&world, "A", order, 5, &[(0, 2)]);
    world.enqueue(first.clone()).await;
    world.enqueue(part(&world, "B", order, 1, &[(1, 1)])).await;
    sync(&world).await;
    assert_eq!(
        (states(&world, order).await, told(&world)),
        (vec!["superseded", "sent"], vec!["1ZA".to_owned()])
    );
    let corrected = first.packages(vec![Package::new("1ZA-corrected")]).revision(2);
    world.enqueue(corrected).await;
    let report = sync_after(&world, MINUTE * 10).await;
    assert_eq!((report.counts.confirmed(), marked(&world, order)), (1, 1), "{report}");
    assert!(report.to_string().contains("1ZA-corrected"), "it is listed as not told: {report}");
}

#[tokio::test]
async fn faults_a_correction_that_comes_while_its_shipment_is_being_sent_is_not_lost() {
    for answer in [None, Some(FaultKind::DropAfterEffect), Some(FaultKind::DropBefore)] {
        let world = World::new().await;
        let order = world.add(world.order("1"));
        world.ship(order, "wrong").await;
        let (store, connection, now) = (world.store.clone(), world.connection.clone(), world.now());
        let corrected = revision(&world, order, 2, "right");
        world.sim.before(Method::POST, "/orders/markasshipped", 1, move |_| {
            use shipstation_connector::channel::store::ShipmentStoreExt;
            let enqueued = store.enqueue_one(&connection, corrected, now);
            futures_util::FutureExt::now_or_never(enqueued).unwrap().unwrap();
        });
        let took_effect = answer != Some(FaultKind::DropBefore);
        if let Some(kind) = answer {
            world.sim.fault(Fault::on(Method::POST, "/orders/markasshipped").with(kind));
        }
        for _ in 0..4 {
            sync_after(&world, MINUTE * 2).await;
        }
        assert_eq!(marked(&world, order), 1);
        let wanted = if took_effect { ["confirmed", "failed"] } else { ["superseded", "confirmed"] };
        assert_eq!(states(&world, order).await, wanted);
    }
}

/// Has the host put these into the outbox while the order is looked at before it is sent.
fn enqueue_meanwhile(world: &World, newer: Shipment) {
    let (store, connection, now) = (world.store.clone(), world.connection.clone(), world.now());
    world.sim.before(Method::GET, "/orders/*", 1, move |_| {
        use shipstation_connector::channel::store::ShipmentStoreExt;
        let enqueued = store.enqueue_one(&connection, newer, now);
        futures_util::FutureExt::now_or_never(enqueued).unwrap().unwrap();
    });
}

#[tokio::test]
async fn requests_what_is_taken_back_while_its_order_is_looked_at_is_not_sent() {
    for voided in [true, false] {
        let world = World::new().await;
        let order = world.add(world.order("1"));
        world.ship(order, "wrong").await;
        let mut newer = revision(&world, order, 2, "right");
        newer.voided = voided;
        enqueue_meanwhile(&world, newer);
        for _ in 0..2 {
            sync_after(&world, MINUTE).await;
        }
        let wanted = if voided { "cancelled" } else { "confirmed" };
        assert_eq!(states(&world, order).await, ["superseded", wanted]);
        assert_eq!(told(&world), if voided { vec![] } else { vec!["right"] });
    }
}

#[tokio::test]
async fn requests_a_part_that_is_taken_back_while_its_order_is_looked_at_keeps_the_order_waiting() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    super::import(&world).await;
    let first = part(&world, "A", order, 5, &[(0, 2)]);
    world.enqueue(first.clone()).await;
    world.enqueue(part(&world, "B", order, 1, &[(1, 1)])).await;
    enqueue_meanwhile(&world, first.revision(2).voided());
    for _ in 0..2 {
        sync_after(&world, MINUTE).await;
    }
    assert_eq!((states(&world, order).await, world.marks()), (vec!["superseded", "cancelled", "waiting"], 0));
}

#[tokio::test]
async fn requests_a_correction_that_names_another_order_is_sent_to_that_one_alone() {
    let world = World::new().await;
    let [wrong, right] = ["1", "2"].map(|number| world.add(world.order(number)));
    super::import(&world).await;
    world.sim.account(|account| assert!(account.set_status(wrong, "on_hold")));
    let first = part(&world, "A", wrong, 5, &[(0, 2)]);
    world.enqueue(first.clone()).await;
    world.enqueue(part(&world, "B", wrong, 1, &[(1, 1)])).await;
    sync(&world).await;
    assert_eq!(world.marks(), 0, "it waits");
    // Its id, its tracking number, and the other order.
    let mut corrected = part(&world, "A", right, 5, &[]).revision(2);
    corrected.packages.clone_from(&first.packages);
    world.enqueue(corrected).await;
    sync_after(&world, MINUTE).await;
    assert_eq!((marked(&world, wrong), marked(&world, right)), (0, 1));
    world.sim.account(|account| assert!(account.set_status(wrong, "awaiting_shipment")));
    for _ in 0..4 {
        sync_after(&world, HOUR).await;
    }
    // The other part waits for the one that is missing now.
    assert_eq!((marked(&world, wrong), marked(&world, right)), (0, 1));
    assert_eq!(states(&world, wrong).await, ["superseded", "waiting"]);
    world.enqueue(part(&world, "C", wrong, 0, &[(0, 2)])).await;
    sync_after(&world, HOUR).await;
    assert_eq!((marked(&world, wrong), marked(&world, right)), (1, 1));
}
