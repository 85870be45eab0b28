//! What a run costs, counted on the journal.

use shipstation_connector::testing::simulator::SimulatorConfig;

use super::{MINUTE, sync};
use crate::support::World;

#[tokio::test]
async fn requests_a_thousand_shipments_of_three_thousand_open_orders_cost_little_more_than_one_each() {
    let world = World::with(SimulatorConfig::default()).await;
    let orders: Vec<i64> = (0..3_000_u32)
        .map(|n| {
            let created =
                world.ago(MINUTE * (3_000 - n) + std::time::Duration::from_millis(u64::from(n) * 7));
            world.add(world.order(&format!("{n}")).created(created))
        })
        .collect();
    for order in orders.iter().step_by(3) {
        world.ship(*order, &format!("1Z{order}")).await;
    }
    let begun = world.now();
    let report = sync(&world).await;
    assert_eq!((report.counts.confirmed(), world.marks()), (1_000, 1_000), "{report}");
    let (requests, took) = (world.sim.journal().len(), world.now().since(begun));
    assert!(requests <= 1_050, "{requests} requests");
    assert!(took <= MINUTE * 27, "{took:?} for {requests} requests");
    assert_eq!(world.sim.journal().throttled().count(), 0);
    assert_eq!(report.run.api.requests, requests as u64);
}

#[tokio::test]
async fn requests_three_shipments_cost_two_each_and_one() {
    let world = World::new().await;
    let orders: Vec<i64> = (0..600).map(|n| world.add(world.order(&format!("{n}")))).collect();
    for order in &orders[..3] {
        world.ship(*order, &format!("1Z{order}")).await;
    }
    let report = sync(&world).await;
    assert_eq!(report.counts.confirmed(), 3, "{report}");
    assert!(world.sim.journal().len() <= 7, "{}", world.sim.journal().len());
}

#[tokio::test]
async fn requests_a_few_shipments_among_many_orders_are_not_listed_to_the_end() {
    let world = World::new().await;
    let orders: Vec<i64> = (0..3_000).map(|n| world.add(world.order(&format!("{n}")))).collect();
    for order in &orders[2_995..] {
        world.ship(*order, &format!("1Z{order}")).await;
    }
    sync(&world).await;
    let journal = world.sim.journal();
    assert_eq!(journal.count("GET", "/orders"), 1, "the first page tells that five looks cost no more");
    assert_eq!(journal.len(), 1 + 5 + 5 + 1);
}

#[tokio::test]
async fn requests_nothing_due_costs_nothing() {
    let world = World::new().await;
    world.add(world.order("1"));
    let report = sync(&world).await;
    assert_eq!((report.counts.due(), world.sim.journal().len()), (0, 0), "{report}");
}
