//! What became of the shipments in the end: each has an answer that what happened explains, and none was told twice.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use shipstation_connector::channel::{
    BlockReason, ChannelOrderId, FailReason, ShipmentState,
    store::{OutboxRow, ShipmentStoreExt},
};

use super::now_or_never;
use crate::world::{Connection, OrderTruth, Truth, World};

/// So long after a first and a second send of unknown outcome comes the next one: an effect or a read that is late by more may
/// lead to one mark more (behaviour 6.12).
const NEXT_SEND: [Duration; 2] = [Duration::from_secs(4 * 60), Duration::from_secs(64 * 60)];

pub fn judge(world: &Arc<World>, connection: &Connection) {
    let stores = world.open();
    let has_null_rows = connection.sim.account(|account| account.quirks.null_rows);
    let truth = connection.truth.lock().unwrap();
    for (id, order) in &truth.orders {
        let allowed = allowed_marks(&truth, order);
        world.assert(order.marked <= allowed, || {
            format!("order {id} was marked {} times, and {allowed} are allowed", order.marked)
        });
        world.stats.repeated_marks.fetch_add(u64::from(order.marked.saturating_sub(1)), Ordering::Relaxed);
        let key = ChannelOrderId::new(id.to_string());
        let rows = now_or_never(stores.shipments.order_progress(&connection.id, &key)).rows;
        world.assert(!order.enqueued || !rows.is_empty(), || format!("the shipment of order {id} is lost"));
        let is_superseded = |row: &OutboxRow| matches!(row.state, ShipmentState::Superseded { .. });
        let are_all = order.parcels > 0 && !order.touched && rows.iter().all(is_superseded);
        world.assert(!are_all, || format!("no shipment of order {id} was told: {rows:?}"));
        // What is due is done within twelve hours once everything is well.
        let newest = rows.iter().map(|row| row.enqueued_at).max();
        if newest.is_none_or(|at| at + Duration::from_secs(12 * 3_600) > world.time.now()) {
            continue;
        }
        let is_stuck = |row: &OutboxRow| {
            matches!(
                row.state,
                ShipmentState::Blocked { .. }
                    | ShipmentState::RetryWait { .. }
                    | ShipmentState::Unknown { .. }
            )
        };
        // What is stuck is judged by itself, and the rest of its order waits with it.
        let waits = |row: &OutboxRow| {
            matches!(row.state, ShipmentState::Waiting { .. } | ShipmentState::Pending)
                && rows.iter().any(is_stuck)
        };
        let shown = Shown::of(connection, *id);
        for row in rows.iter().filter(|row| !waits(row)) {
            let is_fine = is_explained(world, &truth, order, row, &shown, has_null_rows);
            world.assert(is_fine, || format!("order {id}, marked {} times: {row:?}", order.marked));
        }
    }
}

/// What is on an order in ShipStation now.
struct Shown {
    /// A record with one of the host's numbers.
    ours: bool,
    /// A record with another one.
    theirs: bool,
    status: String,
}

impl Shown {
    fn of(connection: &Connection, order: i64) -> Self {
        connection.sim.account(|account| {
            let numbers: Vec<String> = account
                .fulfillments_of(order)
                .iter()
                .filter_map(|row| row.text("trackingNumber").map(str::to_owned))
                .collect();
            let status = account.order(order).and_then(|row| row.text("orderStatus")).unwrap_or_default();
            Self {
                ours: numbers.iter().any(|number| number.starts_with("1Z")),
                theirs: numbers.iter().any(|number| !number.starts_with("1Z")),
                status: status.to_owned(),
            }
        })
    }
}

/// Whether what happened explains the state of a shipment.
fn is_explained(
    world: &World,
    truth: &Truth,
    order: &OrderTruth,
    row: &OutboxRow,
    shown: &Shown,
    nulls: bool,
) -> bool {
    // Trouble that lasts longer than anything is tried.
    let is_long = world.plan.troubled >= Duration::from_secs(7 * 86_400);
    // Somebody shipped it, and lists with nulls never prove by whom.
    let is_shipped = shown.theirs || shown.status == "shipped";
    let is_beyond_proof = order.touched && nulls && (is_shipped || order.merged);
    let is_late = truth.late + truth.stale > NEXT_SEND[0];
    match &row.state {
        ShipmentState::Confirmed { .. } => shown.ours || order.merged,
        // Five a run are proven whose record came late: within a day.
        ShipmentState::Sent { at } => shown.ours && *at + Duration::from_secs(86_400) > world.time.now(),
        ShipmentState::Blocked { reason } => match reason {
            // Nothing is sent more than three times, however often a request is lost.
            BlockReason::OutcomeUnknown { requests: 3.., .. } => true,
            BlockReason::OutcomeUnknown { .. } => is_late || is_beyond_proof || is_long,
            BlockReason::Refused { .. } | BlockReason::RefusedCarrier { .. } => {
                truth.refusals && (!shown.ours || !truth.stale.is_zero())
            }
            // A hold that the host asked for may have ended since the last run.
            BlockReason::OrderNotShippable { .. } => {
                is_beyond_proof
                    || (world.plan.acts() && order.touched)
                    || matches!(shown.status.as_str(), "on_hold" | "awaiting_payment")
            }
            _ => order.touched,
        },
        ShipmentState::Failed { reason: FailReason::GaveUp { .. } } => is_long || is_beyond_proof,
        ShipmentState::Failed { reason: FailReason::AlreadyShipped { .. } } => shown.theirs || order.merged,
        ShipmentState::Failed { reason: FailReason::AmendmentNotSupported } => order.touched,
        // It was cancelled or merged; our mark may have come late to it.
        ShipmentState::Failed { .. } => {
            order.touched && (!shown.ours || order.merged || is_late || order.late > NEXT_SEND[0])
        }
        ShipmentState::RetryWait { .. } | ShipmentState::Unknown { .. } => is_beyond_proof,
        ShipmentState::Superseded { .. } => order.touched || order.parcels > 1,
        ShipmentState::Cancelled => row.shipment.voided,
        _ => false,
    }
}

/// One, and one more for each gap between sends that an effect or a read was later than.
fn allowed_marks(truth: &Truth, order: &OrderTruth) -> u32 {
    let lag = truth.late + truth.stale + order.late;
    1 + NEXT_SEND.iter().filter(|gap| lag >= **gap).count() as u32
}
