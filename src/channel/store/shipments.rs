//! The outbox of shipments.

use std::{
    collections::BTreeMap,
    fmt::{self, Debug},
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{RunToken, StoreError};
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId, IllegalTransition, LineQuantity, OutboxId, Shipment, ShipmentState,
    },
};

/// Keeps the shipments that the channel is to be told of, and where each one stands.
///
/// # Contract
/// Beside the [common contract](super):
///
/// - `(connection, shipment id, revision)` MUST be unique: enqueuing the same again answers `Duplicate`, whatever
///   state the row is in. A host SHOULD enqueue in the transaction that records its shipment.
/// - `begin_send` MUST be durable before it returns: the request leaves right after. It MUST refuse, without an
///   effect, a row that is not due and a row of whose order another one is in flight.
/// - Every step MUST be one that [`ShipmentState::step`] allows; others are refused as permanent errors. What a step
///   makes of a row MUST be what [`OutboxRow::step`] makes of it.
/// - Every member of [`OutboxRow`] MUST be kept, `unknown_outcomes` among them: it bounds how often a row is sent.
/// - `due` and `unfinished` answer in the order of `(shipped_at, shipment id, revision)`, so that the rows of one
///   order come in the order in which they were shipped, and page by that key without gaps while rows change.
///
/// # Testing an implementation
/// Enqueue the same shipment from two tasks; begin to send two rows of one order; record an illegal step; read
/// `due` page by page while rows leave it.
#[async_trait]
pub trait ShipmentStore: Debug + Send + Sync {
    /// Adds a shipment in state `Pending`. The host calls this.
    ///
    /// # Errors
    /// When the store cannot write.
    async fn enqueue(
        &self,
        connection: &ConnectionId,
        shipment: Shipment,
        now: Timestamp,
    ) -> Result<Enqueued, StoreError>;

    /// Rows whose state [is due](ShipmentState::is_due) at `now`.
    ///
    /// # Errors
    /// When the store cannot say.
    async fn due(
        &self,
        connection: &ConnectionId,
        now: Timestamp,
        after: Option<&OutboxCursor>,
        limit: usize,
    ) -> Result<Vec<OutboxRow>, StoreError>;

    /// Puts a row into [the state of the intent](SendIntent::sending), durably.
    ///
    /// # Errors
    /// `LostLease`, or when the store cannot write. The request MUST NOT be sent then.
    async fn begin_send(
        &self,
        token: &RunToken,
        id: &OutboxId,
        intent: SendIntent,
    ) -> Result<BeginSend, StoreError>;

    /// Records steps. All of them commit, or none.
    ///
    /// # Errors
    /// `LostLease`; a permanent error for an illegal step or an unknown row; or when the store cannot write.
    async fn record(&self, token: &RunToken, records: &[ShipmentRecord]) -> Result<(), StoreError>;

    /// Rows that the channel may have been told of: `Sending`, `Unknown` or `Sent`.
    ///
    /// # Errors
    /// When the store cannot say.
    async fn unfinished(
        &self,
        connection: &ConnectionId,
        after: Option<&OutboxCursor>,
        limit: usize,
    ) -> Result<Vec<OutboxRow>, StoreError>;

    /// Puts the rows that are blocked on `key` back into `Pending`; says how many. The host calls this.
    ///
    /// # Errors
    /// When the store cannot write.
    async fn unblock(&self, connection: &ConnectionId, key: &str) -> Result<u64, StoreError>;

    /// Rows that are `Blocked`, in the order of the outbox. A carrier rule that is corrected releases the rows that the channel
    /// refused for its code, as far as they are found here.
    ///
    /// The default knows none: those rows then wait for [`unblock`](Self::unblock).
    ///
    /// # Errors
    /// When the store cannot say.
    async fn blocked(
        &self,
        _connection: &ConnectionId,
        _after: Option<&OutboxCursor>,
        _limit: usize,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        Ok(Vec::new())
    }

    /// How many rows are in each state, by [`ShipmentState::name`].
    ///
    /// # Errors
    /// When the store cannot say.
    async fn counts(&self, connection: &ConnectionId) -> Result<BTreeMap<String, u64>, StoreError>;

    /// Every row of one order, in the order in which they were shipped, closed ones included.
    ///
    /// # Errors
    /// When the store cannot say.
    async fn order_progress(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
    ) -> Result<OrderProgress, StoreError>;
}

/// The answer to [`ShipmentStore::enqueue`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Enqueued {
    /// It is new.
    Enqueued,
    /// It was there already; nothing was changed.
    Duplicate,
}

