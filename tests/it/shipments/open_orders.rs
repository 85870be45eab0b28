//! The look at many orders at once: what it costs, and that nothing is sent on the strength of an old one.

use shipstation_connector::channel::{BlockKind, report::SyncOutcomeKind};
use shipstation_connector::testing::simulator::{Fault, FaultKind, Method, SimulatorConfig};

use super::{MINUTE, marked, sync, sync_after};
use crate::support::World;

#[tokio::test]
async fn faults_a_look_does_not_get_old() {
    // 400 sends take ten minutes; near their end, orders that were open in the list are not open any more.
    let world = World::with(SimulatorConfig::default()).await;
    let orders: Vec<i64> = (0..400).map(|n| world.add(world.order(&format!("{n}")))).collect();
    for order in &orders {
        world.ship(*order, &format!("1Z{order}")).await;
    }
    let (cancelled, shipped, held, swallowed) = (orders[396], orders[397], orders[398], orders[399]);
    let survivor = world.add(world.order("survivor"));
    world.sim.before(Method::POST, "/orders/markasshipped", 30, move |account| {
        account.cancel(cancelled);
        account.ship_by_hand(shipped, "OTHER", "ups");
        account.hold(held);
        account.merge_orders(survivor, &[swallowed]);
    });
    let report = sync(&world).await;
    assert_eq!(world.marks(), 396, "{report}");
    assert_eq!(report.counts.failed.total(), 2, "{report}");
    assert_eq!(
        report.counts.of(SyncOutcomeKind::RetryWaiting),
        1,
        "the swallowed order is looked for once more: {report}"
    );
    assert_eq!(report.counts.blocked.of(BlockKind::OrderNotShippable), 1, "{report}");
    assert_eq!(report.counts.confirmed(), 396, "{report}");
}

#[tokio::test]
async fn requests_an_order_that_cannot_be_read_does_not_spoil_the_look_at_all_others() {
    let world = World::with(SimulatorConfig::default()).await;
    let orders: Vec<i64> = (0..400).map(|n| world.add(world.order(&format!("{n}")))).collect();
    for order in &orders {
        world.ship(*order, &format!("1Z{order}")).await;
    }
    let spoilt = world.add(world.order("spoilt"));
    world.sim.before(Method::POST, "/orders/markasshipped", 30, move |account| {
        account.edit(spoilt, |order| order.set("gift", true));
        account.poison(spoilt);
    });
    let report = sync(&world).await;
    assert_eq!((report.counts.confirmed(), world.marks()), (400, 400), "{report}");
    assert!(world.sim.journal().len() < 520, "{} requests", world.sim.journal().len());
}

#[tokio::test]
async fn faults_a_shipment_voided_while_it_waited_for_its_turn_is_not_sent() {
    let world = World::with(SimulatorConfig::default()).await;
    let orders: Vec<i64> = (0..300).map(|n| world.add(world.order(&format!("{n}")))).collect();
    for order in &orders {
        world.ship(*order, &format!("1Z{order}")).await;
    }
    let last = orders[299];
    let (store, connection, now) = (world.store.clone(), world.connection.clone(), world.now());
    world.sim.before(Method::POST, "/orders/markasshipped", 30, move |_| {
        use shipstation_connector::channel::{Shipment, store::ShipmentStoreExt};
        let voided =
            Shipment::new(format!("ship-{last}"), last.to_string(), now, "UPS", "1Z").revision(2).voided();
        futures_util::FutureExt::now_or_never(store.enqueue_one(&connection, voided, now)).unwrap().unwrap();
    });
    let report = sync(&world).await;
    assert_eq!(marked(&world, last), 0, "{report}");
    assert_eq!(super::states(&world, last).await, ["superseded", "cancelled"]);
}

#[tokio::test]
async fn requests_many_orders_on_hold_are_looked_at_in_lists() {
    let world = World::new().await;
    let orders: Vec<i64> = (0..40)
        .map(|n| {
            world.add(world.order(&format!("{n}")).status(if n < 30 {
                "on_hold"
            } else {
                "awaiting_payment"
            }))
        })
        .collect();
    for order in &orders {
        world.ship(*order, &format!("1Z{order}")).await;
    }
    let report = sync(&world).await;
    assert_eq!(report.counts.blocked.of(BlockKind::OrderNotShippable), 40, "{report}");
    world.sim.clear_journal();
    let report = sync_after(&world, MINUTE).await;
    assert_eq!(report.counts.blocked.of(BlockKind::OrderNotShippable), 40, "{report}");
    assert_eq!(world.sim.journal().len(), 2, "one list for each state");

    world
        .sim
        .account(|account| orders[..20].iter().all(|order| account.set_status(*order, "awaiting_shipment")));
    world.sim.clear_journal();
    let report = sync_after(&world, MINUTE).await;
    assert_eq!((report.counts.confirmed(), world.marks()), (20, 20), "{report}");
    assert_eq!(world.sim.journal().len(), 3 + 20 + 1, "three lists, the marks and their confirmation");
}

#[tokio::test]
async fn faults_a_list_that_cannot_be_read_keeps_no_shipment_back() {
    let html = FaultKind::Status { code: 200, body: "<html>".to_owned() };
    for failure in [FaultKind::Html { status: 503 }, html] {
        let world = World::new().await;
        for n in 0..5 {
            let order = world.add(world.order(&format!("{n}")).status("on_hold"));
            world.ship(order, &format!("1Z{order}")).await;
        }
        sync(&world).await;
        let open: Vec<i64> = (5..10).map(|n| world.add(world.order(&format!("{n}")))).collect();
        for order in &open {
            world.ship(*order, &format!("1Z{order}")).await;
        }
        world.sim.fault(Fault::on(Method::GET, "/orders").always().with(failure));
        let report = sync_after(&world, MINUTE).await;
        assert_eq!((report.counts.confirmed(), world.marks()), (5, 5), "{report}");
        assert_eq!(report.counts.blocked.of(BlockKind::OrderNotShippable), 5, "{report}");
    }
}
