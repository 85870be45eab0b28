//! Get orders: nothing lost, nothing twice, and always an answer to "why not this order".

mod back_fill;
mod by_hand;
pub(crate) mod changes;
mod clock;
mod crash;
mod diagnose;
mod duplicates;
mod faults;
mod follow_ups;
mod ledger;
mod limits;
mod lineage;
mod members;
mod parcels;
mod policy;
mod quick_look;
mod requests;
mod secrets;
mod skips;
mod stores;
mod timeline;
mod window;

use shipstation_connector::{
    ShipStationChannel,
    channel::{ChannelConnector, GetOrders, ImportReport, RunControl},
};

use crate::support::World;

/// Runs an import whose counts must add up.
async fn import(channel: &ShipStationChannel) -> ImportReport {
    import_with(channel, RunControl::new()).await
}

async fn import_with(channel: &ShipStationChannel, control: RunControl) -> ImportReport {
    let report = channel.get_orders(GetOrders::with(control)).await.unwrap();
    assert!(report.counts.add_up(), "{report}\n{:?}", report.counts);
    report
}

/// How many orders the host has.
fn imported(world: &World) -> usize {
    world.store.orders(&world.connection).len()
}
