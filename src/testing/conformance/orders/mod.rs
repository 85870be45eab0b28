//! Imported orders, one file per thing that the trait keeps.

mod fence;
mod held;
mod records;
mod work;

pub(super) use self::held::ground_method;
use super::{Case, Check, Run};
use crate::channel::store::{
    ImportRecord, NewOrder, OrderFailure, OrderStoreExt, OrderWork, SaveOutcome, StoreError,
};

pub(super) fn checks() -> Vec<Case> {
    [records::CHECKS, work::CHECKS, held::CHECKS, fence::CHECKS].concat()
}

async fn save(on: &Run, orders: &[NewOrder]) -> Result<Vec<SaveOutcome>, StoreError> {
    on.stores.orders.save(&on.token, orders).await
}

async fn fail(on: &Run, failures: &[OrderFailure]) -> Result<(), StoreError> {
    on.stores.orders.record_failures(&on.token, failures).await
}

/// The record of one order.
async fn record(on: &Run, id: &str) -> Check<Option<ImportRecord>> {
    Ok(on.peer.orders.known(&on.here, &[id.into()]).await?.remove(&id.into()))
}

/// The kept failure of one order.
async fn kept_failure(on: &Run, id: &str) -> Check<Option<OrderWork>> {
    Ok(on.peer.orders.failures(&on.here, &[id.into()]).await?.remove(&id.into()))
}
