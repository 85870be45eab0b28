//! A simulator full of orders, and their import.

use std::{sync::Arc, time::Duration};

use shipstation_connector::{
    ShipStationChannel,
    channel::{
        ChannelConnector, ConnectionId, GetOrders,
        shipping::ShippingRule,
        store::{MappingStoreExt, Stores},
    },
    client::{Clock, Credentials, Lane, Permit, RateHeaders, RateLimiter, ShipStation, SystemClock},
    testing::simulator::{RateLimit, SimLine, SimOrder, Simulator, SimulatorConfig},
};

pub(crate) const ORDERS: u32 = 10_000;

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

pub(crate) async fn simulator() -> Simulator {
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
pub(crate) async fn import(sim: &Simulator, stores: Stores) -> Duration {
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
    assert_eq!(report.counts.imported(), u64::from(ORDERS), "{report}");
    took
}
