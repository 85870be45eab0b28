//! Leases and run history.

use std::time::Duration;

use super::{Check, TTL, TestBed, at, checks, drop_after, granted, holds, none, refused, same};
use crate::{
    Timestamp,
    channel::{
        Operation, RunId, RunStatus,
        store::{BeginOutcome, NewRun, RunKind, RunState, RunSummary, RunToken, StoreError},
    },
};

checks! { "runs":
    one_of_many_begins_is_granted => "of any number of concurrent calls of `begin` at most one is granted, on a free lease as after a finish or an expiry, and no fence is granted twice",
    a_dropped_begin_leaves_all_or_nothing => "a dropped future leaves either the whole effect of the call or none",
    a_refusal_names_the_run_that_has_the_lease => "`AlreadyRunning` says since when and who, and changes nothing",
    a_lease_that_has_lasted_goes_to_the_next => "a lease that has lasted must not keep the next `begin` from being granted",
    a_run_that_lost_its_lease_is_marked_abandoned => "the next `begin` marks the run whose lease has expired as abandoned",
    a_heartbeat_lengthens_the_lease => "a lease is renewed by `heartbeat` until `now + ttl`",
    a_lease_that_lies_ahead_is_not_taken_on_the_spot => "a lease that ends later than its length from now is not granted to another run on the spot",
    a_lease_that_lies_ahead_is_shortened => "`begin` shortens a lease that lies ahead so that it ends at `now` plus its length",
    a_lease_that_lies_ahead_keeps_its_own_length => "the length of a lease is that of its last grant or heartbeat, whoever asks",
    a_heartbeat_is_granted_whatever_the_time => "`heartbeat` accepts the newest token whatever the time",
    a_heartbeat_ends_a_lease_sooner_too => "a heartbeat writes `now + ttl` as the new end, also where that is earlier",
    fences_grow_with_every_grant => "the fence grows with every grant and is never used again",
    a_stale_token_cannot_heartbeat => "`heartbeat` refuses a token that is not the newest granted one",
    a_stale_token_cannot_finish => "`finish` refuses a token that is not the newest granted one, and changes nothing",
    finishing_frees_the_lease => "`finish` ends the run, keeps its summary and frees the lease",
    finishing_twice_is_harmless => "every method is safe to repeat",
    last_success_counts_what_did_its_work => "`last_success` counts only real runs that ended `Succeeded` or `CompletedWithErrors`",
    last_success_counts_what_covers_the_window => "`last_success` counts only runs whose summary covers the window: no quick look, back-fill, single order or webhook",
    last_success_is_the_newest => "`last_success` is the newest run that did its work",
    recent_runs_come_newest_first => "`recent` answers the newest runs, newest first, whatever became of them",
    released_leases_are_those_of_the_owner => "`release_leases` frees the leases of the owner on every connection, and no others",
    a_released_run_is_refused => "the fence grows when a lease is released: its run is refused from then on",
    operations_and_connections_are_separate => "there is one lease per connection and operation",
}

const GET: Operation = Operation::GetOrders;

pub(super) const FAILED: RunStatus = RunStatus::Failed { error: String::new() };

fn ended(run: &RunId, started: Timestamp, status: RunStatus) -> RunSummary {
    let finished = started + Duration::from_secs(60);
    RunSummary::ended(run.clone(), started, finished, false, status, "2 imported, ünïcode")
}

async fn finish(on: &TestBed, token: &RunToken, started: Timestamp) -> Result<(), StoreError> {
    on.stores.runs.finish(token, ended(&token.run, started, RunStatus::Succeeded)).await
}

/// The newest runs.
pub(super) async fn recent(on: &TestBed, operation: Operation, limit: usize) -> Check<Vec<String>> {
    let runs = on.peer.runs.recent(&on.here, operation, limit).await?;
    Ok(runs.into_iter().map(|run| run.run.to_string()).collect())
}

pub(super) async fn last_success(on: &TestBed) -> Check<Option<RunId>> {
    Ok(on.peer.runs.last_success(&on.here, GET).await?.map(|run| run.run))
}

/// A run from its begin to its end.
pub(super) async fn run_through(on: &TestBed, run: NewRun, status: RunStatus) -> Check {
    let (id, started, dry, kind) = (run.run.clone(), run.now, run.dry_run, run.kind.clone());
    let token = granted(on.stores.runs.begin(run).await?)?;
    let summary = RunSummary::ended(id, started, started + Duration::from_secs(1), dry, status, "");
    Ok(on.stores.runs.finish(&token, summary.of_kind(token.operation, kind)).await?)
}

