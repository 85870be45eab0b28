//! How a fleet is set up.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use super::{ConnectionSource, Connections, Fleet, MemorySchedule, Runs, Schedule, Shared};
use crate::{
    channel::{
        Operation, RunObserver,
        store::{Maintenance, RetentionPolicy},
    },
    clock::{Clock, HostTime, SystemClock},
    setters::setters,
    time::{HOUR, MINUTE},
};

/// How often each operation runs unless something else is said.
const INTERVALS: [(Operation, Duration); 5] = [
    (Operation::GetChanges, MINUTE),
    (Operation::GetOrders, HOUR),
    (Operation::SyncShipments, MINUTE.saturating_mul(5)),
    (Operation::ResolveHeld, MINUTE.saturating_mul(15)),
    (Operation::LinkListings, HOUR.saturating_mul(24)),
];

/// Less than that would keep a schedule busy with nothing.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST_CLAIM: Duration = HOUR.saturating_mul(24);

/// Sets a fleet up: see [`Fleet::builder`].
#[derive(Debug)]
pub struct FleetBuilder {
    source: Arc<dyn ConnectionSource>,
    schedule: Arc<dyn Schedule>,
    clock: Arc<dyn Clock>,
    options: Options,
    seed: Option<u64>,
}

#[derive(Debug)]
pub(super) struct Options {
    pub(super) worker: String,
    pub(super) intervals: BTreeMap<Operation, Duration>,
    pub(super) max_runs: usize,
    pub(super) max_run_time: Duration,
    pub(super) claim_length: Duration,
    pub(super) refresh_every: Duration,
    pub(super) grace: Duration,
    pub(super) maintenance: Option<(Arc<dyn Maintenance>, RetentionPolicy)>,
    pub(super) maintain_every: Duration,
    pub(super) observer: Option<Arc<dyn RunObserver>>,
}

impl FleetBuilder {
    pub(super) fn new(source: Arc<dyn ConnectionSource>) -> Self {
        Self {
            source,
            schedule: Arc::new(MemorySchedule::new()),
            clock: Arc::new(SystemClock),
            options: Options {
                worker: format!("worker {}", std::process::id()),
                intervals: INTERVALS.into(),
                max_runs: 16,
                max_run_time: MINUTE.saturating_mul(15),
                claim_length: MINUTE,
                refresh_every: MINUTE,
                grace: Duration::from_secs(30),
                maintenance: None,
                maintain_every: HOUR.saturating_mul(6),
                observer: None,
            },
            seed: None,
        }
    }

    setters! {
        /// Who keeps what is due when. By default a [`MemorySchedule`].
        schedule(schedule: Arc<dyn Schedule>) => schedule = schedule;
        /// The clock of the fleet. By default the machine's.
        clock(clock: Arc<dyn Clock>) => clock = clock;
        /// What this worker is called in the schedule. By default by the number of its process.
        worker(name: impl Into<String>) => options.worker = name.into();
        /// How many runs are under way at once, at most. By default 16.
        max_runs(runs: usize) => options.max_runs = runs.max(1);
        /// After how long a run stops and goes on in its next turn, so that one large account keeps no other waiting. By default 15
        /// minutes.
        max_run_time(time: Duration) => options.max_run_time = time;
        /// How long a job is claimed: what a worker had that died is taken over after so long. By default a minute.
        claim_length(length: Duration) => options.claim_length = length.clamp(SHORTEST, LONGEST_CLAIM);
        /// How often the source is asked for its connections. By default every minute.
        refresh_every(interval: Duration) => options.refresh_every = interval.max(SHORTEST);
        /// How long runs have to stop when the fleet does: half as long as a job is claimed, at most. By default 30 seconds.
        grace(time: Duration) => options.grace = time;
        /// How often the [store is maintained](Self::maintenance). By default every six hours.
        maintain_every(interval: Duration) => options.maintain_every = interval.max(MINUTE);
        /// Shown the events and the reports of every run.
        observer(observer: Arc<dyn RunObserver>) => options.observer = Some(observer);
        /// Makes what is drawn by chance (the spread of what is due) the same each time.
        seed(seed: u64) => seed = Some(seed);
    }

    /// Has the store remove what this policy does not keep any more: some minutes after a worker has begun, and
    /// [again and again](Self::maintain_every). Every worker does so; what one has removed costs the next one a look.
    #[must_use]
    pub fn maintenance(mut self, store: Arc<dyn Maintenance>, policy: RetentionPolicy) -> Self {
        self.options.maintenance = Some((store, policy));
        self
    }

    /// How often an operation runs; never, if the interval is zero. By default what changed is looked at every minute
    /// ([`GetChanges`](Operation::GetChanges)), the whole window of orders is read every hour, shipments are sent every 5 minutes, held orders
    /// looked at every 15, and listings linked once a day. The operation is one of these, or
    /// [`RunActions`](Operation::RunActions), which runs only where it is given an interval: for connections whose settings enable it,
    /// with [`FleetConnection::every`](super::FleetConnection::every).
    #[must_use]
    pub fn every(mut self, operation: Operation, interval: Duration) -> Self {
        self.options.intervals.insert(operation, interval);
        self
    }

    /// The fleet.
    pub fn build(mut self) -> Fleet {
        self.options.grace = self.options.grace.min(self.options.claim_length / 2);
        let runs = Runs::new(self.seed);
        let latest = Mutex::new(HostTime::now(&*self.clock));
        Fleet(Arc::new(Shared {
            latest,
            refreshing: tokio::sync::Mutex::default(),
            connections: Connections::new(self.source),
            schedule: self.schedule,
            clock: self.clock,
            options: self.options,
            runs,
            woken: tokio::sync::Notify::new(),
        }))
    }
}
