//! A quick look between two imports brings what changed, for one request, and nothing relies on it.

use std::time::Duration;

use shipstation_connector::{
    ShipStationChannel,
    channel::{
        ChannelConnector, GetOrders, ImportReport, Operation, RunControl, RunStatus,
        report::{FollowUpStatus, ImportOutcomeKind, ScanStrategy},
        store::{OrderChangeKind, RunKind, RunStore},
    },
    client::UserId,
    testing::simulator::{Fault, FaultKind, ListFlaw, Method},
};

use super::{import, imported};
use crate::support::{DAY, World};

const MINUTE: Duration = Duration::from_secs(60);

fn channel(world: &World) -> ShipStationChannel {
    world.channel_on(world.store.stores(), |_| {})
}

async fn look(channel: &ShipStationChannel) -> ImportReport {
    let report = channel.get_orders(GetOrders::changes_only()).await.unwrap();
    assert!(report.counts.add_up(), "{report}");
    report
}

fn kinds(world: &World) -> Vec<OrderChangeKind> {
    world.store.order_changes(&world.connection).into_iter().flat_map(|change| change.what).collect()
}

#[tokio::test]
async fn requests_a_look_where_nothing_changed_takes_one() {
    let world = World::new().await;
    let channel = channel(&world);
    world.add(world.order("A-1"));
    let _ = import(&channel).await;
    for _ in 0..3 {
        world.sim.clock().advance(MINUTE * 10);
        world.sim.clear_journal();
        let report = look(&channel).await;
        assert_eq!(
            (report.run.api.requests, report.run.status.clone()),
            (1, RunStatus::Succeeded),
            "{report}"
        );
        assert_eq!(world.sim.journal().len(), 1);
    }
}

#[tokio::test]
async fn requests_new_orders_and_changes_come_with_one_and_their_assignment() {
    let world = World::new().await;
    let user = world.sim.account(|account| account.add_user("Night Shift"));
    let channel = world
        .channel_on(world.store.stores(), |settings| settings.orders.assign_user = Some(UserId::new(&user)));
    let [cancelled, held] = ["A-1", "A-2"].map(|number| world.add(world.order(number)));
    let _ = import(&channel).await;
    let _ = look(&channel).await;
    world.sim.clock().advance(MINUTE * 10);
    world.sim.account(|account| assert!(account.cancel(cancelled) && account.hold(held)));
    let new = world.add(world.order("A-3").created(world.now()));
    world.sim.clear_journal();
    let report = look(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.changed), (1, 2), "{report}");
    assert_eq!(report.counts.users.of(FollowUpStatus::Done), 1, "{report}");
    assert_eq!((report.run.api.requests, report.watch_requests), (2, 0), "{report}");
    assert!(
        kinds(&world).contains(&OrderChangeKind::Cancelled)
            && kinds(&world).contains(&OrderChangeKind::OnHold)
    );
    let scan = &report.scans[0];
    assert_eq!((&scan.strategy, scan.complete), (&ScanStrategy::Changes, true), "{new}");
    world.sim.clock().advance(MINUTE * 10);
    let again = look(&channel).await;
    assert_eq!((again.counts.imported(), again.counts.changed), (0, 0), "once: {again}");
}

#[tokio::test]
async fn faults_a_look_admits_what_the_settings_admit_and_nothing_else() {
    let world = World::new().await;
    let channel = channel(&world);
    let _ = look(&channel).await;
    world.sim.clock().advance(MINUTE);
    world.add(world.order("on hold").status("on_hold").created(world.now()));
    let old = world.add(world.order("too old").created(world.ago(DAY * 9)));
    world.sim.account(|account| account.edit(old, |order| order.set("internalNotes", "seen to")));
    let report = look(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.of(ImportOutcomeKind::Skipped)), (0, 2), "{report}");
}

#[tokio::test]
async fn faults_a_look_is_no_import_of_the_window() {
    let world = World::new().await;
    let channel = channel(&world);
    let _ = import(&channel).await;
    let last = world.store.last_success(&world.connection, Operation::GetOrders).await.unwrap().unwrap();
    world.sim.clock().advance(DAY * 3);
    for _ in 0..3 {
        world.sim.clock().advance(MINUTE);
        let _ = look(&channel).await;
    }
    let still = world.store.last_success(&world.connection, Operation::GetOrders).await.unwrap().unwrap();
    assert_eq!(still.run, last.run);
    let looks = world.store.recent(&world.connection, Operation::GetChanges, 9).await.unwrap();
    assert!(
        looks
            .iter()
            .all(|look| look.kind == RunKind::QuickLook && !look.covers_window && look.did_its_work())
    );
    let report = import(&channel).await;
    let extended_by = report.window.as_ref().unwrap().extended_by;
    assert!(extended_by >= DAY * 3, "the outage of the window counts from the last import: {report}");
}

