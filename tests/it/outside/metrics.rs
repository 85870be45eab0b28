//! Runs in the `metrics` facade: every metric of the table appears, with what the reports say.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use shipstation_connector::{
    ShipStationChannel,
    channel::{ChannelConnector, GetOrders, RunControl, SyncShipments},
    metrics::{MetricsObserver, TABLE},
};

use super::{HOUR, busy_world};
use crate::support::World;

/// The values by name and labels.
fn values(snapshotter: &Snapshotter) -> BTreeMap<String, String> {
    let all = snapshotter.snapshot().into_vec().into_iter();
    let value = |value| match value {
        DebugValue::Counter(count) => count.to_string(),
        DebugValue::Gauge(value) => value.into_inner().to_string(),
        DebugValue::Histogram(_) => panic!("there are none"),
    };
    let labels = |key: &metrics::Key| {
        let labels = key.labels().map(|label| format!(" {}={}", label.key(), label.value()));
        labels.collect::<Vec<_>>().concat()
    };
    all.map(|(key, unit, description, shown)| {
        assert!(unit.is_some() && description.is_some(), "{key:?} is described");
        (format!("{}{}", key.key().name(), labels(key.key())), value(shown))
    })
    .collect()
}

async fn run(channel: &ShipStationChannel, observer: MetricsObserver, dry: bool) {
    let control = RunControl::new().observer(Arc::new(observer));
    let control = if dry { control.dry_run() } else { control };
    channel.get_orders(GetOrders::with(control.clone())).await.unwrap().run.status.name();
    channel.sync_shipments(SyncShipments::with(control)).await.unwrap().run.status.name();
}

#[tokio::test]
async fn requests_every_metric_of_the_table_appears_with_what_the_reports_say() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let (world, channel) = busy_world().await;
    run(&channel, MetricsObserver::new(), false).await;
    let seen = values(&snapshotter);
    let names: BTreeSet<&str> = seen.keys().map(|key| key.split(' ').next().unwrap()).collect();
    let table: BTreeSet<&str> = TABLE.iter().map(|metric| metric.name).collect();
    assert_eq!(names, table);
    let shop = |name: &str| &*seen[&name.replace(' ', " connection=shop ").replace(';', " connection=shop")];
    assert_eq!(shop("shipstation_orders_imported_total;"), "7");
    assert_eq!(shop("shipstation_orders_held_total reason=unmapped_shipping"), "2");
    assert_eq!(shop("shipstation_orders_skipped_total reason=excluded_tag"), "1");
    assert_eq!(shop("shipstation_orders_failed_total;"), "2");
    assert_eq!(
        seen["shipstation_runs_total connection=shop operation=get_orders status=completed_with_errors"],
        "1"
    );
    assert_eq!(shop("shipstation_shipments_due;"), "2");
    assert_eq!(shop("shipstation_shipments_sent_total;"), "1");
    assert_eq!(shop("shipstation_shipments_blocked;"), "1");
    let requests = seen.iter().filter(|(key, _)| key.starts_with("shipstation_requests"));
    let requests: usize = requests.map(|(_, value)| value.parse::<usize>().unwrap()).sum();
    assert_eq!(requests, world.sim.journal().iter().count());
}

#[tokio::test]
async fn faults_a_dry_run_changes_no_count_and_the_connection_can_be_left_out() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let world = World::new().await;
    world.add(world.order("A-1"));
    world.sim.clock().advance(HOUR);
    run(&world.channel(|_| {}), MetricsObserver::new().without_connections(), true).await;
    let seen = values(&snapshotter);
    assert!(
        seen.keys().all(|key| !key.contains("connection") && !key.contains("orders_imported")),
        "{seen:?}"
    );
    assert_eq!(seen["shipstation_runs_total operation=get_orders status=succeeded"], "1");
}
