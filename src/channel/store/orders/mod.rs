//! Imported orders: the host's order, the import record and what is still to do about it.

mod failure;
mod follow_up;
mod held;
mod import;

use std::{collections::HashMap, fmt::Debug};

use async_trait::async_trait;

pub use self::{
    failure::{FailureRecord, OrderFailure},
    follow_up::{FollowUp, FollowUpKind, FollowUpOutcome, FollowUpResult, NewFollowUp},
    held::{Applied, HeldOrder},
    import::{ImportRecord, LineNames, NewOrder, SaveOutcome},
};
use super::{RunToken, StoreError};
use crate::{
    Timestamp,
    channel::{ChannelOrderId, ConnectionId, OrderFingerprint, shipping::ShippingResolution},
};

/// Keeps imported orders. This is the trait that a host most often writes against its own tables.
///
/// # Contract
/// Beside the [common contract](super):
///
/// - `save`: for **each** order of the batch, the host's own order, its import record and its open follow-ups
///   MUST commit in one transaction, or nothing of that order. The whole batch MAY be one transaction.
/// - `(connection, order id)` MUST be unique by the store itself (a unique index), not by a look-up before:
///   two concurrent saves of one order give one `Inserted` and one `AlreadyExists`.
/// - `save` and `known` answer for every id they are given; `save` in the order of its batch.
/// - `known`, `swallowed` and `failures` MUST take at least 500 ids in one call, and `look_alikes` at least 500 fingerprints.
/// - `look_alikes` MUST find an order from the moment at which `save` answered for it. An order without a fingerprint is
///   never found. A store MAY forget fingerprints that are older than any order it will ever be asked to save.
/// - Each `(order, kind)` of follow-up exists once. `open_follow_ups` answers oldest first.
/// - Failures are kept per order: the same order again counts an attempt, and keeps `first_seen` and whether it is
///   dismissed. `save` forgets the failure of an order that it inserts, in the same transaction.
/// - `apply_shipping` compares the stored shipping text with the given one and sets the resolution in one step.
///
/// Nothing of a buyer belongs anywhere but into the host's own order.
///
/// # Testing an implementation
/// Two tasks that save the same order at once; a batch whose middle order violates a constraint of the host;
/// a token with a lower fence after one with a higher fence.
#[async_trait]
pub trait OrderStore: Debug + Send + Sync {
    /// The import records of those of these orders that have been imported.
    ///
    /// # Errors
    /// When the store cannot say.
    async fn known(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, ImportRecord>, StoreError>;

    /// The orders that were inside another one when that one was imported, by
    /// [`Lineage::merged`](crate::channel::Lineage::merged) of its record: of these ids, each that is named there, with
    /// every such record in ascending order of id. When such an order turns up by itself, it was taken out again, and its
    /// goods may be on their way.
    ///
    /// # Errors
    /// When the store cannot say.
    async fn swallowed(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, Vec<ImportRecord>>, StoreError>;

    /// The import records that have one of these fingerprints, at most `limit` for each, in ascending order of id. Asked
    /// only where the settings look for orders that came twice.
    ///
    /// # Errors
    /// When the store cannot say.
    async fn look_alikes(
        &self,
        connection: &ConnectionId,
        fingerprints: &[OrderFingerprint],
        limit: usize,
    ) -> Result<HashMap<OrderFingerprint, Vec<ImportRecord>>, StoreError>;

    /// Imports a batch. The answers stand in the order of the batch.
    ///
    /// # Errors
    /// `LostLease`, or a failure that concerns the whole batch. What concerns one order is a
    /// [`SaveOutcome::Failed`].
    async fn save(&self, token: &RunToken, batch: &[NewOrder]) -> Result<Vec<SaveOutcome>, StoreError>;

    /// Follow-ups that are open and due at `now`, oldest first.
    ///
    /// # Errors
    /// When the store cannot say.
    async fn open_follow_ups(
        &self,
        connection: &ConnectionId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<FollowUp>, StoreError>;

    /// Records what became of follow-ups. One for a follow-up that is not open MUST be ignored.
    ///
    /// # Errors
    /// `LostLease`, or when the store cannot write.
    async fn settle_follow_ups(
        &self,
        token: &RunToken,
        outcomes: &[FollowUpOutcome],
    ) -> Result<(), StoreError>;

    /// Opens again the follow-ups of `kind` that failed for another wanted value than `wanted`; says how many.
    ///
    /// # Errors
    /// `LostLease`, or when the store cannot write.
    async fn reopen_follow_ups(
        &self,
        token: &RunToken,
        kind: FollowUpKind,
        wanted: &str,
        now: Timestamp,
    ) -> Result<u64, StoreError>;

    /// Keeps orders that could not be imported, to be read again by id.
    ///
    /// # Errors
    /// `LostLease`, or when the store cannot write.
    async fn record_failures(&self, token: &RunToken, failures: &[OrderFailure]) -> Result<(), StoreError>;

    /// Kept failures whose next attempt is due, first those that are due for longest, so that each has its turn. Dismissed
    /// ones are never due.
    ///
    /// # Errors
    /// When the store cannot say.
    async fn due_failures(
        &self,
        connection: &ConnectionId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<FailureRecord>, StoreError>;

    /// The kept failures of those of these orders that have one, due or not, dismissed or not.
    ///
    /// # Errors
    /// When the store cannot say.
    async fn failures(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, FailureRecord>, StoreError>;

    /// Forgets failures: the orders were imported after all, or no longer matter.
    ///
    /// # Errors
    /// `LostLease`, or when the store cannot write.
    async fn clear_failures(&self, token: &RunToken, orders: &[ChannelOrderId]) -> Result<(), StoreError>;

    /// A person's word that an order shall not be tried again: imports leave it out from then on, also where they meet it
    /// in their window and whatever it looks like by then, until somebody imports it by hand. It is no failure of a run
    /// any more, and reports name it as left out.
    ///
    /// # Errors
    /// When the store cannot write.
    async fn dismiss_failure(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
    ) -> Result<(), StoreError>;

    /// Held orders in ascending order of id, after `after`.
    ///
    /// # Errors
    /// When the store cannot say.
    async fn held(
        &self,
        connection: &ConnectionId,
        after: Option<&ChannelOrderId>,
        limit: usize,
    ) -> Result<Vec<HeldOrder>, StoreError>;

    /// Gives a held order the method that its shipping text now means, and lifts the holds that are about shipping
    /// ([`HoldReason::is_about_shipping`](crate::channel::HoldReason::is_about_shipping)); with no hold left the order
    /// is ready.
    ///
    /// # Errors
    /// `LostLease`, or when the store cannot write.
    async fn apply_shipping(
        &self,
        token: &RunToken,
        order: &ChannelOrderId,
        text: Option<&str>,
        resolution: &ShippingResolution,
        rules_version: u64,
    ) -> Result<Applied, StoreError>;
}
