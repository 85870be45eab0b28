//! Two workers for one connection.

use std::sync::Arc;

use shipstation_connector::{
    channel::{ChannelConnector, Refusal, RunStatus, SyncShipments, report::SyncOutcomeKind},
    client::Clock,
    testing::simulator::Method,
};

use super::{MINUTE, marked, sync};
use crate::support::World;

#[tokio::test]
async fn faults_a_second_worker_at_once_is_refused_or_finds_nothing_left() {
    let world = World::new().await;
    let orders: Vec<i64> = (0..10).map(|n| world.add(world.order(&format!("{n}")))).collect();
    for order in &orders {
        world.ship(*order, &format!("1Z{order}")).await;
    }
    let (one, two) = (world.channel(|_| {}), world.channel(|_| {}));
    let (first, second) =
        tokio::join!(one.sync_shipments(SyncShipments::new()), two.sync_shipments(SyncShipments::new()));
    let refused = second.unwrap_err();
    assert!(matches!(refused.refusal, Refusal::AlreadyRunning { .. }), "{refused}");
    assert_eq!(first.unwrap().counts.confirmed(), 10);
    assert!(orders.iter().all(|order| marked(&world, *order) == 1));
}

#[tokio::test]
async fn faults_a_lease_lost_in_the_middle_stops_the_run_before_its_next_send() {
    let world = World::new().await;
    let orders: Vec<i64> = (0..6).map(|n| world.add(world.order(&format!("{n}")))).collect();
    for order in &orders {
        world.ship(*order, &format!("1Z{order}")).await;
    }
    // While the third request is on its way, the process sleeps for an hour and another worker takes over.
    let (store, connection, clock) = (world.store.clone(), world.connection.clone(), world.sim.clock());
    world.sim.before(Method::POST, "/orders/markasshipped", 3, move |_| {
        use shipstation_connector::channel::{
            Operation, RunId,
            store::{NewRun, RunStore},
        };
        let now = Clock::now(&*clock) + MINUTE * 60;
        let run =
            NewRun::new(connection, Operation::SyncShipments, RunId::new("other"), "other", MINUTE, now);
        futures_util::FutureExt::now_or_never(store.begin(run)).unwrap().unwrap();
    });
    let report = world.channel(|_| {}).sync_shipments(SyncShipments::new()).await.unwrap();
    assert!(matches!(report.run.status, RunStatus::Failed { .. }), "{report}");
    assert!(report.counts.add_up(), "{report}");
    assert_eq!(world.marks(), 3, "the run stops at the record of the third: {report}");

    world.sim.clock().advance(MINUTE * 70);
    sync(&world).await;
    world.sim.clock().advance(MINUTE * 2);
    sync(&world).await;
    assert!(orders.iter().all(|order| marked(&world, *order) == 1));
    assert_eq!(world.sim.account(|account| account.notices.len()), 6);
}

#[tokio::test]
async fn faults_a_request_whose_turn_comes_after_the_lease_is_not_sent() {
    use shipstation_connector::{
        channel::store::Stores,
        client::{Lane, Permit, RateHeaders, RateLimiter},
        testing::simulator::SimClock,
    };

    /// Makes the write wait for ten minutes.
    #[derive(Debug)]
    struct Late(Arc<SimClock>, std::sync::atomic::AtomicUsize);

    #[async_trait::async_trait]
    impl RateLimiter for Late {
        async fn acquire(&self, _: Lane) -> Permit {
            if self.1.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 1 {
                self.0.advance(MINUTE * 10);
            }
            Permit::new()
        }

        fn observe(&self, _: &RateHeaders) {}
    }

    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    let late = Arc::new(Late(world.sim.clock(), 0.into()));
    let client = world.sim.client().rate_limiter(late).build().unwrap();
    let channel = world.builder(client, Stores::all_in(world.store.clone()), |_| {}).build().unwrap();
    let report = channel.sync_shipments(SyncShipments::new()).await.unwrap();
    assert!(report.counts.add_up(), "{report}");
    assert_eq!((world.marks(), report.counts.of(SyncOutcomeKind::RetryWaiting)), (0, 1), "{report}");
    world.sim.clock().advance(MINUTE * 10);
    assert_eq!(sync(&world).await.counts.confirmed(), 1);
}

#[tokio::test]
async fn requests_a_deadline_ends_the_run_and_the_next_one_goes_on() {
    use shipstation_connector::{channel::RunControl, testing::simulator::SimulatorConfig};
    let world = World::with(SimulatorConfig::default()).await;
    let orders: Vec<i64> = (0..100).map(|n| world.add(world.order(&format!("{n}")))).collect();
    for order in &orders {
        world.ship(*order, &format!("1Z{order}")).await;
    }
    let control = RunControl::new().deadline(world.now() + MINUTE);
    let report = world.channel(|_| {}).sync_shipments(SyncShipments::with(control)).await.unwrap();
    assert!(report.counts.add_up(), "{report}");
    assert!(matches!(report.run.status, RunStatus::Partial { .. }), "{report}");
    assert!(report.counts.of(SyncOutcomeKind::NotReached) > 0 && report.counts.unconfirmed() > 0, "{report}");
    sync(&world).await;
    assert!(orders.iter().all(|order| marked(&world, *order) == 1));
}
