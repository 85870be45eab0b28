//! Orders that wait for a person, and what lets them go.

use rusqlite::Transaction;

use super::records;
use crate::{
    channel::{
        ChannelOrderId,
        shipping::ShippingResolution,
        store::{ApplyOutcome, HeldOrder},
    },
    stores::{
        columns::{integer, json},
        failure::Answer,
        sqlite::query::{all, execute, first, from_json},
    },
};

const HELD: &str = "shipstation_host_order.held_json";

pub(super) fn page(
    tx: &Transaction<'_>,
    connection: &str,
    after: Option<&ChannelOrderId>,
    limit: usize,
) -> Answer<Vec<HeldOrder>> {
    all(
        tx,
        "SELECT held_json FROM shipstation_host_order
         WHERE connection = ?1 AND held_json IS NOT NULL AND order_id >= ifnull(?2, '') AND order_id IS NOT ?2
         ORDER BY order_id LIMIT ?3",
        (connection, after.map(ChannelOrderId::as_str), integer(limit)),
        from_json(HELD),
    )
}

fn held(tx: &Transaction<'_>, connection: &str, order: &ChannelOrderId) -> Answer<Option<HeldOrder>> {
    let held = "SELECT held_json FROM shipstation_host_order
                WHERE connection = ?1 AND order_id = ?2 AND held_json IS NOT NULL";
    first(tx, held, (connection, order.as_str()), from_json(HELD))
}

pub(super) fn apply(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
    text: Option<&str>,
    resolution: &ShippingResolution,
    rules_version: u64,
) -> Answer<ApplyOutcome> {
    let Some(mut held) = held(tx, connection, order)? else { return Ok(ApplyOutcome::NoLongerHeld) };
    let answer = held.apply_shipping(text);
    if let ApplyOutcome::Applied { .. } = answer {
        execute(
            tx,
            "UPDATE shipstation_host_order SET shipping_json = ?3, rules_version = ?4
             WHERE connection = ?1 AND order_id = ?2",
            (connection, order.as_str(), json(resolution)?, integer(rules_version)),
        )?;
        keep_holds(tx, connection, &held)?;
    }
    Ok(answer)
}

/// Lifts every hold of an order; says whether it was held.
pub(in crate::stores::sqlite) fn lift_holds(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
) -> Answer<bool> {
    let Some(mut held) = held(tx, connection, order)? else { return Ok(false) };
    held.holds.clear();
    keep_holds(tx, connection, &held)?;
    Ok(true)
}

/// Writes down the holds that an order has left.
fn keep_holds(tx: &Transaction<'_>, connection: &str, held: &HeldOrder) -> Answer<()> {
    let waits = if held.holds.is_empty() { None } else { Some(json(held)?) };
    let put = "UPDATE shipstation_host_order SET held_json = ?3 WHERE connection = ?1 AND order_id = ?2";
    execute(tx, put, (connection, held.order.as_str(), waits))?;
    records::change(tx, connection, &held.order, |record| record.holds.clone_from(&held.holds))
}
