//! The outbox of shipments: what is in it, and each thing that can be done to a row.

mod rows;
mod steps;

use super::{Case, Check, Run, TestBed, at, shipment};
use crate::{
    Timestamp,
    channel::{
        BlockReason, OutboxId, RetryClass, ShipmentState,
        store::{BeginSendOutcome, OutboxRow, SendIntent, ShipmentStoreExt, ShipmentTransition, StoreError},
    },
};

pub(super) fn checks() -> Vec<Case> {
    [rows::CHECKS, steps::CHECKS].concat()
}

pub(super) fn id(shipment: &str) -> OutboxId {
    OutboxId { shipment: shipment.into(), revision: 1 }
}

pub(super) fn intent(shipment: &str, now: Timestamp) -> SendIntent {
    SendIntent::new(id(shipment), 1, now)
}

pub(super) fn to(shipment: &str, state: ShipmentState) -> ShipmentTransition {
    ShipmentTransition::new(id(shipment), state, at(100))
}

fn blocked(reason: BlockReason) -> ShipmentState {
    ShipmentState::Blocked { reason }
}

fn retry(until: Timestamp, class: RetryClass) -> ShipmentState {
    ShipmentState::RetryWait { until, class, server_since: Some(at(40)) }
}

async fn begin(on: &Run, shipment: &str, now: Timestamp) -> Result<BeginSendOutcome, StoreError> {
    on.stores.shipments.begin_send_one(&on.token, &intent(shipment, now)).await
}

async fn record(on: &Run, steps: &[ShipmentTransition]) -> Result<(), StoreError> {
    on.stores.shipments.record(&on.token, steps).await
}

async fn step(on: &Run, shipment: &str, next: ShipmentState) -> Result<(), StoreError> {
    record(on, &[to(shipment, next)]).await
}

/// Puts shipments into the outbox: id, order, seconds at which it was shipped.
pub(super) async fn enqueue(on: &TestBed, shipments: &[(&str, &str, u64)]) -> Check {
    for (id, order, shipped_at) in shipments {
        on.stores.shipments.enqueue_one(&on.here, shipment(id, order, at(*shipped_at)), at(50)).await?;
    }
    Ok(())
}

/// The row of a shipment, by way of its order.
pub(super) async fn row(on: &TestBed, order: &str, shipment: &str) -> Check<Option<OutboxRow>> {
    let progress = on.peer.shipments.order_progress(&on.here, &order.into()).await?;
    Ok(progress.rows.into_iter().find(|row| row.id() == id(shipment)))
}

pub(super) async fn state(on: &TestBed, order: &str, shipment: &str) -> Check<Option<ShipmentState>> {
    Ok(row(on, order, shipment).await?.map(|row| row.state))
}

fn names(rows: &[OutboxRow]) -> Vec<String> {
    rows.iter().map(|row| row.shipment.id.to_string()).collect()
}
