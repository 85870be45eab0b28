//! What is removed, what stays, and what happens after a restore.

use std::{sync::Arc, time::Duration};

use super::{
    Check, Stop, TestBed,
    actions::{added, closed, of_order},
    at, checks, drop_after,
    history::{history, seen_first},
    holds, none, order, plain, refused,
    runs::{FAILED, last_success, recent, run_through},
    same, shipment,
    shipments::{enqueue, intent, row, state, to},
};
use crate::{
    Timestamp,
    channel::{
        ActionKind, BlockReason, NotificationStatus, Operation, OrderAction, OrderFingerprint, RetryClass,
        RunStatus, ShipmentState,
        store::{
            BeginSendOutcome, EnqueueOutcome, Maintenance, NewOrder, NewRun, OutboxRow, RESTORE_FENCES,
            RecordKey, RetentionPolicy, RunKind, RunToken, SaveOutcome, ShipmentStoreExt,
        },
    },
    time::DAY,
};

checks! { "maintenance":
    old_runs_are_removed => "runs are removed, but the newest and the last success of each operation and connection stay",
    the_last_good_run_stays => "the last run of each operation that did its work stays, whatever its kind and age",
    old_changes_are_removed => "changes are removed after their time, and the feed goes on after its cursors",
    old_events_are_removed => "events are removed after their time",
    what_was_in_a_settled_shipment_is_removed => "a settled row is reduced to what stays, and stays known",
    a_shipment_beside_an_open_one_stays => "a settled row stays whole while another one of its order is open",
    orders_stay_known => "import records stay, whatever the policy",
    giving_up_loses_nothing => "maintenance that is given up in the middle has done a part, and can be repeated",
    after_a_restore_one_shipment_of_each_order_is_doubtful => "`after_restore`: of each order one becomes doubtful, whatever state it was in",
    after_a_restore_what_is_never_sent_is_left_alone => "`after_restore`: nothing of an order is doubtful that the channel has, or a person decides about",
    closed_actions_are_removed => "closed actions are removed after their time, open ones never",
    after_a_restore_open_actions_are_doubtful => "`after_restore`: every open action is looked at, and not sent",
    after_a_restore_older_workers_have_lost_their_lease => "`after_restore` raises every fence and the numbers of the feed",
}

const GET: Operation = Operation::GetOrders;
const SYNC: Operation = Operation::SyncShipments;

pub(super) fn maintenance(on: &TestBed) -> Check<(Arc<dyn Maintenance>, Arc<dyn Maintenance>)> {
    let both = on.stores.maintenance.clone().zip(on.peer.maintenance.clone());
    both.ok_or(Stop::LeftOut("the builder gave no maintenance"))
}

/// This many days after the runs of the suite.
pub(super) fn day(days: u32) -> Timestamp {
    at(0) + DAY * days
}

fn usual() -> RetentionPolicy {
    RetentionPolicy::default()
}

/// Nothing is kept.
fn strictest() -> RetentionPolicy {
    let none = Duration::ZERO;
    let usual = usual().runs(none).quick_looks(none).changes(none).events(none);
    usual.shipments(none).buyers(none).fingerprints(none)
}

async fn old_runs_are_removed(on: TestBed) -> Check {
    let (store, peer) = maintenance(&on)?;
    for (run, begins, status) in [
        ("first", day(0), RunStatus::Succeeded),
        ("last success", day(1), RunStatus::Succeeded),
        ("failed", day(2), FAILED),
        ("newest", day(3), FAILED),
    ] {
        run_through(&on, on.wants(GET, run, begins), status).await?;
    }
    run_through(&on, on.wants(SYNC, "other", day(0)), FAILED).await?;
    for (run, begins) in [("look", day(1)), ("newer look", day(28)), ("newest look", day(29))] {
        run_through(&on, on.wants(Operation::GetChanges, run, begins), RunStatus::Succeeded).await?;
    }
    same("quick looks removed on the last day", store.maintain(&usual(), day(30)).await?.runs, 2)?;
    same("runs removed", peer.maintain(&usual(), day(40)).await?.runs, 2)?;
    same("the runs", recent(&on, GET, 9).await?, ["newest", "last success"])?;
    same("of another operation", recent(&on, SYNC, 9).await?, ["other"])?;
    same("the last success", last_success(&on).await?, Some("last success".into()))
}

