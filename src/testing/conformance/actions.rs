//! What the host wants done to orders in the channel.

use std::sync::Arc;

use super::{
    check::{Check, Stop, at_once, checks, holds, refused, same},
    samples::{ODD_TEXTS, at},
    test_bed::TestBed,
};
use crate::channel::{
    ActionKind, ActionState, CloseReason, Operation, OrderAction, RetryClass,
    store::{
        ActionIntent, ActionQuery, ActionRow, ActionStore, ActionTransition, AddOutcome, BeginActionOutcome,
        RunToken, Stores,
    },
};

checks! { "actions":
    an_action_is_kept_as_it_was_given => "`add_actions` keeps every member of an action, seen by others at once",
    action_ids_are_compared_exactly => "ids that differ in anything are different actions",
    one_of_many_adds_is_new => "of concurrent calls of `add_actions` for one id one is answered `Added`",
    a_taken_id_changes_nothing => "`add_actions` answers `Duplicate` or `Conflict` for an id that is there, whatever became of it",
    actions_come_in_the_order_of_addition => "rows come by number, page by page, and numbers grow with every addition",
    open_actions_are_those_that_are_not_closed => "`Open` shows every row that is not closed, `OfOrder` every row of the order",
    actions_of_connections_are_separate => "ids of two connections do not meet",
    beginning_an_action_is_kept => "`begin_actions` is durable, with its instant, the channel's time and the date of the order, before it returns",
    one_of_many_begins_of_an_action_is_granted => "of concurrent calls of `begin_actions` for one action one is granted",
    an_earlier_action_goes_first => "`begin_actions` refuses an action while an earlier one of its order is open",
    a_later_action_counts => "`begin_actions` refuses an action when a later one decides about the same",
    an_action_that_is_not_due_is_not_sent => "`begin_actions` refuses an action that waits or is closed, without an effect",
    an_action_is_sent_as_often_as_it_may => "unknown outcomes and the first date of the order outlive every step",
    answers_stand_in_the_order_of_the_calls => "answers stand in the order given, and all of a call commit or none",
    an_illegal_step_of_an_action_is_refused => "a step that the state machine does not have is refused, a repeated one is not",
    an_unknown_action_is_an_error => "an action that is not there is a permanent error",
    a_stale_token_cannot_begin_an_action => "`begin_actions` refuses a stale fence and writes nothing",
    a_stale_token_cannot_record_an_action => "`record_actions` refuses a stale fence and writes nothing",
}

const RUN: Operation = Operation::RunActions;

pub(super) fn actions(stores: &Stores) -> Check<Arc<dyn ActionStore>> {
    stores.actions.clone().ok_or(Stop::LeftOut("the builder gave no actions"))
}

fn hold(id: &str, order: &str) -> OrderAction {
    OrderAction::new(id, order, ActionKind::Hold { until: at(9_000_000) })
}

fn tagging(id: &str, order: &str, tag: &str) -> OrderAction {
    OrderAction::new(id, order, ActionKind::AddTag { tag: tag.into() })
}

pub(super) fn intent(id: &str) -> ActionIntent {
    ActionIntent::new(id.into(), at(60)).server_time(Some(at(61))).modified_at(Some(at(7)))
}

pub(super) fn to(id: &str, state: ActionState) -> ActionTransition {
    ActionTransition::new(id.into(), state, at(70))
}

pub(super) fn unknown() -> ActionState {
    ActionState::unknown_since(at(60), Some(at(61)))
}

pub(super) async fn added(on: &TestBed, actions_added: &[OrderAction]) -> Check {
    let answers = actions(&on.stores)?.add_actions(&on.here, actions_added, at(1)).await?;
    same("the answers", &answers, &vec![AddOutcome::Added; actions_added.len()])
}

pub(super) async fn of_order(stores: &Stores, on: &TestBed, order: &str) -> Check<Vec<ActionRow>> {
    let query = ActionQuery::OfOrder(order.into());
    Ok(actions(stores)?.actions(&on.here, &query, None, 99).await?)
}

async fn states(on: &TestBed, order: &str) -> Check<Vec<&'static str>> {
    Ok(of_order(&on.peer, on, order).await?.iter().map(|row| row.state.name()).collect())
}

fn ids(rows: &[ActionRow]) -> Vec<String> {
    rows.iter().map(|row| row.action.id.to_string()).collect()
}

