//! Imports under random faults: no order is lost, none is imported twice, and no run is called a success that was none.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use fastrand::Rng;
use shipstation_connector::{
    channel::{ChannelConnector, GetOrders, ImportReport, RunStatus, report::ImportOutcomeKind},
    client::TagId,
    testing::simulator::{Fault, Method, Quirks, RateLimit, SimulatorConfig},
};

use super::{HOUR, MINUTE, Story, assert_clean, for_seeds, personal, truth::assert_all_seen};
use crate::support::{CaughtLog, Gate, Moment, World, draw, written};

const SCHEDULES: u64 = 150;
/// More than any run of a dozen orders needs, whatever fails.
const MOST_REQUESTS: usize = 400;

#[tokio::test]
async fn no_order_is_lost_or_doubled_and_no_success_is_false() {
    for_seeds(SCHEDULES, async |seed| Schedule::new(seed).await.run().await).await;
}

struct Schedule {
    story: Story,
    rng: Rng,
    world: World,
    gate: Arc<Gate>,
    log: CaughtLog,
    _log: tracing::subscriber::DefaultGuard,
    tag: Option<i64>,
    page_size: u32,
    orders: Vec<i64>,
    /// Those that somebody else ships.
    external: BTreeSet<i64>,
    /// Whether rows may be hidden without a trace. Everything happens within a day and a half then, else within weeks.
    silent: bool,
    /// How far the host's clock is ahead of the true time, in seconds.
    ahead: i64,
    /// Those with a damaged member that decisions need.
    damaged: BTreeSet<i64>,
    recovering: bool,
    shown: Vec<String>,
}

