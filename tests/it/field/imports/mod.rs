//! Imports under odd answers, clocks and settings.

mod circles;
mod clocks;
mod external;
mod follow_ups;
mod look_up;
mod report;
pub(crate) mod rig;
mod stores;
mod totals;
mod unread_changes;
mod webhooks;

use shipstation_connector::{
    ShipStationChannel,
    channel::{ChannelConnector, GetOrders, ImportReport, RunStatus},
};

use crate::support::World;

/// Runs an import whose counts must add up.
async fn import(channel: &ShipStationChannel) -> ImportReport {
    let report = channel.get_orders(GetOrders::new()).await.unwrap();
    assert!(report.counts.add_up(), "{report}\n{:?}", report.counts);
    report
}

/// How many orders the host has.
fn imported(world: &World) -> usize {
    world.store.orders(&world.connection).len()
}

/// Why a run is `Partial`.
fn partial(report: &ImportReport) -> &str {
    match &report.run.status {
        RunStatus::Partial { why } => why,
        other => panic!("{other}: {report}"),
    }
}
