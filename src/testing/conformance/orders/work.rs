//! The ledger: what is still to be done about orders.

use super::{
    super::{Check, Run, at, checks, failure, none, plain, ready, same},
    fail, kept_failure, save,
};
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId,
        store::{
            NewFollowUp, NewOrder, OrderFailure, OrderStoreExt, OrderWork, SaveOutcome, StoreError, WorkKind,
            WorkOutcome, WorkQuery, WorkResult,
        },
    },
};

checks! { "orders" during GetOrders:
    follow_ups_come_into_being_with_their_order => "an order and its follow-ups commit together",
    each_follow_up_exists_once => "each `(order, kind)` exists once",
    due_follow_ups_come_in_turn => "due follow-ups come first that have been due for longest, at most `limit`",
    due_imports_come_in_turn => "due imports come first that have been due for longest, at most `limit`, and no follow-ups among them",
    an_attempt_counts_and_leaves_it_open => "`Attempting` counts an attempt, keeps what was tried, sets `outcome_unknown` and leaves the entry open",
    a_pending_follow_up_waits_for_its_time => "`Pending` keeps the entry open, and due not before its next attempt",
    a_settled_follow_up_stays_settled => "an outcome for a follow-up that is not open is ignored",
    a_failed_follow_up_opens_again_for_another_value => "`reopen_work` opens the entries of the kind that failed for another value",
    failures_are_counted_per_order => "the same order again counts an attempt and keeps `first_seen`",
    a_dismissed_failure_is_never_due => "a dismissed failure is never due, and can still be read",
    work_of_500_orders_is_found => "`work` takes at least 500 orders in one call, and answers for those that have entries",
    an_order_that_is_saved_has_no_failure => "`save` removes the failure of an order that it inserts",
    cleared_failures_are_forgotten => "an import that is done is forgotten; forgetting what is not there is harmless",
}

const ASSIGN: WorkKind = WorkKind::AssignUser;
const TAG: WorkKind = WorkKind::AddTag;

async fn follow_ups(on: &Run, now: Timestamp) -> Check<Vec<OrderWork>> {
    let mut due = on.peer.orders.due_follow_ups(&on.here, now, 99).await?;
    due.sort_by_key(|entry| entry.kind);
    Ok(due)
}

async fn due_kinds(on: &Run, now: Timestamp) -> Check<Vec<WorkKind>> {
    Ok(follow_ups(on, now).await?.into_iter().map(|entry| entry.kind).collect())
}

fn ids(entries: Vec<OrderWork>) -> String {
    entries.into_iter().map(|entry| entry.order.to_string()).collect::<Vec<_>>().join(" ")
}

async fn settle(on: &Run, kind: WorkKind, result: WorkResult) -> Result<(), StoreError> {
    on.stores.orders.record_work(&on.token, &[WorkOutcome::new("1".into(), kind, result, at(20))]).await
}

/// Order 1, with both follow-ups open.
async fn one_order(on: &Run) -> Result<Vec<SaveOutcome>, StoreError> {
    save(on, &[ready("1", at(10))]).await
}

fn attempting(wanted: &str) -> WorkResult {
    WorkResult::Attempting { wanted: wanted.to_owned() }
}

fn pending(next_attempt: Timestamp, outcome_unknown: bool) -> WorkResult {
    WorkResult::Pending { next_attempt, outcome_unknown, error: "no answer".to_owned() }
}

fn failed(wanted: &str) -> WorkResult {
    WorkResult::Failed { wanted: wanted.to_owned(), error: "no such user".to_owned() }
}

async fn follow_ups_come_into_being_with_their_order(on: Run) -> Check {
    one_order(&on).await?;
    let found = follow_ups(&on, at(10)).await?;
    same("the open follow-ups", found, OrderWork::follow_ups_of(&ready("1", at(10))))
}

