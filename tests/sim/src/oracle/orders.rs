//! What became of the orders in the end: the host has them, once, with all that follows an import.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use shipstation_connector::channel::{
    ChannelOrderId, HoldKind,
    store::{ImportRecord, OrderChangeKind, OrderStoreExt, Stores},
};

use super::{imports::missing, now_or_never};
use crate::{
    process::{tag_of, user_of},
    world::{Connection, Truth, World},
};

const DAY: Duration = Duration::from_secs(86_400);

pub fn judge(world: &Arc<World>, number: usize, connection: &Connection) {
    let missing: BTreeSet<i64> = missing(world, connection, None)
        .into_iter()
        .filter(|id| !may_be_too_old(world, connection, *id))
        .collect();
    world.assert(missing.is_empty(), || format!("lost in the end: {missing:?}"));
    let stores = world.open();
    let (user, tag) = (user_of(world, number), tag_of(world, number));
    let truth = connection.truth.lock().unwrap();
    let ids: Vec<ChannelOrderId> =
        truth.orders.keys().map(|id| ChannelOrderId::new(id.to_string())).collect();
    let known = now_or_never(stores.orders.known(&connection.id, &ids));
    world.assert(truth.inserted == known.len() as u64, || {
        format!("{} orders were inserted {} times", known.len(), truth.inserted)
    });
    for held in now_or_never(stores.orders.held(&connection.id, None, 1_000)) {
        let text = held.holds.iter().find(|hold| hold.kind() == HoldKind::UnmappedShipping);
        world.assert(text.is_none(), || format!("order {} is still held: {text:?}", held.order));
    }
    judge_imported(world, connection, &truth, &known);
    judge_follow_ups(world, connection, &truth, &known, (user, tag));
    if world.plan.host.watches {
        judge_changes(world, connection, &stores, known.keys().filter(|id| !truth.dismissed.contains(id)));
    }
}

/// Whether every report may have counted an order as outside the window: the merchant made it eligible when it was too old, a list
/// that was as consistent as a true one hid it until it was, or no run came to its end for as long as a window catches up.
fn may_be_too_old(world: &World, connection: &Connection, id: i64) -> bool {
    let created = connection.created_at(id);
    let is_older = |days: u32| created.is_none_or(|at| at + days * DAY < world.time.now());
    let truth = connection.truth.lock().unwrap();
    let is_excused = truth.orders.get(&id).is_none_or(|order| order.touched || order.hidden);
    is_older(7 + 30) || (is_older(7) && is_excused)
}

/// What somebody else fulfills is not imported; a part that was split off an imported order is held; what nobody touched is not.
fn judge_imported(
    world: &World,
    connection: &Connection,
    truth: &Truth,
    known: &HashMap<ChannelOrderId, ImportRecord>,
) {
    for (id, order) in &truth.orders {
        let Some(record) = known.get(&ChannelOrderId::new(id.to_string())) else { continue };
        let is_foreign = connection
            .sim
            .account(|account| account.order(*id).is_some_and(|row| row.flag("externallyFulfilled")));
        world.assert(!is_foreign, || format!("order {id} is fulfilled by somebody else and was imported"));
        let holds = &record.holds;
        world.assert(order.touched || holds.is_empty(), || format!("order {id} is held: {holds:?}"));
        // What was read of it had the lines that were split off.
        let was_imported = order.parent.is_some_and(|parent| {
            let record = known.get(&ChannelOrderId::new(parent.id.to_string()));
            record.is_some_and(|record| {
                record.imported_at < parent.split_at && record.line_names.len() >= parent.lines
            })
        });
        // Where a clock is wrong, so may be the time of an import.
        let is_certain = world.plan.has_monotonic && !world.plan.trouble.clocks;
        world.assert(!was_imported || !is_certain || !holds.is_empty(), || {
            format!("order {id} was split off an imported one, was imported and is not held")
        });
    }
}

/// Every imported order that nobody touched has its user and its tag.
fn judge_follow_ups(
    world: &World,
    connection: &Connection,
    truth: &Truth,
    known: &HashMap<ChannelOrderId, ImportRecord>,
    (user, tag): (Option<String>, Option<i64>),
) {
    let untouched = truth.orders.iter().filter(|(_, order)| !order.touched);
    for id in untouched.map(|(id, _)| id) {
        if !known.contains_key(&ChannelOrderId::new(id.to_string())) {
            continue;
        }
        let (assigned, tagged) = connection.sim.account(|account| {
            let row = account.order(*id);
            (
                user.is_none() || row.is_some_and(|row| row.text("userId") == user.as_deref()),
                tag.is_none_or(|tag| row.is_some_and(|row| row.ids("tagIds").contains(&tag))),
            )
        });
        world.assert(assigned, || format!("order {id} was imported and its user never assigned"));
        world.assert(tagged, || format!("order {id} was imported and never tagged"));
    }
}

/// The feed tells each modification of an order once, and every cancellation of one that no person has dismissed.
fn judge_changes<'a>(
    world: &World,
    connection: &Connection,
    stores: &Stores,
    known: impl Iterator<Item = &'a ChannelOrderId>,
) {
    let Some(history) = &stores.history else { return };
    let feed = now_or_never(history.changes(&connection.id, None, 10_000));
    let mut told = BTreeSet::new();
    for recorded in &feed {
        let change = &recorded.change;
        // A merge is dated by the survivor, and may have the date of an own change by chance, or by a list that misdates rows.
        let into = change.what.iter().find_map(|what| match what {
            OrderChangeKind::Merged { into } => Some(into),
            _ => None,
        });
        let is_new = told.insert((change.order.clone(), change.modified_at, into));
        world.assert(is_new, || format!("told twice: {change:?}"));
    }
    let trouble = &world.plan.trouble;
    if trouble.lies || trouble.lists || trouble.clocks {
        return;
    }
    for id in known {
        let number = id.as_str().parse().unwrap_or_default();
        let cancelled_at = connection.sim.account(|account| {
            let row = account.order(number).filter(|row| row.text("orderStatus") == Some("cancelled"));
            row.and_then(|row| row.time("modifyDate"))
        });
        let is_due = cancelled_at.is_some_and(|at| at + DAY < world.time.now());
        let is_told = feed.iter().any(|recorded| {
            recorded.change.order == *id && recorded.change.what.contains(&OrderChangeKind::Cancelled)
        });
        world.assert(!is_due || is_told, || format!("order {id} was cancelled, and the host not told"));
    }
}