pub(super) async fn closed(on: &TestBed, token: &RunToken, id: &str) -> Check {
    let closing = to(id, ActionState::Closed { reason: CloseReason::HoldIsOver });
    Ok(actions(&on.stores)?.record_actions(token, &[closing]).await?)
}

async fn an_action_is_kept_as_it_was_given(on: TestBed) -> Check {
    let given = [
        hold("a", "größer"),
        OrderAction::new("b", "größer", ActionKind::Release),
        tagging("c", "größer", "7"),
        OrderAction::new("d", "größer", ActionKind::RemoveTag { tag: "8".into() }),
    ];
    added(&on, &given).await?;
    let rows = of_order(&on.peer, &on, "größer").await?;
    let kept: Vec<_> = rows.iter().map(|row| row.action.clone()).collect();
    same("the actions", &kept, &given.to_vec())?;
    let new = |row: &ActionRow| *row == ActionRow::new(row.number, row.action.clone(), at(1));
    holds("each is a new row", rows.iter().all(new))
}

async fn action_ids_are_compared_exactly(on: TestBed) -> Check {
    added(&on, &ODD_TEXTS.map(|id| hold(id, "1"))).await?;
    same("the ids", &ids(&of_order(&on.stores, &on, "1").await?), &ODD_TEXTS.map(str::to_owned).to_vec())
}

async fn one_of_many_adds_is_new(on: TestBed) -> Check {
    let stores = on.handles(8).iter().map(actions).collect::<Check<Vec<_>>>()?;
    let answers = at_once(stores.into_iter().map(|store| {
        let here = on.here.clone();
        async move { store.add_actions(&here, &[hold("a", "1")], at(1)).await }
    }))
    .await?;
    let new = answers.iter().filter(|answer| **answer == [AddOutcome::Added]).count();
    same("how many are new", &new, &1)?;
    same("the rows", &of_order(&on.stores, &on, "1").await?.len(), &1)
}

async fn a_taken_id_changes_nothing(on: TestBed) -> Check {
    let store = actions(&on.stores)?;
    added(&on, &[hold("a", "1")]).await?;
    closed(&on, &on.begun(RUN).await?, "a").await?;
    let before = of_order(&on.stores, &on, "1").await?;
    let given = [hold("a", "1"), hold("a", "2"), tagging("b", "1", "7"), tagging("b", "1", "7")];
    let wanted = vec![AddOutcome::Duplicate, AddOutcome::Conflict, AddOutcome::Added, AddOutcome::Duplicate];
    same("the answers", &store.add_actions(&on.here, &given, at(2)).await?, &wanted)?;
    let after = of_order(&on.stores, &on, "1").await?;
    same("the row that was there", &after.first(), &before.first())?;
    same("of the other order", &of_order(&on.stores, &on, "2").await?.len(), &0)
}

async fn actions_come_in_the_order_of_addition(on: TestBed) -> Check {
    let store = actions(&on.stores)?;
    added(&on, &[hold("c", "1"), hold("a", "2")]).await?;
    added(&on, &[hold("d", "1"), hold("b", "2")]).await?;
    let (mut seen, mut after) = (Vec::new(), None);
    while seen.len() < 9 {
        let page = store.actions(&on.here, &ActionQuery::Open, after, 1).await?;
        let Some(row) = page.first() else { break };
        holds("numbers grow", after.is_none_or(|after| row.number > after))?;
        after = Some(row.number);
        seen.extend(ids(&page));
    }
    same("one by one", &seen, &["c", "a", "d", "b"].map(str::to_owned).to_vec())?;
    same("of an order", &ids(&of_order(&on.stores, &on, "1").await?), &vec!["c".to_owned(), "d".to_owned()])
}

async fn open_actions_are_those_that_are_not_closed(on: TestBed) -> Check {
    let (store, token) = (actions(&on.stores)?, on.begun(RUN).await?);
    added(&on, &["a", "b", "c", "d", "e"].map(|id| tagging(id, id, "7"))).await?;
    store.begin_actions(&token, &[intent("b"), intent("c")]).await?;
    let wait = ActionState::RetryWait { until: at(99), class: RetryClass::Unavailable, server_since: None };
    let done = ActionState::Done { already_there: true };
    store.record_actions(&token, &[to("c", unknown()), to("d", wait), to("e", done)]).await?;
    let open = actions(&on.peer)?.actions(&on.here, &ActionQuery::Open, None, 9).await?;
    same("open", &ids(&open), &["a", "b", "c", "d"].map(str::to_owned).to_vec())?;
    same("of an order", &states(&on, "e").await?, &vec!["done"])
}

