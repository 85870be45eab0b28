//! Shipments whose outcome is unknown, and what a host may say wrongly.
// The helpers below check every report themselves.
#![allow(unused_must_use)]

mod circles;
mod clocks;
mod dates;
mod external;
mod late;
mod lines;
mod looks;
mod numbers;
mod outages;
mod refusals;
mod stopping;
mod tracking;

use std::time::Duration;

use shipstation_connector::{
    Settings, ShipStationChannel,
    channel::{
        ChannelConnector, ChannelOrderId, GetOrders, ShipmentState, SyncReport, SyncShipments,
        store::{OutboxRow, ShipmentStore},
    },
    testing::simulator::{Fault, FaultKind, Method},
};

use crate::support::World;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const MARK: &str = "/orders/markasshipped";

/// One run of a new process with default settings.
async fn sync(world: &World) -> SyncReport {
    sync_on(&world.channel(|_| {})).await
}

async fn sync_with(world: &World, change: impl FnOnce(&mut Settings)) -> SyncReport {
    sync_on(&world.channel(change)).await
}

/// One run of a process that goes on.
async fn sync_on(channel: &ShipStationChannel) -> SyncReport {
    let report = channel.sync_shipments(SyncShipments::new()).await.unwrap();
    assert!(report.counts.add_up(), "{report}");
    report
}

/// A run of a new process after a while.
async fn sync_after(world: &World, wait: Duration) -> SyncReport {
    world.sim.clock().advance(wait);
    sync(world).await
}

async fn import(world: &World) {
    let report = world.channel(|_| {}).get_orders(GetOrders::new()).await.unwrap();
    assert!(report.counts.add_up(), "{report}");
}

async fn rows(world: &World, order: i64) -> Vec<OutboxRow> {
    let order = ChannelOrderId::new(order.to_string());
    world.store.order_progress(&world.connection, &order).await.unwrap().rows
}

/// The state of the newest row of an order.
async fn state(world: &World, order: i64) -> ShipmentState {
    rows(world, order).await.pop().unwrap().state
}

async fn name(world: &World, order: i64) -> &'static str {
    state(world, order).await.name()
}

/// An order with a shipment, whose mark is answered so.
async fn one(world: &World, answer: FaultKind) -> i64 {
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    world.sim.fault(Fault::on(Method::POST, MARK).with(answer));
    order
}

/// How many fulfillments ShipStation has made of an order: a second one is a second parcel to the buyer.
fn fulfillments(world: &World, order: i64) -> usize {
    world.sim.account(|account| account.fulfillments_of(order).len())
}

/// What the last mark said.
fn last_mark(world: &World) -> serde_json::Value {
    world.sim.journal().of("POST", MARK).last().unwrap().body.clone()
}
