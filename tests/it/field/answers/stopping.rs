//! A host that cancels a run gets its report at once, whatever the run waits for.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use shipstation_connector::{
    Settings, Timestamp,
    channel::{
        CancelToken, ChannelConnector, GetOrders, LinkListings, Listing, Operation, Refusal, RunControl,
        RunStatus, ShipmentState, SyncShipments,
        store::{BeginOutcome, NewRun, OrderStoreExt, RunStore, ShipmentStoreExt, Stores},
    },
    client::{CancelSignal, Clock, ErrorKind, MinuteWindow, OrderId, Outcome, ShipStation, UserId},
    connector::ListingSettings,
    testing::simulator::{Fault, FaultKind, Method, SimClock},
};
use tokio::sync::Notify;

use crate::support::World;

const MARK: &str = "/orders/markasshipped";

/// Nobody wakes from a sleep on it.
#[derive(Debug)]
struct EndlessSleep {
    time: Arc<SimClock>,
    asleep: Notify,
}

#[async_trait]
impl Clock for EndlessSleep {
    fn now(&self) -> Timestamp {
        self.time.now()
    }

    async fn sleep(&self, _: Duration) {
        self.asleep.notify_one();
        std::future::pending::<()>().await;
    }
}

#[derive(Debug)]
struct StopOn(CancelToken);

#[async_trait]
impl CancelSignal for StopOn {
    async fn cancelled(&self) {
        self.0.cancelled().await;
    }
}

/// What a run waits for.
#[derive(Debug, Clone, Copy)]
enum Wait {
    RateLimit,
    Throttled,
    Backoff,
}

const WAITS: [Wait; 3] = [Wait::RateLimit, Wait::Throttled, Wait::Backoff];

struct Sleeper {
    world: World,
    clock: Arc<EndlessSleep>,
    client: ShipStation,
    cancel: CancelToken,
}

impl Sleeper {
    /// After `requests` requests the client waits for ever.
    async fn new(wait: Wait, requests: u32) -> Self {
        let world = World::new().await;
        let clock = Arc::new(EndlessSleep { time: world.sim.clock(), asleep: Notify::new() });
        let limit = if matches!(wait, Wait::RateLimit) { requests } else { 1_000 };
        let limiter = Arc::new(MinuteWindow::new(limit).reserve(0).clock(clock.clone()));
        let client = world.client_builder().clock(clock.clone()).rate_limiter(limiter).build().unwrap();
        if limit == 0 {
            // The least that a limiter allows is one.
            client.permit().await.unwrap().spend();
        }
        let fault = Fault::any().after(requests.into()).always();
        match wait {
            Wait::RateLimit => {}
            Wait::Throttled => world.sim.fault(fault.with(FaultKind::Throttle { reset: None })),
            Wait::Backoff => world.sim.fault(fault.with(FaultKind::Html { status: 502 })),
        }
        Self { world, clock, client, cancel: CancelToken::new() }
    }

    fn control(&self) -> RunControl {
        RunControl::new().cancel(self.cancel.clone())
    }

    /// Cancels once somebody sleeps.
    async fn cancelled_asleep<T>(&self, work: impl Future<Output = T>) -> T {
        let cancel = async {
            self.clock.asleep.notified().await;
            self.cancel.cancel();
        };
        let both = async { tokio::join!(work, cancel).0 };
        tokio::time::timeout(Duration::from_secs(60), both).await.expect("it ends once it is cancelled")
    }
}

fn assert_cancelled(status: &RunStatus) {
    assert_eq!(*status, RunStatus::Partial { why: "cancelled by the host".to_owned() });
}

