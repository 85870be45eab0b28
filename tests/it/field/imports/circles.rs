//! Stores of the host whose pages go round in circles: no operation reads them for ever.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use shipstation_connector::{
    Timestamp,
    channel::{
        ChannelConnector, ChannelOrderId, CheckConnection, ConnectionId, OrderFingerprint, ResolveHeld,
        RunStatus,
        shipping::ShippingResolution,
        store::{
            Applied, FailureRecord, FollowUp, FollowUpKind, FollowUpOutcome, HeldOrder, ImportRecord,
            NewOrder, OrderFailure, OrderStore, RunToken, SaveOutcome, StoreError, Stores,
        },
    },
    client::UserId,
    stores::MemoryStore,
};

use super::import;
use crate::support::World;

/// Gives pages by turns, whatever it is asked for.
#[derive(Debug)]
struct Circling {
    inner: Arc<MemoryStore>,
    asked: AtomicUsize,
    follow_ups: Vec<FollowUp>,
}

#[async_trait::async_trait]
impl OrderStore for Circling {
    async fn known(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, ImportRecord>, StoreError> {
        self.inner.known(connection, orders).await
    }

    async fn swallowed(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, Vec<ImportRecord>>, StoreError> {
        self.inner.swallowed(connection, orders).await
    }

    async fn look_alikes(
        &self,
        connection: &ConnectionId,
        fingerprints: &[OrderFingerprint],
        limit: usize,
    ) -> Result<HashMap<OrderFingerprint, Vec<ImportRecord>>, StoreError> {
        self.inner.look_alikes(connection, fingerprints, limit).await
    }

    async fn save(&self, token: &RunToken, batch: &[NewOrder]) -> Result<Vec<SaveOutcome>, StoreError> {
        self.inner.save(token, batch).await
    }

    async fn open_follow_ups(
        &self,
        _: &ConnectionId,
        _: Timestamp,
        _: usize,
    ) -> Result<Vec<FollowUp>, StoreError> {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        assert!(turn < 100, "it is read for ever");
        let one = self.follow_ups.get(turn % self.follow_ups.len().max(1));
        Ok(one.cloned().into_iter().collect())
    }

    async fn settle_follow_ups(&self, _: &RunToken, _: &[FollowUpOutcome]) -> Result<(), StoreError> {
        Ok(())
    }

    async fn reopen_follow_ups(
        &self,
        token: &RunToken,
        kind: FollowUpKind,
        wanted: &str,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.inner.reopen_follow_ups(token, kind, wanted, now).await
    }

    async fn record_failures(&self, token: &RunToken, failures: &[OrderFailure]) -> Result<(), StoreError> {
        self.inner.record_failures(token, failures).await
    }

    async fn due_failures(
        &self,
        connection: &ConnectionId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<FailureRecord>, StoreError> {
        self.inner.due_failures(connection, now, limit).await
    }

    async fn failures(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, FailureRecord>, StoreError> {
        self.inner.failures(connection, orders).await
    }

    async fn clear_failures(&self, token: &RunToken, orders: &[ChannelOrderId]) -> Result<(), StoreError> {
        self.inner.clear_failures(token, orders).await
    }

    async fn dismiss_failure(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
    ) -> Result<(), StoreError> {
        self.inner.dismiss_failure(connection, order).await
    }

    async fn held(
        &self,
        connection: &ConnectionId,
        _: Option<&ChannelOrderId>,
        limit: usize,
    ) -> Result<Vec<HeldOrder>, StoreError> {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        assert!(turn < 100, "it is read for ever");
        let mut all = self.inner.held(connection, None, limit).await?;
        Ok(if all.is_empty() { all } else { vec![all.swap_remove(turn % all.len())] })
    }

    async fn apply_shipping(
        &self,
        token: &RunToken,
        order: &ChannelOrderId,
        text: Option<&str>,
        resolution: &ShippingResolution,
        rules_version: u64,
    ) -> Result<Applied, StoreError> {
        self.inner.apply_shipping(token, order, text, resolution, rules_version).await
    }
}

fn circling(world: &World, follow_ups: Vec<FollowUp>) -> Stores {
    let mut stores = Stores::all_in(world.store.clone());
    let inner = world.store.clone();
    stores.orders = Arc::new(Circling { inner, asked: AtomicUsize::new(0), follow_ups });
    stores
}

#[tokio::test]
async fn held_orders_that_come_in_circles_end_the_run() {
    let world = World::new().await;
    for number in 0..3 {
        world.add(world.order(&format!("A-{number}")).shipping("Unheard of"));
    }
    let _ = import(&world.channel(|_| {})).await;
    let channel = world.channel_on(circling(&world, Vec::new()), |_| {});
    let report = channel.resolve_held(ResolveHeld::new()).await.unwrap();
    assert!(matches!(report.run.status, RunStatus::Failed { .. }), "{report}");
    assert!(report.to_string().contains("circles"), "{report}");
    let error = world.channel_on(circling(&world, Vec::new()), |_| {}).unmapped().await.unwrap_err();
    assert!(error.to_string().contains("circles"), "{error}");
    let error = world
        .channel_on(circling(&world, Vec::new()), |_| {})
        .check(CheckConnection::new())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("circles"), "{error}");
}

#[tokio::test]
async fn follow_ups_that_come_in_circles_wait_for_the_next_run() {
    let world = World::new().await;
    let user = world.sim.account(|account| account.add_user("Night Shift"));
    let follow_ups = (0..3).map(|number| {
        use shipstation_connector::channel::store::NewFollowUp;
        let order = world.add(world.order(&format!("A-{number}")));
        FollowUp::open(
            order.to_string().into(),
            NewFollowUp::new(FollowUpKind::AssignUser, None),
            world.now(),
        )
    });
    let stores = circling(&world, follow_ups.collect());
    let channel = world.channel_on(stores, |settings| settings.orders.assign_user = Some(UserId::new(&user)));
    let report = import(&channel).await;
    assert!(report.to_string().contains("gives settled follow-ups again"), "{report}");
}
