//! Flaws in keeping leases.

use std::{sync::atomic::Ordering, time::Duration};

use async_trait::async_trait;
use shipstation_connector::{
    Timestamp,
    channel::{
        ConnectionId, Operation,
        store::{BeginOutcome, NewRun, RunState, RunStore, RunSummary, RunToken, StoreError},
    },
};

use super::{BrokenStore, Flaw, Write};

impl BrokenStore {
    /// What a flaw does to a lease that ends later than the asker's length from now.
    async fn meet_a_lease_ahead(&self, run: &mut NewRun) -> Result<(), StoreError> {
        let Some((token, ends)) = self.lease.lock().unwrap().clone() else { return Ok(()) };
        if ends <= run.now + run.ttl {
            return Ok(());
        }
        if self.is(Flaw::LeasesAheadAreKept) {
            run.now = ends - Duration::from_secs(1);
        }
        if self.is(Flaw::LeasesAheadTakeTheAskersLength) {
            *self.lease.lock().unwrap() = Some((token.clone(), run.now + run.ttl));
            self.inner.heartbeat(&token, run.ttl, run.now).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl RunStore for BrokenStore {
    async fn begin(&self, mut run: NewRun) -> Result<BeginOutcome, StoreError> {
        run.connection = self.connection(&run.connection);
        if self.is(Flaw::BeginsWithoutALock) {
            // Two that read the same lease both take it. Not the very first one, which is looked at most.
            let mut lease = self.unlocked.lock().unwrap().clone();
            if lease.fence > 0 {
                tokio::task::yield_now().await;
            }
            let answer = lease.begin(&run);
            *self.unlocked.lock().unwrap() = lease;
            return Ok(answer);
        }
        if self.is(Flaw::BeginsInTwoSteps) {
            "not known yet".clone_into(&mut run.owner);
            let answer = self.inner.begin(run).await;
            tokio::task::yield_now().await;
            return answer;
        }
        if self.is(Flaw::LeasesLastForEver) {
            run.ttl = Duration::MAX;
        }
        if self.is(Flaw::OneLeaseForAllOperations) {
            run.operation = Operation::GetOrders;
        }
        let (connection, operation, id) = (run.connection.clone(), run.operation, run.run.clone());
        let (now, ends) = (run.now, run.now + run.ttl);
        self.meet_a_lease_ahead(&mut run).await?;
        Ok(match self.inner.begin(run).await? {
            BeginOutcome::AlreadyRunning { since, .. }
                if since > now && self.is(Flaw::LeasesAheadAreTaken) =>
            {
                BeginOutcome::Granted(RunToken::new(connection, operation, id, 99))
            }
            BeginOutcome::AlreadyRunning { .. } if self.is(Flaw::GrantsToAll) => {
                BeginOutcome::Granted(RunToken::new(connection, operation, id, 99))
            }
            BeginOutcome::AlreadyRunning { since, .. } if self.is(Flaw::RefusalForgetsWho) => {
                BeginOutcome::AlreadyRunning { since, owner: String::new() }
            }
            BeginOutcome::Granted(mut token) if self.is(Flaw::FenceStandsStill) => {
                token.fence = 1;
                BeginOutcome::Granted(token)
            }
            BeginOutcome::Granted(token) => {
                self.fence.fetch_max(token.fence, Ordering::SeqCst);
                *self.lease.lock().unwrap() = Some((token.clone(), ends));
                BeginOutcome::Granted(token)
            }
            answer => answer,
        })
    }

    async fn heartbeat(&self, token: &RunToken, ttl: Duration, now: Timestamp) -> Result<(), StoreError> {
        if self.is(Flaw::HeartbeatDoesNothing) {
            return Ok(());
        }
        let before = self.lease.lock().unwrap().as_ref().map(|(_, ends)| *ends);
        if self.is(Flaw::HeartbeatsAreRefusedLate) && before.is_some_and(|ends| ends < now) {
            return Err(StoreError::lost_lease());
        }
        if self.is(Flaw::HeartbeatsOnlyLengthen) && before.is_some_and(|ends| ends > now + ttl) {
            return Ok(());
        }
        *self.lease.lock().unwrap() = Some((token.clone(), now + ttl));
        self.inner.heartbeat(&self.token(token, Write::Heartbeat), ttl, now).await
    }

    async fn finish(&self, token: &RunToken, summary: RunSummary) -> Result<(), StoreError> {
        if self.is(Flaw::FinishKeepsTheLease) {
            return Ok(());
        }
        if self.is(Flaw::BeginsWithoutALock) {
            return self.unlocked.lock().unwrap().finish(token);
        }
        if self.is(Flaw::FinishesOnlyOnce) {
            let runs = self.inner.recent(&token.connection, token.operation, 99).await?;
            if runs.iter().any(|run| run.run == summary.run && matches!(run.state, RunState::Ended { .. })) {
                return Err(StoreError::permanent("it has ended"));
            }
        }
        self.inner.finish(&self.token(token, Write::Finish), summary).await
    }

    async fn last_success(
        &self,
        connection: &ConnectionId,
        operation: Operation,
    ) -> Result<Option<RunSummary>, StoreError> {
        let connection = self.connection(connection);
        if self.is(Flaw::DryRunsCount) {
            let runs = self.inner.recent(&connection, operation, 99).await?;
            return Ok(runs.into_iter().find(|run| match &run.state {
                RunState::Ended { status } => status.read_everything(),
                _ => false,
            }));
        }
        if self.is(Flaw::QuickLooksCount) {
            let runs = self.inner.recent(&connection, operation, 99).await?;
            return Ok(runs.into_iter().find(|run| {
                let mut run = run.clone();
                run.covers_window = true;
                run.is_success()
            }));
        }
        if self.is(Flaw::LastSuccessIsTheFirst) {
            let runs = self.inner.recent(&connection, operation, 99).await?;
            return Ok(runs.into_iter().rfind(RunSummary::is_success));
        }
        self.inner.last_success(&connection, operation).await
    }

    async fn recent(
        &self,
        connection: &ConnectionId,
        operation: Operation,
        limit: usize,
    ) -> Result<Vec<RunSummary>, StoreError> {
        let mut runs = self.inner.recent(&self.connection(connection), operation, limit).await?;
        self.left_of(&mut runs);
        if self.is(Flaw::RecentOldestFirst) {
            runs.reverse();
        }
        if self.is(Flaw::ForgetsToAbandon) {
            runs.iter_mut()
                .filter(|run| run.state == RunState::Abandoned)
                .for_each(|run| run.state = RunState::Running);
        }
        Ok(runs)
    }

    async fn release_leases(&self, owner: &str) -> Result<u64, StoreError> {
        if self.is(Flaw::ReleasesNothing) { Ok(0) } else { self.inner.release_leases(owner).await }
    }
}
