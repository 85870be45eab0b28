//! What whoever calls an [`OrderStore`] would otherwise write again and again.

use std::{collections::HashMap, hash::Hash};

use async_trait::async_trait;

use super::{
    ImportRecord, OrderFailure, OrderStore, OrderWork, RecordKey, WorkKind, WorkOutcome, WorkQuery,
    WorkResult,
};
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId, OrderFingerprint,
        store::{KEYS_PER_CALL, RunToken, StoreError},
    },
};

/// Orders that one order may have been merged into, one after the other, before more are left out.
const MAX_MERGE_CHAIN: usize = 100;

/// Conveniences for whoever calls an [`OrderStore`]. They take any number of keys.
///
/// # Errors
/// Each fails as the method of the store does that it calls.
#[async_trait]
pub trait OrderStoreExt: OrderStore {
    /// The records of those of these orders that have been imported.
    async fn known(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, ImportRecord>, StoreError> {
        let found = by_key(self, connection, orders, RecordKey::Id, 1).await?;
        Ok(found.into_iter().filter_map(|(id, records)| Some((id, records.into_iter().next()?))).collect())
    }

    /// The orders that were inside another one when that one was imported, each with the records of those: see
    /// [`RecordKey::MergedInto`].
    async fn merged_into(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, Vec<ImportRecord>>, StoreError> {
        by_key(self, connection, orders, RecordKey::MergedInto, MAX_MERGE_CHAIN).await
    }

    /// The records that have one of these fingerprints, at most `limit` for each.
    async fn find_by_fingerprint(
        &self,
        connection: &ConnectionId,
        fingerprints: &[OrderFingerprint],
        limit: usize,
    ) -> Result<HashMap<OrderFingerprint, Vec<ImportRecord>>, StoreError> {
        by_key(self, connection, fingerprints, RecordKey::Fingerprint, limit).await
    }

    /// [Follow-ups that are due](WorkQuery::DueFollowUps).
    async fn due_follow_ups(
        &self,
        connection: &ConnectionId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<OrderWork>, StoreError> {
        self.work(connection, WorkQuery::DueFollowUps { now, limit }).await
    }

    /// [Failed imports that are due](WorkQuery::DueImports).
    async fn due_failures(
        &self,
        connection: &ConnectionId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<OrderWork>, StoreError> {
        self.work(connection, WorkQuery::DueImports { now, limit }).await
    }

    /// The failed imports of these orders, due or not, dismissed or not.
    async fn failures(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, OrderWork>, StoreError> {
        let mut found = HashMap::new();
        for orders in orders.chunks(KEYS_PER_CALL) {
            let entries = self.work(connection, WorkQuery::Of(orders)).await?.into_iter();
            let failures = entries.filter(|entry| entry.kind == WorkKind::Import);
            found.extend(failures.map(|entry| (entry.order.clone(), entry)));
        }
        Ok(found)
    }

    /// Keeps orders that could not be imported, to be read again by id.
    async fn record_failures(&self, token: &RunToken, failures: &[OrderFailure]) -> Result<(), StoreError> {
        let outcomes: Vec<_> = failures.iter().cloned().map(WorkOutcome::import_failed).collect();
        self.record_work(token, &outcomes).await
    }

    /// Forgets failed imports: the orders were imported after all, or no longer matter.
    async fn clear_failures(
        &self,
        token: &RunToken,
        orders: &[ChannelOrderId],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let done =
            |id: &ChannelOrderId| WorkOutcome::new(id.clone(), WorkKind::Import, WorkResult::Done, now);
        self.record_work(token, &orders.iter().map(done).collect::<Vec<_>>()).await
    }
}

impl<S: OrderStore + ?Sized> OrderStoreExt for S {}

/// The keys that have records, with them.
async fn by_key<K: Clone + Eq + Hash + Send + Sync>(
    store: &(impl OrderStore + ?Sized),
    connection: &ConnectionId,
    keys: &[K],
    key: fn(K) -> RecordKey,
    limit: usize,
) -> Result<HashMap<K, Vec<ImportRecord>>, StoreError> {
    let mut found = HashMap::new();
    for keys in keys.chunks(KEYS_PER_CALL) {
        let asked: Vec<RecordKey> = keys.iter().cloned().map(key).collect();
        let answers = store.records(connection, &asked, limit).await?;
        if answers.len() != asked.len() {
            return Err(StoreError::permanent(
                "records answered for fewer or more keys than it was asked for",
            ));
        }
        let answers = keys.iter().cloned().zip(answers);
        found.extend(answers.filter(|(_, records)| !records.is_empty()));
    }
    Ok(found)
}
