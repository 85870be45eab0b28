//! Imported orders: the trait, in terms of the tables beside this file.

mod held;
mod records;
mod save;
mod work;

use async_trait::async_trait;
use rusqlite::Transaction;

use super::{SqliteStore, key};
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId,
        shipping::ShippingResolution,
        store::{
            ApplyOutcome, HeldOrder, ImportRecord, NewOrder, OrderStore, OrderWork, RecordKey, RunToken,
            SaveOutcome, StoreError, WorkKind, WorkOutcome, WorkQuery,
        },
    },
    stores::{columns::OrderRow, failure::Answer},
};

pub(super) use self::{held::Held, records::forget_fingerprint};

/// Removes what is the buyer's from what is kept beside an order.
pub(super) fn forget_buyer(tx: &Transaction<'_>, connection: &str, order: &ChannelOrderId) -> Answer<()> {
    forget_fingerprint(tx, connection, order, ImportRecord::without_buyer)?;
    held::forget_buyer(tx, connection, order)?;
    let entries = work::of(tx, connection, std::slice::from_ref(order))?;
    entries.into_iter().try_for_each(|entry| work::put(tx, connection, &entry.without_buyer()))
}

#[async_trait]
impl OrderStore for SqliteStore {
    async fn save(&self, token: &RunToken, batch: &[NewOrder]) -> Result<Vec<SaveOutcome>, StoreError> {
        let host = self.order_writer.clone();
        let row = |new| OrderRow::write_down(new, &token.run, host.is_some());
        let batch: Vec<_> = batch.iter().map(row).collect();
        self.write(token, move |tx, token| save::save(tx, host.as_deref(), &token.connection, &batch)).await
    }

    async fn records(
        &self,
        connection: &ConnectionId,
        keys: &[RecordKey],
        limit: usize,
    ) -> Result<Vec<Vec<ImportRecord>>, StoreError> {
        let (connection, keys) = (key(connection), keys.to_vec());
        self.read(move |tx| keys.iter().map(|key| records::with(tx, &connection, key, limit)).collect()).await
    }

    async fn work(
        &self,
        connection: &ConnectionId,
        query: WorkQuery<'_>,
    ) -> Result<Vec<OrderWork>, StoreError> {
        let connection = key(connection);
        match query {
            WorkQuery::DueImports { now, limit } => {
                self.read(move |tx| work::due(tx, &connection, false, now, limit)).await
            }
            WorkQuery::DueFollowUps { now, limit } => {
                self.read(move |tx| work::due(tx, &connection, true, now, limit)).await
            }
            WorkQuery::Of(orders) => {
                let orders = orders.to_vec();
                self.read(move |tx| work::of(tx, &connection, &orders)).await
            }
        }
    }

    async fn record_work(&self, token: &RunToken, outcomes: &[WorkOutcome]) -> Result<(), StoreError> {
        let outcomes = outcomes.to_vec();
        self.write(token, move |tx, token| {
            outcomes.iter().try_for_each(|outcome| work::record(tx, token, outcome))
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
        self.write(token, move |tx, token| work::reopen(tx, token.connection.as_str(), kind, &wanted, now))
            .await
    }

    async fn dismiss(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (connection, order) = (key(connection), order.clone());
        self.change(move |tx| work::dismiss(tx, &connection, &order, now)).await
    }

    async fn held(
        &self,
        connection: &ConnectionId,
        after: Option<&ChannelOrderId>,
        limit: usize,
    ) -> Result<Vec<HeldOrder>, StoreError> {
        let (connection, after) = (key(connection), after.cloned());
        self.read(move |tx| held::page(tx, &connection, after.as_ref(), limit)).await
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
        let (order, text, resolution) = (order.clone(), text.map(str::to_owned), resolution.clone());
        let host = self.order_writer.clone();
        self.write(token, move |tx, token| {
            let held = Held { tx, host: host.as_deref(), connection: &token.connection, order: &order };
            held.apply(text.as_deref(), &resolution, rules_version, (&token.run, now))
        })
        .await
    }
}
