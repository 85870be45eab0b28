//! A simulated ShipStation, a host in memory, and a channel between them.

use std::{sync::Arc, time::Duration};

use shipstation_connector::{
    Settings, ShipStationChannel, Timestamp,
    channel::{
        ConnectionId, Shipment,
        shipping::{CarrierRule, ShippingRule},
        store::{EnqueueOutcome, MappingStoreExt, ReplaceOutcome, ShipmentStoreExt, Stores},
    },
    client::{Clock, RetryPolicy, ShipStation, ShipStationBuilder},
    connector::ShipStationChannelBuilder,
    stores::MemoryStore,
    testing::simulator::{RateLimit, SimLine, SimOrder, Simulator, SimulatorConfig},
};

pub(crate) const DAY: Duration = Duration::from_secs(24 * 3600);

/// Everything that a scenario needs. The rate limit is off and the clock is the simulator's.
pub(crate) struct World {
    pub(crate) sim: Simulator,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) connection: ConnectionId,
}

impl World {
    /// Without a rate limit, with "Standard" mapped and the carrier "UPS" known.
    pub(crate) async fn new() -> Self {
        Self::with(SimulatorConfig::default().rate_limit(RateLimit::Unlimited)).await
    }

    pub(crate) async fn with(config: SimulatorConfig) -> Self {
        let sim = Simulator::in_process(config);
        let world = Self { sim, store: Arc::new(MemoryStore::new()), connection: ConnectionId::new("shop") };
        world.rules(vec![ShippingRule::exact("Standard", "ground")]).await;
        let carriers = vec![CarrierRule::new("UPS", "ups")];
        world.store.replace_carrier_rules(&world.connection, 0, carriers).await.unwrap();
        world
    }

    /// Replaces the shipping rules, whatever their version.
    pub(crate) async fn rules(&self, rules: Vec<ShippingRule>) {
        let version = self.store.shipping_rules(&self.connection).await.unwrap().version;
        let replaced = self.store.replace_shipping_rules(&self.connection, version, rules).await.unwrap();
        assert!(matches!(replaced, ReplaceOutcome::Replaced { .. }));
    }

    pub(crate) fn client(&self) -> ShipStation {
        self.client_that_waits(Duration::from_secs(20))
    }

    /// A client that gives up on an answer after `timeout`, which takes no real time.
    pub(crate) fn client_that_waits(&self, timeout: Duration) -> ShipStation {
        self.client_builder().timeout(timeout).build().unwrap()
    }

    pub(crate) fn client_builder(&self) -> ShipStationBuilder {
        self.sim.client().retry(RetryPolicy::default()).seed(7)
    }

    /// A channel with these settings; each call is like another process.
    pub(crate) fn channel(&self, change: impl FnOnce(&mut Settings)) -> ShipStationChannel {
        self.channel_on(Stores::all_in(self.store.clone()), change)
    }

    pub(crate) fn channel_on(
        &self,
        stores: Stores,
        change: impl FnOnce(&mut Settings),
    ) -> ShipStationChannel {
        self.builder(self.client(), stores, change).build().unwrap()
    }

    pub(crate) fn builder(
        &self,
        client: ShipStation,
        stores: Stores,
        change: impl FnOnce(&mut Settings),
    ) -> ShipStationChannelBuilder {
        let mut settings = Settings::default();
        change(&mut settings);
        ShipStationChannel::builder(client, self.connection.clone(), stores).settings(settings)
    }

    pub(crate) fn now(&self) -> Timestamp {
        Clock::now(&*self.sim.clock())
    }

    pub(crate) fn ago(&self, duration: Duration) -> Timestamp {
        self.now() - duration
    }

    /// An order that an import with default settings takes: awaiting shipment, an hour old, two lines.
    pub(crate) fn order(&self, number: &str) -> SimOrder {
        SimOrder::new(number)
            .status("awaiting_shipment")
            .created(self.ago(Duration::from_secs(3600)))
            .shipping("Standard")
            .line(SimLine::new("MUG-1", 2, "18.50"))
            .line(SimLine::new("TEA-2", 1, "4.20"))
    }

    /// Adds such an order and gives its id.
    pub(crate) fn add(&self, order: SimOrder) -> i64 {
        self.sim.account(|account| account.add_order(order))
    }

    /// Puts a shipment of the whole order into the outbox.
    pub(crate) async fn ship(&self, order: i64, tracking: &str) {
        let shipment = Shipment::new(format!("ship-{order}"), order.to_string(), self.now(), "UPS", tracking);
        self.enqueue(shipment).await;
    }

    pub(crate) async fn enqueue(&self, shipment: Shipment) {
        let answer = self.store.enqueue_one(&self.connection, shipment, self.now()).await.unwrap();
        assert_eq!(answer, EnqueueOutcome::New);
    }

    /// How many times ShipStation was asked to mark an order as shipped.
    pub(crate) fn marks(&self) -> usize {
        self.sim.journal().count("POST", "/orders/markasshipped")
    }
}
