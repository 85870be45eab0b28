//! Leases and run history.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;

use super::MemoryStore;
use crate::{
    Timestamp,
    channel::{
        ConnectionId, Operation,
        store::{Begin, NewRun, RunState, RunStore, RunSummary, RunToken, StoreError},
    },
};

/// Runs that are kept per connection and operation.
const HISTORY: usize = 1_000;

type Key = (ConnectionId, Operation);

#[derive(Debug, Default)]
pub(super) struct Runs {
    leases: BTreeMap<Key, Lease>,
    history: BTreeMap<Key, Vec<RunSummary>>,
}

#[derive(Debug)]
struct Lease {
    since: Timestamp,
    owner: String,
    expires: Timestamp,
    /// How long it was granted or renewed for.
    length: Duration,
    fence: u64,
}

impl Lease {
    /// Ends it one length from `now` if it would last longer: it was written by a clock that is ahead.
    fn shorten(&mut self, now: Timestamp) {
        self.expires = self.expires.min(now + self.length);
    }
}

impl Runs {
    fn abandon_running(&mut self, key: &Key) {
        for summary in self.history.entry(key.clone()).or_default() {
            if summary.state == RunState::Running {
                summary.state = RunState::Abandoned;
            }
        }
    }

    fn add(&mut self, key: &Key, summary: RunSummary) {
        let history = self.history.entry(key.clone()).or_default();
        history.push(summary);
        if history.len() > HISTORY {
            // The last success is never forgotten: the window of the next import begins from it.
            let last_success = history.iter().rposition(RunSummary::is_success);
            history.remove(usize::from(last_success == Some(0)));
        }
    }

    fn lease_of(&mut self, token: &RunToken) -> Option<&mut Lease> {
        let lease = self.leases.get_mut(&(token.connection.clone(), token.operation));
        lease.filter(|lease| lease.fence == token.fence)
    }
}

#[async_trait]
impl RunStore for MemoryStore {
    async fn begin(&self, run: NewRun) -> Result<Begin, StoreError> {
        let mut state = self.lock();
        let key = (run.connection.clone(), run.operation);
        if let Some(lease) = state.runs.leases.get_mut(&key)
            && lease.expires > run.now
        {
            lease.shorten(run.now);
            return Ok(Begin::AlreadyRunning { since: lease.since, owner: lease.owner.clone() });
        }
        state.runs.abandon_running(&key);
        let fence = state.fences.entry(key.clone()).or_default();
        *fence += 1;
        let fence = *fence;
        let token = RunToken::new(run.connection.clone(), run.operation, run.run.clone(), fence);
        state.runs.add(&key, RunSummary::running(&run));
        let expires = run.now + run.ttl;
        let lease = Lease { since: run.now, owner: run.owner, expires, length: run.ttl, fence };
        state.runs.leases.insert(key, lease);
        Ok(Begin::Granted(token))
    }

    async fn heartbeat(&self, token: &RunToken, ttl: Duration, now: Timestamp) -> Result<(), StoreError> {
        let mut state = self.lock();
        match state.runs.lease_of(token) {
            Some(lease) => (lease.expires, lease.length) = (now + ttl, ttl),
            None => return Err(StoreError::lost_lease()),
        }
        Ok(())
    }

    async fn finish(&self, token: &RunToken, summary: RunSummary) -> Result<(), StoreError> {
        let mut state = self.lock();
        let key = (token.connection.clone(), token.operation);
        // Only the newest grant may end, and may say so twice.
        if state.fences.get(&key) != Some(&token.fence) {
            return Err(StoreError::lost_lease());
        }
        state.runs.leases.remove(&key);
        let history = state.runs.history.entry(key).or_default();
        match history.iter_mut().find(|kept| kept.run == summary.run) {
            Some(kept) => *kept = summary,
            None => history.push(summary),
        }
        Ok(())
    }

    async fn last_success(
        &self,
        connection: &ConnectionId,
        operation: Operation,
    ) -> Result<Option<RunSummary>, StoreError> {
        let state = self.lock();
        let history = state.runs.history.get(&(connection.clone(), operation));
        Ok(history.and_then(|runs| runs.iter().rev().find(|run| run.is_success())).cloned())
    }

    async fn recent(
        &self,
        connection: &ConnectionId,
        operation: Operation,
        limit: usize,
    ) -> Result<Vec<RunSummary>, StoreError> {
        let state = self.lock();
        let history = state.runs.history.get(&(connection.clone(), operation));
        Ok(history.map(|runs| runs.iter().rev().take(limit).cloned().collect()).unwrap_or_default())
    }
}