async fn actions_of_connections_are_separate(on: TestBed) -> Check {
    let store = actions(&on.stores)?;
    added(&on, &[hold("a", "1")]).await?;
    same("elsewhere", &store.actions(&on.elsewhere, &ActionQuery::Open, None, 9).await?.len(), &0)?;
    let answer = store.add_actions(&on.elsewhere, &[hold("a", "1")], at(1)).await?;
    same("the same id elsewhere", &answer, &vec![AddOutcome::Added])?;
    let there = on.begun_elsewhere(RUN).await?;
    store.begin_actions(&there, &[intent("a")]).await?;
    same("here", &states(&on, "1").await?, &vec!["pending"])
}

async fn beginning_an_action_is_kept(on: TestBed) -> Check {
    let (store, token) = (actions(&on.stores)?, on.begun(RUN).await?);
    added(&on, &[hold("a", "1")]).await?;
    let answer = store.begin_actions(&token, &[intent("a")]).await?;
    same("the answer", &answer, &vec![BeginActionOutcome::Granted])?;
    let row = of_order(&on.peer, &on, "1").await?.pop();
    let kept = row.map(|row| (row.state, row.modified_at));
    let sending = ActionState::Sending { since: at(60), server_since: Some(at(61)) };
    same("the row", &kept, &Some((sending, Some(at(7)))))
}

async fn one_of_many_begins_of_an_action_is_granted(on: TestBed) -> Check {
    let token = on.begun(RUN).await?;
    added(&on, &[hold("a", "1")]).await?;
    let stores = on.handles(8).iter().map(actions).collect::<Check<Vec<_>>>()?;
    let answers = at_once(stores.into_iter().map(|store| {
        let token = token.clone();
        async move { store.begin_actions(&token, &[intent("a")]).await }
    }))
    .await?;
    let granted = answers.iter().filter(|answer| **answer == [BeginActionOutcome::Granted]).count();
    same("how many are granted", &granted, &1)
}

async fn an_earlier_action_goes_first(on: TestBed) -> Check {
    let (store, token) = (actions(&on.stores)?, on.begun(RUN).await?);
    added(&on, &[hold("a", "1"), tagging("b", "1", "7"), tagging("c", "2", "7")]).await?;
    let both = store.begin_actions(&token, &[intent("b"), intent("c")]).await?;
    same("the answers", &both, &vec![BeginActionOutcome::OrderBusy, BeginActionOutcome::Granted])?;
    store.begin_actions(&token, &[intent("a")]).await?;
    store.record_actions(&token, &[to("a", unknown())]).await?;
    let answer = store.begin_actions(&token, &[intent("b")]).await?;
    same("while the first is unknown", &answer, &vec![BeginActionOutcome::OrderBusy])?;
    closed(&on, &token, "a").await?;
    let answer = store.begin_actions(&token, &[intent("b")]).await?;
    same("once it is closed", &answer, &vec![BeginActionOutcome::Granted])
}

async fn a_later_action_counts(on: TestBed) -> Check {
    let (store, token) = (actions(&on.stores)?, on.begun(RUN).await?);
    added(&on, &[hold("a", "1"), OrderAction::new("b", "1", ActionKind::Release)]).await?;
    let answer = store.begin_actions(&token, &[intent("a")]).await?;
    same("the answer", &answer, &vec![BeginActionOutcome::Superseded])?;
    same("the states", &states(&on, "1").await?, &vec!["pending", "pending"])
}

async fn an_action_that_is_not_due_is_not_sent(on: TestBed) -> Check {
    let (store, token) = (actions(&on.stores)?, on.begun(RUN).await?);
    added(&on, &["a", "b"].map(|id| tagging(id, id, "7"))).await?;
    let wait = ActionState::RetryWait { until: at(61), class: RetryClass::Unavailable, server_since: None };
    store
        .record_actions(&token, &[to("a", wait), to("b", ActionState::Done { already_there: true })])
        .await?;
    let answers = store.begin_actions(&token, &[intent("a"), intent("b")]).await?;
    same("the answers", &answers, &vec![BeginActionOutcome::NotDue; 2])?;
    same("the one that waits", &states(&on, "a").await?, &vec!["retry_wait"])?;
    same("the one that is done", &states(&on, "b").await?, &vec!["done"])
}

