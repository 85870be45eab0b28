//! Shipping mappings, held orders and the check of a whole configuration, against the simulator.

mod check;
mod check_account;
mod held;
mod unmapped;

use shipstation_connector::{
    ShipStationChannel,
    channel::{ChannelConnector, GetOrders, ImportReport, ResolveHeld, ResolveReport},
};

use crate::support::World;

/// Adds an order with this shipping text.
fn order(world: &World, number: &str, text: &str) -> i64 {
    world.add(world.order(number).shipping(text))
}

async fn import(channel: &ShipStationChannel) -> ImportReport {
    let report = channel.get_orders(GetOrders::new()).await.unwrap();
    assert!(report.counts.add_up(), "{report}");
    report
}

async fn resolve(channel: &ShipStationChannel) -> ResolveReport {
    let report = channel.resolve_held(ResolveHeld::new()).await.unwrap();
    assert!(report.counts.add_up(), "{report}");
    report
}