async fn one_of_many_begins_is_granted(on: TestBed) -> Check {
    let mut fences = Vec::new();
    let free = ["that nobody had", "that was finished", "that has lasted", "that was finished again"];
    for (round, free) in (0..).zip(free) {
        let now = at(0) + TTL * 2 * round;
        let begun = on.at_once(16, |n, stores| {
            let run = on.wants(GET, &format!("run {round}.{n}"), now);
            async move { stores.runs.begin(run).await }
        });
        let granted: Vec<RunToken> =
            begun.await?.into_iter().filter_map(|begin| granted(begin).ok()).collect();
        same(&format!("grants among 16 concurrent calls, of a lease {free}"), granted.len(), 1)?;
        fences.extend(granted.iter().map(|token| token.fence));
        for token in granted.iter().filter(|_| round % 2 == 0) {
            finish(&on, token, now).await?;
        }
    }
    let is_ascending = fences.is_sorted_by(|a, b| a < b);
    holds(&format!("each fence of {fences:?} is higher than the one before"), is_ascending)
}

async fn a_dropped_begin_leaves_all_or_nothing(on: TestBed) -> Check {
    let mut last = 0;
    for polls in 1..6 {
        let now = at(0) + TTL * 2 * polls;
        drop_after(polls, on.stores.runs.begin(on.wants(GET, "dropped", now))).await;
        let mut next = on.peer.runs.begin(on.wants(GET, "next", now)).await?;
        if let BeginOutcome::AlreadyRunning { owner, .. } = &next {
            same("who has the lease that was not granted", owner.as_str(), "owner of dropped")?;
            next = on.stores.runs.begin(on.wants(GET, "next", now + TTL + Duration::from_secs(1))).await?;
        }
        let token = granted(next)?;
        holds(&format!("fence {} is greater than {last}", token.fence), token.fence > last)?;
        last = token.fence;
        finish(&on, &token, now).await?;
    }
    Ok(())
}

async fn a_refusal_names_the_run_that_has_the_lease(on: TestBed) -> Check {
    let first = on.begun(GET).await?;
    let answer = on.peer.runs.begin(on.wants(GET, "second", at(30))).await?;
    let wanted = BeginOutcome::AlreadyRunning { since: at(0), owner: "owner of first".to_owned() };
    same("the answer to the second run", answer, wanted)?;
    on.stores.runs.heartbeat(&first, TTL, at(31)).await?;
    same("recent runs", recent(&on, GET, 9).await?, ["first"])
}

async fn a_lease_that_has_lasted_goes_to_the_next(on: TestBed) -> Check {
    on.begun(GET).await?;
    let last = at(0) + TTL - Duration::from_millis(1);
    is_refused(&on, "the lease lasts for its ttl", "second", last).await?;
    on.begins(GET, "third", last + Duration::from_millis(2)).await?;
    Ok(())
}

async fn a_run_that_lost_its_lease_is_marked_abandoned(on: TestBed) -> Check {
    on.superseded(GET).await?;
    let states: Vec<(RunId, RunState)> =
        on.stores.runs.recent(&on.here, GET, 9).await?.into_iter().map(|run| (run.run, run.state)).collect();
    let wanted = [("second".into(), RunState::Running), ("first".into(), RunState::Abandoned)];
    same("the recent runs", states, wanted)
}

async fn a_heartbeat_lengthens_the_lease(on: TestBed) -> Check {
    let first = on.begun(GET).await?;
    on.stores.runs.heartbeat(&first, TTL, at(500)).await?;
    let later = at(500) + TTL - Duration::from_secs(1);
    is_refused(&on, "the renewed lease holds", "second", later).await?;
    on.begins(GET, "third", later + Duration::from_secs(2)).await?;
    Ok(())
}

/// How far the clock of a host is ahead.
const AHEAD: Duration = Duration::from_secs(10 * 365 * 86_400);

/// A run that began while its host's clock was ahead.
async fn begun_ahead(on: &TestBed) -> Check<RunToken> {
    on.begins(GET, "ahead", at(0) + AHEAD).await
}

async fn is_refused(on: &TestBed, what: &str, run: &str, now: Timestamp) -> Check {
    let answer = on.peer.runs.begin(on.wants(GET, run, now)).await?;
    holds(what, matches!(answer, BeginOutcome::AlreadyRunning { .. }))
}

async fn a_lease_that_lies_ahead_is_not_taken_on_the_spot(on: TestBed) -> Check {
    let ahead = begun_ahead(&on).await?;
    is_refused(&on, "the lease that lies ahead holds", "second", at(0)).await?;
    is_refused(&on, "a second try does not take it either", "third", at(1)).await?;
    on.stores.runs.heartbeat(&ahead, TTL, at(2) + AHEAD).await?;
    let later = at(0) + TTL + Duration::from_secs(1);
    is_refused(&on, "a heartbeat of the living run gives it its length again", "fourth", later).await
}

