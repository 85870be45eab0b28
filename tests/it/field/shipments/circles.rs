//! An outbox whose pages go round in circles is not read for ever.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use shipstation_connector::{
    Timestamp,
    channel::{
        ChannelConnector, ChannelOrderId, ConnectionId, OutboxId, Shipment, SyncShipments,
        store::{
            BeginSend, Enqueued, OrderProgress, OutboxCursor, OutboxRow, RunToken, SendIntent,
            ShipmentRecord, ShipmentStore, StoreError, Stores,
        },
    },
    stores::MemoryStore,
    testing::simulator::FaultKind,
};

use super::one;
use crate::support::World;

/// Which list ignores where it is to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Due,
    Unfinished,
    Blocked,
}

#[derive(Debug)]
struct Circling(Arc<MemoryStore>, List, AtomicUsize);

impl Circling {
    fn after<'a>(&self, list: List, after: Option<&'a OutboxCursor>) -> Option<&'a OutboxCursor> {
        if self.1 != list {
            return after;
        }
        assert!(self.2.fetch_add(1, Ordering::SeqCst) < 100, "it is read for ever");
        None
    }
}

#[async_trait::async_trait]
impl ShipmentStore for Circling {
    async fn enqueue(
        &self,
        at: &ConnectionId,
        what: Shipment,
        now: Timestamp,
    ) -> Result<Enqueued, StoreError> {
        self.0.enqueue(at, what, now).await
    }

    async fn due(
        &self,
        at: &ConnectionId,
        now: Timestamp,
        after: Option<&OutboxCursor>,
        limit: usize,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        self.0.due(at, now, self.after(List::Due, after), limit).await
    }

    async fn begin_send(
        &self,
        token: &RunToken,
        id: &OutboxId,
        intent: SendIntent,
    ) -> Result<BeginSend, StoreError> {
        self.0.begin_send(token, id, intent).await
    }

    async fn record(&self, token: &RunToken, records: &[ShipmentRecord]) -> Result<(), StoreError> {
        self.0.record(token, records).await
    }

    async fn unfinished(
        &self,
        at: &ConnectionId,
        after: Option<&OutboxCursor>,
        limit: usize,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        self.0.unfinished(at, self.after(List::Unfinished, after), limit).await
    }

    async fn blocked(
        &self,
        at: &ConnectionId,
        after: Option<&OutboxCursor>,
        limit: usize,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        self.0.blocked(at, self.after(List::Blocked, after), limit).await
    }

    async fn unblock(&self, at: &ConnectionId, key: &str) -> Result<u64, StoreError> {
        self.0.unblock(at, key).await
    }

    async fn counts(&self, at: &ConnectionId) -> Result<BTreeMap<String, u64>, StoreError> {
        self.0.counts(at).await
    }

    async fn order_progress(
        &self,
        at: &ConnectionId,
        order: &ChannelOrderId,
    ) -> Result<OrderProgress, StoreError> {
        self.0.order_progress(at, order).await
    }
}

#[tokio::test]
async fn faults_an_outbox_that_pages_in_circles_ends_the_run() {
    for list in [List::Due, List::Unfinished, List::Blocked] {
        let world = World::new().await;
        one(&world, FaultKind::ServerError).await;
        if list == List::Unfinished {
            super::sync(&world).await;
        }
        let held = world.add(world.order("2").status("on_hold"));
        world.ship(held, "1Z2").await;
        if list == List::Blocked {
            super::sync(&world).await;
        }
        let outbox = Arc::new(Circling(world.store.clone(), list, AtomicUsize::new(0)));
        let stores = Stores::all_in(world.store.clone()).with_shipments(outbox);
        let told = match world.channel_on(stores, |_| {}).sync_shipments(SyncShipments::new()).await {
            Ok(report) => report.to_string(),
            Err(error) => error.to_string(),
        };
        assert!(told.contains("circles"), "{list:?}: {told}");
    }
}
