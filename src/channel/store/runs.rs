//! Who may run, and what ran.

use std::{fmt::Debug, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{RunKind, RunSummary, StoreError};
use crate::{
    Timestamp,
    channel::{ConnectionId, Operation, RunId, Trigger, record::record},
};

/// Keeps one lease per connection and operation, and the history of runs.
///
/// Beside the [common contract](super): what a lease means is decided by [`Lease`](super::Lease), whose methods have the names of the
/// methods here. A store reads the lease, takes the step and writes the lease back, all in one transaction that no other
/// caller can come between; then it keeps the clauses below.
///
/// # Testing an implementation
/// Two tasks that call `begin` at once get one grant; after `ttl` on the injected `now` a third call is granted,
/// and the first token is refused. After a `begin` with a `now` ten years ahead, `begin` at the right time is refused
/// until one `ttl` after the first refusal.
#[async_trait]
pub trait RunStore: Debug + Send + Sync {
    /// Grants the lease, or says who has it: [`Lease::begin`](super::Lease::begin).
    ///
    /// MUST be atomic: of any number of concurrent calls for the same connection and operation at most one is granted while
    /// its lease lasts, on a free lease as after a finish or an expiry, and no two grants have the same fence, also after a
    /// restart. A grant MUST add [the run](RunSummary::running) to the history and mark every other run of the history that
    /// is still running as [`RunState::Abandoned`](super::RunState::Abandoned).
    async fn begin(&self, run: NewRun) -> Result<BeginOutcome, StoreError>;

    /// Makes the lease last until `now + ttl`, whether that is later or earlier than before: [`Lease::heartbeat`](super::Lease::heartbeat).
    ///
    /// # Errors
    /// `LostLease` when a newer run has begun or the lease was released.
    async fn heartbeat(&self, token: &RunToken, ttl: Duration, now: Timestamp) -> Result<(), StoreError>;

    /// Ends the run: [`Lease::finish`](super::Lease::finish).
    ///
    /// MUST keep its summary in place of the one from its beginning, in the same transaction.
    ///
    /// # Errors
    /// `LostLease` when a newer run has begun or the lease was released; nothing is changed then.
    async fn finish(&self, token: &RunToken, summary: RunSummary) -> Result<(), StoreError>;

    /// The newest run that counts as [a success](RunSummary::is_success), if any. MUST be kept however many runs came after it; so
    /// SHOULD be the newest that [did its work](RunSummary::did_its_work).
    async fn last_success(
        &self,
        connection: &ConnectionId,
        operation: Operation,
    ) -> Result<Option<RunSummary>, StoreError>;

    /// The newest runs, whatever became of them. MUST answer newest first, by their beginning; a store SHOULD keep a
    /// thousand of each operation.
    async fn recent(
        &self,
        connection: &ConnectionId,
        operation: Operation,
        limit: usize,
    ) -> Result<Vec<RunSummary>, StoreError>;

    /// Frees every lease of this owner, on all connections: [`Lease::release`](super::Lease::release). Says how many there were.
    ///
    /// For a host whose owner name is exclusive, such as the stable name of a pod: when it starts, whatever ran under its
    /// name is dead, and need not be waited for. The runs are marked as abandoned by the next `begin`.
    async fn release_leases(&self, owner: &str) -> Result<u64, StoreError>;
}

record! {
    /// A run that asks for the lease.
    #[derive(Debug, Clone)]
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
        pub dry_run: bool = false,
        /// What set it off.
        pub trigger: Trigger = Trigger::default(),
        /// What kind of run it is.
        pub kind: RunKind = RunKind::default(),
    }
    /// A real, scheduled run that does the whole of its operation.
    pub fn new(
        connection: ConnectionId,
        operation: Operation,
        run: RunId,
        owner: impl Into<String>,
        ttl: Duration,
        now: Timestamp
    );
}

/// The answer to a run that asks for the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BeginOutcome {
    /// It may.
    Granted(RunToken),
    /// Another one has the lease.
    AlreadyRunning {
        /// When the running run began.
        since: Timestamp,
        /// Its owner.
        owner: String,
    },
}

record! {
    /// Proof that a run was granted the lease. Passed to every call that changes something.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// A token. Only a [`RunStore`] and tests make one.
    pub fn new(connection: ConnectionId, operation: Operation, run: RunId, fence: u64);
}
