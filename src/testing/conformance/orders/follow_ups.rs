//! What remains to be done for imported orders.

use super::super::{
    check::{Check, checks, same},
    given::{at, plain, ready},
    ground::Ground,
};
use crate::{
    Timestamp,
    channel::{
        Operation,
        store::{FollowUp, FollowUpKind, FollowUpOutcome, FollowUpResult, NewFollowUp, NewOrder, RunToken},
    },
};

checks! { "orders":
    follow_ups_are_born_with_their_order => "an order and its open follow-ups commit together",
    each_follow_up_exists_once => "each `(order, kind)` of follow-up exists once",
    follow_ups_come_oldest_first => "`open_follow_ups` answers oldest first, at most `limit`",
    an_attempt_counts_and_leaves_it_open => "`Attempting` counts an attempt, keeps what was tried, sets `outcome_unknown` and leaves it open",
    a_pending_follow_up_waits_for_its_time => "`Pending` keeps it open, and due not before its next attempt",
    a_settled_follow_up_stays_settled => "an outcome for a follow-up that is not open is ignored",
    a_failed_follow_up_opens_again_for_another_value => "`reopen_follow_ups` opens those of the kind that failed for another value",
}

const ASSIGN: FollowUpKind = FollowUpKind::AssignUser;
const TAG: FollowUpKind = FollowUpKind::AddTag;

async fn open(on: &Ground, now: Timestamp) -> Check<Vec<FollowUp>> {
    Ok(on.peer.orders.open_follow_ups(&on.here, now, 99).await?)
}

async fn open_kinds(on: &Ground, now: Timestamp) -> Check<Vec<FollowUpKind>> {
    let mut kinds: Vec<FollowUpKind> = open(on, now).await?.into_iter().map(|open| open.kind).collect();
    kinds.sort();
    Ok(kinds)
}

async fn settle(on: &Ground, token: &RunToken, kind: FollowUpKind, result: FollowUpResult) -> Check {
    Ok(on.stores.orders.settle_follow_ups(token, &[FollowUpOutcome::new("1".into(), kind, result)]).await?)
}

/// Order 1, with both follow-ups open.
async fn one_order(on: &Ground) -> Check<RunToken> {
    let token = on.begun(Operation::GetOrders).await?;
    on.stores.orders.save(&token, &[ready("1", at(10))]).await?;
    Ok(token)
}

fn pending(next_attempt: Timestamp, outcome_unknown: bool) -> FollowUpResult {
    FollowUpResult::Pending { next_attempt, outcome_unknown, error: "no answer".to_owned() }
}

fn failed(wanted: &str) -> FollowUpResult {
    FollowUpResult::Failed { wanted: wanted.to_owned(), error: "no such user".to_owned() }
}

async fn follow_ups_are_born_with_their_order(on: Ground) -> Check {
    one_order(&on).await?;
    let mut found = open(&on, at(10)).await?;
    found.sort_by_key(|open| open.kind);
    let born = |kind, before: Option<&str>| {
        FollowUp::open("1".into(), NewFollowUp::new(kind, before.map(Into::into)), at(10))
    };
    same("the open follow-ups", &found, &vec![born(ASSIGN, Some("before")), born(TAG, None)])
}

async fn each_follow_up_exists_once(on: Ground) -> Check {
    let token = one_order(&on).await?;
    on.stores.orders.save(&token, &[ready("1", at(10))]).await?;
    let twice = vec![NewFollowUp::new(ASSIGN, None), NewFollowUp::new(ASSIGN, None)];
    on.stores.orders.save(&token, &[NewOrder { follow_ups: twice, ..plain("2") }]).await?;
    same("open follow-ups", &open_kinds(&on, at(99)).await?, &vec![ASSIGN, ASSIGN, TAG])
}

async fn follow_ups_come_oldest_first(on: Ground) -> Check {
    let token = on.begun(Operation::GetOrders).await?;
    for (id, imported) in [("b", 30), ("c", 10), ("a", 20)] {
        on.stores.orders.save(&token, &[ready(id, at(imported))]).await?;
    }
    let ids = |open: Vec<FollowUp>| open.into_iter().map(|open| open.order.to_string()).collect::<Vec<_>>();
    same(
        "oldest first",
        &ids(open(&on, at(30)).await?),
        &["c", "c", "a", "a", "b", "b"].map(str::to_owned).to_vec(),
    )?;
    let three = on.stores.orders.open_follow_ups(&on.here, at(30), 3).await?;
    same("the three oldest", &ids(three), &["c", "c", "a"].map(str::to_owned).to_vec())
}

