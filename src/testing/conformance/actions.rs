//! What the host wants done to orders in the channel.

use std::sync::Arc;

use super::{
    Check, ODD_TEXTS, Run, Stop, TestBed, at, checks, fails_for_good, holds, none, one_by_one, refused, same,
};
use crate::channel::{
    ActionKind, ActionState, CloseReason, Operation, OrderAction, RetryClass,
    store::{
        ActionIntent, ActionQuery, ActionRow, ActionStore, ActionTransition,
        AddOutcome::{Added, Conflict, Duplicate},
        BeginActionOutcome::{Granted, NotDue, OrderBusy, Superseded},
        RunToken, Stores,
    },
};

checks! { "actions" during RunActions:
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

/// The store, with these actions.
pub(super) async fn added(on: &TestBed, actions_added: &[OrderAction]) -> Check<Arc<dyn ActionStore>> {
    let store = actions(&on.stores)?;
    let answers = store.add_actions(&on.here, actions_added, at(1)).await?;
    same("the answers", answers, vec![Added; actions_added.len()])?;
    Ok(store)
}

pub(super) async fn of_order(on: &TestBed, order: &str) -> Check<Vec<ActionRow>> {
    Ok(actions(&on.peer)?.actions(&on.here, &ActionQuery::OfOrder(order.into()), None, 99).await?)
}

async fn states(on: &TestBed, order: &str) -> Check<Vec<&'static str>> {
    Ok(of_order(on, order).await?.iter().map(|row| row.state.name()).collect())
}

fn ids(rows: &[ActionRow]) -> Vec<String> {
    rows.iter().map(|row| row.action.id.to_string()).collect()
}

pub(super) async fn closed(on: &TestBed, token: &RunToken, id: &str) -> Check {
    let closing = to(id, ActionState::Closed { reason: CloseReason::HoldIsOver });
    Ok(actions(&on.stores)?.record_actions(token, &[closing]).await?)
}

async fn an_action_is_kept_as_it_was_given(on: Run) -> Check {
    let given = [
        hold("a", "größer"),
        OrderAction::new("b", "größer", ActionKind::Release),
        tagging("c", "größer", "7"),
        OrderAction::new("d", "größer", ActionKind::RemoveTag { tag: "8".into() }),
    ];
    added(&on, &given).await?;
    let rows = of_order(&on, "größer").await?;
    let kept: Vec<_> = rows.iter().map(|row| row.action.clone()).collect();
    same("the actions", kept, given.to_vec())?;
    let new = |row: &ActionRow| *row == ActionRow::new(row.number, row.action.clone(), at(1));
    holds("each is a new row", rows.iter().all(new))
}

async fn action_ids_are_compared_exactly(on: Run) -> Check {
    added(&on, &ODD_TEXTS.map(|id| hold(id, "1"))).await?;
    same("the ids", ids(&of_order(&on, "1").await?), ODD_TEXTS.map(str::to_owned).to_vec())
}

async fn one_of_many_adds_is_new(on: Run) -> Check {
    actions(&on.stores)?;
    let answers = on.write_at_once(8, |_, stores, token| async move {
        let Some(store) = stores.actions else { return Ok(Vec::new()) };
        store.add_actions(&token.connection, &[hold("a", "1")], at(1)).await
    });
    let new = answers.await?.into_iter().filter(|answer| *answer == [Added]).count();
    same("how many are new", new, 1)?;
    same("the rows", of_order(&on, "1").await?.len(), 1)
}

async fn a_taken_id_changes_nothing(on: Run) -> Check {
    let store = added(&on, &[hold("a", "1")]).await?;
    closed(&on, &on.token, "a").await?;
    let before = of_order(&on, "1").await?;
    let given = [hold("a", "1"), hold("a", "2"), tagging("b", "1", "7"), tagging("b", "1", "7")];
    let answers = store.add_actions(&on.here, &given, at(2)).await?;
    same("the answers", answers, [Duplicate, Conflict, Added, Duplicate])?;
    let after = of_order(&on, "1").await?;
    same("the row that was there", after.first(), before.first())?;
    none("of the other order", of_order(&on, "2").await?)
}

