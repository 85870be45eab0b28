//! Orders that wait for a person, and what lets them go.

use tokio_postgres::{Row, Transaction};

use super::records;
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId, RunId,
        shipping::ShippingResolution,
        store::{ApplyOutcome, HeldOrder, OrderEvent, StoreError},
    },
    stores::{
        ReleasedOrder,
        columns::{integer, json, parse, unsigned},
        failure::Answer,
        postgres::{
            events,
            query::{all, execute, first, from_json, get, params, text},
            writer::HostTables,
        },
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

/// Removes what is the buyer's from what holds an order.
pub(super) async fn forget_buyer(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
) -> Answer<()> {
    let find = "SELECT held_json::text FROM host_order
                WHERE connection = $1 AND order_id = $2 AND held_json IS NOT NULL FOR UPDATE";
    let put = "UPDATE host_order SET held_json = $3::json WHERE connection = $1 AND order_id = $2";
    let order = text(order.as_str());
    match first(tx, find, params![connection, order], from_json::<HeldOrder>(HELD)).await? {
        Some(held) => {
            execute(tx, put, params![connection, order, json(&held.without_buyer())?]).await.map(drop)
        }
        None => Ok(()),
    }
}

/// One order that may be held, in a transaction that may let it go.
pub(in crate::stores::postgres) struct Held<'a> {
    pub(in crate::stores::postgres) tx: &'a Transaction<'a>,
    pub(in crate::stores::postgres) host: Option<&'a HostTables>,
    pub(in crate::stores::postgres) connection: &'a ConnectionId,
    pub(in crate::stores::postgres) order: &'a ChannelOrderId,
}

impl Held<'_> {
    pub(super) async fn apply(
        &self,
        shown: Option<&str>,
        resolution: &ShippingResolution,
        rules_version: u64,
        (run, now): (&RunId, Timestamp),
    ) -> Answer<ApplyOutcome> {
        let Some(mut held) = self.find().await? else { return Ok(ApplyOutcome::NoLongerHeld) };
        let answer = held.apply_shipping(shown);
        if let ApplyOutcome::Applied { .. } = answer {
            let put = "UPDATE host_order SET shipping_json = $3::json, rules_version = $4
                       WHERE connection = $1 AND order_id = $2";
            let (connection, order) = self.key();
            let version = integer(rules_version);
            execute(self.tx, put, params![connection, order, json(resolution)?, version]).await?;
            self.keep(&held, OrderEvent::of_release(&held, resolution, rules_version, run, now)).await?;
        }
        Ok(answer)
    }

    /// Lifts every hold; says whether it was held.
    pub(in crate::stores::postgres) async fn lift(&self, now: Timestamp) -> Answer<bool> {
        let Some(mut held) = self.find().await? else { return Ok(false) };
        held.holds.clear();
        self.keep(&held, OrderEvent::of_host_release(self.order, now)).await?;
        Ok(true)
    }

    fn key(&self) -> (&str, String) {
        (self.connection.as_str(), text(self.order.as_str()))
    }

    /// The order, if it is held, with nobody else changing it until the transaction ends.
    async fn find(&self) -> Answer<Option<HeldOrder>> {
        let held = "SELECT held_json::text FROM host_order
                    WHERE connection = $1 AND order_id = $2 AND held_json IS NOT NULL FOR UPDATE";
        let (connection, order) = self.key();
        first(self.tx, held, params![connection, order], from_json(HELD)).await
    }

    /// Writes down the holds that are left and what happened, and tells the host if there are none.
    async fn keep(&self, held: &HeldOrder, event: OrderEvent) -> Answer<()> {
        let waits = if held.holds.is_empty() { None } else { Some(json(held)?) };
        let put = "UPDATE host_order SET held_json = $3::json WHERE connection = $1 AND order_id = $2";
        let (connection, order) = self.key();
        execute(self.tx, put, params![connection, order, waits]).await?;
        records::change(self.tx, connection, self.order, |record| record.holds.clone_from(&held.holds))
            .await?;
        events::append(self.tx, connection, &[event]).await?;
        match self.host {
            Some(host) if held.holds.is_empty() => {
                host.release(self.tx, self.connection, &self.released().await?).await
            }
            _ => Ok(()),
        }
    }

    async fn released(&self) -> Answer<ReleasedOrder> {
        let find = "SELECT shipping_json::text, rules_version, record_json::text
                    FROM host_order JOIN import_record USING (connection, order_id)
                    WHERE connection = $1 AND order_id = $2";
        let (connection, order) = self.key();
        let released = |row: &Row| {
            Ok(ReleasedOrder {
                shipping: parse("host_order.shipping_json", get(row, 0)?)?,
                rules_version: unsigned(get(row, 1)?),
                record: parse("import_record.record_json", get(row, 2)?)?,
            })
        };
        let found = first(self.tx, find, params![connection, order], released).await?;
        found.ok_or_else(|| StoreError::permanent("a held order has no import record").into())
    }
}
