//! A deliberate back-fill imports the orders of a stretch of time, and moves nothing that later imports rely on.

use std::time::Duration;

use shipstation_connector::{
    ShipStationChannel, Timestamp,
    channel::{
        AgeBasis, ChannelConnector, GetOrders, ImportReport, Operation, OrderRange, Refusal, RunControl,
        RunStatus, report::SkipKind, store::RunStore,
    },
    client::OrderStatus,
    testing::simulator::{Fault, FaultKind, ListFlaw, Method, RateLimit, SimulatorConfig},
};

use super::{import, imported};
use crate::support::{DAY, World};

const HOUR: Duration = Duration::from_secs(3600);
/// How often a client with the usual policy asks before it takes the failure for the page's.
const ATTEMPTS: u64 = 4;

/// One order a day, from 100 days ago on.
fn fill(world: &World) {
    for day in 0..100_u32 {
        world.add(world.order(&format!("D-{day}")).created(world.ago(DAY * (100 - day))));
    }
}

fn range(world: &World, days: (u32, u32)) -> OrderRange {
    OrderRange::new(world.ago(DAY * days.0 + HOUR), world.ago(DAY * days.1 + HOUR))
}

async fn back_fill(channel: &ShipStationChannel, range: OrderRange) -> ImportReport {
    let report = channel.get_orders(GetOrders::back_fill(range)).await.unwrap();
    assert!(report.counts.add_up(), "{report}");
    report
}

#[tokio::test]
async fn faults_exactly_the_orders_of_the_range_come() {
    let world = World::new().await;
    fill(&world);
    let channel = world.channel(|_| {});
    let range = range(&world, (60, 30));
    let dry = GetOrders::back_fill(range).control(RunControl::new().dry_run());
    let preview = channel.get_orders(dry).await.unwrap();
    assert_eq!((preview.counts.imported(), imported(&world)), (30, 0), "{preview}");
    let report = back_fill(&channel, range).await;
    assert_eq!((report.counts.imported(), imported(&world)), (30, 30), "{report}");
    assert_eq!((report.run.status.clone(), report.resume_from), (RunStatus::Succeeded, None), "{report}");
    let again = back_fill(&channel, range).await;
    assert_eq!((again.counts.imported(), again.counts.already_imported()), (0, 30), "{again}");
    let last = world.store.last_success(&world.connection, Operation::GetOrders).await.unwrap();
    assert!(last.is_none(), "a back-fill is no import of the window");
}

#[tokio::test]
async fn faults_the_ends_belong_to_it_as_they_say() {
    let world = World::new().await;
    let (from, to) = (world.ago(DAY * 20), world.ago(DAY * 10));
    let second = Duration::from_secs(1);
    for (number, created) in
        [("before", from - second), ("first", from), ("last", to - second), ("after", to)]
    {
        world.add(world.order(number).created(created));
    }
    let report = back_fill(&world.channel(|_| {}), OrderRange::new(from, to)).await;
    let names: Vec<&str> =
        report.items.iter().filter(|i| i.outcome.is_imported()).map(|i| i.number.as_str()).collect();
    assert_eq!(names, ["first", "last"], "{report}");
    assert_eq!(report.counts.skipped.of(SkipKind::OutsideRange), 2, "{report}");
}

#[tokio::test]
async fn faults_each_of_the_four_dates_can_decide() {
    let world = World::new().await;
    let at = |days: u32| world.ago(DAY * days);
    let order = world.add(world.order("A-1").created(at(50)).ordered(at(40)).paid(at(30)));
    let channel = world.channel(|_| {});
    let days = |from: u32, to: u32| OrderRange::new(at(from), at(to));
    for (basis, around) in [(AgeBasis::Created, 50), (AgeBasis::Ordered, 40), (AgeBasis::Paid, 30)] {
        for (range, comes) in [(days(around + 1, around - 1), 1), (days(around - 1, around - 3), 0)] {
            let dry = GetOrders::back_fill(range.by(basis)).control(RunControl::new().dry_run());
            let report = channel.get_orders(dry).await.unwrap();
            assert_eq!(report.counts.imported(), comes, "{order} by {basis}: {report}");
        }
    }
    let just_now = OrderRange::new(world.ago(DAY * 365), world.now() + HOUR).by(AgeBasis::Modified);
    assert_eq!(back_fill(&channel, just_now).await.counts.imported(), 1);
}

