//! Random schedules of faults, deaths, second workers and people who interfere: the promises hold in all of them.
//! A failure names its seed; `SHIPMENT_SEED=n` runs that one alone, `SHIPMENT_SCHEDULES=n` more or fewer of them.

use std::time::Duration;

use fastrand::Rng;
use shipstation_connector::{
    channel::{
        ChannelConnector, FailReason, Package, RunStatus, Shipment, ShipmentState, SyncShipments,
        report::SyncOutcomeKind,
        store::{ShipmentStoreExt, Stores},
    },
    client::ShipStation,
    connector::{Confirm, PartialPolicy, Preflight, ShipmentSettings},
    testing::simulator::{Fault, FaultKind, Method, Quirks, RateLimit, SimulatorConfig},
};

use super::{
    HOUR, MINUTE, marked,
    mortal::{Mortal, When, sync_until_death},
    rows,
};
use crate::support::{World, draw};

const SCHEDULES: u64 = 500;

#[tokio::test]
async fn faults_in_any_order_neither_lose_nor_double_a_shipment() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let schedules = number("SHIPMENT_SCHEDULES").unwrap_or(SCHEDULES);
    let seeds = number("SHIPMENT_SEED").map_or(0..schedules, |seed| seed..seed + 1);
    for seed in seeds {
        Schedule::new(seed).await.run().await;
    }
}

struct Schedule {
    seed: u64,
    rng: Rng,
    world: World,
    client: ShipStation,
    orders: Vec<i64>,
    /// Orders that a person may have touched: their shipments may fail, but never silently.
    touched: Vec<i64>,
    /// Whether ShipStation has once said of an order that is there that it is not.
    hidden: bool,
    change: fn(&mut ShipmentSettings),
}

