//! Leases and run history.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use async_trait::async_trait;

use super::MemoryStore;
use crate::{
    Timestamp,
    channel::{
        ConnectionId, Operation,
        store::{
            BeginOutcome, Lease, NewRun, RunState, RunStore, RunSummary, RunToken, StoreError, WITH_LEASE,
        },
    },
};

/// Runs that are kept per connection and operation.
const RUNS_KEPT: usize = 1_000;

type Key = (ConnectionId, Operation);

#[derive(Debug, Default)]
pub(super) struct Runs {
    leases: BTreeMap<Key, Lease>,
    history: BTreeMap<Key, Vec<RunSummary>>,
}

impl Runs {
    pub(super) fn lease_of(&mut self, token: &RunToken) -> &mut Lease {
        self.leases.entry((token.connection.clone(), token.operation)).or_default()
    }

    /// Removes runs that began before, but the newest and [those that stay](lasting) of each.
    pub(super) fn remove(&mut self, before: impl Fn(Operation) -> Timestamp) -> u64 {
        let mut removed = 0;
        for ((_, operation), history) in &mut self.history {
            let before = before(*operation);
            let newest = history.len().saturating_sub(1);
            let lasting = lasting(history);
            let mut place = 0;
            history.retain(|run| {
                let stays = place == newest || lasting.contains(&Some(place)) || run.started >= before;
                place += 1;
                removed += u64::from(!stays);
                stays
            });
        }
        removed
    }

    pub(super) fn raise_fences(&mut self, by: u64) {
        let connections: BTreeSet<ConnectionId> =
            self.leases.keys().map(|(connection, _)| connection.clone()).collect();
        for connection in connections {
            for operation in WITH_LEASE.iter().copied() {
                self.leases.entry((connection.clone(), operation)).or_default().fence += by;
            }
        }
    }

    fn newest(&self, connection: &ConnectionId, operation: Operation) -> impl Iterator<Item = &RunSummary> {
        self.history.get(&(connection.clone(), operation)).into_iter().flatten().rev()
    }
}

/// Adds a run that begins, in place of the oldest if there are too many.
fn add(history: &mut Vec<RunSummary>, summary: RunSummary) {
    for run in history.iter_mut().filter(|run| run.state == RunState::Running) {
        run.state = RunState::Abandoned;
    }
    history.push(summary);
    if history.len() > RUNS_KEPT {
        let lasting = lasting(history);
        let oldest = (0..=lasting.len()).find(|place| !lasting.contains(&Some(*place))).unwrap_or(0);
        history.remove(oldest);
    }
}

/// The places of the last success, from which the next import goes on, and of the last run that did its work, from which the next
/// quick look does. They are never forgotten.
fn lasting(history: &[RunSummary]) -> [Option<usize>; 2] {
    [RunSummary::is_success, RunSummary::did_its_work].map(|is_good| history.iter().rposition(is_good))
}

#[async_trait]
impl RunStore for MemoryStore {
    async fn begin(&self, run: NewRun) -> Result<BeginOutcome, StoreError> {
        let runs = &mut self.lock().runs;
        let key = (run.connection.clone(), run.operation);
        let answer = runs.leases.entry(key.clone()).or_default().begin(&run);
        if let BeginOutcome::Granted(_) = answer {
            add(runs.history.entry(key).or_default(), RunSummary::running(&run));
        }
        Ok(answer)
    }

    async fn heartbeat(&self, token: &RunToken, ttl: Duration, now: Timestamp) -> Result<(), StoreError> {
        self.lock().runs.lease_of(token).heartbeat(token, ttl, now)
    }

    async fn finish(&self, token: &RunToken, summary: RunSummary) -> Result<(), StoreError> {
        let runs = &mut self.lock().runs;
        runs.lease_of(token).finish(token)?;
        let history = runs.history.entry((token.connection.clone(), token.operation)).or_default();
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
        Ok(self.lock().runs.newest(connection, operation).find(|run| run.is_success()).cloned())
    }

    async fn recent(
        &self,
        connection: &ConnectionId,
        operation: Operation,
        limit: usize,
    ) -> Result<Vec<RunSummary>, StoreError> {
        Ok(self.lock().runs.newest(connection, operation).take(limit).cloned().collect())
    }

    async fn release_leases(&self, owner: &str) -> Result<u64, StoreError> {
        let released = |freed, lease: &mut Lease| freed + u64::from(lease.release(owner));
        Ok(self.lock().runs.leases.values_mut().fold(0, released))
    }
}
