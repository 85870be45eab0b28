//! ShipStation at its worst while orders are read.

use shipstation_connector::{
    channel::RunStatus,
    client::TagId,
    testing::simulator::{Fault, FaultKind, Method, Quirks, RateLimit, SimulatorConfig},
};

use super::{import, imported};
use crate::support::{DAY, World};

#[tokio::test]
async fn faults_a_poison_row_is_stepped_over_and_reported() {
    let world = World::new().await;
    let orders: Vec<i64> = (0..40)
        .map(|n| world.add(world.order(&format!("A-{n}")).created(world.ago(DAY / 48 * (60 - n)))))
        .collect();
    world.sim.account(|account| account.poison(orders[17]));
    let channel = world.channel(|_| {});
    let report = import(&channel).await;
    assert_eq!(report.run.status, RunStatus::CompletedWithErrors, "{report}");
    assert_eq!((report.counts.imported, report.counts.failed_retryable), (39, 1), "{report}");
    assert_eq!(report.scans[0].unreadable, 1, "{report}");
    assert!(report.to_string().contains("fails on every page that holds this row"), "{report}");
    assert_eq!(report.run.warnings.len(), 1, "halving is said once: {report}");
    world.sim.account(|account| account.heal(orders[17]));
    let report = import(&channel).await;
    assert_eq!((report.counts.imported, report.run.status.clone()), (1, RunStatus::Succeeded), "{report}");
}

#[tokio::test]
async fn faults_a_429_in_the_middle_of_paging_costs_time_and_no_order() {
    let config = SimulatorConfig::default().rate_limit(RateLimit::PerMinute(4));
    let world = World::with(config).await;
    for number in 0..20 {
        world.add(world.order(&format!("A-{number}")).created(world.ago(DAY / 48 * (25 - number))));
    }
    world.sim.fault(Fault::on(Method::GET, "/orders").after(2).with(FaultKind::Throttle { reset: Some(40) }));
    let report = import(&world.channel(|settings| settings.orders.page_size = 3)).await;
    assert_eq!((report.run.status.clone(), report.counts.imported), (RunStatus::Succeeded, 20), "{report}");
    assert!(!report.run.api.waited.is_zero(), "{report}");
}

#[tokio::test]
async fn faults_orders_that_leave_the_status_while_paging_hide_no_others() {
    let world = World::new().await;
    let orders: Vec<i64> = (0..12)
        .map(|n| world.add(world.order(&format!("A-{n}")).created(world.ago(DAY / 48 * (20 - n)))))
        .collect();
    // Two orders of the first page are shipped before the second page is asked for.
    let leaving = [orders[0], orders[1]];
    world.sim.before(Method::GET, "/orders", 2, move |account| {
        for order in leaving {
            account.set_status(order, "shipped");
        }
    });
    let report = import(&world.channel(|settings| settings.orders.page_size = 4)).await;
    assert_eq!((report.run.status.clone(), report.counts.imported), (RunStatus::Succeeded, 12), "{report}");
}

#[tokio::test]
async fn faults_orders_that_lose_the_tag_while_paging_are_met_again() {
    let world = World::new().await;
    let tag = world.sim.account(|account| account.add_tag("Dropship"));
    let orders: Vec<i64> = (0..8)
        .map(|n| world.add(world.order(&format!("A-{n}")).tag(tag).created(world.ago(DAY / 48 * (20 - n)))))
        .collect();
    for number in 0..8 {
        world.add(world.order(&format!("B-{number}")));
    }
    // Newest first: the second page moves up by one.
    let newest = orders[7];
    world.sim.before(Method::GET, "/orders/listbytag", 3, move |account| {
        account.edit(newest, |order| order.tag_ids.clear());
    });
    let channel = world.channel(|settings| {
        settings.orders.tag = Some(TagId::new(tag));
        settings.orders.page_size = 4;
    });
    let _ = import(&channel).await;
    let _ = import(&channel).await;
    assert_eq!(imported(&world), 8, "the next run reads everything again");
}

#[tokio::test]
async fn faults_null_rows_zero_pages_and_strange_values_lose_nothing() {
    let quirks = Quirks::default()
        .null_rows(true)
        .pages_zero(true)
        .drift(true)
        .absurd_rate_headers(true)
        .modify_after_creation(true)
        .bounds_exclusive(true);
    let config = SimulatorConfig::default().rate_limit(RateLimit::Unlimited).quirks(quirks);
    let world = World::with(config).await;
    for number in 0..9 {
        world.add(world.order(&format!("A-{number}")));
    }
    let report = import(&world.channel(|settings| settings.orders.page_size = 4)).await;
    assert_eq!((report.run.status.clone(), report.counts.imported), (RunStatus::Succeeded, 9), "{report}");
    assert_eq!(import(&world.channel(|_| {})).await.counts.imported, 0);
}

#[tokio::test]
async fn faults_two_stores_may_use_the_same_number() {
    let world = World::new().await;
    let (one, two) = world
        .sim
        .account(|account| (account.add_store("One", "Shopify"), account.add_store("Two", "Amazon")));
    world.add(world.order("1001").store(one));
    world.add(world.order("1001").store(two));
    let report = import(&world.channel(|_| {})).await;
    assert_eq!(report.counts.imported, 2, "{report}");
}

#[tokio::test]
async fn faults_a_mapped_text_decides_and_discounts_are_no_goods() {
    use shipstation_connector::testing::simulator::SimLine;
    let world = World::new().await;
    world.add(world.order("A-1").line(SimLine::adjustment("COUPON-10", "-5.00")));
    let report = import(&world.channel(|_| {})).await;
    assert_eq!((report.counts.imported, report.counts.held), (1, 0), "{report}");
    let stored = &world.store.orders(&world.connection)[0];
    assert_eq!(stored.record.lines.len(), 2, "the discount is no shippable line");
    assert_eq!(stored.order.lines.len(), 3);
}

#[tokio::test]
async fn faults_one_status_that_shipstation_refuses_is_named() {
    let world = World::new().await;
    world.add(world.order("A-1"));
    let channel = world.channel(|settings| {
        settings.orders.statuses.push(shipstation_connector::client::OrderStatus::Unknown("parked".into()));
    });
    let report = import(&channel).await;
    assert!(matches!(report.run.status, RunStatus::Partial { .. }), "{report}");
    assert_eq!(report.counts.imported, 1, "{report}");
}
