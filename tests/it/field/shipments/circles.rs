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
        ChannelConnector, ConnectionId, Shipment, SyncShipments,
        store::{
            BeginSendOutcome, EnqueueOutcome, OutboxCursor, OutboxPage, OutboxQuery, RunToken, SendIntent,
            ShipmentStore, ShipmentTransition, StoreError, Stores,
        },
    },
    stores::MemoryStore,
    testing::simulator::FaultKind,
};

use super::one;
use crate::support::World;

/// One of the lists ignores where it is to go on.
#[derive(Debug)]
struct Circling(Arc<MemoryStore>, &'static str, AtomicUsize);

#[async_trait::async_trait]
impl ShipmentStore for Circling {
    async fn enqueue(
        &self,
        at: &ConnectionId,
        what: &[Shipment],
        now: Timestamp,
    ) -> Result<Vec<EnqueueOutcome>, StoreError> {
        self.0.enqueue(at, what, now).await
    }

    async fn rows(
        &self,
        at: &ConnectionId,
        query: &OutboxQuery,
        after: Option<&OutboxCursor>,
        limit: usize,
    ) -> Result<OutboxPage, StoreError> {
        let list = match query {
            OutboxQuery::Due { .. } => "due",
            OutboxQuery::InFlight => "in_flight",
            OutboxQuery::Blocked => "blocked",
            _ => "others",
        };
        if list == self.1 {
            assert!(self.2.fetch_add(1, Ordering::SeqCst) < 100, "it is read for ever");
        }
        self.0.rows(at, query, after.filter(|_| list != self.1), limit).await
    }

    async fn begin_send(
        &self,
        token: &RunToken,
        intents: &[SendIntent],
    ) -> Result<Vec<BeginSendOutcome>, StoreError> {
        self.0.begin_send(token, intents).await
    }

    async fn record(&self, token: &RunToken, records: &[ShipmentTransition]) -> Result<(), StoreError> {
        self.0.record(token, records).await
    }

    async fn unblock(&self, at: &ConnectionId, key: &str, now: Timestamp) -> Result<u64, StoreError> {
        self.0.unblock(at, key, now).await
    }

    async fn counts(&self, at: &ConnectionId) -> Result<BTreeMap<String, u64>, StoreError> {
        self.0.counts(at).await
    }
}

#[tokio::test]
async fn faults_an_outbox_that_pages_in_circles_ends_the_run() {
    for list in ["due", "in_flight", "blocked"] {
        let world = World::new().await;
        one(&world, FaultKind::ServerError).await;
        if list == "in_flight" {
            super::sync(&world).await;
        }
        let held = world.add(world.order("2").status("on_hold"));
        world.ship(held, "1Z2").await;
        if list == "blocked" {
            super::sync(&world).await;
        }
        let outbox = Arc::new(Circling(world.store.clone(), list, AtomicUsize::new(0)));
        let stores = Stores::all_in(world.store.clone()).with_shipments(outbox);
        let told = match world.channel_on(stores, |_| {}).sync_shipments(SyncShipments::new()).await {
            Ok(report) => report.to_string(),
            Err(error) => error.to_string(),
        };
        assert!(told.contains("does not advance"), "{list}: {told}");
    }
}