#[tokio::test]
async fn faults_an_import_that_waits_ends_when_it_is_cancelled() {
    for wait in WAITS {
        for requests in 0..4 {
            let sleeper = Sleeper::new(wait, requests).await;
            let user = sleeper.world.sim.account(|account| account.add_user("Night Shift"));
            for number in 0..3 {
                sleeper.world.add(sleeper.world.order(&format!("A-{number}")));
            }
            let stores = Stores::all_in(sleeper.world.store.clone());
            let channel = sleeper.world.builder(sleeper.client.clone(), stores, |settings| {
                settings.orders.page_size = 2;
                settings.orders.assign_user = Some(UserId::new(&user));
            });
            let channel = channel.build().unwrap();
            let run = channel.get_orders(GetOrders::with(sleeper.control()));
            let report = sleeper.cancelled_asleep(run).await.unwrap();
            assert_cancelled(&report.run.status);
            assert!(report.counts.add_up(), "{wait:?}: {report}");
            let world = &sleeper.world;
            let failures = world.store.due_failures(&world.connection, world.now(), 9).await.unwrap();
            assert!(failures.is_empty(), "{wait:?}: {failures:?}");
        }
    }
}

#[tokio::test]
async fn faults_a_synchronization_that_waits_ends_when_it_is_cancelled() {
    for wait in WAITS {
        let sleeper = Sleeper::new(wait, 2).await;
        let world = &sleeper.world;
        let mut orders = Vec::new();
        for number in 0..3 {
            orders.push(world.add(world.order(&format!("A-{number}"))));
            world.ship(orders[number], &format!("1Z{number}")).await;
        }
        let stores = Stores::all_in(world.store.clone());
        let channel = world.builder(sleeper.client.clone(), stores, |_| {}).build().unwrap();
        let run = channel.sync_shipments(SyncShipments::with(sleeper.control()));
        let report = sleeper.cancelled_asleep(run).await.unwrap();
        assert_cancelled(&report.run.status);
        assert!(world.marks() <= 1, "{wait:?}: nothing leaves after the host cancelled");
        let rows = world.store.due(&world.connection, world.now(), None, 9).await.unwrap();
        for row in rows {
            assert_eq!(row.attempts, 0, "{wait:?}: what was not sent is no attempt: {row:?}");
        }

        // The next run goes on where this one cancelled.
        world.sim.clear_faults();
        let report = world.channel(|_| {}).sync_shipments(SyncShipments::new()).await.unwrap();
        assert_eq!(report.run.status, RunStatus::Succeeded, "{report}");
        world.sim.clock().advance(Duration::from_secs(600));
        let _ = world.channel(|_| {}).sync_shipments(SyncShipments::new()).await.unwrap();
        assert_eq!(world.sim.account(|account| account.notices.len()), 3);
    }
}

#[tokio::test]
async fn faults_a_mark_that_waits_for_the_end_of_a_throttled_minute_is_not_sent_and_due_at_once() {
    let sleeper = Sleeper::new(Wait::RateLimit, 1_000).await;
    let world = &sleeper.world;
    let order = world.add(world.order("A-1"));
    world.ship(order, "1Z1").await;
    world.sim.fault(Fault::on(Method::POST, MARK).with(FaultKind::Throttle { reset: None }));
    let stores = Stores::all_in(world.store.clone());
    let channel = world.builder(sleeper.client.clone(), stores, |_| {}).build().unwrap();
    let run = channel.sync_shipments(SyncShipments::with(sleeper.control()));
    let report = sleeper.cancelled_asleep(run).await.unwrap();
    assert_cancelled(&report.run.status);
    let rows = world.store.due(&world.connection, world.now(), None, 9).await.unwrap();
    assert_eq!((rows.len(), rows[0].attempts), (1, 0), "{rows:?}");
    assert!(!matches!(rows[0].state, ShipmentState::Sending { .. } | ShipmentState::Unknown { .. }));
    let report = world.channel(|_| {}).sync_shipments(SyncShipments::new()).await.unwrap();
    assert_eq!((report.counts.confirmed(), world.marks()), (1, 2), "{report}");
}

#[tokio::test]
async fn faults_linking_that_waits_ends_when_it_is_cancelled() {
    for wait in WAITS {
        let sleeper = Sleeper::new(wait, 0).await;
        let world = &sleeper.world;
        world.store.put_listings(&world.connection, vec![Listing::new("L1", "MUG-1")]);
        let stores = Stores::all_in(world.store.clone());
        let link = |settings: &mut Settings| settings.listings = Some(ListingSettings::default());
        let channel = world.builder(sleeper.client.clone(), stores, link).build().unwrap();
        let run = channel.link_listings(LinkListings::with(sleeper.control()));
        let report = sleeper.cancelled_asleep(run).await.unwrap();
        assert_cancelled(&report.run.status);
    }
}

