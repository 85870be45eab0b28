//! The rows of the outbox: how they are asked for, the steps they take, and whether one may be sent.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, IllegalTransition, LineQuantity, OutboxId, Shipment, ShipmentId, ShipmentState,
        record::record, wording::says,
    },
    setters::setters,
};

record! {
    /// A row of the outbox. Its serde form is what stores keep.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct OutboxRow {
        /// The shipment.
        pub shipment: Shipment,
        /// Where it stands.
        pub state: ShipmentState = ShipmentState::Pending,
        /// How many attempts were made that count. The count starts over, from one at most, when the row comes to wait for
        /// something else than another attempt.
        pub attempts: u32 = 0,
        /// How many requests had an unknown outcome. Never starts over: it bounds how often the row is sent.
        #[serde(default)]
        pub unknown_outcomes: u32 = 0,
        /// What the last attempt said, for people.
        pub last_error: Option<String> = None,
        /// How it is sent. `Single` in rows of version 0.1.
        #[serde(default)]
        pub lane: SendLane = SendLane::Single,
        /// Since when it is in the outbox.
        pub enqueued_at: Timestamp = now,
        /// When its state last changed.
        pub updated_at: Timestamp = now,
    }
    /// A new row.
    pub fn new(shipment: Shipment, now: Timestamp);
}

impl OutboxRow {
    /// Takes a step.
    ///
    /// # Errors
    /// [`IllegalTransition`] when the state machine does not have it; the row is as it was then.
    pub fn step(&mut self, record: ShipmentTransition) -> Result<(), IllegalTransition> {
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

    /// Puts it back into `Pending` if it is blocked on `key`; says whether it was.
    pub fn unblock(&mut self, key: &str, now: Timestamp) -> bool {
        let blocked =
            matches!(&self.state, ShipmentState::Blocked { reason } if reason.unblock_key() == Some(key));
        if blocked {
            (self.state, self.updated_at) = (ShipmentState::Pending, now);
        }
        blocked
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

/// How a row is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SendLane {
    /// By a request of its own.
    #[default]
    Single,
    /// Together with others, in one request. Reserved: nothing is sent so.
    Bulk,
}

/// A place in the order of the outbox.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OutboxCursor {
    /// When the shipment was shipped.
    pub shipped_at: Timestamp,
    /// The row.
    pub id: OutboxId,
}

says! { |it: OutboxCursor| "shipment {}, shipped at {}", it.id, it.shipped_at }

/// Which rows are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutboxQuery {
    /// Rows whose state [is due](ShipmentState::is_due).
    Due {
        /// At this instant.
        now: Timestamp,
    },
    /// Rows of which a request may have reached the channel: [in flight](ShipmentState::is_in_flight).
    InFlight,
    /// Rows that are `Blocked`.
    Blocked,
    /// Every row of one order, closed ones included.
    OfOrder(ChannelOrderId),
    /// Every revision of one shipment, whatever orders they name.
    OfShipment(ShipmentId),
}

impl OutboxQuery {
    /// Whether the row is one of them.
    pub fn takes(&self, row: &OutboxRow) -> bool {
        match self {
            Self::Due { now } => row.state.is_due(*now),
            Self::InFlight => row.state.is_in_flight(),
            Self::Blocked => matches!(row.state, ShipmentState::Blocked { .. }),
            Self::OfOrder(order) => row.shipment.order == *order,
            Self::OfShipment(shipment) => row.shipment.id == *shipment,
        }
    }
}

record! {
    /// A page of rows.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct OutboxPage {
        /// The rows.
        pub rows: Vec<OutboxRow>,
        /// Of an [order](OutboxQuery::OfOrder): quantities that the host will never ship (cancelled, refunded).
        pub cancelled: Vec<LineQuantity> = Vec::new(),
    }
    /// A page of these rows.
    pub fn new(rows: Vec<OutboxRow>);

    /// A step of a row.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct ShipmentTransition {
        /// The row.
        pub id: OutboxId,
        /// The state it is in from now on.
        pub state: ShipmentState,
        /// Whether an attempt is to be counted.
        pub counts_attempt: bool = false,
        /// What happened, for people; `None` clears the last error.
        pub error: Option<String> = None,
        /// The present instant.
        pub now: Timestamp,
    }
    /// A step that counts no attempt and leaves no error.
    pub fn new(id: OutboxId, state: ShipmentState, now: Timestamp);
}

impl ShipmentTransition {
    setters! {
        /// The attempt counts.
        counting_attempt() => counts_attempt = true;
        /// With a note on what happened.
        because(error: impl Into<String>) => error = Some(error.into());
    }
}

record! {
    /// What is recorded before a request leaves.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct SendIntent {
        /// The row.
        pub id: OutboxId,
        /// Which attempt, from 1.
        pub attempt: u32,
        /// The present instant.
        pub now: Timestamp,
        /// The channel's own time at this instant, where it is known.
        pub server_time: Option<Timestamp> = None,
    }
    /// An intent.
    pub fn new(id: OutboxId, attempt: u32, now: Timestamp);
}

impl SendIntent {
    setters! {
        /// The channel's own time at this instant.
        server_time(time: Option<Timestamp>) => server_time = time;
    }

    /// The state that a row is put into that is granted.
    pub fn sending(&self) -> ShipmentState {
        ShipmentState::Sending { attempt: self.attempt, since: self.now, server_since: self.server_time }
    }
}

/// Whether a row may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BeginSendOutcome {
    /// The intent is durable: send.
    Granted,
    /// The row is not due any more, or a shipment of its order was corrected. Do not send.
    NotDue,
    /// Another row of the same order is in flight. Do not send.
    OrderBusy,
}

impl OutboxRow {
    /// Takes an intent, where `rows` are all rows of its order and every revision of their shipments, also those that name another
    /// order: puts the row into [the state of the intent](SendIntent::sending), or leaves it as it is if it is not due, another row
    /// of the order is in flight, or the host has corrected or taken back a shipment of the order since it was planned.
    ///
    /// # Errors
    /// [`IllegalTransition`] when the state machine does not have the step; no state that is due is without it.
    pub fn begin_send(
        &mut self,
        intent: &SendIntent,
        rows: &[Self],
    ) -> Result<BeginSendOutcome, IllegalTransition> {
        if !self.state.is_due(intent.now) {
            return Ok(BeginSendOutcome::NotDue);
        }
        let of_order = |row: &&Self| row.shipment.order == self.shipment.order;
        if rows.iter().filter(of_order).any(|row| row.state.is_in_flight()) {
            return Ok(BeginSendOutcome::OrderBusy);
        }
        if rows
            .iter()
            .filter(of_order)
            .any(|row| !row.state.is_closed() && row.newer_revision(rows).is_some())
        {
            return Ok(BeginSendOutcome::NotDue);
        }
        self.state = self.state.step(intent.sending())?;
        self.updated_at = intent.now;
        Ok(BeginSendOutcome::Granted)
    }

    /// The newest revision of its shipment among these rows, if it is newer than its own.
    pub(crate) fn newer_revision(&self, rows: &[Self]) -> Option<u32> {
        let same = rows.iter().filter(|other| other.shipment.id == self.shipment.id);
        same.map(|other| other.shipment.revision).max().filter(|newest| *newest > self.shipment.revision)
    }
}
