//! What becomes of orders after they were imported: an optional sink for hosts that want to hear of it.

use std::{collections::HashMap, fmt::Debug};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{RunToken, StoreError};
use crate::{
    Timestamp,
    channel::{Address, ChannelOrder, ChannelOrderId, ConnectionId, LineQuantity, hash::number_of},
};

/// Hears of changes that orders undergo on the channel after they were imported. Optional: without a sink nothing is
/// compared and no request is spent on it.
///
/// # Contract
/// Beside the [common contract](super):
///
/// - `record` MUST keep the marks and take note of the changes in one transaction: that is what makes each change
///   known exactly once.
/// - `marks` MUST take at least 500 orders in one call, and answers for those that have a mark.
/// - A mark replaces the one of the same order. Marks hold nothing of a buyer: an address is a number in them.
///
/// # Testing an implementation
/// Record a mark twice; record a change and drop the future before it is done; ask for an order without a mark.
#[async_trait]
pub trait OrderChangeSink: Debug + Send + Sync {
    /// The marks of those of these orders that have one.
    ///
    /// # Errors
    /// When the sink cannot say.
    async fn marks(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, OrderMark>, StoreError>;

    /// Takes note of changes and keeps the marks that go with them.
    ///
    /// # Errors
    /// `LostLease`, or when the sink cannot write. The run then ends, and the changes come again with the next one.
    async fn record(
        &self,
        token: &RunToken,
        changes: &[OrderChange],
        marks: &[OrderMark],
    ) -> Result<(), StoreError>;
}

/// A change of an imported order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OrderChange {
    /// The order.
    pub order: ChannelOrderId,
    /// Its number.
    pub number: String,
    /// The modification that brought it.
    pub modified_at: Option<Timestamp>,
    /// What is different. Not empty.
    pub what: Vec<OrderChangeKind>,
}

impl OrderChange {
    /// A change.
    pub fn new(
        order: ChannelOrderId,
        number: impl Into<String>,
        modified_at: Option<Timestamp>,
        what: Vec<OrderChangeKind>,
    ) -> Self {
        Self { order, number: number.into(), modified_at, what }
    }
}

/// What is different about an imported order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
#[non_exhaustive]
pub enum OrderChangeKind {
    /// It was cancelled: do not ship it.
    Cancelled,
    /// It was put on hold.
    OnHold,
    /// It was shipped, and not by the host.
    ShippedElsewhere,
    /// It goes elsewhere: read the order again.
    Address,
    /// It has other lines or quantities.
    Lines,
    /// It was merged into another order and is gone.
    Merged {
        /// The order that has its lines now.
        into: ChannelOrderId,
    },
    /// Its state is another one, by the channel's own word.
    Unknown {
        /// The state.
        status: String,
    },
}

/// What an imported order looked like when it was last seen: enough to tell what changes, and nothing of a buyer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OrderMark {
    /// The order.
    pub order: ChannelOrderId,
    /// Its modification.
    pub modified_at: Option<Timestamp>,
    /// Its state, by the channel's own word.
    pub status: String,
    /// A number that stands for the address that it goes to.
    pub address: u64,
    /// What was to be shipped.
    pub lines: Vec<LineQuantity>,
    /// The order that has swallowed it, if one has.
    pub merged_into: Option<ChannelOrderId>,
}

impl OrderMark {
    /// The mark of an order as it is.
    pub fn of(order: &ChannelOrder) -> Self {
        Self {
            order: order.id.clone(),
            modified_at: order.modified_at,
            status: order.status.clone(),
            address: address_number(&order.ship_to),
            lines: order.shippable_lines().collect(),
            merged_into: None,
        }
    }
}

fn address_number(address: &Address) -> u64 {
    let members = [
        &address.name,
        &address.company,
        &address.street1,
        &address.street2,
        &address.street3,
        &address.city,
        &address.state,
        &address.postal_code,
        &address.country,
    ];
    number_of(members.map(|member| member.as_deref().unwrap_or_default()))
}

/// The trait stays usable as `Arc<dyn OrderChangeSink>`.
const _: fn(&dyn OrderChangeSink) = |_| ();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_from_another_by_its_number() {
        let mut order = ChannelOrder::new("1", "A-1");
        let empty = OrderMark::of(&order).address;
        order.ship_to.city = Some("Austin".into());
        let austin = OrderMark::of(&order).address;
        order.ship_to.city = None;
        order.ship_to.state = Some("Austin".into());
        let state = OrderMark::of(&order).address;
        assert!(empty != austin && austin != state && state != empty);
    }
}
