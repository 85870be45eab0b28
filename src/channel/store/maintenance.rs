//! What is kept for how long, and what is to be done after a restore. Optional.

use std::{fmt::Debug, time::Duration};

use async_trait::async_trait;

use super::{OutboxRow, StoreError};
use crate::{
    Timestamp,
    channel::{BlockReason, ChannelOrderId, ConnectionId, Operation, Shipment, ShipmentState},
    options::options,
    time::DAY,
};

/// Removes what nobody needs any more, and puts a store in order that was restored from a backup. The ready-made stores do it, for all
/// of their connections; a [fleet](crate::fleet::FleetBuilder::maintenance) calls it by itself.
///
/// What keeps an order from coming twice and a shipment from going twice (import records, and the keys of shipments) is never
/// removed.
#[async_trait]
pub trait Maintenance: Debug + Send + Sync {
    /// Removes what the policy does not keep any more:
    ///
    /// - runs, but MUST keep of each operation of each connection the newest, the last that was a success, and the last that
    ///   [did its work](super::RunSummary::did_its_work), such as the last good quick look;
    /// - changes and events of orders;
    /// - [actions](super::ActionStore) that are closed, and their ids with them;
    /// - of settled shipments everything but [what stays](OutboxRow::reduced), once no other shipment of the order is open;
    /// - of orders that the host has acknowledged, [what is the buyer's](crate::channel::ChannelOrder::without_buyer);
    /// - [what was made from addresses](super::ImportRecord::without_address): fingerprints, by which an order is recognized under another
    ///   id, and the number of the address in the record of such an order.
    ///
    /// MUST do so in small transactions, so that no run waits long for it: one that is given up in the middle has done a part.
    /// Several may run at once.
    ///
    /// # Errors
    /// When the store cannot be written. What was removed until then stays removed.
    async fn maintain(&self, policy: &RetentionPolicy, now: Timestamp) -> Result<Maintained, StoreError>;

    /// Removes what is left of the buyer of one order, whatever its age. MUST leave
    ///
    /// - of the order itself what is [without the buyer](crate::channel::ChannelOrder::without_buyer), and of its shipments
    ///   [what stays](OutboxRow::reduced);
    /// - of its [events](super::OrderEvent::without_buyer) and [changes](super::OrderChange::without_buyer), whoever has read them, what
    ///   is without tracking numbers and texts from outside; places in the feed stay as they are;
    /// - of its [record](super::ImportRecord::without_buyer), its [snapshot](super::OrderSnapshot::without_address), what
    ///   [holds it](super::HeldOrder::without_buyer), its [open work](super::OrderWork::without_buyer) and its
    ///   [actions](super::ActionRow::without_buyer), closed or not, the same. By its fingerprint it is not found any more.
    ///
    /// All of it MUST commit in one transaction.
    ///
    /// MUST leave alone an order that the host has not acknowledged, and shipments that are still to be sent, since they would be lost;
    /// the answer says so, and the host asks again later.
    ///
    /// # Errors
    /// When the store cannot be written. Nothing has changed then.
    async fn forget_buyer(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
    ) -> Result<Forgotten, StoreError>;

    /// To be called once when the store was restored from a backup, or taken over from a replica that was behind, **while no worker
    /// runs**: shipments that were still to be sent may have been sent since.
    ///
    /// - Of each order with such shipments one MUST become doubtful ([`OutboxRow::doubt_one`]), so that it is looked for twice before
    ///   anything of the order is sent; the others wait for it.
    /// - What is open of assignments and tags MUST have an unknown outcome.
    /// - Every open action MUST become doubtful ([`ActionRow::doubt`](super::ActionRow::doubt)), so that it is looked at and not sent.
    /// - Every fence MUST be at least [`RESTORE_FENCES`] higher, for every operation of each connection, so that a worker from before
    ///   that comes back has lost its lease; and so MUST be the numbers of the feed of changes.
    ///
    /// All of it MUST commit in one transaction. Says how many shipments are looked for.
    ///
    /// Shipments that the backup did not have are new to the store: where the host enqueues them again, one look before they are sent
    /// finds out that they were. That one is enough if the old workers stopped at least `shipments.resend_after` (4 minutes) ago, and
    /// `shipments.preflight` is not `OnRetryOnly`.
    ///
    /// # Errors
    /// When the store cannot be written. Nothing has changed then.
    async fn after_restore(&self, now: Timestamp) -> Result<u64, StoreError>;
}

/// By how much [`Maintenance::after_restore`] raises fences and the numbers of changes: more than there can have been since any backup.
pub const RESTORE_FENCES: u64 = 1_000_000_000;

