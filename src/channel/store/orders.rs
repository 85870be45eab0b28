//! Imported orders: the host's order, the import record and what is still to do about it.

use std::{collections::HashMap, fmt::Debug};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{RunToken, StoreError};
use crate::{
    Timestamp,
    channel::{
        ChannelOrder, ChannelOrderId, ConnectionId, HoldReason, HostOrderId, LineQuantity, Lineage,
        OrderFingerprint, RunId, UserKey,
        shipping::{ShippingResolution, StoreKey},
    },
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
    /// that record; any one of several. When such an order turns up by itself, it was taken out again, and its goods
    /// may be on their way.
    ///
    /// # Errors
    /// When the store cannot say.
    async fn swallowed(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, ImportRecord>, StoreError>;

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

    /// Kept failures whose next attempt is due, oldest first. Dismissed ones are never due.
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

    /// Gives a held order the method that its shipping text now means, and lifts the holds that are
    /// about shipping ([`HoldReason::is_about_shipping`]); with no hold left the order is ready.
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

/// An order that is to be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewOrder {
    /// The order itself, for the host.
    pub order: ChannelOrder,
    /// Why it must wait for a person; empty when it is ready.
    pub holds: Vec<HoldReason>,
    /// What its shipping text means under the rules of `rules_version`.
    pub shipping: ShippingResolution,
    /// The version of the rules.
    pub rules_version: u64,
    /// What remains to be done on the channel.
    pub follow_ups: Vec<NewFollowUp>,
    /// What it is recognised by if it comes twice; `None` when the settings do not look for that.
    pub fingerprint: Option<OrderFingerprint>,
    /// When it is imported.
    pub imported_at: Timestamp,
}

impl NewOrder {
    /// An order that is ready.
    pub fn new(order: ChannelOrder, shipping: ShippingResolution, rules_version: u64, at: Timestamp) -> Self {
        Self {
            order,
            holds: Vec::new(),
            shipping,
            rules_version,
            follow_ups: Vec::new(),
            fingerprint: None,
            imported_at: at,
        }
    }

    /// The record that a store keeps of it.
    pub fn record(&self, run: &RunId, host_order: Option<HostOrderId>) -> ImportRecord {
        ImportRecord {
            order: self.order.id.clone(),
            number: self.order.number.clone(),
            store: self.order.store.clone(),
            host_order,
            imported_at: self.imported_at,
            run: run.clone(),
            modified_at: self.order.modified_at,
            holds: self.holds.clone(),
            lines: self.order.shippable_lines().collect(),
            lineage: self.order.lineage.clone(),
            fingerprint: self.fingerprint.clone(),
        }
    }
}

/// What is kept of an imported order beside the host's own order. Nothing of a buyer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ImportRecord {
    /// The order.
    pub order: ChannelOrderId,
    /// Its number.
    pub number: String,
    /// Its store.
    pub store: Option<StoreKey>,
    /// The host's order.
    pub host_order: Option<HostOrderId>,
    /// When it was imported.
    pub imported_at: Timestamp,
    /// By which run.
    pub run: RunId,
    /// The channel's modification time when it was read.
    pub modified_at: Option<Timestamp>,
    /// Why it waits; empty when it is ready.
    pub holds: Vec<HoldReason>,
    /// The shippable lines when it was imported: what "complete" is counted on.
    pub lines: Vec<LineQuantity>,
    /// Its relatives when it was imported: tells a later split from an earlier one.
    pub lineage: Lineage,
    /// What it is recognised by if it comes twice: a hash, no buyer's data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<OrderFingerprint>,
}

/// What became of one order of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SaveOutcome {
    /// It is the host's now.
    Inserted {
        /// The host's identity of it.
        host_order: Option<HostOrderId>,
    },
    /// It was already there: another run, or a crash after the commit. Not an error.
    AlreadyExists,
    /// The host could not take it. Nothing of it was kept.
    Failed {
        /// Why, for people; no buyer's data.
        message: String,
        /// Whether trying again may help.
        retryable: bool,
    },
}

/// A thing to do on the channel once an order is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FollowUpKind {
    /// Assign the configured user.
    AssignUser,
    /// Put on the acknowledgement tag.
    AddTag,
}

/// A follow-up that is born with its order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NewFollowUp {
    /// What is to be done.
    pub kind: FollowUpKind,
    /// The user the order had when it was imported: tells our own earlier attempt from a person's choice.
    pub user_before: Option<UserKey>,
}

impl NewFollowUp {
    /// A follow-up of an order that had this user.
    pub fn new(kind: FollowUpKind, user_before: Option<UserKey>) -> Self {
        Self { kind, user_before }
    }
}

