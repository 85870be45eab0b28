//! Leases of a host whose clock is wrong.

use std::{sync::Arc, time::Duration};

use shipstation_connector::{
    channel::{
        ChannelConnector, GetOrders, Operation, Refusal, RunStatus,
        store::{Begin, NewRun, RunState, RunStore, Stores},
    },
    stores::SqliteStore,
};

use crate::support::World;

const AHEAD: Duration = Duration::from_secs(10 * 365 * 86_400);
const LEASE: Duration = Duration::from_secs(600);
const NEARLY_A_LEASE: Duration = Duration::from_secs(599);

/// A run of another process that began while its clock was ten years ahead, and died.
async fn died_ahead(world: &World, runs: &dyn RunStore) {
    let now = world.now() + AHEAD;
    let run =
        NewRun::new(world.connection.clone(), Operation::GetOrders, "dead".into(), "other host", LEASE, now);
    assert!(matches!(runs.begin(run).await.unwrap(), Begin::Granted(_)));
}

async fn blocks_for_one_lease(world: &World, stores: Stores) {
    died_ahead(world, &*stores.runs).await;
    world.add(world.order("A-1"));
    let channel = world.channel_on(stores.clone(), |_| {});
    for _ in 0..3 {
        let refused = channel.get_orders(GetOrders::new()).await.unwrap_err();
        let Refusal::AlreadyRunning { owner, .. } = &refused.refusal else { panic!("{refused:?}") };
        assert_eq!(owner, "other host");
    }
    world.sim.clock().advance(NEARLY_A_LEASE);
    assert!(channel.get_orders(GetOrders::new()).await.is_err(), "the lease has its whole length");
    world.sim.clock().advance(Duration::from_secs(2));
    let report = channel.get_orders(GetOrders::new()).await.unwrap();
    assert_eq!((report.run.status, report.counts.imported), (RunStatus::Succeeded, 1));
    let recent = stores.runs.recent(&world.connection, Operation::GetOrders, 9).await.unwrap();
    assert!(
        recent.iter().any(|run| run.run == "dead".into() && run.state == RunState::Abandoned),
        "{recent:?}"
    );
}

#[tokio::test]
async fn a_run_that_died_with_its_clock_ten_years_ahead_blocks_for_one_lease_only() {
    let world = World::new().await;
    blocks_for_one_lease(&world, Stores::all_in(world.store.clone())).await;
}

#[tokio::test]
async fn a_run_that_died_ahead_blocks_a_file_for_one_lease_only() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let file = Arc::new(SqliteStore::open(folder.path().join("store.sqlite")).unwrap());
    let stores = Stores::all_in(world.store.clone()).with_runs(file);
    blocks_for_one_lease(&world, stores).await;
}
