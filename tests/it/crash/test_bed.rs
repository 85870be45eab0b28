//! What outlives a process: ShipStation, the database, and the host that takes its orders out of it.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use shipstation_connector::{
    Settings, ShipStationChannel,
    channel::{
        ChannelOrder, ConnectionId, ImportDecision, ProposedImport, Shipment,
        shipping::{CarrierRule, ShippingRule},
        store::{
            EnqueueOutcome, HistoryStoreExt, MappingStoreExt, OrderChangeKind, OrderEventKind,
            ReplaceOutcome, ShipmentStoreExt, Stores,
        },
    },
    client::{Clock, RateLimiter},
    stores::StoreHook,
    testing::simulator::{RateLimit, SimLine, SimOrder, Simulator, SimulatorConfig},
};
use tempfile::TempDir;

use super::{
    database::{Database, Store},
    fuse::{Fuse, Mode, Toll},
};

pub(super) const WEBHOOK_SECRET: &str = "planted-secret-0123456789";

/// Which store a test tries.
#[derive(Debug)]
pub(super) enum Kind {
    /// An SQLite file for each world, opened by each process.
    File,
    /// One PostgreSQL store, and a connection of its own for each world.
    #[cfg(feature = "postgres-tests")]
    Server(Store),
}

impl Kind {
    #[cfg(feature = "postgres-tests")]
    pub(super) async fn on_a_server() -> Self {
        Self::Server(Database::on_a_server().await.open().await)
    }
}

pub(super) struct TestBed {
    pub(super) sim: Simulator,
    pub(super) connection: ConnectionId,
    pub(super) settings: Settings,
    /// How often the host was handed each order.
    pub(super) taken: RefCell<BTreeMap<String, u32>>,
    home: Home,
}

enum Home {
    Folder(TempDir),
    #[cfg(feature = "postgres-tests")]
    Server(Store),
}

impl TestBed {
    /// "Standard" is mapped and the carrier "UPS" is known. Each request takes eleven seconds, so that leases are
    /// renewed on the way.
    pub(super) async fn new(kind: &Kind) -> Self {
        static WORLDS: AtomicU32 = AtomicU32::new(0);
        let config =
            SimulatorConfig::default().rate_limit(RateLimit::Unlimited).latency(Duration::from_secs(11));
        let bed = Self {
            sim: Simulator::in_process(config),
            connection: ConnectionId::new(format!("shop {}", WORLDS.fetch_add(1, Ordering::Relaxed))),
            settings: Settings::default(),
            taken: RefCell::default(),
            home: match kind {
                Kind::File => Home::Folder(folder()),
                #[cfg(feature = "postgres-tests")]
                Kind::Server(store) => Home::Server(store.clone()),
            },
        };
        let store = bed.open().await;
        bed.map_texts(&store, &["Standard"]).await;
        bed.map_carriers(&store, &["UPS"]).await;
        bed
    }

    /// The store, as a process that has just started opens it.
    pub(super) async fn open(&self) -> Store {
        match &self.home {
            Home::Folder(folder) => Database::File(folder.path().join("shop.sqlite")).open().await,
            #[cfg(feature = "postgres-tests")]
            Home::Server(store) => store.clone(),
        }
    }

    /// The stores of the crate, as the host asks them.
    pub(super) async fn stores(&self) -> Stores {
        self.open().await.stores()
    }

    /// A process that has just started and that nothing happens to.
    pub(super) async fn process(&self) -> ShipStationChannel {
        let limiter = Fuse::new(Mode::Kill, usize::MAX, &self.sim);
        self.channel(self.stores().await, Arc::new(Toll(limiter)))
    }

    /// A process that has just started and carries a fuse.
    pub(super) async fn process_with(&self, fuse: &Arc<Fuse>) -> ShipStationChannel {
        let hook: Arc<dyn StoreHook> = fuse.clone();
        self.channel(self.open().await.hooked(&hook), Arc::new(Toll(Arc::clone(fuse))))
    }

    fn channel(&self, stores: Stores, limiter: Arc<dyn RateLimiter>) -> ShipStationChannel {
        let client = self.sim.client().rate_limiter(limiter).seed(7).build().unwrap();
        ShipStationChannel::builder(client, self.connection.clone(), stores)
            .settings(self.settings.clone())
            .import_policy(by_number)
            .webhook_secret(WEBHOOK_SECRET)
            .build()
            .unwrap()
    }

    /// Time passes: more than a lease lasts.
    pub(super) fn a_quarter_of_an_hour_passes(&self) {
        self.sim.clock().advance(Duration::from_secs(15 * 60));
    }

    /// The host takes what is ready, keeps it, and says so.
    pub(super) async fn host_takes_orders(&self) {
        let store = self.open().await;
        let ready = store.take_orders(&self.connection).await;
        let ids: Vec<_> = ready.iter().map(|stored| stored.order.id.clone()).collect();
        for id in &ids {
            *self.taken.borrow_mut().entry(id.to_string()).or_default() += 1;
        }
        store.acknowledge_orders(&self.connection, &ids).await.unwrap();
    }

