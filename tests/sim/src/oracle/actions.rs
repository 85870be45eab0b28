//! What must be true when a request leaves that changes an order as the host asked, and what became of the actions in the end.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request};
use serde_json::Value;
use shipstation_connector::channel::{
    ActionKind, ActionReport, ActionState, ChannelOrderId, ChannelTagId, CloseReason, RunStatus,
    report::ActionOutcomeKind,
    store::{ActionQuery, ActionRow},
};

use super::{judge_requests, now_or_never};
use crate::{
    process::RunLog,
    world::{Connection, Truth, World},
};

/// So often an action is sent at most.
const MAX_SENT: u32 = 2;
/// So long after the first request comes the second: an effect or a read that is late by more may lead to one more.
const NEXT_SEND: Duration = Duration::from_secs(4 * 60);

/// The report of a run of actions.
pub fn judge_action_run(world: &World, log: &RunLog, report: &ActionReport) {
    world.assert(report.counts.add_up(), || format!("the counts do not add up: {report}"));
    judge_requests(world, log, report.run.api.requests);
    let done = report.run.status == RunStatus::Succeeded;
    world.assert(!done || report.counts.of(ActionOutcomeKind::Unknown) == 0, || {
        format!("succeeded with unknown outcomes: {report}")
    });
}

/// Whether a request is one of an action, and not the acknowledgement of an import.
pub fn is_action(path: &str, body: &Value, truth: &Truth) -> bool {
    let is_tag = path.ends_with("/orders/addtag") || path.ends_with("/orders/removetag");
    let is_hold = path.ends_with("/orders/holduntil") || path.ends_with("/orders/restorefromhold");
    is_hold || (is_tag && body["tagId"].as_i64() != truth.tag)
}

/// The path and the body of a request of an action.
pub fn action_of(request: &Request<Bytes>, truth: &Truth) -> Option<(String, Value)> {
    let path = request.uri().path();
    let body = serde_json::from_slice(request.body()).ok().filter(|_| request.method() == Method::POST)?;
    is_action(path, &body, truth).then(|| (path.to_owned(), body))
}

fn is_of(row: &ActionRow, path: &str, body: &Value) -> bool {
    let names = |tag: &ChannelTagId| body["tagId"].as_i64() == tag.as_str().parse().ok();
    match &row.action.kind {
        ActionKind::Hold { .. } => path.ends_with("/orders/holduntil"),
        ActionKind::Release => path.ends_with("/orders/restorefromhold"),
        ActionKind::AddTag { tag } => path.ends_with("/orders/addtag") && names(tag),
        ActionKind::RemoveTag { tag } => path.ends_with("/orders/removetag") && names(tag),
        _ => false,
    }
}

/// Before the request leaves its row says so. It leaves twice at most, and the second time only if nobody has changed the order
/// since the first, as far as a look can have shown.
pub fn judge_action(world: &World, connection: usize, run: &RunLog, request: &Request<Bytes>) {
    let it = &world.connections[connection];
    let Some((path, body)) = action_of(request, &it.truth.lock().unwrap()) else { return };
    let order = body["orderId"].as_i64().unwrap_or_default();
    run.marked.fetch_add(1, Ordering::Relaxed);
    let rows = rows_of(world, it, order);
    let has_stood_still = !run.stalled_since_begin().is_zero();
    let is_begun = |row: &&ActionRow| {
        let is_taken_over = world.plan.trouble.clocks && matches!(row.state, ActionState::Unknown { .. });
        is_of(row, &path, &body) && (matches!(row.state, ActionState::Sending { .. }) || is_taken_over)
    };
    let Some(row) = rows.iter().find(is_begun) else {
        return world.assert(has_stood_still, || {
            format!("{path} of order {order} leaves, and no action says so: {rows:?}")
        });
    };
    let modified = it.sim.account(|account| account.order(order)?.time("modifyDate"));
    let mut truth = it.truth.lock().unwrap();
    let shown = truth.shown.get(&order).copied();
    let is_stale = !truth.stale.is_zero();
    truth.last_actions.insert(order, row.action.id.clone());
    let action = truth.actions.entry(row.action.id.clone()).or_default();
    action.sent += 1;
    let (sent, before) = (action.sent, action.modified);
    if sent == 1 {
        action.modified = modified;
    }
    drop(truth);
    world.assert(has_stood_still || sent <= MAX_SENT, || {
        format!("action {} leaves for the {sent}th time without a clear answer", row.action.id)
    });
    let was_changed =
        modified.zip(shown).is_some_and(|(modified, shown)| modified < shown) && before != modified;
    world.assert(sent < MAX_SENT || has_stood_still || is_stale || !was_changed, || {
        format!("action {} leaves again, and its order was changed since: {row:?}", row.action.id)
    });
}

fn rows_of(world: &World, it: &Connection, order: i64) -> Vec<ActionRow> {
    let query = ActionQuery::OfOrder(ChannelOrderId::new(order.to_string()));
    now_or_never(world.open().actions.unwrap().actions(&it.id, &query, None, 1_000))
}

/// None is left open, each had its effect once, and what is closed without it has a reason.
pub fn judge(world: &Arc<World>, connection: &Connection) {
    let actions = world.open().actions.unwrap();
    let open = now_or_never(actions.actions(&connection.id, &ActionQuery::Open, None, 1_000));
    world.assert(open.is_empty(), || format!("actions that nobody has finished: {open:?}"));
    let truth = connection.truth.lock().unwrap();
    for (id, action) in &truth.actions {
        let is_late = truth.late + truth.stale + action.late >= NEXT_SEND;
        let allowed = 1 + u32::from(is_late);
        world.assert(action.effects <= allowed, || {
            format!("action {id} had its effect {} times, and {allowed} are allowed", action.effects)
        });
    }
    for order in truth.orders.keys() {
        for row in rows_of(world, connection, *order) {
            let ActionState::Closed { reason } = &row.state else { continue };
            let sent = truth.actions.contains_key(&row.action.id);
            let is_explained = match reason {
                CloseReason::OutcomeUnknown { .. } => {
                    sent || world.plan.trouble.storage || world.plan.trouble.kills
                }
                CloseReason::Refused { .. } => sent,
                CloseReason::TagUnknown { .. } => false,
                CloseReason::NotPossible { .. } | CloseReason::OrderGone => {
                    truth.orders[order].touched || sent || truth.orders[order].marked > 0
                }
                _ => true,
            };
            world.assert(is_explained, || format!("nothing explains how an action was closed: {row:?}"));
        }
    }
}
