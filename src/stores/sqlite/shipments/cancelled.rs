//! Quantities that the host will never ship.

use rusqlite::Transaction;

use crate::{
    channel::{ChannelOrderId, LineId, LineQuantity},
    stores::{
        failure::Answer,
        sqlite::query::{all, execute},
    },
};

pub(super) fn lines(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
) -> Answer<Vec<LineQuantity>> {
    let lines = "SELECT line, quantity FROM shipstation_cancelled_line
                 WHERE connection = ?1 AND order_id = ?2 ORDER BY line";
    all(tx, lines, (connection, order.as_str()), |row| {
        Ok(LineQuantity { line: LineId::new(row.get::<_, String>(0)?), quantity: row.get(1)? })
    })
}

pub(super) fn replace(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
    lines: &[LineQuantity],
) -> Answer<()> {
    let remove = "DELETE FROM shipstation_cancelled_line WHERE connection = ?1 AND order_id = ?2";
    execute(tx, remove, (connection, order.as_str()))?;
    // One line given twice is cancelled for the sum.
    let add = "INSERT INTO shipstation_cancelled_line (connection, order_id, line, quantity) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT DO UPDATE SET quantity = quantity + excluded.quantity";
    lines.iter().try_for_each(|line| {
        execute(tx, add, (connection, order.as_str(), line.line.as_str(), line.quantity)).map(drop)
    })
}
