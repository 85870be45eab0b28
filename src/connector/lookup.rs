//! Looking an order up where its absence would be final: one odd answer must not pass for "it is gone".

use crate::client::{Error, ErrorKind, Order, OrderId, ShipStation};

/// The order, or `None` once ShipStation has said twice that there is none.
pub(super) async fn order(client: &ShipStation, id: OrderId) -> Result<Option<Order>, Error> {
    match order_once(client, id).await? {
        None => order_once(client, id).await,
        found => Ok(found),
    }
}

/// The order, or `None` if ShipStation says that there is none. For callers that ask again later before they act on it.
pub(super) async fn order_once(client: &ShipStation, id: OrderId) -> Result<Option<Order>, Error> {
    match client.orders().get(id).await {
        Ok(order) => Ok(Some(order)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
