//! Who may run, and what ran.

use std::{fmt::Debug, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::{
    Timestamp,
    channel::{ConnectionId, Operation, RunId, RunStatus, Trigger},
};

/// Keeps one lease per connection and operation, and the history of runs.
///
/// # Contract
/// Beside the [common contract](super):
///
/// - `begin` MUST grant atomically: of any number of concurrent calls for the same connection and operation,
///   at most one is granted while its lease lasts.
/// - A lease lasts `ttl` from `now` and is renewed by `heartbeat`. A lease that has lasted MUST NOT keep the next
///   `begin` from being granted; that `begin` MUST mark the run that held it [`RunState::Abandoned`].
/// - A lease that ends later than its own length from `now` was written by a clock that is ahead. `begin` MUST NOT
///   grant it to another run on the spot: it MUST answer [`Begin::AlreadyRunning`] and, in the same transaction,
///   shorten the lease so that it ends at `now` plus its length. The length is the `ttl` of the last grant or
///   heartbeat.
/// - The fence MUST grow with every grant for the same connection and operation and is never used again, also
///   after a restart.
/// - `heartbeat` and `finish` MUST refuse a token that is not the newest granted one with `LostLease`, and MUST accept
///   the newest token of a run that has not ended whatever the time: also after its lease has lasted, and with a `now`
///   before that of an earlier call. A heartbeat MUST write `now + ttl` as the new end, also where that is earlier.
/// - `last_success` counts only runs that were not dry and ended `Succeeded` or `CompletedWithErrors`.
///
/// # Testing an implementation
/// Two tasks that call `begin` at once get one grant; after `ttl` on the injected `now` a third call is granted,
/// and the first token is refused. After a `begin` with a `now` ten years ahead, `begin` at the right time is refused
/// until one `ttl` after the first refusal.
#[async_trait]
pub trait RunStore: Debug + Send + Sync {
    /// Grants the lease, or says who has it.
    ///
    /// # Errors
    /// When the store cannot say.
    async fn begin(&self, run: NewRun) -> Result<Begin, StoreError>;

    /// Makes the lease last until `now + ttl`, whether that is later or earlier than before.
    ///
    /// # Errors
    /// `LostLease` when a newer run has begun.
    async fn heartbeat(&self, token: &RunToken, ttl: Duration, now: Timestamp) -> Result<(), StoreError>;

    /// Ends the run, keeps its summary and frees the lease.
    ///
    /// # Errors
    /// `LostLease` when a newer run has begun.
    async fn finish(&self, token: &RunToken, summary: RunSummary) -> Result<(), StoreError>;

    /// The newest run that did its work, if any.
    ///
    /// # Errors
    /// When the store cannot say.
    async fn last_success(
        &self,
        connection: &ConnectionId,
        operation: Operation,
    ) -> Result<Option<RunSummary>, StoreError>;

    /// The newest runs, newest first, whatever became of them.
    ///
    /// # Errors
    /// When the store cannot say.
    async fn recent(
        &self,
        connection: &ConnectionId,
        operation: Operation,
        limit: usize,
    ) -> Result<Vec<RunSummary>, StoreError>;
}

/// A run that wants to begin.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NewRun {
    /// The connection.
    pub connection: ConnectionId,
    /// The operation.
    pub operation: Operation,
    /// The run's own identity.
    pub run: RunId,
    /// Who runs it: host name, process, whatever helps a person.
    pub owner: String,
    /// How long the lease lasts without a heartbeat.
    pub ttl: Duration,
    /// The present instant.
    pub now: Timestamp,
    /// Whether it changes nothing.
    pub dry_run: bool,
    /// What set it off.
    pub trigger: Trigger,
}

impl NewRun {
    /// A real, scheduled run.
    pub fn new(
        connection: ConnectionId,
        operation: Operation,
        run: RunId,
        owner: impl Into<String>,
        ttl: Duration,
        now: Timestamp,
    ) -> Self {
        Self {
            connection,
            operation,
            run,
            owner: owner.into(),
            ttl,
            now,
            dry_run: false,
            trigger: Trigger::default(),
        }
    }
}

/// The answer to a run that wants to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Begin {
    /// It may.
    Granted(RunToken),
    /// Another one has the lease.
    AlreadyRunning {
        /// Since when.
        since: Timestamp,
        /// Its owner.
        owner: String,
    },
}

/// Proof that a run was granted the lease. Passed to every call that changes something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunToken {
    /// The connection.
    pub connection: ConnectionId,
    /// The operation.
    pub operation: Operation,
    /// The run.
    pub run: RunId,
    /// Greater than that of every run granted before.
    pub fence: u64,
}

impl RunToken {
    /// A token. Only a [`RunStore`] and tests make one.
    pub fn new(connection: ConnectionId, operation: Operation, run: RunId, fence: u64) -> Self {
        Self { connection, operation, run, fence }
    }
}

/// What is kept of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunSummary {
    /// The run.
    pub run: RunId,
    /// When it began. For an import this is the end of its window.
    pub started: Timestamp,
    /// When it ended; `None` while it runs or when it was abandoned.
    pub finished: Option<Timestamp>,
    /// Whether it changed nothing.
    pub dry_run: bool,
    /// What became of it.
    pub state: RunState,
    /// The report's counts in one line, for people.
    pub headline: String,
}

impl RunSummary {
    /// The summary of a run that has ended.
    pub fn ended(
        run: RunId,
        started: Timestamp,
        finished: Timestamp,
        dry_run: bool,
        status: RunStatus,
        headline: impl Into<String>,
    ) -> Self {
        Self {
            run,
            started,
            finished: Some(finished),
            dry_run,
            state: RunState::Ended { status },
            headline: headline.into(),
        }
    }

    /// The summary of a run that has just begun.
    pub fn running(run: &NewRun) -> Self {
        Self {
            run: run.run.clone(),
            started: run.now,
            finished: None,
            dry_run: run.dry_run,
            state: RunState::Running,
            headline: String::new(),
        }
    }

    /// Whether it counts for [`RunStore::last_success`].
    pub fn is_success(&self) -> bool {
        let worked = match &self.state {
            RunState::Ended { status } => status.did_its_work(),
            RunState::Running | RunState::Abandoned => false,
        };
        worked && !self.dry_run
    }
}

/// What became of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "run", rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunState {
    /// It holds the lease.
    Running,
    /// Its lease lasted and another run took it.
    Abandoned,
    /// It ended.
    Ended {
        /// How.
        status: RunStatus,
    },
}
