//! Imported orders: the trait, in terms of the tables beside this file.

mod held;
mod records;
mod save;
mod work;

use async_trait::async_trait;
use tokio_postgres::Transaction;

use super::{PostgresStore, commit};
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

/// The ledger is read, stepped and written back with nobody between.
pub(super) const LEDGER: &str = "work";

/// Removes what is the buyer's from what is kept beside an order. The caller has locked the [ledger](LEDGER) and the order.
pub(super) async fn forget_buyer(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
) -> Answer<()> {
    forget_fingerprint(tx, connection, order, ImportRecord::without_buyer).await?;
    held::forget_buyer(tx, connection, order).await?;
    let entries = work::of(tx, connection, std::iter::once(order)).await?;
    let entries: Vec<OrderWork> = entries.into_iter().map(OrderWork::without_buyer).collect();
    work::put(tx, connection, &entries.iter().collect::<Vec<_>>()).await
}

#[async_trait]
impl OrderStore for PostgresStore {
    async fn save(&self, token: &RunToken, batch: &[NewOrder]) -> Result<Vec<SaveOutcome>, StoreError> {
        let row = |new| OrderRow::write_down(new, &token.run, self.host.is_some());
        let rows = batch.iter().map(row).collect();
        let mut client = self.client().await?;
        let tx = self.writing(&mut client, token).await?;
        // It ends what was open of an import.
        self.lock(&tx, &token.connection, LEDGER).await?;
        let to = save::Tables { tx: &tx, host: self.host.as_ref(), connection: &token.connection };
        let saved = to.save(rows).await?;
        commit(tx, saved).await
    }

    async fn records(
        &self,
        connection: &ConnectionId,
        keys: &[RecordKey],
        limit: usize,
    ) -> Result<Vec<Vec<ImportRecord>>, StoreError> {
        let mut client = self.client().await?;
        let tx = self.reading(&mut client).await?;
        Ok(records::with(&tx, connection.as_str(), keys, limit).await?)
    }

    async fn work(
        &self,
        connection: &ConnectionId,
        query: WorkQuery<'_>,
    ) -> Result<Vec<OrderWork>, StoreError> {
        let mut client = self.client().await?;
        let tx = self.reading(&mut client).await?;
        let connection = connection.as_str();
        Ok(match query {
            WorkQuery::DueImports { now, limit } => work::due(&tx, connection, false, now, limit).await?,
            WorkQuery::DueFollowUps { now, limit } => work::due(&tx, connection, true, now, limit).await?,
            WorkQuery::Of(orders) => work::of(&tx, connection, orders.iter()).await?,
        })
    }

    async fn record_work(&self, token: &RunToken, outcomes: &[WorkOutcome]) -> Result<(), StoreError> {
        let mut client = self.client().await?;
        let tx = self.writing(&mut client, token).await?;
        self.lock(&tx, &token.connection, LEDGER).await?;
        work::record(&tx, token, outcomes).await?;
        commit(tx, ()).await
    }

    async fn reopen_work(
        &self,
        token: &RunToken,
        kind: WorkKind,
        wanted: &str,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut client = self.client().await?;
        let tx = self.writing(&mut client, token).await?;
        self.lock(&tx, &token.connection, LEDGER).await?;
        let reopened = work::reopen(&tx, token.connection.as_str(), kind, wanted, now).await?;
        commit(tx, reopened).await
    }

    async fn dismiss(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut client = self.client().await?;
        let tx = self.changing(&mut client).await?;
        self.lock(&tx, connection, LEDGER).await?;
        work::dismiss(&tx, connection.as_str(), order, now).await?;
        commit(tx, ()).await
    }

    async fn held(
        &self,
        connection: &ConnectionId,
        after: Option<&ChannelOrderId>,
        limit: usize,
    ) -> Result<Vec<HeldOrder>, StoreError> {
        let mut client = self.client().await?;
        let tx = self.reading(&mut client).await?;
        Ok(held::page(&tx, connection.as_str(), after, limit).await?)
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
        let mut client = self.client().await?;
        let tx = self.writing(&mut client, token).await?;
        let held = Held { tx: &tx, host: self.host.as_ref(), connection: &token.connection, order };
        let answer = held.apply(text, resolution, rules_version, (&token.run, now)).await?;
        commit(tx, answer).await
    }
}
