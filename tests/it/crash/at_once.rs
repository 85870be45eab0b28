//! Eight processes at once on one PostgreSQL server, with no schedule that keeps them apart: on one connection they are all after
//! the same lease, on fifty they meet again and again.

use std::{
    collections::BTreeMap,
    fs::OpenOptions,
    io::Write as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use shipstation_connector::{
    ShipStationChannel, Timestamp,
    channel::{
        ChannelConnector, ChannelError, ConnectionId, GetOrders, Refusal, Shipment, SyncShipments,
        shipping::{CarrierRule, ShippingRule},
        store::{MappingStoreExt, ShipmentStore},
    },
    client::{Clock, Credentials, ShipStation, SystemClock},
    testing::simulator::{RateLimit, SimClock, SimLine, SimOrder, Simulator, SimulatorConfig},
};

use super::{database::Database, fuse::Unlimited};

/// How a child is told what to do.
const TASK: &str = "AT_ONCE_CHILD";
const PROCESSES: u64 = 8;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Task {
    url: String,
    database: Database,
    connections: usize,
    now: Timestamp,
    seed: u64,
    /// A byte for each run that was refused because another one had the lease.
    refusals: PathBuf,
}

fn connection(n: usize) -> ConnectionId {
    ConnectionId::new(format!("shop {n}"))
}

/// The child: visits the connections in an order of its own, twice. In an ordinary test run there is no task and nothing to do.
#[tokio::test]
async fn crash_postgres_child_at_once() {
    let Ok(task) = std::env::var(TASK) else { return };
    let task: Task = serde_json::from_str(&task).unwrap();
    let mut draw = fastrand::Rng::with_seed(task.seed);
    let stores = task.database.open().await.stores();
    for _ in 0..2 {
        let mut connections: Vec<usize> = (0..task.connections).collect();
        draw.shuffle(&mut connections);
        for n in connections {
            let client = ShipStation::builder(Credentials::new(format!("key-{n}"), "secret"))
                .base_url(&task.url)
                .clock(Arc::new(SimClock::new(task.now)))
                .timeout(Duration::from_secs(600))
                .rate_limiter(Arc::new(Unlimited))
                .build()
                .unwrap();
            let channel = ShipStationChannel::builder(client, connection(n), stores.clone()).build().unwrap();
            let ended = |run: Result<bool, ChannelError>| match run {
                Ok(has_read_everything) => assert!(has_read_everything),
                Err(error) => {
                    assert!(matches!(error.refusal, Refusal::AlreadyRunning { .. }), "{error}");
                    let mut refusals =
                        OpenOptions::new().append(true).create(true).open(&task.refusals).unwrap();
                    refusals.write_all(b"x").unwrap();
                }
            };
            ended(channel.get_orders(GetOrders::new()).await.map(|done| done.run.status.read_everything()));
            let sent = channel.sync_shipments(SyncShipments::new()).await;
            ended(sent.map(|done| done.run.status.read_everything()));
        }
    }
}

async fn all_at_once(task: &Task) {
    let start = |seed| {
        let task = Task { seed, ..task.clone() };
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::at_once::crash_postgres_child_at_once"])
            .env(TASK, serde_json::to_string(&task).unwrap())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut children: Vec<Child> = (0..PROCESSES).map(start).collect();
    for child in &mut children {
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            SystemClock.sleep(Duration::from_millis(5)).await;
        };
        assert!(status.success(), "a child failed");
    }
}

/// Imports the orders of so many connections, then ships them, and judges.
async fn import_and_ship(connections: usize, orders: usize) {
    let sim = Simulator::start(SimulatorConfig::default().rate_limit(RateLimit::Unlimited)).await.unwrap();
    let database = Database::on_a_server().await;
    let store = database.open().await;
    let stores = store.stores();
    let mut shops = Vec::new();
    for n in 0..connections {
        let shop = sim.add_account(&format!("key-{n}"), "secret");
        let ids: Vec<i64> = shop.account(|account| {
            let line = || SimLine::new("MUG-1", 1, "18.50");
            let order = |m| SimOrder::new(format!("N-{m}")).shipping("Standard").line(line());
            (0..orders).map(|m| account.add_order(order(m))).collect()
        });
        let rules = vec![ShippingRule::exact("Standard", "ground")];
        stores.mappings.replace_shipping_rules(&connection(n), 0, rules).await.unwrap();
        let carriers = vec![CarrierRule::new("UPS", "ups")];
        stores.mappings.replace_carrier_rules(&connection(n), 0, carriers).await.unwrap();
        shops.push((shop, ids));
    }
    let folder = super::test_bed::folder();
    let mut task = Task {
        url: sim.url().to_owned(),
        database,
        connections,
        now: Clock::now(&*sim.clock()),
        seed: 0,
        refusals: folder.path().join("refusals"),
    };
    all_at_once(&task).await;
    for (n, (_, ids)) in shops.iter().enumerate() {
        let mut taken: Vec<i64> = Vec::new();
        for order in store.take_orders(&connection(n)).await {
            taken.push(order.order.id.as_str().parse().unwrap());
        }
        taken.sort_unstable();
        assert_eq!(taken, *ids, "connection {n}: each order is there once");
        let shipment =
            |id: &i64| Shipment::new(format!("S-{id}"), id.to_string(), task.now, "UPS", format!("1Z{id}"));
        let shipments: Vec<Shipment> = ids.iter().map(shipment).collect();
        stores.shipments.enqueue(&connection(n), &shipments, task.now).await.unwrap();
    }
    // Once to send; later to see it confirmed.
    for _ in 0..3 {
        task.now = sim.clock().advance(Duration::from_secs(900));
        all_at_once(&task).await;
    }
    assert!(task.refusals.exists(), "they met nowhere");
    for (n, (shop, ids)) in shops.iter().enumerate() {
        let counts = stores.shipments.counts(&connection(n)).await.unwrap();
        assert_eq!(counts, BTreeMap::from([("confirmed".to_owned(), orders as u64)]), "connection {n}");
        let mut marked: Vec<i64> = shop.account(|account| {
            account.fulfillments.values().map(|record| record.int("orderId").unwrap()).collect()
        });
        marked.sort_unstable();
        assert_eq!(marked, *ids, "connection {n}: each order is marked once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crash_postgres_eight_processes_on_one_connection() {
    import_and_ship(1, 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crash_postgres_eight_processes_on_fifty_connections() {
    import_and_ship(50, 8).await;
}
