//! A worker's process for one connection: it runs one operation again and again, dies, stands still, and starts again.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::Poll,
    time::Duration,
};

use fastrand::Rng;
use shipstation_connector::{
    Settings, ShipStationChannel,
    channel::{
        ChannelConnector, ChannelError, ChannelOrder, CheckConnection, Delivery, DiagnoseOrder,
        EnsureWebhooks, ExplainImports, GetOrders, ImportDecision, ImportOrder, ImportPolicy, ImportReport,
        LinkListings, LinkReport, Operation, OrderRange, OrderSelector, ProposedImport, ResolveHeld,
        ResolveReport, RunActions, SyncReport, SyncShipments,
    },
    client::{RateLimiter, ShipStation, TagId, UserId},
    connector::ListingSettings,
    stores::{StoreHook, instrumented},
    testing::simulator::JournalEntry,
};

use crate::{
    executor::{Sleep, WorkerClock},
    network::Network,
    oracle,
    plan::{pick, stream},
    storage::Storage,
    world::World,
};

/// What one run did, as the network and the database saw it.
#[derive(Debug, Default)]
pub struct RunLog {
    pub name: String,
    pub connection: usize,
    pub requests: AtomicU64,
    /// The answers that arrived.
    pub entries: Mutex<Vec<JournalEntry>>,
    /// Whether an answer did not arrive, or too late.
    pub is_disturbed: AtomicBool,
    pub inserted: AtomicU64,
    pub marked: AtomicU64,
    /// Whether the database kept something and said that it failed.
    pub is_answer_lost: AtomicBool,
    pub token: Mutex<Option<(Operation, u64)>>,
    /// How long the process stood still, and had stood still when it last said that a request may be on its way.
    pub stalled: Mutex<Duration>,
    pub stalled_at_begin: Mutex<Duration>,
    /// The time at which it began, and the changes of the account until then.
    pub began: Duration,
    pub changes: u64,
}

impl RunLog {
    /// How long the process has stood still since it said that a request may be on its way.
    pub fn stalled_since_begin(&self) -> Duration {
        self.stalled.lock().unwrap().saturating_sub(*self.stalled_at_begin.lock().unwrap())
    }
}

/// What a process is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    Import,
    Ship,
    /// What changed between two imports, and now and then a stretch of time.
    Look,
}

const DAY: Duration = Duration::from_secs(86_400);

const WEBHOOK_SECRET: &str = "planted-secret-of-webhooks-77";

/// What a process does in the quiet phase: import, release what a mapping holds no more, import, link listings.
const QUIET_TURNS: [u8; 4] = [255, 0, 255, 12];

/// Where a process runs.
#[derive(Debug, Clone)]
pub struct Place {
    pub worker: usize,
    pub connection: usize,
    pub job: Job,
    /// What the processes of a worker share for one key.
    pub limiter: Arc<dyn RateLimiter>,
}

/// What one life of a process works with.
#[derive(Debug)]
pub struct Life {
    pub channel: ShipStationChannel,
    /// How often the merchant had exchanged a pair of keys when it began.
    rotations: usize,
    pub run: Arc<Mutex<Arc<RunLog>>>,
}

impl Life {
    /// Whether it knows both pairs of keys.
    pub fn has_both_keys(&self, world: &World, connection: usize) -> bool {
        self.rotations == world.connections[connection].rotations()
    }

    /// Begins the log of a run.
    pub fn log(&self, world: &World, connection: usize, name: &str) -> Arc<RunLog> {
        let log = Arc::new(RunLog {
            name: name.to_owned(),
            connection,
            began: world.time.elapsed(),
            changes: world.connections[connection].changes.load(Ordering::Relaxed),
            ..RunLog::default()
        });
        *self.run.lock().unwrap() = Arc::clone(&log);
        world.stats.runs.fetch_add(1, Ordering::Relaxed);
        log
    }
}

