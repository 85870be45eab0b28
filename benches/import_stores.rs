//! How much longer importing 10,000 orders end to end takes into SQLite than into memory: simulator on loopback, no
//! rate limit, both stores in turn, the medians compared. Bar: twice as long.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a bench may stop at the first surprise"
)]

use std::{sync::Arc, time::Duration};

use shipstation_connector::{
    ShipStationChannel,
    channel::{ChannelConnector, ConnectionId, GetOrders, shipping::ShippingRule, store::Stores},
    client::{Clock, Credentials, Lane, Permit, RateHeaders, RateLimiter, ShipStation, SystemClock},
    stores::{MemoryStore, SqliteStore},
    testing::simulator::{RateLimit, SimLine, SimOrder, Simulator, SimulatorConfig},
};

const ORDERS: u32 = 10_000;
const ROUNDS: usize = 7;

/// The simulator does without a limit, and so does the client.
#[derive(Debug)]
struct Unlimited;

#[async_trait::async_trait]
impl RateLimiter for Unlimited {
    async fn acquire(&self, _: Lane) -> Permit {
        Permit::new()
    }

    fn observe(&self, _: &RateHeaders) {}
}

async fn simulator() -> Simulator {
    let config = SimulatorConfig::default().rate_limit(RateLimit::Unlimited);
    let sim = Simulator::start(config).await.unwrap();
    let first = Clock::now(&*sim.clock()) - Duration::from_secs(24 * 3600);
    sim.account(|account| {
        account.generate(ORDERS, first, Duration::from_secs(2), |n| {
            SimOrder::new(format!("N-{n}"))
                .status("awaiting_shipment")
                .shipping("Standard")
                .line(SimLine::new(format!("SKU-{}", n % 500), 2, "18.50"))
                .line(SimLine::new("TEA-2", 1, "4.20"))
        })
    });
    sim
}

/// Imports everything into a fresh store and says how long that took.
async fn import(sim: &Simulator, stores: Stores) -> Duration {
    let connection = ConnectionId::new("shop");
    let rules = vec![ShippingRule::exact("Standard", "ground")];
    stores.mappings.replace_shipping_rules(&connection, 0, rules).await.unwrap();
    let client = ShipStation::builder(Credentials::new(sim.api_key(), sim.api_secret()))
        .base_url(sim.url())
        .clock(sim.clock())
        .rate_limiter(Arc::new(Unlimited))
        .build()
        .unwrap();
    let channel = ShipStationChannel::builder(client, connection, stores).build().unwrap();
    let began = SystemClock.now();
    let report = channel.get_orders(GetOrders::new()).await.unwrap();
    let took = SystemClock.now().since(began);
    assert_eq!(report.counts.imported, u64::from(ORDERS), "{report}");
    took
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[tokio::main]
async fn main() {
    // A run of the tests only asks whether it works.
    let rounds = if std::env::args().any(|argument| argument == "--bench") { ROUNDS } else { 1 };
    let sim = simulator().await;
    let (mut memory, mut sqlite) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        memory.push(import(&sim, Stores::all_in(Arc::new(MemoryStore::new()))).await);
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("shop.sqlite")).unwrap();
        sqlite.push(import(&sim, Stores::all_in(Arc::new(store))).await);
    }
    let (memory, sqlite) = (median(memory), median(sqlite));
    let ratio = sqlite.as_secs_f64() / memory.as_secs_f64();
    println!("import/{ORDERS}: memory {memory:.0?}, SQLite {sqlite:.0?}, ratio {ratio:.2} (bar: 2.00)");
}