/// A row of the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OutboxRow {
    /// The shipment.
    pub shipment: Shipment,
    /// Where it stands.
    pub state: ShipmentState,
    /// How many attempts were made that count. The count starts over, from one at most, when the row comes to wait for
    /// something else than another attempt.
    pub attempts: u32,
    /// How many requests had an unknown outcome. Never starts over: it bounds how often the row is sent.
    #[serde(default)]
    pub unknown_outcomes: u32,
    /// What the last attempt said, for people.
    pub last_error: Option<String>,
    /// Since when it is in the outbox.
    pub enqueued_at: Timestamp,
    /// When its state last changed.
    pub updated_at: Timestamp,
}

impl OutboxRow {
    /// A new row.
    pub fn new(shipment: Shipment, now: Timestamp) -> Self {
        Self {
            shipment,
            state: ShipmentState::Pending,
            attempts: 0,
            unknown_outcomes: 0,
            last_error: None,
            enqueued_at: now,
            updated_at: now,
        }
    }

    /// Takes a step.
    ///
    /// # Errors
    /// [`IllegalTransition`] when the state machine does not have it; the row is as it was then.
    pub fn step(&mut self, record: ShipmentRecord) -> Result<(), IllegalTransition> {
        let was_sending = matches!(self.state, ShipmentState::Sending { .. });
        self.state = self.state.step(record.state)?;
        let is_unknown = matches!(self.state, ShipmentState::Unknown { .. });
        self.unknown_outcomes = self.unknown_outcomes.saturating_add((was_sending && is_unknown).into());
        self.attempts = self.attempts.saturating_add(u32::from(record.counts_attempt));
        if matches!(self.state, ShipmentState::Waiting { .. } | ShipmentState::Blocked { .. }) {
            // What failed before is no reason to give up afterwards; that it was tried is one to look first.
            self.attempts = self.attempts.min(1);
        }
        self.last_error = record.error;
        self.updated_at = record.now;
        Ok(())
    }

    /// Its key.
    pub fn id(&self) -> OutboxId {
        self.shipment.outbox_id()
    }

    /// Its place in the order of the outbox.
    pub fn cursor(&self) -> OutboxCursor {
        OutboxCursor { shipped_at: self.shipment.shipped_at, id: self.id() }
    }
}

/// A place in the order of the outbox.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OutboxCursor {
    /// When the shipment was shipped.
    pub shipped_at: Timestamp,
    /// The row.
    pub id: OutboxId,
}

impl fmt::Display for OutboxCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "shipment {}, shipped at {}", self.id, self.shipped_at)
    }
}

/// What is recorded before a request leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SendIntent {
    /// Which attempt, from 1.
    pub attempt: u32,
    /// Of what is sent.
    pub payload_hash: u64,
    /// The present instant.
    pub now: Timestamp,
    /// The channel's own time at this instant, where it is known.
    pub server_time: Option<Timestamp>,
}

impl SendIntent {
    /// An intent.
    pub fn new(attempt: u32, payload_hash: u64, now: Timestamp) -> Self {
        Self { attempt, payload_hash, now, server_time: None }
    }

    /// The channel's own time at this instant.
    #[must_use]
    pub fn server_time(mut self, time: Option<Timestamp>) -> Self {
        self.server_time = time;
        self
    }

    /// The state that [`ShipmentStore::begin_send`] puts the row into.
    pub fn sending(&self) -> ShipmentState {
        let Self { attempt, payload_hash, now, server_time } = *self;
        ShipmentState::Sending { attempt, payload_hash, since: now, server_since: server_time }
    }
}

/// The answer to [`ShipmentStore::begin_send`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BeginSend {
    /// The intent is durable: send.
    Granted,
    /// The row is not due any more. Do not send.
    NotDue,
    /// Another row of the same order is in flight. Do not send.
    OrderBusy,
}

/// A step of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShipmentRecord {
    /// The row.
    pub id: OutboxId,
    /// The state it is in from now on.
    pub state: ShipmentState,
    /// Whether an attempt is to be counted.
    pub counts_attempt: bool,
    /// What happened, for people; `None` clears the last error.
    pub error: Option<String>,
    /// The present instant.
    pub now: Timestamp,
}

impl ShipmentRecord {
    /// A step that counts no attempt and leaves no error.
    pub fn new(id: OutboxId, state: ShipmentState, now: Timestamp) -> Self {
        Self { id, state, counts_attempt: false, error: None, now }
    }

    /// The attempt counts.
    #[must_use]
    pub fn counting_attempt(mut self) -> Self {
        self.counts_attempt = true;
        self
    }

    /// What happened.
    #[must_use]
    pub fn because(mut self, error: impl Into<String>) -> Self {
        self.error = Some(error.into());
        self
    }
}

/// How far one order has been shipped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OrderProgress {
    /// Every row of the order.
    pub rows: Vec<OutboxRow>,
    /// Quantities that the host will never ship (cancelled, refunded).
    pub cancelled: Vec<LineQuantity>,
}

impl OrderProgress {
    /// The progress that these rows show.
    pub fn new(rows: Vec<OutboxRow>) -> Self {
        Self { rows, cancelled: Vec::new() }
    }
}