/// The clock of a process that begins.
pub fn begin_clock(world: &World, rng: &mut Rng) -> Arc<WorkerClock> {
    let ahead = if world.has(|trouble| trouble.clocks) { pick(rng, &[0, 0, 0, 3, -3, 45, -120]) } else { 0 };
    WorkerClock::new(&world.time, ahead, world.plan.has_monotonic)
}

/// Where its wall clock jumps to.
pub fn step(world: &World, name: &str, clock: &WorkerClock, rng: &mut Rng) {
    let ahead = pick(rng, &[0, 0, 2, 70, 3_600, 8 * 86_400, -3_600, -90]);
    world.tell(name, format_args!("the wall clock is ahead by {ahead} s"));
    clock.step_to(ahead);
}

/// Runs until the world ends.
pub async fn live(world: Arc<World>, place: Place) {
    let name = format!("w{}/{}/{:?}", place.worker, world.connections[place.connection].id, place.job);
    let mut rng = stream(world.plan.seed, &name, 0);
    let mut quiet_turn = 0;
    for number in 0.. {
        let clock = begin_clock(&world, &mut rng);
        let life = begin_life(&world, &place, &clock, (&name, number), &mut rng);
        loop {
            world.rest(world.plan.quiet_interval(), rng.f64() + 0.5).await;
            if world.has(|trouble| trouble.clocks) && rng.u8(..) < 24 {
                step(&world, &name, &clock, &mut rng);
            } else if world.is_quiet() {
                clock.step_to(0);
            }
            if !life.has_both_keys(&world, place.connection) {
                break;
            }
            let log = life.log(&world, place.connection, &name);
            let moment = Moment::draw(&world, &clock, &[8, 60, 60, 400], &mut rng);
            let draw = if world.is_quiet() {
                quiet_turn += 1;
                QUIET_TURNS[(quiet_turn - 1 + place.worker) % QUIET_TURNS.len()]
            } else {
                rng.u8(..)
            };
            let work = async {
                work(&world, &place, &life.channel, &log, (draw, &mut rng)).await;
                if world.plan.acts() && place.job == Job::Ship {
                    act(&world, &life.log(&world, place.connection, &name), &life.channel).await;
                }
            };
            let stall = |long| {
                let run = Arc::clone(&life.run.lock().unwrap());
                *run.stalled.lock().unwrap() += long;
            };
            if !moment.watch(&world, &name, stall, work).await {
                break;
            }
        }
        world.time.sleep(Duration::from_secs(rng.u64(1..600))).await;
    }
}

pub fn begin_life(
    world: &Arc<World>,
    place: &Place,
    clock: &Arc<WorkerClock>,
    (name, number): (&str, usize),
    rng: &mut Rng,
) -> Life {
    let plan = &world.plan;
    let connection = &world.connections[place.connection];
    let stream = |what| stream(plan.seed, &format!("{name}/{what}"), number);
    let run = Arc::new(Mutex::new(Arc::new(RunLog::default())));
    let network = Network::new(world, place.connection, Arc::clone(&run), stream("network"));
    let storage: Arc<dyn StoreHook> =
        Storage::new(world, place.connection, Arc::clone(&run), stream("storage"));
    let rotations = connection.rotations();
    let client = if plan.has_rotations {
        ShipStation::builder(connection.key_pairs(stream("pairs").bool())).base_url(connection.sim.url())
    } else {
        connection.sim.client()
    };
    let client = client
        .clock(clock.clone())
        .transport(network)
        .rate_limiter(Arc::clone(&place.limiter))
        .seed(rng.u64(..))
        .build()
        .unwrap();
    let mut settings = Settings::default();
    settings.orders.page_size = plan.page_size;
    settings.orders.age_basis = plan.basis;
    settings.orders.assign_user = user_of(world, place.connection).map(UserId::new);
    settings.orders.acknowledgement_tag = tag_of(world, place.connection).map(TagId::new);
    settings.orders.watch_changes = plan.host.watches;
    settings.listings = Some(ListingSettings::default());
    settings.actions.enabled = plan.acts();
    let stores = instrumented(&world.open(), &storage);
    let mut channel = ShipStationChannel::builder(client, connection.id.clone(), stores)
        .settings(settings)
        .webhook_secret(WEBHOOK_SECRET)
        .owner(format!("{name}/{number}"));
    if plan.has_policy {
        channel = channel.import_policy(policy(world, stream("policy")));
    }
    let channel = channel.build().unwrap();
    Life { channel, rotations, run }
}

