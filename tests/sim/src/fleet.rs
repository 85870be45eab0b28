//! A worker that is a fleet: one process for all connections. Which operation of which connection runs when, and in which worker, is
//! decided by a schedule that the workers share; it fails, is slow, and loses answers, as the database does.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use fastrand::Rng;
use futures_util::future::{Either, select};
use shipstation_connector::{
    Timestamp,
    channel::{
        CancelToken, Capabilities, ChannelConnector, ChannelError, CheckConnection, CheckReport,
        ConnectionId, Delivery, DiagnoseOrder, Diagnosis, ExplainImports, GetOrders, ImportOrder,
        ImportOverview, ImportReport, LinkListings, LinkReport, Operation, PublishListings, Readiness,
        Refusal, ResolveHeld, ResolveReport, ResolveShipping, SyncListings, SyncReport, SyncShipments,
        shipping::ShippingResolution, store::StoreError,
    },
    client::RateLimiter,
    fleet::{
        BuildFailure, Claim, ConnectionSource, Fleet, FleetConnection, JobEnd, JobKey, JobPlan, JobStatus,
        MemorySchedule, Schedule,
    },
};

use crate::{
    executor::{Time, WorkerClock, yield_now},
    plan::{Plan, pick, stream},
    process::{self, Job, Life, Moment, Place, RunLog},
    world::World,
};

pub const OPERATIONS: [Operation; 5] = [
    Operation::GetOrders,
    Operation::GetChanges,
    Operation::SyncShipments,
    Operation::ResolveHeld,
    Operation::LinkListings,
];
/// How often a worker asks for the connections, at the longest.
const LONGEST_REFRESH: Duration = Duration::from_secs(3_600);
/// Turns of a worker within which it dies.
const TURNS: [u32; 4] = [60, 400, 3_000, 12_000];

/// When each job is due.
#[derive(Debug)]
pub struct Jobs {
    kept: MemorySchedule,
    time: Arc<Time>,
    troubled: Duration,
    rng: Mutex<Rng>,
}

impl Jobs {
    pub fn new(plan: &Plan, time: &Arc<Time>) -> Arc<Self> {
        let troubled = if plan.trouble.storage { plan.troubled } else { Duration::ZERO };
        let rng = Mutex::new(stream(plan.seed, "schedule", 0));
        Arc::new(Self { kept: MemorySchedule::new(), time: Arc::clone(time), troubled, rng })
    }

    /// Does it as the database does: it may wait, fail, or do it and say that it failed. Its clock is its own.
    async fn call<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        yield_now().await;
        if self.time.elapsed() >= self.troubled {
            return work.await;
        }
        let (draw, slow) = {
            let mut rng = self.rng.lock().unwrap();
            (rng.u8(..), pick(&mut rng, &[1, 20, 100, 700]))
        };
        let away = || Err(StoreError::retryable("the database is away"));
        match draw {
            0..3 => return away(),
            3..6 => self.time.sleep(Duration::from_secs(slow)).await,
            _ => {}
        }
        let answer = work.await;
        yield_now().await;
        if (6..9).contains(&draw) { away() } else { answer }
    }

    pub fn all(&self) -> Vec<JobStatus> {
        futures_util::FutureExt::now_or_never(self.kept.jobs(None)).unwrap().unwrap()
    }
}

#[async_trait]
impl Schedule for Jobs {
    async fn plan(&self, jobs: &[JobPlan], _: Timestamp) -> Result<(), StoreError> {
        self.call(async { self.kept.plan(jobs, self.time.now()).await }).await
    }

    async fn remove(&self, connections: &[ConnectionId]) -> Result<(), StoreError> {
        self.call(self.kept.remove(connections)).await
    }

    async fn claim(
        &self,
        worker: &str,
        limit: usize,
        length: Duration,
        _: Timestamp,
    ) -> Result<Vec<Claim>, StoreError> {
        self.call(async { self.kept.claim(worker, limit, length, self.time.now()).await }).await
    }

    async fn renew(&self, claims: &[Claim], length: Duration, _: Timestamp) -> Result<(), StoreError> {
        self.call(async { self.kept.renew(claims, length, self.time.now()).await }).await
    }

    async fn settle(&self, claim: &Claim, end: &JobEnd, _: Timestamp) -> Result<bool, StoreError> {
        self.call(async { self.kept.settle(claim, end, self.time.now()).await }).await
    }

    async fn wake(&self, job: &JobKey, _: Timestamp) -> Result<bool, StoreError> {
        self.call(async { self.kept.wake(job, self.time.now()).await }).await
    }

    async fn next_due(&self, _: Timestamp) -> Result<Option<Duration>, StoreError> {
        self.call(async { self.kept.next_due(self.time.now()).await }).await
    }

    async fn jobs(&self, of: Option<&ConnectionId>) -> Result<Vec<JobStatus>, StoreError> {
        self.call(self.kept.jobs(of)).await
    }