async fn the_last_good_run_stays(on: TestBed) -> Check {
    let (store, peer) = maintenance(&on)?;
    let parts = [
        (Operation::GetChanges, RunKind::QuickLook),
        (Operation::BackFill, RunKind::BackFill),
        (GET, RunKind::Full),
    ];
    for (operation, kind) in &parts {
        for (run, begins, status) in [
            ("first", day(0), RunStatus::Succeeded),
            ("good", day(1), RunStatus::CompletedWithErrors),
            ("failed", day(2), FAILED),
            ("newest", day(3), FAILED),
        ] {
            let run = NewRun { kind: kind.clone(), ..on.wants(*operation, run, begins) };
            run_through(&on, run, status).await?;
        }
    }
    store.maintain(&usual(), day(20)).await?;
    peer.maintain(&usual(), day(900)).await?;
    for (operation, _) in parts {
        same(operation.name(), recent(&on, operation, 9).await?, ["newest", "good"])?;
    }
    Ok(())
}

async fn old_changes_are_removed(on: TestBed) -> Check {
    let (store, _) = maintenance(&on)?;
    let feed = history(&on.stores)?;
    let first = on.begun(GET).await?;
    feed.record_changes(&first, &["a", "b"].map(|id| seen_first(id, "shipped")), at(9)).await?;
    let before = feed.changes(&on.here, None, 9).await?.last().map(|change| change.cursor);
    let later = on.begins(GET, "later", day(60)).await?;
    feed.record_changes(&later, &[seen_first("c", "shipped")], at(9)).await?;
    same("on the last day", store.maintain(&usual(), day(90)).await?.changes, 0)?;
    same("changes removed", store.maintain(&usual(), day(91)).await?.changes, 2)?;
    let changes = async |after| {
        let changes = feed.changes(&on.here, after, 9).await?.into_iter();
        Check::Ok(changes.map(|change| change.change.order.to_string()).collect::<Vec<_>>())
    };
    same("the feed", changes(None).await?, ["c"])?;
    same("after the last one that is gone", changes(before).await?, ["c"])?;
    let last = feed.changes(&on.here, None, 9).await?.last().map(|change| change.cursor);
    same("all of them", store.maintain(&usual(), day(151)).await?.changes, 1)?;
    none("an empty feed", changes(None).await?)?;
    feed.record_changes(&later, &[seen_first("d", "shipped")], at(9)).await?;
    same("one more", changes(last).await?, ["d"])
}

async fn old_events_are_removed(on: TestBed) -> Check {
    let (store, peer) = maintenance(&on)?;
    let (feed, order) = (history(&on.stores)?, "1".into());
    let token = on.begun(GET).await?;
    on.stores.orders.save(&token, &[plain("1")]).await?;
    on.peer.shipments.enqueue_one(&on.here, shipment("a", "1", at(1)), day(60)).await?;
    same("on the last day", store.maintain(&usual(), at(1) + DAY * 90).await?.events, 0)?;
    same("events removed", peer.maintain(&usual(), day(91)).await?.events, 1)?;
    let left = feed.events(&on.here, &order, None, 9).await?;
    same("what is left", left.iter().map(|recorded| recorded.event.at).collect::<Vec<_>>(), [day(60)])
}

/// Rows that are settled: a confirmed one of order 1, a failed one of order 2.
pub(super) async fn settled(on: &TestBed) -> Check<[ShipmentState; 2]> {
    enqueue(on, &[("a", "1", 1), ("b", "2", 2)]).await?;
    let token = on.begun(SYNC).await?;
    let ends = [
        ShipmentState::Confirmed {
            record: Some("F-1".to_owned()),
            notification: NotificationStatus::Notified,
            already_there: false,
        },
        ShipmentState::Cancelled,
    ];
    let steps = ["a", "b"].into_iter().zip(&ends).map(|(id, end)| to(id, end.clone()).because("a note"));
    on.stores.shipments.record(&token, &steps.collect::<Vec<_>>()).await?;
    Ok(ends)
}

async fn what_was_in_a_settled_shipment_is_removed(on: TestBed) -> Check {
    let (store, _) = maintenance(&on)?;
    let ends = settled(&on).await?;
    let whole = row(&on, "1", "a").await?;
    same("on the last day", store.maintain(&usual(), day(90)).await?.shipments, 0)?;
    same("reduced", store.maintain(&usual(), day(91)).await?.shipments, 2)?;
    same("again", store.maintain(&usual(), day(92)).await?.shipments, 0)?;
    same("what is left of it", row(&on, "1", "a").await?, whole.map(|row| row.reduced()))?;
    same("the end of the other", state(&on, "2", "b").await?, Some(ends[1].clone()))?;
    let again = on.peer.shipments.enqueue_one(&on.here, shipment("a", "1", at(1)), day(92)).await?;
    same("enqueuing it again", again, EnqueueOutcome::Duplicate)
}

