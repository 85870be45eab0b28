//! The order that may be marked as shipped: one that nobody is told about, and that no other one is taken for.

use std::collections::BTreeSet;

use serde_json::Value;
use shipstation_connector::client::{OrderId, ShipStation};

use super::{
    refused,
    tap::{Seen, Tap},
};
use crate::exit::{Exit, Failure};

/// The number of ShipStation's own marketplace: its stores hold orders that were entered by hand.
const MANUAL: i64 = 0;

/// An order that may be marked, and how it is known that it still may.
pub(crate) struct Target {
    pub(super) order: OrderId,
    manual_stores: BTreeSet<i64>,
}

impl Target {
    /// Looks for the one order of exactly this number. Everything is judged by the bytes of the answers: the typed models leave
    /// out what they cannot read.
    pub(super) async fn find(client: &ShipStation, tap: &Tap, number: &str) -> Result<Self, Failure> {
        let stores = answered(tap.listen(client.stores().list().send()).await)?;
        let is_manual = |store: &&Value| store.get("marketplaceId").and_then(Value::as_i64) == Some(MANUAL);
        let id = |row: &Value, member: &str| row.get(member).and_then(Value::as_i64);
        let manual_stores =
            stores.rows().iter().filter(is_manual).filter_map(|store| id(store, "storeId")).collect();
        let orders = client.orders().list().order_number(number).page_size(500);
        let orders = answered(tap.listen(orders.send()).await)?;
        // The filter gives all numbers that begin so.
        let read: Vec<&Value> = orders.rows().iter().filter(|row| id(row, "orderId").is_some()).collect();
        let total = orders.body.get("total").and_then(Value::as_u64);
        if total.is_none_or(|total| read.len() as u64 != total) {
            return Err(Failure::usage(
                "nothing was written: too many orders begin with this number, or some cannot be read: name another one",
            ));
        }
        let named: Vec<&&Value> = read
            .iter()
            .filter(|row| row.get("orderNumber").and_then(Value::as_str) == Some(number))
            .collect();
        let [order] = named[..] else {
            return Err(match named.len() {
                0 => Failure::new(Exit::NotFound, "nothing was written: there is no order of this number"),
                _ => Failure::usage("nothing was written: there is more than one order of this number"),
            });
        };
        let target = Self { order: OrderId::new(id(order, "orderId").unwrap_or_default()), manual_stores };
        target.fits(order).map_err(|why| Failure::usage(format!("nothing was written: {why}")))?;
        Ok(target)
    }

    /// Whether this is the order, and it may be marked.
    pub(super) fn fits(&self, order: &Value) -> Result<(), &'static str> {
        let member = |name: &str| order.get(name).unwrap_or(&Value::Null);
        let store = member("advancedOptions").get("storeId").and_then(Value::as_i64);
        if member("orderId").as_i64() != Some(self.order.get()) {
            return Err("the answer is about another order");
        }
        if !store.is_some_and(|store| self.manual_stores.contains(&store)) {
            return Err("its store is not one of orders entered by hand");
        }
        if !(member("customerEmail").is_null() || member("customerEmail") == "") {
            return Err("it has an e-mail address: take an order of a made-up buyer without one");
        }
        if member("orderStatus") != "awaiting_shipment" {
            return Err("it does not await shipment");
        }
        if *member("externallyFulfilled") == true {
            return Err("somebody else ships it");
        }
        Ok(())
    }
}

/// The answer to a read, if it is one of ShipStation's.
fn answered<T>(
    (seen, made): (Option<Seen>, Result<T, shipstation_connector::client::Error>),
) -> Result<Seen, Failure> {
    match (seen, made) {
        (Some(seen), _) if seen.status != 200 => Err(refused(seen.status)),
        (Some(seen), Ok(_)) => Ok(seen),
        (_, Err(error)) => Err(error.into()),
        (None, Ok(_)) => Err(refused(0)),
    }
}
