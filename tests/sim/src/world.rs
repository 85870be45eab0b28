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

use futures_util::FutureExt;
use shipstation_connector::{
    Timestamp,
    channel::{ActionId, ChannelOrderId, ConnectionId, Listing, Operation, store::Stores},
    client::{Credentials, KeyPairs},
    stores::{MemoryStore, SqliteStore, sqlite::SqliteOptions},
    testing::simulator::{FaultKind, JournalEntry, ListFlaw, RateLimit, Simulator, SimulatorConfig},
};
use tempfile::TempDir;

use crate::{
    budgets::Budgets,
    executor::{Executor, Time},
    fleet::Jobs,
    plan::{Plan, stream},
};

/// One word for everything that is personal: where it turns up, something leaked.
pub const PLANTED: &str = "Quillfeather";
/// Two looks at an order are so far apart, less what a second of a `Date` hides.
const BETWEEN_LOOKS: Duration = Duration::from_secs(55);
/// Lines of the trace that are kept when it is not printed.
const MAX_LINES_KEPT: usize = 40;

/// A connection: an account of ShipStation, and what is true about it.
#[derive(Debug)]
pub struct Connection {
    pub id: ConnectionId,
    number: usize,
    pub sim: Simulator,
    pub truth: Mutex<Truth>,
    /// Counts the changes of the account.
    pub changes: AtomicU64,
}

impl Connection {
    fn new(plan: &Plan, number: usize, sim: Simulator) -> Self {
        if plan.has_rotations {
            let (key, secret) = key_pair(number, 1);
            sim.add_key(&key, &secret);
        }
        let id = ConnectionId::new(format!("shop-{number}"));
        Self { id, number, sim, truth: Mutex::default(), changes: AtomicU64::new(0) }
    }

    /// How often the merchant has exchanged a pair of keys.
    pub fn rotations(&self) -> usize {
        self.truth.lock().unwrap().rotations.len()
    }

    /// Both pairs of keys as the host has them now, in one order or the other.
    pub fn key_pairs(&self, is_reversed: bool) -> KeyPairs {
        let [old, new] = [0, 1].map(|more| {
            let (key, secret) = key_pair(self.number, self.rotations() + more);
            Credentials::new(key, secret)
        });
        if is_reversed { KeyPairs::new(new, old) } else { KeyPairs::new(old, new) }
    }

    /// The merchant revokes the older pair and makes another one.
    pub fn rotate(&self, now: Timestamp, elapsed: Duration) {
        let rotations = self.rotations();
        self.sim.expire_key(&key_pair(self.number, rotations).0, now);
        let (key, secret) = key_pair(self.number, rotations + 2);
        self.sim.add_key(&key, &secret);
        self.truth.lock().unwrap().rotations.push(elapsed);
    }

    /// When an order was created, if it is there and says so.
    pub fn created_at(&self, order: i64) -> Option<Timestamp> {
        self.sim.account(|account| account.order(order)?.time("createDate"))
    }
}

/// A pair of keys of an account. The secret stands in a header as `log.rs` searches for it.
fn key_pair(connection: usize, number: usize) -> (String, String) {
    (format!("k{number:02}-{connection}"), format!("planted-secret-{connection}-{number}"))
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
    /// Requests that arrived in the present minute, and most in any.
    pub minute: (i64, u32),
    pub most_in_a_minute: u32,
    /// The tag that imported orders get, if they get one.
    pub tag: Option<i64>,
    /// Throttled by ShipStation itself and not by a fault.
    pub throttled: u64,
    /// What was sent of the actions on orders, and the last one of each order.
    pub actions: BTreeMap<ActionId, ActionTruth>,
    pub last_actions: BTreeMap<i64, ActionId>,
    /// When the merchant exchanged a pair of keys.
    pub rotations: Vec<Duration>,
    /// When each order was last shown by itself, as it was.
    pub shown: BTreeMap<i64, Timestamp>,
}

