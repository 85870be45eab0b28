//! What is sent for an order, and what its rows remember of earlier looks.

use crate::{
    channel::{BlockReason, ShipmentState, store::OutboxRow},
    client::{OrderId, OrderStatus, PacificDate},
};

/// What is sent for an order: one carrier, one tracking number.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    pub(super) row: OutboxRow,
    pub(super) order: OrderId,
    pub(super) carrier_code: String,
    pub(super) tracking: Option<String>,
    pub(super) ship_date: PacificDate,
    /// The other rows of the order that it speaks for.
    pub(super) speaks_for: Vec<OutboxRow>,
    /// Every tracking number of the order: finding any of them proves that ShipStation has ours.
    pub(super) all_tracking: Vec<String>,
    /// The store the order was imported from.
    pub(super) imported_from: Option<String>,
    /// Whether it may be a part only, of an order whose lines are not known.
    pub(super) is_uncounted: bool,
}

impl Parcel {
    /// Every row whose fate is decided with this parcel, the one that is sent first.
    pub(super) fn rows(&self) -> impl Iterator<Item = &OutboxRow> {
        std::iter::once(&self.row).chain(&self.speaks_for)
    }

    /// Whether the order was in this state when the row was last to be sent, and could not be.
    pub(super) fn was_kept_by(&self, status: &OrderStatus) -> bool {
        matches!(
            &self.row.state,
            ShipmentState::Blocked { reason: BlockReason::OrderNotShippable { status: seen } }
                if seen == status.as_str()
        )
    }
}