    pub(super) async fn map_texts(&self, store: &Store, texts: &[&str]) {
        let store = store.stores().mappings;
        let version = store.shipping_rules(&self.connection).await.unwrap().version;
        let rules = texts.iter().map(|text| ShippingRule::exact(*text, "ground")).collect();
        let replaced = store.replace_shipping_rules(&self.connection, version, rules).await.unwrap();
        assert!(matches!(replaced, ReplaceOutcome::Replaced { .. }));
    }

    pub(super) async fn map_carriers(&self, store: &Store, carriers: &[&str]) {
        let store = store.stores().mappings;
        let version = store.carrier_rules(&self.connection).await.unwrap().version;
        let rules = carriers.iter().map(|carrier| CarrierRule::new(*carrier, "ups")).collect();
        let replaced = store.replace_carrier_rules(&self.connection, version, rules).await.unwrap();
        assert!(matches!(replaced, ReplaceOutcome::Replaced { .. }));
    }

    /// An order that is to be imported: two lines, an hour old.
    pub(super) fn add_order(&self, number: &str, text: &str) -> i64 {
        self.add_order_of(number, text, Duration::from_secs(3600))
    }

    /// One of another age.
    pub(super) fn add_order_of(&self, number: &str, text: &str, age: Duration) -> i64 {
        let order = SimOrder::new(number)
            .status("awaiting_shipment")
            .created(Clock::now(&*self.sim.clock()) - age)
            .shipping(text)
            .line(SimLine::new("MUG-1", 2, "18.50"))
            .line(SimLine::new("TEA-2", 1, "4.20"));
        self.sim.account(|account| account.add_order(order))
    }

    /// Goods leave: the whole order under this tracking number.
    pub(super) async fn ship(&self, order: i64, carrier: &str, tracking: &str) {
        let now = Clock::now(&*self.sim.clock());
        let shipment = Shipment::new(format!("S-{tracking}"), order.to_string(), now, carrier, tracking);
        let answer =
            self.stores().await.shipments.enqueue_one(&self.connection, shipment, now).await.unwrap();
        assert_eq!(answer, EnqueueOutcome::New);
    }

    /// What the feed says of imported orders, by their number in ShipStation.
    pub(super) async fn changes(&self) -> Vec<(i64, OrderChangeKind)> {
        let history = self.stores().await.history.unwrap();
        let feed = history.changes(&self.connection, None, 1_000).await.unwrap().into_iter();
        let mut told: Vec<_> = feed
            .flat_map(|recorded| {
                let order = recorded.change.order.as_str().parse().unwrap();
                recorded.change.what.into_iter().map(move |what| (order, what))
            })
            .collect();
        told.sort_by_key(|(order, _)| *order);
        told
    }

    /// How often the story of an order says that it was imported.
    pub(super) async fn imports(&self, order: i64) -> usize {
        let history = self.stores().await.history.unwrap();
        let story = history.story(&self.connection, &order.to_string().into()).await.unwrap();
        story.iter().filter(|event| matches!(event.what, OrderEventKind::Imported { .. })).count()
    }

    /// How often the host was handed each of these orders, and no other one.
    pub(super) fn assert_taken_once<'o>(&self, orders: impl IntoIterator<Item = &'o i64>, place: &str) {
        let once: BTreeMap<_, _> = orders.into_iter().map(|id| (id.to_string(), 1)).collect();
        assert_eq!(*self.taken.borrow(), once, "{place}: each order reaches the host once");
    }

    /// How often ShipStation marked this order as shipped.
    pub(super) fn marks(&self, order: i64) -> usize {
        let journal = self.sim.journal();
        let marks = journal.of("POST", "/orders/markasshipped");
        marks.filter(|entry| entry.executed && entry.body["orderId"] == order).count()
    }

    /// The tracking numbers that ShipStation shows for this order.
    pub(super) fn shown(&self, order: i64) -> Vec<String> {
        self.sim.account(|account| {
            let records = account.fulfillments_of(order);
            records.iter().filter_map(|record| record.text("trackingNumber").map(str::to_owned)).collect()
        })
    }
}

/// The host's own rule: orders of these numbers are held, or left out.
fn by_number(order: &ChannelOrder, _: &ProposedImport<'_>) -> ImportDecision {
    match order.number.get(..1) {
        Some("P") => ImportDecision::hold("the host looks at it first"),
        Some("S") => ImportDecision::skip("it is sold by somebody else"),
        _ => ImportDecision::accept(),
    }
}

/// In memory where there is such a folder: a process that dies loses nothing that it has written, and waiting for
/// a disk would take most of the time.
pub(super) fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}