#[tokio::test]
async fn faults_what_a_look_did_not_see_comes_with_the_window_and_is_counted() {
    let world = World::new().await;
    let channel = channel(&world);
    let _ = look(&channel).await;
    world.sim.clock().advance(MINUTE * 10);
    let order = world.add(world.order("A-1").created(world.now()));
    // ShipStation answers as if there were none.
    let none =
        FaultKind::Status { code: 200, body: r#"{"orders":[],"total":0,"page":1,"pages":0}"#.to_owned() };
    world.sim.fault(Fault::on(Method::GET, "/orders").always().with(none));
    for _ in 0..2 {
        world.sim.clock().advance(MINUTE * 10);
        assert_eq!(look(&channel).await.counts.imported(), 0);
    }
    world.sim.clear_faults();
    let fresh = world.add(world.order("A-2").created(world.now()));
    let report = import(&channel).await;
    assert_eq!(
        (report.counts.imported(), report.counts.missed_by_changes),
        (2, 1),
        "{order}, not {fresh}: {report}"
    );
    assert!(report.to_string().contains("1 that the quick looks before had missed"), "{report}");
    let report = import(&channel).await;
    assert_eq!(report.counts.missed_by_changes, 0, "{report}");
}

#[tokio::test]
async fn faults_a_look_that_was_cut_short_is_made_again_from_where_it_began() {
    let world = World::new().await;
    let channel = channel(&world);
    let _ = look(&channel).await;
    world.sim.clock().advance(MINUTE * 10);
    world.add(world.order("A-1").created(world.now()));
    world.sim.clock().advance(MINUTE * 10);
    for fault in [FaultKind::ServerError, FaultKind::List(ListFlaw::NoRows)] {
        world.sim.fault(Fault::on(Method::GET, "/orders").always().with(fault));
        let ended = channel.get_orders(GetOrders::changes_only()).await;
        assert!(ended.as_ref().map_or(true, |report| !report.run.status.read_everything()), "{ended:?}");
        world.sim.clear_faults();
        world.sim.clock().advance(MINUTE * 10);
    }
    assert_eq!(look(&channel).await.counts.imported(), 1);
}

#[tokio::test]
async fn faults_a_look_beside_an_import_brings_each_order_once() {
    let world = World::new().await;
    for number in 0..20 {
        world.add(world.order(&format!("A-{number}")));
    }
    let _ = look(&channel(&world)).await;
    let (window, quick) = (channel(&world), channel(&world));
    let (import, look) =
        futures_util::join!(window.get_orders(GetOrders::new()), quick.get_orders(GetOrders::changes_only()));
    let both = import.unwrap().counts.imported() + look.unwrap().counts.imported();
    assert!(both <= 20 && imported(&world) == 20, "{both}");
}

#[tokio::test]
async fn requests_a_dry_look_changes_nothing_and_is_no_look() {
    let world = World::new().await;
    let channel = channel(&world);
    let _ = look(&channel).await;
    world.sim.clock().advance(MINUTE * 10);
    world.add(world.order("A-1").created(world.now()));
    let dry = GetOrders::changes_only().control(RunControl::new().dry_run());
    let report = channel.get_orders(dry).await.unwrap();
    assert_eq!((report.counts.imported(), imported(&world)), (1, 0), "{report}");
    world.sim.clock().advance(MINUTE * 10);
    assert_eq!(look(&channel).await.counts.imported(), 1);
}

#[tokio::test]
async fn faults_a_changed_address_is_told_of_orders_that_the_window_or_a_back_fill_brought() {
    let world = World::new().await;
    let channel = channel(&world);
    let order = world.add(world.order("A-1"));
    let _ = import(&channel).await;
    world.sim.clock().advance(MINUTE * 10);
    world.sim.account(|account| account.edit(order, |order| order.set("shipTo.city", "ELSEWHERE")));
    let report = look(&channel).await;
    assert_eq!(kinds(&world), [OrderChangeKind::Address], "{report}");
}

#[tokio::test]
async fn faults_what_may_be_on_its_way_in_another_run_is_left_to_it() {
    let world = World::new().await;
    let user = world.sim.account(|account| account.add_user("Night Shift"));
    let channel = world
        .channel_on(world.store.stores(), |settings| settings.orders.assign_user = Some(UserId::new(&user)));
    let order = world.add(world.order("A-1"));
    let fault = || Fault::on(Method::POST, "/orders/assignuser").always().with(FaultKind::ErrorAfterEffect);
    world.sim.fault(fault());
    let _ = import(&channel).await;
    world.sim.clear_faults();
    world.sim.account(|account| {
        account.edit(order, |order| order.set("userId", "0c1d2e3f-0000-4000-8000-000000000042"))
    });
    world.sim.clear_journal();
    for _ in 0..3 {
        world.sim.clock().advance(MINUTE * 30);
        let _ = look(&channel).await;
    }
    assert_eq!(world.sim.journal().count("POST", "/orders/assignuser"), 0);
}

#[tokio::test]
async fn faults_looks_that_never_came_to_their_end_are_made_again_from_the_first() {
    let world = World::new().await;
    let channel = channel(&world);
    let order = world.add(world.order("A-1"));
    let _ = import(&channel).await;
    world.sim.fault(Fault::on(Method::GET, "/orders").always().with(FaultKind::List(ListFlaw::NoRows)));
    world.sim.clock().advance(MINUTE);
    world.sim.account(|account| account.cancel(order));
    for _ in 0..5 {
        let _ = channel.get_orders(GetOrders::changes_only()).await;
        world.sim.clock().advance(MINUTE * 20);
    }
    world.sim.clear_faults();
    let _ = import(&channel).await;
    let report = look(&channel).await;
    assert_eq!(kinds(&world), [OrderChangeKind::Cancelled], "the import watches no changes: {report}");
}

#[tokio::test]
async fn faults_the_first_look_goes_back_to_the_import_before_it_also_once_it_has_died() {
    for dies in [false, true] {
        let world = World::new().await;
        let channel = channel(&world);
        let order = world.add(world.order("A-1"));
        let _ = import(&channel).await;
        world.sim.clock().advance(MINUTE * 20);
        world.sim.account(|account| account.cancel(order));
        world.sim.clock().advance(MINUTE * 40);
        if dies {
            let dead = world.channel_on(world.store.stores(), |_| {});
            world.sim.fault(Fault::any().with(FaultKind::Hang));
            drop(futures_util::poll!(Box::pin(dead.get_orders(GetOrders::changes_only()))));
            world.sim.clear_faults();
            world.sim.clock().advance(MINUTE * 20);
            let _ = import(&channel).await;
        }
        let report = look(&channel).await;
        assert_eq!(kinds(&world), [OrderChangeKind::Cancelled], "it has died: {dies}: {report}");
    }
}

#[tokio::test]
async fn clock_looks_lose_nothing_in_the_nights_when_the_clocks_change() {
    for night in ["2026-11-01T07:30:00Z", "2026-03-08T08:30:00Z"] {
        let world = World::new().await;
        world.sim.clock().set(night.parse().unwrap());
        let channel = channel(&world);
        let _ = look(&channel).await;
        let mut count = 0;
        for number in 0..40 {
            world.sim.clock().advance(MINUTE * 5);
            world.add(world.order(&format!("A-{number}")).created(world.now()));
            world.sim.clock().advance(MINUTE);
            count += look(&channel).await.counts.imported();
        }
        assert_eq!((count, imported(&world)), (40, 40), "{night}");
    }
}

#[tokio::test]
async fn faults_an_order_that_a_look_could_not_read_is_no_younger_for_that() {
    let world = World::new().await;
    let channel = channel(&world);
    let _ = (import(&channel).await, look(&channel).await);
    let (old, new) =
        (world.add(world.order("old").created(world.ago(DAY * 200))), world.add(world.order("new")));
    world.sim.account(|account| {
        for order in [old, new] {
            account.edit(order, |order| order.set("internalNotes", "seen to"));
            account.overwrite(order, "items", r#""none""#);
        }
    });
    let report = look(&channel).await;
    assert_eq!(
        (report.counts.failed(), report.run.status.clone()),
        (2, RunStatus::CompletedWithErrors),
        "{report}"
    );
    world.sim.account(|account| [old, new].map(|order| account.heal(order)));
    world.sim.clock().advance(MINUTE * 60);
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), imported(&world)), (1, 1), "{report}");
    assert!(world.store.order(&world.connection, &new.to_string()).is_some(), "the one of the window");
}
