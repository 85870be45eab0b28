//! What every check stands on: the stores under test, and runs that hold or have lost their lease.

use std::{ops::Deref, sync::Arc, time::Duration};

use super::{Check, Stop, at, at_once};
use crate::{
    Timestamp,
    channel::{
        ConnectionId, Listing, Operation, RunId,
        store::{BeginOutcome, NewRun, RunToken, StoreError, Stores},
    },
    client::BudgetStore,
    fleet::Schedule,
};

/// How long the leases of the suite last.
pub(super) const TTL: Duration = Duration::from_secs(600);

/// Two handles on the same data.
pub(super) type Both<T> = (Arc<T>, Arc<T>);

/// The stores under test. `peer` is another handle on the same data, if the builder gave one.
pub(super) struct TestBed {
    pub(super) stores: Stores,
    pub(super) peer: Stores,
    pub(super) here: ConnectionId,
    pub(super) elsewhere: ConnectionId,
    pub(super) listings: Option<(ConnectionId, Vec<Listing>)>,
    pub(super) refused_order: Option<String>,
    pub(super) schedule: Option<Both<dyn Schedule>>,
    pub(super) budgets: Option<Both<dyn BudgetStore>>,
}

impl TestBed {
    pub(super) fn new(stores: Stores) -> Self {
        Self {
            peer: stores.clone(),
            stores,
            here: "here".into(),
            elsewhere: "elsewhere".into(),
            listings: None,
            refused_order: None,
            schedule: None,
            budgets: None,
        }
    }

    /// Does something with this many handles at once, every other one the peer's, each in a task of its own.
    pub(super) async fn at_once<T, F>(&self, tasks: usize, work: impl Fn(usize, Stores) -> F) -> Check<Vec<T>>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let handles = [&self.stores, &self.peer].into_iter().cycle().cloned();
        at_once((0..tasks).zip(handles).map(|(n, stores)| work(n, stores))).await
    }

    /// A run that wants to begin at `now`.
    pub(super) fn wants(&self, operation: Operation, run: &str, now: Timestamp) -> NewRun {
        NewRun::new(self.here.clone(), operation, RunId::from(run), format!("owner of {run}"), TTL, now)
    }

    /// A run that is granted the lease at `now`.
    pub(super) async fn begins(&self, operation: Operation, run: &str, now: Timestamp) -> Check<RunToken> {
        granted(self.peer.runs.begin(self.wants(operation, run, now)).await?)
    }

    /// A run that holds the lease from `at(0)` on.
    pub(super) async fn begun(&self, operation: Operation) -> Check<RunToken> {
        granted(self.stores.runs.begin(self.wants(operation, "first", at(0))).await?)
    }

    /// A run on the other connection.
    pub(super) async fn begun_elsewhere(&self, operation: Operation) -> Check<RunToken> {
        let run = NewRun { connection: self.elsewhere.clone(), ..self.wants(operation, "other", at(0)) };
        granted(self.stores.runs.begin(run).await?)
    }

    /// A run whose lease has expired, and the one that has the lease now.
    pub(super) async fn superseded(&self, operation: Operation) -> Check<(RunToken, RunToken)> {
        let stale = self.begun(operation).await?;
        Ok((stale, self.begins(operation, "second", at(0) + TTL + Duration::from_secs(1)).await?))
    }

    /// The bed with a run of this operation on it.
    pub(super) async fn during(self, operation: Operation) -> Check<Run> {
        Ok(Run { token: self.begun(operation).await?, bed: self })
    }

    /// Leaves the check out unless the store that is checked keeps the leases too.
    pub(super) fn leases_are_kept_in<T: ?Sized>(&self, store: &Arc<T>) -> Check {
        if std::ptr::addr_eq(Arc::as_ptr(&self.stores.runs), Arc::as_ptr(store)) {
            return Ok(());
        }
        Err(Stop::LeftOut("the leases are kept in another store"))
    }
}

/// The test bed of a check that stands in a run: its token holds the lease from `at(0)` on.
pub(super) struct Run {
    bed: TestBed,
    pub(super) token: RunToken,
}

impl Run {
    /// Another run that has the lease from now on. The token of this one is stale.
    pub(super) async fn overtaken(&self) -> Check<RunToken> {
        self.begins(self.token.operation, "second", at(0) + TTL + Duration::from_secs(1)).await
    }

    /// Like [`at_once`](TestBed::at_once), with the token of the run.
    pub(super) async fn write_at_once<T, F>(
        &self,
        tasks: usize,
        work: impl Fn(usize, Stores, RunToken) -> F,
    ) -> Check<Vec<T>>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        self.at_once(tasks, |n, stores| work(n, stores, self.token.clone())).await
    }
}

impl Deref for Run {
    type Target = TestBed;

    fn deref(&self) -> &TestBed {
        &self.bed
    }
}

pub(super) fn granted(begin: BeginOutcome) -> Check<RunToken> {
    match begin {
        BeginOutcome::Granted(token) => Ok(token),
        BeginOutcome::AlreadyRunning { since, owner } => Err(Stop::Violated(format!(
            "a free lease was not granted: already running since {since} ({owner})"
        ))),
    }
}