async fn a_shipment_beside_an_open_one_stays(on: TestBed) -> Check {
    let (store, _) = maintenance(&on)?;
    settled(&on).await?;
    enqueue(&on, &[("c", "1", 3)]).await?;
    let whole = row(&on, "1", "a").await?;
    same("reduced", store.maintain(&usual(), day(91)).await?.shipments, 1)?;
    same("the row", row(&on, "1", "a").await?, whole)
}

async fn orders_stay_known(on: TestBed) -> Check {
    let (store, _) = maintenance(&on)?;
    let token = on.begun(GET).await?;
    let mut looks = order("1");
    (looks.ship_to.street1, looks.ship_to.city) =
        (Some("1 Test Street".to_owned()), Some("Testville".to_owned()));
    let fingerprint = OrderFingerprint::of(&looks, "2026-03-02");
    let new = NewOrder { fingerprint: fingerprint.clone(), ..plain("1") };
    on.stores.orders.save(&token, std::slice::from_ref(&new)).await?;
    same("on the last day", store.maintain(&usual(), at(1) + DAY * 90).await?.fingerprints, 0)?;
    let fingerprint = fingerprint.ok_or(Stop::violated("the order has no fingerprint"))?;
    let key = [RecordKey::Fingerprint(fingerprint)];
    let alike = async || Check::Ok(on.peer.orders.records(&on.here, &key, 9).await?.concat().len());
    same("orders that look like it", alike().await?, 1)?;
    same("fingerprints forgotten", store.maintain(&strictest(), day(999)).await?.fingerprints, 1)?;
    same("orders that look like it then", alike().await?, 0)?;
    let again = on.peer.orders.save(&token, &[new]).await?;
    same("saving it again", again, [SaveOutcome::AlreadyExists])
}

async fn giving_up_loses_nothing(on: TestBed) -> Check {
    let (store, peer) = maintenance(&on)?;
    let ends = settled(&on).await?;
    for (run, begins) in [("old", day(1)), ("new", day(2))] {
        run_through(&on, on.wants(GET, run, begins), RunStatus::Succeeded).await?;
    }
    for steps in 0..12 {
        drop_after(steps, store.maintain(&strictest(), day(300))).await;
    }
    peer.maintain(&strictest(), day(300)).await?;
    for (order, shipment, end) in [("1", "a", &ends[0]), ("2", "b", &ends[1])] {
        same("the end of a shipment", state(&on, order, shipment).await?.as_ref(), Some(end))?;
    }
    same("what is left of one", row(&on, "1", "a").await?.map(|row| row.shipment.packages.len()), Some(0))?;
    same("the runs", recent(&on, GET, 9).await?, ["new"])?;
    same("the last success", last_success(&on).await?, Some("new".into()))
}

/// Whether a row is looked for as if a request had left so.
fn is_doubtful(row: Option<OutboxRow>, since: Timestamp, unknown_outcomes: u32) -> bool {
    row.is_some_and(|row| {
        let is_new = matches!(row.state, ShipmentState::Unknown { since: left, checks: 0, last_check: None, .. } if left == since);
        is_new && row.unknown_outcomes == unknown_outcomes
    })
}

async fn after_a_restore_one_shipment_of_each_order_is_doubtful(on: TestBed) -> Check {
    let (store, peer) = maintenance(&on)?;
    let token = on.begun(SYNC).await?;
    enqueue(&on, &[("c", "3", 3), ("d", "3", 4), ("e", "5", 5), ("f", "5", 6), ("h", "8", 8)]).await?;
    let begun = on.stores.shipments.begin_send(&token, &[intent("f", at(60))]).await?;
    same("beginning to send", begun, [BeginSendOutcome::Granted])?;
    let wait = ShipmentState::RetryWait { until: day(9), class: RetryClass::Unavailable, server_since: None };
    on.stores.shipments.record(&token, &[to("h", wait)]).await?;
    // A correction, and one that was never to be told.
    for second in [shipment("h", "8", at(8)).revision(2), shipment("i", "9", at(9)).suppressed("a gift")] {
        on.stores.shipments.enqueue_one(&on.here, second, at(70)).await?;
    }
    same("doubtful", store.after_restore(day(2)).await?, 3)?;
    holds("the first of an order is", is_doubtful(row(&on, "3", "c").await?, day(2), 1))?;
    same("the second waits", state(&on, "3", "d").await?, Some(ShipmentState::Pending))?;
    holds("one that was under way is, from now on", is_doubtful(row(&on, "5", "f").await?, day(2), 1))?;
    same("beside it", state(&on, "5", "e").await?, Some(ShipmentState::Pending))?;
    let newest = on.peer.shipments.order_progress(&on.here, &"8".into()).await?.rows;
    let newest = newest.into_iter().find(|row| row.shipment.revision == 2);
    holds("the newest revision is", is_doubtful(newest, day(2), 1))?;
    same("what is not to be told", state(&on, "9", "i").await?, Some(ShipmentState::Pending))?;
    same("again", peer.after_restore(day(3)).await?, 3)?;
    holds("one that was in doubt is so anew", is_doubtful(row(&on, "3", "c").await?, day(3), 2))?;
    let next = on.begins(SYNC, "next", day(3)).await?;
    let intents = [intent("c", day(3)), intent("d", day(3))];
    let answers = on.peer.shipments.begin_send(&next, &intents).await?;
    same("sending", answers, [BeginSendOutcome::NotDue, BeginSendOutcome::OrderBusy])
}

