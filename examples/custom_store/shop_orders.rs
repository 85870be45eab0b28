//! The shop's `OrderStore`: its own orders and lines, and beside them what the contract asks for.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use shipstation_connector::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId, OrderFingerprint,
        shipping::ShippingResolution,
        store::{
            Applied, FailureRecord, FollowUp, FollowUpKind, FollowUpOutcome, HeldOrder, ImportRecord,
            NewOrder, OrderFailure, OrderStore, RunToken, SaveOutcome, StoreError,
        },
    },
};

use crate::shop_tables::{
    ALIKE, FAILURE, Problem, RECORD, SURVIVORS, apply, forget_failure, json, put_failure, record_failure,
    rows, save, settle, value, values,
};

#[derive(Debug)]
pub(crate) struct ShopOrders {
    shop: Arc<Mutex<Connection>>,
}

impl ShopOrders {
    pub(crate) fn open(path: &Path) -> rusqlite::Result<Self> {
        let shop = Connection::open(path)?;
        shop.busy_timeout(Duration::from_secs(10))?;
        shop.execute_batch("PRAGMA journal_mode = wal; PRAGMA foreign_keys = on;")?;
        shop.execute_batch(include_str!("shop.sql"))?;
        Ok(Self { shop: Arc::new(Mutex::new(shop)) })
    }

    /// One transaction on a thread that may block: committed as a whole, or not at all when `work` fails.
    async fn transact<R: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<R, Problem> + Send + 'static,
    ) -> Result<R, StoreError> {
        let shop = self.shop.clone();
        let done = tokio::task::spawn_blocking(move || {
            let mut shop = shop.lock().unwrap_or_else(PoisonError::into_inner);
            let tx = shop.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let answer = work(&tx)?;
            tx.commit()?;
            Ok::<R, Problem>(answer)
        });
        let answer = done.await.map_err(|_| StoreError::permanent("the shop's thread has died"))?;
        answer.map_err(|problem| problem.0)
    }

    /// The same for a run: its fence is checked in the very transaction that writes.
    async fn write<R: Send + 'static>(
        &self,
        token: &RunToken,
        work: impl FnOnce(&Transaction<'_>, &RunToken) -> Result<R, Problem> + Send + 'static,
    ) -> Result<R, StoreError> {
        let token = token.clone();
        self.transact(move |tx| {
            let admitted = tx.execute(
                "INSERT INTO channel_fence VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET fence = excluded.fence WHERE fence <= excluded.fence",
                (
                    token.connection.as_str(),
                    token.operation.name(),
                    i64::try_from(token.fence).unwrap_or(i64::MAX),
                ),
            )?;
            if admitted == 0 {
                return Err(StoreError::lost_lease().into());
            }
            work(tx, &token)
        })
        .await
    }
}

