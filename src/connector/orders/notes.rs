//! What the report of an import warns of at its end, one warning for many orders: a report must not grow with the shop.

use std::collections::HashMap;

use super::policy::PolicyLog;
use crate::{
    channel::{
        ChannelOrder, ChannelOrderId,
        hash::number_of,
        shipping::{DisplayText, StoreKey},
    },
    client::Order,
};

/// As many as one warning names.
const MAX_NAMES_PER_WARNING: usize = 20;
/// How many orders of a run are remembered by number and key.
const MAX_REMEMBERED: usize = 20_000;

/// The orders that share a warning: some by name, the rest as a number.
#[derive(Debug, Default)]
pub(super) struct CappedList {
    named: Vec<String>,
    more: u64,
}

impl CappedList {
    pub(super) fn add(&mut self, name: impl Into<String>) {
        if self.named.len() < MAX_NAMES_PER_WARNING {
            self.named.push(name.into());
        } else {
            self.more += 1;
        }
    }

    /// The list as text; `None` when it is empty.
    pub(super) fn summary(&self) -> Option<String> {
        let named = self.named.join(", ");
        match (self.named.is_empty(), self.more) {
            (true, _) => None,
            (false, 0) => Some(named),
            (false, more) => Some(format!("{named} and {more} more")),
        }
    }
}

/// Orders that share a warning at the end of the run.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Imported orders that were merged into others, for a host that is not told of changes.
    pub(super) merged: CappedList,
    /// Imported orders with relatives that the host does not have.
    pub(super) unshared: CappedList,
    /// New orders with members that could not be read, and which.
    left_out: CappedList,
    /// New orders without a shippable line.
    pub(super) empty: CappedList,
    /// Orders of one number and key in two stores.
    pub(super) reconnected: ReconnectedStores,
    /// What is to be warned of about the host's policy.
    pub(super) policy: PolicyLog,
}

impl Notes {
    /// The members of a new order that could not be read: it comes without them.
    pub(super) fn leave_out(&mut self, order: &Order) {
        let members = order.unreadable().join(" and ");
        if !members.is_empty() {
            self.left_out.add(format!("{members} of order {}", order.order_id));
        }
    }

    pub(super) fn warnings(&self) -> impl Iterator<Item = String> + use<> {
        let warnings = [
            self.left_out.summary().map(|members| {
                format!("what could not be read was left out of the new orders: {members}")
            }),
            self.empty.summary().map(|orders| format!("new orders with nothing to ship: {orders}")),
            self.reconnected.found.summary().map(|orders| format!(
                "orders of two stores share number and key, as when a store is connected again: {orders}; compare them before both are shipped"
            )),
            self.unshared.summary().map(|orders| format!(
                "imported orders are merged with or split into ones that were never imported: {orders}; compare them in ShipStation, and ship by hand what the host does not know"
            )),
            self.merged.summary().map(|orders| format!(
                "imported orders were merged in ShipStation and no longer exist there: {orders}; decide by hand what is still to be shipped"
            )),
        ];
        warnings.into_iter().flatten().chain(self.policy.warnings())
    }
}

/// The orders that a run has met, by number and key: a store that was connected again shows its orders once more, under
/// other ids.
#[derive(Debug, Default)]
pub(super) struct ReconnectedStores {
    met: HashMap<u64, (ChannelOrderId, StoreKey)>,
    pub(super) found: CappedList,
}

impl ReconnectedStores {
    /// Takes note of an order, and of the one with the same number and key in another store.
    pub(super) fn note(&mut self, order: &ChannelOrder) {
        let (Some(key), Some(store)) = (order.key.as_deref(), &order.store) else { return };
        if key.trim().is_empty() || order.number.trim().is_empty() {
            return;
        }
        let mark = number_of([order.number.as_str(), key]);
        match self.met.get(&mark) {
            Some((other, its_store)) if *other != order.id && its_store != store => {
                let (number, id) = (DisplayText::name(&order.number).unquoted(), &order.id);
                self.found.add(format!("{number} is {other} of store {its_store} and {id} of store {store}"));
            }
            None if self.met.len() < MAX_REMEMBERED => {
                self.met.insert(mark, (order.id.clone(), store.clone()));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_names_some_and_counts_the_rest() {
        let mut list = CappedList::default();
        assert_eq!(list.summary(), None);
        list.add("a");
        assert_eq!(list.summary().unwrap(), "a");
        (0..25).for_each(|_| list.add("b"));
        assert!(list.summary().unwrap().ends_with("b, b and 6 more"));
    }
}
