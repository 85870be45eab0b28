//! When each operation of each connection is due: the contract of who keeps that.

use std::{fmt, fmt::Debug, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    channel::{ConnectionId, Finding, Operation, store::StoreError},
    setters::setters,
};

/// Keeps when each job is due, and who works on it. A job is one operation of one connection.
///
/// # Contract
/// - A job is claimed by one worker at a time, until it is settled or its claim ends unrenewed; then it is due again. A claim that
///   has ended cannot be renewed or settled.
/// - What is due for longest is claimed first.
/// - A job that is woken while it is claimed is due at once when it is settled.
/// - `Ok` means durable, as far as the schedule is; an error, that the schedule cannot be read or written. `now` serves a schedule that has no clock of its own.
///
/// The checks of it stand in `testing::conformance` (feature `conformance`).
#[async_trait]
pub trait Schedule: Debug + Send + Sync {
    /// Adds jobs that are not there, changes the others where they differ, and removes none. A job whose interval became shorter is
    /// due within the new one; a paused job is not claimed until a plan says otherwise.
    async fn plan(&self, jobs: &[JobPlan], now: Timestamp) -> Result<(), StoreError>;

    /// Removes every job of these connections, claimed ones too.
    async fn remove(&self, connections: &[ConnectionId]) -> Result<(), StoreError>;

    /// Claims at most `limit` jobs that are due, for so long.
    async fn claim(
        &self,
        worker: &str,
        limit: usize,
        length: Duration,
        now: Timestamp,
    ) -> Result<Vec<Claim>, StoreError>;

    /// Prolongs claims that still hold, from now on for so long.
    async fn renew(&self, claims: &[Claim], length: Duration, now: Timestamp) -> Result<(), StoreError>;

    /// Ends a claim: says whether it still held.
    async fn settle(&self, claim: &Claim, end: &JobEnd, now: Timestamp) -> Result<bool, StoreError>;

    /// Makes a job due at once, unless it is paused: says whether it is there.
    async fn wake(&self, job: &JobKey, now: Timestamp) -> Result<bool, StoreError>;

    /// How long until a job is due or a claim ends; `None` where there is neither.
    async fn next_due(&self, now: Timestamp) -> Result<Option<Duration>, StoreError>;

    /// The jobs of one connection, or all, in the order of their keys.
    async fn jobs(&self, of: Option<&ConnectionId>) -> Result<Vec<JobStatus>, StoreError>;

    /// Waits until another process may have woken a job. By itself that is never told, and [`poll_every`](Self::poll_every) is all.
    /// Cancel-safe: dropping the future loses no wake-up that `next_due` would not show.
    async fn woken(&self) {
        std::future::pending::<()>().await;
    }

    /// How often a worker looks for what others have woken. `None` where there are no others.
    fn poll_every(&self) -> Option<Duration> {
        None
    }
}

/// One operation of one connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JobKey {
    /// The connection.
    pub connection: ConnectionId,
    /// The operation.
    pub operation: Operation,
}

impl fmt::Display for JobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.operation, self.connection)
    }
}

/// A job as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobPlan {
    /// The job.
    pub job: JobKey,
    /// How often it runs.
    pub every: Duration,
    /// In how long it is due for the first time, if it is new.
    pub first_wait: Duration,
    /// Why it does not run.
    pub paused: Option<String>,
}

impl JobPlan {
    /// A job that runs.
    pub fn new(job: JobKey, every: Duration, first_wait: Duration) -> Self {
        Self { job, every, first_wait, paused: None }
    }

    setters! {
        /// The same, that does not run for this reason.
        paused(why: impl Into<String>) => paused = Some(why.into());
    }
}

/// A job that a worker may run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claim {
    /// The job.
    pub job: JobKey,
    /// Tells this claim from earlier and later ones of the job.
    pub fence: u64,
    /// How often it is to run.
    pub every: Duration,
    /// Since when it is due.
    pub due: Timestamp,
    /// How often in a row it failed before.
    pub failures: u32,
}

impl Claim {
    /// A claim of a job that never failed.
    pub fn new(job: JobKey, fence: u64, every: Duration, due: Timestamp) -> Self {
        Self { job, fence, every, due, failures: 0 }
    }

    setters! {
        /// How often in a row the job failed before.
        failures(failures: u32) => failures = failures;
    }
}

/// What became of a claimed job.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobEnd {
    /// In how long it is due again, if nobody wakes it.
    pub wait: Duration,
    /// How often in a row it failed.
    pub failures: u32,
    /// How it ended.
    pub last: LastRun,
}

impl JobEnd {
    /// A job that ended so.
    pub fn new(wait: Duration, failures: u32, last: LastRun) -> Self {
        Self { wait, failures, last }
    }
}

/// How a job ran last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LastRun {
    /// When it ended, by the worker's clock.
    pub at: Timestamp,
    /// How, for people: the status of the run, or why it did not begin. No buyer's data.
    pub ended: String,
    /// Why the next one waits longer than usual.
    pub waits: Option<String>,
    /// What somebody should see to before it stops the runs; see [`ChannelConnector::notices`](crate::channel::ChannelConnector::notices).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Finding>,
}

impl LastRun {
    /// It ended so, and the next one comes at its usual time.
    pub fn new(at: Timestamp, ended: impl Into<String>) -> Self {
        Self { at, ended: ended.into(), waits: None, notices: Vec::new() }
    }

    setters! {
        /// The next one waits longer for this reason.
        waits(why: impl Into<String>) => waits = Some(why.into());
    }
}

/// A job as the schedule has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct JobStatus {
    /// The job.
    pub job: JobKey,
    /// How often it runs.
    #[serde(with = "crate::duration_text")]
    pub every: Duration,
    /// Why it does not run.
    pub paused: Option<String>,
    /// Who works on it.
    pub claimed_by: Option<String>,
    /// When it is due; of a claimed one, when the claim ends.
    pub due: Timestamp,
    /// How often in a row it failed.
    pub failures: u32,
    /// How it ran last.
    pub last: Option<LastRun>,
}

impl JobStatus {
    /// A job that has not run and that nobody works on.
    pub fn new(job: JobKey, every: Duration, due: Timestamp) -> Self {
        Self { job, every, paused: None, claimed_by: None, due, failures: 0, last: None }
    }
}
