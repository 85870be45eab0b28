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

use shipstation_connector::{
    channel::ShipmentState,
    testing::simulator::{Fault, FaultKind, Method},
};

use crate::{
    shipments::{HOUR, MINUTE, import, rows, sync, sync_after, sync_on, sync_with},
    support::World,
};

const MARK: &str = "/orders/markasshipped";

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