/// The operations whose runs have a lease.
pub(crate) const WITH_LEASE: &[Operation] = &[
    Operation::BackFill,
    Operation::EnsureWebhooks,
    Operation::GetChanges,
    Operation::GetOrders,
    Operation::ImportOrder,
    Operation::LinkListings,
    Operation::ResolveHeld,
    Operation::RunActions,
    Operation::SyncShipments,
];

options! {
    /// How long what is kept.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct RetentionPolicy {
        /// Runs. 30 days.
        pub runs: Duration = 30 * DAY,
        /// Runs that were quick looks, of which there is one a minute. A day.
        pub quick_looks: Duration = DAY,
        /// Changes of orders, in the feed. 90 days.
        pub changes: Duration = 90 * DAY,
        /// Events of orders. 90 days.
        pub events: Duration = 90 * DAY,
        /// What was in shipments, after they were settled. 90 days.
        pub shipments: Duration = 90 * DAY,
        /// Buyers' data of orders that the host has acknowledged, after their import. No time at all.
        pub buyers: Duration = Duration::ZERO,
        /// Fingerprints of orders, after their import. 90 days.
        pub fingerprints: Duration = 90 * DAY,
        /// Actions, after they were closed. As long as that, asking for one again by its id does nothing. 90 days.
        pub actions: Duration = 90 * DAY,
    }
}

impl RetentionPolicy {}

/// What [`Maintenance::maintain`] has removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Maintained {
    /// Runs.
    pub runs: u64,
    /// Changes of orders.
    pub changes: u64,
    /// Events of orders.
    pub events: u64,
    /// Shipments that were reduced to what stays.
    pub shipments: u64,
    /// Orders without their buyer's data.
    pub buyers: u64,
    /// Orders without their fingerprint.
    pub fingerprints: u64,
    /// Actions.
    pub actions: u64,
}

/// What [`Maintenance::forget_buyer`] has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "what is not handed over or not settled keeps its data"]
pub struct Forgotten {
    /// The host has not acknowledged the order: it is as it was.
    pub not_acknowledged: bool,
    /// Shipments of it that are still to be settled: they are as they were.
    pub shipments_left: u64,
}

impl Forgotten {
    /// Whether nothing of the buyer's is left.
    pub fn is_complete(&self) -> bool {
        !self.not_acknowledged && self.shipments_left == 0
    }
}

impl OutboxRow {
    /// What stays of a settled row: its key, its order, its end without texts from outside, and the quantities by which the rest of
    /// the order is counted.
    #[must_use]
    pub fn reduced(&self) -> Self {
        let shipment = Shipment {
            order_number: None,
            carrier: None,
            method: None,
            packages: Vec::new(),
            suppressed: None,
            ..self.shipment.clone()
        };
        let mut reduced = Self { shipment, last_error: None, ..self.clone() };
        reduced.state.remove_texts();
        reduced
    }

    /// After a restore: of all rows of one order, in the order of the outbox, the one that may have been sent since, as it is from now
    /// on. It is looked for as if a request had left `now`.
    ///
    /// That is the one that was under way; else the first that can be sent at all. `None` if there is none, if the channel has the order
    /// already, so that nothing is sent for it any more, or if a person has to find out about one.
    pub fn doubt_one(order: &[Self], now: Timestamp) -> Option<Self> {
        let is_left_to_person = |row: &Self| {
            matches!(row.state, ShipmentState::Blocked { reason: BlockReason::OutcomeUnknown { .. } })
        };
        if order.iter().any(|row| row.state.is_reported() || is_left_to_person(row)) {
            return None;
        }
        let is_newest = |row: &Self| {
            let mut others = order.iter().filter(|other| other.shipment.id == row.shipment.id);
            others.all(|other| other.shipment.revision <= row.shipment.revision)
        };
        let can_be_sent = |row: &Self| {
            let shipment = &row.shipment;
            let is_set_aside = matches!(
                row.state,
                ShipmentState::Blocked {
                    reason: BlockReason::OrderMismatch { .. } | BlockReason::Unrecognized(_)
                }
            );
            !row.state.is_closed()
                && !is_set_aside
                && !shipment.voided
                && shipment.suppressed.is_none()
                && is_newest(row)
        };
        let under_way = order.iter().find(|row| row.state.is_in_flight());
        let mut row = under_way.or_else(|| order.iter().find(|row| can_be_sent(row)))?.clone();
        row.state = ShipmentState::unknown_since(now, None);
        row.unknown_outcomes = row.unknown_outcomes.saturating_add(1);
        row.last_error = Some("the store was restored: whether it was sent since is looked for".to_owned());
        row.updated_at = now;
        Some(row)
    }
}