/// The user that imported orders are assigned to.
pub fn user_of(world: &World, connection: usize) -> Option<String> {
    if !world.plan.host.assigns {
        return None;
    }
    let users = world.connections[connection].sim.account(|account| account.users.clone());
    users.first().and_then(|user| user.text("userId")).map(str::to_owned)
}

/// The tag that imported orders get.
pub fn tag_of(world: &World, connection: usize) -> Option<i64> {
    world.connections[connection].truth.lock().unwrap().tag.filter(|_| world.plan.host.tags)
}

/// One run, judged when it has ended.
async fn work(
    world: &Arc<World>,
    place: &Place,
    channel: &ShipStationChannel,
    log: &RunLog,
    (draw, rng): (u8, &mut Rng),
) {
    match (place.job, draw) {
        (Job::Ship, _) => drop(ship(world, log, channel, SyncShipments::new()).await),
        (Job::Look, 0..12) => {
            let to = world.time.now() - DAY * rng.u32(0..20);
            let range = OrderRange::new(to - DAY * rng.u32(1..9), to).by(world.plan.basis);
            drop(import(world, (place.connection, log), channel, GetOrders::back_fill(range)).await);
        }
        (Job::Look, 12..20) => {
            let request = EnsureWebhooks::new("https://hooks.example.com/shipstation");
            drop(judged(world, log, channel.ensure_webhooks(request).await, |_| ()));
        }
        (Job::Look, 20..40) => {
            let Some(delivery) = delivery(world, place.connection, rng) else { return };
            let judge = |report: &ImportReport| oracle::judge_import(world, place.connection, log, report);
            drop(judged(world, log, channel.on_webhook(delivery).await, judge));
        }
        (Job::Look, _) => {
            drop(import(world, (place.connection, log), channel, GetOrders::changes_only()).await);
        }
        (Job::Import, 0..8) => drop(resolve(world, log, channel, ResolveHeld::new()).await),
        (Job::Import, 8..10) => {
            drop(judged(world, log, channel.check(CheckConnection::new()).await, |_| ()));
        }
        (Job::Import, 10..12) => {
            drop(judged(world, log, channel.why_nothing(ExplainImports::new()).await, |_| ()));
        }
        (Job::Import, 12..14) => drop(link(world, log, channel, LinkListings::new()).await),
        (Job::Import, 14..20) => {
            tell_outcome(world, log, &by_hand(world, place, channel, log, (draw, rng)).await);
        }
        (Job::Import, _) => drop(import(world, (place.connection, log), channel, GetOrders::new()).await),
    }
}

