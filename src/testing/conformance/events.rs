//! What happened to orders, where the store keeps it.

use std::sync::Arc;

use super::{
    Check, Stop, TestBed,
    actions::{self, actions as store_of_actions},
    at, checks, failure, held,
    history::{history, seen_first},
    holds, none, one_by_one,
    orders::ground_method,
    plain, ready, refused, same,
    shipments::{enqueue, id, intent, to},
};
use crate::{
    Timestamp,
    channel::{
        ActionKind, ActionState, CloseReason, ConnectionId, Operation, OrderAction, RunId, ShipmentState,
        report::FollowUpStatus,
        store::{
            AddOutcome, HistoryStoreExt, NewOrder, OrderEvent, OrderEventKind, OrderStoreExt, RecordedEvent,
            RunToken, WorkKind, WorkOutcome, WorkResult,
        },
    },
};

checks! { "events":
    every_write_adds_what_it_makes_happen => "each write adds its events, in the order of the writes, with the run and the time of each",
    a_write_that_changes_nothing_adds_no_event => "what is repeated is there once",
    a_write_that_is_refused_adds_no_event => "an event is there if its write is, and not otherwise",
    what_does_not_repeat_is_kept_after_many_repetitions => "at least 200 events of an order are kept, and of those after them all that are no repetitions",
    actions_are_part_of_the_story => "an action that is added and each of its steps add an event, and what changes nothing adds none",
    events_are_read_page_by_page => "`events` goes on after its cursor, without gaps and repeats",
    events_of_orders_and_connections_are_separate => "each order has its own events, and ids of two connections do not meet",
}

const GET: Operation = Operation::GetOrders;
const SYNC: Operation = Operation::SyncShipments;

async fn events(on: &TestBed, connection: &ConnectionId, order: &str) -> Check<Vec<OrderEvent>> {
    Ok(history(&on.peer)?.story(connection, &order.into()).await?)
}

async fn story(on: &TestBed, order: &str) -> Check<Vec<OrderEvent>> {
    events(on, &on.here, order).await
}

/// Imports orders, if the store keeps what happens to them: another store of orders may stand beside it.
async fn imported(on: &TestBed, orders: &[NewOrder]) -> Check<RunToken> {
    let history = history(&on.stores)?;
    let token = on.begun(GET).await?;
    on.stores.orders.save(&token, orders).await?;
    let first = orders.first().map_or("1".into(), |new| new.order.id.clone());
    if history.events(&on.here, &first, None, 1).await?.is_empty() {
        return Err(Stop::LeftOut("the store keeps no events of its orders"));
    }
    Ok(token)
}

fn done(kind: WorkKind) -> WorkOutcome {
    WorkOutcome::new("1".into(), kind, WorkResult::Done, at(20))
}

fn event(at: Timestamp, run: Option<&RunId>, what: OrderEventKind) -> OrderEvent {
    OrderEvent::new("1".into(), at, run.cloned(), what)
}

/// An order that waits, with both follow-ups.
fn held_with_work() -> NewOrder {
    NewOrder { follow_ups: ready("1", at(1)).follow_ups, ..held("1", "x") }
}

/// What may happen to an order, from its import to the end of its shipment, once.
async fn every_write(on: &TestBed, get: &RunToken, sync: &RunToken) -> Check {
    let (orders, shipments) = (&on.stores.orders, &on.stores.shipments);
    orders.save(get, &[held_with_work()]).await?;
    orders.record_work(get, &[done(WorkKind::AddTag)]).await?;
    orders.apply_shipping(get, &"1".into(), Some("x"), &ground_method(), 4, at(30)).await?;
    history(&on.stores)?.record_changes(get, &[seen_first("1", "shipped")], at(40)).await?;
    enqueue(on, &[("a", "1", 1)]).await?;
    shipments.begin_send(sync, &[intent("a", at(60))]).await?;
    Ok(shipments.record(sync, &[to("a", ShipmentState::Sent { at: at(70) })]).await?)
}

async fn every_write_adds_what_it_makes_happen(on: TestBed) -> Check {
    let new = held_with_work();
    let (get, sync) = (imported(&on, std::slice::from_ref(&new)).await?, on.begun(SYNC).await?);
    every_write(&on, &get, &sync).await?;
    let by_get = |second, what| event(at(second), Some(&get.run), what);
    let step = |second, state| {
        let what = OrderEventKind::Shipment { shipment: id("a"), state, attempts: 0, error: None };
        event(at(second), Some(&sync.run), what)
    };
    let (work, status) = (WorkKind::AddTag, FollowUpStatus::Done);
    let policy = ground_method().method().map(|method| method.policy.to_string());
    let changed = seen_first("1", "shipped").change.map(|change| change.what).unwrap_or_default();
    let wanted = [
        by_get(1, OrderEventKind::Imported { host_order: None, holds: new.holds }),
        by_get(20, OrderEventKind::FollowUp { work, status, attempts: 0, error: None }),
        by_get(30, OrderEventKind::Released { rules_version: 4, policy, holds: Vec::new() }),
        by_get(40, OrderEventKind::Changed { what: changed }),
        event(at(50), None, OrderEventKind::ShipmentEnqueued { shipment: id("a") }),
        step(60, intent("a", at(60)).sending()),
        step(100, ShipmentState::Sent { at: at(70) }),
    ];
    let mut found = story(&on, "1").await?;
    // A host may give the order a name of its own.
    if let Some(OrderEventKind::Imported { host_order, .. }) = found.first_mut().map(|event| &mut event.what)
    {
        *host_order = None;
    }
    same("what happened", found, wanted)
}