async fn each_follow_up_exists_once(on: Run) -> Check {
    one_order(&on).await?;
    save(&on, &[ready("1", at(10))]).await?;
    let twice = vec![NewFollowUp::new(ASSIGN, None), NewFollowUp::new(ASSIGN, None)];
    save(&on, &[NewOrder { follow_ups: twice, ..plain("2") }]).await?;
    same("open follow-ups", due_kinds(&on, at(99)).await?, [ASSIGN, ASSIGN, TAG])
}

async fn due_follow_ups_come_in_turn(on: Run) -> Check {
    for (id, imported) in [("b", 30), ("c", 10), ("a", 20)] {
        save(&on, &[ready(id, at(imported))]).await?;
    }
    let due = async |now, limit| Check::Ok(ids(on.peer.orders.due_follow_ups(&on.here, now, limit).await?));
    same("due at 30", due(at(30), 99).await?, "c c a a b b")?;
    same("due at 20", due(at(20), 99).await?, "c c a a")?;
    same("three of them", due(at(30), 3).await?, "c c a")
}

async fn due_imports_come_in_turn(on: Run) -> Check {
    one_order(&on).await?;
    let failures = [failure("a", at(1), at(12)), failure("b", at(3), at(10)), failure("c", at(2), at(20))];
    fail(&on, &failures).await?;
    let due = async |now, limit| Check::Ok(ids(on.peer.orders.due_failures(&on.here, now, limit).await?));
    same("due at 12", due(at(12), 9).await?, "b a")?;
    same("one of them", due(at(12), 1).await?, "b")?;
    // One that fails again lets the others pass.
    fail(&on, &[failure("b", at(15), at(20))]).await?;
    same("due at 20", due(at(20), 9).await?, "a b c")
}

async fn an_attempt_counts_and_leaves_it_open(on: Run) -> Check {
    one_order(&on).await?;
    for wanted in ["a", "\"b", "a"] {
        settle(&on, ASSIGN, attempting(wanted)).await?;
    }
    let mut wanted = OrderWork::follow_ups_of(&ready("1", at(10)));
    for entry in wanted.iter_mut().filter(|entry| entry.kind == ASSIGN) {
        (entry.attempts, entry.outcome_unknown) = (3, true);
        entry.tried = vec!["a".to_owned(), "\"b".to_owned()];
    }
    same("the open follow-ups", follow_ups(&on, at(10)).await?, wanted)
}

async fn a_pending_follow_up_waits_for_its_time(on: Run) -> Check {
    one_order(&on).await?;
    settle(&on, TAG, WorkResult::Done).await?;
    settle(&on, ASSIGN, attempting("a")).await?;
    settle(&on, ASSIGN, pending(at(50), false)).await?;
    none("open before its time", due_kinds(&on, at(49)).await?)?;
    let state = |due: Vec<OrderWork>| due.first().map(|entry| (entry.attempts, entry.outcome_unknown));
    same("after a certain failure", state(follow_ups(&on, at(50)).await?), Some((1, false)))?;
    settle(&on, ASSIGN, pending(at(60), true)).await?;
    same("after an unknown outcome", state(follow_ups(&on, at(60)).await?), Some((1, true)))
}

async fn a_settled_follow_up_stays_settled(on: Run) -> Check {
    one_order(&on).await?;
    settle(&on, ASSIGN, WorkResult::Done).await?;
    settle(&on, ASSIGN, pending(at(10), true)).await?;
    settle(&on, ASSIGN, attempting("a")).await?;
    settle(&on, ASSIGN, failed("a")).await?;
    same("open after `Done`", due_kinds(&on, at(99)).await?, [TAG])?;
    settle(&on, TAG, failed("a")).await?;
    settle(&on, TAG, WorkResult::NoLongerRequired).await?;
    settle(&on, TAG, pending(at(10), true)).await?;
    let unknown = WorkOutcome::new("nobody".into(), TAG, attempting("a"), at(20));
    on.stores.orders.record_work(&on.token, &[unknown]).await?;
    none("open at the end", due_kinds(&on, at(99)).await?)?;
    let reopened = on.stores.orders.reopen_work(&on.token, ASSIGN, "b", at(99)).await?;
    same("reopened of settled ones", reopened, 0)
}