#[tokio::test]
async fn faults_one_that_ends_early_says_where_to_go_on() {
    let world = World::new().await;
    fill(&world);
    for day in 0..50_u32 {
        let order = world.order(&format!("H-{day}")).status("on_hold");
        world.add(order.created(world.ago(DAY * (100 - 2 * day)) + HOUR));
    }
    let channel = world.channel(|settings| {
        settings.orders.statuses = vec![OrderStatus::AwaitingShipment, OrderStatus::OnHold];
        settings.orders.page_size = 10;
    });
    let whole = range(&world, (101, 1));
    let (mut from, mut runs, mut came) = (whole.from, 0, 0);
    loop {
        world.sim.fault(Fault::on(Method::GET, "/orders").after(4).always().with(FaultKind::ServerError));
        let report = back_fill(&channel, OrderRange::new(from, whole.to)).await;
        world.sim.clear_faults();
        (runs, came) = (runs + 1, came + report.counts.imported());
        let Some(resume_from) = report.resume_from else { break };
        assert!(!report.run.status.read_everything() && resume_from > from, "{report}");
        assert!(report.to_string().contains("go on"), "{report}");
        from = resume_from;
        assert!(runs < 30, "it comes to an end");
    }
    assert_eq!((came, imported(&world)), (149, 149), "all but the one of today, in {runs} runs");
    assert!(runs > 2, "{runs}");
}

#[tokio::test]
async fn faults_a_list_that_lacks_orders_is_read_again_from_its_beginning() {
    let world = World::new().await;
    fill(&world);
    let channel = world.channel(|settings| settings.orders.page_size = 10);
    let whole = range(&world, (101, 1));
    let lacking = FaultKind::List(ListFlaw::Missing(3));
    world.sim.fault(Fault::on(Method::GET, "/orders").after(1).times(1).with(lacking.clone()));
    world.sim.fault(Fault::on(Method::GET, "/orders").after(8).always().with(lacking));
    let report = back_fill(&channel, whole).await;
    assert!(!report.run.status.read_everything(), "{report}");
    assert_eq!(report.resume_from, Some(whole.from), "{report}");
    world.sim.clear_faults();
    let report = back_fill(&channel, whole).await;
    assert_eq!((report.resume_from, imported(&world)), (None, 99), "{report}");
}

#[tokio::test]
async fn faults_an_order_that_leaves_while_another_comes_hides_none_by_any_date() {
    for basis in [AgeBasis::Created, AgeBasis::Ordered, AgeBasis::Paid, AgeBasis::Modified] {
        let world = World::new().await;
        let (mut first, mut late) = (None, None);
        for day in 0..35_u32 {
            let order = world.order(&format!("D-{day}"));
            // The last one comes when the list is being read; until then it is on hold.
            let order = if day == 34 { order.status("on_hold") } else { order };
            let at = world.ago(DAY * (40 - day));
            let id = world.add(order.created(at).ordered(at).paid(at).modified(at));
            first.get_or_insert(id);
            late = Some(id);
        }
        let (first, late) = (first.unwrap(), late.unwrap());
        world.sim.before(Method::GET, "/orders", 2, move |account| {
            for (id, status) in [(first, "cancelled"), (late, "awaiting_shipment")] {
                let modified = account.order_mut(id).unwrap().get("modifyDate").clone();
                assert!(account.set_status(id, status));
                // Only the status changes, as where a list by modification is read in the same second.
                account.order_mut(id).unwrap().set("modifyDate", modified);
            }
        });
        let channel = world.channel(|settings| settings.orders.page_size = 10);
        let whole = OrderRange::new(world.ago(DAY * 50), world.ago(DAY)).by(basis);
        let report = back_fill(&channel, whole).await;
        assert_eq!((report.counts.imported(), report.resume_from), (35, None), "{basis}: {report}");
    }
}

#[tokio::test]
async fn faults_an_order_that_leaves_hides_none_of_the_same_second_where_pages_are_halved() {
    let world = World::new().await;
    // The first page ends with two of the second that the next request begins with.
    let add = |n: u32| {
        world.add(world.order(&format!("S-{n}")).created(world.ago(DAY * if n < 8 { 12 } else { 10 })))
    };
    let orders: Vec<i64> = (0..18).map(add).collect();
    let (first, late) = (orders[8], orders[17]);
    world.sim.account(|account| assert!(account.set_status(late, "on_hold")));
    let channel = world.channel(|settings| settings.orders.page_size = 10);
    world.sim.fault(Fault::on(Method::GET, "/orders").after(1).times(ATTEMPTS).with(FaultKind::ServerError));
    // Between the two halves of the second page.
    world.sim.before(Method::GET, "/orders", ATTEMPTS + 3, move |account| {
        assert!(account.set_status(first, "cancelled") && account.set_status(late, "awaiting_shipment"));
    });
    let report = back_fill(&channel, range(&world, (20, 1))).await;
    assert_eq!((report.counts.imported(), report.resume_from), (18, None), "{report}");
}

