//! What the report of an import warns of at its end, one warning for many orders.

use super::{capped_list::CappedList, policy::PolicyLog, reconnected::ReconnectedStores};
use crate::client::Order;

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

    /// The warnings.
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
