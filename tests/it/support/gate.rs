//! A store that stops at a chosen call: the test drops the run there, or lets it go on later.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use shipstation_connector::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId,
        shipping::ShippingResolution,
        store::{
            ApplyOutcome, HeldOrder, ImportRecord, NewOrder, OrderStore, OrderWork, RecordKey, RunToken,
            SaveOutcome, StoreError, Stores, WorkKind, WorkOutcome, WorkQuery,
        },
    },
    stores::{Instrumented, MemoryStore, NextCall, StoreAnswer, StoreCall, StoreHook},
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
        let runs = Arc::new(Instrumented::new(self.inner.clone(), self.clone()));
        Stores::all_in(self.inner.clone()).with_orders(self.clone()).with_runs(runs)
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
impl StoreHook for Gate {
    async fn around(&self, _: StoreCall, next: NextCall<'_>) -> Result<StoreAnswer, StoreError> {
        Gate::around(self, next).await
    }
}

#[async_trait]
impl OrderStore for Gate {
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

    async fn records(
        &self,
        connection: &ConnectionId,
        keys: &[RecordKey],
        limit: usize,
    ) -> Result<Vec<Vec<ImportRecord>>, StoreError> {
        self.around(self.inner.records(connection, keys, limit)).await
    }

    async fn work(
        &self,
        connection: &ConnectionId,
        query: WorkQuery<'_>,
    ) -> Result<Vec<OrderWork>, StoreError> {
        self.around(self.inner.work(connection, query)).await
    }

    async fn record_work(&self, token: &RunToken, outcomes: &[WorkOutcome]) -> Result<(), StoreError> {
        self.around(self.inner.record_work(token, outcomes)).await
    }

    async fn reopen_work(
        &self,
        token: &RunToken,
        kind: WorkKind,
        wanted: &str,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.around(self.inner.reopen_work(token, kind, wanted, now)).await
    }

    async fn dismiss(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.around(self.inner.dismiss(connection, order, now)).await
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
        now: Timestamp,
    ) -> Result<ApplyOutcome, StoreError> {
        self.around(self.inner.apply_shipping(token, order, text, resolution, rules_version, now)).await
    }
}