fn attempting(wanted: &str) -> FollowUpResult {
    FollowUpResult::Attempting { wanted: wanted.to_owned() }
}

async fn an_attempt_counts_and_leaves_it_open(on: Ground) -> Check {
    let token = one_order(&on).await?;
    for wanted in ["a", "\"b", "a"] {
        settle(&on, &token, ASSIGN, attempting(wanted)).await?;
    }
    let mut found: Vec<(FollowUpKind, u32, bool, Vec<String>)> = open(&on, at(10))
        .await?
        .into_iter()
        .map(|open| (open.kind, open.attempts, open.outcome_unknown, open.tried))
        .collect();
    found.sort_unstable();
    let tried = ["a", "\"b"].map(str::to_owned).to_vec();
    same(
        "kind, attempts, outcome unknown, what was tried",
        &found,
        &vec![(ASSIGN, 3, true, tried), (TAG, 0, false, Vec::new())],
    )
}

async fn a_pending_follow_up_waits_for_its_time(on: Ground) -> Check {
    let token = one_order(&on).await?;
    settle(&on, &token, TAG, FollowUpResult::Done).await?;
    settle(&on, &token, ASSIGN, attempting("a")).await?;
    settle(&on, &token, ASSIGN, pending(at(50), false)).await?;
    same("open before its time", &open_kinds(&on, at(49)).await?, &Vec::new())?;
    let state = |open: Vec<FollowUp>| open.first().map(|open| (open.attempts, open.outcome_unknown));
    same("after a certain failure", &state(open(&on, at(50)).await?), &Some((1, false)))?;
    settle(&on, &token, ASSIGN, pending(at(60), true)).await?;
    same("after an unknown outcome", &state(open(&on, at(60)).await?), &Some((1, true)))
}

async fn a_settled_follow_up_stays_settled(on: Ground) -> Check {
    let token = one_order(&on).await?;
    settle(&on, &token, ASSIGN, FollowUpResult::Done).await?;
    settle(&on, &token, ASSIGN, pending(at(10), true)).await?;
    settle(&on, &token, ASSIGN, attempting("a")).await?;
    settle(&on, &token, ASSIGN, failed("a")).await?;
    same("open after `Done`", &open_kinds(&on, at(99)).await?, &vec![TAG])?;
    settle(&on, &token, TAG, FollowUpResult::NoLongerRequired).await?;
    settle(&on, &token, TAG, FollowUpResult::OverriddenByPerson).await?;
    let unknown = FollowUpOutcome::new("nobody".into(), TAG, attempting("a"));
    on.stores.orders.settle_follow_ups(&token, &[unknown]).await?;
    same("open at the end", &open_kinds(&on, at(99)).await?, &Vec::new())?;
    same(
        "reopened of settled ones",
        &on.stores.orders.reopen_follow_ups(&token, ASSIGN, "b", at(99)).await?,
        &0,
    )
}

async fn a_failed_follow_up_opens_again_for_another_value(on: Ground) -> Check {
    let token = one_order(&on).await?;
    settle(&on, &token, ASSIGN, failed("first value")).await?;
    same("open after a failure", &open_kinds(&on, at(99)).await?, &vec![TAG])?;
    let orders = &on.stores.orders;
    same("for the same value", &orders.reopen_follow_ups(&token, ASSIGN, "first value", at(50)).await?, &0)?;
    same("of the other kind", &orders.reopen_follow_ups(&token, TAG, "another", at(50)).await?, &0)?;
    same("for another value", &orders.reopen_follow_ups(&token, ASSIGN, "another", at(50)).await?, &1)?;
    same("a second time", &orders.reopen_follow_ups(&token, ASSIGN, "another", at(50)).await?, &0)?;
    same("open at the end", &open_kinds(&on, at(50)).await?, &vec![ASSIGN, TAG])
}