impl Schedule {
    async fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let quirks = Quirks::default()
            .pages_zero(rng.bool())
            .bounds_exclusive(rng.bool())
            .drift(rng.u8(..) < 40)
            .modify_after_creation(rng.bool());
        let config = SimulatorConfig::default().rate_limit(RateLimit::Unlimited).quirks(quirks);
        let world = World::with(config).await;
        let tag = (rng.u8(..) < 60).then(|| world.sim.account(|account| account.add_tag("Dropship")));
        let (log, guard) = CaughtLog::begin();
        let mut schedule = Self {
            story: Story::new(seed),
            gate: Gate::over(world.store.clone()),
            log,
            _log: guard,
            tag,
            page_size: [2, 3, 5, 500][rng.usize(..4)],
            orders: Vec::new(),
            external: BTreeSet::new(),
            silent: rng.bool(),
            ahead: 0,
            damaged: BTreeSet::new(),
            recovering: false,
            shown: Vec::new(),
            rng,
            world,
        };
        for _ in 0..schedule.rng.usize(1..12) {
            let age = schedule.rng.u64(..5 * 24 * 60);
            schedule.order(MINUTE * u32::try_from(age).unwrap());
        }
        schedule
    }

    /// A buyer orders, or ordered some time ago.
    fn order(&mut self, age: Duration) {
        let number = format!("R-{}", self.orders.len());
        let created = self.world.sim.account(|account| account.now()) - age;
        let mut order = personal(&self.world, &number).created(created);
        let external = self.rng.u8(..) < 20;
        if external {
            order = order.externally_fulfilled("FBA");
        }
        if let Some(tag) = self.tag {
            order = order.tag(tag);
        }
        let id = self.world.add(order);
        self.orders.push(id);
        if external {
            self.external.insert(id);
        }
    }

    async fn run(mut self) {
        if !self.silent {
            // How long an outage lasts is counted from a run before it.
            self.import().await;
        }
        for _ in 0..self.rng.usize(1..5) {
            self.arrange();
            self.happen();
            self.import().await;
            self.world.sim.clear_faults();
            self.step_clock(0);
            self.world.sim.account(|account| account.quirks.key_expires = None);
            let hours = if self.silent { 6 } else { 24 * 4 };
            let wait = MINUTE * self.rng.u32(20..hours * 60);
            self.story.tell(("later", wait));
            self.world.sim.clock().advance(wait);
        }
        self.recover().await;
    }

    /// Everything is well again: what no answer showed is there after one run, what failed before after some more.
    async fn recover(mut self) {
        self.recovering = true;
        // What is harmless stays as it is.
        self.world.sim.account(|account| self.damaged.iter().for_each(|id| account.heal(*id)));
        self.world.sim.clock().advance(HOUR * 2);
        self.story.tell("recovery");
        let mut first = self.import().await;
        if first.is_none() {
            // A run that died while the clock was ahead may have held the lease until now.
            self.world.sim.clock().advance(HOUR);
            first = self.import().await;
        }
        let failed = first.map_or(0, |report| report.counts.of(ImportOutcomeKind::FailedRetryable));
        let missing = self.missing();
        assert!(u64::try_from(missing.len()).unwrap() <= failed, "missing after a healthy run: {missing:?}");
        let mut status = None;
        for _ in 0..3 {
            self.world.sim.clock().advance(HOUR * 7);
            status = self.import().await.map(|report| report.run.status);
        }
        assert_eq!(self.missing(), BTreeSet::new());
        assert_eq!(status, Some(RunStatus::Succeeded));
        for (id, times) in &*self.gate.inserted.lock().unwrap() {
            assert_eq!(*times, 1, "{id} was imported {times} times");
            let external = self.external.iter().any(|order| order.to_string() == id.as_str());
            assert!(!external, "{id} is fulfilled by somebody else");
        }
        assert_clean(&self.world, &self.shown, &self.log);
    }

    fn arrange(&mut self) {
        let ids = self.orders.clone();
        for _ in 0..self.rng.usize(0..4) {
            let path = draw::pick(&mut self.rng, &["/orders", "/orders", "/orders", "/orders/*", "*"]);
            let path = if path == "/orders" && self.tag.is_some() { "/orders/listbytag" } else { path };
            let kind = match self.rng.u8(..10) {
                0..4 => draw::failure(&mut self.rng),
                8.. if self.silent => draw::silence(&mut self.rng, &ids, "orders"),
                _ => draw::contradiction(&mut self.rng, &ids),
            };
            let fault = Fault::on(Method::GET, path).after(self.rng.u64(0..3)).with(kind);
            let fault = match self.rng.u8(..4) {
                0 => fault.always(),
                _ => fault.times(self.rng.u64(1..7)),
            };
            self.story.tell(&fault);
            self.world.sim.fault(fault);
        }
    }

    /// Things that happen before a run: new and cancelled orders, damaged rows, wrong clocks, an expired key.
    fn happen(&mut self) {
        for _ in 0..self.rng.usize(..3) {
            let age = MINUTE * self.rng.u32(..30);
            self.order(age);
        }
        if self.rng.u8(..) < 110 {
            let (id, member, bytes, is_important) = draw::damage(&mut self.rng, &self.orders);
            if is_important {
                self.damaged.insert(id);
            }
            self.story.tell((id, member, String::from_utf8_lossy(bytes)));
            self.world.sim.account(|account| account.overwrite(id, member, bytes));
        }
        let what = self.rng.u8(..10);
        match what {
            0 => {
                let id = draw::pick(&mut self.rng, &self.orders);
                self.story.tell((id, "is cancelled"));
                self.world.sim.account(|account| account.cancel(id));
            }
            1 => {
                let now = self.world.sim.account(|account| account.now());
                self.story.tell("the key has expired");
                self.world.sim.account(|account| account.quirks.key_expires = Some(now));
            }
            2 => {
                let ahead = draw::pick(&mut self.rng, &[3_600, 8 * 86_400, 3_650 * 86_400, -3_600]);
                self.step_clock(ahead);
            }
            _ => {}
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

    /// One run of a new process, which may die. Judged at once.
    async fn import(&mut self) -> Option<ImportReport> {
        self.world.sim.clear_journal();
        let (tag, page_size) = (self.tag, self.page_size);
        let channel = self.world.channel_on(self.gate.stores(), |settings| {
            settings.orders.tag = tag.map(TagId::new);
            settings.orders.page_size = page_size;
        });
        if !self.recovering && self.rng.u8(..) < 40 {
            let moment = if self.rng.bool() { Moment::Before } else { Moment::After };
            self.gate.die_at(self.gate.calls() + self.rng.usize(1..12), moment);
        }
        let report = tokio::select! {
            report = channel.get_orders(GetOrders::new()) => report,
            () = self.gate.dead.notified() => {
                self.story.tell("the process dies");
                return None;
            }
        };
        self.gate.live();
        let journal = self.world.sim.take_journal();
        assert!(journal.len() <= MOST_REQUESTS, "{} requests in a run", journal.len());
        let report = match report {
            Ok(report) => report,
            Err(error) => {
                self.shown.push(format!("{error} {error:?}"));
                self.story.tell(error.to_string());
                return None;
            }
        };
        self.story.tell(report.headline());
        self.story.tell(&report.run.status);
        assert!(report.counts.add_up(), "{report}\n{:?}", report.counts);
        self.shown.push(format!("{report} {report:?} {}", written(&report)));
        if report.run.status == RunStatus::Succeeded {
            self.world.sim.clear_faults();
            self.world.sim.account(|account| account.quirks.key_expires = None);
            assert_all_seen(&self.world.sim, &journal, &self.missing()).await;
        }
        Some(report)
    }

    /// The orders that are to be imported and are not.
    fn missing(&self) -> BTreeSet<i64> {
        let stored = self.world.store.orders(&self.world.connection);
        let stored: BTreeSet<String> = stored.iter().map(|stored| stored.order.id.to_string()).collect();
        self.world.sim.account(|account| {
            let waiting = account.visible_orders().filter(|order| {
                order.text("orderStatus") == Some("awaiting_shipment") && !order.flag("externallyFulfilled")
            });
            waiting
                .filter_map(|order| order.int("orderId"))
                .filter(|id| !stored.contains(&id.to_string()))
                .collect()
        })
    }
}
