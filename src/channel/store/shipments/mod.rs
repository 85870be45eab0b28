//! The outbox of shipments.

mod ext;
mod row;

use std::{collections::BTreeMap, fmt::Debug};

use async_trait::async_trait;

pub use self::{
    ext::{OrderProgress, ShipmentStoreExt},
    row::{
        BeginSendOutcome, OutboxCursor, OutboxPage, OutboxQuery, OutboxRow, SendIntent, SendLane,
        ShipmentTransition,
    },
};
use super::{RunToken, StoreError};
use crate::{
    Timestamp,
    channel::{ConnectionId, Shipment},
};

/// Keeps the shipments that are reported to the channel, and the state of each.
///
/// Beside the [common contract](super), every member of [`OutboxRow`] MUST be kept, `unknown_outcomes` among them: it bounds
/// how often a row is sent. What becomes of a row is decided by the row: a store reads, lets it take the step, and writes, in
/// one transaction.
///
/// # Testing an implementation
/// Enqueue the same shipment from two tasks; begin to send two rows of one order; record an illegal step; read
/// what is due page by page while rows leave it, two revisions of one shipment among them.
#[async_trait]
pub trait ShipmentStore: Debug + Send + Sync {
    /// Adds shipments as [new rows](OutboxRow::new). The answers MUST stand in the order given. The host calls this.
    ///
    /// `(connection, shipment id, revision)` MUST be unique by the store itself: enqueuing the same again answers `Duplicate`
    /// and changes nothing, whatever state the row is in. All of a call MUST commit, or none. A host SHOULD enqueue in the
    /// transaction that records its shipment.
    async fn enqueue(
        &self,
        connection: &ConnectionId,
        shipments: &[Shipment],
        now: Timestamp,
    ) -> Result<Vec<EnqueueOutcome>, StoreError>;

    /// At most `limit` of the rows that [the query takes](OutboxQuery::takes), after `after`.
    ///
    /// MUST answer in the order of [`OutboxRow::cursor`], that is of `(shipped_at, shipment id, revision)`, and page by the
    /// whole of it, so that no row is left out or shown twice while others change.
    async fn rows(
        &self,
        connection: &ConnectionId,
        query: &OutboxQuery,
        after: Option<&OutboxCursor>,
        limit: usize,
    ) -> Result<OutboxPage, StoreError>;

    /// Puts rows into the state in which a request may be on its way. The answers MUST stand in the order of the intents.
    ///
    /// MUST do what [`OutboxRow::begin_send`] says, intent by intent and as if nobody else wrote: of concurrent calls for rows
    /// of one order one is granted. MUST be durable before it returns: the requests leave right after. All of a call MUST
    /// commit, or none.
    ///
    /// # Errors
    /// `LostLease`; a permanent error for a row that is not there; or when the store cannot write. Nothing MUST be sent then.
    async fn begin_send(
        &self,
        token: &RunToken,
        intents: &[SendIntent],
    ) -> Result<Vec<BeginSendOutcome>, StoreError>;

    /// Records steps. MUST make of each row what [`OutboxRow::step`] makes of it; all of them commit, or none.
    ///
    /// # Errors
    /// `LostLease`; a permanent error for an illegal step or a row that is not there; or when the store cannot write.
    async fn record(&self, token: &RunToken, records: &[ShipmentTransition]) -> Result<(), StoreError>;

    /// Puts the rows that are blocked on `key` back into `Pending`: [`OutboxRow::unblock`]. Says how many. The host calls this.
    async fn unblock(&self, connection: &ConnectionId, key: &str, now: Timestamp) -> Result<u64, StoreError>;

    /// How many rows are in each state, by [`ShipmentState::name`](crate::channel::ShipmentState::name).
    async fn counts(&self, connection: &ConnectionId) -> Result<BTreeMap<String, u64>, StoreError>;
}

/// What became of a shipment that was enqueued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnqueueOutcome {
    /// It is new.
    New,
    /// It was there already; nothing was changed.
    Duplicate,
}
