//! Recording what happened, and letting blocked rows go.

use std::time::Duration;

use super::{
    super::{
        check::{Check, checks, holds, refused, same},
        samples::at,
        test_bed::TestBed,
    },
    enqueue, id, intent, retry, row, state, to,
};
use crate::channel::{
    BlockReason, FailReason, LineQuantity, NotificationStatus, Operation, RetryClass, ShipmentState,
    SupersedeReason,
    store::{RunToken, ShipmentStoreExt, ShipmentTransition},
};

checks! { "shipments":
    states_come_back_as_they_were => "every state is kept with all that it says, and every row with its unknown outcomes",
    an_illegal_step_is_refused => "a step that the state machine does not have is a permanent error and changes nothing",
    records_commit_together => "all records of a call commit, or none",
    a_record_can_be_repeated => "every method is safe to repeat",
    attempts_and_errors_are_kept => "a record counts its attempt when it says so, and sets or clears the last error",
    a_block_starts_the_count_of_attempts_over => "of the attempts before a row was blocked or waits one at most is remembered",
    unblocking_takes_only_its_key => "`unblock` puts the rows blocked on the key back into `Pending` and says how many",
    a_stale_token_cannot_record => "`record` refuses a stale fence and writes nothing",
}

async fn one_row(on: &TestBed) -> Check<RunToken> {
    enqueue(on, &[("a", "1", 1)]).await?;
    on.begun(Operation::SyncShipments).await
}

async fn step(on: &TestBed, token: &RunToken, name: &str, next: ShipmentState) -> Check {
    Ok(on.stores.shipments.record(token, &[to(name, next)]).await?)
}

fn confirmed() -> ShipmentState {
    let notification = NotificationStatus::Failed { message: "naïve store".to_owned() };
    ShipmentState::Confirmed { record: Some("F-1".to_owned()), notification, already_there: true }
}

