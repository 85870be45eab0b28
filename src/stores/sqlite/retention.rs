//! Forgetting buyers: their data is blanked once the host has the order and the time has come.

use rusqlite::Transaction;

use super::{SqliteStore, key, orders};
use crate::{
    Timestamp,
    channel::{Address, Buyer, ChannelOrder, ConnectionId, store::StoreError},
    stores::{
        columns::{json, nanos, parse, unsigned},
        failure::Answer,
    },
};

/// Orders that are blanked in one transaction, so that an import does not wait long.
const ORDERS_PER_REDACTION: i64 = 500;

/// What a call to [`SqliteStore::redact_buyer_data`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "orders that are not handed over keep their buyers' data"]
pub struct Redacted {
    /// Orders whose buyer's data is gone now.
    pub blanked: u64,
    /// Orders that are old enough but that the host has not acknowledged: they are as they were.
    pub not_acknowledged: u64,
}

impl SqliteStore {
    /// Blanks the buyer's data of every order that was imported before this instant and that the host has
    /// acknowledged: user name, e-mail, addresses, gift message, notes, free fields, of the lines their names and the
    /// buyer's choices, and the fingerprint. Ids, numbers, quantities, sums and the ship-to country stay. To keep data
    /// for N days, call it daily with `now - N days`.
    ///
    /// The old bytes are overwritten in the file and in its log. Copies of the file are the host's business. An order
    /// that was not handed over is never blanked, for that would lose it.
    ///
    /// # Errors
    /// When the file cannot be written. What was blanked until then stays blanked.
    pub async fn redact_buyer_data(
        &self,
        connection: &ConnectionId,
        imported_before: Timestamp,
    ) -> Result<Redacted, StoreError> {
        let (connection, before) = (key(connection), nanos(imported_before));
        let mut total = Redacted::default();
        loop {
            let connection = connection.clone();
            let blanked = self.change(move |tx| blank_some(tx, &connection, before)).await?;
            if blanked == 0 {
                break;
            }
            total.blanked += blanked;
        }
        if total.blanked > 0 {
            self.writer.run(|db| Ok(empty_log(db)?)).await?;
        }
        total.not_acknowledged = self.read(move |tx| left(tx, &connection, before)).await?;
        Ok(total)
    }
}

fn blank_some(tx: &Transaction<'_>, connection: &str, before: i64) -> Answer<u64> {
    let mut find = tx.prepare_cached(
        "SELECT seq, order_json FROM shipstation_host_order
         WHERE connection = ?1 AND blanked = 0 AND handed_over = 1 AND imported_at < ?2 LIMIT ?3",
    )?;
    let rows =
        find.query_map((connection, before, ORDERS_PER_REDACTION), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let found = rows.collect::<Result<Vec<(i64, String)>, _>>()?;
    let mut put =
        tx.prepare_cached("UPDATE shipstation_host_order SET order_json = ?2, blanked = 1 WHERE seq = ?1")?;
    let mut blanked = 0;
    for (seq, order) in found {
        let order: ChannelOrder = parse("shipstation_host_order.order_json", &order)?;
        orders::forget_fingerprint(tx, connection, &order.id)?;
        put.execute((seq, json(&without_buyer(order))?))?;
        blanked += 1;
    }
    Ok(blanked)
}

fn without_buyer(mut order: ChannelOrder) -> ChannelOrder {
    order.buyer = Buyer::default();
    order.ship_to = Address { country: order.ship_to.country, ..Address::default() };
    order.bill_to = None;
    order.gift_message = None;
    order.customer_notes = None;
    order.internal_notes = None;
    order.custom_fields.clear();
    for line in &mut order.lines {
        line.name = None;
        line.options.clear();
    }
    order
}

fn left(tx: &Transaction<'_>, connection: &str, before: i64) -> Answer<u64> {
    let left = tx
        .prepare_cached(
            "SELECT count(*) FROM shipstation_host_order WHERE connection = ?1 AND blanked = 0 AND imported_at < ?2",
        )?
        .query_row((connection, before), |row| row.get(0))?;
    Ok(unsigned(left))
}

/// Moves the log into the file and cuts it off, so that the old pages are not kept there.
fn empty_log(db: &rusqlite::Connection) -> Answer<()> {
    // A reader may keep the log in use; the next call tries again.
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}
