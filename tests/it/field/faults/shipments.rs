//! Shipments under random faults: none is lost, none is sent twice unless an effect or a read was later than any look, and each
//! ends with an answer.

use std::{collections::BTreeSet, time::Duration};

use fastrand::Rng;
use shipstation_connector::{
    channel::{
        BlockReason, ChannelConnector, ChannelOrderId, GetOrders, RunStatus, ShipmentState, SyncShipments,
        report::SyncOutcomeKind,
        store::{OutboxRow, ShipmentStoreExt},
    },
    connector::{Confirm, PartialPolicy, Preflight, ShipmentSettings},
    testing::simulator::{Fault, FaultKind, Method, Quirks, RateLimit, SimulatorConfig},
};

use super::{HOUR, MINUTE, Story, assert_clean, for_seeds, personal};
use crate::support::{CaughtLog, World, draw, written};

const SCHEDULES: u64 = 200;
/// More than any run of a few orders needs, whatever fails.
const MOST_REQUESTS: usize = 200;
/// So long after a first and a second send whose outcome is not known comes the next one. What is late by less is found before.
const NEXT_SEND: [Duration; 2] = [Duration::from_secs(4 * 60), Duration::from_secs(64 * 60)];
/// There is no other send of a row whose outcome is still not known then.
const MOST_SENDS: usize = 3;

#[tokio::test]
async fn no_shipment_is_lost_or_doubled_and_each_ends_with_an_answer() {
    for_seeds(SCHEDULES, async |seed| Schedule::new(seed).await.run().await).await;
}

struct Schedule {
    story: Story,
    rng: Rng,
    world: World,
    log: CaughtLog,
    _log: tracing::subscriber::DefaultGuard,
    orders: Vec<i64>,
    /// The latest that effects and reads were in any round.
    late: Duration,
    stale: Duration,
    /// Orders that a person shipped, cancelled or held: their shipment may end without being sent.
    touched: BTreeSet<i64>,
    /// Whether any mark may have been refused by an answer.
    refusals: bool,
    damaged: BTreeSet<i64>,
    ahead: i64,
    change: fn(&mut ShipmentSettings),
    shown: Vec<String>,
}

