//! Getting ready to send: what is recorded before a request leaves, and whether it may.

use super::OutboxRow;
use crate::{
    Timestamp,
    channel::{IllegalTransition, OutboxId, ShipmentState, record::record},
    setters::setters,
};

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
    /// The row is not due any more. Do not send.
    NotDue,
    /// Another row of the same order is in flight. Do not send.
    OrderBusy,
}

impl OutboxRow {
    /// Takes an intent, where `order` are all rows of its order or at least those in flight: puts the row into
    /// [the state of the intent](SendIntent::sending), or leaves it as it is if it is not due or another row of the order is
    /// in flight.
    ///
    /// # Errors
    /// [`IllegalTransition`] when the state machine does not have the step; no state that is due is without it.
    pub fn begin_send(
        &mut self,
        intent: &SendIntent,
        order: &[Self],
    ) -> Result<BeginSendOutcome, IllegalTransition> {
        if !self.state.is_due(intent.now) {
            return Ok(BeginSendOutcome::NotDue);
        }
        if order.iter().any(|other| other.state.is_in_flight()) {
            return Ok(BeginSendOutcome::OrderBusy);
        }
        self.state = self.state.step(intent.sending())?;
        self.updated_at = intent.now;
        Ok(BeginSendOutcome::Granted)
    }
}
