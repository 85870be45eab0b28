//! Getting ready to send.

use super::{
    super::{
        check::{Check, at_once, checks, holds, refused, same},
        samples::at,
        test_bed::TestBed,
    },
    enqueue, id, intent, names, retry, state, to,
};
use crate::channel::{
    BlockReason, Operation, RetryClass, ShipmentState,
    store::{BeginSendOutcome, SendIntent, ShipmentStoreExt},
};

checks! { "shipments":
    beginning_to_send_is_kept => "`begin_send` is durable, with its attempt, its instant and the channel's time, before it returns",
    one_of_many_begins_to_send_is_granted => "of concurrent calls of `begin_send` for one row one is granted",
    one_row_of_an_order_is_in_flight => "`begin_send` refuses a row of whose order another one is in flight",
    concurrent_rows_of_an_order_do_not_fly_together => "of concurrent calls for rows of one order one is granted",
    answers_stand_in_the_order_of_the_intents => "`begin_send` answers for every intent, in the order given, each as if it came after those before it",
    a_slice_commits_together => "all intents of a call commit, or none",
    a_row_that_is_not_due_is_not_sent => "`begin_send` refuses a row that is not due, without an effect",
    an_unknown_row_is_an_error => "`begin_send` and `record` of a row that is not there fail for good",
    a_stale_token_cannot_begin_to_send => "`begin_send` refuses a stale fence and writes nothing",
    a_sync_grant_makes_older_tokens_stale_at_once => "a store that holds the leases refuses an older token from the moment of the grant",
}

const SYNC: Operation = Operation::SyncShipments;

async fn beginning_to_send_is_kept(on: TestBed) -> Check {
    enqueue(&on, &[("a", "1", 1)]).await?;
    let token = on.begun(SYNC).await?;
    let intent = SendIntent::new(id("a"), 3, at(60)).server_time(Some(at(58)));
    let answer = on.stores.shipments.begin_send_one(&token, &intent).await?;
    same("the answer", &answer, &BeginSendOutcome::Granted)?;
    let found = on.peer.shipments.in_flight(&on.here, None, 9).await?;
    let wanted = ShipmentState::Sending { attempt: 3, since: at(60), server_since: Some(at(58)) };
    same("the state", &found.first().map(|row| (&row.state, row.updated_at)), &Some((&wanted, at(60))))
}

async fn one_of_many_begins_to_send_is_granted(on: TestBed) -> Check {
    enqueue(&on, &[("a", "1", 1)]).await?;
    let token = on.begun(SYNC).await?;
    let tasks = on.handles(16).into_iter().map(|stores| {
        let token = token.clone();
        async move { stores.shipments.begin_send_one(&token, &intent("a", at(60))).await }
    });
    let granted =
        at_once(tasks).await?.into_iter().filter(|answer| *answer == BeginSendOutcome::Granted).count();
    same("grants to 16 tasks", &granted, &1)
}

async fn one_row_of_an_order_is_in_flight(on: TestBed) -> Check {
    enqueue(&on, &[("a", "o", 1), ("b", "o", 2), ("c", "other", 3)]).await?;
    let token = on.begun(SYNC).await?;
    let begin = async |name| on.stores.shipments.begin_send_one(&token, &intent(name, at(60))).await;
    same("the first row", &begin("a").await?, &BeginSendOutcome::Granted)?;
    same("while it is sending", &begin("b").await?, &BeginSendOutcome::OrderBusy)?;
    same("the busy row", &state(&on, "o", "b").await?, &Some(ShipmentState::Pending))?;
    on.stores.shipments.record(&token, &[to("a", ShipmentState::Sent { at: at(61) })]).await?;
    same("while it is not confirmed", &begin("b").await?, &BeginSendOutcome::OrderBusy)?;
    same("another order", &begin("c").await?, &BeginSendOutcome::Granted)
}

async fn concurrent_rows_of_an_order_do_not_fly_together(on: TestBed) -> Check {
    let rows = ["a", "b", "c", "d", "e", "f", "g", "h"];
    enqueue(&on, &rows.map(|name| (name, "o", 1))).await?;
    let token = on.begun(SYNC).await?;
    let tasks = on.handles(rows.len()).into_iter().zip(rows).map(|(stores, name)| {
        let token = token.clone();
        async move { stores.shipments.begin_send_one(&token, &intent(name, at(60))).await }
    });
    let granted =
        at_once(tasks).await?.into_iter().filter(|answer| *answer == BeginSendOutcome::Granted).count();
    same("grants to 8 rows of one order", &granted, &1)?;
    same("rows in flight", &on.peer.shipments.in_flight(&on.here, None, 9).await?.len(), &1)
}

