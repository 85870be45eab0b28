//! The worker: looks for what is due, runs it, and settles it, until it is told to stop.

use std::{panic::AssertUnwindSafe, pin::pin, time::Duration};

use futures_util::{
    FutureExt, StreamExt,
    future::{BoxFuture, Either, select, select_all},
    stream::FuturesUnordered,
};

use super::{
    BuildFailure, Claim, Fleet, FleetConnection, JobKey, JobPlan, Shared,
    next_run::{RunEnd, job_end},
    runs,
};
use crate::{
    Timestamp,
    channel::{
        CancelToken, RunControl,
        store::{Maintenance, RetentionPolicy},
    },
    clock::HostTime,
    locked::locked,
    time::{DAY, MINUTE},
};

/// The first maintenance comes within so long of the worker's begin: workers that start together do not begin it together.
const FIRST_MAINTENANCE: Duration = MINUTE.saturating_mul(5);
/// How long a schedule is left alone that has just failed.
const WAIT_FOR_SCHEDULE: Duration = Duration::from_secs(5);
/// A look that claims nothing although something is due (others are at it) is not repeated at once.
const SHORTEST_WAIT: Duration = Duration::from_millis(50);
/// New jobs are spread over so much time for each connection that they are of, and over their interval at most: a fleet that starts
/// does not run everything at once, and one of a single connection does not wait.
const FIRST_WAIT_PER_CONNECTION: Duration = Duration::from_millis(600);

/// How long the host may take to name its connections, or to build a channel.
const HOST_TIMEOUT: Duration = Duration::from_secs(60);
/// Longer than anything is to wait.
const LONGEST_INTERVAL: Duration = DAY.saturating_mul(366);

/// When the worker does what comes at intervals.
struct Times {
    refresh: Timestamp,
    renew: Timestamp,
    maintain: Timestamp,
}

impl Fleet {
    /// Serves the connections until `stop` is cancelled. Then no further run begins, those under way are asked to stop, and what has
    /// not ended within the [grace](super::FleetBuilder::grace) is abandoned, as if the process had died: another worker goes on
    /// where it stopped. Answers with the abandoned jobs.
    ///
    /// A fleet may be run again, and by several tasks at once; each of them runs up to the bound of runs.
    pub async fn run(&self, stop: &CancelToken) -> Vec<JobKey> {
        let fleet = &*self.0;
        let cancel = CancelToken::new();
        let group = fleet.runs.new_group();
        let mut tasks =
            Tasks { all: FuturesUnordered::new(), is_refreshing: false, is_maintaining: false, group };
        let now = fleet.now();
        let maintain = now + FIRST_MAINTENANCE.mul_f64(fleet.runs.draw());
        let mut times = Times { refresh: now, renew: now, maintain };
        while fleet.step(&mut tasks, &mut times, &cancel, stop).await.is_some() {}
        cancel.cancel();
        let group = tasks.group;
        let all_end = pin!(async {
            while tasks.runs() > 0 {
                tasks.next().await;
            }
        });
        match select(all_end, fleet.clock.timer(fleet.options.grace)).await {
            Either::Left(_) => Vec::new(),
            Either::Right(_) => fleet.runs.claims(group).into_iter().map(|claim| claim.job).collect(),
        }
    }
}

/// What is under way: the runs, and one question to the source and one round of maintenance at most.
struct Tasks<'f> {
    all: FuturesUnordered<BoxFuture<'f, Done>>,
    is_refreshing: bool,
    is_maintaining: bool,
    /// The number of these runs among those of the fleet.
    group: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    Run,
    Refreshed,
    Maintained,
}

impl Tasks<'_> {
    fn runs(&self) -> usize {
        self.all.len() - usize::from(self.is_refreshing) - usize::from(self.is_maintaining)
    }

    /// Waits until one of them is done; for ever if there is none.
    async fn next(&mut self) {
        match self.all.next().await {
            Some(done) => {
                self.is_refreshing &= done != Done::Refreshed;
                self.is_maintaining &= done != Done::Maintained;
            }
            None => std::future::pending().await,
        }
    }

    /// Does this while they go on: a schedule that does not answer stops no run. `None` if the fleet is to stop.
    async fn run_alongside<T>(&mut self, stop: &CancelToken, work: impl Future<Output = T>) -> Option<T> {
        let (work, stopped) = (pin!(work), pin!(stop.cancelled()));
        let mut work = select(work, stopped);
        loop {
            match select(&mut work, pin!(self.next())).await {
                Either::Left((Either::Left((done, _)), _)) => return Some(done),
                Either::Left((Either::Right(_), _)) => return None,
                Either::Right(_) => {}
            }
        }
    }
}