async fn a_lease_that_lies_ahead_is_shortened(on: TestBed) -> Check {
    begun_ahead(&on).await?;
    is_refused(&on, "the lease that lies ahead holds", "second", at(0)).await?;
    let end = at(0) + TTL;
    is_refused(&on, "it holds for its length", "third", end - Duration::from_millis(1)).await?;
    on.begins(GET, "fourth", end + Duration::from_millis(1)).await?;
    Ok(())
}

async fn a_lease_that_lies_ahead_keeps_its_own_length(on: TestBed) -> Check {
    let ahead = begun_ahead(&on).await?;
    on.stores.runs.heartbeat(&ahead, TTL * 2, at(0) + AHEAD).await?;
    for (run, ttl) in [("second", TTL / 10), ("third", TTL * 10)] {
        let answer = on.peer.runs.begin(NewRun { ttl, ..on.wants(GET, run, at(0)) }).await?;
        holds("the lease that lies ahead holds", matches!(answer, BeginOutcome::AlreadyRunning { .. }))?;
    }
    let end = at(0) + TTL * 2;
    is_refused(&on, "it holds for its own length", "fourth", end - Duration::from_millis(1)).await?;
    on.begins(GET, "fifth", end + Duration::from_millis(1)).await?;
    Ok(())
}

async fn a_heartbeat_is_granted_whatever_the_time(on: TestBed) -> Check {
    let first = on.begun(GET).await?;
    for now in [at(0) + TTL * 9, at(0) + AHEAD, at(0) - AHEAD, at(5)] {
        on.stores.runs.heartbeat(&first, TTL, now).await?;
    }
    let last = at(5) + TTL - Duration::from_millis(1);
    is_refused(&on, "the lease holds from the last heartbeat on", "second", last).await
}

async fn a_heartbeat_ends_a_lease_sooner_too(on: TestBed) -> Check {
    let ahead = begun_ahead(&on).await?;
    on.stores.runs.heartbeat(&ahead, TTL, at(5)).await?;
    let after = at(5) + TTL + Duration::from_millis(1);
    on.begins(GET, "second", after).await?;
    Ok(())
}

async fn fences_grow_with_every_grant(on: TestBed) -> Check {
    let mut last = 0;
    for (n, stores) in (0..6).zip([&on.peer, &on.stores].into_iter().cycle()) {
        let now = at(n * 10_000);
        let token = granted(stores.runs.begin(on.wants(GET, &format!("run {n}"), now)).await?)?;
        holds(&format!("fence {} is greater than {last}", token.fence), token.fence > last)?;
        last = token.fence;
        if n % 3 > 0 {
            finish(&on, &token, now).await?;
        }
    }
    Ok(())
}

async fn a_stale_token_cannot_heartbeat(on: TestBed) -> Check {
    let (stale, newest) = on.superseded(GET).await?;
    refused("heartbeat", on.stores.runs.heartbeat(&stale, TTL, at(700)).await)?;
    Ok(on.stores.runs.heartbeat(&newest, TTL, at(701)).await?)
}

async fn a_stale_token_cannot_finish(on: TestBed) -> Check {
    let (stale, _newest) = on.superseded(GET).await?;
    refused("finish", finish(&on, &stale, at(0)).await)?;
    is_refused(&on, "the newer run still has the lease", "third", at(700)).await?;
    none("the last success", last_success(&on).await?)
}

async fn finishing_frees_the_lease(on: TestBed) -> Check {
    let token = on.begun(GET).await?;
    let summary = ended(&token.run, at(0), RunStatus::Partial { why: "deadline".to_owned() });
    on.stores.runs.finish(&token, summary.clone()).await?;
    same("the history", on.peer.runs.recent(&on.here, GET, 9).await?, [summary])?;
    on.begins(GET, "second", at(61)).await?;
    Ok(())
}

async fn finishing_twice_is_harmless(on: TestBed) -> Check {
    let token = on.begun(GET).await?;
    finish(&on, &token, at(0)).await?;
    finish(&on, &token, at(0)).await?;
    let summary = ended(&token.run, at(0), RunStatus::Succeeded);
    same("the history", on.stores.runs.recent(&on.here, GET, 9).await?, [summary])
}

