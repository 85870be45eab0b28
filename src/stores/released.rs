//! What a host is told of its orders in the transaction of a store.

use super::failure::Answer;
use crate::channel::{
    HostOrderId,
    shipping::ShippingResolution,
    store::{ImportRecord, StoreError},
};

/// An order that was held and that nothing holds any more.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReleasedOrder {
    /// Its import record; [`host_order`](ImportRecord::host_order) is what the host called it.
    pub record: ImportRecord,
    /// How it is to be shipped.
    pub shipping: ShippingResolution,
    /// The version of the rules that said so.
    pub rules_version: u64,
}

/// The host's answers to a slice of orders, one for each.
pub(super) fn one_for_each(
    answers: Vec<Option<HostOrderId>>,
    orders: usize,
) -> Answer<Vec<Option<HostOrderId>>> {
    if answers.len() == orders {
        return Ok(answers);
    }
    let words = format!("the host's OrderWriter answered for {} of {orders} orders", answers.len());
    Err(StoreError::permanent(words).into())
}
