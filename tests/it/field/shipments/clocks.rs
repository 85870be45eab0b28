//! The gap between two looks, under clocks that are wrong.

use std::sync::Arc;

use shipstation_connector::{
    ShipStationChannel,
    channel::{
        FailReason, RetryClass, ShipmentState,
        report::SyncOutcomeKind,
        store::{ShipmentStoreExt, Stores},
    },
    client::Clock,
    stores::SqliteStore,
    testing::simulator::{Fault, FaultKind, Method, Quirks, RateLimit, SimClock, SimulatorConfig},
};

use super::{HOUR, MINUTE, fulfillments, name, one, rows, state, sync, sync_after, sync_on};
use crate::support::{DAY, World};

/// A clock without a monotonic one beside it.
#[derive(Debug)]
struct WallClock(Arc<SimClock>);

#[async_trait::async_trait]
impl Clock for WallClock {
    fn now(&self) -> shipstation_connector::Timestamp {
        Clock::now(&*self.0)
    }

    async fn sleep(&self, duration: std::time::Duration) {
        Clock::sleep(&*self.0, duration).await;
    }
}

/// A host whose clock is not ShipStation's. Time passes on both together.
struct Host {
    world: World,
    clock: Arc<SimClock>,
}

impl Host {
    async fn new(quirks: Quirks) -> Self {
        let config = SimulatorConfig::default().rate_limit(RateLimit::Unlimited).quirks(quirks);
        let world = World::with(config).await;
        let clock = Arc::new(SimClock::new(world.now()));
        Self { world, clock }
    }

    fn process(&self) -> ShipStationChannel {
        let client = self.world.sim.client().clock(self.clock.clone()).seed(7).build().unwrap();
        self.world.builder(client, Stores::all_in(self.world.store.clone()), |_| {}).build().unwrap()
    }

    fn wait(&self, time: std::time::Duration) {
        self.world.sim.clock().advance(time);
        self.clock.advance(time);
    }

    fn step(&self, forward: std::time::Duration) {
        self.clock.step_to(Clock::now(&*self.clock) + forward);
    }
}

#[tokio::test]
async fn clock_an_hour_forward_between_two_looks_does_not_bring_a_second_mark() {
    for one_process in [true, false] {
        let host = Host::new(Quirks::default()).await;
        let order = one(&host.world, FaultKind::LateEffect(std::time::Duration::from_secs(25))).await;
        let first = host.process();
        sync_on(&first).await;
        for _ in 0..4 {
            host.step(HOUR);
            host.wait(std::time::Duration::from_secs(5));
            let next = host.process();
            sync_on(if one_process { &first } else { &next }).await;
            assert_eq!(host.world.marks(), 1, "one process: {one_process}");
        }
        host.step(HOUR);
        host.wait(MINUTE * 5);
        sync_on(&host.process()).await;
        assert_eq!((name(&host.world, order).await, fulfillments(&host.world, order)), ("confirmed", 1));
    }
}

#[tokio::test]
async fn clock_both_wall_clocks_may_step_within_one_process() {
    let world = World::new().await;
    let order = one(&world, FaultKind::LateEffect(MINUTE * 2)).await;
    let channel = world.channel(|_| {});
    sync_on(&channel).await;
    let clock = world.sim.clock();
    // The effect's own time is not stepped over: only the host's and the server's `Date` are wrong.
    for _ in 0..3 {
        clock.step_to(Clock::now(&*clock) + std::time::Duration::from_secs(30));
        sync_on(&channel).await;
        assert_eq!((name(&world, order).await, world.marks()), ("unknown", 1));
    }
}

#[tokio::test]
async fn clock_without_a_date_the_gap_begins_when_the_process_first_sees_the_row() {
    let host = Host::new(Quirks::default().blank_date(true)).await;
    let order = one(&host.world, FaultKind::DropBefore).await;
    sync_on(&host.process()).await;
    host.wait(DAY);
    let second = host.process();
    for minute in 0..4 {
        sync_on(&second).await;
        assert_eq!(host.world.marks(), 1, "{minute} min after it was first seen");
        host.wait(MINUTE);
    }
    host.wait(MINUTE);
    sync_on(&second).await;
    assert_eq!((name(&host.world, order).await, host.world.marks()), ("confirmed", 2));
}

