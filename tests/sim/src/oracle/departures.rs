//! What must be true when a request leaves that marks an order as shipped.

use bytes::Bytes;
use http::{Method, Request};
use shipstation_connector::channel::{ChannelOrderId, ShipmentState, store::ShipmentStoreExt};

use super::now_or_never;
use crate::{
    process::RunLog,
    world::{Doubt, World},
};

/// The order that a request marks as shipped, if it marks one.
pub fn mark_of(request: &Request<Bytes>) -> Option<i64> {
    if request.method() != Method::POST || !request.uri().path().ends_with("/orders/markasshipped") {
        return None;
    }
    let body: serde_json::Value = serde_json::from_slice(request.body()).ok()?;
    body["orderId"].as_i64()
}

/// Before a mark leaves its row says so; and one that may have happened is repeated after two looks that are apart only. A process
/// that stood still between its decision and the request is another matter: no lease outlives that.
pub fn judge_departure(world: &World, connection: usize, run: &RunLog, request: &Request<Bytes>) {
    let Some(id) = mark_of(request) else { return };
    let it = &world.connections[connection];
    let key = ChannelOrderId::new(id.to_string());
    let rows = now_or_never(world.open().shipments.order_progress(&it.id, &key)).rows;
    let has_stood_still = !run.stalled.lock().unwrap().is_zero();
    let is_begun = rows.iter().any(|row| matches!(row.state, ShipmentState::Sending { .. }));
    world.assert(is_begun || has_stood_still, || {
        format!("a mark of order {id} leaves, and no row says so: {rows:?}")
    });
    let doubt = it.truth.lock().unwrap().orders.entry(id).or_default().doubt.replace(Doubt::default());
    world.assert(has_stood_still || doubt.is_none_or(|doubt| doubt.has_two_looks()), || {
        format!("a mark of order {id} leaves again, and its order was not looked at twice: {doubt:?}")
    });
}
