//! What whoever calls a [`ShipmentStore`] would otherwise write again and again.

use async_trait::async_trait;

use super::{
    BeginSendOutcome, EnqueueOutcome, OutboxCursor, OutboxPage, OutboxQuery, OutboxRow, SendIntent,
    ShipmentStore,
};
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId, Shipment,
        store::{RunToken, StoreError},
    },
};

/// How far one order has been shipped: its rows, and what will never be shipped of it.
pub type OrderProgress = OutboxPage;

/// More rows than any order has.
const MAX_ROWS_PER_ORDER: usize = 10_000;

/// Conveniences for whoever calls a [`ShipmentStore`].
///
/// # Errors
/// Each fails as the method of the store does that it calls.
#[async_trait]
pub trait ShipmentStoreExt: ShipmentStore {
    /// Adds one shipment.
    async fn enqueue_one(
        &self,
        connection: &ConnectionId,
        shipment: Shipment,
        now: Timestamp,
    ) -> Result<EnqueueOutcome, StoreError> {
        only(self.enqueue(connection, std::slice::from_ref(&shipment), now).await?)
    }

    /// Begins to send one row.
    async fn begin_send_one(
        &self,
        token: &RunToken,
        intent: &SendIntent,
    ) -> Result<BeginSendOutcome, StoreError> {
        only(self.begin_send(token, std::slice::from_ref(intent)).await?)
    }

    /// A page of the rows that are [due](OutboxQuery::Due).
    async fn due(
        &self,
        connection: &ConnectionId,
        now: Timestamp,
        after: Option<&OutboxCursor>,
        limit: usize,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        Ok(self.rows(connection, &OutboxQuery::Due { now }, after, limit).await?.rows)
    }

    /// A page of the rows that are [in flight](OutboxQuery::InFlight).
    async fn in_flight(
        &self,
        connection: &ConnectionId,
        after: Option<&OutboxCursor>,
        limit: usize,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        Ok(self.rows(connection, &OutboxQuery::InFlight, after, limit).await?.rows)
    }

    /// A page of the rows that are [blocked](OutboxQuery::Blocked).
    async fn blocked(
        &self,
        connection: &ConnectionId,
        after: Option<&OutboxCursor>,
        limit: usize,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        Ok(self.rows(connection, &OutboxQuery::Blocked, after, limit).await?.rows)
    }

    /// Every row of [one order](OutboxQuery::OfOrder).
    async fn order_progress(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
    ) -> Result<OrderProgress, StoreError> {
        self.rows(connection, &OutboxQuery::OfOrder(order.clone()), None, MAX_ROWS_PER_ORDER).await
    }
}

impl<S: ShipmentStore + ?Sized> ShipmentStoreExt for S {}

fn only<T>(answers: Vec<T>) -> Result<T, StoreError> {
    let answer = answers.into_iter().next();
    answer.ok_or_else(|| StoreError::permanent("the store did not answer for every row"))
}
