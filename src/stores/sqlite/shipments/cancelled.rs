//! Quantities that the host will never ship.

use rusqlite::Transaction;

use crate::{
    channel::{ChannelOrderId, LineId, LineQuantity},
    stores::sqlite::convert::Answer,
};

pub(super) fn lines(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
) -> Answer<Vec<LineQuantity>> {
    let mut lines = tx.prepare_cached(
        "SELECT line, quantity FROM cancelled_line WHERE connection = ?1 AND order_id = ?2 ORDER BY line",
    )?;
    let rows = lines.query_map((connection, order.as_str()), |row| {
        Ok(LineQuantity { line: LineId::new(row.get::<_, String>(0)?), quantity: row.get(1)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn replace(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
    lines: &[LineQuantity],
) -> Answer<()> {
    tx.prepare_cached("DELETE FROM cancelled_line WHERE connection = ?1 AND order_id = ?2")?
        .execute((connection, order.as_str()))?;
    // One line given twice is cancelled for the sum.
    let mut add = tx.prepare_cached(
        "INSERT INTO cancelled_line (connection, order_id, line, quantity) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET quantity = quantity + excluded.quantity",
    )?;
    for line in lines {
        add.execute((connection, order.as_str(), line.line.as_str(), line.quantity))?;
    }
    Ok(())
}
