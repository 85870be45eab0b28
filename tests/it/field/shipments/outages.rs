//! One order's own trouble is not an outage.

use shipstation_connector::channel::report::SyncOutcomeKind;
use shipstation_connector::{
    channel::RunStatus,
    testing::simulator::{Fault, FaultKind, Method},
};

use super::{HOUR, MARK, MINUTE, name, sync, sync_after};
use crate::support::World;

fn unreadable() -> FaultKind {
    FaultKind::Status { code: 200, body: r#"{"orderId":"?"}"#.to_owned() }
}

async fn many(world: &World, count: usize) -> Vec<i64> {
    let orders: Vec<i64> = (0..count).map(|n| world.add(world.order(&format!("{n}")))).collect();
    for order in &orders {
        world.ship(*order, &format!("1Z{order}")).await;
    }
    orders
}

#[tokio::test]
async fn faults_unreadable_orders_keep_no_other_from_its_turn() {
    for count in [3, 12] {
        let world = World::new().await;
        let orders = many(&world, count + 5).await;
        for order in &orders[..count] {
            world.sim.account(|account| account.overwrite(*order, "orderStatus", "{}"));
            world.sim.account(|account| account.overwrite(*order, "orderId", "\"?\""));
        }
        let report = sync(&world).await;
        assert_eq!(
            (report.counts.confirmed(), report.counts.of(SyncOutcomeKind::RetryWaiting)),
            (5, count as u64),
            "{report}"
        );
        assert_eq!(report.run.status, RunStatus::CompletedWithErrors);
    }
}

#[tokio::test]
async fn faults_unreadable_looks_keep_no_other_from_its_look() {
    let world = World::new().await;
    world.sim.fault(Fault::on(Method::POST, MARK).times(12).with(FaultKind::Truncate));
    let orders = many(&world, 12).await;
    for order in &orders[..8] {
        world.sim.fault(Fault::on(Method::GET, &format!("/orders/{order}")).always().with(unreadable()));
    }
    sync(&world).await;
    sync_after(&world, MINUTE).await;
    for order in &orders[8..] {
        assert_eq!(
            name(&world, *order).await,
            "confirmed",
            "they were marked although every answer was unreadable"
        );
    }
    assert_eq!(world.marks(), 12);
    world.sim.clear_faults();
    sync_after(&world, HOUR).await;
    for order in orders {
        assert_eq!(name(&world, order).await, "confirmed");
    }
    assert_eq!(world.marks(), 12);
}