/// What ShipStation posts about one of the orders, or somebody else who does not know the secret part of the address.
fn delivery(world: &World, connection: usize, rng: &mut Rng) -> Option<Delivery> {
    let it = &world.connections[connection];
    let orders: Vec<i64> = it.truth.lock().unwrap().orders.keys().copied().collect();
    let order = *rng.choice(&orders)?;
    let number = it.sim.account(|account| Some(account.order(order)?.text("orderNumber")?.to_owned()))?;
    let (event, resource) = match rng.u8(..3) {
        0 => ("ORDER_NOTIFY", format!("orders?orderNumber={number}")),
        1 => ("SHIP_NOTIFY", format!("shipments?orderId={order}")),
        _ => ("FULFILLMENT_SHIPPED", format!("fulfillments?orderId={order}")),
    };
    let body = format!(r#"{{"resource_url":"{}{resource}","resource_type":"{event}"}}"#, it.sim.url());
    let key = if rng.u8(..) < 16 { "somebody-elses-guess" } else { WEBHOOK_SECRET };
    Some(Delivery::new(format!("/shipstation?key={key}"), body))
}

/// The host's rule: it fails for some orders, some of the times, while there is trouble.
fn policy(world: &Arc<World>, rng: Rng) -> impl ImportPolicy + 'static {
    let (world, draws) = (Arc::clone(world), Mutex::new(rng));
    move |_: &ChannelOrder, _: &ProposedImport<'_>| {
        let fails = !world.is_quiet() && draws.lock().unwrap().u8(..) < 16;
        // Without the words that a panic prints.
        if fails {
            std::panic::resume_unwind(Box::new("the host's rule has an error"));
        }
        ImportDecision::accept()
    }
}

/// Fetches orders, and judges the run.
pub async fn import(
    world: &Arc<World>,
    (connection, log): (usize, &RunLog),
    channel: &ShipStationChannel,
    request: GetOrders,
) -> Result<ImportReport, ChannelError> {
    let done = channel.get_orders(request).await;
    judged(world, log, done, |report| oracle::judge_import(world, connection, log, report))
}

/// Sends shipments, and judges the run.
pub async fn ship(
    world: &World,
    log: &RunLog,
    channel: &ShipStationChannel,
    request: SyncShipments,
) -> Result<SyncReport, ChannelError> {
    let done = channel.sync_shipments(request).await;
    judged(world, log, done, |report| oracle::judge_sync(world, log, report))
}

/// Does what the host wants done to orders, and judges the run.
async fn act(world: &World, log: &RunLog, channel: &ShipStationChannel) {
    let done = channel.run_actions(RunActions::new()).await;
    drop(judged(world, log, done, |report| oracle::judge_action_run(world, log, report)));
}

/// Looks at held orders again, and judges the run.
pub async fn resolve(
    world: &World,
    log: &RunLog,
    channel: &ShipStationChannel,
    request: ResolveHeld,
) -> Result<ResolveReport, ChannelError> {
    let done = channel.resolve_held(request).await;
    judged(world, log, done, |report| {
        world.assert(report.counts.add_up(), || format!("{report}"));
        oracle::judge_requests(world, log, report.run.api.requests);
    })
}

/// Links listings, and judges the run.
pub async fn link(
    world: &World,
    log: &RunLog,
    channel: &ShipStationChannel,
    request: LinkListings,
) -> Result<LinkReport, ChannelError> {
    let done = channel.link_listings(request).await;
    judged(world, log, done, |report| oracle::judge_links(world, log, report))
}

fn judged<R: std::fmt::Display + std::fmt::Debug>(
    world: &World,
    log: &RunLog,
    done: Result<R, ChannelError>,
    judge: impl Fn(&R),
) -> Result<R, ChannelError> {
    let outcome = match &done {
        Ok(report) => {
            judge(report);
            Ok(shown(report))
        }
        Err(error) => Err(error),
    };
    tell_outcome(world, log, &outcome);
    done
}

/// What a person and the log see of a run.
fn tell_outcome(
    world: &World,
    log: &RunLog,
    outcome: &Result<String, impl std::borrow::Borrow<ChannelError>>,
) {
    let text = match outcome {
        Ok(text) => text.clone(),
        Err(error) => {
            oracle::judge_refusal(world, log);
            format!("{error} {error:?}", error = error.borrow())
        }
    };
    oracle::assert_clean(world, &log.name, &text);
    oracle::judge_keys(world, log, &text);
    world.tell(&log.name, text.lines().take(3).collect::<Vec<_>>().join(" | "));
}

