//! Recording what happened, and letting blocked rows go.

use std::time::Duration;

use super::{
    super::{Check, Run, at, checks, fails_for_good, holds, refused, same},
    begin, blocked, enqueue, id, record, retry, row, state, step, to,
};
use crate::channel::{
    BlockReason, FailReason, LineQuantity, NotificationStatus, RetryClass, ShipmentState, SupersedeReason,
    store::ShipmentTransition,
};

checks! { "shipments" during SyncShipments:
    states_come_back_as_they_were => "every state is kept with all that it says, and every row with its unknown outcomes",
    an_illegal_step_is_refused => "a step that the state machine does not have is a permanent error and changes nothing",
    records_commit_together => "all records of a call commit, or none",
    a_record_can_be_repeated => "every method is safe to repeat",
    attempts_and_errors_are_kept => "a record counts its attempt when it says so, and sets or clears the last error",
    a_block_starts_the_count_of_attempts_over => "of the attempts before a row was blocked or waits one at most is remembered",
    unblocking_takes_only_its_key => "`unblock` puts the rows blocked on the key back into `Pending` and says how many",
    a_stale_token_cannot_record => "`record` refuses a stale fence and writes nothing",
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
