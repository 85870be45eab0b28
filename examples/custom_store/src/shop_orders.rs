//! The shop's `OrderStore`: its own orders and lines, and beside them what the contract asks for.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use shipstation_connector::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId,
        shipping::ShippingResolution,
        store::{
            ApplyOutcome, HeldOrder, ImportRecord, NewOrder, OrderStore, OrderWork, RecordKey, RunToken,
            SaveOutcome, StoreError, WorkKind, WorkOutcome, WorkQuery, WorkState,
        },
    },
};

use crate::shop_tables::{
    ALIKE, Problem, RECORD, SURVIVORS, WORK, WORK_OF, apply, put_work, record_work, rows, save, value, values,
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
    async fn save(&self, token: &RunToken, batch: &[NewOrder]) -> Result<Vec<SaveOutcome>, StoreError> {
        let batch = batch.to_vec();
        self.write(token, move |tx, token| batch.iter().map(|new| save(tx, token, new)).collect()).await
    }

    async fn records(
        &self,
        connection: &ConnectionId,
        keys: &[RecordKey],
        limit: usize,
    ) -> Result<Vec<Vec<ImportRecord>>, StoreError> {
        let (connection, keys) = (connection.clone(), keys.to_vec());
        self.transact(move |tx| {
            let records = |key: &RecordKey| match key {
                RecordKey::Id(order) => values(tx, RECORD, (connection.as_str(), order.as_str())),
                RecordKey::MergedInto(order) => {
                    values(tx, SURVIVORS, (connection.as_str(), order.as_str(), rows(limit)))
                }
                RecordKey::Fingerprint(print) => {
                    values(tx, ALIKE, (connection.as_str(), print.as_str(), rows(limit)))
                }
                _ => Err(StoreError::permanent("this shop does not look orders up that way").into()),
            };
            keys.iter().map(records).collect()
        })
        .await
    }

    async fn work(
        &self,
        connection: &ConnectionId,
        query: WorkQuery<'_>,
    ) -> Result<Vec<OrderWork>, StoreError> {
        let connection = connection.clone();
        let (follow_up, now, limit) = match query {
            WorkQuery::DueImports { now, limit } => (false, now, limit),
            WorkQuery::DueFollowUps { now, limit } => (true, now, limit),
            WorkQuery::Of(orders) => {
                let orders = orders.to_vec();
                let of = move |tx: &Transaction<'_>| {
                    let mut found = Vec::new();
                    for order in orders {
                        found.extend(values(tx, WORK_OF, (connection.as_str(), order.as_str()))?);
                    }
                    Ok(found)
                };
                return self.transact(of).await;
            }
            _ => return Err(StoreError::permanent("this shop does not look work up that way")),
        };
        let sql = "SELECT work_json FROM channel_work
                   WHERE connection = ?1 AND follow_up = ?2 AND state = 'open' AND next_attempt <= ?3
                   ORDER BY next_attempt, channel_order LIMIT ?4";
        let now = now.unix_millis();
        self.transact(move |tx| values(tx, sql, (connection.as_str(), follow_up, now, rows(limit)))).await
    }

    async fn record_work(&self, token: &RunToken, outcomes: &[WorkOutcome]) -> Result<(), StoreError> {
        let outcomes = outcomes.to_vec();
        self.write(token, move |tx, token| {
            outcomes.iter().try_for_each(|outcome| record_work(tx, token.connection.as_str(), outcome))
        })
        .await
    }

    async fn reopen_work(
        &self,
        token: &RunToken,
        kind: WorkKind,
        wanted: &str,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let wanted = wanted.to_owned();
        let sql =
            "SELECT work_json FROM channel_work WHERE connection = ?1 AND kind = ?2 AND state = 'failed'";
        self.write(token, move |tx, token| {
            let connection = token.connection.as_str();
            let mut reopened = 0;
            for mut work in values::<OrderWork>(tx, sql, (connection, kind.name()))? {
                if work.reopen(&wanted, now) {
                    put_work(tx, connection, &work)?;
                    reopened += 1;
                }
            }
            Ok(reopened)
        })
        .await
    }

    async fn dismiss(&self, connection: &ConnectionId, order: &ChannelOrderId) -> Result<(), StoreError> {
        let (connection, order) = (connection.clone(), order.clone());
        self.transact(move |tx| {
            let key = (connection.as_str(), order.as_str(), WorkKind::Import.name());
            match value::<OrderWork>(tx, WORK, key)? {
                Some(mut work) => {
                    work.state = WorkState::Dismissed;
                    put_work(tx, connection.as_str(), &work)
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
    ) -> Result<ApplyOutcome, StoreError> {
        let (order, text, resolution) = (order.clone(), text.map(str::to_owned), resolution.clone());
        self.write(token, move |tx, token| {
            apply(tx, token.connection.as_str(), &order, text.as_deref(), &resolution)
        })
        .await
    }
}
