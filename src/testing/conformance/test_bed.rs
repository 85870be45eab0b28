//! What every check stands on: the stores under test, and runs that hold or have lost their lease.

use std::{sync::Arc, time::Duration};

use super::{
    Both, TestStores,
    check::{Check, Stop},
    samples::at,
};
use crate::{
    Timestamp,
    channel::{
        ConnectionId, Listing, Operation, RunId,
        store::{BeginOutcome, NewRun, RunToken, Stores},
    },
    client::BudgetStore,
    fleet::Schedule,
};

/// How long the leases of the suite last.
pub(super) const TTL: Duration = Duration::from_secs(600);

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
    pub(super) fn new(test_stores: &TestStores) -> Self {
        Self {
            stores: test_stores.stores.clone(),
            peer: test_stores.peer.as_ref().unwrap_or(&test_stores.stores).clone(),
            here: "here".into(),
            elsewhere: "elsewhere".into(),
            listings: test_stores.listings.clone(),
            refused_order: test_stores.refused_order.clone(),
            schedule: test_stores.schedule.clone(),
            budgets: test_stores.budgets.clone(),
        }
    }

    /// Handles for tasks: every other one is the peer's.
    pub(super) fn handles(&self, count: usize) -> Vec<Stores> {
        [&self.stores, &self.peer].into_iter().cycle().take(count).cloned().collect()
    }

    /// A run that wants to begin at `now`.
    pub(super) fn wants(&self, operation: Operation, run: &str, now: Timestamp) -> NewRun {
        NewRun::new(self.here.clone(), operation, RunId::from(run), format!("owner of {run}"), TTL, now)
    }

    /// A run that holds the lease from `at(0)` on.
    pub(super) async fn begun(&self, operation: Operation) -> Check<RunToken> {
        granted(self.stores.runs.begin(self.wants(operation, "first", at(0))).await?)
    }

    /// A run whose lease has expired, and the one that has the lease now.
    pub(super) async fn superseded(&self, operation: Operation) -> Check<(RunToken, RunToken)> {
        let stale = self.begun(operation).await?;
        let later = at(0) + TTL + Duration::from_secs(1);
        let newest = granted(self.peer.runs.begin(self.wants(operation, "second", later)).await?)?;
        Ok((stale, newest))
    }

    /// A run on the other connection.
    pub(super) async fn begun_elsewhere(&self, operation: Operation) -> Check<RunToken> {
        let run = NewRun { connection: self.elsewhere.clone(), ..self.wants(operation, "other", at(0)) };
        granted(self.stores.runs.begin(run).await?)
    }

    /// Leaves the check out unless the store that is checked keeps the leases too.
    pub(super) fn leases_are_kept_in<T: ?Sized>(&self, store: &Arc<T>) -> Check {
        if std::ptr::addr_eq(Arc::as_ptr(&self.stores.runs), Arc::as_ptr(store)) {
            return Ok(());
        }
        Err(Stop::LeftOut("the leases are kept in another store"))
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
