//! The real thing: a child process that imports and pushes on an SQLite file, or on a PostgreSQL server, is killed at random
//! moments, again and again, and in the end nothing is lost and nothing is doubled.
//!
//! `CRASH_ORDERS`, `CRASH_SHIPMENTS` and `CRASH_KILLS` change the size, `CRASH_SEED` repeats the moments.

use std::{
    collections::BTreeMap,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use shipstation_connector::{
    Settings, ShipStationChannel, Timestamp,
    channel::{
        ChannelConnector, ChannelOrderId, ConnectionId, GetOrders, Shipment, SyncShipments,
        shipping::{CarrierRule, ShippingRule},
        store::{MappingStoreExt, OrderStoreExt, ShipmentStoreExt},
    },
    client::{Clock, Credentials, ShipStation, SystemClock, UserId},
    testing::simulator::{
        Fault, FaultKind, RateLimit, Record, SimClock, SimLine, SimOrder, Simulator, SimulatorConfig,
    },
};

use super::{
    database::{Database, Store},
    fuse::Unlimited,
};

/// How a child is told what to do.
const TASK: &str = "CRASH_CHILD";
/// Longer than a lease: the one of a killed child is over when the next child begins.
const BETWEEN_CHILDREN: Duration = Duration::from_secs(600);
/// How long an answer may take in real time; however busy the machine is, none is given up.
const PATIENCE: Duration = Duration::from_secs(600);
/// A child is killed at the latest after so many requests.
const MOST_REQUESTS: usize = 120;

#[derive(Serialize, Deserialize)]
struct Task {
    url: String,
    key: String,
    secret: String,
    database: Database,
    user: String,
    now: Timestamp,
    ships_first: bool,
}

fn connection() -> ConnectionId {
    ConnectionId::new("shop")
}

fn setting<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// The child: does one round of work and ends. In an ordinary test run there is no task and nothing to do.
#[tokio::test]
async fn crash_child_of_the_killing() {
    let Ok(task) = std::env::var(TASK) else { return };
    let task: Task = serde_json::from_str(&task).unwrap();
    let channel = worker(&task).await;
    for ships in [task.ships_first, !task.ships_first] {
        let status = if ships {
            channel.sync_shipments(SyncShipments::new()).await.unwrap().run.status
        } else {
            channel.get_orders(GetOrders::new()).await.unwrap().run.status
        };
        assert!(status.read_everything(), "{status}");
    }
}

async fn worker(task: &Task) -> ShipStationChannel {
    let client = ShipStation::builder(Credentials::new(&task.key, &task.secret))
        .base_url(&task.url)
        // A child's clock stands still but for its own waits: what it does depends on no machine's pace.
        .clock(Arc::new(SimClock::new(task.now)))
        .timeout(PATIENCE)
        .rate_limiter(Arc::new(Unlimited))
        .build()
        .unwrap();
    let mut settings = Settings::default();
    settings.orders.assign_user = Some(UserId::new(&task.user));
    let stores = task.database.open().await.stores();
    ShipStationChannel::builder(client, connection(), stores).settings(settings).build().unwrap()
}

/// What the children work on.
struct Work {
    sim: Simulator,
    database: Database,
    user: String,
    /// The first order; the others follow.
    first: i64,
    orders: u32,
    shipments: u32,
    /// How often each order was marked as shipped.
    marks: BTreeMap<i64, u32>,
    rounds: u32,
}

impl Work {
    async fn new(database: Database, orders: u32, shipments: u32) -> Self {
        let sim =
            Simulator::start(SimulatorConfig::default().rate_limit(RateLimit::Unlimited)).await.unwrap();
        let start = Clock::now(&*sim.clock()) - Duration::from_secs(2 * 24 * 3600);
        let (user, first) = sim.account(|account| {
            let first = account.generate(orders, start, Duration::from_secs(2), |n| {
                SimOrder::new(format!("N-{n}"))
                    .status("awaiting_shipment")
                    .shipping("Standard")
                    .line(SimLine::new("MUG-1", 1, "18.50"))
            });
            (account.add_user("Night Shift"), first)
        });
        let store = database.open().await;
        let stores = store.stores();
        let rules = vec![ShippingRule::exact("Standard", "ground")];
        stores.mappings.replace_shipping_rules(&connection(), 0, rules).await.unwrap();
        let carriers = vec![CarrierRule::new("UPS", "ups")];
        stores.mappings.replace_carrier_rules(&connection(), 0, carriers).await.unwrap();
        let work = Self { sim, database, user, first, orders, shipments, marks: BTreeMap::new(), rounds: 0 };
        for order in work.shipped() {
            let now = Clock::now(&*work.sim.clock());
            let shipment =
                Shipment::new(format!("S-{order}"), order.to_string(), now, "UPS", format!("1Z{order}"));
            stores.shipments.enqueue_one(&connection(), shipment, now).await.unwrap();
        }
        drop(stores);
        store.close().await;
        work
    }

    fn shipped(&self) -> std::ops::Range<i64> {
        self.first..self.first + i64::from(self.shipments)
    }

    fn all(&self) -> impl Iterator<Item = i64> + use<> {
        self.first..self.first + i64::from(self.orders)
    }

    /// Whether the host has the orders that it ships. What is shipped before it was imported is imported no more.
    async fn has_imported(&self) -> bool {
        let store = self.database.open().await;
        let ids: Vec<ChannelOrderId> = self.shipped().map(|order| order.to_string().into()).collect();
        let known = store.stores().orders.known(&connection(), &ids).await.unwrap();
        store.close().await;
        known.len() == ids.len()
    }

    async fn start_child(&mut self) -> Child {
        self.rounds += 1;
        let ships_first = self.rounds.is_multiple_of(2) && self.has_imported().await;
        let task = Task {
            url: self.sim.url().to_owned(),
            key: self.sim.api_key().to_owned(),
            secret: self.sim.api_secret().to_owned(),
            database: self.database.clone(),
            user: self.user.clone(),
            now: self.sim.clock().advance(BETWEEN_CHILDREN),
            ships_first,
        };
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::killed::crash_child_of_the_killing", "--nocapture"])
            .env(TASK, serde_json::to_string(&task).unwrap())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// Kills a child some time after so many requests, at the latest in the next one, which meets silence. False when it
    /// had ended by then.
    async fn kill_after(&mut self, requests: usize, pause: Duration, silence: FaultKind) -> bool {
        self.sim.fault(Fault::any().after(requests as u64).always().with(silence));
        let mut child = self.start_child().await;
        while self.sim.journal().len() < requests && child.try_wait().unwrap().is_none() {
            tick().await;
        }
        SystemClock.sleep(pause).await;
        let ended = child.try_wait().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        self.sim.clear_faults();
        self.count_marks();
        assert!(ended.is_none_or(|status| status.success()), "a child failed");
        ended.is_none()
    }

    /// Lets a child end by itself.
    async fn let_work(&mut self) {
        let mut child = self.start_child().await;
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            tick().await;
        };
        assert!(status.success(), "a child failed");
        self.count_marks();
    }

    fn count_marks(&mut self) {
        let journal = self.sim.take_journal();
        for mark in journal.of("POST", "/orders/markasshipped").filter(|entry| entry.executed) {
            *self.marks.entry(mark.body["orderId"].as_i64().unwrap()).or_default() += 1;
        }
    }

    async fn is_done(&self) -> bool {
        self.counts().await == BTreeMap::from([("confirmed".to_owned(), u64::from(self.shipments))])
    }

    async fn counts(&self) -> BTreeMap<String, u64> {
        self.database.open().await.stores().shipments.counts(&connection()).await.unwrap()
    }

    async fn judge(&self) {
        let store = self.database.open().await;
        assert_eq!(store.damage().await, Vec::<String>::new());
        assert!(self.is_done().await, "{:?}", self.counts().await);
        let marks = |order| self.marks.get(&order).copied().unwrap_or_default();
        let otherwise: Vec<(i64, u32)> =
            self.shipped().map(|order| (order, marks(order))).filter(|(_, times)| *times != 1).collect();
        assert!(otherwise.is_empty(), "orders marked other than once: {otherwise:?}");
        let shown: Vec<(i64, String)> = self.sim.account(|account| {
            let shown = |record: &Record| {
                (record.int("orderId").unwrap(), record.text("trackingNumber").unwrap().to_owned())
            };
            account.fulfillments.values().map(shown).collect()
        });
        let wanted: BTreeMap<i64, String> =
            self.shipped().map(|order| (order, format!("1Z{order}"))).collect();
        assert_eq!(shown.len(), wanted.len());
        assert_eq!(
            shown.into_iter().collect::<BTreeMap<_, _>>(),
            wanted,
            "each with its own tracking number"
        );
        let handed_over = hand_over(&store).await;
        let times = |order| handed_over.get(&order).copied().unwrap_or_default();
        let otherwise: Vec<(i64, u32)> =
            self.all().map(|order| (order, times(order))).filter(|(_, times)| *times != 1).collect();
        assert!(otherwise.is_empty(), "orders imported other than once: {otherwise:?}");
        assert_eq!(handed_over.len(), self.orders as usize, "nothing else is imported");
        let unassigned = self.sim.account(|account| {
            let theirs = |order| account.order(order).and_then(|order| order.text("userId"));
            self.all().filter(|order| theirs(*order) != Some(self.user.as_str())).count()
        });
        assert_eq!(unassigned, 0);
    }
}

/// Everything that the host is handed, and how often.
async fn hand_over(store: &Store) -> BTreeMap<i64, u32> {
    let mut taken = BTreeMap::new();
    loop {
        let orders = store.take_orders(&connection()).await;
        if orders.is_empty() {
            return taken;
        }
        let ids: Vec<_> = orders.into_iter().map(|stored| stored.order.id).collect();
        for id in &ids {
            *taken.entry(id.as_str().parse().unwrap()).or_default() += 1;
        }
        store.acknowledge_orders(&connection(), &ids).await.unwrap();
    }
}

/// A child lives in real time, so this one test waits in real time too.
async fn tick() {
    SystemClock.sleep(Duration::from_millis(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crash_killed_for_real_loses_and_doubles_nothing() {
    let folder = super::test_bed::folder();
    kill_again_and_again(Database::File(folder.path().join("shop.sqlite")), 20_000, 20).await;
}

#[cfg(feature = "postgres-tests")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crash_postgres_killed_for_real_loses_and_doubles_nothing() {
    kill_again_and_again(Database::on_a_server().await, 3_000, 8).await;
}

async fn kill_again_and_again(database: Database, orders: u32, kills: u32) {
    let seed = setting("CRASH_SEED").unwrap_or_else(|| fastrand::u64(..));
    let orders = setting("CRASH_ORDERS").unwrap_or(orders);
    let shipments = setting("CRASH_SHIPMENTS").unwrap_or(500);
    let wanted = setting("CRASH_KILLS").unwrap_or(kills);
    println!("CRASH_SEED={seed}: {orders} orders, {shipments} shipments, {wanted} kills");
    let mut random = fastrand::Rng::with_seed(seed);
    let mut work = Work::new(database, orders, shipments).await;
    let (mut kills, mut most, began) = (0, MOST_REQUESTS, SystemClock.now());
    while kills < wanted {
        let pause = Duration::from_micros(random.u64(..20_000));
        let silence = if random.bool() { FaultKind::Hang } else { FaultKind::HangAfterEffect };
        if work.kill_after(random.usize(1..=most), pause, silence).await {
            kills += 1;
        } else {
            // The less there is left to do, the sooner a child ends by itself.
            most = (most / 2).max(2);
        }
        assert!(work.rounds < 4 * wanted, "too few children live long enough to be killed");
    }
    for _ in 0..6 {
        work.let_work().await;
        if work.is_done().await {
            break;
        }
    }
    // Once more: what is done stays done.
    work.let_work().await;
    work.judge().await;
    println!("{kills} kills in {} rounds, {:.0?}", work.rounds, SystemClock.now().since(began));
}