async fn an_action_is_sent_as_often_as_it_may(on: TestBed) -> Check {
    let (store, token) = (actions(&on.stores)?, on.begun(RUN).await?);
    added(&on, &[hold("a", "1")]).await?;
    for requests in 1..=ActionRow::MAX_REQUESTS {
        let again = intent("a").modified_at(Some(at(u64::from(requests))));
        let answer = store.begin_actions(&token, &[again]).await?;
        same("the answer", &answer, &vec![BeginActionOutcome::Granted])?;
        store.record_actions(&token, &[to("a", unknown()).counting_attempt().because("no answer")]).await?;
        let back = store.record_actions(&token, &[to("a", ActionState::Pending)]).await;
        same("may be sent again", &back.is_ok(), &(requests < ActionRow::MAX_REQUESTS))?;
    }
    let row = of_order(&on.peer, &on, "1").await?.pop();
    let kept = row.map(|row| (row.unknown_outcomes, row.modified_at, row.attempts, row.last_error));
    same("the row", &kept, &Some((2, Some(at(1)), 2, Some("no answer".to_owned()))))
}

async fn answers_stand_in_the_order_of_the_calls(on: TestBed) -> Check {
    let (store, token) = (actions(&on.stores)?, on.begun(RUN).await?);
    added(&on, &["a", "b"].map(|id| tagging(id, id, "7"))).await?;
    let slice = [intent("a"), intent("nothing")];
    holds("an unknown action fails the call", store.begin_actions(&token, &slice).await.is_err())?;
    same("the one before it", &states(&on, "a").await?, &vec!["pending"])?;
    let done = ActionState::Done { already_there: true };
    let records = [to("a", done.clone()), to("b", unknown())];
    holds("an illegal step fails the call", store.record_actions(&token, &records).await.is_err())?;
    same("the one before it", &states(&on, "a").await?, &vec!["pending"])?;
    store.record_actions(&token, &[to("b", done)]).await?;
    let answers = store.begin_actions(&token, &[intent("b"), intent("a"), intent("a")]).await?;
    let (no, yes) = (BeginActionOutcome::NotDue, BeginActionOutcome::Granted);
    same("the answers", &answers, &vec![no, yes, no])
}

async fn an_illegal_step_of_an_action_is_refused(on: TestBed) -> Check {
    let (store, token) = (actions(&on.stores)?, on.begun(RUN).await?);
    added(&on, &[hold("a", "1")]).await?;
    let done = to("a", ActionState::Done { already_there: false });
    for _ in 0..2 {
        store.record_actions(&token, std::slice::from_ref(&done)).await?;
    }
    let back = store.record_actions(&token, &[to("a", ActionState::Pending)]).await;
    let is_retryable = back.err().map(|error| error.is_retryable());
    same("whether a repeat helps", &is_retryable, &Some(false))?;
    same("the state", &states(&on, "1").await?, &vec!["done"])
}

async fn an_unknown_action_is_an_error(on: TestBed) -> Check {
    let (store, token) = (actions(&on.stores)?, on.begun(RUN).await?);
    let for_good = |what: &str, failed: Option<bool>| same(what, &failed, &Some(false));
    let answer = store.begin_actions(&token, &[intent("nothing")]).await;
    for_good("begin: whether a repeat helps", answer.err().map(|error| error.is_retryable()))?;
    let answer = store.record_actions(&token, &[to("nothing", ActionState::Pending)]).await;
    for_good("record: whether a repeat helps", answer.err().map(|error| error.is_retryable()))
}

async fn a_stale_token_cannot_begin_an_action(on: TestBed) -> Check {
    added(&on, &["a", "b"].map(|id| tagging(id, id, "7"))).await?;
    let (stale, newest) = on.superseded(RUN).await?;
    actions(&on.peer)?.begin_actions(&newest, &[intent("b")]).await?;
    refused("begin", actions(&on.stores)?.begin_actions(&stale, &[intent("a")]).await)?;
    same("its state", &states(&on, "a").await?, &vec!["pending"])
}

async fn a_stale_token_cannot_record_an_action(on: TestBed) -> Check {
    added(&on, &["a", "b"].map(|id| tagging(id, id, "7"))).await?;
    let (stale, newest) = on.superseded(RUN).await?;
    let done = |id| to(id, ActionState::Done { already_there: true });
    actions(&on.peer)?.record_actions(&newest, &[done("b")]).await?;
    refused("record", actions(&on.stores)?.record_actions(&stale, &[done("a")]).await)?;
    same("its state", &states(&on, "a").await?, &vec!["pending"])
}