/// A thing that is still to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FollowUp {
    /// On which order.
    pub order: ChannelOrderId,
    /// What.
    pub kind: FollowUpKind,
    /// The user the order had when it was imported.
    pub user_before: Option<UserKey>,
    /// How many attempts were made.
    pub attempts: u32,
    /// Whether an attempt may have taken effect without our knowing: then look first.
    pub outcome_unknown: bool,
    /// Since when it is open.
    pub created_at: Timestamp,
}

impl FollowUp {
    /// A follow-up that has not been tried.
    pub fn open(order: ChannelOrderId, new: NewFollowUp, created_at: Timestamp) -> Self {
        Self {
            order,
            kind: new.kind,
            user_before: new.user_before,
            attempts: 0,
            outcome_unknown: false,
            created_at,
        }
    }
}

/// What became of a follow-up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FollowUpOutcome {
    /// On which order.
    pub order: ChannelOrderId,
    /// What.
    pub kind: FollowUpKind,
    /// What became of it.
    pub result: FollowUpResult,
}

impl FollowUpOutcome {
    /// An outcome.
    pub fn new(order: ChannelOrderId, kind: FollowUpKind, result: FollowUpResult) -> Self {
        Self { order, kind, result }
    }
}

/// What became of a follow-up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FollowUpResult {
    /// A request is about to leave. Counts an attempt and sets `outcome_unknown`; the follow-up stays open.
    Attempting,
    /// It is done: closed for ever.
    Done,
    /// The setting was cleared: closed.
    NoLongerRequired,
    /// A person chose somebody else after us: closed.
    OverriddenByPerson,
    /// Not yet: it stays open.
    Pending {
        /// Not before this.
        next_attempt: Timestamp,
        /// Whether the attempt may have taken effect.
        outcome_unknown: bool,
        /// What happened.
        error: String,
    },
    /// It cannot work with this value: closed until the setting changes.
    Failed {
        /// The value that was tried.
        wanted: String,
        /// What happened.
        error: String,
    },
}

/// An order that could not be imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OrderFailure {
    /// The order.
    pub order: ChannelOrderId,
    /// Its number.
    pub number: String,
    /// What happened; no buyer's data.
    pub error: String,
    /// Whether trying again may help by itself.
    pub retryable: bool,
    /// When it happened.
    pub at: Timestamp,
    /// Not before this.
    pub next_attempt: Timestamp,
}

impl OrderFailure {
    /// A failure that happened at `at` and is due again at `next_attempt`.
    pub fn new(
        order: ChannelOrderId,
        number: impl Into<String>,
        error: impl Into<String>,
        retryable: bool,
        at: Timestamp,
        next_attempt: Timestamp,
    ) -> Self {
        Self { order, number: number.into(), error: error.into(), retryable, at, next_attempt }
    }
}

/// What is kept of an order that could not be imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FailureRecord {
    /// The newest failure.
    pub last: OrderFailure,
    /// How many there were.
    pub attempts: u32,
    /// When the first one happened.
    pub first_seen: Timestamp,
    /// Whether a person has dismissed it.
    pub dismissed: bool,
}

impl FailureRecord {
    /// The record of a first failure.
    pub fn first(failure: OrderFailure) -> Self {
        Self { first_seen: failure.at, last: failure, attempts: 1, dismissed: false }
    }

    /// The record after another failure of the same order.
    #[must_use]
    pub fn again(self, failure: OrderFailure) -> Self {
        Self { last: failure, attempts: self.attempts.saturating_add(1), ..self }
    }
}

/// An order that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HeldOrder {
    /// The order.
    pub order: ChannelOrderId,
    /// Its number.
    pub number: String,
    /// Its store.
    pub store: Option<StoreKey>,
    /// The marketplace behind the store.
    pub marketplace: Option<String>,
    /// The country it goes to.
    pub country: Option<String>,
    /// Its shipping text.
    pub text: Option<String>,
    /// Why it waits.
    pub holds: Vec<HoldReason>,
    /// Since when.
    pub since: Timestamp,
}

impl HeldOrder {
    /// What a store keeps to answer [`OrderStore::held`].
    pub fn of(order: &NewOrder) -> Self {
        Self {
            order: order.order.id.clone(),
            number: order.order.number.clone(),
            store: order.order.store.clone(),
            marketplace: order.order.marketplace.clone(),
            country: order.order.ship_to.country.clone(),
            text: order.order.shipping_text.clone(),
            holds: order.holds.clone(),
            since: order.imported_at,
        }
    }
}

/// The answer to [`OrderStore::apply_shipping`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Applied {
    /// The method is set; the order is ready, or held for other reasons only.
    Applied {
        /// Whether other reasons still hold it.
        still_held: bool,
    },
    /// The order's shipping text is another one by now: nothing was changed.
    Stale,
    /// It no longer waits for a shipping method: nothing was changed.
    NoLongerHeld,
}
