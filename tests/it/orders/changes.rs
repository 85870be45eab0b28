//! Orders that change after they were imported are told to the host once per modification.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use shipstation_connector::{
    Settings, ShipStationChannel,
    channel::{
        ChannelConnector, ConnectionId, GetOrders, ImportOrder, OrderRange, OrderSelector, RunStatus,
        report::FollowUpStatus,
        store::{Maintenance, OrderChangeKind, StoreError, Stores},
    },
    client::{OrderStatus, UserId},
    stores::{MemoryStore, NextCall, StoreAnswer, StoreCall, StoreHook, instrumented},
    testing::simulator::{Fault, FaultKind, Method},
};

use super::import;
use crate::support::{DAY, World};

/// A reader of the feed of changes.
#[derive(Debug)]
pub(crate) struct Feed(Arc<MemoryStore>, ConnectionId, Mutex<usize>);

impl Feed {
    pub(crate) fn of(world: &World) -> Arc<Self> {
        Arc::new(Self(world.store.clone(), world.connection.clone(), Mutex::default()))
    }

    /// What was noticed since the last question: order and kinds.
    fn told(&self) -> Vec<(i64, Vec<OrderChangeKind>)> {
        let all = self.0.order_changes(&self.1);
        let seen = std::mem::replace(&mut *self.2.lock().unwrap(), all.len());
        let new = all.into_iter().skip(seen);
        new.map(|change| (change.order.as_str().parse().unwrap(), change.what)).collect()
    }

    /// The kinds of every change that was noticed.
    pub(crate) fn kinds(&self) -> Vec<OrderChangeKind> {
        self.0.order_changes(&self.1).into_iter().flat_map(|change| change.what).collect()
    }
}

fn watched(world: &World, user: Option<&str>) -> ShipStationChannel {
    watched_on(world, world.store.stores(), user)
}

fn watched_on(world: &World, stores: Stores, user: Option<&str>) -> ShipStationChannel {
    let mut settings = Settings::default();
    settings.orders.assign_user = user.map(UserId::new);
    settings.orders.watch_changes = true;
    ShipStationChannel::builder(world.client(), world.connection.clone(), stores)
        .settings(settings)
        .build()
        .unwrap()
}

fn quarter_of_an_hour(world: &World) {
    world.sim.clock().advance(Duration::from_secs(900));
}

#[tokio::test]
async fn faults_each_kind_of_change_is_told_once() {
    let world = World::new().await;
    let feed = Feed::of(&world);
    let user = world.sim.account(|account| account.add_user("Night Shift"));
    let ids: Vec<i64> = (0..6).map(|n| world.add(world.order(&format!("A-{n}")))).collect();
    let channel = watched(&world, Some(&user));
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.users.of(FollowUpStatus::Done)), (6, 6), "{report}");
    quarter_of_an_hour(&world);
    let _ = import(&channel).await;
    assert_eq!(feed.told(), [], "the assignment modified every order: that is our own echo");

    let child = world.sim.account(|account| {
        account.cancel(ids[0]);
        account.hold(ids[1]);
        account.set_status(ids[2], "shipped");
        account.edit(ids[3], |order| order.set("shipTo.street1", "1 Elsewhere Road"));
        account.merge_orders(ids[4], &[ids[5]]);
        account.split_order(ids[3], &[1]).unwrap()
    });
    quarter_of_an_hour(&world);
    let report = import(&channel).await;
    let mut told = feed.told();
    told.sort_by_key(|(id, _)| *id);
    let into = ids[4].to_string().into();
    let split = OrderChangeKind::Split { into: vec![child.to_string().into()] };
    let expected = [
        (ids[0], vec![OrderChangeKind::Cancelled]),
        (ids[1], vec![OrderChangeKind::OnHold]),
        (ids[2], vec![OrderChangeKind::ShippedElsewhere { parcels: Some(Vec::new()) }]),
        (ids[3], vec![OrderChangeKind::Address, OrderChangeKind::Lines, split]),
        (ids[4], vec![OrderChangeKind::Lines]),
        (ids[5], vec![OrderChangeKind::Merged { into }]),
    ];
    assert_eq!(told, expected, "{report}");
    assert_eq!((report.counts.changed, report.counts.held()), (6, 1), "{child} is held: {report}");
    for _ in 0..2 {
        quarter_of_an_hour(&world);
        let report = import(&channel).await;
        assert_eq!((feed.told(), report.counts.changed), (vec![], 0), "{report}");
    }
    world.sim.account(|account| account.cancel(ids[1]));
    quarter_of_an_hour(&world);
    let _ = import(&channel).await;
    assert_eq!(feed.told(), [(ids[1], vec![OrderChangeKind::Cancelled])]);
}