    /// A worker learns at its next look what others have woken.
    fn poll_every(&self) -> Option<Duration> {
        Some(Duration::from_secs(300))
    }
}

/// One life of a worker.
#[derive(Debug)]
struct Worker {
    world: Arc<World>,
    number: usize,
    name: String,
    /// How many it had before.
    lives: usize,
    clock: Arc<WorkerClock>,
    /// What the processes of a worker share for each key.
    limiters: Vec<Arc<dyn RateLimiter>>,
    rng: Arc<Mutex<Rng>>,
    /// The runs that are under way.
    running: Arc<Mutex<Vec<Arc<RunLog>>>>,
}

/// Runs until the world ends.
pub async fn live(world: Arc<World>, number: usize, limiters: Vec<Arc<dyn RateLimiter>>) {
    let name = format!("w{number}");
    let mut rng = stream(world.plan.seed, &format!("{name}/fleet"), 0);
    for lives in 0.. {
        let clock = process::begin_clock(&world, &mut rng);
        let worker = Arc::new(Worker {
            world: world.clone(),
            number,
            name: name.clone(),
            lives,
            clock: clock.clone(),
            limiters: limiters.clone(),
            rng: Arc::new(Mutex::new(rng.fork())),
            running: Arc::default(),
        });
        let fleet = Fleet::builder(worker.clone())
            .schedule(world.jobs.clone())
            .clock(clock.clone())
            .worker(format!("{name}/{lives}"))
            .max_runs(pick(&mut rng, &[1, 2, 4, 16]))
            .refresh_every((world.plan.interval / 4).min(LONGEST_REFRESH))
            .seed(rng.u64(..))
            .build();
        let moment = Moment::draw(&world, &clock, &TURNS, &mut rng);
        let stall = |long| {
            for log in &*worker.running.lock().unwrap() {
                *log.stalled.lock().unwrap() += long;
            }
        };
        let stop = CancelToken::new();
        let work = async {
            let beside = Box::pin(worker.disturb(&fleet, &stop));
            match select(Box::pin(fleet.run(&stop)), beside).await {
                Either::Left(_) => {}
                Either::Right(((), running)) => drop(running.await),
            }
        };
        if moment.watch(&world, &name, stall, work).await {
            world.tell(&name, "has stopped");
        }
        world.time.sleep(Duration::from_secs(rng.u64(1..600))).await;
    }
}

impl Worker {
    /// Wakes operations now and then, lets the wall clock jump, and stops the worker some time.
    async fn disturb(&self, fleet: &Fleet, stop: &CancelToken) {
        loop {
            let share = self.rng.lock().unwrap().f64();
            self.world.rest(self.world.plan.quiet_interval(), 0.5 + share).await;
            let draw = self.rng.lock().unwrap().u8(..);
            if self.world.is_quiet() {
                self.clock.step_to(0);
                continue;
            }
            if self.world.has(|trouble| trouble.clocks) && draw < 24 {
                process::step(&self.world, &self.name, &self.clock, &mut self.rng.lock().unwrap());
            }
            if draw > 248 {
                return stop.cancel();
            }
            let (connection, operation) = {
                let mut rng = self.rng.lock().unwrap();
                (rng.usize(..self.limiters.len()), pick(&mut rng, &OPERATIONS))
            };
            // One that is lost is made up for by the interval.
            let _ = fleet.wake(&self.world.connections[connection].id, operation).await;
        }
    }
}

#[async_trait]
impl ConnectionSource for Worker {
    async fn connections(&self) -> Result<Vec<FleetConnection>, BuildFailure> {
        if self.world.has(|trouble| trouble.storage) && self.rng.lock().unwrap().u8(..) < 8 {
            return Err("the host's table is away".into());
        }
        let plan = &self.world.plan;
        let every = if self.world.is_quiet() {
            plan.quiet_interval() / u32::try_from(plan.workers)?
        } else {
            plan.interval
        };
        let connection = |id: &ConnectionId| {
            OPERATIONS.into_iter().fold(FleetConnection::new(id.clone()), |one, of| one.every(of, every))
        };
        Ok(self.world.connections.iter().map(|one| connection(&one.id)).collect())
    }

    async fn channel(&self, connection: &ConnectionId) -> Result<Arc<dyn ChannelConnector>, BuildFailure> {
        let number = self.world.connections.iter().position(|one| one.id == *connection);
        let number = number.ok_or("there is no such connection")?;
        Ok(Arc::new(Watched {
            world: Arc::clone(&self.world),
            name: format!("{}/{connection}", self.name),
            number: Mutex::new(self.lives << 16),
            clock: Arc::clone(&self.clock),
            place: Place {
                worker: self.number,
                connection: number,
                job: Job::Import,
                limiter: Arc::clone(&self.limiters[number]),
            },
            rng: Arc::clone(&self.rng),
            running: Arc::clone(&self.running),
            idle: Mutex::default(),
        }))
    }
}

