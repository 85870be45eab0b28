//! Orders that wait for a person, and what lets them go.

use rusqlite::{OptionalExtension, Transaction};

use super::records::{put_record, record};
use crate::{
    channel::{
        ChannelOrderId, HoldReason,
        shipping::ShippingResolution,
        store::{Applied, HeldOrder, ImportRecord},
    },
    stores::sqlite::convert::{Answer, integer, json, parse},
};

pub(super) fn page(
    tx: &Transaction<'_>,
    connection: &str,
    after: Option<&ChannelOrderId>,
    limit: usize,
) -> Answer<Vec<HeldOrder>> {
    let mut page = tx.prepare_cached(
        "SELECT record_json, marketplace, country, shipping_text
         FROM host_order JOIN import_record USING (connection, order_id)
         WHERE connection = ?1 AND held = 1 AND order_id >= ifnull(?2, '') AND order_id IS NOT ?2
         ORDER BY order_id LIMIT ?3",
    )?;
    let mut rows = page.query((connection, after.map(ChannelOrderId::as_str), integer(limit)))?;
    let mut held = Vec::new();
    while let Some(row) = rows.next()? {
        let record: ImportRecord = parse("import_record.record_json", &row.get::<_, String>(0)?)?;
        held.push(HeldOrder {
            order: record.order,
            number: record.number,
            store: record.store,
            marketplace: row.get(1)?,
            country: row.get(2)?,
            text: row.get(3)?,
            holds: record.holds,
            since: record.imported_at,
        });
    }
    Ok(held)
}

pub(super) fn apply(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
    text: Option<&str>,
    resolution: &ShippingResolution,
    rules_version: u64,
) -> Answer<Applied> {
    let Some(record) = record(tx, connection, order)? else { return Ok(Applied::NoLongerHeld) };
    if !record.holds.iter().any(HoldReason::is_about_shipping) {
        return Ok(Applied::NoLongerHeld);
    }
    let stored: Option<String> = tx
        .prepare_cached("SELECT shipping_text FROM host_order WHERE connection = ?1 AND order_id = ?2")?
        .query_row((connection, order.as_str()), |row| row.get(0))
        .optional()?
        .flatten();
    if stored.as_deref() != text {
        return Ok(Applied::Stale);
    }
    tx.prepare_cached(
        "UPDATE host_order SET shipping_json = ?3, rules_version = ?4 WHERE connection = ?1 AND order_id = ?2",
    )?
    .execute((connection, order.as_str(), json(resolution)?, integer(rules_version)))?;
    let still_held = keep_holds(tx, connection, record, |hold| !hold.is_about_shipping())?;
    Ok(Applied::Applied { still_held })
}

/// Lifts every hold of an order; says whether it was held.
pub(in crate::stores::sqlite) fn lift_holds(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
) -> Answer<bool> {
    match record(tx, connection, order)? {
        Some(record) if !record.holds.is_empty() => {
            keep_holds(tx, connection, record, |_| false).map(|_| true)
        }
        _ => Ok(false),
    }
}

/// Keeps only these holds of an order; says whether any is left.
fn keep_holds(
    tx: &Transaction<'_>,
    connection: &str,
    mut record: ImportRecord,
    keep: impl Fn(&HoldReason) -> bool,
) -> Answer<bool> {
    record.holds.retain(keep);
    let still_held = !record.holds.is_empty();
    put_record(tx, connection, &record)?;
    tx.prepare_cached("UPDATE host_order SET held = ?3 WHERE connection = ?1 AND order_id = ?2")?
        .execute((connection, record.order.as_str(), still_held))?;
    Ok(still_held)
}
