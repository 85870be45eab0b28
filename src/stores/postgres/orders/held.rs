//! Orders that wait for a person, and what lets them go.

use tokio_postgres::Transaction;

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
        postgres::query::{all, execute, first, from_json, params, text},
    },
};

const HELD: &str = "host_order.held_json";

pub(super) async fn page(
    tx: &Transaction<'_>,
    connection: &str,
    after: Option<&ChannelOrderId>,
    limit: usize,
) -> Answer<Vec<HeldOrder>> {
    let page = "SELECT held_json::text FROM host_order
                WHERE connection = $1 AND held_json IS NOT NULL
                  AND order_id >= coalesce($2, '') AND order_id IS DISTINCT FROM $2
                ORDER BY order_id LIMIT $3";
    let after = after.map(|after| text(after.as_str()));
    all(tx, page, params![connection, after, integer(limit)], from_json(HELD)).await
}

/// The order, if it is held, with nobody else changing it until the transaction ends.
async fn held(tx: &Transaction<'_>, connection: &str, order: &ChannelOrderId) -> Answer<Option<HeldOrder>> {
    let held = "SELECT held_json::text FROM host_order
                WHERE connection = $1 AND order_id = $2 AND held_json IS NOT NULL FOR UPDATE";
    first(tx, held, params![connection, text(order.as_str())], from_json(HELD)).await
}

pub(super) async fn apply(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
    shown: Option<&str>,
    resolution: &ShippingResolution,
    rules_version: u64,
) -> Answer<ApplyOutcome> {
    let Some(mut held) = held(tx, connection, order).await? else { return Ok(ApplyOutcome::NoLongerHeld) };
    let answer = held.apply_shipping(shown);
    if let ApplyOutcome::Applied { .. } = answer {
        let put = "UPDATE host_order SET shipping_json = $3::json, rules_version = $4
                   WHERE connection = $1 AND order_id = $2";
        execute(
            tx,
            put,
            params![connection, text(order.as_str()), json(resolution)?, integer(rules_version)],
        )
        .await?;
        keep_holds(tx, connection, &held).await?;
    }
    Ok(answer)
}

/// Lifts every hold of an order; says whether it was held.
pub(in crate::stores::postgres) async fn lift_holds(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
) -> Answer<bool> {
    let Some(mut held) = held(tx, connection, order).await? else { return Ok(false) };
    held.holds.clear();
    keep_holds(tx, connection, &held).await?;
    Ok(true)
}

/// Writes down the holds that an order has left.
async fn keep_holds(tx: &Transaction<'_>, connection: &str, held: &HeldOrder) -> Answer<()> {
    let waits = if held.holds.is_empty() { None } else { Some(json(held)?) };
    let put = "UPDATE host_order SET held_json = $3::json WHERE connection = $1 AND order_id = $2";
    execute(tx, put, params![connection, text(held.order.as_str()), waits]).await?;
    records::change(tx, connection, &held.order, |record| record.holds.clone_from(&held.holds)).await
}
