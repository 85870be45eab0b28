//! What can be read off the rows of one order. Pure: nothing is decided here.

use std::collections::HashMap;

use super::tracking;
use crate::channel::{BlockReason, ShipmentState, store::OutboxRow};

/// The newest revision of each shipment.
pub(super) fn newest_revisions(rows: &[OutboxRow]) -> HashMap<&str, u32> {
    let mut newest = HashMap::new();
    for row in rows {
        let revision = newest.entry(row.shipment.id.as_str()).or_insert(row.shipment.revision);
        *revision = row.shipment.revision.max(*revision);
    }
    newest
}

/// The rows that say what has left: of each shipment the newest revision, unless the host took it back.
pub(super) fn current(rows: &[OutboxRow]) -> Vec<&OutboxRow> {
    let newest = newest_revisions(rows);
    let is_newest = |row: &&OutboxRow| newest.get(row.shipment.id.as_str()) == Some(&row.shipment.revision);
    rows.iter().filter(is_newest).filter(|row| !row.shipment.voided && !is_of_another_order(row)).collect()
}

/// Whether the row was set aside, since it names the number of another order.
pub(super) fn is_of_another_order(row: &OutboxRow) -> bool {
    matches!(row.state, ShipmentState::Blocked { reason: BlockReason::OrderMismatch { .. } })
}

/// Whether ShipStation has the order marked as shipped by this row.
pub(super) fn is_conveyed(row: &OutboxRow) -> bool {
    matches!(row.state, ShipmentState::Sent { .. } | ShipmentState::Confirmed { .. })
}

/// Whether it is not known if ShipStation has it.
pub(super) fn is_open_ended(row: &OutboxRow) -> bool {
    matches!(
        row.state,
        ShipmentState::Sending { .. }
            | ShipmentState::Unknown { .. }
            | ShipmentState::Blocked { reason: BlockReason::OutcomeUnknown { .. } }
    )
}

/// The tracking numbers of these rows, each one once, in the host's order.
pub(super) fn tracking_numbers<'r>(rows: impl IntoIterator<Item = &'r OutboxRow>) -> Vec<String> {
    let mut numbers: Vec<String> = Vec::new();
    let packages = rows.into_iter().flat_map(|row| &row.shipment.packages);
    for number in packages.filter_map(|package| tracking::number(package.tracking.as_deref()?)) {
        if !numbers.iter().any(|known| tracking::same(known, &number)) {
            numbers.push(number);
        }
    }
    numbers
}