impl Shared {
    /// The present, by a clock that is never set back: what is due would wait as long otherwise.
    pub(super) fn now(&self) -> Timestamp {
        let mut last = locked(&self.latest);
        let present = HostTime::now(&*self.clock);
        let wall = present.wall.max(last.wall + present.since(*last));
        *last = HostTime { wall, ..present };
        wall
    }

    /// Looks for what is due, begins it, and waits until there may be something to do. `None` if the fleet is to stop.
    async fn step<'f>(
        &'f self,
        tasks: &mut Tasks<'f>,
        times: &mut Times,
        cancel: &'f CancelToken,
        stop: &CancelToken,
    ) -> Option<()> {
        if !tasks.is_refreshing && self.now() >= times.refresh {
            times.refresh = self.now() + self.options.refresh_every;
            tasks.is_refreshing = true;
            tasks.all.push(Box::pin(self.refresh()));
        }
        if let Some((store, policy)) = &self.options.maintenance
            && !tasks.is_maintaining
            && self.now() >= times.maintain
        {
            times.maintain = self.now() + self.options.maintain_every;
            tasks.is_maintaining = true;
            tasks.all.push(Box::pin(self.maintain(&**store, policy)));
        }
        let group = tasks.group;
        tasks.run_alongside(stop, self.renew(times, group)).await?;
        let free = self.free(tasks);
        for claim in tasks.run_alongside(stop, self.claim(free)).await? {
            tasks.all.push(Box::pin(self.work(group, claim, cancel)));
        }
        let free = self.free(tasks);
        let mut wait = tasks.run_alongside(stop, self.wait(free > 0)).await?;
        if tasks.runs() > 0 {
            wait = wait.min(times.renew.since(self.now()));
        }
        if !tasks.is_refreshing {
            wait = wait.min(times.refresh.since(self.now()));
        }
        if self.options.maintenance.is_some() && !tasks.is_maintaining {
            wait = wait.min(times.maintain.since(self.now()));
        }
        let sleep = if tasks.all.is_empty() { self.clock.sleep(wait) } else { self.clock.timer(wait) };
        let woken = pin!(self.wait_for_event(sleep, stop));
        if let Either::Right((true, _)) = select(pin!(tasks.next()), woken).await {
            times.refresh = self.now();
        }
        (!stop.is_cancelled()).then_some(())
    }

    fn free(&self, tasks: &Tasks<'_>) -> usize {
        if self.connections.are_known() { self.options.max_runs.saturating_sub(tasks.runs()) } else { 0 }
    }

    /// Prolongs the claims of what runs, where it is time for that.
    async fn renew(&self, times: &mut Times, group: u64) {
        let (now, third) = (self.now(), self.options.claim_length / 3);
        if now < times.renew {
            return;
        }
        let claims = self.runs.claims(group);
        if !claims.is_empty() {
            let renewed = self.schedule.renew(&claims, self.options.claim_length, now).await;
            self.runs.note_schedule(renewed);
        }
        times.renew = now + third;
    }

    /// Has the store remove what nobody needs any more.
    async fn maintain(&self, store: &dyn Maintenance, policy: &RetentionPolicy) -> Done {
        let maintained = AssertUnwindSafe(store.maintain(policy, self.clock.now())).catch_unwind().await;
        let failure = match maintained {
            Ok(Ok(done)) => {
                tracing::debug!(?done, "the store is maintained");
                None
            }
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("the store panicked".to_owned()),
        };
        self.runs.note("maintenance", failure);
        Done::Maintained
    }

    /// Plans the jobs of connections that are new or different, and removes those of connections that are gone.
    async fn refresh(&self) -> Done {
        let _alone = self.refreshing.lock().await;
        let changed = match self.within_timeout(self.connections.refresh()).await {
            Ok(changed) => changed,
            Err(failure) => {
                self.runs.note("the connections", Some(failure));
                return Done::Refreshed;
            }
        };
        self.runs.note("the connections", None);
        let connections = u32::try_from(changed.present.len()).unwrap_or(u32::MAX);
        let spread = FIRST_WAIT_PER_CONNECTION.saturating_mul(connections);
        let plans = changed.present.iter().flat_map(|connection| self.plans(connection, spread));
        let plans: Vec<JobPlan> = plans.collect();
        let now = self.now();
        let planned = async {
            self.schedule.plan(&plans, now).await?;
            self.schedule.remove(&changed.gone).await?;
            for plan in plans.iter().filter(|plan| changed.revised.contains(&plan.job.connection)) {
                self.schedule.wake(&plan.job, now).await?;
            }
            Ok(())
        };
        if !changed.is_empty() && self.runs.note_schedule(planned.await).is_some() {
            self.connections.settle(&changed);
            self.woken.notify_one();
        }
        Done::Refreshed
    }

    /// What the host answers, or why there is no answer.
    async fn within_timeout<T>(
        &self,
        answer: impl Future<Output = Result<T, BuildFailure>>,
    ) -> Result<T, String> {
        let answer = pin!(AssertUnwindSafe(answer).catch_unwind());
        match select(answer, self.clock.timer(HOST_TIMEOUT)).await {
            Either::Left((Ok(answer), _)) => answer.map_err(|failure| failure.to_string()),
            Either::Left((Err(_), _)) => Err("the host's program failed".to_owned()),
            Either::Right(_) => Err(format!("the host did not answer within {} s", HOST_TIMEOUT.as_secs())),
        }
    }

    fn plans(&self, connection: &FleetConnection, spread: Duration) -> Vec<JobPlan> {
        let plan = |(operation, usual): (&_, &Duration)| {
            let every = *connection.intervals.get(operation).unwrap_or(usual).min(&LONGEST_INTERVAL);
            let job = JobKey { connection: connection.id.clone(), operation: *operation };
            let plan = JobPlan::new(job, every, every.min(spread).mul_f64(self.runs.draw()));
            match &connection.paused {
                Some(why) => plan.paused(why),
                None if every.is_zero() => plan.paused("its interval is zero"),
                None => plan,
            }
        };
        let extra = connection.intervals.iter().filter(|(of, _)| !self.options.intervals.contains_key(*of));
        self.options.intervals.iter().chain(extra).map(plan).collect()
    }

    async fn claim(&self, limit: usize) -> Vec<Claim> {
        if limit == 0 {
            return Vec::new();
        }
        let now = self.now();
        self.runs.looked(now);
        let claimed = self.schedule.claim(&self.options.worker, limit, self.options.claim_length, now).await;
        self.runs.note_schedule(claimed).unwrap_or_default()
    }

    /// Runs a claimed job and settles it.
    async fn work(&self, group: u64, claim: Claim, cancel: &CancelToken) -> Done {
        let job = &claim.job;
        let _guard = self.runs.begin(group, &claim, self.now());
        let (end, notices) = match self.within_timeout(self.connections.channel(&job.connection)).await {
            Ok(Some(channel)) => {
                let deadline = self.clock.now() + self.options.max_run_time;
                let mut control = RunControl::new().deadline(deadline).cancel(cancel.clone());
                control.observer.clone_from(&self.options.observer);
                runs::run(&channel, job.operation, control).await
            }
            Ok(None) => (RunEnd::NotKnown, Vec::new()),
            Err(why) => (RunEnd::NotBuilt(why), Vec::new()),
        };
        let mut end = job_end(&end, &claim, self.now(), self.runs.draw());
        end.last.notices = notices;
        if let Some(why) = &end.last.waits {
            tracing::warn!(connection = %job.connection, operation = %job.operation, ended = end.last.ended, "{why}");
        }
        let settled = self.schedule.settle(&claim, &end, self.now()).await;
        self.runs.note_schedule(settled);
        Done::Run
    }

    /// How long nothing is due, as far as that matters: while a run may begin.
    async fn wait(&self, may_claim: bool) -> Duration {
        if !may_claim {
            return LONGEST_INTERVAL;
        }
        let next = match self.runs.note_schedule(self.schedule.next_due(self.now()).await) {
            Some(next) => next.map(|next| next.max(SHORTEST_WAIT)),
            None => Some(WAIT_FOR_SCHEDULE),
        };
        next.into_iter().chain(self.schedule.poll_every()).fold(LONGEST_INTERVAL, Duration::min)
    }

    /// Waits until the sleep is over or there may be something to do: says whether the connections may have changed.
    async fn wait_for_event(&self, sleep: BoxFuture<'_, ()>, stop: &CancelToken) -> bool {
        let waits: [BoxFuture<'_, ()>; 5] = [
            Box::pin(self.connections.changed()),
            Box::pin(self.woken.notified()),
            self.schedule.woken(),
            Box::pin(stop.cancelled()),
            sleep,
        ];
        let ((), which, _) = select_all(waits).await;
        which == 0
    }
}
