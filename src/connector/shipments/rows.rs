//! What can be read off the rows of one order. Pure: nothing is decided here.

use crate::{
    channel::{BlockReason, ShipmentId, ShipmentState, SupersedeReason, store::OutboxRow},
    connector::tracking,
};

pub(super) fn newest_revision(rows: &[OutboxRow], shipment: &ShipmentId) -> u32 {
    let revisions = rows.iter().map(|row| &row.shipment).filter(|one| one.id == *shipment);
    revisions.map(|one| one.revision).max().unwrap_or_default()
}

/// How many requests for the order had an unknown outcome, those for shipments that were corrected since among them.
pub(super) fn unknown_outcomes(rows: &[OutboxRow]) -> u32 {
    rows.iter().fold(0, |sum, row| sum.saturating_add(row.unknown_outcomes))
}

/// The rows that say what has left: of each shipment the newest revision, unless the host took it back.
pub(super) fn current(rows: &[OutboxRow]) -> Vec<&OutboxRow> {
    let is_elsewhere = |row: &OutboxRow| is_of_another_order(row) || is_corrected(row);
    let counts = |row: &&OutboxRow| !row.shipment.voided && !is_elsewhere(row);
    let is_newest = |row: &&OutboxRow| row.shipment.revision == newest_revision(rows, &row.shipment.id);
    rows.iter().filter(counts).filter(is_newest).collect()
}

/// Whether the row was set aside, since it names the number of another order.
pub(super) fn is_of_another_order(row: &OutboxRow) -> bool {
    matches!(row.state, ShipmentState::Blocked { reason: BlockReason::OrderMismatch { .. } })
}

/// Whether a newer revision took its place, which may name another order.
fn is_corrected(row: &OutboxRow) -> bool {
    matches!(row.state, ShipmentState::Superseded { reason: SupersedeReason::NewerRevision { .. } })
}

/// The tracking numbers of these rows, each one once, in the host's order.
pub(super) fn tracking_numbers<'r>(rows: impl IntoIterator<Item = &'r OutboxRow>) -> Vec<String> {
    further_tracking(rows, &[]).into_iter().map(|(_, number)| number).collect()
}

/// The tracking numbers of these rows beside the `known` ones, each once, with the first row that has it.
pub(super) fn further_tracking<'r>(
    rows: impl IntoIterator<Item = &'r OutboxRow>,
    known: &[String],
) -> Vec<(&'r OutboxRow, String)> {
    let mut further: Vec<(&OutboxRow, String)> = Vec::new();
    for row in rows {
        let texts = row.shipment.packages.iter().filter_map(|package| package.tracking.as_deref());
        for number in texts.filter_map(tracking::number) {
            let mut listed = known.iter().chain(further.iter().map(|(_, number)| number));
            if !listed.any(|listed| tracking::same(listed, &number)) {
                further.push((row, number));
            }
        }
    }
    further
}