#[tokio::test]
async fn clock_without_a_date_short_processes_never_send_again_and_end_with_a_person() {
    let host = Host::new(Quirks::default().blank_date(true)).await;
    let order = one(&host.world, FaultKind::DropBefore).await;
    let begun = host.world.now();
    while name(&host.world, order).await != "blocked" {
        assert!(host.world.now().since(begun) < DAY * 8, "it must end");
        sync_on(&host.process()).await;
        host.wait(HOUR);
    }
    assert_eq!(host.world.marks(), 1);
}

#[tokio::test]
async fn clock_a_row_of_another_process_is_judged_by_shipstations_time() {
    let host = Host::new(Quirks::default()).await;
    let order = one(&host.world, FaultKind::DropBefore).await;
    sync_on(&host.process()).await;
    for _ in 0..3 {
        host.wait(MINUTE * 3);
        sync_on(&host.process()).await;
    }
    assert_eq!(
        (name(&host.world, order).await, host.world.marks()),
        ("confirmed", 2),
        "no process lived for long"
    );
}

#[tokio::test]
async fn clock_ten_years_ahead_hides_no_retry_for_ever() {
    let host = Host::new(Quirks::default()).await;
    let world = &host.world;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    host.step(DAY * 3650);
    world.sim.fault(Fault::on(Method::GET, "/orders/*").always().with(FaultKind::ServerError));
    let report = sync_on(&host.process()).await;
    assert_eq!(report.counts.of(SyncOutcomeKind::RetryWaiting), 1, "{report}");
    world.sim.clear_faults();
    host.clock.step_to(world.now());
    // The lease of that run is ten years ahead as well, if it did not end.
    host.wait(MINUTE * 10);
    let report = sync_on(&host.process()).await;
    assert_eq!((report.counts.confirmed(), world.marks()), (1, 1), "{report}");
    assert!(report.to_string().contains("the host's clock was wrong"), "{report}");
}

#[tokio::test]
async fn clock_ten_years_ahead_hides_no_look_for_ever() {
    let host = Host::new(Quirks::default()).await;
    let order = one(&host.world, FaultKind::DropBefore).await;
    host.step(DAY * 3650);
    sync_on(&host.process()).await;
    host.clock.step_to(host.world.now());
    let mut warned = false;
    for _ in 0..4 {
        host.wait(MINUTE * 3);
        warned |= sync_on(&host.process()).await.to_string().contains("the host's clock was wrong");
    }
    assert_eq!((name(&host.world, order).await, host.world.marks(), warned), ("confirmed", 2, true));
}

#[tokio::test]
async fn clock_ten_years_ahead_leaves_no_shipment_unconfirmed_for_ever() {
    let host = Host::new(Quirks::default().blank_date(true)).await;
    let world = &host.world;
    world.sim.account(|account| account.quirks.fulfillment_delay = DAY * 100);
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    host.step(DAY * 3650);
    sync_on(&host.process()).await;
    assert_eq!(name(world, order).await, "sent");
    host.clock.step_to(world.now());
    for days in 0..9 {
        let report = sync_on(&host.process()).await;
        assert_eq!(report.counts.of(SyncOutcomeKind::NeverConfirmed), u64::from(days == 7), "{report}");
        host.wait(DAY);
    }
    assert_eq!((name(world, order).await, world.marks()), ("confirmed", 1));
}

#[tokio::test]
async fn clock_an_order_that_is_missing_twice_within_a_stepped_hour_is_not_gone() {
    let host = Host::new(Quirks::default()).await;
    let world = &host.world;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    let missing = FaultKind::Status { code: 404, body: String::new() };
    world.sim.fault(Fault::on(Method::GET, "/orders/*").times(3).with(missing));
    let channel = host.process();
    for _ in 0..3 {
        sync_on(&channel).await;
        assert_eq!(name(world, order).await, "retry_wait");
        host.step(HOUR);
    }
    host.wait(MINUTE * 2);
    sync_on(&channel).await;
    assert_eq!(fulfillments(world, order), 1);
    host.wait(HOUR);
    sync_on(&channel).await;
    assert_eq!((name(world, order).await, world.marks()), ("confirmed", 1));
}