async fn a_failed_follow_up_opens_again_for_another_value(on: Run) -> Check {
    one_order(&on).await?;
    settle(&on, ASSIGN, failed("first value")).await?;
    same("open after a failure", due_kinds(&on, at(99)).await?, [TAG])?;
    let orders = &on.stores.orders;
    same("for the same value", orders.reopen_work(&on.token, ASSIGN, "first value", at(50)).await?, 0)?;
    same("of the other kind", orders.reopen_work(&on.token, TAG, "another", at(50)).await?, 0)?;
    same("for another value", orders.reopen_work(&on.token, ASSIGN, "another", at(50)).await?, 1)?;
    same("a second time", orders.reopen_work(&on.token, ASSIGN, "another", at(50)).await?, 0)?;
    same("open at the end", due_kinds(&on, at(50)).await?, [ASSIGN, TAG])
}

async fn failures_are_counted_per_order(on: Run) -> Check {
    let first = [failure("1", at(1), at(10)), failure("2", at(2), at(10))];
    fail(&on, &first).await?;
    let [first, _] = first;
    let mut again = failure("1", at(20), at(30));
    (again.error, again.retryable) = ("Straße fehlt".into(), false);
    fail(&on, std::slice::from_ref(&again)).await?;
    let wanted = OrderWork::step(None, &WorkOutcome::import_failed(first));
    let wanted = OrderWork::step(wanted, &WorkOutcome::import_failed(again));
    same("the entry", kept_failure(&on, "1").await?, wanted)?;
    let attempts = kept_failure(&on, "2").await?.map(|entry| entry.attempts);
    same("attempts of the other one", attempts, Some(1))?;
    none("elsewhere", on.stores.orders.failures(&on.elsewhere, &["1".into()]).await?)
}

async fn a_dismissed_failure_is_never_due(on: Run) -> Check {
    fail(&on, &[failure("1", at(1), at(10))]).await?;
    on.stores.orders.dismiss(&on.here, &"1".into(), at(30)).await?;
    on.stores.orders.dismiss(&on.here, &"not there".into(), at(30)).await?;
    fail(&on, &[failure("1", at(2), at(10))]).await?;
    none("due", on.peer.orders.due_failures(&on.here, at(99), 9).await?)?;
    let kept = kept_failure(&on, "1").await?;
    same("it can still be read", kept.map(|entry| (entry.is_dismissed(), entry.attempts)), Some((true, 2)))
}

async fn work_of_500_orders_is_found(on: Run) -> Check {
    one_order(&on).await?;
    let failed: Vec<OrderFailure> = (0..250).map(|n| failure(&(n * 2).to_string(), at(1), at(10))).collect();
    fail(&on, &failed).await?;
    let asked: Vec<ChannelOrderId> = (0..500).map(|n| n.to_string().into()).collect();
    let found = on.peer.orders.work(&on.here, WorkQuery::Of(&asked)).await?;
    same("the failed half of 500, and the follow-ups of one", found.len(), 252)?;
    let strange = found.iter().find(|entry| !asked.contains(&entry.order));
    none("an entry of an order that nobody asked for", strange)?;
    none("of no ids", on.stores.orders.work(&on.here, WorkQuery::Of(&[])).await?)
}

async fn an_order_that_is_saved_has_no_failure(on: Run) -> Check {
    fail(&on, &[failure("1", at(1), at(1))]).await?;
    on.stores.orders.dismiss(&on.here, &"1".into(), at(30)).await?;
    save(&on, &[plain("1")]).await?;
    none("the failure", kept_failure(&on, "1").await?)
}

async fn cleared_failures_are_forgotten(on: Run) -> Check {
    let two = [failure("1", at(1), at(1)), failure("2", at(1), at(1))];
    fail(&on, &two).await?;
    for _ in 0..2 {
        on.stores.orders.clear_failures(&on.token, &["1".into(), "not there".into()], at(30)).await?;
    }
    let left = on.peer.orders.due_failures(&on.here, at(1), 9).await?;
    same("what is left", ids(left), "2")?;
    none("the cleared one", kept_failure(&on, "1").await?)
}
