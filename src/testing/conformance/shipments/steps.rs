//! Getting ready to send, recording what happened, and letting blocked rows go.

use std::time::Duration;

use super::{
    super::{Check, Run, at, checks, fails_for_good, holds, none, refused, same, shipment},
    begin, blocked, enqueue, id, intent, names, record, retry, row, state, step, to,
};
use crate::channel::{
    BlockReason, FailReason, LineQuantity, NotificationStatus, RetryClass, ShipmentState, SupersedeReason,
    store::{
        BeginSendOutcome::{Granted, NotDue, OrderBusy},
        OutboxQuery, SendIntent, ShipmentStoreExt, ShipmentTransition,
    },
};

checks! { "shipments" during SyncShipments:
    beginning_to_send_is_kept => "`begin_send` is durable, with its attempt, its instant and the channel's time, before it returns",
    one_of_many_begins_to_send_is_granted => "of concurrent calls of `begin_send` for one row one is granted",
    one_row_of_an_order_is_in_flight => "`begin_send` refuses a row of whose order another one is in flight",
    concurrent_rows_of_an_order_do_not_fly_together => "of concurrent calls for rows of one order one is granted",
    answers_stand_in_the_order_of_the_intents => "`begin_send` answers for every intent, in the order given, each as if it came after those before it",
    a_slice_commits_together => "all intents of a call commit, or none",
    what_was_corrected_is_not_sent => "`begin_send` refuses a row of whose order a shipment has a newer revision, whatever order that one names",
    a_row_that_is_not_due_is_not_sent => "`begin_send` refuses a row that is not due, without an effect",
    an_unknown_row_is_an_error => "`begin_send` and `record` of a row that is not there fail for good",
    a_stale_token_cannot_begin_to_send => "`begin_send` refuses a stale fence and writes nothing",
    a_sync_grant_makes_older_tokens_stale_at_once => "a store that holds the leases refuses an older token from the moment of the grant",
    states_come_back_as_they_were => "every state is kept with all that it says, and every row with its unknown outcomes",
    an_illegal_step_is_refused => "a step that the state machine does not have is a permanent error and changes nothing",
    records_commit_together => "all records of a call commit, or none",
    a_record_can_be_repeated => "every method is safe to repeat",
    attempts_and_errors_are_kept => "a record counts its attempt when it says so, and sets or clears the last error",
    a_block_starts_the_count_of_attempts_over => "of the attempts before a row was blocked or waits one at most is remembered",
    unblocking_takes_only_its_key => "`unblock` puts the rows blocked on the key back into `Pending` and says how many",
    a_stale_token_cannot_record => "`record` refuses a stale fence and writes nothing",
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

async fn what_was_corrected_is_not_sent(on: Run) -> Check {
    enqueue(&on, &[("a", "o", 1), ("b", "o", 2), ("c", "other", 3), ("d", "third", 4)]).await?;
    for (name, order) in [("a", "elsewhere"), ("c", "other")] {
        let newer = shipment(name, order, at(5)).revision(2);
        on.stores.shipments.enqueue_one(&on.here, newer, at(9)).await?;
    }
    for (name, wanted) in [("a", NotDue), ("b", NotDue), ("c", NotDue), ("d", Granted)] {
        same(&format!("row {name}"), begin(&on, name, at(60)).await?, wanted)?;
    }
    let of = |name: &'static str| OutboxQuery::OfShipment(name.into());
    let revisions = on.peer.shipments.rows(&on.here, &of("a"), None, 9).await?.rows;
    same("its revisions", revisions.iter().map(|row| row.shipment.revision).collect::<Vec<_>>(), [1, 2])?;
    none("of no shipment", on.peer.shipments.rows(&on.here, &of("nothing"), None, 9).await?.rows)
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

fn confirmed() -> ShipmentState {
    let notification = NotificationStatus::Failed { message: "naïve store".to_owned() };
    ShipmentState::Confirmed { record: Some("F-1".to_owned()), notification, already_there: true }
}

async fn states_come_back_as_they_were(on: Run) -> Check {
    let before_sending = [
        ShipmentState::Waiting { missing: vec![LineQuantity { line: "1".into(), quantity: 2 }] },
        blocked(BlockReason::UnmappedCarrier { key: "Österreichische Post".to_owned() }),
        blocked(BlockReason::OrderNotShippable { status: "on_hold".to_owned() }),
        retry(at(9), RetryClass::Credentials),
        ShipmentState::Pending,
    ];
    let closing = [
        ShipmentState::Suppressed { why: "gift".to_owned() },
        ShipmentState::Superseded { reason: SupersedeReason::NewerRevision { revision: 2 } },
        ShipmentState::Failed {
            reason: FailReason::GaveUp {
                after: Duration::from_secs(7_200),
                last_error: "no answer".to_owned(),
            },
        },
        confirmed(),
        ShipmentState::Cancelled,
    ];
    for (n, last) in closing.into_iter().enumerate() {
        let name = n.to_string();
        enqueue(&on, &[(&name, &name, 1)]).await?;
        for next in before_sending.iter().chain([&last]) {
            step(&on, &name, next.clone()).await?;
            same("the state", state(&on, &name, &name).await?, Some(next.clone()))?;
        }
    }
    unknown_outcomes_are_counted_for_good(&on).await
}

async fn an_illegal_step_is_refused(on: Run) -> Check {
    enqueue(&on, &[("a", "1", 1)]).await?;
    fails_for_good("pending -> sent", step(&on, "a", ShipmentState::Sent { at: at(60) }).await)?;
    step(&on, "a", ShipmentState::Cancelled).await?;
    holds("cancelled -> pending is refused", step(&on, "a", ShipmentState::Pending).await.is_err())?;
    same("the state", state(&on, "1", "a").await?, Some(ShipmentState::Cancelled))
}

async fn records_commit_together(on: Run) -> Check {
    enqueue(&on, &[("a", "1", 1), ("b", "2", 1)]).await?;
    let records = [to("a", ShipmentState::Cancelled), to("b", ShipmentState::Sent { at: at(60) })];
    holds("an illegal step fails the call", record(&on, &records).await.is_err())?;
    same("the legal step before it", state(&on, "1", "a").await?, Some(ShipmentState::Pending))?;
    let waiting = ShipmentState::Waiting { missing: Vec::new() };
    let twice = [to("a", waiting), to("b", ShipmentState::Cancelled), to("a", ShipmentState::Cancelled)];
    record(&on, &twice).await?;
    same("two steps of one row in one call", state(&on, "1", "a").await?, Some(ShipmentState::Cancelled))
}

async fn a_record_can_be_repeated(on: Run) -> Check {
    enqueue(&on, &[("a", "1", 1)]).await?;
    begin(&on, "a", at(60)).await?;
    for next in [ShipmentState::Sent { at: at(61) }, confirmed()] {
        step(&on, "a", next.clone()).await?;
        step(&on, "a", next.clone()).await?;
        same("the state", state(&on, "1", "a").await?, Some(next))?;
    }
    Ok(())
}

async fn attempts_and_errors_are_kept(on: Run) -> Check {
    enqueue(&on, &[("a", "1", 1)]).await?;
    let found = async || {
        Check::Ok(row(&on, "1", "a").await?.map(|row| (row.attempts, row.last_error, row.updated_at)))
    };
    let step =
        |second, now| ShipmentTransition::new(id("a"), retry(at(second), RetryClass::Unreachable), at(now));
    record(&on, &[step(70, 60).counting_attempt().because("no röute")]).await?;
    same("after a counted attempt", found().await?, Some((1, Some("no röute".to_owned()), at(60))))?;
    record(&on, &[step(80, 71).because("busy")]).await?;
    same("after one that is not counted", found().await?, Some((1, Some("busy".to_owned()), at(71))))?;
    record(&on, &[step(90, 81)]).await?;
    same("after one without an error", found().await?, Some((1, None, at(81))))
}

async fn unknown_outcomes_are_counted_for_good(on: &Run) -> Check {
    enqueue(on, &[("unknown", "order", 1)]).await?;
    let step = async |next| step(on, "unknown", next).await;
    let counted = async || Check::Ok(row(on, "order", "unknown").await?.map(|row| row.unknown_outcomes));
    let unknown = ShipmentState::unknown_since(at(60), None);
    for times in 1..=2 {
        begin(on, "unknown", at(60)).await?;
        for next in [unknown.clone(), unknown.clone(), ShipmentState::Pending] {
            step(next).await?;
        }
        same("the unknown outcomes of a row that may be sent again", counted().await?, Some(times))?;
    }
    step(blocked(BlockReason::NoTracking)).await?;
    on.stores.shipments.unblock(&on.here, "no_tracking", at(30)).await?;
    same("after it was blocked and released", counted().await?, Some(2))
}

async fn a_block_starts_the_count_of_attempts_over(on: Run) -> Check {
    enqueue(&on, &[("a", "1", 1)]).await?;
    let attempts = async || Check::Ok(row(&on, "1", "a").await?.map(|row| row.attempts));
    step(&on, "a", blocked(BlockReason::NoTracking)).await?;
    same("blocked without an attempt", attempts().await?, Some(0))?;
    let wait = retry(at(70), RetryClass::Unreachable);
    for held_back in [blocked(BlockReason::NoTracking), ShipmentState::Waiting { missing: Vec::new() }] {
        for _ in 0..3 {
            record(&on, &[to("a", wait.clone()).counting_attempt()]).await?;
        }
        step(&on, "a", held_back).await?;
        same("after several attempts", attempts().await?, Some(1))?;
        on.stores.shipments.unblock(&on.here, "no_tracking", at(30)).await?;
        same("after it may go on", attempts().await?, Some(1))?;
    }
    Ok(())
}

async fn unblocking_takes_only_its_key(on: Run) -> Check {
    enqueue(&on, &[("a", "1", 1), ("b", "2", 1), ("c", "3", 1), ("d", "4", 1), ("e", "5", 1)]).await?;
    let carrier = |key: &str| blocked(BlockReason::UnmappedCarrier { key: key.to_owned() });
    let left = [
        ("c", "3", carrier("ups")),
        ("d", "4", blocked(BlockReason::NoTracking)),
        ("e", "5", ShipmentState::Cancelled),
    ];
    let freed = [to("a", carrier("UPS")), to("b", carrier("UPS"))];
    let others = left.iter().map(|(name, _, state)| to(name, state.clone()));
    record(&on, &freed.into_iter().chain(others).collect::<Vec<_>>()).await?;
    same("unblocked", on.stores.shipments.unblock(&on.here, "UPS", at(30)).await?, 2)?;
    same("a second time", on.peer.shipments.unblock(&on.here, "UPS", at(30)).await?, 0)?;
    same("elsewhere", on.stores.shipments.unblock(&on.elsewhere, "ups", at(30)).await?, 0)?;
    same("an unblocked row", state(&on, "1", "a").await?, Some(ShipmentState::Pending))?;
    for (name, order, wanted) in left {
        same("a row that is not blocked on the key", state(&on, order, name).await?, Some(wanted))?;
    }
    Ok(())
}

async fn a_stale_token_cannot_record(on: Run) -> Check {
    enqueue(&on, &[("a", "1", 1), ("b", "2", 1)]).await?;
    let newest = on.overtaken().await?;
    on.peer.shipments.record(&newest, &[to("b", ShipmentState::Cancelled)]).await?;
    refused("record", step(&on, "a", ShipmentState::Cancelled).await)?;
    same("the state", state(&on, "1", "a").await?, Some(ShipmentState::Pending))
}
