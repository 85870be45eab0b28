//! What a person must change first, and that it goes on by itself once they have.

use shipstation_connector::{
    channel::{
        BlockKind, FailKind, Shipment,
        report::SyncOutcomeKind,
        shipping::CarrierRule,
        store::{MappingStoreExt, ShipmentStore},
    },
    testing::simulator::SimOrder,
};

use super::{HOUR, rows, sync, sync_after, sync_with};
use crate::support::World;

async fn carriers(world: &World, rules: Vec<CarrierRule>) {
    let version = world.store.carrier_rules(&world.connection).await.unwrap().version;
    world.store.replace_carrier_rules(&world.connection, version, rules).await.unwrap();
}

async fn by(world: &World, carrier: &str) -> i64 {
    let order = world.add(world.order(carrier));
    let id = format!("by {carrier}");
    world.enqueue(Shipment::new(id, order.to_string(), world.now(), carrier, format!("T{order}"))).await;
    order
}

#[tokio::test]
async fn requests_an_unmapped_carrier_blocks_until_a_rule_names_it() {
    let world = World::new().await;
    let (bicycle, courier) = (by(&world, "Bicycle").await, by(&world, "Courier").await);
    let report = sync(&world).await;
    assert_eq!(report.counts.blocked.of(BlockKind::UnmappedCarrier), 2, "{report}");
    assert!(report.to_string().contains("\"Bicycle\""), "{report}");
    assert!(world.sim.journal().is_empty(), "nothing is asked for what cannot be sent");

    carriers(&world, vec![CarrierRule::new("UPS", "ups"), CarrierRule::new("Bicycle", "other")]).await;
    let report = sync_after(&world, HOUR).await;
    assert_eq!((report.counts.confirmed(), world.marks()), (1, 1), "exactly the row of that key: {report}");
    assert_eq!(rows(&world, bicycle).await[0].last_error, None);
    assert_eq!(rows(&world, courier).await[0].state.name(), "blocked");
}

#[tokio::test]
async fn requests_the_host_may_unblock_by_hand() {
    let world = World::new().await;
    by(&world, "Bicycle").await;
    sync(&world).await;
    assert_eq!(world.store.unblock(&world.connection, "Bicycle", world.now()).await.unwrap(), 1);
    let report =
        sync_with(&world, |settings| settings.shipments.unmapped_carrier = Some("other".into())).await;
    assert_eq!(report.counts.confirmed(), 1, "{report}");
}

#[tokio::test]
async fn requests_a_code_for_unmapped_carriers_releases_what_they_block() {
    let world = World::new().await;
    let orders = [by(&world, "Bicycle").await, by(&world, "").await];
    assert_eq!(sync(&world).await.counts.blocked.of(BlockKind::UnmappedCarrier), 2);
    sync_with(&world, |settings| settings.shipments.unmapped_carrier = Some("other".into())).await;
    for order in orders {
        assert_eq!(super::states(&world, order).await, ["confirmed"]);
    }
}

#[tokio::test]
async fn requests_no_tracking_number_blocks_unless_the_settings_allow_it() {
    let world = World::new().await;
    let order = world.add(SimOrder::new("1"));
    world.ship(order, "  ").await;
    let report = sync(&world).await;
    assert_eq!(report.counts.blocked.of(BlockKind::NoTracking), 1, "{report}");
    let allow = |settings: &mut shipstation_connector::Settings| settings.shipments.require_tracking = false;
    let report = sync_with(&world, allow).await;
    assert_eq!((report.counts.confirmed(), world.marks()), (1, 1), "{report}");
    let journal = world.sim.journal();
    let body = &journal.of("POST", "/orders/markasshipped").next().unwrap().body;
    assert!(body.get("trackingNumber").is_none(), "an absent number is not sent: {body}");
}

#[tokio::test]
async fn requests_a_correction_takes_the_place_of_a_blocked_shipment() {
    let world = World::new().await;
    let order = by(&world, "Bicycle").await;
    sync(&world).await;
    let corrected = Shipment::new("by Bicycle", order.to_string(), world.now(), "UPS", "T2").revision(2);
    world.enqueue(corrected).await;
    let report = sync(&world).await;
    assert_eq!(
        (report.counts.confirmed(), report.counts.of(SyncOutcomeKind::Superseded)),
        (1, 1),
        "{report}"
    );
    assert_eq!(super::states(&world, order).await, ["superseded", "confirmed"]);
    assert!(report.unreported.is_empty(), "the corrected number is no news: {report}");
}

#[tokio::test]
async fn requests_an_order_id_of_another_channel_fails_by_itself() {
    let world = World::new().await;
    world.enqueue(Shipment::new("A", "gid://shop/77", world.now(), "UPS", "T1")).await;
    let order = world.add(world.order("1"));
    world.ship(order, "T2").await;
    let report = sync(&world).await;
    assert_eq!(report.counts.failed.of(FailKind::InvalidOrderId), 1, "{report}");
    assert_eq!(report.counts.confirmed(), 1, "{report}");
}

#[tokio::test]
async fn requests_a_dry_run_reads_and_changes_nothing() {
    use shipstation_connector::channel::{ChannelConnector, RunControl, SyncShipments};
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "T1").await;
    by(&world, "Bicycle").await;
    let request = SyncShipments::with(RunControl::new().dry_run());
    let report = world.channel(|_| {}).sync_shipments(request).await.unwrap();
    assert!(report.counts.add_up(), "{report}");
    assert_eq!(
        (report.counts.of(SyncOutcomeKind::WouldBeSent), report.counts.blocked.iter().count()),
        (1, 1),
        "{report}"
    );
    assert_eq!(world.sim.journal().writes().count(), 0);
    assert_eq!(super::states(&world, order).await, ["pending"]);
}