async fn actions_come_in_the_order_of_addition(on: Run) -> Check {
    let store = added(&on, &[hold("c", "1"), hold("a", "2")]).await?;
    added(&on, &[hold("d", "1"), hold("b", "2")]).await?;
    let next = |after| store.actions(&on.here, &ActionQuery::Open, after, 1);
    let seen = one_by_one(next, |row: &ActionRow| row.number).await?;
    holds("numbers grow", seen.is_sorted_by(|a, b| a.number < b.number))?;
    same("one by one", ids(&seen), ["c", "a", "d", "b"])?;
    same("of an order", ids(&of_order(&on, "1").await?), ["c", "d"])
}

async fn open_actions_are_those_that_are_not_closed(on: Run) -> Check {
    let store = added(&on, &["a", "b", "c", "d", "e"].map(|id| tagging(id, id, "7"))).await?;
    store.begin_actions(&on.token, &[intent("b"), intent("c")]).await?;
    let wait = ActionState::RetryWait { until: at(99), class: RetryClass::Unavailable, server_since: None };
    let done = ActionState::Done { already_there: true };
    store.record_actions(&on.token, &[to("c", unknown()), to("d", wait), to("e", done)]).await?;
    let open = actions(&on.peer)?.actions(&on.here, &ActionQuery::Open, None, 9).await?;
    same("open", ids(&open), ["a", "b", "c", "d"])?;
    same("of an order", states(&on, "e").await?, ["done"])
}

async fn actions_of_connections_are_separate(on: Run) -> Check {
    let store = added(&on, &[hold("a", "1")]).await?;
    none("elsewhere", store.actions(&on.elsewhere, &ActionQuery::Open, None, 9).await?)?;
    let answers = store.add_actions(&on.elsewhere, &[hold("a", "1")], at(1)).await?;
    same("the same id elsewhere", answers, [Added])?;
    let there = on.begun_elsewhere(Operation::RunActions).await?;
    store.begin_actions(&there, &[intent("a")]).await?;
    same("here", states(&on, "1").await?, ["pending"])
}

async fn beginning_an_action_is_kept(on: Run) -> Check {
    let store = added(&on, &[hold("a", "1")]).await?;
    same("the answer", store.begin_actions(&on.token, &[intent("a")]).await?, [Granted])?;
    let kept = of_order(&on, "1").await?.pop().map(|row| (row.state, row.modified_at));
    let sending = ActionState::Sending { since: at(60), server_since: Some(at(61)) };
    same("the row", kept, Some((sending, Some(at(7)))))
}

async fn one_of_many_begins_of_an_action_is_granted(on: Run) -> Check {
    added(&on, &[hold("a", "1")]).await?;
    let answers = on.write_at_once(8, |_, stores, token| async move {
        let Some(store) = stores.actions else { return Ok(Vec::new()) };
        store.begin_actions(&token, &[intent("a")]).await
    });
    let granted = answers.await?.into_iter().filter(|answer| *answer == [Granted]).count();
    same("how many are granted", granted, 1)
}

async fn an_earlier_action_goes_first(on: Run) -> Check {
    let store = added(&on, &[hold("a", "1"), tagging("b", "1", "7"), tagging("c", "2", "7")]).await?;
    let both = store.begin_actions(&on.token, &[intent("b"), intent("c")]).await?;
    same("the answers", both, [OrderBusy, Granted])?;
    store.begin_actions(&on.token, &[intent("a")]).await?;
    store.record_actions(&on.token, &[to("a", unknown())]).await?;
    same("while the first is unknown", store.begin_actions(&on.token, &[intent("b")]).await?, [OrderBusy])?;
    closed(&on, &on.token, "a").await?;
    same("once it is closed", store.begin_actions(&on.token, &[intent("b")]).await?, [Granted])
}

async fn a_later_action_counts(on: Run) -> Check {
    let store = added(&on, &[hold("a", "1"), OrderAction::new("b", "1", ActionKind::Release)]).await?;
    same("the answer", store.begin_actions(&on.token, &[intent("a")]).await?, [Superseded])?;
    same("the states", states(&on, "1").await?, ["pending", "pending"])
}

