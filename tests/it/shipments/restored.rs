//! A store that comes back from a backup: what was sent since is not sent again, and what was not is.

use std::{path::Path, sync::Arc, time::Duration};

use shipstation_connector::{
    channel::{
        ChannelConnector, FailReason, Shipment, ShipmentState, SyncReport, SyncShipments,
        shipping::CarrierRule,
        store::{Maintenance, MappingStoreExt, ShipmentStore, ShipmentStoreExt, Stores},
    },
    connector::Preflight,
    stores::SqliteStore,
    testing::simulator::{Fault, FaultKind, Method},
};

use super::{HOUR, MARK, MINUTE};
use crate::support::World;

async fn run(world: &World, store: &Arc<SqliteStore>, preflight: Preflight) -> SyncReport {
    let channel =
        world.channel_on(Stores::all_in(store.clone()), |settings| settings.shipments.preflight = preflight);
    let report = channel.sync_shipments(SyncShipments::new()).await.unwrap();
    assert!(report.counts.add_up(), "{report}");
    report
}

async fn ship(world: &World, store: &SqliteStore, order: i64) {
    let shipment =
        Shipment::new(format!("ship-{order}"), order.to_string(), world.now(), "UPS", format!("1Z{order}"));
    store.enqueue_one(&world.connection, shipment, world.now()).await.unwrap();
}

fn back_up(from: &Path, to: &Path) {
    let copy = format!("VACUUM INTO '{}'", to.display());
    rusqlite::Connection::open(from).unwrap().execute_batch(&copy).unwrap();
}

/// Five shipments are due when the backup is made; four of them are sent afterwards, one of these with an effect that comes late.
async fn restored(world: &World, folder: &Path) -> (Arc<SqliteStore>, Vec<i64>) {
    let (file, backup) = (folder.join("store.sqlite"), folder.join("backup.sqlite"));
    let store = Arc::new(SqliteStore::open(&file).unwrap());
    let carriers = vec![CarrierRule::new("UPS", "ups")];
    store.replace_carrier_rules(&world.connection, 0, carriers).await.unwrap();
    let orders: Vec<i64> = (0..6).map(|n| world.add(world.order(&format!("A-{n}")))).collect();
    ship(world, &store, orders[0]).await;
    run(world, &store, Preflight::Bulk).await;
    for order in &orders[1..] {
        ship(world, &store, *order).await;
    }
    back_up(&file, &backup);
    world.sim.account(|account| account.set_status(orders[5], "on_hold"));
    world.sim.fault(
        Fault::on(Method::POST, MARK).after(3).with(FaultKind::LateEffect(Duration::from_secs(200))).times(1),
    );
    run(world, &store, Preflight::Bulk).await;
    assert_eq!(world.marks(), 5, "the sixth is on hold");
    world.sim.account(|account| account.set_status(orders[5], "awaiting_shipment"));
    (Arc::new(SqliteStore::open(backup).unwrap()), orders)
}

#[tokio::test]
async fn crash_what_was_sent_after_the_backup_is_not_sent_again() {
    for preflight in [Preflight::Bulk, Preflight::Single, Preflight::OnRetryOnly] {
        let (world, folder) = (World::new().await, tempfile::tempdir().unwrap());
        let (store, orders) = restored(&world, folder.path()).await;
        assert_eq!(store.after_restore(world.now()).await.unwrap(), 5);
        for _ in 0..12 {
            run(&world, &store, preflight).await;
            world.sim.clock().advance(MINUTE);
        }
        assert_eq!(world.marks(), 6, "what was not sent is sent, and nothing else");
        for order in &orders {
            let marks =
                world.sim.journal().of("POST", MARK).filter(|mark| mark.body["orderId"] == *order).count();
            assert_eq!(marks, 1, "order {order} with {preflight:?}");
            let progress = store.order_progress(&world.connection, &order.to_string().into()).await.unwrap();
            let state = &progress.rows[0].state;
            assert!(matches!(state, ShipmentState::Confirmed { .. }), "order {order}: {state:?}");
        }
        world.sim.clock().advance(HOUR);
        let counts = store.counts(&world.connection).await.unwrap();
        assert_eq!(counts.into_iter().collect::<Vec<_>>(), [("confirmed".to_owned(), 6)]);
    }
}

#[tokio::test]
async fn crash_a_shipment_of_no_order_of_shipstations_comes_to_its_end_after_a_restore_too() {
    let (world, folder) = (World::new().await, tempfile::tempdir().unwrap());
    let store = Arc::new(SqliteStore::open(folder.path().join("store.sqlite")).unwrap());
    let shipment = Shipment::new("s", "A-1001", world.now(), "UPS", "1Z1");
    store.enqueue_one(&world.connection, shipment, world.now()).await.unwrap();
    assert_eq!(store.after_restore(world.now()).await.unwrap(), 1);
    run(&world, &store, Preflight::Bulk).await;
    let progress = store.order_progress(&world.connection, &"A-1001".into()).await.unwrap();
    let invalid = ShipmentState::Failed { reason: FailReason::InvalidOrderId };
    assert_eq!(progress.rows[0].state, invalid);
}

/// The proof that the first one has eyes.
#[tokio::test]
async fn crash_without_the_call_a_late_effect_is_sent_twice() {
    let (world, folder) = (World::new().await, tempfile::tempdir().unwrap());
    let (store, _) = restored(&world, folder.path()).await;
    run(&world, &store, Preflight::Bulk).await;
    assert!(world.marks() > 6, "{}", world.marks());
}
