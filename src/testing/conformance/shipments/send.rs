//! Getting ready to send.

use super::{
    super::{Check, Run, at, checks, fails_for_good, holds, none, refused, same},
    begin, blocked, enqueue, id, intent, names, retry, state, step,
};
use crate::channel::{
    BlockReason, RetryClass, ShipmentState,
    store::{
        BeginSendOutcome::{Granted, NotDue, OrderBusy},
        SendIntent, ShipmentStoreExt,
    },
};

checks! { "shipments" during SyncShipments:
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

/// How many rows may be sent, if as many tasks as there are rows begin to send them at once.
async fn granted_at_once<const N: usize>(on: &Run, rows: [&'static str; N]) -> Check<usize> {
    let answers = on.write_at_once(N, |n, stores, token| async move {
        stores.shipments.begin_send_one(&token, &intent(rows[n], at(60))).await
    });
    Ok(answers.await?.into_iter().filter(|answer| *answer == Granted).count())
}

async fn beginning_to_send_is_kept(on: Run) -> Check {
    enqueue(&on, &[("a", "1", 1)]).await?;
    let intent = SendIntent::new(id("a"), 3, at(60)).server_time(Some(at(58)));
    let answer = on.stores.shipments.begin_send_one(&on.token, &intent).await?;
    same("the answer", answer, Granted)?;
    let found = on.peer.shipments.in_flight(&on.here, None, 9).await?;
    let wanted = ShipmentState::Sending { attempt: 3, since: at(60), server_since: Some(at(58)) };
    same("the state", found.first().map(|row| (&row.state, row.updated_at)), Some((&wanted, at(60))))
}

async fn one_of_many_begins_to_send_is_granted(on: Run) -> Check {
    enqueue(&on, &[("a", "1", 1)]).await?;
    same("grants to 16 tasks", granted_at_once(&on, ["a"; 16]).await?, 1)
}

async fn one_row_of_an_order_is_in_flight(on: Run) -> Check {
    enqueue(&on, &[("a", "o", 1), ("b", "o", 2), ("c", "other", 3)]).await?;
    let begin = async |name| begin(&on, name, at(60)).await;
    same("the first row", begin("a").await?, Granted)?;
    same("while it is sending", begin("b").await?, OrderBusy)?;
    same("the busy row", state(&on, "o", "b").await?, Some(ShipmentState::Pending))?;
    step(&on, "a", ShipmentState::Sent { at: at(61) }).await?;
    same("while it is not confirmed", begin("b").await?, OrderBusy)?;
    same("another order", begin("c").await?, Granted)
}

async fn concurrent_rows_of_an_order_do_not_fly_together(on: Run) -> Check {
    let rows = ["a", "b", "c", "d", "e", "f", "g", "h"];
    enqueue(&on, &rows.map(|name| (name, "o", 1))).await?;
    same("grants to 8 rows of one order", granted_at_once(&on, rows).await?, 1)?;
    same("rows in flight", on.peer.shipments.in_flight(&on.here, None, 9).await?.len(), 1)
}

async fn answers_stand_in_the_order_of_the_intents(on: Run) -> Check {
    enqueue(&on, &[("a", "o", 1), ("b", "o", 2), ("c", "other", 3)]).await?;
    let slice = ["c", "b", "a", "c"].map(|name| intent(name, at(60)));
    let answers = on.stores.shipments.begin_send(&on.token, &slice).await?;
    same("the answers", answers, [Granted, Granted, OrderBusy, NotDue])?;
    let flying = names(&on.peer.shipments.in_flight(&on.here, None, 9).await?);
    same("rows in flight", flying, ["b", "c"])?;
    none("to no intents", on.stores.shipments.begin_send(&on.token, &[]).await?)
}

async fn a_slice_commits_together(on: Run) -> Check {
    enqueue(&on, &[("a", "1", 1)]).await?;
    let slice = ["a", "nothing"].map(|name| intent(name, at(60)));
    holds("an unknown row fails the call", on.stores.shipments.begin_send(&on.token, &slice).await.is_err())?;
    same("the row before it", state(&on, "1", "a").await?, Some(ShipmentState::Pending))
}

async fn a_row_that_is_not_due_is_not_sent(on: Run) -> Check {
    enqueue(&on, &[("a", "1", 1), ("b", "2", 1), ("c", "3", 1)]).await?;
    let states = [
        ("a", "1", retry(at(500), RetryClass::Unavailable)),
        ("b", "2", blocked(BlockReason::NoTracking)),
        ("c", "3", ShipmentState::Cancelled),
    ];
    for (name, order, wanted) in states {
        step(&on, name, wanted.clone()).await?;
        let answer = begin(&on, name, at(499)).await?;
        same(&format!("a row in {}", wanted.name()), answer, NotDue)?;
        same("its state", state(&on, order, name).await?, Some(wanted))?;
    }
    same("when its time has come", begin(&on, "a", at(500)).await?, Granted)
}

async fn an_unknown_row_is_an_error(on: Run) -> Check {
    fails_for_good("begin_send", begin(&on, "nothing", at(60)).await)?;
    fails_for_good("record", step(&on, "nothing", ShipmentState::Cancelled).await)
}

async fn a_stale_token_cannot_begin_to_send(on: Run) -> Check {
    enqueue(&on, &[("a", "1", 1), ("b", "2", 2)]).await?;
    let newest = on.overtaken().await?;
    on.peer.shipments.begin_send_one(&newest, &intent("b", at(700))).await?;
    refused("begin_send", begin(&on, "a", at(700)).await)?;
    same("rows in flight", names(&on.stores.shipments.in_flight(&on.here, None, 9).await?), ["b"])
}

async fn a_sync_grant_makes_older_tokens_stale_at_once(on: Run) -> Check {
    on.leases_are_kept_in(&on.stores.shipments)?;
    enqueue(&on, &[("a", "1", 1)]).await?;
    on.overtaken().await?;
    refused("begin_send", begin(&on, "a", at(700)).await)?;
    none("rows in flight", on.stores.shipments.in_flight(&on.here, None, 9).await?)
}