impl Schedule {
    async fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let delay = draw::pick(&mut rng, &[Duration::ZERO, MINUTE / 3, MINUTE * 10]);
        let quirks = Quirks::default().fulfillment_delay(delay).pages_zero(rng.bool());
        let config = SimulatorConfig::default().rate_limit(RateLimit::Unlimited).quirks(quirks);
        let world = World::with(config).await;
        let (log, guard) = CaughtLog::begin();
        let orders: Vec<i64> =
            (0..rng.usize(1..6)).map(|n| world.add(personal(&world, &format!("R-{n}")))).collect();
        if rng.bool() {
            let _ = world.channel(|_| {}).get_orders(GetOrders::new()).await.unwrap();
        }
        for order in &orders {
            world.ship(*order, &format!("1Z{order}")).await;
        }
        let changes: [fn(&mut ShipmentSettings); 4] = [
            |_| {},
            |settings| settings.partial = PartialPolicy::ShipOnFirst,
            |settings| settings.preflight = Preflight::Single,
            |settings| settings.confirm = Confirm::TrustAnswer,
        ];
        let change = draw::pick(&mut rng, &changes);
        Self {
            story: Story::new(seed),
            rng,
            world,
            log,
            _log: guard,
            orders,
            late: Duration::ZERO,
            stale: Duration::ZERO,
            touched: BTreeSet::new(),
            refusals: false,
            damaged: BTreeSet::new(),
            ahead: 0,
            change,
            shown: Vec::new(),
        }
    }

    async fn run(mut self) {
        for _ in 0..self.rng.usize(1..6) {
            self.arrange();
            self.happen();
            match self.rng.u8(..) {
                ..40 => self.die().await,
                _ => self.sync().await,
            }
            self.world.sim.account(|account| account.quirks.key_expires = None);
            let wait = Duration::from_secs(self.rng.u64(5..1_200));
            self.story.tell(("later", wait));
            self.world.sim.clock().advance(wait);
        }
        self.world.sim.clear_faults();
        self.step_clock(0);
        self.world.sim.account(|account| self.damaged.iter().for_each(|id| account.heal(*id)));
        self.story.tell("recovery");
        // Long enough for the third and last look at what is not known.
        for _ in 0..12 {
            self.world.sim.clock().advance(HOUR * 3);
            self.sync().await;
        }
        self.assert_kept().await;
    }

    fn arrange(&mut self) {
        self.world.sim.clear_faults();
        for _ in 0..self.rng.usize(0..4) {
            let fault = if self.rng.bool() { self.fault_of_marks() } else { self.fault_of_reads() };
            let fault = fault.after(self.rng.u64(0..3)).times(self.rng.u64(1..6));
            self.story.tell(&fault);
            self.world.sim.fault(fault);
        }
        if self.rng.u8(..) < 60 {
            // Behind the others, so that it strikes whatever they leave.
            let age = Duration::from_secs(draw::pick(&mut self.rng, &[20, 90, 180, 3_600]));
            self.stale = self.stale.max(age);
            let fault = Fault::on(Method::GET, "*").always().with(FaultKind::StaleRead(age));
            self.story.tell(&fault);
            self.world.sim.fault(fault);
        }
    }

    fn fault_of_marks(&mut self) -> Fault {
        let kind = match self.rng.u8(..6) {
            0 | 1 => {
                let late = Duration::from_secs(draw::pick(&mut self.rng, &[25, 55, 90, 230, 600, 3_600]));
                self.late = self.late.max(late);
                FaultKind::LateEffect(late)
            }
            2 => {
                self.refusals = true;
                let body = r#"{"Message":"The order has already been shipped."}"#.to_owned();
                FaultKind::StatusAfterEffect { code: 400, body }
            }
            _ => draw::failure(&mut self.rng),
        };
        Fault::on(Method::POST, "/orders/markasshipped").with(kind)
    }

    fn fault_of_reads(&mut self) -> Fault {
        let path = draw::pick(
            &mut self.rng,
            &["/orders", "/orders/*", "/fulfillments", "/fulfillments", "/shipments"],
        );
        let kind = match self.rng.u8(..4) {
            0 => draw::failure(&mut self.rng),
            _ if path == "/orders/*" => FaultKind::AnotherOrder,
            _ => draw::contradiction(&mut self.rng, &self.orders),
        };
        Fault::on(Method::GET, path).with(kind)
    }

    /// Things that happen before a run: damaged rows, persons, wrong clocks, an expired key.
    fn happen(&mut self) {
        if self.rng.u8(..) < 80 {
            let (id, member, bytes, is_important) = draw::damage(&mut self.rng, &self.orders);
            if is_important {
                self.damaged.insert(id);
            }
            self.story.tell((id, member, String::from_utf8_lossy(bytes)));
            self.world.sim.account(|account| account.overwrite(id, member, bytes));
        }
        match self.rng.u8(..10) {
            0 => self.interfere(),
            1 => {
                let now = self.world.sim.account(|account| account.now());
                self.story.tell("the key has expired");
                self.world.sim.account(|account| account.quirks.key_expires = Some(now));
            }
            2 | 3 => {
                let ahead = draw::pick(&mut self.rng, &[0, 3_600, 8 * 86_400, -3_600]);
                self.step_clock(ahead);
            }
            _ => {}
        }
    }

    /// A person does something to an order that nobody has marked yet.
    fn interfere(&mut self) {
        let order = draw::pick(&mut self.rng, &self.orders);
        let what = self.rng.usize(..3);
        let open = self.world.sim.account(|account| {
            let open = account
                .order(order)
                .is_some_and(|order| order.text("orderStatus") == Some("awaiting_shipment"));
            match what {
                _ if !open => false,
                0 => account.ship_by_hand(order, "SOMETHING-ELSE", "fedex"),
                1 => account.cancel(order),
                _ => account.hold(order),
            }
        });
        if open {
            self.story.tell((order, "is shipped by hand, cancelled or held", what));
            self.touched.insert(order);
        }
    }

    /// The host's clock is this much ahead of the true time, which passes as before.
    fn step_clock(&mut self, ahead: i64) {
        if ahead == self.ahead {
            return;
        }
        self.story.tell(("the host's clock is ahead by", ahead));
        let clock = self.world.sim.clock();
        let by = Duration::from_secs((ahead - self.ahead).unsigned_abs());
        clock.step_to(if ahead < self.ahead { clock.now() - by } else { clock.now() + by });
        self.world.sim.account(|account| account.quirks.clock_skew = -ahead);
        self.ahead = ahead;
    }

    /// One run of a new process.
    async fn sync(&mut self) {
        let before = self.world.sim.journal().len();
        let channel = self.world.channel(|settings| (self.change)(&mut settings.shipments));
        let report = channel.sync_shipments(SyncShipments::new()).await;
        let requests = self.world.sim.journal().len() - before;
        assert!(requests <= MOST_REQUESTS, "{requests} requests in a run");
        let report = match report {
            Ok(report) => report,
            Err(error) => {
                self.shown.push(format!("{error} {error:?}"));
                return self.story.tell(error.to_string());
            }
        };
        self.story.tell(report.headline());
        self.story.tell(&report.run.status);
        assert!(report.counts.add_up(), "{report}");
        let done = report.run.status == RunStatus::Succeeded;
        assert!(!done || report.counts.of(SyncOutcomeKind::Unknown) == 0, "{report}");
        self.shown.push(format!("{report} {report:?} {}", written(&report)));
    }

    /// A run of a process that dies at some request.
    async fn die(&mut self) {
        let last = self.world.sim.journal().len() + self.rng.usize(1..8);
        self.story.tell("the process dies");
        let sim = self.world.sim.clone();
        let death = async {
            while sim.journal().len() < last {
                tokio::task::yield_now().await;
            }
        };
        let channel = self.world.channel(|settings| (self.change)(&mut settings.shipments));
        tokio::select! {
            _ = channel.sync_shipments(SyncShipments::new()) => {}
            () = death => {}
        }
    }

    async fn rows(&self, order: i64) -> Vec<OutboxRow> {
        let order = ChannelOrderId::new(order.to_string());
        self.world.store.order_progress(&self.world.connection, &order).await.unwrap().rows
    }

    async fn assert_kept(&self) {
        let lag = self.late + self.stale;
        let allowed = 1 + NEXT_SEND.iter().filter(|gap| lag >= **gap).count();
        for order in &self.orders {
            let rows = self.rows(*order).await;
            let journal = self.world.sim.journal();
            let marks = journal.of("POST", "/orders/markasshipped");
            let sent: Vec<_> = marks.filter(|entry| entry.body["orderId"] == *order).collect();
            let marked = sent.iter().filter(|entry| entry.executed).count();
            assert!(marked <= allowed, "order {order} was marked {marked} times: {rows:#?}");
            for row in &rows {
                let fine = match &row.state {
                    ShipmentState::Confirmed { .. } => true,
                    ShipmentState::Blocked { reason } => match reason {
                        BlockReason::OutcomeUnknown { .. } => sent.len() >= MOST_SENDS,
                        BlockReason::Refused { .. } => self.refusals,
                        _ => self.touched.contains(order),
                    },
                    ShipmentState::Failed { .. } => self.touched.contains(order),
                    _ => false,
                };
                assert!(fine, "order {order}: {rows:#?}");
                let silent = marked == 0 && matches!(row.state, ShipmentState::Confirmed { .. });
                assert!(!silent, "order {order} is confirmed and was never marked: {rows:#?}");
            }
        }
        assert_clean(&self.world, &self.shown, &self.log);
    }
}
