//! The worker: looks for what is due, runs it, and settles it, until it is told to stop.

use std::{
    pin::{Pin, pin},
    sync::PoisonError,
    time::Duration,
};

use futures_util::{
    StreamExt,
    future::{Either, select, select_all},
    stream::FuturesUnordered,
};

use super::{
    Claim, Fleet, FleetConnection, JobEnd, JobKey, JobPlan, LastRun, Shared,
    after::{RunEnd, after},
    runs,
};
use crate::{
    Timestamp,
    channel::{CancelToken, RunControl},
    clock::HostTime,
};

/// How long a schedule is left alone that has just failed.
const WAIT_FOR_SCHEDULE: Duration = Duration::from_secs(5);
/// A look that claims nothing although something is due (others are at it) is not repeated at once.
const SHORTEST_WAIT: Duration = Duration::from_millis(50);
/// New jobs are spread over so much time for each hundred connections, and over their interval at most: a fleet that starts does
/// not run everything at once.
const FIRST_WAIT_PER_HUNDRED: Duration = Duration::from_secs(60);

type Wait<'w> = Pin<Box<dyn Future<Output = ()> + Send + 'w>>;

/// When the worker does what comes at intervals.
struct Times {
    refresh: Timestamp,
    renew: Timestamp,
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
        let mut tasks = Tasks { all: FuturesUnordered::new(), is_refreshing: false };
        let now = fleet.now();
        let mut times = Times { refresh: now, renew: now };
        while !stop.is_cancelled() {
            if !tasks.is_refreshing && fleet.now() >= times.refresh {
                times.refresh = fleet.now() + fleet.options.refresh_every;
                tasks.is_refreshing = true;
                tasks.all.push(Box::pin(async { fleet.refresh(fleet.now()).await }));
            }
            tasks.beside(fleet.renew(&mut times)).await;
            let claims = tasks.beside(fleet.claim(fleet.options.max_runs.saturating_sub(tasks.runs()))).await;
            for claim in claims {
                tasks.all.push(Box::pin(fleet.work(claim, &cancel)));
            }
            let wait = tasks.beside(fleet.wait(&times, tasks.runs() < fleet.options.max_runs)).await;
            let sleep = if tasks.all.is_empty() { fleet.clock.sleep(wait) } else { fleet.clock.timer(wait) };
            let may_have_changed = match select(pin!(tasks.next()), pin!(fleet.woken_or(sleep, stop))).await {
                Either::Left(_) => false,
                Either::Right((changed, _)) => changed,
            };
            if may_have_changed {
                times.refresh = fleet.now();
            }
        }
        cancel.cancel();
        let all_end = pin!(async {
            while tasks.runs() > 0 {
                tasks.next().await;
            }
        });
        if let Either::Right(_) = select(all_end, fleet.clock.timer(fleet.options.grace)).await {
            let left: Vec<JobKey> = fleet.runs.claims().into_iter().map(|claim| claim.job).collect();
            for job in &left {
                fleet.runs.end(job);
            }
            return left;
        }
        Vec::new()
    }
}

/// What is under way: the runs, and a question to the source at most.
struct Tasks<'f> {
    all: FuturesUnordered<Pin<Box<dyn Future<Output = Done> + Send + 'f>>>,
    is_refreshing: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    Run,
    Refreshed,
}

impl Tasks<'_> {
    fn runs(&self) -> usize {
        self.all.len() - usize::from(self.is_refreshing)
    }

    /// Waits until one of them is done; for ever if there is none.
    async fn next(&mut self) {
        match self.all.next().await {
            Some(done) => self.is_refreshing &= done != Done::Refreshed,
            None => std::future::pending().await,
        }
    }

    /// Does this while they go on: a schedule that does not answer stops no run.
    async fn beside<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            if let Either::Left((done, _)) = select(&mut work, pin!(self.next())).await {
                return done;
            }
        }
    }
}

impl Shared {
    /// The present, by a clock that is never set back: what is due would wait as long otherwise.
    pub(super) fn now(&self) -> Timestamp {
        let mut last = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let present = HostTime::now(&*self.clock);
        let wall = present.wall.max(last.wall + present.since(*last));
        *last = HostTime { wall, ..present };
        wall
    }

