//! A run that dies at any call to a store or to ShipStation: the next one finishes its work.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use shipstation_connector::{
    Settings, ShipStationChannel,
    channel::{
        ChannelConnector, ConnectionId, LinkListings, Operation, RunId, RunStatus,
        store::{BeginOutcome, NewRun, RunStore, StoreError, Stores},
    },
    client::{Lane, Permit, RateHeaders, RateLimiter},
    connector::ListingSettings,
    stores::{Instrumented, MemoryStore, NextCall, StoreAnswer, StoreCall, StoreHook},
    testing::simulator::SimClock,
};
use tokio::sync::Notify;

use super::{channel_on, kept, link, links, list, outcomes, product, wanted};
use crate::support::World;

/// Counts the calls, and stops for ever at one of them.
#[derive(Debug, Default)]
struct Trap {
    calls: AtomicUsize,
    at: usize,
    caught: Notify,
}

impl Trap {
    async fn step(&self) {
        if self.calls.fetch_add(1, Ordering::Relaxed) + 1 == self.at {
            self.caught.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

#[async_trait]
impl StoreHook for Trap {
    async fn around(&self, _: StoreCall, next: NextCall<'_>) -> Result<StoreAnswer, StoreError> {
        self.step().await;
        next.await
    }
}

/// Every request passes here before it leaves.
#[derive(Debug)]
struct Gate(Arc<Trap>);

#[async_trait]
impl RateLimiter for Gate {
    async fn acquire(&self, _: Lane) -> Permit {
        self.0.step().await;
        Permit::new()
    }

    fn observe(&self, _: &RateHeaders) {}
}

fn trapped(world: &World, trap: &Arc<Trap>) -> ShipStationChannel {
    let client = world.sim.client().rate_limiter(Arc::new(Gate(trap.clone()))).build().unwrap();
    let listings = Arc::new(Instrumented::new(world.store.clone(), trap.clone()));
    let stores = Stores::all_in(world.store.clone()).with_listings(listings);
    let mut settings = Settings::default();
    settings.listings = Some(ListingSettings::default());
    ShipStationChannel::builder(client, world.connection.clone(), stores).settings(settings).build().unwrap()
}

/// A world in which a run has to make, move and break links.
async fn work_to_do() -> (World, [i64; 4]) {
    let world = World::new().await;
    let [stays, old, gone] = ["STAYS", "MOVES", "GONE"].map(|sku| product(&world, sku));
    list(&world, &[("a", "STAYS"), ("b", "MOVES"), ("c", "GONE")]);
    let _ = link(&world).await;
    world.sim.account(|account| {
        account.products.remove(&old);
        account.products.remove(&gone);
    });
    let (moved, new) = (product(&world, "MOVES"), product(&world, "NEW"));
    list(&world, &[("d", "NEW")]);
    (world, [stays, moved, gone, new])
}

#[tokio::test]
async fn crash_at_any_call_the_next_run_finishes() {
    let (world, _) = work_to_do().await;
    let counter = Arc::new(Trap::default());
    let report = trapped(&world, &counter).link_listings(LinkListings::new()).await.unwrap();
    assert!(report.counts.add_up(), "{report}");
    let calls = counter.calls.load(Ordering::Relaxed);
    assert!(calls >= 8, "listings, links, products, writes, second look: {calls}");

    for at in 1..=calls {
        let (world, [stays, moved, gone, new]) = work_to_do().await;
        let trap = Arc::new(Trap { at, ..Trap::default() });
        let channel = trapped(&world, &trap);
        tokio::select! {
            report = channel.link_listings(LinkListings::new()) => panic!("call {at} was not reached: {report:?}"),
            () = trap.caught.notified() => {}
        }
        world.sim.clock().advance(Duration::from_secs(301));
        let _ = link(&world).await;
        let expected = [("a", stays), ("b", moved), ("d", new)].map(|(id, product)| (id.to_owned(), product));
        assert_eq!(kept(&world).await, expected.into(), "killed at call {at}");
        assert_eq!(links(&world).await.len(), 4, "killed at call {at}");
        let last = link(&world).await;
        let already = |product| format!("already {product}");
        let settled = wanted([
            ("a", already(stays)),
            ("b", already(moved)),
            ("c", "none []".to_owned()),
            ("d", already(new)),
        ]);
        assert_eq!(outcomes(&last), settled, "killed at call {at}; {gone} is gone");
    }
}

/// Another process takes the lease over just before the first write.
#[derive(Debug)]
struct TakenOver(Arc<MemoryStore>, Arc<SimClock>, ConnectionId);

#[async_trait]
impl StoreHook for TakenOver {
    async fn around(&self, call: StoreCall, next: NextCall<'_>) -> Result<StoreAnswer, StoreError> {
        if call.method == "put_links" {
            let now = self.1.advance(Duration::from_secs(301));
            let other = NewRun::new(
                self.2.clone(),
                Operation::LinkListings,
                RunId::new("other"),
                "another process",
                Duration::from_secs(300),
                now,
            );
            assert!(matches!(self.0.begin(other).await?, BeginOutcome::Granted(_)));
        }
        next.await
    }
}

#[tokio::test]
async fn crash_a_run_that_lost_its_lease_writes_nothing_more() {
    let (world, _) = work_to_do().await;
    let before = links(&world).await;
    let hook = TakenOver(world.store.clone(), world.sim.clock(), world.connection.clone());
    let listings = Arc::new(Instrumented::new(world.store.clone(), Arc::new(hook)));
    let channel = channel_on(&world, Stores::all_in(world.store.clone()).with_listings(listings), |_| {});
    let report = channel.link_listings(LinkListings::new()).await.unwrap();
    assert!(matches!(&report.run.status, RunStatus::Failed { error } if error.contains("lease")), "{report}");
    assert!(report.counts.add_up(), "{report}");
    assert_eq!(links(&world).await, before);
}
