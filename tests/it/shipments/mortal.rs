//! An outbox that can die at any call: before the call has an effect, or after it and before the caller learns. Or
//! it fails there, once.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use shipstation_connector::{
    Timestamp,
    channel::{
        ChannelConnector, ChannelOrderId, ConnectionId, OutboxId, Shipment, SyncReport, SyncShipments,
        store::{
            BeginSend, Enqueued, OrderProgress, OutboxCursor, OutboxRow, RunToken, SendIntent,
            ShipmentRecord, ShipmentStore, StoreError, Stores,
        },
    },
    client::ShipStation,
    stores::MemoryStore,
};
use tokio::sync::Notify;

use crate::support::World;

/// What happens at a call: the process dies, or the call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Before,
    After,
    Fails,
}

#[derive(Debug)]
pub(super) struct Mortal {
    inner: Arc<MemoryStore>,
    calls: AtomicUsize,
    end: Option<(usize, When)>,
    died: Notify,
}

impl Mortal {
    /// Dies at the `n`th call, the first being 1.
    pub(super) fn new(inner: Arc<MemoryStore>, end: Option<(usize, When)>) -> Arc<Self> {
        Arc::new(Self { inner, calls: AtomicUsize::new(0), end, died: Notify::new() })
    }

    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    async fn call<T>(&self, effect: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        if self.end == Some((call, When::Fails)) {
            return Err(StoreError::retryable("the disk is full"));
        }
        self.die_if((call, When::Before)).await;
        let answer = effect.await;
        self.die_if((call, When::After)).await;
        answer
    }

    async fn die_if(&self, here: (usize, When)) {
        if self.end == Some(here) {
            self.died.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

/// A run of a process that may die; `None` if it did.
pub(super) async fn sync_until_death(
    world: &World,
    client: ShipStation,
    mortal: &Arc<Mortal>,
) -> Option<SyncReport> {
    let stores = Stores::all_in(world.store.clone()).with_shipments(mortal.clone());
    let channel = world.builder(client, stores, |_| {}).build().unwrap();
    tokio::select! {
        report = channel.sync_shipments(SyncShipments::new()) => report.ok(),
        () = mortal.died.notified() => None,
    }
}

#[async_trait]
impl ShipmentStore for Mortal {
    async fn enqueue(
        &self,
        connection: &ConnectionId,
        shipment: Shipment,
        now: Timestamp,
    ) -> Result<Enqueued, StoreError> {
        self.call(self.inner.enqueue(connection, shipment, now)).await
    }

    async fn due(
        &self,
        connection: &ConnectionId,
        now: Timestamp,
        after: Option<&OutboxCursor>,
        limit: usize,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        self.call(self.inner.due(connection, now, after, limit)).await
    }

    async fn begin_send(
        &self,
        token: &RunToken,
        id: &OutboxId,
        intent: SendIntent,
    ) -> Result<BeginSend, StoreError> {
        self.call(self.inner.begin_send(token, id, intent)).await
    }

    async fn record(&self, token: &RunToken, records: &[ShipmentRecord]) -> Result<(), StoreError> {
        self.call(self.inner.record(token, records)).await
    }

    async fn unfinished(
        &self,
        connection: &ConnectionId,
        after: Option<&OutboxCursor>,
        limit: usize,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        self.call(self.inner.unfinished(connection, after, limit)).await
    }

    async fn unblock(&self, connection: &ConnectionId, key: &str) -> Result<u64, StoreError> {
        self.call(self.inner.unblock(connection, key)).await
    }

    async fn counts(&self, connection: &ConnectionId) -> Result<BTreeMap<String, u64>, StoreError> {
        self.call(self.inner.counts(connection)).await
    }

    async fn order_progress(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
    ) -> Result<OrderProgress, StoreError> {
        self.call(self.inner.order_progress(connection, order)).await
    }
}