/// The channel of a connection, which judges every run. No two runs share what counts their requests.
#[derive(Debug)]
struct Watched {
    world: Arc<World>,
    name: String,
    /// How many channels were built.
    number: Mutex<usize>,
    clock: Arc<WorkerClock>,
    place: Place,
    rng: Arc<Mutex<Rng>>,
    running: Arc<Mutex<Vec<Arc<RunLog>>>>,
    idle: Mutex<BTreeMap<Operation, Vec<Life>>>,
}

impl Watched {
    fn begin(&self, operation: Operation) -> (Life, Arc<RunLog>) {
        let name = format!("{}/{operation:?}", self.name);
        let idle = self.idle.lock().unwrap().entry(operation).or_default().pop();
        let idle = idle.filter(|life| life.has_both_keys(&self.world, self.place.connection));
        let life = idle.unwrap_or_else(|| {
            let mut number = self.number.lock().unwrap();
            *number += 1;
            let mut rng = self.rng.lock().unwrap();
            process::begin_life(&self.world, &self.place, &self.clock, (&name, *number), &mut rng)
        });
        let log = life.log(&self.world, self.place.connection, &name);
        self.running.lock().unwrap().push(Arc::clone(&log));
        (life, log)
    }

    fn end(&self, operation: Operation, life: Life, log: &Arc<RunLog>) {
        self.running.lock().unwrap().retain(|one| !Arc::ptr_eq(one, log));
        self.idle.lock().unwrap().entry(operation).or_default().push(life);
    }
}

/// What a fleet never asks for.
fn not_asked<T>(operation: Operation) -> Result<T, ChannelError> {
    let why = "a fleet does not ask for it";
    Err(ChannelError::new(operation, Refusal::Unsupported { why, instead: None }))
}

#[async_trait]
impl ChannelConnector for Watched {
    fn capabilities(&self) -> Capabilities {
        let (life, log) = self.begin(Operation::LinkListings);
        let capabilities = life.channel.capabilities();
        self.end(Operation::LinkListings, life, &log);
        capabilities
    }

    fn readiness(&self, operation: Operation) -> Readiness {
        let (life, log) = self.begin(operation);
        let readiness = life.channel.readiness(operation);
        self.end(operation, life, &log);
        readiness
    }

    async fn get_orders(&self, request: GetOrders) -> Result<ImportReport, ChannelError> {
        let operation = request.scope.operation();
        let (life, log) = self.begin(operation);
        let done = process::import(&self.world, (self.place.connection, &log), &life.channel, request).await;
        self.end(operation, life, &log);
        done
    }

    async fn sync_shipments(&self, request: SyncShipments) -> Result<SyncReport, ChannelError> {
        let (life, log) = self.begin(Operation::SyncShipments);
        let done = process::ship(&self.world, &log, &life.channel, request).await;
        self.end(Operation::SyncShipments, life, &log);
        done
    }

    async fn resolve_held(&self, request: ResolveHeld) -> Result<ResolveReport, ChannelError> {
        let (life, log) = self.begin(Operation::ResolveHeld);
        let done = process::resolve(&self.world, &log, &life.channel, request).await;
        self.end(Operation::ResolveHeld, life, &log);
        done
    }

    async fn link_listings(&self, request: LinkListings) -> Result<LinkReport, ChannelError> {
        let (life, log) = self.begin(Operation::LinkListings);
        let done = process::link(&self.world, &log, &life.channel, request).await;
        self.end(Operation::LinkListings, life, &log);
        done
    }

    async fn check(&self, _: CheckConnection) -> Result<CheckReport, ChannelError> {
        not_asked(Operation::GetOrders)
    }

    async fn sync_listings(&self, _: SyncListings) -> Result<LinkReport, ChannelError> {
        not_asked(Operation::SyncListings)
    }

    async fn publish_listings(&self, _: PublishListings) -> Result<LinkReport, ChannelError> {
        not_asked(Operation::PublishListings)
    }

    async fn import_order(&self, _: ImportOrder) -> Result<ImportReport, ChannelError> {
        not_asked(Operation::GetOrders)
    }

    async fn on_webhook(&self, _: Delivery) -> Result<ImportReport, ChannelError> {
        not_asked(Operation::GetOrders)
    }

    async fn diagnose_order(&self, _: DiagnoseOrder) -> Result<Vec<Diagnosis>, ChannelError> {
        not_asked(Operation::GetOrders)
    }

    async fn why_nothing(&self, _: ExplainImports) -> Result<ImportOverview, ChannelError> {
        not_asked(Operation::GetOrders)
    }

    async fn resolve_shipping(&self, _: ResolveShipping) -> Result<ShippingResolution, ChannelError> {
        not_asked(Operation::GetOrders)
    }
}
