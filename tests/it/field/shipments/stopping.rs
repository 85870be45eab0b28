//! Cancelling a run while it waits.

use std::sync::Arc;

use shipstation_connector::{
    channel::{
        CancelToken, ChannelConnector, RunControl, RunStatus, SyncShipments, report::SyncOutcomeKind,
        store::Stores,
    },
    client::{Lane, Permit, RateHeaders, RateLimiter},
};

use super::{name, sync};
use crate::support::World;

/// Lets so many requests pass, then cancels the run and keeps the next one waiting for ever.
#[derive(Debug)]
struct Full {
    left: std::sync::atomic::AtomicI64,
    cancel: CancelToken,
}

#[async_trait::async_trait]
impl RateLimiter for Full {
    async fn acquire(&self, _: Lane) -> Permit {
        if self.left.fetch_sub(1, std::sync::atomic::Ordering::SeqCst) <= 0 {
            self.cancel.cancel();
            std::future::pending::<()>().await;
        }
        Permit::new()
    }

    fn observe(&self, _: &RateHeaders) {}
}

#[tokio::test]
async fn faults_cancelling_during_a_rate_limit_wait_ends_the_run_and_no_mark_leaves() {
    // Wherever the wait comes: before a look, before a mark, before the confirmation.
    for requests in 0_usize..8 {
        let world = World::new().await;
        let orders: Vec<i64> = (0..3).map(|n| world.add(world.order(&format!("{n}")))).collect();
        for order in &orders {
            world.ship(*order, &format!("1Z{order}")).await;
        }
        let cancel = CancelToken::new();
        let limiter =
            Arc::new(Full { left: i64::try_from(requests).unwrap().into(), cancel: cancel.clone() });
        let client = world.client_builder().rate_limiter(limiter).build().unwrap();
        let channel = world.builder(client, Stores::all_in(world.store.clone()), |_| {}).build().unwrap();
        let request = SyncShipments::with(RunControl::new().cancel(cancel));
        if let Ok(report) = channel.sync_shipments(request).await {
            assert!(report.counts.add_up(), "{report}");
            if requests < 7 {
                assert!(matches!(report.run.status, RunStatus::Partial { .. }), "{requests}: {report}");
            }
            assert_eq!(
                report.counts.of(SyncOutcomeKind::Unknown),
                0,
                "no row is left under way: {requests}: {report}"
            );
        }
        assert_eq!(world.sim.journal().len(), requests.min(7), "nothing leaves afterwards");
        for order in &orders {
            let name = name(&world, *order).await;
            assert!(["pending", "sent", "confirmed"].contains(&name), "{requests}: {name}");
        }
        sync(&world).await;
        let notices = world.sim.account(|account| account.notices.len());
        assert_eq!(notices, 3, "{requests}: the next run goes on");
    }
}

#[tokio::test]
async fn faults_cancelling_between_two_items_ends_the_run() {
    use shipstation_connector::testing::simulator::Method;
    let world = World::new().await;
    let orders: Vec<i64> = (0..5).map(|n| world.add(world.order(&format!("{n}")))).collect();
    for order in &orders {
        world.ship(*order, &format!("1Z{order}")).await;
    }
    let cancel = CancelToken::new();
    let when = cancel.clone();
    world.sim.before(Method::POST, super::MARK, 2, move |_| when.cancel());
    let request = SyncShipments::with(RunControl::new().cancel(cancel));
    let report = world.channel(|_| {}).sync_shipments(request).await.unwrap();
    assert_eq!(
        (world.marks(), report.counts.unconfirmed(), report.counts.of(SyncOutcomeKind::NotReached)),
        (2, 2, 3),
        "{report}"
    );
    sync(&world).await;
    assert_eq!(world.sim.account(|account| account.notices.len()), 5);
}
