//! Looking an order up where its absence would be final: one odd answer must not pass for "it is gone".

use crate::client::{Error, ErrorKind, Order, OrderId, ShipStation};

/// The order, or `None` once ShipStation has said twice that there is none.
pub(super) async fn order(client: &ShipStation, id: OrderId) -> Result<Option<Order>, Error> {
    for _ in 0..2 {
        match client.orders().get(id).await {
            Ok(order) => return Ok(Some(order)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}
