//! Imported orders: the trait, in terms of the tables beside this file.

mod failures;
mod follow_ups;
mod held;
mod records;
mod save;

use std::collections::HashMap;

use async_trait::async_trait;

use super::{SqliteStore, key};
use crate::{
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

pub(super) use self::{held::lift_holds, records::forget_fingerprint};

#[async_trait]
impl OrderStore for SqliteStore {
    async fn known(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, ImportRecord>, StoreError> {
        let (connection, orders) = (key(connection), orders.to_vec());
        self.read(move |tx| records::known(tx, &connection, orders)).await
    }

    async fn swallowed(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, Vec<ImportRecord>>, StoreError> {
        let (connection, orders) = (key(connection), orders.to_vec());
        self.read(move |tx| records::swallowed(tx, &connection, orders)).await
    }

    async fn look_alikes(
        &self,
        connection: &ConnectionId,
        fingerprints: &[OrderFingerprint],
        limit: usize,
    ) -> Result<HashMap<OrderFingerprint, Vec<ImportRecord>>, StoreError> {
        let (connection, fingerprints) = (key(connection), fingerprints.to_vec());
        self.read(move |tx| records::look_alikes(tx, &connection, fingerprints, limit)).await
    }

    async fn save(&self, token: &RunToken, batch: &[NewOrder]) -> Result<Vec<SaveOutcome>, StoreError> {
        let batch: Vec<_> = batch.iter().map(|new| save::write_down(new, &token.run)).collect();
        self.write(token, move |tx, token| save::save(tx, token.connection.as_str(), &batch)).await
    }

    async fn open_follow_ups(
        &self,
        connection: &ConnectionId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<FollowUp>, StoreError> {
        let connection = key(connection);
        self.read(move |tx| follow_ups::open(tx, &connection, now, limit)).await
    }

    async fn settle_follow_ups(
        &self,
        token: &RunToken,
        outcomes: &[FollowUpOutcome],
    ) -> Result<(), StoreError> {
        let outcomes = outcomes.to_vec();
        self.write(token, move |tx, token| {
            outcomes.iter().try_for_each(|outcome| follow_ups::settle(tx, token.connection.as_str(), outcome))
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
            follow_ups::reopen(tx, token.connection.as_str(), kind, &wanted, now)
        })
        .await
    }

    async fn record_failures(&self, token: &RunToken, failures: &[OrderFailure]) -> Result<(), StoreError> {
        let failures = failures.to_vec();
        self.write(token, move |tx, token| {
            failures.iter().try_for_each(|failure| failures::record(tx, token.connection.as_str(), failure))
        })
        .await
    }

    async fn due_failures(
        &self,
        connection: &ConnectionId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<FailureRecord>, StoreError> {
        let connection = key(connection);
        self.read(move |tx| failures::due(tx, &connection, now, limit)).await
    }

    async fn failures(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, FailureRecord>, StoreError> {
        let (connection, orders) = (key(connection), orders.to_vec());
        self.read(move |tx| failures::of(tx, &connection, &orders)).await
    }

    async fn clear_failures(&self, token: &RunToken, orders: &[ChannelOrderId]) -> Result<(), StoreError> {
        let orders = orders.to_vec();
        self.write(token, move |tx, token| {
            orders.iter().try_for_each(|order| failures::clear(tx, token.connection.as_str(), order))
        })
        .await
    }

    async fn dismiss_failure(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
    ) -> Result<(), StoreError> {
        let (connection, order) = (key(connection), order.clone());
        self.change(move |tx| failures::dismiss(tx, &connection, &order)).await
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
    ) -> Result<Applied, StoreError> {
        let (order, text, resolution) = (order.clone(), text.map(str::to_owned), resolution.clone());
        self.write(token, move |tx, token| {
            held::apply(tx, token.connection.as_str(), &order, text.as_deref(), &resolution, rules_version)
        })
        .await
    }
}
