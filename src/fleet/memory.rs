//! The schedule of one process.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;

use super::{Claim, JobEnd, JobKey, JobPlan, JobStatus, Schedule};
use crate::{
    Timestamp,
    channel::{ConnectionId, store::StoreError},
    locked::locked,
};

/// A schedule in memory, for the workers of one process. After a restart every job is new.
#[derive(Debug, Default)]
pub struct MemorySchedule {
    jobs: Mutex<Jobs>,
}

#[derive(Debug, Default)]
struct Jobs {
    by_key: BTreeMap<JobKey, Job>,
    /// The jobs that are not paused, by when they are due.
    by_time: BTreeSet<(Timestamp, JobKey)>,
    fences: u64,
}

#[derive(Debug)]
struct Job {
    status: JobStatus,
    /// The fence of the last claim.
    fence: u64,
    is_woken: bool,
}

impl MemorySchedule {
    /// A schedule without jobs.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Jobs> {
        locked(&self.jobs)
    }
}

impl Jobs {
    /// Changes a job, and keeps its place: says whether it is there.
    fn change(&mut self, key: &JobKey, change: impl FnOnce(&mut Job)) -> bool {
        let Some(job) = self.by_key.get_mut(key) else { return false };
        self.by_time.remove(&(job.status.due, key.clone()));
        change(job);
        if job.status.paused.is_none() {
            self.by_time.insert((job.status.due, key.clone()));
        }
        true
    }

    /// Changes a job if the claim of it still holds.
    fn change_claimed(&mut self, claim: &Claim, now: Timestamp, change: impl FnOnce(&mut Job)) -> bool {
        let holds =
            |job: &Job| job.fence == claim.fence && job.status.claimed_by.is_some() && job.status.due > now;
        self.by_key.get(&claim.job).is_some_and(holds) && self.change(&claim.job, change)
    }

    fn plan(&mut self, plan: &JobPlan, now: Timestamp) {
        let new = || Job {
            status: JobStatus::new(plan.job.clone(), plan.every, now + plan.first_wait),
            fence: 0,
            is_woken: false,
        };
        self.by_key.entry(plan.job.clone()).or_insert_with(new);
        self.change(&plan.job, |job| {
            let status = &mut job.status;
            if plan.every < status.every && status.claimed_by.is_none() {
                status.due = status.due.min(now + plan.every);
            }
            status.every = plan.every;
            status.paused.clone_from(&plan.paused);
        });
    }
}

#[async_trait]
impl Schedule for MemorySchedule {
    async fn plan(&self, jobs: &[JobPlan], now: Timestamp) -> Result<(), StoreError> {
        let mut kept = self.lock();
        for job in jobs {
            kept.plan(job, now);
        }
        Ok(())
    }

    async fn remove(&self, connections: &[ConnectionId]) -> Result<(), StoreError> {
        let gone: BTreeSet<&ConnectionId> = connections.iter().collect();
        let mut kept = self.lock();
        kept.by_key.retain(|key, _| !gone.contains(&key.connection));
        kept.by_time.retain(|(_, key)| !gone.contains(&key.connection));
        Ok(())
    }

    async fn claim(
        &self,
        worker: &str,
        limit: usize,
        length: Duration,
        now: Timestamp,
    ) -> Result<Vec<Claim>, StoreError> {
        let mut kept = self.lock();
        let due = kept.by_time.iter().take_while(|(due, _)| *due <= now).take(limit);
        let due: Vec<JobKey> = due.map(|(_, key)| key.clone()).collect();
        let mut claims = Vec::new();
        for key in due {
            kept.fences += 1;
            let fence = kept.fences;
            kept.change(&key, |job| {
                let status = &mut job.status;
                claims
                    .push(Claim::new(key.clone(), fence, status.every, status.due).failures(status.failures));
                status.claimed_by = Some(worker.to_owned());
                status.due = now + length;
                (job.fence, job.is_woken) = (fence, false);
            });
        }
        Ok(claims)
    }

    async fn renew(&self, claims: &[Claim], length: Duration, now: Timestamp) -> Result<(), StoreError> {
        let mut kept = self.lock();
        for claim in claims {
            kept.change_claimed(claim, now, |job| job.status.due = now + length);
        }
        Ok(())
    }

    async fn settle(&self, claim: &Claim, end: &JobEnd, now: Timestamp) -> Result<bool, StoreError> {
        let settle = |job: &mut Job| {
            let status = &mut job.status;
            status.claimed_by = None;
            status.due = if job.is_woken { now } else { now + end.wait };
            status.failures = end.failures;
            status.last = Some(end.last.clone());
        };
        Ok(self.lock().change_claimed(claim, now, settle))
    }

    async fn wake(&self, job: &JobKey, now: Timestamp) -> Result<bool, StoreError> {
        let wake = |job: &mut Job| {
            if job.status.claimed_by.is_some() {
                job.is_woken = true;
            } else {
                job.status.due = job.status.due.min(now);
            }
        };
        Ok(self.lock().change(job, wake))
    }

    async fn next_due(&self, now: Timestamp) -> Result<Option<Duration>, StoreError> {
        Ok(self.lock().by_time.first().map(|(due, _)| due.since(now)))
    }

    async fn jobs(&self, of: Option<&ConnectionId>) -> Result<Vec<JobStatus>, StoreError> {
        let kept = self.lock();
        let jobs = kept.by_key.values().map(|job| &job.status);
        Ok(jobs.filter(|status| of.is_none_or(|of| status.job.connection == *of)).cloned().collect())
    }
}
