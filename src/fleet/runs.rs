//! The runs that are under way, one claimed job each, and how the worker is.

use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard},
};

use futures_util::FutureExt;
use serde::Serialize;

use super::{Claim, JobKey, next_run::RunEnd};
use crate::{
    Timestamp,
    channel::{
        ChannelConnector, ChannelError, Finding, GetOrders, LinkListings, Operation, Refusal, ResolveHeld,
        RunActions, RunControl, SyncShipments, report::RunStatus, store::StoreError,
    },
    locked::locked,
};

/// How a worker is, for a health check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WorkerHealth {
    /// Its name.
    pub worker: String,
    /// The jobs that it works on, and since when.
    pub running: Vec<(JobKey, Timestamp)>,
    /// When it last looked for work.
    pub looked_at: Option<Timestamp>,
    /// Why the schedule, the source or the maintenance of the store failed, while they do.
    pub trouble: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Runs(Mutex<State>);

#[derive(Debug)]
struct State {
    running: BTreeMap<JobKey, RunningJob>,
    groups: u64,
    looked_at: Option<Timestamp>,
    trouble: BTreeMap<&'static str, String>,
    rng: fastrand::Rng,
}

#[derive(Debug)]
struct RunningJob {
    claim: Claim,
    since: Timestamp,
    group: u64,
}

/// Keeps a job among those that run, until it is dropped.
#[derive(Debug)]
pub(super) struct RunGuard<'r> {
    runs: &'r Runs,
    job: JobKey,
    fence: u64,
}

impl Drop for RunGuard<'_> {
    fn drop(&mut self) {
        let mut state = self.runs.lock();
        if state.running.get(&self.job).is_some_and(|running| running.claim.fence == self.fence) {
            state.running.remove(&self.job);
        }
    }
}

impl Runs {
    pub(super) fn new(seed: Option<u64>) -> Self {
        let rng = seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        let (running, trouble) = (BTreeMap::new(), BTreeMap::new());
        Self(Mutex::new(State { running, groups: 0, looked_at: None, trouble, rng }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        locked(&self.0)
    }

    pub(super) fn health(&self, worker: &str) -> WorkerHealth {
        let state = self.lock();
        WorkerHealth {
            worker: worker.to_owned(),
            running: state.running.values().map(|one| (one.claim.job.clone(), one.since)).collect(),
            looked_at: state.looked_at,
            trouble: state.trouble.values().cloned().collect(),
        }
    }

    /// A number for the runs of one caller.
    pub(super) fn new_group(&self) -> u64 {
        let mut state = self.lock();
        state.groups += 1;
        state.groups
    }

    pub(super) fn begin(&self, group: u64, claim: &Claim, since: Timestamp) -> RunGuard<'_> {
        let (job, fence) = (claim.job.clone(), claim.fence);
        self.lock().running.insert(job.clone(), RunningJob { claim: claim.clone(), since, group });
        RunGuard { runs: self, job, fence }
    }

    pub(super) fn claims(&self, group: u64) -> Vec<Claim> {
        let state = self.lock();
        state.running.values().filter(|one| one.group == group).map(|one| one.claim.clone()).collect()
    }

    pub(super) fn looked(&self, now: Timestamp) {
        self.lock().looked_at = Some(now);
    }

    /// Notes whether something of the host's works; what does not is logged once, until it works again.
    pub(super) fn note(&self, what: &'static str, failure: Option<String>) {
        let mut state = self.lock();
        let Some(failure) = failure else {
            state.trouble.remove(what);
            return;
        };
        let words = format!("{what}: {failure}");
        if state.trouble.insert(what, words.clone()).is_none() {
            tracing::warn!("the fleet has trouble with {words}");
        }
    }

    /// Notes how a call of the schedule ended.
    pub(super) fn note_schedule<T>(&self, answer: Result<T, StoreError>) -> Option<T> {
        self.note("the schedule", answer.as_ref().err().map(ToString::to_string));
        answer.ok()
    }

    /// A random share, from 0 to 1.
    pub(super) fn draw(&self) -> f64 {
        self.lock().rng.f64()
    }
}

/// Runs an operation to its end, whatever that is; and what the channel has to say beside it.
pub(super) async fn run(
    channel: &Arc<dyn ChannelConnector>,
    operation: Operation,
    control: RunControl,
) -> (RunEnd, Vec<Finding>) {
    let run = async {
        let end = status_of(channel, operation, control).await;
        (end.map_or_else(RunEnd::NotStarted, RunEnd::Ended), channel.notices())
    };
    AssertUnwindSafe(run).catch_unwind().await.unwrap_or((RunEnd::Panicked, Vec::new()))
}

async fn status_of(
    channel: &Arc<dyn ChannelConnector>,
    operation: Operation,
    control: RunControl,
) -> Result<RunStatus, ChannelError> {
    Ok(match operation {
        Operation::GetOrders => channel.get_orders(GetOrders::with(control)).await?.run.status,
        Operation::GetChanges if channel.capabilities().order_features.changes_only => {
            channel.get_orders(GetOrders::changes_only().control(control)).await?.run.status
        }
        Operation::SyncShipments => channel.sync_shipments(SyncShipments::with(control)).await?.run.status,
        Operation::LinkListings => channel.link_listings(LinkListings::with(control)).await?.run.status,
        Operation::ResolveHeld => channel.resolve_held(ResolveHeld::with(control)).await?.run.status,
        Operation::RunActions => channel.run_actions(RunActions::with(control)).await?.run.status,
        _ => {
            let why = "a fleet fetches orders and changes, sends shipments, links listings, resolves held orders and runs actions";
            return Err(ChannelError::new(operation, Refusal::Unsupported { why, instead: None }));
        }
    })
}
