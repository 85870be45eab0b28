//! A look that could not be read whole proves nothing.

use shipstation_connector::{
    channel::{FailKind, FailReason, ShipmentState, report::SyncOutcomeKind},
    testing::simulator::{Fault, FaultKind, ListFlaw, Method, Simulator},
};

use super::{HOUR, MARK, MINUTE, fulfillments, name, one, state, sync, sync_after, sync_with};
use crate::support::{DAY, World};

fn answer(body: &str) -> FaultKind {
    FaultKind::Status { code: 200, body: body.to_owned() }
}

/// Answers about one order's records that lack some.
fn incomplete() -> Vec<FaultKind> {
    vec![
        answer(r#"{"fulfillments":[],"total":1,"page":1,"pages":1}"#),
        answer(r#"{"fulfillments":[null],"total":1,"page":1,"pages":1}"#),
        answer(r#"{"fulfillments":[null],"total":0,"page":1,"pages":0}"#),
        answer(r#"{"fulfillments":[{"fulfillmentId":"?","orderId":1}],"total":1,"page":1,"pages":1}"#),
        answer(
            r#"{"fulfillments":[{"fulfillmentId":7,"orderId":null,"trackingNumber":"A"}],"total":1,"page":1,"pages":1}"#,
        ),
        answer(
            r#"{"fulfillments":[{"fulfillmentId":7,"orderId":8,"trackingNumber":"A"}],"total":1,"page":1,"pages":1}"#,
        ),
        FaultKind::List(ListFlaw::NullRows),
        FaultKind::List(ListFlaw::NoRows),
        FaultKind::List(ListFlaw::Missing(1)),
    ]
}

/// The order is shown as it was before it was marked, and its records so.
fn see(sim: &Simulator, records: &FaultKind) {
    sim.fault(Fault::on(Method::GET, "/orders/*").always().with(FaultKind::StaleRead(DAY * 30)));
    sim.fault(Fault::on(Method::GET, "/fulfillments").always().with(records.clone()));
}

#[tokio::test]
async fn faults_an_incomplete_look_never_leads_to_a_second_mark() {
    for records in incomplete() {
        let world = World::new().await;
        let order = one(&world, FaultKind::DropAfterEffect).await;
        see(&world.sim, &records);
        for _ in 0..30 {
            let report = sync_after(&world, MINUTE * 5).await;
            assert_eq!(
                (report.counts.of(SyncOutcomeKind::Unknown), world.marks()),
                (1, 1),
                "{records:?}: {report}"
            );
        }
        world.sim.clear_faults();
        let report = sync_after(&world, HOUR).await;
        assert_eq!((report.counts.confirmed(), world.marks()), (1, 1), "{records:?}: {report}");
        assert_eq!(fulfillments(&world, order), 1);
    }
}

#[tokio::test]
async fn faults_looks_that_stay_incomplete_are_left_to_a_person_in_the_end() {
    let world = World::new().await;
    let order = one(&world, FaultKind::DropAfterEffect).await;
    see(&world.sim, &answer(r#"{"fulfillments":[],"total":1,"page":1,"pages":1}"#));
    let begun = world.now();
    while name(&world, order).await != "blocked" {
        assert!(world.now().since(begun) < DAY * 8, "it must end");
        sync_after(&world, HOUR).await;
    }
    assert!(world.now().since(begun) >= DAY * 7);
    let text = format!("{:?}", state(&world, order).await);
    assert!(text.contains("OutcomeUnknown") && text.contains("could not all be read"), "{text}");
    assert_eq!(world.marks(), 1);
}

#[tokio::test]
async fn faults_looks_that_fail_to_the_end_are_left_to_a_person() {
    let world = World::new().await;
    let order = one(&world, FaultKind::DropAfterEffect).await;
    // The look before the mark succeeds.
    world.sim.fault(Fault::on(Method::GET, "/orders/*").after(1).always().with(FaultKind::ServerError));
    let begun = world.now();
    while name(&world, order).await != "blocked" {
        assert!(world.now().since(begun) < DAY * 8, "it must end");
        sync_after(&world, HOUR).await;
    }
    assert_eq!(world.marks(), 1);
}

#[tokio::test]
async fn faults_an_incomplete_search_for_the_survivor_closes_nothing() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    world.sim.account(|account| account.delete(order));
    let lists = Fault::on(Method::GET, "/orders").always();
    world.sim.fault(lists.with(answer(r#"{"orders":[null],"total":1,"page":1,"pages":1}"#)));
    for _ in 0..4 {
        sync_after(&world, MINUTE * 10).await;
        assert_eq!(name(&world, order).await, "retry_wait");
    }
    world.sim.clear_faults();
    sync_after(&world, HOUR * 7).await;
    assert_eq!(state(&world, order).await, ShipmentState::Failed { reason: FailReason::OrderGone });
}

#[tokio::test]
async fn faults_an_incomplete_list_of_changes_vouches_for_no_order() {
    let world = World::new().await;
    let orders: Vec<i64> = (0..12).map(|n| world.add(world.order(&format!("{n}")))).collect();
    for order in &orders {
        world.ship(*order, &format!("1Z{order}")).await;
    }
    let last = orders[11];
    // The first mark takes so long that what was seen must be brought up to date, and a person is faster.
    world.sim.fault(Fault::on(Method::POST, MARK).with(FaultKind::Slow(MINUTE * 6)));
    world.sim.before(Method::POST, MARK, 1, move |account| {
        account.ship_by_hand(last, "OTHER", "ups");
    });
    let changes = Fault::on(Method::GET, "/orders").after(1).times(1);
    world.sim.fault(changes.with(answer(r#"{"orders":[],"total":1,"page":1,"pages":1}"#)));
    sync(&world).await;
    let marks = world.sim.journal();
    let again = marks.of("POST", MARK).filter(|entry| entry.body["orderId"] == last).count();
    assert_eq!(again, 0, "it is shipped already");
}

#[tokio::test]
async fn faults_an_answer_about_another_order_decides_nothing() {
    let world = World::new().await;
    let orders = [world.add(world.order("1")), world.add(world.order("2"))];
    world.sim.account(|account| account.cancel(orders[0]));
    world.ship(orders[0], "1Z1").await;
    world.sim.fault(Fault::on(Method::GET, "/orders/*").always().with(FaultKind::AnotherOrder));
    for _ in 0..5 {
        let report = sync_after(&world, MINUTE * 10).await;
        assert_eq!(
            (
                report.counts.of(SyncOutcomeKind::RetryWaiting) + report.counts.still_retry_waiting,
                world.marks()
            ),
            (1, 0),
            "{report}"
        );
    }
    world.sim.clear_faults();
    let report = sync_after(&world, HOUR * 7).await;
    assert_eq!(report.counts.failed.of(FailKind::OrderCancelled), 1, "{report}");
}

#[tokio::test]
async fn faults_a_look_at_another_order_proves_nothing_about_this_one() {
    let world = World::new().await;
    let order = one(&world, FaultKind::DropAfterEffect).await;
    let other = world.add(world.order("2"));
    // The look before the mark is about the right one.
    let looks = Fault::on(Method::GET, &format!("/orders/{order}")).after(1).always();
    world.sim.fault(looks.with(FaultKind::AnotherOrder));
    for _ in 0..12 {
        sync_after(&world, MINUTE * 5).await;
    }
    assert_eq!((name(&world, order).await, world.marks()), ("unknown", 1));
    world.sim.clear_faults();
    sync_after(&world, HOUR).await;
    assert_eq!((name(&world, order).await, world.marks(), fulfillments(&world, other)), ("confirmed", 1, 0));
}

#[tokio::test]
async fn faults_a_mark_whose_number_cannot_be_read_for_a_while_is_ours_in_the_end() {
    for printed in ["\"\"", "null", "\"\u{fffd}\"", "\"N/A\""] {
        let world = World::new().await;
        let order = one(&world, FaultKind::DropAfterEffect).await;
        world.sim.fault(Fault::on(Method::GET, "/fulfillments").always().with(FaultKind::ServerError));
        sync(&world).await;
        world.sim.clear_faults();
        let record =
            world.sim.account(|account| account.fulfillments_of(order)[0].int("fulfillmentId")).unwrap();
        world.sim.account(|account| account.overwrite(record, "trackingNumber", printed));
        for _ in 0..3 {
            sync_after(&world, MINUTE * 20).await;
            assert_ne!(name(&world, order).await, "failed", "{printed}");
        }
        world.sim.account(|account| account.heal(record));
        sync_after(&world, HOUR).await;
        assert_eq!(name(&world, order).await, "confirmed", "{printed}");
    }
}

#[tokio::test]
async fn faults_a_record_without_a_number_on_an_open_order_proves_nothing() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    // Somebody has shipped it before, and has opened it again.
    world.sim.account(|account| {
        account.ship_by_hand(order, "", "ups");
        account.set_status(order, "awaiting_shipment");
    });
    world.ship(order, "").await;
    world.sim.fault(Fault::on(Method::POST, MARK).with(FaultKind::DropBefore));
    for _ in 0..4 {
        sync_with(&world, |settings| settings.shipments.require_tracking = false).await;
        world.sim.clock().advance(MINUTE * 3);
        assert_eq!((name(&world, order).await, fulfillments(&world, order)), ("unknown", 1));
    }
}
