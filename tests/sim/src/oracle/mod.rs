//! Compares what is true with what the crate did and said: when a request leaves, after every run, and in the end.

mod actions;
mod departures;
mod imports;
mod orders;
mod shipments;
mod stories;

use std::sync::{Arc, atomic::Ordering};

use shipstation_connector::channel::{
    LinkReport, LinkState, RunStatus, SyncReport, report::SyncOutcomeKind, store::LinkQuery,
};

pub use actions::{action_of, is_action, judge_action, judge_action_run};
pub use departures::{judge_departure, mark_of};
pub use imports::judge_import;

use crate::{
    fleet::OPERATIONS,
    log::leaks,
    people,
    process::RunLog,
    world::{Connection, World},
};

/// More than any run needs, whatever fails.
const MAX_REQUESTS_OF_A_RUN: u64 = 1_500;
/// What one worker leaves to other users of its key, of the forty in a minute.
const MOST_IN_A_MINUTE: u32 = 38;

/// Nothing that a person or a log sees names a buyer or a secret.
pub fn assert_clean(world: &World, who: &str, text: &str) {
    if leaks(text) {
        world.violate(format_args!("{who} shows a secret: {text}"));
    }
    if let Some(line) = crate::log::Searched::take_leak() {
        world.violate(format_args!("{who} logs a secret: {line}"));
    }
}

/// No run fails for its key where only pairs are exchanged, unless both that it knew were revoked while it went on.
pub fn judge_keys(world: &World, log: &RunLog, text: &str) {
    let it = &world.connections[log.connection];
    let since = it.truth.lock().unwrap().rotations.iter().filter(|at| **at >= log.began).count();
    let has_a_key = world.plan.has_rotations && !world.plan.trouble.keys && since < 2;
    world.assert(!has_a_key || !text.contains("refused the API key"), || {
        format!("{} failed for its key, and the other one is taken: {text}", log.name)
    });
}

/// The report of a shipment run.
pub fn judge_sync(world: &World, log: &RunLog, report: &SyncReport) {
    world.assert(report.counts.add_up(), || format!("the counts do not add up: {report}"));
    judge_requests(world, log, report.run.api.requests);
    let done = report.run.status == RunStatus::Succeeded;
    world.assert(!done || report.counts.of(SyncOutcomeKind::Unknown) == 0, || {
        format!("succeeded with unknown outcomes: {report}")
    });
}

pub fn judge_requests(world: &World, log: &RunLog, reported: u64) {
    let left = log.requests.load(Ordering::Relaxed);
    world.assert(left == reported, || format!("{left} requests left, and the report says {reported}"));
    world.assert(left <= MAX_REQUESTS_OF_A_RUN, || format!("{left} requests in one run"));
}

/// A run that was refused has changed nothing, unless the database kept it to itself.
pub fn judge_refusal(world: &World, log: &RunLog) {
    let (inserted, marked) = (log.inserted.load(Ordering::Relaxed), log.marked.load(Ordering::Relaxed));
    let is_known = !log.is_answer_lost.load(Ordering::Relaxed);
    world.assert(!is_known || inserted + marked == 0, || {
        format!("{} was not started, imported {inserted} orders and sent {marked} marks", log.name)
    });
}

/// The report of a run that links listings.
pub fn judge_links(world: &World, log: &RunLog, report: &LinkReport) {
    judge_requests(world, log, report.run.api.requests);
    let links = report.counts.linked + report.counts.already_linked + report.counts.relinked;
    let most = people::LINKED.len() as u64;
    world.assert(links <= most || !report.complete, || {
        format!("{links} links, and {most} are unambiguous: {report}")
    });
}

/// What the host sells and ShipStation has exactly once is linked. What it has twice is not, unless a reading that did not come to
/// its end showed one of the two.
fn judge_kept_links(world: &World, connection: &Connection) {
    let links = now_or_never(
        world.open().listings.links(&connection.id, LinkQuery::After { after: None, limit: 100 }),
    );
    let linked = links.iter().filter(|link| link.state == LinkState::Linked);
    let mut skus: Vec<&str> = linked.map(|link| link.sku.as_str()).collect();
    skus.sort_unstable();
    let trouble = &world.plan.trouble;
    let may_be_incomplete = trouble.losses
        || trouble.delays
        || trouble.failures
        || trouble.lists
        || trouble.lies
        || trouble.storage
        || trouble.kills
        || trouble.stalls;
    skus.retain(|sku| !may_be_incomplete || *sku != people::TWICE);
    world.assert(skus == people::LINKED, || format!("the links are {links:?}"));
}

/// Every job is there, and none waits for long or because it failed.
fn judge_jobs(world: &World) {
    let (mut jobs, now) = (world.jobs.all(), world.time.now());
    let wanted = world.connections.len() * OPERATIONS.len();
    world.assert(jobs.len() == wanted, || format!("{} jobs, not {wanted}", jobs.len()));
    jobs.retain(|job| job.failures > 0 || now.since(job.due) > job.every || job.due > now + job.every * 2);
    world.assert(jobs.is_empty(), || format!("jobs that wait for too long: {jobs:?}"));
}

/// In the end everything has come right.
pub fn judge_end(world: &Arc<World>) {
    if world.plan.has_fleets {
        judge_jobs(world);
    }
    for (number, connection) in world.connections.iter().enumerate() {
        orders::judge(world, number, connection);
        shipments::judge(world, connection);
        stories::judge(world, connection);
        judge_kept_links(world, connection);
        if world.plan.acts() {
            actions::judge(world, connection);
        }
        let truth = connection.truth.lock().unwrap();
        let trouble = &world.plan.trouble;
        let know_each_other = world.plan.shares_budget && !trouble.storage;
        let is_alone = (world.plan.workers == 1 || know_each_other)
            && !(trouble.kills || trouble.clocks || trouble.delays || trouble.doubles || trouble.stalls);
        world.assert(!is_alone || truth.throttled == 0, || {
            format!("{} requests over the limit", truth.throttled)
        });
        let most = truth.most_in_a_minute;
        world.assert(!is_alone || most <= MOST_IN_A_MINUTE, || {
            format!("{most} requests in one minute: nothing was left to others")
        });
    }
}

/// The stores of the simulation never wait by themselves.
fn now_or_never<T, E: std::fmt::Debug>(call: impl Future<Output = Result<T, E>>) -> T {
    futures_util::FutureExt::now_or_never(call).unwrap().unwrap()
}