#[async_trait]
impl OrderStore for ShopOrders {
    async fn known(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, ImportRecord>, StoreError> {
        let (connection, orders) = (connection.clone(), orders.to_vec());
        self.transact(move |tx| {
            let mut known = HashMap::new();
            for order in orders {
                if let Some(record) = value(tx, RECORD, (connection.as_str(), order.as_str()))? {
                    known.insert(order, record);
                }
            }
            Ok(known)
        })
        .await
    }

    async fn swallowed(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, Vec<ImportRecord>>, StoreError> {
        let (connection, orders) = (connection.clone(), orders.to_vec());
        self.transact(move |tx| {
            let mut found = HashMap::new();
            for order in orders {
                let survivors = values(tx, SURVIVORS, (connection.as_str(), order.as_str()))?;
                if !survivors.is_empty() {
                    found.insert(order, survivors);
                }
            }
            Ok(found)
        })
        .await
    }

    async fn look_alikes(
        &self,
        connection: &ConnectionId,
        fingerprints: &[OrderFingerprint],
        limit: usize,
    ) -> Result<HashMap<OrderFingerprint, Vec<ImportRecord>>, StoreError> {
        let (connection, fingerprints) = (connection.clone(), fingerprints.to_vec());
        self.transact(move |tx| {
            let mut found = HashMap::new();
            for fingerprint in fingerprints {
                let alike = values(tx, ALIKE, (connection.as_str(), fingerprint.as_str(), rows(limit)))?;
                if !alike.is_empty() {
                    found.insert(fingerprint, alike);
                }
            }
            Ok(found)
        })
        .await
    }

    async fn save(&self, token: &RunToken, batch: &[NewOrder]) -> Result<Vec<SaveOutcome>, StoreError> {
        let batch = batch.to_vec();
        self.write(token, move |tx, token| batch.iter().map(|new| save(tx, token, new)).collect()).await
    }

    async fn open_follow_ups(
        &self,
        connection: &ConnectionId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<FollowUp>, StoreError> {
        let connection = connection.clone();
        let sql =
            "SELECT task_json FROM channel_task WHERE connection = ?1 AND state = 'open' AND not_before <= ?2
                   ORDER BY created_at, channel_order LIMIT ?3";
        self.transact(move |tx| values(tx, sql, (connection.as_str(), now.unix_millis(), rows(limit)))).await
    }

    async fn settle_follow_ups(
        &self,
        token: &RunToken,
        outcomes: &[FollowUpOutcome],
    ) -> Result<(), StoreError> {
        let outcomes = outcomes.to_vec();
        self.write(token, move |tx, token| {
            outcomes.iter().try_for_each(|outcome| settle(tx, token.connection.as_str(), outcome))
        })
        .await
    }

    async fn reopen_follow_ups(
        &self,
        token: &RunToken,
        kind: FollowUpKind,
        wanted: &str,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let wanted = wanted.to_owned();
        self.write(token, move |tx, token| {
            let reopened = tx.execute(
                "UPDATE channel_task SET state = 'open', not_before = ?4
                 WHERE connection = ?1 AND kind = ?2 AND state = 'failed' AND wanted <> ?3",
                (token.connection.as_str(), json(&kind)?, wanted, now.unix_millis()),
            )?;
            Ok(u64::try_from(reopened).unwrap_or(u64::MAX))
        })
        .await
    }

    async fn record_failures(&self, token: &RunToken, failures: &[OrderFailure]) -> Result<(), StoreError> {
        let failures = failures.to_vec();
        self.write(token, move |tx, token| {
            failures
                .into_iter()
                .try_for_each(|failure| record_failure(tx, token.connection.as_str(), failure))
        })
        .await
    }

    async fn due_failures(
        &self,
        connection: &ConnectionId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<FailureRecord>, StoreError> {
        let connection = connection.clone();
        let sql = "SELECT failure_json FROM channel_failure
                   WHERE connection = ?1 AND dismissed = 0 AND next_attempt <= ?2
                   ORDER BY next_attempt, channel_order LIMIT ?3";
        self.transact(move |tx| values(tx, sql, (connection.as_str(), now.unix_millis(), rows(limit)))).await
    }

    async fn failures(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, FailureRecord>, StoreError> {
        let (connection, orders) = (connection.clone(), orders.to_vec());
        self.transact(move |tx| {
            let mut found = HashMap::new();
            for order in orders {
                if let Some(failure) = value(tx, FAILURE, (connection.as_str(), order.as_str()))? {
                    found.insert(order, failure);
                }
            }
            Ok(found)
        })
        .await
    }

    async fn clear_failures(&self, token: &RunToken, orders: &[ChannelOrderId]) -> Result<(), StoreError> {
        let orders = orders.to_vec();
        self.write(token, move |tx, token| {
            orders.iter().try_for_each(|order| forget_failure(tx, token.connection.as_str(), order))
        })
        .await
    }

    async fn dismiss_failure(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
    ) -> Result<(), StoreError> {
        let (connection, order) = (connection.clone(), order.clone());
        self.transact(move |tx| {
            match value::<FailureRecord>(tx, FAILURE, (connection.as_str(), order.as_str()))? {
                Some(mut record) => {
                    record.dismissed = true;
                    put_failure(tx, connection.as_str(), &order, &record)
                }
                None => Ok(()),
            }
        })
        .await
    }

    async fn held(
        &self,
        connection: &ConnectionId,
        after: Option<&ChannelOrderId>,
        limit: usize,
    ) -> Result<Vec<HeldOrder>, StoreError> {
        let (connection, after) = (connection.clone(), after.cloned());
        let sql = "SELECT held_json FROM channel_import WHERE connection = ?1 AND held = 1
                   AND (?2 IS NULL OR channel_order > ?2) ORDER BY channel_order LIMIT ?3";
        self.transact(move |tx| {
            let after = after.as_ref().map(ChannelOrderId::as_str);
            values(tx, sql, (connection.as_str(), after, rows(limit)))
        })
        .await
    }

    async fn apply_shipping(
        &self,
        token: &RunToken,
        order: &ChannelOrderId,
        text: Option<&str>,
        resolution: &ShippingResolution,
        _rules_version: u64,
    ) -> Result<Applied, StoreError> {
        let (order, text, resolution) = (order.clone(), text.map(str::to_owned), resolution.clone());
        self.write(token, move |tx, token| {
            apply(tx, token.connection.as_str(), &order, text.as_deref(), &resolution)
        })
        .await
    }
}
