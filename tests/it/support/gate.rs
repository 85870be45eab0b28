//! A store that stops at a chosen call: the test drops the run there, or lets it go on later.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use shipstation_connector::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId, Operation, OrderFingerprint,
        shipping::ShippingResolution,
        store::{
            Applied, Begin, FailureRecord, FollowUp, FollowUpKind, FollowUpOutcome, HeldOrder, ImportRecord,
            NewOrder, NewRun, OrderFailure, OrderStore, RunStore, RunSummary, RunToken, SaveOutcome,
            StoreError, Stores,
        },
    },
    stores::MemoryStore,
};
use tokio::sync::Notify;

/// When a call dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Before,
    After,
}

/// Counts the calls of the order and run stores, and lets one of them never return.
#[derive(Debug)]
pub(crate) struct Gate {
    inner: Arc<MemoryStore>,
    calls: AtomicUsize,
    die: Mutex<Option<(usize, Moment)>>,
    /// Says that the call has stopped.
    pub(crate) dead: Notify,
    /// Lets it go on.
    pub(crate) resume: Notify,
    /// How often each order was inserted.
    pub(crate) inserted: Mutex<BTreeMap<ChannelOrderId, u32>>,
    /// The answers of the next saves, for hosts that refuse an order: by number.
    pub(crate) refuse: Mutex<HashMap<String, bool>>,
}

impl Gate {
    pub(crate) fn over(inner: Arc<MemoryStore>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            calls: AtomicUsize::new(0),
            die: Mutex::new(None),
            dead: Notify::new(),
            resume: Notify::new(),
            inserted: Mutex::default(),
            refuse: Mutex::default(),
        })
    }

    pub(crate) fn stores(self: &Arc<Self>) -> Stores {
        Stores::all_in(self.inner.clone()).with_orders(self.clone()).with_runs(self.clone())
    }

    /// How many calls there were.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Stops the call of this number, from 1.
    pub(crate) fn die_at(&self, call: usize, moment: Moment) {
        *self.die.lock().unwrap() = Some((call, moment));
    }

    /// Stops no call any more.
    pub(crate) fn live(&self) {
        *self.die.lock().unwrap() = None;
    }

    /// Lets the order with this number fail from now on.
    pub(crate) fn refuse(&self, number: &str, retryable: bool) {
        self.refuse.lock().unwrap().insert(number.to_owned(), retryable);
    }

    async fn around<T>(&self, call: impl Future<Output = T>) -> T {
        let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let die = *self.die.lock().unwrap();
        if die == Some((number, Moment::Before)) {
            self.perish().await;
        }
        let result = call.await;
        if die == Some((number, Moment::After)) {
            self.perish().await;
        }
        result
    }

    async fn perish(&self) {
        *self.die.lock().unwrap() = None;
        self.dead.notify_one();
        self.resume.notified().await;
    }
}

#[async_trait]
impl RunStore for Gate {
    async fn begin(&self, run: NewRun) -> Result<Begin, StoreError> {
        self.around(self.inner.begin(run)).await
    }

    async fn heartbeat(&self, token: &RunToken, ttl: Duration, now: Timestamp) -> Result<(), StoreError> {
        self.around(self.inner.heartbeat(token, ttl, now)).await
    }

    async fn finish(&self, token: &RunToken, summary: RunSummary) -> Result<(), StoreError> {
        self.around(self.inner.finish(token, summary)).await
    }

    async fn last_success(
        &self,
        connection: &ConnectionId,
        operation: Operation,
    ) -> Result<Option<RunSummary>, StoreError> {
        self.around(self.inner.last_success(connection, operation)).await
    }

    async fn recent(
        &self,
        connection: &ConnectionId,
        operation: Operation,
        limit: usize,
    ) -> Result<Vec<RunSummary>, StoreError> {
        self.around(self.inner.recent(connection, operation, limit)).await
    }
}

#[async_trait]
impl OrderStore for Gate {
    async fn known(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, ImportRecord>, StoreError> {
        self.around(self.inner.known(connection, orders)).await
    }

    async fn swallowed(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, Vec<ImportRecord>>, StoreError> {
        self.around(self.inner.swallowed(connection, orders)).await
    }

    async fn look_alikes(
        &self,
        connection: &ConnectionId,
        fingerprints: &[OrderFingerprint],
        limit: usize,
    ) -> Result<HashMap<OrderFingerprint, Vec<ImportRecord>>, StoreError> {
        self.around(self.inner.look_alikes(connection, fingerprints, limit)).await
    }

    async fn save(&self, token: &RunToken, batch: &[NewOrder]) -> Result<Vec<SaveOutcome>, StoreError> {
        let refused = self.refuse.lock().unwrap().clone();
        let save = async {
            let mut outcomes = Vec::new();
            for new in batch {
                if let Some(retryable) = refused.get(&new.order.number) {
                    let message = "the host refused it".to_owned();
                    outcomes.push(SaveOutcome::Failed { message, retryable: *retryable });
                    continue;
                }
                let outcome = self.inner.save(token, std::slice::from_ref(new)).await?.remove(0);
                if matches!(outcome, SaveOutcome::Inserted { .. }) {
                    *self.inserted.lock().unwrap().entry(new.order.id.clone()).or_default() += 1;
                }
                outcomes.push(outcome);
            }
            Ok(outcomes)
        };
        self.around(save).await
    }

    async fn open_follow_ups(
        &self,
        connection: &ConnectionId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<FollowUp>, StoreError> {
        self.around(self.inner.open_follow_ups(connection, now, limit)).await
    }

    async fn settle_follow_ups(
        &self,
        token: &RunToken,
        outcomes: &[FollowUpOutcome],
    ) -> Result<(), StoreError> {
        self.around(self.inner.settle_follow_ups(token, outcomes)).await
    }

    async fn reopen_follow_ups(
        &self,
        token: &RunToken,
        kind: FollowUpKind,
        wanted: &str,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.around(self.inner.reopen_follow_ups(token, kind, wanted, now)).await
    }

    async fn record_failures(&self, token: &RunToken, failures: &[OrderFailure]) -> Result<(), StoreError> {
        self.around(self.inner.record_failures(token, failures)).await
    }

    async fn due_failures(
        &self,
        connection: &ConnectionId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<FailureRecord>, StoreError> {
        self.around(self.inner.due_failures(connection, now, limit)).await
    }

    async fn failures(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, FailureRecord>, StoreError> {
        self.around(self.inner.failures(connection, orders)).await
    }

    async fn clear_failures(&self, token: &RunToken, orders: &[ChannelOrderId]) -> Result<(), StoreError> {
        self.around(self.inner.clear_failures(token, orders)).await
    }

    async fn dismiss_failure(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
    ) -> Result<(), StoreError> {
        self.around(self.inner.dismiss_failure(connection, order)).await
    }

    async fn held(
        &self,
        connection: &ConnectionId,
        after: Option<&ChannelOrderId>,
        limit: usize,
    ) -> Result<Vec<HeldOrder>, StoreError> {
        self.around(self.inner.held(connection, after, limit)).await
    }

    async fn apply_shipping(
        &self,
        token: &RunToken,
        order: &ChannelOrderId,
        text: Option<&str>,
        resolution: &ShippingResolution,
        rules_version: u64,
    ) -> Result<Applied, StoreError> {
        self.around(self.inner.apply_shipping(token, order, text, resolution, rules_version)).await
    }
}
