//! The order that may be marked as shipped: one that nobody is told about, and that no other one is taken for.

use std::collections::BTreeSet;

use serde_json::Value;
use shipstation_connector::client::OrderId;

use super::Probe;
use crate::exit::{Exit, Failure};

/// The number of ShipStation's own marketplace: its stores hold orders that were entered by hand.
const MANUAL: i64 = 0;

/// An order that may be marked, and how it is known that it still may.
pub(crate) struct Target {
    pub(super) order: OrderId,
    manual_stores: BTreeSet<i64>,
}

impl Probe {
    /// Looks for the one order of exactly this number. Everything is judged by the bytes of the answers: the typed models leave
    /// out what they cannot read.
    pub(crate) async fn find(&self, number: &str) -> Result<Target, Failure> {
        let (stores, made) = self.tap.read(self.client.stores().list().send()).await?;
        made?;
        let manual = stores.rows().iter().filter(|store| store["marketplaceId"].as_i64() == Some(MANUAL));
        let manual_stores = manual.filter_map(|store| store["storeId"].as_i64()).collect();
        let orders = self.client.orders().list().order_number(number).page_size(500);
        let (orders, made) = self.tap.read(orders.send()).await?;
        made?;
        // The filter gives all numbers that begin so.
        let read = orders.rows().iter().filter_map(|row| Some((row["orderId"].as_i64()?, row)));
        let read: Vec<(i64, &Value)> = read.collect();
        let total = orders.body["total"].as_u64();
        if total.is_none_or(|total| read.len() as u64 != total) {
            return Err(Failure::usage(
                "nothing was written: too many orders begin with this number, or some cannot be read: name another one",
            ));
        }
        let named: Vec<_> = read.into_iter().filter(|(_, row)| row["orderNumber"] == number).collect();
        let [(id, order)] = named[..] else {
            return Err(match named.len() {
                0 => Failure::new(Exit::NotFound, "nothing was written: there is no order of this number"),
                _ => Failure::usage("nothing was written: there is more than one order of this number"),
            });
        };
        let target = Target { order: OrderId::new(id), manual_stores };
        target.fits(order).map_err(|why| Failure::usage(format!("nothing was written: {why}")))?;
        Ok(target)
    }
}

impl Target {
    /// Whether this is the order, and it may be marked.
    pub(super) fn fits(&self, order: &Value) -> Result<(), &'static str> {
        let store = order["advancedOptions"]["storeId"].as_i64();
        if order["orderId"].as_i64() != Some(self.order.get()) {
            return Err("the answer is about another order");
        }
        if !store.is_some_and(|store| self.manual_stores.contains(&store)) {
            return Err("its store is not one of orders entered by hand");
        }
        if !(order["customerEmail"].is_null() || order["customerEmail"] == "") {
            return Err("it has an e-mail address: take an order of a made-up buyer without one");
        }
        if order["orderStatus"] != "awaiting_shipment" {
            return Err("it does not await shipment");
        }
        if order["externallyFulfilled"] == true {
            return Err("somebody else ships it");
        }
        Ok(())
    }
}
