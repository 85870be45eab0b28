//! Both nights when the clocks change: Pacific has an hour twice in autumn, and lacks one in spring.

use std::time::Duration;

use shipstation_connector::{Timestamp, channel::RunStatus, testing::simulator::SimOrder};

use super::{import, imported};
use crate::support::{DAY, World};

const QUARTER: Duration = Duration::from_secs(15 * 60);

/// Orders every quarter of an hour around a change, imported by hourly runs through the night.
async fn night(around: &str) {
    let world = World::new().await;
    let around: Timestamp = around.parse().unwrap();
    let first = around - QUARTER * 12;
    world.sim.clock().set(first);
    let channel = world.channel(|settings| {
        settings.orders.page_size = 3;
        settings.orders.created_within_days = Some(1);
    });
    let mut added = 0;
    for hour in 0..8_u32 {
        for quarter in 0..4 {
            let at = first + QUARTER * (hour * 4 + quarter);
            world.sim.clock().set(at);
            world.add(SimOrder::new(format!("N-{hour}-{quarter}")).shipping("Standard"));
            added += 1;
        }
        let report = import(&channel).await;
        assert_eq!(report.run.status, RunStatus::Succeeded, "{report}");
        assert_eq!((report.counts.imported(), imported(&world)), (4, added), "hour {hour}: {report}");
        assert!(report.counts.skipped.is_empty(), "{report}");
    }
    world.sim.clock().advance(DAY / 2);
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.already_imported()), (0, 32), "{report}");
}

#[tokio::test]
async fn clock_the_repeated_hour_of_autumn_loses_and_doubles_nothing() {
    night("2026-11-01T09:00:00Z").await;
}

#[tokio::test]
async fn clock_the_missing_hour_of_spring_loses_and_doubles_nothing() {
    night("2026-03-08T10:00:00Z").await;
}

#[tokio::test]
async fn clock_an_outage_that_spans_a_change_is_caught_up_in_exact_hours() {
    let world = World::new().await;
    world.sim.clock().set("2026-10-25T12:00:00Z".parse().unwrap());
    let channel = world.channel(|_| {});
    let _ = import(&channel).await;
    world.add(world.order("A-1"));
    world.sim.clock().set("2026-11-04T12:00:00Z".parse().unwrap());
    let report = import(&channel).await;
    assert_eq!(
        report.window.as_ref().unwrap().from,
        Some("2026-10-18T12:00:00Z".parse().unwrap()),
        "{report}"
    );
    assert_eq!(report.counts.imported(), 1, "{report}");
}