/// A person imports or diagnoses one order.
async fn by_hand(
    world: &World,
    place: &Place,
    channel: &ShipStationChannel,
    log: &RunLog,
    (draw, rng): (u8, &mut Rng),
) -> Result<String, ChannelError> {
    let orders: Vec<i64> =
        world.connections[place.connection].truth.lock().unwrap().orders.keys().copied().collect();
    if orders.is_empty() {
        return Ok(String::new());
    }
    let selector = OrderSelector::Id(pick(rng, &orders).to_string().into());
    if draw < 17 && world.has(|trouble| trouble.person) {
        return channel.import_order(ImportOrder::new(selector)).await.map(|report| {
            oracle::judge_requests(world, log, report.run.api.requests);
            shown(&report)
        });
    }
    let answers = channel.diagnose_order(DiagnoseOrder::new(selector)).await?;
    Ok(answers.iter().map(shown).collect())
}

/// As a person and as a log see it.
fn shown(report: &(impl std::fmt::Display + std::fmt::Debug)) -> String {
    format!("{report}\n{report:?}")
}

/// At which turn of a run its process dies, at which it stands still and for how long, and at which its wall clock jumps.
#[derive(Debug, Clone)]
pub struct Moment {
    death: Option<u32>,
    stall: Option<(u32, Duration)>,
    /// The wall clock jumps, and to where.
    step: Option<(u32, i64)>,
    clock: Arc<WorkerClock>,
}

impl Moment {
    /// Each comes within one of `turns` turns.
    pub fn draw(world: &World, clock: &Arc<WorkerClock>, turns: &[u32], rng: &mut Rng) -> Self {
        let mut turn = || {
            let most = pick(rng, turns);
            rng.u32(1..most)
        };
        let (death, stall, step) = (turn(), turn(), turn());
        let dies = world.has(|trouble| trouble.kills) && rng.u8(..) < 40;
        let stalls = world.has(|trouble| trouble.stalls) && rng.u8(..) < 40;
        let long = Duration::from_secs(pick(rng, &[5, 70, 200, 310, 700, 5_000]));
        let steps = world.has(|trouble| trouble.clocks) && rng.u8(..) < 16;
        let ahead = pick(rng, &[0, 70, -90, 3_600, -3_600, 8 * 86_400]);
        Self {
            death: dies.then_some(death),
            stall: stalls.then_some((stall, long)),
            step: steps.then_some((step, ahead)),
            clock: Arc::clone(clock),
        }
    }

    /// Runs the work to its end, and tells how long it stands still; false when the process died before.
    pub async fn watch(
        self,
        world: &World,
        name: &str,
        stalls: impl Fn(Duration),
        work: impl Future<Output = ()>,
    ) -> bool {
        let mut work = pin!(work);
        let (mut turn, mut standing): (u32, Option<Sleep>) = (0, None);
        std::future::poll_fn(|context| {
            if let Some(sleep) = &mut standing {
                if std::pin::Pin::new(sleep).poll(context).is_pending() {
                    return Poll::Pending;
                }
                standing = None;
            }
            turn += 1;
            if self.death == Some(turn) {
                world.tell(name, "dies");
                world.stats.kills.fetch_add(1, Ordering::Relaxed);
                return Poll::Ready(false);
            }
            if let Some((_, ahead)) = self.step.filter(|(at, _)| *at == turn) {
                world.tell(name, format_args!("the wall clock jumps and is ahead by {ahead} s"));
                self.clock.step_to(ahead);
            }
            if let Some((_, long)) = self.stall.filter(|(at, _)| *at == turn) {
                world.tell(name, format_args!("stands still for {} s", long.as_secs()));
                stalls(long);
                let mut sleep = world.time.sleep(long);
                if std::pin::Pin::new(&mut sleep).poll(context).is_pending() {
                    standing = Some(sleep);
                    return Poll::Pending;
                }
            }
            work.as_mut().poll(context).map(|()| true)
        })
        .await
    }
}
