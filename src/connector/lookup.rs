//! Looking an order up where its absence would be final: one odd answer must not pass for "it is gone".

use std::time::Duration;

use crate::{
    Timestamp,
    client::{Error, ErrorKind, Order, OrderId, ShipStation},
    time::HOUR,
};

/// No read is so far behind.
pub(super) const OLDEST_READ: Duration = HOUR;

/// Whether a read of an order that has been known for so short a time may be from before it was there.
pub(super) fn may_be_behind(known_since: Timestamp, now: Timestamp) -> bool {
    now.since(known_since) < OLDEST_READ
}

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
