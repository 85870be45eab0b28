//! What all actors share: the true time, ShipStation, the host's database, and the record of what happened.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write as _},
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use shipstation_connector::{
    channel::{ChannelOrderId, ConnectionId, Operation, store::Stores},
    stores::{MemoryStore, SqliteStore, sqlite::SqliteOptions},
    testing::simulator::{RateLimit, Simulator, SimulatorConfig},
};
use tempfile::TempDir;

use crate::{
    executor::{Executor, Time},
    plan::{Plan, stream},
};

/// One word for everything that is personal: where it turns up, something leaked.
pub const PLANTED: &str = "Quillfeather";
/// Lines of the trace that are kept when it is not printed.
const MAX_LINES_KEPT: usize = 40;

/// A connection: an account of ShipStation, and what is true about it.
#[derive(Debug)]
pub struct Connection {
    pub id: ConnectionId,
    pub sim: Simulator,
    pub truth: Mutex<Truth>,
    /// Counts the changes of the account.
    pub changes: AtomicU64,
}

/// What is true about the orders of a connection.
#[derive(Debug, Default)]
pub struct Truth {
    /// Every order that a marketplace brought or that was split off, by its number in ShipStation.
    pub orders: BTreeMap<i64, OrderTruth>,
    /// Orders whose rows are damaged in a member that decisions need.
    pub damaged: BTreeSet<i64>,
    /// Orders of which a person dismissed the failure.
    pub dismissed: BTreeSet<ChannelOrderId>,
    /// How often the store answered that it took an order for the first time.
    pub inserted: u64,
    /// The newest fence that was granted, for each operation.
    pub fences: BTreeMap<Operation, u64>,
    /// Latest age of stale reads and lateness of effects, whatever the order.
    pub stale: Duration,
    pub late: Duration,
    /// Whether a mark may have been refused by an answer.
    pub refusals: bool,
    /// Throttled by ShipStation itself and not by a fault.
    pub throttled: u64,
}

/// What is true about one order.
#[derive(Debug, Clone, Default)]
pub struct OrderTruth {
    /// A person or the merchant changed what is to become of it.
    pub touched: bool,
    /// A shipment was put into the outbox.
    pub enqueued: bool,
    /// Requests to mark it that were carried out, those that the network doubled apart.
    pub marked: u32,
    pub doubled: u32,
    /// The longest time from sending a mark to its effect.
    pub late: Duration,
}

/// Where the host keeps everything.
#[derive(Debug)]
enum Database {
    Memory(Arc<MemoryStore>),
    File(TempDir),
}

/// The world of one seed.
pub struct World {
    pub plan: Plan,
    pub time: Arc<Time>,
    pub executor: Arc<Executor>,
    pub connections: Vec<Connection>,
    database: Database,
    trace: Mutex<Trace>,
    violation: Mutex<Option<String>>,
    quiet: AtomicBool,
    pub stats: Stats,
}

/// What all histories together went through.
#[derive(Debug, Default)]
pub struct Stats {
    pub runs: AtomicU64,
    pub requests: AtomicU64,
    pub kills: AtomicU64,
    pub imported: AtomicU64,
    pub marks: AtomicU64,
    pub repeated_marks: AtomicU64,
}

#[derive(Debug, Default)]
struct Trace {
    printed: bool,
    hash: u64,
    lines: Vec<String>,
    count: u64,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("plan", &self.plan).finish_non_exhaustive()
    }
}

impl World {
    pub fn new(plan: Plan, printed: bool) -> Arc<Self> {
        let limit = RateLimit::PerMinute(40);
        let config = SimulatorConfig::default().now(plan.start).rate_limit(limit);
        let first = Simulator::in_process(config.credentials("key-0", "planted-secret-0"));
        let time = Time::new(plan.start, first.clock());
        let executor = Executor::new(&time, stream(plan.seed, "executor", 0));
        let connections = (0..plan.connections)
            .map(|number| {
                let sim = match number {
                    0 => first.clone(),
                    _ => first.add_account(&format!("key-{number}"), &format!("planted-secret-{number}")),
                };
                let id = ConnectionId::new(format!("shop-{number}"));
                Connection { id, sim, truth: Mutex::default(), changes: AtomicU64::new(0) }
            })
            .collect();
        let database = if plan.sqlite {
            let shm = std::path::Path::new("/dev/shm");
            let folder = if shm.is_dir() { TempDir::new_in(shm) } else { TempDir::new() };
            Database::File(folder.unwrap())
        } else {
            Database::Memory(Arc::new(MemoryStore::new()))
        };
        let trace = Mutex::new(Trace { printed, ..Trace::default() });
        Arc::new(Self {
            plan,
            time,
            executor,
            connections,
            database,
            trace,
            violation: Mutex::default(),
            quiet: AtomicBool::new(false),
            stats: Stats::default(),
        })
    }

    /// The stores as a process that has just started opens them.
    pub fn open(&self) -> Stores {
        match &self.database {
            Database::Memory(store) => store.stores(),
            Database::File(folder) => {
                let options = SqliteOptions::new().inline();
                let store = SqliteStore::open_with(folder.path().join("host.sqlite"), &options).unwrap();
                Arc::new(store).stores()
            }
        }
    }

    pub fn is_quiet(&self) -> bool {
        self.quiet.load(Ordering::Relaxed)
    }

    pub fn begin_quiet(&self) {
        self.quiet.store(true, Ordering::Relaxed);
    }

    /// Whether there is this kind of trouble now.
    pub fn has(&self, trouble: impl Fn(&crate::plan::Trouble) -> bool) -> bool {
        !self.is_quiet() && trouble(&self.plan.trouble)
    }

    /// Writes a line of the trace.
    pub fn tell(&self, who: impl fmt::Display, what: impl fmt::Display) {
        let mut trace = self.trace.lock().unwrap();
        let mut line = String::new();
        let _ = write!(line, "{:>12.3} {who}: {what}", self.time.elapsed().as_secs_f64());
        if trace.printed {
            println!("{line}");
        }
        let mut hasher = DefaultHasher::new();
        (trace.hash, &line).hash(&mut hasher);
        trace.hash = hasher.finish();
        trace.count += 1;
        if trace.lines.len() == MAX_LINES_KEPT {
            trace.lines.remove(0);
        }
        trace.lines.push(line);
    }

    /// A promise is broken: the history ends here.
    pub fn violate(&self, what: impl fmt::Display) {
        let what = what.to_string();
        self.tell("oracle", format_args!("VIOLATION {what}"));
        self.violation.lock().unwrap().get_or_insert(what);
        self.executor.end();
    }

    pub fn assert(&self, so: bool, what: impl FnOnce() -> String) {
        if !so {
            self.violate(what());
        }
    }

    pub fn violation(&self) -> Option<String> {
        self.violation.lock().unwrap().clone()
    }

    /// How many lines the trace has, and what they hash to.
    pub fn trace(&self) -> (u64, u64) {
        let trace = self.trace.lock().unwrap();
        (trace.count, trace.hash)
    }

    pub fn last_lines(&self) -> Vec<String> {
        self.trace.lock().unwrap().lines.clone()
    }
}