#[tokio::test]
async fn faults_a_request_that_is_under_way_is_finished_and_recorded() {
    let world = World::new().await;
    let orders = [1, 2, 3].map(|number| world.add(world.order(&format!("A-{number}"))));
    for order in orders {
        world.ship(order, &format!("1Z{order}")).await;
    }
    let cancel = CancelToken::new();
    let hook = cancel.clone();
    world.sim.before(Method::POST, MARK, 1, move |_| hook.cancel());
    let request = SyncShipments::with(RunControl::new().cancel(cancel));
    let report = world.channel(|_| {}).sync_shipments(request).await.unwrap();
    assert_cancelled(&report.run.status);
    assert_eq!((report.counts.marked, world.marks()), (1, 1), "{report}");
    let sent = world.store.in_flight(&world.connection, None, 9).await.unwrap();
    assert!(matches!(sent[..], [ref row] if matches!(row.state, ShipmentState::Sent { .. })), "{sent:?}");
}

#[tokio::test]
async fn faults_a_stopped_client_says_whether_an_earlier_attempt_may_have_worked() {
    for (wait, attempts, outcome) in [
        (Wait::RateLimit, 0, Outcome::NotSent),
        (Wait::Throttled, 1, Outcome::NotSent),
        (Wait::Backoff, 1, Outcome::Unknown),
    ] {
        let sleeper = Sleeper::new(wait, 0).await;
        let signal = Arc::new(StopOn(sleeper.cancel.clone()));
        let client = sleeper.client.cancel_on(signal);
        let order = [OrderId::new(sleeper.world.add(sleeper.world.order("A-1")))];
        let assigned = UserId::new("7fdb4f4f-3f0f-4e0b-8d8a-2f9b0c1d2e3f");
        let call = async { client.orders().assign_user(&order, &assigned).await };
        let error = sleeper.cancelled_asleep(call).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Cancelled, outcome), "{wait:?}");
        assert_eq!(error.attempts(), attempts, "{wait:?}");
        let after = client.orders().get(order[0]).await.unwrap_err();
        assert_eq!((after.kind(), after.outcome()), (ErrorKind::Cancelled, Outcome::NotSent));
        assert_eq!(sleeper.world.sim.journal().len(), attempts as usize, "nothing leaves afterwards");
    }
}

#[tokio::test]
async fn a_restart_under_an_exclusive_name_need_not_wait_for_the_lease_of_the_dead() {
    let world = World::new().await;
    let named = |name: Option<&str>| {
        let builder = world.builder(world.client(), Stores::all_in(world.store.clone()), |_| {});
        let builder = match name {
            Some(name) => builder.owner(name),
            None => builder,
        };
        builder.build().unwrap()
    };
    let dead = NewRun::new(
        world.connection.clone(),
        Operation::GetOrders,
        "dead".into(),
        "pod-0",
        Duration::from_secs(300),
        world.now(),
    );
    assert!(matches!(world.store.begin(dead).await.unwrap(), BeginOutcome::Granted(_)));
    let refused = named(None).release_leases().await.unwrap_err();
    assert!(matches!(refused.refusal, Refusal::Config { .. }), "{refused}");
    assert_eq!(named(Some("pod-1")).release_leases().await.unwrap(), 0);
    let refused = named(Some("pod-0")).get_orders(GetOrders::new()).await.unwrap_err();
    assert!(matches!(refused.refusal, Refusal::AlreadyRunning { .. }), "{refused}");
    assert_eq!(named(Some("pod-0")).release_leases().await.unwrap(), 1);
    let report = named(Some("pod-0")).get_orders(GetOrders::new()).await.unwrap();
    assert_eq!(report.run.status, RunStatus::Succeeded, "{report}");
}
