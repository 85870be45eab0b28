//! Flaws in removing what nobody needs any more.

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use shipstation_connector::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId,
        store::{
            Forgotten, HistoryStore, Maintained, Maintenance, OrderStore, RetentionPolicy, RunSummary,
            StoreError, WorkQuery,
        },
    },
};

use super::{BrokenStore, Flaw};

impl BrokenStore {
    /// The runs that are left of these.
    pub(super) fn left_of(&self, runs: &mut Vec<RunSummary>) {
        if self.is(Flaw::GoodLooksAreRemoved) && self.maintained.load(Ordering::SeqCst) {
            let newest = runs.first().map(|run| run.run.clone());
            runs.retain(|run| run.is_success() || Some(&run.run) == newest.as_ref());
        }
    }
}

#[async_trait]
impl Maintenance for BrokenStore {
    async fn maintain(&self, policy: &RetentionPolicy, now: Timestamp) -> Result<Maintained, StoreError> {
        self.maintained.store(true, Ordering::SeqCst);
        self.inner.maintain(policy, now).await
    }

    async fn forget_buyer(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
    ) -> Result<Forgotten, StoreError> {
        if self.is(Flaw::EventsKeepTheBuyer) {
            *self.events.lock().unwrap() = self.inner.events(connection, order, None, 99).await?;
        }
        if self.is(Flaw::ChangesKeepTheBuyer) {
            *self.changes.lock().unwrap() = self.inner.changes(connection, None, 99).await?;
        }
        if self.is(Flaw::WorkKeepsTheBuyer) {
            let of_it = WorkQuery::Of(std::slice::from_ref(order));
            *self.late.lock().unwrap() = self.inner.work(connection, of_it).await?;
        }
        self.inner.forget_buyer(connection, order).await
    }

    async fn after_restore(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.inner.after_restore(now).await
    }
}
