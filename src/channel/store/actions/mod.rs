//! What the host wants done to orders in the channel, apart from shipping them. Optional.

mod row;

use std::fmt::Debug;

use async_trait::async_trait;

pub use self::row::{ActionIntent, ActionQuery, ActionRow, ActionTransition, AddOutcome, BeginActionOutcome};
use super::{RunToken, StoreError};
use crate::{
    Timestamp,
    channel::{ConnectionId, OrderAction},
};

/// Keeps what the host wants done to orders in the channel (held, released, tagged), and the state of each.
///
/// Beside the [common contract](super), every member of [`ActionRow`] MUST be kept, `unknown_outcomes` and `modified_at` among
/// them: they decide whether an action may be sent again. What becomes of a row is decided by the row: a store reads, lets it
/// take the step, and writes, in one transaction.
///
/// # Testing an implementation
/// Add the same action from two tasks; begin two actions of one order; begin one that a later one overrides; record an illegal
/// step.
#[async_trait]
pub trait ActionStore: Debug + Send + Sync {
    /// Adds actions as [new rows](ActionRow::new). The answers MUST stand in the order given. The connector calls this when the
    /// host asks; a host MAY call it itself.
    ///
    /// `(connection, action id)` MUST be unique by the store itself: what an action is answered whose id is there is decided by
    /// [`ActionRow::answer_to`], and nothing is changed. Numbers MUST grow in the order of addition, within the slice too. All of a
    /// call MUST commit, or none.
    async fn add_actions(
        &self,
        connection: &ConnectionId,
        actions: &[OrderAction],
        now: Timestamp,
    ) -> Result<Vec<AddOutcome>, StoreError>;

    /// At most `limit` of the rows that [the query takes](ActionQuery::takes) whose number is above `after`. MUST answer in
    /// ascending order of number.
    async fn actions(
        &self,
        connection: &ConnectionId,
        query: &ActionQuery,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ActionRow>, StoreError>;

    /// Puts rows into the state in which a request may be on its way. The answers MUST stand in the order of the intents.
    ///
    /// MUST do what [`ActionRow::begin`] says, intent by intent and as if nobody else wrote. MUST be durable before it returns: the
    /// request leaves right after. All of a call MUST commit, or none.
    ///
    /// # Errors
    /// `LostLease`; a permanent error for a row that is not there; or when the store cannot write. Nothing MUST be sent then.
    async fn begin_actions(
        &self,
        token: &RunToken,
        intents: &[ActionIntent],
    ) -> Result<Vec<BeginActionOutcome>, StoreError>;

    /// Records steps. MUST make of each row what [`ActionRow::step`] makes of it; all of them commit, or none.
    ///
    /// # Errors
    /// `LostLease`; a permanent error for an illegal step or a row that is not there; or when the store cannot write.
    async fn record_actions(&self, token: &RunToken, records: &[ActionTransition]) -> Result<(), StoreError>;
}