async fn answers_stand_in_the_order_of_the_intents(on: TestBed) -> Check {
    enqueue(&on, &[("a", "o", 1), ("b", "o", 2), ("c", "other", 3)]).await?;
    let token = on.begun(SYNC).await?;
    let slice = ["c", "b", "a", "c"].map(|name| intent(name, at(60)));
    let wanted = [
        BeginSendOutcome::Granted,
        BeginSendOutcome::Granted,
        BeginSendOutcome::OrderBusy,
        BeginSendOutcome::NotDue,
    ];
    same("the answers", &on.stores.shipments.begin_send(&token, &slice).await?, &wanted.to_vec())?;
    let flying = names(&on.peer.shipments.in_flight(&on.here, None, 9).await?);
    same("rows in flight", &flying, &["b", "c"].map(str::to_owned).to_vec())?;
    same("to no intents", &on.stores.shipments.begin_send(&token, &[]).await?, &Vec::new())
}

async fn a_slice_commits_together(on: TestBed) -> Check {
    enqueue(&on, &[("a", "1", 1)]).await?;
    let token = on.begun(SYNC).await?;
    let slice = ["a", "nothing"].map(|name| intent(name, at(60)));
    holds("an unknown row fails the call", on.stores.shipments.begin_send(&token, &slice).await.is_err())?;
    same("the row before it", &state(&on, "1", "a").await?, &Some(ShipmentState::Pending))
}

async fn a_row_that_is_not_due_is_not_sent(on: TestBed) -> Check {
    enqueue(&on, &[("a", "1", 1), ("b", "2", 1), ("c", "3", 1)]).await?;
    let token = on.begun(SYNC).await?;
    let states = [
        ("a", "1", retry(at(500), RetryClass::Unavailable)),
        ("b", "2", ShipmentState::Blocked { reason: BlockReason::NoTracking }),
        ("c", "3", ShipmentState::Cancelled),
    ];
    for (name, order, wanted) in states {
        on.stores.shipments.record(&token, &[to(name, wanted.clone())]).await?;
        let answer = on.stores.shipments.begin_send_one(&token, &intent(name, at(499))).await?;
        same(&format!("a row in {}", wanted.name()), &answer, &BeginSendOutcome::NotDue)?;
        same("its state", &state(&on, order, name).await?, &Some(wanted))?;
    }
    let answer = on.stores.shipments.begin_send_one(&token, &intent("a", at(500))).await?;
    same("when its time has come", &answer, &BeginSendOutcome::Granted)
}

async fn an_unknown_row_is_an_error(on: TestBed) -> Check {
    let token = on.begun(SYNC).await?;
    let for_good = |what: &str, failed: Option<bool>| same(what, &failed, &Some(false));
    let answer = on.stores.shipments.begin_send_one(&token, &intent("nothing", at(60))).await;
    for_good("begin_send: whether a repeat helps", answer.err().map(|error| error.is_retryable()))?;
    let answer = on.stores.shipments.record(&token, &[to("nothing", ShipmentState::Cancelled)]).await;
    for_good("record: whether a repeat helps", answer.err().map(|error| error.is_retryable()))
}

async fn a_stale_token_cannot_begin_to_send(on: TestBed) -> Check {
    enqueue(&on, &[("a", "1", 1), ("b", "2", 2)]).await?;
    let (stale, newest) = on.superseded(SYNC).await?;
    on.peer.shipments.begin_send_one(&newest, &intent("b", at(700))).await?;
    refused("begin_send", on.stores.shipments.begin_send_one(&stale, &intent("a", at(700))).await)?;
    same(
        "rows in flight",
        &names(&on.stores.shipments.in_flight(&on.here, None, 9).await?),
        &vec!["b".to_owned()],
    )
}

async fn a_sync_grant_makes_older_tokens_stale_at_once(on: TestBed) -> Check {
    on.leases_are_kept_in(&on.stores.shipments)?;
    enqueue(&on, &[("a", "1", 1)]).await?;
    let (stale, _newest) = on.superseded(SYNC).await?;
    refused("begin_send", on.stores.shipments.begin_send_one(&stale, &intent("a", at(700))).await)?;
    holds("nothing is in flight", on.stores.shipments.in_flight(&on.here, None, 9).await?.is_empty())
}