#[tokio::test]
async fn clock_what_a_row_remembers_survives_in_a_file() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.sqlite");
    let order = one(&world, FaultKind::DropBefore).await;
    let (outbox, shipment) =
        (Arc::new(SqliteStore::open(&file).unwrap()), rows(&world, order).await.remove(0).shipment);
    outbox.enqueue_one(&world.connection, shipment, world.now()).await.unwrap();
    let stores = || {
        let outbox = Arc::new(SqliteStore::open(&file).unwrap());
        Stores::all_in(world.store.clone()).with_shipments(outbox.clone()).with_runs(outbox)
    };
    for _ in 0..3 {
        let channel = world.builder(world.client(), stores(), |_| {}).build().unwrap();
        sync_on(&channel).await;
        world.sim.clock().advance(MINUTE * 3);
    }
    let row =
        outbox.order_progress(&world.connection, &order.to_string().into()).await.unwrap().rows.remove(0);
    assert_eq!((row.state.name(), row.unknown_outcomes, world.marks()), ("confirmed", 1, 2));
}

#[tokio::test]
async fn clock_a_row_of_an_earlier_version_is_read_and_brought_to_its_end() {
    let old = r#"{"state":"unknown","since":"2026-03-02T17:00:00Z","checks":1,"last_check":null}"#;
    let state: ShipmentState = serde_json::from_str(old).unwrap();
    assert!(matches!(state, ShipmentState::Unknown { server_since: None, order_missing: false, .. }));
    let old = r#"{"state":"retry_wait","until":"2026-03-02T17:00:00Z","class":"order_missing"}"#;
    let state: ShipmentState = serde_json::from_str(old).unwrap();
    let wanted = RetryClass::OrderMissing;
    assert!(matches!(state, ShipmentState::RetryWait { class, server_since: None, .. } if class == wanted));
}

#[tokio::test]
async fn faults_an_order_is_gone_once_it_is_missing_for_an_hour() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    world.sim.account(|account| account.delete(order));
    sync(&world).await;
    sync_after(&world, MINUTE).await;
    assert!(matches!(state(&world, order).await, ShipmentState::RetryWait { .. }), "a read may be stale");
    sync_after(&world, HOUR).await;
    assert_eq!(state(&world, order).await, ShipmentState::Failed { reason: FailReason::OrderGone });
}

#[tokio::test]
async fn clock_days_ahead_during_a_look_delays_no_further_look() {
    let host = Host::new(Quirks::default()).await;
    let world = &host.world;
    let order = one(world, FaultKind::DropBefore).await;
    // A process without a monotonic clock learns the time from answers alone.
    let client = world.sim.client().clock(Arc::new(WallClock(host.clock.clone()))).build().unwrap();
    let process = world.builder(client, Stores::all_in(world.store.clone()), |_| {}).build().unwrap();
    host.step(DAY * 8);
    sync_on(&process).await;
    host.clock.step_to(world.now());
    for _ in 0..3 {
        host.wait(HOUR * 2);
        sync_on(&process).await;
    }
    assert_eq!((name(world, order).await, world.marks()), ("confirmed", 2));
}

#[tokio::test]
async fn clock_days_ahead_in_a_new_process_gives_nothing_up() {
    let host = Host::new(Quirks::default()).await;
    let world = &host.world;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    world.sim.fault(Fault::on(Method::GET, "/orders/*").always().with(FaultKind::ServerError));
    for _ in 0..10 {
        sync_on(&host.process()).await;
        host.wait(HOUR * 6);
    }
    host.step(DAY * 8);
    sync_on(&host.process()).await;
    assert_eq!(name(world, order).await, "retry_wait", "ShipStation's clock says three days");
    host.wait(DAY * 5);
    sync_on(&host.process()).await;
    host.wait(HOUR * 7);
    sync_on(&host.process()).await;
    assert_eq!(name(world, order).await, "failed", "a week by both clocks");
}