async fn a_write_that_changes_nothing_adds_no_event(on: TestBed) -> Check {
    let (get, sync) = (imported(&on, &[held_with_work()]).await?, on.begun(SYNC).await?);
    on.stores.orders.record_failures(&get, &[failure("2", at(1), at(9))]).await?;
    let mut once = None;
    for _ in 0..2 {
        every_write(&on, &get, &sync).await?;
        on.stores.orders.dismiss(&on.here, &"2".into(), at(40)).await?;
        on.stores.shipments.unblock(&on.here, "no_tracking", at(110)).await?;
        let found = (story(&on, "1").await?.len(), story(&on, "2").await?.len());
        same("how much happened", found, once.unwrap_or(found))?;
        once = Some(found);
    }
    same("how much happened to both", once, Some((7, 2)))
}

async fn a_write_that_is_refused_adds_no_event(on: TestBed) -> Check {
    imported(&on, &[plain("1")]).await?;
    enqueue(&on, &[("a", "1", 1), ("b", "1", 2)]).await?;
    let before = story(&on, "1").await?;
    let (stale, _) = on.superseded(Operation::ImportOrder).await?;
    refused("save", on.stores.orders.save(&stale, &[plain("7")]).await)?;
    none("of an order that was not saved", story(&on, "7").await?)?;
    let sync = on.begun(SYNC).await?;
    // The second step is not one of the state machine.
    let steps = [to("a", ShipmentState::Cancelled), to("b", ShipmentState::Sent { at: at(70) })];
    holds("an illegal step is refused", on.stores.shipments.record(&sync, &steps).await.is_err())?;
    same("what happened", story(&on, "1").await?, before)
}

async fn what_does_not_repeat_is_kept_after_many_repetitions(on: TestBed) -> Check {
    let token = imported(&on, &[plain("1")]).await?;
    for attempt in 0..OrderEvent::MAX_BEFORE_REPETITIONS as u64 + 9 {
        on.stores.orders.record_failures(&token, &[failure("2", at(attempt), at(attempt))]).await?;
    }
    on.stores.orders.dismiss(&on.here, &"2".into(), at(900)).await?;
    let found = story(&on, "2").await?;
    holds("200 events are kept", found.len() > OrderEvent::MAX_BEFORE_REPETITIONS)?;
    same("the last one", found.last().map(|event| &event.what), Some(&OrderEventKind::Dismissed))
}

async fn actions_are_part_of_the_story(on: TestBed) -> Check {
    let store = store_of_actions(&on.stores)?;
    if !std::ptr::addr_eq(Arc::as_ptr(&store), Arc::as_ptr(&history(&on.stores)?)) {
        return Err(Stop::LeftOut("the actions are kept in another store"));
    }
    imported(&on, &[plain("2")]).await?;
    let release = OrderAction::new("a", "1", ActionKind::Release);
    for answer in [AddOutcome::Added, AddOutcome::Duplicate] {
        let added = store.add_actions(&on.here, std::slice::from_ref(&release), at(1)).await?;
        same("the answer", added, [answer])?;
    }
    let token = on.begun(Operation::RunActions).await?;
    let closed = ActionState::Closed { reason: CloseReason::HoldIsOver };
    for _ in 0..2 {
        store.begin_actions(&token, &[actions::intent("a")]).await?;
    }
    for state in [actions::unknown(), actions::unknown(), closed.clone(), closed.clone()] {
        store.record_actions(&token, &[actions::to("a", state)]).await?;
    }
    let step = |second, state| {
        let (action, kind) = ("a".into(), ActionKind::Release);
        let what = OrderEventKind::Action { action, kind, state, attempts: 0, error: None };
        event(at(second), Some(&token.run), what)
    };
    let added = OrderEventKind::ActionAdded { action: "a".into(), kind: ActionKind::Release };
    let sending = ActionState::Sending { since: at(60), server_since: Some(at(61)) };
    let wanted =
        [event(at(1), None, added), step(60, sending), step(70, actions::unknown()), step(70, closed)];
    same("what happened", story(&on, "1").await?, wanted)
}

async fn events_are_read_page_by_page(on: TestBed) -> Check {
    imported(&on, &[plain("1")]).await?;
    enqueue(&on, &[("b", "1", 1), ("a", "1", 2), ("c", "1", 3)]).await?;
    let (history, order) = (history(&on.peer)?, "1".into());
    let next = |after| history.events(&on.here, &order, after, 1);
    let found = one_by_one(next, |row: &RecordedEvent| row.cursor).await?;
    same("one by one", found.len(), 4)?;
    same("all of them", history.events(&on.here, &order, None, 9).await?, found)
}

async fn events_of_orders_and_connections_are_separate(on: TestBed) -> Check {
    imported(&on, &[plain("1"), plain("10")]).await?;
    enqueue(&on, &[("a", "1", 1)]).await?;
    same("of the first", story(&on, "1").await?.len(), 2)?;
    same("of the second", story(&on, "10").await?.len(), 1)?;
    none("elsewhere", events(&on, &on.elsewhere, "1").await?)
}