async fn after_a_restore_what_is_never_sent_is_left_alone(on: TestBed) -> Check {
    let (store, _) = maintenance(&on)?;
    let ends = settled(&on).await?;
    enqueue(&on, &[("c", "1", 3), ("g", "7", 7), ("m", "4", 8)]).await?;
    let token = on.begins(SYNC, "later", day(1)).await?;
    let asked = BlockReason::OutcomeUnknown { requests: 3, saw: String::new() };
    let mismatch = BlockReason::OrderMismatch { given: "8".to_owned(), order: "4".to_owned() };
    let blocked = |reason: &BlockReason| ShipmentState::Blocked { reason: reason.clone() };
    on.stores.shipments.record(&token, &[to("g", blocked(&asked)), to("m", blocked(&mismatch))]).await?;
    same("doubtful", store.after_restore(day(2)).await?, 0)?;
    same("what is settled", state(&on, "1", "a").await?.as_ref(), Some(&ends[0]))?;
    same("beside what the channel has", state(&on, "1", "c").await?, Some(ShipmentState::Pending))?;
    same("what is left to a person", state(&on, "7", "g").await?, Some(blocked(&asked)))?;
    same("what names another order", state(&on, "4", "m").await?, Some(blocked(&mismatch)))
}

async fn after_a_restore_older_workers_have_lost_their_lease(on: TestBed) -> Check {
    let (store, _) = maintenance(&on)?;
    let feed = history(&on.stores)?;
    let token = on.begun(GET).await?;
    feed.record_changes(&token, &[seen_first("a", "shipped")], at(9)).await?;
    let last_number = async || {
        Check::Ok(feed.changes(&on.here, None, 9).await?.last().map(|change| change.cursor.number()))
    };
    let before = last_number().await?;
    // They were granted after the backup; of the second operation no run had begun before it.
    let unseen = RunToken { fence: token.fence + 1_000, ..token.clone() };
    let other = RunToken { operation: Operation::ImportOrder, fence: 7, ..token };
    store.after_restore(at(1)).await?;
    for unseen in [unseen, other] {
        refused("save", on.stores.orders.save(&unseen, &[plain("1")]).await)?;
    }
    let next = on.begins(GET, "next", day(1)).await?;
    holds("fences go on from there", next.fence > RESTORE_FENCES)?;
    feed.record_changes(&next, &[seen_first("b", "shipped")], at(9)).await?;
    let after = last_number().await?;
    holds("the feed goes on from there", after.zip(before).is_some_and(|(a, b)| a > b + 1_000_000))
}

/// Two open actions, of which the first is closed then.
async fn one_of_two_actions_closed(on: &TestBed) -> Check {
    let release = |id: &str, order: &str| OrderAction::new(id, order, ActionKind::Release);
    added(on, &[release("a", "1"), release("b", "2")]).await?;
    closed(on, &on.begun(Operation::RunActions).await?, "a").await
}

async fn closed_actions_are_removed(on: TestBed) -> Check {
    let (store, peer) = maintenance(&on)?;
    one_of_two_actions_closed(&on).await?;
    same("on the last day", store.maintain(&usual(), day(90)).await?.actions, 0)?;
    same("actions removed", peer.maintain(&usual(), day(91)).await?.actions, 1)?;
    none("the closed one", of_order(&on, "1").await?)?;
    same("the open one", of_order(&on, "2").await?.len(), 1)
}

async fn after_a_restore_open_actions_are_doubtful(on: TestBed) -> Check {
    let (store, _) = maintenance(&on)?;
    one_of_two_actions_closed(&on).await?;
    let closed = of_order(&on, "1").await?;
    store.after_restore(at(500)).await?;
    same("the closed one", of_order(&on, "1").await?, closed)?;
    let open = of_order(&on, "2").await?.pop();
    let kept = open.map(|row| (row.state.name(), row.unknown_outcomes, row.modified_at));
    same("the open one", kept, Some(("pending", 1, None)))
}
