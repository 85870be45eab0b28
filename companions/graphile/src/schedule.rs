//! The schedule of a fleet whose jobs are those of the queue.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use graphile_worker::{Database, DbExecutor, DbValue, Schema, WorkerBuildError, WorkerUtils};
use shipstation_connector::{
    Timestamp,
    channel::{ConnectionId, store::StoreError},
    fleet::{Claim, JobEnd, JobKey, JobPlan, JobStatus, Schedule},
};
use tokio::sync::{Notify, oneshot};

use crate::jobs::{IF_MISSING, Jobs, REPLACE};

/// How often a job runs whose plan this process does not know yet.
const UNPLANNED: Duration = Duration::from_secs(60);

/// A [`Schedule`] whose jobs are jobs of `graphile_worker`. Clones are the same schedule.
///
/// It serves one [`Fleet`](shipstation_connector::fleet::Fleet), together with a worker of the queue: [`serve`](Self::serve) runs both.
/// It differs from the schedules of the crate:
///
/// - The queue decides how long a job stays with its worker: the jobs of a worker without a heartbeat go to another one.
/// - A job that is woken while it runs starts a second time at once. The lease of the run refuses that, and it runs within 30 seconds.
/// - A wake-up resets the back-off after failures.
/// - A paused job is not in the queue.
/// - The [status](shipstation_connector::fleet::Fleet::status) of a job shows neither failures nor its last run, because the queue does
///   not let the payload of a job be read. The host's `RunStore` has the history of runs.
#[derive(Debug, Clone)]
pub struct GraphileSchedule {
    pub(crate) jobs: Jobs,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    offered: Notify,
}

/// What this process has.
#[derive(Debug, Default)]
struct State {
    planned: BTreeMap<JobKey, JobPlan>,
    /// The jobs that the queue has begun here and the fleet has not claimed.
    offered: VecDeque<(Claim, Settled)>,
    /// The claimed jobs, by their fences.
    claimed: BTreeMap<u64, Settled>,
    /// The fleet has ended.
    is_closed: bool,
}

/// Ends a task of the queue; dropped, the task fails.
type Settled = oneshot::Sender<()>;

impl GraphileSchedule {
    /// A schedule in this schema of the queue, which is created and migrated. The pool of the database needs at least two connections.
    ///
    /// # Errors
    /// When the database cannot be reached or refuses, or the schema is of a newer version of the queue.
    pub async fn open(
        database: impl Into<Database>,
        schema: impl Into<Schema>,
    ) -> Result<Self, WorkerBuildError> {
        let (database, schema) = (database.into(), schema.into());
        // Workers that start together create it one after another.
        let alone = database.begin().await?;
        let lock = "SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))::text";
        alone.execute(lock, vec![DbValue::Text(schema.to_string())].into()).await?;
        WorkerUtils::new(&database, &schema).migrate().await?;
        alone.commit().await?;
        Ok(Self { jobs: Jobs { database, schema, speed: 1 }, shared: Arc::default() })
    }

    /// For a demonstration in which the fleet's clock runs this many times as fast as the server's: every wait is shortened accordingly.
    #[must_use]
    pub fn speed(mut self, speed: u32) -> Self {
        self.jobs.speed = speed;
        self
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Offers a job that the queue has begun to the fleet; `None` if it is paused.
    pub(crate) fn offer(
        &self,
        job: JobKey,
        failures: u32,
        id: i64,
        due: Timestamp,
    ) -> Option<oneshot::Receiver<()>> {
        let (settled, is_settled) = oneshot::channel();
        let mut state = self.lock();
        let plan = state.planned.get(&job);
        if plan.is_some_and(|plan| plan.paused.is_some()) {
            return None;
        }
        if !state.is_closed {
            let every = plan.map_or(UNPLANNED, |plan| plan.every);
            let claim = Claim::new(job, id.unsigned_abs(), every, due).failures(failures);
            state.offered.push_back((claim, settled));
            self.shared.offered.notify_one();
        }
        Some(is_settled)
    }

    /// The fleet has ended: fails what it has not settled, so that another process runs it.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        state.offered.clear();
        state.claimed.clear();
    }
}

#[async_trait]
impl Schedule for GraphileSchedule {
    async fn plan(&self, plans: &[JobPlan], _: Timestamp) -> Result<(), StoreError> {
        let (paused, served): (Vec<&JobPlan>, Vec<&JobPlan>) =
            plans.iter().partition(|plan| plan.paused.is_some());
        let every_before = |plan: &JobPlan| self.lock().planned.get(&plan.job).map(|before| before.every);
        let is_sooner = |plan: &&&JobPlan| every_before(plan).is_some_and(|before| plan.every < before);
        let sooner: Vec<&JobPlan> = served.iter().filter(is_sooner).copied().collect();
        let paused: Vec<JobKey> = paused.iter().map(|plan| plan.job.clone()).collect();
        self.jobs.plan(&served, IF_MISSING).await?;
        self.jobs.plan(&sooner, REPLACE).await?;
        self.jobs.remove(&paused).await?;
        self.lock().planned.extend(plans.iter().map(|plan| (plan.job.clone(), plan.clone())));
        Ok(())
    }

    async fn remove(&self, connections: &[ConnectionId]) -> Result<(), StoreError> {
        let is_gone = |job: &&JobKey| connections.contains(&job.connection);
        let gone: Vec<JobKey> = self.lock().planned.keys().filter(is_gone).cloned().collect();
        self.jobs.remove(&gone).await?;
        self.lock().planned.retain(|job, _| !is_gone(&job));
        Ok(())
    }

    async fn claim(
        &self,
        _: &str,
        limit: usize,
        _: Duration,
        _: Timestamp,
    ) -> Result<Vec<Claim>, StoreError> {
        let mut state = self.lock();
        let mut claims = Vec::new();
        while claims.len() < limit
            && let Some((claim, settled)) = state.offered.pop_front()
        {
            if !settled.is_closed() {
                state.claimed.insert(claim.fence, settled);
                claims.push(claim);
            }
        }
        Ok(claims)
    }

    async fn renew(&self, _: &[Claim], _: Duration, _: Timestamp) -> Result<(), StoreError> {
        // The heartbeat of the worker does it.
        Ok(())
    }

    async fn settle(&self, claim: &Claim, end: &JobEnd, _: Timestamp) -> Result<bool, StoreError> {
        let settled = self.lock().claimed.remove(&claim.fence);
        self.jobs.plan_next(claim, end).await?;
        Ok(settled.is_some_and(|settled| settled.send(()).is_ok()))
    }

    async fn wake(&self, job: &JobKey, _: Timestamp) -> Result<bool, StoreError> {
        self.jobs.wake(job).await
    }

    async fn next_due(&self, _: Timestamp) -> Result<Option<Duration>, StoreError> {
        Ok((!self.lock().offered.is_empty()).then_some(Duration::ZERO))
    }

    async fn jobs(&self, of: Option<&ConnectionId>) -> Result<Vec<JobStatus>, StoreError> {
        let is_wanted = |plan: &&JobPlan| of.is_none_or(|of| plan.job.connection == *of);
        let plans: Vec<JobPlan> = self.lock().planned.values().filter(is_wanted).cloned().collect();
        self.jobs.statuses(&plans).await
    }

    async fn woken(&self) {
        self.shared.offered.notified().await;
    }
}
