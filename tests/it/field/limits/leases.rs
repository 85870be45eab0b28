//! Leases of a host whose clock is wrong.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt;
use shipstation_connector::{
    channel::{
        ChannelConnector, ConnectionId, GetOrders, Operation, Refusal, RunControl, RunEvent, RunEventKind,
        RunObserver, RunStatus,
        store::{BeginOutcome, NewRun, RunState, RunStore, Stores},
    },
    client::Clock,
    stores::{MemoryStore, SqliteStore},
    testing::simulator::{Fault, FaultKind, Method, SimClock},
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
    assert!(matches!(runs.begin(run).await.unwrap(), BeginOutcome::Granted(_)));
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
    assert_eq!((report.run.status, report.counts.imported()), (RunStatus::Succeeded, 1));
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

/// Sets the clock back by an hour once, and asks for the lease as another process would, each time a page is read.
#[derive(Debug)]
struct Rival {
    clock: Arc<SimClock>,
    runs: Arc<MemoryStore>,
    connection: ConnectionId,
    pages: AtomicUsize,
    granted: AtomicUsize,
}

impl RunObserver for Rival {
    fn on_event(&self, event: &RunEvent<'_>) {
        let RunEventKind::PageRead { .. } = event.kind else { return };
        let now = Clock::now(&*self.clock);
        if self.pages.fetch_add(1, Ordering::SeqCst) == 0 {
            self.clock.step_to(now - Duration::from_secs(3600));
            return;
        }
        let run =
            NewRun::new(self.connection.clone(), Operation::GetOrders, "rival".into(), "other", LEASE, now);
        let begun = self.runs.begin(run).now_or_never().unwrap().unwrap();
        self.granted.fetch_add(usize::from(matches!(begun, BeginOutcome::Granted(_))), Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_costs_a_living_run_no_lease() {
    let world = World::new().await;
    for number in 0..20 {
        world.add(world.order(&format!("A-{number}")));
    }
    let slow = FaultKind::Slow(Duration::from_secs(60));
    world.sim.fault(Fault::on(Method::GET, "/orders").always().with(slow));
    let channel = world.channel(|settings| {
        settings.lease = Duration::from_secs(300);
        settings.orders.page_size = 1;
    });
    let rival = Arc::new(Rival {
        clock: world.sim.clock(),
        runs: world.store.clone(),
        connection: world.connection.clone(),
        pages: AtomicUsize::new(0),
        granted: AtomicUsize::new(0),
    });
    let report =
        channel.get_orders(GetOrders::with(RunControl::new().observer(rival.clone()))).await.unwrap();
    let pages = rival.pages.load(Ordering::SeqCst);
    assert!(pages > 10, "{pages} pages take longer than the lease");
    assert_eq!(rival.granted.load(Ordering::SeqCst), 0);
    assert_eq!((report.run.status.read_everything(), report.counts.imported()), (true, 20), "{report}");
}