#[tokio::test]
async fn faults_what_the_host_itself_ships_is_no_news() {
    use shipstation_connector::channel::SyncShipments;
    let world = World::new().await;
    let feed = Feed::of(&world);
    let order = world.add(world.order("A-1"));
    let channel = watched(&world, None);
    let _ = import(&channel).await;
    world.ship(order, "1Z1").await;
    assert_eq!(channel.sync_shipments(SyncShipments::new()).await.unwrap().counts.confirmed(), 1);
    quarter_of_an_hour(&world);
    let _ = import(&channel).await;
    assert_eq!(feed.told(), []);
}

#[tokio::test]
async fn requests_unless_they_are_watched_none_is_spent_on_changes() {
    let world = World::new().await;
    world.add(world.order("A-1"));
    let plain = world.channel(|_| {});
    let _ = import(&plain).await;
    world.sim.clear_journal();
    let _ = import(&plain).await;
    assert_eq!(world.sim.journal().len(), 2, "the window and the probe");
    world.sim.clear_journal();
    let feed = Feed::of(&world);
    let report = import(&watched(&world, None)).await;
    assert_eq!(world.sim.journal().len(), 3);
    assert_eq!((report.watch_requests, report.run.api.requests), (1, 3), "{report}");
    assert_eq!(feed.told(), [], "an order that was imported before is no news");
}

/// The stores of a world whose history takes nothing.
fn without_room(world: &World) -> Stores {
    #[derive(Debug)]
    struct Failing;
    #[async_trait]
    impl StoreHook for Failing {
        async fn around(&self, call: StoreCall, next: NextCall<'_>) -> Result<StoreAnswer, StoreError> {
            if call.method == "record_changes" {
                return Err(StoreError::retryable("the disk is full"));
            }
            next.await
        }
    }
    instrumented(&world.store.stores(), &(Arc::new(Failing) as Arc<dyn StoreHook>))
}

#[tokio::test]
async fn crash_a_history_that_fails_gets_the_change_with_the_next_run() {
    let world = World::new().await;
    let feed = Feed::of(&world);
    let order = world.add(world.order("A-1"));
    let _ = import(&watched(&world, None)).await;
    world.sim.account(|account| account.cancel(order));
    quarter_of_an_hour(&world);
    let report = import(&watched_on(&world, without_room(&world), None)).await;
    assert!(!report.run.status.read_everything(), "{report}");
    quarter_of_an_hour(&world);
    let _ = import(&watched(&world, None)).await;
    assert_eq!(feed.told(), [(order, vec![OrderChangeKind::Cancelled])]);
}

#[tokio::test]
async fn crash_between_an_import_and_its_history_hides_no_change_and_makes_none_up() {
    let world = World::new().await;
    let feed = Feed::of(&world);
    let [moved, _still] = ["A-1", "A-2"].map(|number| world.add(world.order(number).status("on_hold")));
    let import = async |stores: Stores| {
        let watch = |settings: &mut Settings| {
            settings.orders.statuses = vec![OrderStatus::OnHold];
            settings.orders.watch_changes = true;
        };
        import(&world.channel_on(stores, watch)).await
    };
    let report = import(without_room(&world)).await;
    assert!(report.counts.imported() == 2 && !report.run.status.read_everything(), "{report}");
    quarter_of_an_hour(&world);
    world.sim.account(|account| account.edit(moved, |order| order.set("shipTo.street1", "1 Elsewhere Road")));
    let _ = import(world.store.stores()).await;
    assert_eq!(feed.told(), [(moved, vec![OrderChangeKind::Address])]);
}

#[tokio::test]
async fn secrets_an_order_whose_buyer_was_forgotten_has_not_moved_until_it_does() {
    let world = World::new().await;
    let feed = Feed::of(&world);
    let order = world.add(world.order("A-1"));
    let channel = watched(&world, None);
    let edited = async |member: &str| {
        quarter_of_an_hour(&world);
        world.sim.account(|account| account.edit(order, |order| order.set(member, "5")));
        let _ = import(&channel).await;
        feed.told()
    };
    let _ = import(&channel).await;
    assert!(
        world.store.forget_buyer(&world.connection, &order.to_string().into()).await.unwrap().is_complete()
    );
    assert_eq!(edited("internalNotes").await, []);
    assert_eq!(edited("shipTo.street2").await, [(order, vec![OrderChangeKind::Address])]);
}

#[tokio::test]
async fn faults_a_look_for_changes_that_is_refused_keeps_no_user_from_being_assigned() {
    let world = World::new().await;
    let user = world.sim.account(|account| account.add_user("Night Shift"));
    let channel = watched(&world, Some(&user));
    let _ = import(&channel).await;
    world.add(world.order("A-1"));
    quarter_of_an_hour(&world);
    // The window and the count of what lies outside are answered, the look for changes is not.
    let answer = FaultKind::Status { code: 400, body: r#"{"Message":"no such status"}"#.to_owned() };
    world.sim.fault(Fault::on(Method::GET, "/orders").after(2).always().with(answer));
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.users.of(FollowUpStatus::Done)), (1, 1), "{report}");
    let said = "changes of imported orders could not be looked for";
    let RunStatus::Partial { why } = &report.run.status else { panic!("{report}") };
    assert!(why.contains(said), "{report}");
}

