//! The pull model: a host that cannot put shipments into the outbox itself lets the channel fetch them.

use std::fmt::Debug;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{RunToken, StoreError};
use crate::{
    Timestamp,
    channel::{ConnectionId, Shipment, ShipmentId, record::record},
};

/// Shows the shipments of a host that does not enqueue them, in the order in which they changed.
///
/// A host that can SHOULD enqueue instead, in the transaction that records its shipment
/// ([`ShipmentStore::enqueue`](super::ShipmentStore::enqueue)): then there is no cursor that could jump anything.
///
/// # How it is used
/// Each run reads from the cursor on, puts what it reads into the outbox, and only then moves the cursor. The cursor
/// never moves past two minutes before the present, so that a transaction that commits late is still found; what
/// is read twice is a `Duplicate` there. Moving the cursor back by hand, or losing it, is safe for the same reason.
///
/// # Contract
/// Beside the [common contract](super):
///
/// - `changed_since` MUST answer in ascending order of `(updated_at, shipment id)`, and MUST begin *at* the cursor: a
///   shipment whose key equals it belongs to the answer.
/// - `updated_at` MUST be the instant at which the shipment was last changed, by a clock that is not more than a
///   minute behind or ahead of the others', and a change MUST raise [its revision](field@Shipment::revision).
/// - A transaction that changes a shipment MUST commit within a minute of the `updated_at` that it writes.
/// - `move_cursor` MUST keep the cursor durably, and refuse a stale token with `LostLease`.
///
/// # Testing an implementation
/// Read two at a time from a cursor that equals one of the rows; the row comes again, first.
#[async_trait]
pub trait ShipmentSource: Debug + Send + Sync {
    /// The cursor that was kept last; `None` in the beginning, which reads everything.
    async fn cursor(&self, connection: &ConnectionId) -> Result<Option<SourceCursor>, StoreError>;

    /// At most `limit` shipments whose `(updated_at, id)` is at the cursor or after it.
    async fn changed_since(
        &self,
        connection: &ConnectionId,
        cursor: Option<&SourceCursor>,
        limit: usize,
    ) -> Result<Vec<ChangedShipment>, StoreError>;

    /// Keeps the cursor.
    async fn move_cursor(&self, token: &RunToken, cursor: &SourceCursor) -> Result<(), StoreError>;
}

record! {
    /// A shipment, and when it last changed.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct ChangedShipment {
        /// When it last changed.
        pub updated_at: Timestamp,
        /// The shipment as it is now.
        pub shipment: Shipment,
    }
    /// A shipment that changed at this instant.
    pub fn new(updated_at: Timestamp, shipment: Shipment);
}

impl ChangedShipment {
    /// Its place in the order of changes.
    pub fn cursor(&self) -> SourceCursor {
        SourceCursor { updated_at: self.updated_at, shipment: self.shipment.id.clone() }
    }
}

/// A place in the order of changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceCursor {
    /// When the shipment last changed.
    pub updated_at: Timestamp,
    /// The shipment.
    pub shipment: ShipmentId,
}