    /// Prolongs the claims of what runs, where it is time for that.
    async fn renew(&self, times: &mut Times) {
        let (now, third) = (self.now(), self.options.claim_length / 3);
        if now < times.renew {
            return;
        }
        let claims = self.runs.claims();
        if !claims.is_empty() {
            let renewed = self.schedule.renew(&claims, self.options.claim_length, now).await;
            self.runs.note_schedule(renewed);
        }
        times.renew = now + third;
    }

    /// Plans the jobs of connections that are new or different, and removes those of connections that are gone.
    async fn refresh(&self, now: Timestamp) -> Done {
        let changed = match self.connections.refresh().await {
            Ok(changed) => changed,
            Err(failure) => {
                self.runs.note("the connections", Some(failure.to_string()));
                return Done::Refreshed;
            }
        };
        self.runs.note("the connections", None);
        let hundreds = u32::try_from(changed.present.len() / 100).unwrap_or(u32::MAX).saturating_add(1);
        let spread = FIRST_WAIT_PER_HUNDRED.saturating_mul(hundreds);
        let plans = changed.present.iter().flat_map(|connection| self.plans(connection, spread));
        let planned = async {
            self.schedule.plan(&plans.collect::<Vec<_>>(), now).await?;
            self.schedule.remove(&changed.gone).await
        };
        if !changed.is_empty() && self.runs.note_schedule(planned.await).is_some() {
            self.connections.settle(&changed);
        }
        Done::Refreshed
    }

    fn plans(&self, connection: &FleetConnection, spread: Duration) -> Vec<JobPlan> {
        let plan = |(operation, usual): (&_, &Duration)| {
            let every = *connection.intervals.get(operation).unwrap_or(usual);
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
        let claims = self.runs.note_schedule(claimed).unwrap_or_default();
        for claim in &claims {
            self.runs.begin(claim, now);
        }
        claims
    }

    /// Runs a claimed job and settles it.
    async fn work(&self, claim: Claim, cancel: &CancelToken) -> Done {
        let job = &claim.job;
        let deadline = self.clock.now() + self.options.max_run_time;
        let end = match self.connections.channel(&job.connection).await {
            Some(Ok(channel)) => {
                let control = RunControl::new().deadline(deadline).cancel(cancel.clone());
                runs::run(&channel, job.operation, control).await
            }
            Some(Err(failure)) => RunEnd::NotBuilt(failure.to_string()),
            // Another worker has planned it, and this one has not heard of it; or it is gone.
            None => {
                self.leave(&claim).await;
                self.runs.end(job);
                return Done::Run;
            }
        };
        let end = after(&end, &claim, self.now(), self.runs.draw());
        if let Some(why) = &end.last.waits {
            tracing::warn!(connection = %job.connection, operation = %job.operation, ended = end.last.ended, "{why}");
        }
        self.settle(&claim, &end).await;
        self.runs.end(job);
        Done::Run
    }

    async fn settle(&self, claim: &Claim, end: &JobEnd) {
        let settled = self.schedule.settle(claim, end, self.now()).await;
        self.runs.note_schedule(settled);
    }

    /// A job of a connection that is not known here.
    async fn leave(&self, claim: &Claim) {
        self.refresh(self.now()).await;
        let connection = &claim.job.connection;
        if self.connections.has(connection) {
            let last = LastRun::new(self.now(), "its connection was not known yet");
            return self.settle(claim, &JobEnd::new(Duration::ZERO, claim.failures, last)).await;
        }
        self.runs.note_schedule(self.schedule.remove(std::slice::from_ref(connection)).await);
    }

    /// How long there is nothing to do, if nobody wakes the worker. What is due matters only while a run may begin.
    async fn wait(&self, times: &Times, may_claim: bool) -> Duration {
        let now = self.now();
        let mut wait = times.refresh.since(now);
        if self.runs.count() > 0 {
            wait = wait.min(times.renew.since(now));
        }
        if may_claim {
            let next = match self.runs.note_schedule(self.schedule.next_due(now).await) {
                Some(next) => next,
                None => Some(WAIT_FOR_SCHEDULE),
            };
            let next = next.map(|next| next.max(SHORTEST_WAIT));
            wait = next.into_iter().chain(self.schedule.poll_every()).fold(wait, Duration::min);
        }
        wait
    }

    /// Waits until the sleep is over or there may be something to do: says whether the connections may have changed.
    async fn woken_or(&self, sleep: Wait<'_>, stop: &CancelToken) -> bool {
        let waits: [Wait<'_>; 5] = [
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