/// What is true about one action on an order.
#[derive(Debug, Clone, Default)]
pub struct ActionTruth {
    /// Requests that left and whose answer did not say that nothing happened.
    pub sent: u32,
    /// Those that were carried out, and the longest time from one's sending to its effect.
    pub effects: u32,
    pub late: Duration,
    /// When the order had last been changed when the first one left.
    pub modified: Option<Timestamp>,
}

impl Truth {
    /// An answer said of the last mark of an order that nothing happened.
    pub fn settle(&mut self, order: i64) {
        let order = self.orders.entry(order).or_default();
        order.doubt = None;
        order.doubtful_marks = order.doubtful_marks.saturating_sub(1);
    }

    /// An answer said of the last action on an order that nothing happened.
    pub fn settle_action(&mut self, order: i64) {
        let last = self.last_actions.get(&order).and_then(|id| self.actions.get_mut(id));
        if let Some(action) = last {
            action.sent = action.sent.saturating_sub(1);
        }
    }

    /// A parcel of an order was put into the outbox, one of so many.
    pub fn ship(&mut self, order: i64, parcels_in_all: u32) {
        let order = self.orders.entry(order).or_default();
        order.enqueued = true;
        order.parcels += 1;
        order.parcels_in_all = parcels_in_all;
    }

    pub fn count_request(&mut self, minute: i64) {
        let (present, count) = self.minute;
        self.minute = (minute, if present == minute { count + 1 } else { 1 });
        self.most_in_a_minute = self.most_in_a_minute.max(self.minute.1);
    }

    /// What a request shows of orders, and of what was done to them.
    pub fn note_looks(&mut self, now: Duration, entry: &JournalEntry) {
        let id = entry.path.strip_prefix("/orders/").and_then(|id| id.parse().ok());
        if let Some(doubt) = id.and_then(|id| self.orders.get_mut(&id)?.doubt.as_mut()) {
            doubt.look(now);
        }
        let is_true = entry.fault.is_none() && entry.status == Some(200) && entry.method == http::Method::GET;
        if let Some(id) = id.filter(|_| is_true) {
            self.shown.insert(id, entry.at);
        }
        let is_mark = entry.is("POST", "/orders/markasshipped");
        let is_html = matches!(entry.fault, Some(FaultKind::Html { .. } | FaultKind::HtmlAfterEffect { .. }));
        if is_mark && !entry.executed && !is_html && matches!(entry.status, Some(400..500)) {
            self.settle(entry.body["orderId"].as_i64().unwrap_or_default());
        }
        let order = entry.body["orderId"].as_i64().unwrap_or_default();
        if !is_mark && !entry.executed && !is_html && matches!(entry.status, Some(400..500)) {
            self.settle_action(order);
        }
        let is_list = entry.is("GET", "/orders") && entry.query_value("pageSize") != Some("1");
        let is_consistent = match &entry.fault {
            Some(FaultKind::Status { body, .. }) => body.contains("\"total\":0"),
            Some(FaultKind::StaleRead(_) | FaultKind::List(ListFlaw::Total(_))) => true,
            _ => false,
        };
        if is_list && is_consistent {
            let shown: Vec<i64> = entry.list.iter().flat_map(|list| &list.ids).flatten().copied().collect();
            for (_, order) in self.orders.iter_mut().filter(|(id, _)| !shown.contains(id)) {
                order.hidden = true;
            }
        }
    }
}

/// What is true about one order.
#[derive(Debug, Clone, Default)]
#[allow(clippy::struct_excessive_bools)] // each is a fact of its own
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
    /// Parcels that the warehouse has put into the outbox.
    pub parcels: u32,
    /// How many it makes of the order; 0 before the first.
    pub parcels_in_all: u32,
    /// It became eligible late, or a list of orders without it was as consistent as a true one.
    pub hidden: bool,
    /// Marks that left and whose answer did not say that nothing happened.
    pub doubtful_marks: u32,
    /// The order that it was split off from.
    pub parent: Option<Parent>,
    /// It was merged with another one.
    pub merged: bool,
    /// Since a mark left whose answer did not say that nothing happened.
    pub doubt: Option<Doubt>,
}

