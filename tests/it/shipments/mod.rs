//! Sync shipments against the simulator: every row of its tables, its numbers, and what it survives.
// The helpers below check every report themselves.
#![allow(unused_must_use)]

mod blocked;
mod clock;
mod confirm;
mod crash;
mod faults;
mod give_up;
mod missing;
mod mortal;
mod numbers;
mod open_orders;
mod partial;
mod preflight;
mod random;
mod report;
mod restored;
mod revisions;
mod source;
mod workers;

use std::time::Duration;

use shipstation_connector::{
    Settings, ShipStationChannel,
    channel::{
        ChannelConnector, ChannelOrderId, GetOrders, LineQuantity, Shipment, ShipmentState, SyncReport,
        SyncShipments,
        store::{OutboxRow, ShipmentStoreExt},
    },
};

use crate::support::World;

/// The request that marks an order as shipped.
pub(crate) const MARK: &str = "/orders/markasshipped";
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// One run of a new process with default settings.
pub(crate) async fn sync(world: &World) -> SyncReport {
    sync_with(world, |_| {}).await
}

pub(crate) async fn sync_with(world: &World, change: impl FnOnce(&mut Settings)) -> SyncReport {
    sync_on(&world.channel(change)).await
}

/// One run of a process that goes on.
pub(crate) async fn sync_on(channel: &ShipStationChannel) -> SyncReport {
    let report = channel.sync_shipments(SyncShipments::new()).await.unwrap();
    assert!(report.counts.add_up(), "{report}");
    report
}

/// A run after a while.
pub(crate) async fn sync_after(world: &World, wait: Duration) -> SyncReport {
    world.sim.clock().advance(wait);
    sync(world).await
}

pub(crate) async fn import(world: &World) {
    let report = world.channel(|_| {}).get_orders(GetOrders::new()).await.unwrap();
    assert!(report.counts.add_up(), "{report}");
}

pub(crate) async fn rows(world: &World, order: i64) -> Vec<OutboxRow> {
    let order = ChannelOrderId::new(order.to_string());
    world.store.order_progress(&world.connection, &order).await.unwrap().rows
}

/// The state of the only row of an order.
async fn state(world: &World, order: i64) -> ShipmentState {
    let rows = rows(world, order).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows[0].state.clone()
}

/// The states of an order's rows, in the order in which they were shipped.
async fn states(world: &World, order: i64) -> Vec<&'static str> {
    rows(world, order).await.iter().map(|row| row.state.name()).collect()
}

/// A shipment of some lines of an order, shipped `hours` ago.
pub(crate) fn part(world: &World, id: &str, order: i64, hours: u32, lines: &[(usize, i64)]) -> Shipment {
    let ids: Vec<String> = world.sim.account(|account| {
        account
            .order(order)
            .unwrap()
            .rows("items")
            .map(|item| item.int("orderItemId").unwrap().to_string())
            .collect()
    });
    let lines = lines
        .iter()
        .map(|(place, quantity)| LineQuantity { line: ids[*place].clone().into(), quantity: *quantity })
        .collect();
    Shipment::new(id, order.to_string(), world.ago(HOUR * hours), "UPS", format!("1Z{id}")).lines(lines)
}

/// How many of the requests that marked this order took effect.
fn marked(world: &World, order: i64) -> usize {
    let journal = world.sim.journal();
    journal
        .of("POST", "/orders/markasshipped")
        .filter(|entry| entry.executed && entry.body["orderId"] == order)
        .count()
}