#[tokio::test]
async fn faults_a_read_that_is_behind_is_no_change() {
    let world = World::new().await;
    let feed = Feed::of(&world);
    let order = world.add(world.order("A-1"));
    let channel = watched(&world, None);
    for _ in 0..2 {
        let _ = import(&channel).await;
        quarter_of_an_hour(&world);
    }
    // The simulator remembers what is read later: the first request after those of the next import.
    let requests = world.sim.journal().count("GET", "/orders") as u64 / 2;
    let behind = FaultKind::StaleRead(Duration::from_secs(120));
    world.sim.fault(Fault::on(Method::GET, "/orders").after(requests).times(1).with(behind));
    world.sim.account(|account| account.edit(order, |order| order.set("shipTo.city", "AUSTIN")));
    let _ = import(&channel).await;
    assert_eq!(feed.told(), [(order, vec![OrderChangeKind::Address])]);
    world.sim.clock().advance(Duration::from_secs(60));
    for _ in 0..3 {
        let _ = import(&channel).await;
    }
    assert_eq!(feed.told(), [], "neither the change back nor the change again");
}

#[tokio::test]
async fn faults_a_read_of_a_merged_order_as_it_was_tells_the_merge_no_second_time() {
    let world = World::new().await;
    let feed = Feed::of(&world);
    let [survivor, inside] = [world.add(world.order("A-1")), world.add(world.order("A-2"))];
    let channel = watched(&world, None);
    for _ in 0..2 {
        let _ = import(&channel).await;
        quarter_of_an_hour(&world);
    }
    let requests = world.sim.journal().count("GET", "/orders") as u64 / 2;
    let before_the_merge = FaultKind::StaleRead(Duration::from_secs(1_000));
    world.sim.fault(Fault::on(Method::GET, "/orders").after(requests).times(1).with(before_the_merge));
    world.sim.account(|account| assert!(account.merge_orders(survivor, &[inside])));
    let _ = import(&channel).await;
    let into = survivor.to_string().into();
    assert!(feed.told().contains(&(inside, vec![OrderChangeKind::Merged { into }])));
    quarter_of_an_hour(&world);
    let report = import(&channel).await;
    assert_eq!(report.counts.already_imported(), 2, "both were seen once more: {report}");
    let _ = import(&channel).await;
    assert_eq!(feed.told(), []);
}

#[tokio::test]
async fn faults_an_import_by_hand_beside_a_scan_tells_a_change_once() {
    /// Lets another run see to the order between the comparison and what is made of it.
    #[derive(Debug)]
    struct Beside(Mutex<Option<(ShipStationChannel, ImportOrder)>>);
    #[async_trait]
    impl StoreHook for Beside {
        async fn around(&self, call: StoreCall, next: NextCall<'_>) -> Result<StoreAnswer, StoreError> {
            let other = self.0.lock().unwrap().take_if(|_| call.method == "record_changes");
            if let Some((channel, import)) = other {
                let report = channel.import_order(import).await.unwrap();
                assert_eq!(report.counts.changed, 1, "{report}");
            }
            next.await
        }
    }
    let world = World::new().await;
    let feed = Feed::of(&world);
    let order = world.add(world.order("A-1"));
    let _ = import(&watched(&world, None)).await;
    world.sim.account(|account| account.cancel(order));
    quarter_of_an_hour(&world);
    let by_hand = ImportOrder::new(OrderSelector::Id(order.to_string().into()));
    let beside = Beside(Mutex::new(Some((watched(&world, None), by_hand))));
    let stores = instrumented(&world.store.stores(), &(Arc::new(beside) as Arc<dyn StoreHook>));
    let report = import(&watched_on(&world, stores, None)).await;
    assert_eq!((report.counts.changed, report.run.status), (0, RunStatus::Succeeded));
    assert_eq!(feed.told(), [(order, vec![OrderChangeKind::Cancelled])]);
}

#[tokio::test]
async fn faults_what_changed_before_the_first_import_of_the_window_is_told() {
    for by_hand in [true, false] {
        let world = World::new().await;
        let feed = Feed::of(&world);
        let order = world.add(world.order("A-1"));
        let channel = watched(&world, None);
        let report = if by_hand {
            let request = ImportOrder::new(OrderSelector::Id(order.to_string().into()));
            channel.import_order(request).await.unwrap()
        } else {
            let day = OrderRange::new(world.ago(DAY), world.now());
            channel.get_orders(GetOrders::back_fill(day)).await.unwrap()
        };
        assert_eq!(report.counts.imported(), 1, "{report}");
        world.sim.clock().advance(DAY);
        world.sim.account(|account| assert!(account.cancel(order)));
        world.sim.clock().advance(DAY);
        let _ = import(&channel).await;
        assert_eq!(feed.told(), [(order, vec![OrderChangeKind::Cancelled])]);
    }
}
