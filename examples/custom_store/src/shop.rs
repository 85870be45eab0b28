//! All that a host writes to have imported orders in tables of its own.

use shipstation_connector::{
    channel::{ConnectionId, HostOrderId, store::NewOrder},
    stores::{
        Failure, ReleasedOrder,
        sqlite::{OrderWriter, rusqlite::Transaction},
    },
};

type Names = Result<Vec<Option<HostOrderId>>, Failure>;

#[derive(Debug)]
pub(crate) struct Shop;

impl OrderWriter for Shop {
    fn write(&self, tx: &Transaction<'_>, _: &ConnectionId, orders: &[&NewOrder]) -> Names {
        let insert = "INSERT INTO shop_order (number, recipient, method, status) VALUES (?1, ?2, ?3, ?4)";
        let add_line = "INSERT INTO shop_order_line (shop_order, sku, quantity) VALUES (?1, ?2, ?3)";
        let write = |new: &&NewOrder| {
            let method = new.shipping.method().map(|method| method.policy.to_string());
            let status = if new.holds.is_empty() { "ready" } else { "held" };
            let order = (&new.order.number, &new.order.ship_to.name, method, status);
            let id = tx.prepare_cached(insert)?.insert(order)?;
            for line in new.order.lines.iter().filter(|line| line.is_shippable()) {
                tx.prepare_cached(add_line)?.execute((id, &line.sku, line.quantity))?;
            }
            Ok(Some(HostOrderId::new(id.to_string())))
        };
        orders.iter().map(write).collect()
    }

    fn release(&self, tx: &Transaction<'_>, _: &ConnectionId, order: &ReleasedOrder) -> Result<(), Failure> {
        let method = order.shipping.method().map(|method| method.policy.to_string());
        let id = order.record.host_order.as_ref().map(HostOrderId::as_str);
        tx.execute("UPDATE shop_order SET method = ?2, status = 'ready' WHERE id = ?1", (id, method))?;
        Ok(())
    }
}
