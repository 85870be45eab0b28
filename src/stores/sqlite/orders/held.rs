//! Orders that wait for a person, and what lets them go.

use rusqlite::Transaction;

use super::records;
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId, RunId,
        shipping::ShippingResolution,
        store::{ApplyOutcome, HeldOrder, OrderEvent},
    },
    stores::{
        ReleasedOrder,
        columns::{integer, json, parse, unsigned},
        failure::Answer,
        sqlite::{
            OrderWriter, events,
            query::{all, execute, first, from_json},
        },
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

/// Removes what is the buyer's from what holds an order.
pub(super) fn forget_buyer(tx: &Transaction<'_>, connection: &str, order: &ChannelOrderId) -> Answer<()> {
    let find = "SELECT held_json FROM shipstation_host_order
                WHERE connection = ?1 AND order_id = ?2 AND held_json IS NOT NULL";
    let put = "UPDATE shipstation_host_order SET held_json = ?3 WHERE connection = ?1 AND order_id = ?2";
    match first(tx, find, (connection, order.as_str()), from_json::<HeldOrder>(HELD))? {
        Some(held) => execute(tx, put, (connection, order.as_str(), json(&held.without_buyer())?)).map(drop),
        None => Ok(()),
    }
}

/// One order that may be held, in a transaction that may let it go.
pub(in crate::stores::sqlite) struct Held<'a> {
    pub(in crate::stores::sqlite) tx: &'a Transaction<'a>,
    pub(in crate::stores::sqlite) host: Option<&'a dyn OrderWriter>,
    pub(in crate::stores::sqlite) connection: &'a ConnectionId,
    pub(in crate::stores::sqlite) order: &'a ChannelOrderId,
}

impl Held<'_> {
    pub(super) fn apply(
        &self,
        text: Option<&str>,
        resolution: &ShippingResolution,
        rules_version: u64,
        (run, now): (&RunId, Timestamp),
    ) -> Answer<ApplyOutcome> {
        let Some(mut held) = self.find()? else { return Ok(ApplyOutcome::NoLongerHeld) };
        let answer = held.apply_shipping(text);
        if let ApplyOutcome::Applied { .. } = answer {
            execute(
                self.tx,
                "UPDATE shipstation_host_order SET shipping_json = ?3, rules_version = ?4
                 WHERE connection = ?1 AND order_id = ?2",
                (self.connection.as_str(), self.order.as_str(), json(resolution)?, integer(rules_version)),
            )?;
            let event = OrderEvent::of_release(&held, resolution, rules_version, run, now);
            self.keep(&held, &event)?;
        }
        Ok(answer)
    }

    /// Lifts every hold; says whether it was held.
    pub(in crate::stores::sqlite) fn lift(&self, now: Timestamp) -> Answer<bool> {
        let Some(mut held) = self.find()? else { return Ok(false) };
        held.holds.clear();
        self.keep(&held, &OrderEvent::of_host_release(self.order, now))?;
        Ok(true)
    }

    fn find(&self) -> Answer<Option<HeldOrder>> {
        let held = "SELECT held_json FROM shipstation_host_order
                    WHERE connection = ?1 AND order_id = ?2 AND held_json IS NOT NULL";
        first(self.tx, held, (self.connection.as_str(), self.order.as_str()), from_json(HELD))
    }

    /// Writes down the holds that are left and what happened, and tells the host if there are none.
    fn keep(&self, held: &HeldOrder, event: &OrderEvent) -> Answer<()> {
        let (tx, connection) = (self.tx, self.connection.as_str());
        events::append(tx, connection, event)?;
        let waits = if held.holds.is_empty() { None } else { Some(json(held)?) };
        let put = "UPDATE shipstation_host_order SET held_json = ?3 WHERE connection = ?1 AND order_id = ?2";
        execute(tx, put, (connection, self.order.as_str(), waits))?;
        records::change(tx, connection, self.order, |record| record.holds.clone_from(&held.holds))?;
        match self.host {
            Some(host) if held.holds.is_empty() => host.release(tx, self.connection, &self.released()?),
            _ => Ok(()),
        }
    }

    fn released(&self) -> Answer<ReleasedOrder> {
        let find = "SELECT shipping_json, rules_version, record_json
                    FROM shipstation_host_order JOIN shipstation_import_record USING (connection, order_id)
                    WHERE connection = ?1 AND order_id = ?2";
        let found = first(self.tx, find, (self.connection.as_str(), self.order.as_str()), |row| {
            Ok(ReleasedOrder {
                shipping: parse("shipstation_host_order.shipping_json", &row.get::<_, String>(0)?)?,
                rules_version: unsigned(row.get(1)?),
                record: parse("shipstation_import_record.record_json", &row.get::<_, String>(2)?)?,
            })
        })?;
        Ok(found.ok_or(rusqlite::Error::QueryReturnedNoRows)?)
    }
}
