//! Imported orders, one file per thing that the trait keeps.

mod fence;
mod held;
mod records;
mod save;
mod work;

pub(super) use self::held::ground_method;
use super::check::{Case, Check};
use crate::channel::{
    ConnectionId,
    store::{ImportRecord, OrderStore, OrderStoreExt, OrderWork},
};

pub(super) fn checks() -> Vec<Case> {
    [save::CHECKS, records::CHECKS, work::CHECKS, held::CHECKS, fence::CHECKS].concat()
}

/// The kept failure of one order.
async fn kept_failure(
    orders: &dyn OrderStore,
    connection: &ConnectionId,
    id: &str,
) -> Check<Option<OrderWork>> {
    Ok(orders.failures(connection, &[id.into()]).await?.remove(&id.into()))
}

/// The record of one order.
async fn record(orders: &dyn OrderStore, connection: &ConnectionId, id: &str) -> Check<Option<ImportRecord>> {
    Ok(orders.known(connection, &[id.into()]).await?.remove(&id.into()))
}
