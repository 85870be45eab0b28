//! Imported orders: the host's order, the import record and what is still to do about it.

mod ext;
mod held;
mod import;
mod work;

use std::fmt::Debug;

use async_trait::async_trait;

pub use self::{
    ext::OrderStoreExt,
    held::{ApplyOutcome, HeldOrder},
    import::{ImportRecord, LineNames, NewOrder, RecordKey, SaveOutcome},
    work::{NewFollowUp, OrderFailure, OrderWork, WorkKind, WorkOutcome, WorkQuery, WorkResult, WorkState},
};
use super::{RunToken, StoreError};
use crate::{
    Timestamp,
    channel::{ChannelOrderId, ConnectionId, shipping::ShippingResolution},
};

/// Keeps imported orders. This is the trait that a host most often writes against its own tables.
///
/// Beside the [common contract](super), nothing of a buyer belongs anywhere but into the host's own order. What becomes of an
/// entry of the ledger and of a held order is decided by [`OrderWork`] and [`HeldOrder`]: a store reads, lets them take the
/// step, and writes, in one transaction.
///
/// # Testing an implementation
/// Two tasks that save the same order at once; a batch whose middle order violates a constraint of the host;
/// a token with a lower fence after one with a higher fence.
#[async_trait]
pub trait OrderStore: Debug + Send + Sync {
    /// Imports a batch. The answers MUST stand in the order of the batch, one for each order.
    ///
    /// For **each** order the host's own order, [its record](NewOrder::record), [what remains to be done about
    /// it](OrderWork::follow_ups_of) and the removal of its [`WorkKind::Import`] entry MUST commit in one transaction, or
    /// nothing of that order. The whole batch MAY be one transaction. `(connection, order id)` MUST be unique by the store
    /// itself (a unique index), not by a look-up before: of two concurrent saves of one order one answers `Inserted` and the
    /// other `AlreadyExists`. An order that the host refuses answers [`SaveOutcome::Failed`] and keeps no other from being saved.
    ///
    /// # Errors
    /// `LostLease`, or a failure that concerns the whole batch.
    async fn save(&self, token: &RunToken, batch: &[NewOrder]) -> Result<Vec<SaveOutcome>, StoreError>;

    /// The import records that have each of these keys: the answers MUST stand in the order of the keys, each in ascending
    /// order of id and with at most `limit` records.
    ///
    /// MUST find an order from the moment at which `save` answered for it, and take at least 500 keys in one call. A store MAY
    /// forget fingerprints that are older than any order it will ever be asked to save.
    async fn records(
        &self,
        connection: &ConnectionId,
        keys: &[RecordKey],
        limit: usize,
    ) -> Result<Vec<Vec<ImportRecord>>, StoreError>;

    /// The entries of the ledger that the query asks for; each variant of [`WorkQuery`] says in which order.
    async fn work(
        &self,
        connection: &ConnectionId,
        query: WorkQuery<'_>,
    ) -> Result<Vec<OrderWork>, StoreError>;

    /// Records what became of entries. MUST make of each `(order, kind)` what [`OrderWork::step`] says, and all of them or none.
    async fn record_work(&self, token: &RunToken, outcomes: &[WorkOutcome]) -> Result<(), StoreError>;

    /// Opens again the entries of `kind` that failed for another value than `wanted`: [`OrderWork::reopen`]. Says how many.
    async fn reopen_work(
        &self,
        token: &RunToken,
        kind: WorkKind,
        wanted: &str,
        now: Timestamp,
    ) -> Result<u64, StoreError>;

    /// Called when a person decides that an order is not tried again: its [`WorkKind::Import`] entry is
    /// [dismissed](OrderWork::dismiss); without one nothing happens. Imports leave the order out from then on, also where they meet it
    /// in their window and whatever it looks like by then, until somebody imports it by hand.
    async fn dismiss(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// At most `limit` held orders after `after`. MUST answer in ascending order of id, so that orders that leave meanwhile
    /// hide no others.
    async fn held(
        &self,
        connection: &ConnectionId,
        after: Option<&ChannelOrderId>,
        limit: usize,
    ) -> Result<Vec<HeldOrder>, StoreError>;

    /// Gives a held order the method that its shipping text now means: what [`HeldOrder::apply_shipping`] decides.
    ///
    /// MUST compare and set in one step: of concurrent calls one is applied. When it is, the resolution and the holds MUST be
    /// kept with the order and its record; with no hold left the order is ready.
    async fn apply_shipping(
        &self,
        token: &RunToken,
        order: &ChannelOrderId,
        text: Option<&str>,
        resolution: &ShippingResolution,
        rules_version: u64,
        now: Timestamp,
    ) -> Result<ApplyOutcome, StoreError>;
}
