//! What becomes of orders: optional, for hosts that want to know of it.

use std::{collections::HashMap, fmt::Debug};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{ChangeCursor, EventCursor, KEYS_PER_CALL, RecordedEvent, RunToken, StoreError};
use crate::{
    Timestamp,
    channel::{
        Address, ChannelOrder, ChannelOrderId, ChannelParcel, ConnectionId, LineQuantity, Unrecognized,
        hash::number_of,
        record::record,
        shipping::DisplayText,
        shown_tracking,
        store::OrderEvent,
        wording::{spaced, worded},
    },
};

/// Keeps the changes that orders undergo on the channel after they were imported, and what each order looked like when it was
/// last seen, by which the next change is noticed; and the [events](super::OrderEvent) of each order. Optional: without it nothing is
/// compared, and the story of an order is made from what the other stores still know. The ready-made stores keep events whether or not
/// their history is part of a channel's [`Stores`](super::Stores).
///
/// # Testing an implementation
/// Record a snapshot twice; record one change from two tasks; record a change with a stale token; ask for an order without a
/// snapshot; read the feed one by one.
#[async_trait]
pub trait HistoryStore: Debug + Send + Sync {
    /// The snapshots of those of these orders that have one, in any order. MUST take at least 500 orders in one call.
    async fn snapshots(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<Vec<OrderSnapshot>, StoreError>;

    /// Keeps what was seen of orders: each snapshot in place of the one of the same order, and what changed in the feed. Says how
    /// many changes were added.
    ///
    /// MUST leave out, one by one and as if nobody else wrote, what is not [up to date](OrderObservation::is_up_to_date) any more: an
    /// import by hand may see the same change as the scan beside it. All of it MUST commit in one transaction. Both together make
    /// each change known exactly once.
    ///
    /// # Errors
    /// `LostLease`, or when the store cannot write. The run then ends, and the changes come again with the next one.
    async fn record_changes(
        &self,
        token: &RunToken,
        observed: &[OrderObservation],
        now: Timestamp,
    ) -> Result<u64, StoreError>;

    /// The feed: at most `limit` changes after `after`, in the order in which they were recorded. The host reads it.
    ///
    /// A change MUST NOT be recorded before one that a reader of the feed may have seen already.
    async fn changes(
        &self,
        connection: &ConnectionId,
        after: Option<ChangeCursor>,
        limit: usize,
    ) -> Result<Vec<RecordedChange>, StoreError>;

    /// What happened to an order: at most `limit` events after `after`, in the order in which they were recorded.
    ///
    /// A store that keeps events MUST add those that a write of its own makes in the transaction of that write, so that both are
    /// there or neither: the constructors of [`OrderEvent`](super::OrderEvent) say which. It MUST add none for a write that changes
    /// nothing. Once it has kept [200](super::OrderEvent::MAX_BEFORE_REPETITIONS) events of an order it MAY leave out
    /// [repetitions](super::OrderEvent::is_repetition). A store that keeps none answers with none.
    async fn events(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
        after: Option<EventCursor>,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError>;
}

/// Conveniences for whoever calls a [`HistoryStore`].
///
/// # Errors
/// Each fails as the method of the store does that it calls.
#[async_trait]
pub trait HistoryStoreExt: HistoryStore {
    /// The snapshots of any number of orders, by order.
    async fn snapshots_by_order(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, OrderSnapshot>, StoreError> {
        let mut found = HashMap::new();
        for orders in orders.chunks(KEYS_PER_CALL) {
            let snapshots = self.snapshots(connection, orders).await?.into_iter();
            found.extend(snapshots.map(|snapshot| (snapshot.order.clone(), snapshot)));
        }
        Ok(found)
    }

    /// Every event of an order.
    async fn story(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
    ) -> Result<Vec<OrderEvent>, StoreError> {
        let (mut story, mut last) = (Vec::new(), None);
        loop {
            let page = self.events(connection, order, last, KEYS_PER_CALL).await?;
            let newest = page.last().map(|recorded| recorded.cursor);
            let is_last = page.len() < KEYS_PER_CALL || newest <= last;
            story.extend(page.into_iter().map(|recorded| recorded.event));
            if is_last {
                return Ok(story);
            }
            last = newest;
        }
    }
}

impl<S: HistoryStore + ?Sized> HistoryStoreExt for S {}

record! {
    /// A change in the feed.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct RecordedChange {
        /// Its place.
        pub cursor: ChangeCursor,
        /// The change.
        pub change: OrderChange,
    }
    /// A change at this place.
    pub fn new(cursor: ChangeCursor, change: OrderChange);

    /// A change of an imported order.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// A change.
    pub fn new(
        order: ChannelOrderId,
        number: impl Into<String>,
        modified_at: Option<Timestamp>,
        what: Vec<OrderChangeKind>
    );
}

worded! {
    /// What is different about an imported order.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(tag = "change", rename_all = "snake_case")]
    pub enum OrderChangeKind {
        /// It was cancelled: do not ship it.
        Cancelled => ("cancelled"),
        /// It was put on hold.
        OnHold => ("put on hold"),
        /// The hold is over: it may be shipped again.
        Released => ("released from its hold"),
        /// It was shipped, and not by the host.
        ShippedElsewhere {
            /// Its parcels, voided ones too. Empty when the channel has none; `None` when they could not be read.
            #[serde(default)]
            parcels: Option<Vec<ChannelParcel>>,
        } => ("shipped, and not by the host{}", spaced(&numbers(parcels.as_deref()))),
        /// It goes elsewhere: read the order again.
        Address => ("another address"),
        /// It has other lines or quantities.
        Lines => ("other lines or quantities"),
        /// It was merged into another order and is gone.
        Merged {
            /// The order that has its lines now.
            into: ChannelOrderId,
        } => ("merged into order {into}"),
        /// Part of it is another order now, which is [held](crate::channel::HoldReason::SplitOfImported) when it is imported.
        Split {
            /// The orders that were split off.
            into: Vec<ChannelOrderId>,
        } => ("split into{}", spaced(into)),
        /// Its state is another one, by the channel's own word.
        Unknown {
            /// The state.
            status: String,
        } => ("is {}", DisplayText::new(status).unquoted()),
        /// A value of a newer version.
        #[serde(untagged)]
        Unrecognized(kind: Unrecognized) => ("{kind}"),
    }
}

impl OrderChangeKind {
    /// Whether nothing of the order is to be shipped by the host any more.
    pub(crate) fn ends_shipping(&self) -> bool {
        matches!(self, Self::Cancelled | Self::ShippedElsewhere { .. } | Self::Merged { .. })
    }
}

/// The first few tracking numbers of parcels, as a text shows them.
fn numbers(parcels: Option<&[ChannelParcel]>) -> Vec<String> {
    const MAX_NUMBERS_SHOWN: usize = 3;
    let numbers = parcels.into_iter().flatten().filter_map(|parcel| parcel.tracking_number.as_deref());
    let shown = |number| DisplayText::name(&shown_tracking(number)).to_string();
    numbers.take(MAX_NUMBERS_SHOWN).map(shown).collect()
}

record! {
    /// What an imported order looked like when it was last seen: enough to tell what changes, and nothing of a buyer.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct OrderSnapshot {
        /// The order.
        pub order: ChannelOrderId,
        /// Its modification time.
        pub modified_at: Option<Timestamp> = None,
        /// Its state, by the channel's own word.
        pub status: String,
        /// A number that stands for the address that it goes to; 0 where that is not known any more, which is no change of it.
        pub address: u64 = 0,
        /// What is to be shipped as far as the channel knows: what the host's policy says of lines is no change of the order.
        pub lines: Vec<LineQuantity> = Vec::new(),
        /// The order that it was merged into, if it was.
        pub merged_into: Option<ChannelOrderId> = None,
        /// The orders that were split off it or merged into it.
        #[serde(default)]
        pub relatives: Vec<ChannelOrderId> = Vec::new(),
    }
    /// An order of which nothing else is known.
    pub fn new(order: ChannelOrderId, status: impl Into<String>);
}

impl OrderSnapshot {
    /// An order as it is.
    pub fn of(order: &ChannelOrder) -> Self {
        Self {
            order: order.id.clone(),
            modified_at: order.modified_at,
            status: order.status.clone(),
            address: address_number(&order.ship_to),
            lines: order.item_lines().collect(),
            merged_into: None,
            relatives: order.lineage.merged.clone(),
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

record! {
    /// What a run saw of an imported order.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct OrderObservation {
        /// The snapshot that it was compared with.
        pub before: Option<OrderSnapshot>,
        /// How it looks now.
        pub now: OrderSnapshot,
        /// What of that the host is to know.
        pub change: Option<OrderChange>,
    }
    /// An observation.
    pub fn new(before: Option<OrderSnapshot>, now: OrderSnapshot, change: Option<OrderChange>);
}

impl OrderObservation {
    /// Whether it was compared with what is kept of the order now, of which the buyer may be forgotten since. Otherwise another run
    /// was first, and the next one compares again.
    pub fn is_up_to_date(&self, kept: Option<&OrderSnapshot>) -> bool {
        let is_forgotten = kept.is_some_and(|kept| kept.address == 0);
        match &self.before {
            Some(before) if is_forgotten => kept == Some(&before.clone().without_address()),
            before => before.as_ref() == kept,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_from_another_by_its_number() {
        let mut order = ChannelOrder::new("1", "A-1");
        let empty = OrderSnapshot::of(&order).address;
        order.ship_to.city = Some("Austin".into());
        let austin = OrderSnapshot::of(&order).address;
        order.ship_to.city = None;
        order.ship_to.state = Some("Austin".into());
        let state = OrderSnapshot::of(&order).address;
        assert!(empty != austin && austin != state && state != empty);
    }

    #[test]
    fn an_observation_counts_whose_buyer_is_forgotten_meanwhile() {
        let mut order = ChannelOrder::new("1", "A-1");
        order.ship_to.city = Some("Austin".into());
        let before = OrderSnapshot::of(&order);
        let other = OrderSnapshot { status: "shipped".into(), ..before.clone() };
        let seen = OrderObservation::new(Some(before.clone()), other.clone(), None);
        let is_up_to_date = |kept: &OrderSnapshot| seen.is_up_to_date(Some(kept));
        assert!(is_up_to_date(&before) && is_up_to_date(&before.clone().without_address()));
        assert!(
            !is_up_to_date(&other) && !is_up_to_date(&other.without_address()) && !seen.is_up_to_date(None)
        );
    }
}