impl Schedule {
    async fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let delay = [Duration::ZERO, Duration::from_secs(20), MINUTE * 10][rng.usize(..3)];
        let quirks = Quirks::default().fulfillment_delay(delay);
        let world =
            World::with(SimulatorConfig::default().rate_limit(RateLimit::Unlimited).quirks(quirks)).await;
        let orders: Vec<i64> =
            (0..rng.usize(1..6)).map(|n| world.add(world.order(&format!("R-{n}")))).collect();
        for order in &orders {
            for part in 0..rng.u32(1..3) {
                let packages = (0..rng.u32(1..3)).map(|n| Package::new(format!("T{order}-{part}-{n}")));
                let id = format!("s{order}-{part}");
                let shipment = Shipment::new(id, order.to_string(), world.now(), "UPS", "unused");
                world.enqueue(shipment.packages(packages.collect())).await;
            }
        }
        let changes: [fn(&mut ShipmentSettings); 4] = [
            |_| {},
            |settings| settings.partial = PartialPolicy::ShipOnFirst,
            |settings| settings.preflight = Preflight::Single,
            |settings| settings.confirm = Confirm::TrustAnswer,
        ];
        let change = changes[rng.usize(..changes.len())];
        let client = world.client();
        Self { seed, rng, world, client, orders, touched: Vec::new(), hidden: false, change }
    }

    async fn run(mut self) {
        for _ in 0..self.rng.usize(2..6) {
            self.arrange_faults();
            if self.rng.u8(..) < 40 {
                self.interfere();
            }
            if self.rng.u8(..) < 40 {
                self.correct().await;
            }
            match self.rng.usize(..4) {
                0 => self.die().await,
                1 => self.two_at_once().await,
                _ => self.sync().await,
            }
            let wait = self.rng.u64(0..900);
            self.world.sim.clock().advance(Duration::from_secs(wait));
        }
        self.world.sim.clear_faults();
        for _ in 0..5 {
            self.world.sim.clock().advance(HOUR * 2);
            self.sync().await;
        }
        self.assert_kept().await;
    }

    fn arrange_faults(&mut self) {
        self.world.sim.clear_faults();
        if !self.hidden && self.rng.u8(..) < 80 {
            // Once only: an order that is missing twice is gone.
            self.hidden = true;
            let not_found = FaultKind::Status { code: 404, body: String::new() };
            let path = ["/orders/*", "/orders/markasshipped"][self.rng.usize(..2)];
            let method = if path.ends_with('*') { Method::GET } else { Method::POST };
            self.world.sim.fault(Fault::on(method, path).after(self.rng.u64(0..4)).with(not_found));
        }
        for _ in 0..self.rng.usize(0..4) {
            let targets = [
                (Method::POST, "/orders/markasshipped"),
                (Method::POST, "/orders/markasshipped"),
                (Method::GET, "/orders"),
                (Method::GET, "/orders/*"),
                (Method::GET, "/fulfillments"),
                (Method::GET, "/shipments"),
            ];
            let (method, path) = targets[self.rng.usize(..targets.len())].clone();
            let kinds = [
                FaultKind::Throttle { reset: Some(self.rng.u64(0..70)) },
                FaultKind::ServerError,
                FaultKind::ErrorAfterEffect,
                FaultKind::Html { status: 502 },
                FaultKind::HtmlAfterEffect { status: 504 },
                FaultKind::DropBefore,
                FaultKind::DropAfterEffect,
                FaultKind::Truncate,
                FaultKind::CutBody,
                FaultKind::EmptyBody,
                FaultKind::Slow(MINUTE * 2),
                FaultKind::StaleRead(MINUTE / 3),
                FaultKind::AnotherOrder,
                FaultKind::LateEffect(Duration::from_secs(self.rng.u64(1..60))),
                draw::page(&mut self.rng),
                draw::contradiction(&mut self.rng, &self.orders),
            ];
            let kind = kinds[self.rng.usize(..kinds.len())].clone();
            let fault = Fault::on(method, path).after(self.rng.u64(0..4)).times(self.rng.u64(1..6));
            self.world.sim.fault(fault.with(kind));
        }
    }

    /// A person does something to an order that nobody has marked yet.
    fn interfere(&mut self) {
        let order = self.orders[self.rng.usize(..self.orders.len())];
        let what = self.rng.usize(..4);
        let open = self.world.sim.account(|account| {
            let open = account
                .order(order)
                .is_some_and(|order| order.text("orderStatus") == Some("awaiting_shipment"));
            match what {
                _ if !open => false,
                0 => account.ship_by_hand(order, "SOMETHING-ELSE", "fedex"),
                1 => account.cancel(order),
                2 => account.hold(order),
                _ => account.delete(order),
            }
        });
        if open {
            self.touched.push(order);
        }
    }

    /// The host corrects a shipment or takes it back, whatever has become of it.
    async fn correct(&mut self) {
        let order = self.orders[self.rng.usize(..self.orders.len())];
        let shipment = rows(&self.world, order).await.remove(0).shipment.revision(2);
        let shipment = if self.rng.bool() {
            shipment.voided()
        } else {
            shipment.packages(vec![Package::new(format!("T{order}-corrected"))])
        };
        let now = self.world.now();
        self.world.store.enqueue_one(&self.world.connection, shipment, now).await.unwrap();
        self.touched.push(order);
    }

    async fn die(&mut self) {
        let when = [When::Before, When::After, When::Fails][self.rng.usize(..3)];
        let mortal = Mortal::new(Some((self.rng.usize(1..40), when)));
        let _ = sync_until_death(&self.world, self.client.clone(), &mortal).await;
    }

    async fn two_at_once(&self) {
        tokio::join!(self.sync(), self.sync());
    }

    async fn sync(&self) {
        let stores = Stores::all_in(self.world.store.clone());
        let channel = self
            .world
            .builder(self.client.clone(), stores, |settings| (self.change)(&mut settings.shipments));
        let channel = channel.build().unwrap();
        if let Ok(report) = channel.sync_shipments(SyncShipments::new()).await {
            assert!(report.counts.add_up(), "seed {}: {report}", self.seed);
            let done = report.run.status == RunStatus::Succeeded;
            assert!(!done || report.counts.of(SyncOutcomeKind::Unknown) == 0, "seed {}: {report}", self.seed);
        }
    }

    async fn assert_kept(&self) {
        let seed = self.seed;
        for order in &self.orders {
            let (rows, marked) = (rows(&self.world, *order).await, marked(&self.world, *order));
            assert!(marked <= 1, "seed {seed}: order {order} was marked {marked} times: {rows:#?}");
            let confirmed =
                rows.iter().filter(|row| matches!(row.state, ShipmentState::Confirmed { .. })).count();
            assert!(confirmed <= 1, "seed {seed}: {rows:#?}");
            assert_eq!(confirmed, marked, "seed {seed}: what was marked is confirmed: {rows:#?}");
            let touched = self.touched.contains(order);
            for row in &rows {
                let fine = match &row.state {
                    ShipmentState::Confirmed { .. } | ShipmentState::Superseded { .. } => true,
                    ShipmentState::Blocked { .. } | ShipmentState::Cancelled => touched,
                    ShipmentState::Failed { reason } => {
                        touched && !matches!(reason, FailReason::GaveUp { .. })
                    }
                    _ => false,
                };
                assert!(fine, "seed {seed}: order {order}: {rows:#?}");
            }
            let notices = self
                .world
                .sim
                .account(|account| account.notices.iter().filter(|notice| notice.order_id == *order).count());
            assert_eq!(notices, marked, "seed {seed}");
        }
    }
}