async fn last_success_counts_what_did_its_work(on: TestBed) -> Check {
    let dry = NewRun { dry_run: true, ..on.wants(GET, "dry", at(100)) };
    run_through(&on, dry, RunStatus::Succeeded).await?;
    run_through(&on, on.wants(GET, "partial", at(200)), RunStatus::Partial { why: String::new() }).await?;
    run_through(&on, on.wants(GET, "failed", at(300)), FAILED).await?;
    on.begins(GET, "abandoned", at(400)).await?;
    on.begins(GET, "running", at(5_000)).await?;
    none("the last success of none", last_success(&on).await?)?;
    run_through(&on, on.wants(GET, "with errors", at(9_000)), RunStatus::CompletedWithErrors).await?;
    let last = on.stores.runs.last_success(&on.here, GET).await?.map(|run| (run.run, run.started));
    same("the last success", last, Some(("with errors".into(), at(9_000))))
}

async fn last_success_counts_what_covers_the_window(on: TestBed) -> Check {
    run_through(&on, on.wants(GET, "window", at(100)), RunStatus::Succeeded).await?;
    let parts = [RunKind::QuickLook, RunKind::BackFill, RunKind::SingleOrder, RunKind::Webhook];
    for (n, kind) in (2..).zip(parts) {
        let part = NewRun { kind: kind.clone(), ..on.wants(GET, kind.name(), at(100 * n)) };
        run_through(&on, part, RunStatus::Succeeded).await?;
    }
    same("the last success", last_success(&on).await?, Some("window".into()))?;
    let newest = on.peer.runs.recent(&on.here, GET, 1).await?;
    let kinds: Vec<_> = newest.iter().map(|run| (run.operation, run.kind.name())).collect();
    same("the newest run", kinds, [(Some(GET), "webhook")])
}

async fn released_leases_are_those_of_the_owner(on: TestBed) -> Check {
    let here = on.begun(GET).await?;
    let there = NewRun { owner: "owner of first".to_owned(), ..on.wants(GET, "there", at(0)) };
    granted(on.stores.runs.begin(NewRun { connection: on.elsewhere.clone(), ..there }).await?)?;
    let other = on.begins(Operation::SyncShipments, "second", at(0)).await?;
    same("leases of nobody", on.peer.runs.release_leases("owner").await?, 0)?;
    same("leases that were released", on.peer.runs.release_leases("owner of first").await?, 2)?;
    same("a second time", on.stores.runs.release_leases("owner of first").await?, 0)?;
    on.stores.runs.heartbeat(&other, TTL, at(1)).await?;
    let next = on.begins(GET, "next", at(1)).await?;
    holds("the fence grows", next.fence > here.fence)?;
    let states = on.stores.runs.recent(&on.here, GET, 9).await?.into_iter().map(|run| run.state);
    same("the runs", states.collect::<Vec<_>>(), [RunState::Running, RunState::Abandoned])
}

async fn a_released_run_is_refused(on: TestBed) -> Check {
    let token = on.begun(GET).await?;
    on.peer.runs.release_leases("owner of first").await?;
    refused("heartbeat", on.stores.runs.heartbeat(&token, TTL, at(1)).await)?;
    refused("finish", finish(&on, &token, at(0)).await)
}

async fn last_success_is_the_newest(on: TestBed) -> Check {
    run_through(&on, on.wants(GET, "older", at(100)), RunStatus::Succeeded).await?;
    run_through(&on, on.wants(GET, "newer", at(200)), RunStatus::Succeeded).await?;
    run_through(&on, on.wants(GET, "failed", at(300)), FAILED).await?;
    same("the last success", last_success(&on).await?, Some("newer".into()))
}

async fn recent_runs_come_newest_first(on: TestBed) -> Check {
    for (n, run) in (0..).zip(["one", "two", "three"]) {
        run_through(&on, on.wants(GET, run, at(100 * n)), RunStatus::Succeeded).await?;
    }
    on.begins(GET, "four", at(900)).await?;
    same("recent", recent(&on, GET, 9).await?, ["four", "three", "two", "one"])?;
    same("the two newest", recent(&on, GET, 2).await?, ["four", "three"])
}

async fn operations_and_connections_are_separate(on: TestBed) -> Check {
    let token = on.begun(GET).await?;
    let sync = on.begun(Operation::SyncShipments).await?;
    let other = on.begun_elsewhere(GET).await?;
    finish(&on, &token, at(0)).await?;
    on.stores.runs.heartbeat(&sync, TTL, at(1)).await?;
    on.stores.runs.heartbeat(&other, TTL, at(1)).await?;
    none("of another operation", on.stores.runs.last_success(&on.here, Operation::SyncShipments).await?)?;
    none("on another connection", on.stores.runs.last_success(&on.elsewhere, GET).await?)
}