/// An order that another one was split off from.
#[derive(Debug, Clone, Copy)]
pub struct Parent {
    pub id: i64,
    /// The lines that it had before.
    pub lines: usize,
    pub split_at: Timestamp,
}

/// A mark of which nobody but ShipStation knows what became of it, and the looks at its order since.
#[derive(Debug, Clone, Copy, Default)]
pub struct Doubt {
    pub first_look: Option<Duration>,
    pub last_look: Option<Duration>,
}

impl Doubt {
    pub fn look(&mut self, now: Duration) {
        self.first_look.get_or_insert(now);
        self.last_look = Some(now);
    }

    /// Whether two looks were made, so far apart that one late effect does not hide from both.
    pub fn has_two_looks(&self) -> bool {
        let apart = self.first_look.zip(self.last_look).map(|(first, last)| last.saturating_sub(first));
        apart.is_some_and(|apart| apart >= BETWEEN_LOOKS)
    }
}

/// Where the host keeps everything.
#[derive(Debug)]
enum Database {
    Memory(Arc<MemoryStore>),
    File(TempDir),
}

fn open_file(folder: &TempDir) -> SqliteStore {
    SqliteStore::open_with(folder.path().join("host.sqlite"), &SqliteOptions::new().inline()).unwrap()
}

/// The world of one seed.
pub struct World {
    pub plan: Plan,
    pub time: Arc<Time>,
    pub executor: Arc<Executor>,
    pub connections: Vec<Connection>,
    database: Database,
    /// The rate limit of each key, where the workers keep it together.
    pub budgets: Arc<Budgets>,
    /// When each operation is due, where the workers are fleets.
    pub jobs: Arc<Jobs>,
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
        let (key, secret) = key_pair(0, 0);
        let first = Simulator::in_process(config.credentials(&key, &secret));
        let time = Time::new(plan.start, first.clock());
        let executor = Executor::new(&time, stream(plan.seed, "executor", 0));
        let connections = (0..plan.connections)
            .map(|number| {
                let (key, secret) = key_pair(number, 0);
                let sim = if number == 0 { first.clone() } else { first.add_account(&key, &secret) };
                Connection::new(&plan, number, sim)
            })
            .collect();
        let database = if plan.sqlite {
            let shm = std::path::Path::new("/dev/shm");
            let folder = if shm.is_dir() { TempDir::new_in(shm) } else { TempDir::new() };
            Database::File(folder.unwrap())
        } else {
            Database::Memory(Arc::new(MemoryStore::new()))
        };
        let budgets = Budgets::new(&plan, &time);
        let jobs = Jobs::new(&plan, &time);
        let trace = Mutex::new(Trace { printed, ..Trace::default() });
        Arc::new(Self {
            plan,
            time,
            executor,
            connections,
            database,
            budgets,
            jobs,
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
            Database::File(folder) => Arc::new(open_file(folder)).stores(),
        }
    }

    /// What the host sells.
    pub fn put_listings(&self, connection: &ConnectionId, listings: Vec<Listing>) {
        match &self.database {
            Database::Memory(store) => store.put_listings(connection, listings),
            Database::File(folder) => {
                let put = open_file(folder).put_listings(connection, listings).now_or_never();
                put.unwrap().unwrap();
            }
        }
    }

    /// Waits for a share of the interval of those who come again and again; in the quiet phase, of a `quiet` one. A rest of days does
    /// not last into that phase.
    pub async fn rest(&self, quiet: Duration, share: f64) {
        let left = self.plan.troubled.saturating_sub(self.time.elapsed());
        let rest = quiet.mul_f64(share);
        let rest = if left.is_zero() { rest } else { self.plan.interval.mul_f64(share).min(left + rest) };
        self.time.sleep(rest).await;
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
