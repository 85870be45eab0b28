//! What is sent for an order, and what its rows remember of earlier looks.

use super::{Moment, timing};
use crate::{
    Timestamp,
    channel::{
        BlockReason, Shipment, ShipmentState,
        shipping::{CarrierResolution, CarrierRules},
        store::OutboxRow,
    },
    client::{OrderId, OrderStatus, PacificDate},
    connector::{settings::ShipmentSettings, translate},
};

/// What is sent for an order: one carrier, one tracking number.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    pub(super) row: OutboxRow,
    pub(super) order: OrderId,
    pub(super) carrier_code: String,
    pub(super) tracking: Option<String>,
    pub(super) shipped_at: Timestamp,
    /// The other rows of the order, which are closed with this one.
    pub(super) covers: Vec<OutboxRow>,
    /// Every tracking number of the order: finding any of them proves that ShipStation has ours.
    pub(super) all_tracking: Vec<String>,
    /// The store the order was imported from.
    pub(super) imported_from: Option<String>,
    /// The order's number when it was imported.
    pub(super) imported_number: Option<String>,
    /// Whether it may be a part only, of an order whose lines are not known.
    pub(super) is_uncounted: bool,
    /// Whether any shipment of the order was tried before, also one that was corrected since.
    pub(super) was_tried: bool,
    /// Whether any request for the order had an unknown outcome, so that what its records show may be ours.
    pub(super) may_be_ours: bool,
}

impl Parcel {
    /// Every row that is decided about with this parcel, the one that is sent first.
    pub(super) fn rows(&self) -> impl Iterator<Item = &OutboxRow> {
        std::iter::once(&self.row).chain(&self.covers)
    }

    /// Whether the order was in this state when the row was last to be sent, and could not be.
    pub(super) fn was_blocked_by(&self, status: &OrderStatus) -> bool {
        matches!(
            &self.row.state,
            ShipmentState::Blocked { reason: BlockReason::OrderNotShippable { status: seen } }
                if seen == status.as_str()
        )
    }

    /// The rows that name another number than the order had when it was imported.
    pub(super) fn other_numbers(&self) -> impl Iterator<Item = (&OutboxRow, &str)> {
        let imported = self.imported_number.as_deref();
        self.rows().filter_map(move |row| {
            let given = row
                .shipment
                .order_number
                .as_deref()
                .filter(|given| !translate::plain_number(given).is_empty())?;
            (!imported.is_some_and(|number| translate::is_same_number(number, given))).then_some((row, given))
        })
    }

    /// The day on which the parcel left, and a warning if what the host says cannot be.
    pub(super) fn ship_date(
        &self,
        created_at: Option<Timestamp>,
        now: &Moment,
    ) -> (PacificDate, Option<String>) {
        let latest = now.server_or_host();
        let time = timing::plausible_ship_time(self.shipped_at, self.row.enqueued_at, created_at, latest);
        let (date, said) = (PacificDate::of(time), PacificDate::of(self.shipped_at));
        let warning = (date != said).then(|| {
            let why = if self.shipped_at > latest { "in the future" } else { "before its order was made" };
            format!("shipment {} is said to have left on {said}, {why}: {date} is sent", self.row.id())
        });
        (date, warning)
    }
}

pub(super) fn carrier_code(
    carriers: &CarrierRules,
    settings: &ShipmentSettings,
    shipment: &Shipment,
) -> Result<String, BlockReason> {
    let carrier = shipment.carrier.as_deref().unwrap_or("");
    match carriers.resolve(carrier, shipment.method.as_deref()) {
        CarrierResolution::Mapped { code } => Ok(code),
        _ => settings
            .unmapped_carrier
            .clone()
            .ok_or_else(|| BlockReason::UnmappedCarrier { key: carrier.to_owned() }),
    }
}
