//! The window: the worked example of the specification, and what stretches it.

use std::time::Duration;

use shipstation_connector::{
    Settings, ShipStationChannel, Timestamp,
    channel::{Bypass, ChannelConnector, ImportOrder, ImportReport, OrderSelector, RunStatus},
    testing::simulator::{Fault, FaultKind},
};

use super::{import, imported};
use crate::support::{DAY, World};

/// Day `day` of the worked example, at noon.
fn noon(day: u32) -> Timestamp {
    Timestamp::from_unix_seconds(1_772_280_000) + DAY * day
}

/// A run on day 100 after a last good run on day `last`.
async fn run_on_day_100(last: u32, change: fn(&mut Settings)) -> ImportReport {
    let world = World::new().await;
    world.sim.clock().set(noon(last));
    assert_eq!(import(&world.channel(change)).await.run.status, RunStatus::Succeeded);
    world.sim.clock().set(noon(100));
    import(&world.channel(change)).await
}

#[tokio::test]
async fn clock_the_worked_example_holds() {
    let from = |report: &ImportReport| report.window.as_ref().unwrap().from;
    let ordinary = run_on_day_100(99, |_| {}).await;
    assert_eq!(
        (from(&ordinary), ordinary.window.as_ref().unwrap().extended_by),
        (Some(noon(93)), Duration::ZERO)
    );

    let outage = run_on_day_100(90, |_| {}).await;
    assert_eq!((from(&outage), outage.window.as_ref().unwrap().extended_by), (Some(noon(83)), DAY * 10));
    assert!(outage.to_string().contains("extended by 240 h after an outage"), "{outage}");

    for last in [99, 90] {
        let floored = run_on_day_100(last, |settings| settings.orders.not_before = Some(noon(95))).await;
        assert_eq!(from(&floored), Some(noon(95)));
    }

    let long = run_on_day_100(40, |_| {}).await;
    assert_eq!((from(&long), long.window.as_ref().unwrap().extended_by), (Some(noon(63)), DAY * 30));
    let text = long.to_string();
    let (first, last) = (noon(33).to_string(), noon(63).to_string());
    assert!(text.contains(&format!("created from {first} to {last} may have been missed")), "{text}");
}

#[tokio::test]
async fn clock_an_outage_of_ten_days_loses_nothing() {
    let world = World::new().await;
    let channel = world.channel(|_| {});
    assert_eq!(import(&channel).await.run.status, RunStatus::Succeeded);
    // Created while the host was down, and released while it was down: eligible at some moment of the outage.
    world.sim.clock().advance(DAY * 10);
    world.add(world.order("A-1").created(world.ago(DAY * 9)));
    // Created before the outage on hold, released during it.
    world.add(world.order("A-2").created(world.ago(DAY * 16)));
    let off = world.channel(|settings| settings.orders.catch_up_days = 0);
    let dry = shipstation_connector::channel::RunControl::new().dry_run();
    assert_eq!(super::import_with(&off, dry).await.counts.imported(), 0, "the literal rule of the setting");
    let report = import(&channel).await;
    assert_eq!(report.counts.imported(), 2, "{report}");
    assert_eq!(report.counts.outside_window(), Some(0), "{report}");
    let next = import(&channel).await;
    assert_eq!(next.window.as_ref().unwrap().extended_by, Duration::ZERO, "{next}");
}

#[tokio::test]
async fn clock_an_import_by_hand_during_an_outage_does_not_end_it() {
    let world = World::new().await;
    let channel = world.channel(|_| {});
    let _ = import(&channel).await;
    world.sim.clock().advance(DAY * 10);
    world.add(world.order("A-1").created(world.ago(DAY * 9)));
    let urgent = world.add(world.order("A-2").created(world.ago(DAY * 9)));
    let which = OrderSelector::Id(urgent.to_string().into());
    let report = channel.import_order(ImportOrder::new(which).bypass(Bypass::ALL)).await.unwrap();
    assert_eq!(report.counts.imported(), 1, "{report}");
    let absent = OrderSelector::Number("none".into());
    assert!(channel.import_order(ImportOrder::new(absent).bypass(Bypass::ALL)).await.is_err());
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.already_imported()), (1, 1), "{report}");
}

/// An import that ShipStation does not let end.
async fn failing(world: &World, channel: &ShipStationChannel) {
    world.sim.fault(Fault::any().always().with(FaultKind::Html { status: 502 }));
    let result = channel.get_orders(shipstation_connector::channel::GetOrders::new()).await;
    assert!(result.is_err());
    world.sim.clear_faults();
}

#[tokio::test]
async fn clock_runs_that_never_ended_well_let_nothing_get_too_old() {
    let world = World::new().await;
    let channel = world.channel(|_| {});
    world.add(world.order("A-1").created(world.ago(DAY * 6)));
    failing(&world, &channel).await;
    world.sim.clock().advance(DAY * 5);
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), imported(&world)), (1, 1), "{report}");
}

#[tokio::test]
async fn clock_rare_runs_are_warned_of() {
    let report = run_on_day_100(96, |_| {}).await;
    assert!(report.to_string().contains("run imports more often"), "{report}");
    let report = run_on_day_100(99, |_| {}).await;
    assert!(report.run.warnings.is_empty(), "{report}");
}

#[tokio::test]
async fn requests_a_probe_that_fails_does_not_spoil_the_run() {
    let world = World::new().await;
    world.add(world.order("A-1"));
    let old = world.add(world.order("A-0").created(world.ago(DAY * 20)));
    world.sim.account(|account| account.poison(old));
    let report = import(&world.channel(|_| {})).await;
    assert_eq!((report.run.status.clone(), report.counts.imported()), (RunStatus::Succeeded, 1), "{report}");
    assert_eq!(report.scans[0].outside_window, None, "{report}");
    assert!(report.to_string().contains("could not be counted"), "{report}");
}

#[tokio::test]
async fn clock_runs_that_are_rare_for_a_short_window_are_said_to_be() {
    let world = World::new().await;
    let channel = world.channel(|settings| settings.orders.created_within_days = Some(1));
    assert!(import(&channel).await.run.warnings.is_empty());
    world.sim.clock().advance(DAY / 24 * 20);
    let report = import(&channel).await;
    assert!(report.to_string().contains("run imports more often"), "{report}");
}