async fn states_come_back_as_they_were(on: TestBed) -> Check {
    let before_sending = [
        ShipmentState::Waiting { missing: vec![LineQuantity { line: "1".into(), quantity: 2 }] },
        ShipmentState::Blocked {
            reason: BlockReason::UnmappedCarrier { key: "Österreichische Post".to_owned() },
        },
        ShipmentState::Blocked { reason: BlockReason::OrderNotShippable { status: "on_hold".to_owned() } },
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
    let token = on.begun(Operation::SyncShipments).await?;
    for (n, last) in closing.into_iter().enumerate() {
        let name = n.to_string();
        enqueue(&on, &[(&name, &name, 1)]).await?;
        for next in before_sending.iter().chain([&last]) {
            step(&on, &token, &name, next.clone()).await?;
            same("the state", &state(&on, &name, &name).await?, &Some(next.clone()))?;
        }
    }
    unknown_outcomes_are_counted_for_good(&on, &token).await
}

async fn an_illegal_step_is_refused(on: TestBed) -> Check {
    let token = one_row(&on).await?;
    let sent = ShipmentState::Sent { at: at(60) };
    let answer = on.stores.shipments.record(&token, &[to("a", sent.clone())]).await;
    let retryable = answer.err().map(|error| error.is_retryable());
    same("pending -> sent: whether a repeat helps", &retryable, &Some(false))?;
    step(&on, &token, "a", ShipmentState::Cancelled).await?;
    let answer = on.stores.shipments.record(&token, &[to("a", ShipmentState::Pending)]).await;
    holds("cancelled -> pending is refused", answer.is_err())?;
    same("the state", &state(&on, "1", "a").await?, &Some(ShipmentState::Cancelled))
}

async fn records_commit_together(on: TestBed) -> Check {
    enqueue(&on, &[("a", "1", 1), ("b", "2", 1)]).await?;
    let token = on.begun(Operation::SyncShipments).await?;
    let records = [to("a", ShipmentState::Cancelled), to("b", ShipmentState::Sent { at: at(60) })];
    holds("an illegal step fails the call", on.stores.shipments.record(&token, &records).await.is_err())?;
    same("the legal step before it", &state(&on, "1", "a").await?, &Some(ShipmentState::Pending))?;
    let waiting = ShipmentState::Waiting { missing: Vec::new() };
    let twice = [to("a", waiting), to("b", ShipmentState::Cancelled), to("a", ShipmentState::Cancelled)];
    on.stores.shipments.record(&token, &twice).await?;
    same("two steps of one row in one call", &state(&on, "1", "a").await?, &Some(ShipmentState::Cancelled))
}

async fn a_record_can_be_repeated(on: TestBed) -> Check {
    let token = one_row(&on).await?;
    on.stores.shipments.begin_send_one(&token, &intent("a", at(60))).await?;
    for next in [ShipmentState::Sent { at: at(61) }, confirmed()] {
        step(&on, &token, "a", next.clone()).await?;
        step(&on, &token, "a", next.clone()).await?;
        same("the state", &state(&on, "1", "a").await?, &Some(next))?;
    }
    Ok(())
}

async fn attempts_and_errors_are_kept(on: TestBed) -> Check {
    let token = one_row(&on).await?;
    let wait = |second| retry(at(second), RetryClass::Unreachable);
    let found = async || {
        Check::Ok(row(&on, "1", "a").await?.map(|row| (row.attempts, row.last_error, row.updated_at)))
    };
    let record = ShipmentTransition::new(id("a"), wait(70), at(60)).counting_attempt().because("no röute");
    on.stores.shipments.record(&token, &[record]).await?;
    same("after a counted attempt", &found().await?, &Some((1, Some("no röute".to_owned()), at(60))))?;
    let record = ShipmentTransition::new(id("a"), wait(80), at(71)).because("busy");
    on.stores.shipments.record(&token, &[record]).await?;
    same("after one that is not counted", &found().await?, &Some((1, Some("busy".to_owned()), at(71))))?;
    on.stores.shipments.record(&token, &[ShipmentTransition::new(id("a"), wait(90), at(81))]).await?;
    same("after one without an error", &found().await?, &Some((1, None, at(81))))
}

async fn unknown_outcomes_are_counted_for_good(on: &TestBed, token: &RunToken) -> Check {
    enqueue(on, &[("unknown", "order", 1)]).await?;
    let step = async |next| step(on, token, "unknown", next).await;
    let counted = async || Check::Ok(row(on, "order", "unknown").await?.map(|row| row.unknown_outcomes));
    let unknown = ShipmentState::Unknown {
        since: at(60),
        checks: 0,
        last_check: None,
        order_missing: false,
        server_since: None,
        server_last_check: None,
    };
    for times in 1..=2 {
        on.stores.shipments.begin_send_one(token, &intent("unknown", at(60))).await?;
        for next in [unknown.clone(), unknown.clone(), ShipmentState::Pending] {
            step(next).await?;
        }
        same("the unknown outcomes of a row that may be sent again", &counted().await?, &Some(times))?;
    }
    step(ShipmentState::Blocked { reason: BlockReason::NoTracking }).await?;
    on.stores.shipments.unblock(&on.here, "no_tracking", at(30)).await?;
    same("after it was blocked and released", &counted().await?, &Some(2))
}

async fn a_block_starts_the_count_of_attempts_over(on: TestBed) -> Check {
    let token = one_row(&on).await?;
    let attempts = async || Check::Ok(row(&on, "1", "a").await?.map(|row| row.attempts));
    let blocked = ShipmentState::Blocked { reason: BlockReason::NoTracking };
    step(&on, &token, "a", blocked.clone()).await?;
    same("blocked without an attempt", &attempts().await?, &Some(0))?;
    let wait = retry(at(70), RetryClass::Unreachable);
    for held_back in [blocked, ShipmentState::Waiting { missing: Vec::new() }] {
        for _ in 0..3 {
            on.stores.shipments.record(&token, &[to("a", wait.clone()).counting_attempt()]).await?;
        }
        step(&on, &token, "a", held_back).await?;
        same("after several attempts", &attempts().await?, &Some(1))?;
        on.stores.shipments.unblock(&on.here, "no_tracking", at(30)).await?;
        same("after it may go on", &attempts().await?, &Some(1))?;
    }
    Ok(())
}

async fn unblocking_takes_only_its_key(on: TestBed) -> Check {
    enqueue(&on, &[("a", "1", 1), ("b", "2", 1), ("c", "3", 1), ("d", "4", 1), ("e", "5", 1)]).await?;
    let token = on.begun(Operation::SyncShipments).await?;
    let carrier =
        |key: &str| ShipmentState::Blocked { reason: BlockReason::UnmappedCarrier { key: key.to_owned() } };
    let left = [
        ("c", "3", carrier("ups")),
        ("d", "4", ShipmentState::Blocked { reason: BlockReason::NoTracking }),
        ("e", "5", ShipmentState::Cancelled),
    ];
    let blocked = [to("a", carrier("UPS")), to("b", carrier("UPS"))];
    let others = left.iter().map(|(name, _, state)| to(name, state.clone()));
    on.stores.shipments.record(&token, &blocked.into_iter().chain(others).collect::<Vec<_>>()).await?;
    same("unblocked", &on.stores.shipments.unblock(&on.here, "UPS", at(30)).await?, &2)?;
    same("a second time", &on.peer.shipments.unblock(&on.here, "UPS", at(30)).await?, &0)?;
    same("elsewhere", &on.stores.shipments.unblock(&on.elsewhere, "ups", at(30)).await?, &0)?;
    same("an unblocked row", &state(&on, "1", "a").await?, &Some(ShipmentState::Pending))?;
    for (name, order, wanted) in left {
        same("a row that is not blocked on the key", &state(&on, order, name).await?, &Some(wanted))?;
    }
    Ok(())
}

async fn a_stale_token_cannot_record(on: TestBed) -> Check {
    enqueue(&on, &[("a", "1", 1), ("b", "2", 1)]).await?;
    let (stale, newest) = on.superseded(Operation::SyncShipments).await?;
    on.peer.shipments.record(&newest, &[to("b", ShipmentState::Cancelled)]).await?;
    refused("record", on.stores.shipments.record(&stale, &[to("a", ShipmentState::Cancelled)]).await)?;
    same("the state", &state(&on, "1", "a").await?, &Some(ShipmentState::Pending))
}
