//! Imported orders, one file per thing that the trait keeps.

mod failures;
mod fence;
mod follow_ups;
mod held;
mod look_alikes;
mod save;

use super::check::{Case, Check};
use crate::channel::{
    ConnectionId,
    store::{FailureRecord, ImportRecord, OrderStore},
};

pub(super) fn checks() -> Vec<Case> {
    [save::CHECKS, look_alikes::CHECKS, follow_ups::CHECKS, failures::CHECKS, held::CHECKS, fence::CHECKS]
        .concat()
}

/// The kept failure of one order.
async fn kept_failure(
    orders: &dyn OrderStore,
    connection: &ConnectionId,
    id: &str,
) -> Check<Option<FailureRecord>> {
    Ok(orders.failures(connection, &[id.into()]).await?.remove(&id.into()))
}

/// The record of one order.
async fn record(orders: &dyn OrderStore, connection: &ConnectionId, id: &str) -> Check<Option<ImportRecord>> {
    Ok(orders.known(connection, &[id.into()]).await?.remove(&id.into()))
}
