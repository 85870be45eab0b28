//! What must be true when a request leaves that marks an order as shipped.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::{Method, Request};
use serde_json::Value;
use shipstation_connector::channel::{
    ChannelOrderId, ShipmentState,
    store::{OutboxRow, ShipmentStoreExt},
};

use super::now_or_never;
use crate::{
    process::RunLog,
    world::{Doubt, World},
};

/// So often a request of unknown outcome is sent at most (behaviour 6.12).
const MAX_DOUBTFUL_MARKS: u32 = 3;

/// The order that a request marks as shipped, if it marks one.
pub fn mark_of(request: &Request<Bytes>) -> Option<i64> {
    body_of(request)?["orderId"].as_i64()
}

fn body_of(request: &Request<Bytes>) -> Option<Value> {
    let is_mark = request.method() == Method::POST && request.uri().path().ends_with("/orders/markasshipped");
    serde_json::from_slice(request.body()).ok().filter(|_| is_mark)
}

/// Before a mark leaves its row says so, and it says what the row says; one that may have happened is repeated after two looks that
/// are apart only, and not for ever. A process that stood still between its decision and the request is another matter: no lease
/// outlives that.
pub fn judge_departure(world: &World, connection: usize, run: &RunLog, request: &Request<Bytes>) {
    let Some((body, id)) = body_of(request).and_then(|body| Some((body.clone(), body["orderId"].as_i64()?)))
    else {
        return;
    };
    run.marked.fetch_add(1, Ordering::Relaxed);
    let it = &world.connections[connection];
    let key = ChannelOrderId::new(id.to_string());
    let rows = now_or_never(world.open().shipments.order_progress(&it.id, &key)).rows;
    let numbers: Vec<&str> = rows
        .iter()
        .flat_map(|row| &row.shipment.packages)
        .filter_map(|package| package.tracking.as_deref())
        .collect();
    let says = |member: &str| body[member].as_str().unwrap_or_default();
    let is_true = numbers.contains(&says("trackingNumber"))
        && says("carrierCode") == "ups"
        && body["notifyCustomer"] == false
        && body["notifySalesChannel"] == true;
    world.assert(is_true, || format!("a mark of order {id} says {body}, and its rows are {rows:?}"));
    let has_stood_still = !run.stalled_since_begin().is_zero();
    // A run whose clock is ahead takes the lease, and the rows, from one that is at work: it looks for the request before it decides.
    // Of parcels that leave together one row is sent, with the number of any.
    let is_taken_over =
        |row: &OutboxRow| world.plan.trouble.clocks && matches!(row.state, ShipmentState::Unknown { .. });
    let is_begun =
        rows.iter().any(|row| matches!(row.state, ShipmentState::Sending { .. }) || is_taken_over(row));
    world.assert(is_begun || has_stood_still, || {
        format!("a mark of order {id} leaves, and no row says so: {rows:?}")
    });
    let mut truth = it.truth.lock().unwrap();
    let order = truth.orders.entry(id).or_default();
    let doubt = order.doubt.replace(Doubt::default());
    order.doubtful_marks += 1;
    let marks = order.doubtful_marks;
    drop(truth);
    world.assert(has_stood_still || doubt.is_none_or(|doubt| doubt.has_two_looks()), || {
        format!("a mark of order {id} leaves again, and its order was not looked at twice: {doubt:?}")
    });
    world.assert(has_stood_still || marks <= MAX_DOUBTFUL_MARKS, || {
        format!("a mark of order {id} leaves for the {marks}th time without a clear answer")
    });
}