#[tokio::test]
async fn faults_a_row_that_nobody_can_name_is_read_again_by_whoever_goes_on() {
    for in_a_list_that_has_ended in [false, true] {
        let world = World::new().await;
        fill(&world);
        let on_hold = world.order("H-1").status("on_hold").created(world.ago(DAY * 95));
        let (on_hold, early) =
            (world.add(on_hold), world.add(world.order("A-1").created(world.ago(DAY * 98))));
        let channel = world.channel(|settings| {
            settings.orders.statuses = vec![OrderStatus::OnHold, OrderStatus::AwaitingShipment];
            settings.orders.page_size = 10;
            settings.orders.max_orders = Some(25);
        });
        let hidden = if in_a_list_that_has_ended { on_hold } else { early };
        let null = FaultKind::List(ListFlaw::NullRow(hidden));
        world.sim.fault(Fault::on(Method::GET, "/orders").times(2).with(null));
        let whole = range(&world, (101, 1));
        let report = back_fill(&channel, whole).await;
        assert_eq!(report.resume_from, Some(whole.from), "{report}");
        let mut from = report.resume_from;
        while let Some(resume_from) = from {
            from = back_fill(&channel, OrderRange::new(resume_from, whole.to)).await.resume_from;
        }
        assert!(world.store.order(&world.connection, &hidden.to_string()).is_some());
        assert_eq!(imported(&world), 101);
    }
}

#[tokio::test]
async fn faults_an_order_shipped_elsewhere_that_could_not_be_recorded_is_read_again() {
    let world = World::new().await;
    let order = world.add(world.order("A-1").created(world.ago(DAY * 20)));
    let channel = world.channel_on(world.store.stores(), |settings| {
        settings.orders.statuses = vec![OrderStatus::AwaitingShipment, OrderStatus::Shipped];
        settings.orders.watch_changes = true;
    });
    let whole = range(&world, (101, 1));
    assert_eq!(back_fill(&channel, whole).await.counts.imported(), 1);
    world.sim.clock().advance(HOUR);
    world.sim.account(|account| assert!(account.ship_by_hand(order, "94001", "USPS")));
    world.sim.fault(Fault::on(Method::GET, "/fulfillments").always().with(FaultKind::ServerError));
    let report = back_fill(&channel, whole).await;
    assert!(!report.run.status.read_everything(), "{report}");
    assert_eq!((report.counts.changed, report.resume_from), (0, Some(whole.from)), "{report}");
    world.sim.clear_faults();
    let report = back_fill(&channel, whole).await;
    assert_eq!((report.counts.changed, report.resume_from), (1, None), "{report}");
}

#[tokio::test]
async fn faults_a_limit_and_a_deadline_leave_the_rest_to_the_next_one() {
    let world = World::new().await;
    fill(&world);
    let channel = world.channel(|settings| {
        settings.orders.max_orders = Some(7);
        settings.orders.page_size = 5;
    });
    let whole = range(&world, (101, 1));
    let (mut from, mut came) = (whole.from, Vec::new());
    loop {
        let report = back_fill(&channel, OrderRange::new(from, whole.to)).await;
        came.push(report.counts.imported());
        match report.resume_from {
            Some(resume_from) => from = resume_from,
            None => break,
        }
        assert!(came.len() < 40, "{came:?}");
    }
    assert_eq!((came.iter().sum::<u64>(), imported(&world)), (99, 99), "{came:?}");
}

#[tokio::test]
async fn faults_neither_floor_nor_loop_guard_nor_deduplication_gives_way() {
    let world = World::new().await;
    fill(&world);
    let floor: Timestamp = world.ago(DAY * 50 + HOUR);
    let channel = world.channel(|settings| settings.orders.not_before = Some(floor));
    let _ = import(&channel).await;
    let before = imported(&world);
    let report = back_fill(&channel, range(&world, (101, 1))).await;
    assert_eq!(report.counts.skipped.of(SkipKind::BeforeFloor), 50, "{report}");
    assert_eq!(report.counts.imported(), (imported(&world) - before) as u64, "{report}");
    assert_eq!(imported(&world), 49 + 1, "those since the floor, today's from the window among them");
}

#[tokio::test]
async fn requests_a_range_without_time_is_refused_before_any() {
    let world = World::new().await;
    let channel = world.channel(|_| {});
    for to in [world.ago(DAY), world.ago(DAY * 2)] {
        let refused = channel.get_orders(GetOrders::back_fill(OrderRange::new(world.ago(DAY), to))).await;
        assert!(matches!(refused.unwrap_err().refusal, Refusal::Config { .. }));
    }
    assert!(world.sim.journal().is_empty());
    let runs = world.store.recent(&world.connection, Operation::BackFill, 9).await.unwrap();
    assert!(runs.is_empty());
}

#[tokio::test]
async fn requests_it_takes_its_turn_behind_everything_else() {
    let world = World::with(SimulatorConfig::default().rate_limit(RateLimit::PerMinute(40))).await;
    fill(&world);
    let channel = world.channel(|settings| settings.orders.page_size = 2);
    let report = back_fill(&channel, range(&world, (101, 1))).await;
    assert_eq!((report.counts.imported(), report.run.api.throttled), (99, 0), "{report}");
}