async fn an_action_that_is_not_due_is_not_sent(on: Run) -> Check {
    let store = added(&on, &["a", "b"].map(|id| tagging(id, id, "7"))).await?;
    let wait = ActionState::RetryWait { until: at(61), class: RetryClass::Unavailable, server_since: None };
    let done = ActionState::Done { already_there: true };
    store.record_actions(&on.token, &[to("a", wait), to("b", done)]).await?;
    let answers = store.begin_actions(&on.token, &[intent("a"), intent("b")]).await?;
    same("the answers", answers, [NotDue, NotDue])?;
    same("the one that waits", states(&on, "a").await?, ["retry_wait"])?;
    same("the one that is done", states(&on, "b").await?, ["done"])
}

async fn an_action_is_sent_as_often_as_it_may(on: Run) -> Check {
    let store = added(&on, &[hold("a", "1")]).await?;
    for requests in 1..=ActionRow::MAX_REQUESTS {
        let again = intent("a").modified_at(Some(at(u64::from(requests))));
        same("the answer", store.begin_actions(&on.token, &[again]).await?, [Granted])?;
        store
            .record_actions(&on.token, &[to("a", unknown()).counting_attempt().because("no answer")])
            .await?;
        let back = store.record_actions(&on.token, &[to("a", ActionState::Pending)]).await;
        same("may be sent again", back.is_ok(), requests < ActionRow::MAX_REQUESTS)?;
    }
    let row = of_order(&on, "1").await?.pop();
    let kept = row.map(|row| (row.unknown_outcomes, row.modified_at, row.attempts, row.last_error));
    same("the row", kept, Some((2, Some(at(1)), 2, Some("no answer".to_owned()))))
}

async fn answers_stand_in_the_order_of_the_calls(on: Run) -> Check {
    let store = added(&on, &["a", "b"].map(|id| tagging(id, id, "7"))).await?;
    let slice = [intent("a"), intent("nothing")];
    holds("an unknown action fails the call", store.begin_actions(&on.token, &slice).await.is_err())?;
    same("the one before it", states(&on, "a").await?, ["pending"])?;
    let done = ActionState::Done { already_there: true };
    let records = [to("a", done.clone()), to("b", unknown())];
    holds("an illegal step fails the call", store.record_actions(&on.token, &records).await.is_err())?;
    same("the one before it", states(&on, "a").await?, ["pending"])?;
    store.record_actions(&on.token, &[to("b", done)]).await?;
    let answers = store.begin_actions(&on.token, &[intent("b"), intent("a"), intent("a")]).await?;
    same("the answers", answers, [NotDue, Granted, NotDue])
}

async fn an_illegal_step_of_an_action_is_refused(on: Run) -> Check {
    let store = added(&on, &[hold("a", "1")]).await?;
    let done = to("a", ActionState::Done { already_there: false });
    for _ in 0..2 {
        store.record_actions(&on.token, std::slice::from_ref(&done)).await?;
    }
    let back = store.record_actions(&on.token, &[to("a", ActionState::Pending)]).await;
    fails_for_good("done -> pending", back)?;
    same("the state", states(&on, "1").await?, ["done"])
}

async fn an_unknown_action_is_an_error(on: Run) -> Check {
    let store = actions(&on.stores)?;
    fails_for_good("begin_actions", store.begin_actions(&on.token, &[intent("nothing")]).await)?;
    fails_for_good(
        "record_actions",
        store.record_actions(&on.token, &[to("nothing", ActionState::Pending)]).await,
    )
}

async fn a_stale_token_cannot_begin_an_action(on: Run) -> Check {
    added(&on, &["a", "b"].map(|id| tagging(id, id, "7"))).await?;
    let newest = on.overtaken().await?;
    actions(&on.peer)?.begin_actions(&newest, &[intent("b")]).await?;
    refused("begin", actions(&on.stores)?.begin_actions(&on.token, &[intent("a")]).await)?;
    same("its state", states(&on, "a").await?, ["pending"])
}

async fn a_stale_token_cannot_record_an_action(on: Run) -> Check {
    added(&on, &["a", "b"].map(|id| tagging(id, id, "7"))).await?;
    let newest = on.overtaken().await?;
    let done = |id| to(id, ActionState::Done { already_there: true });
    actions(&on.peer)?.record_actions(&newest, &[done("b")]).await?;
    refused("record", actions(&on.stores)?.record_actions(&on.token, &[done("a")]).await)?;
    same("its state", states(&on, "a").await?, ["pending"])
}
