//! Earlier states of the account, for reads that lag behind.

use std::collections::BTreeMap;

use super::{Account, record::Record};
use crate::Timestamp;

/// What stale reads show: orders, and what was shipped of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Snapshot {
    orders: BTreeMap<i64, Record>,
    fulfillments: BTreeMap<i64, Record>,
    shipments: BTreeMap<i64, Record>,
}

impl Snapshot {
    fn of(account: &Account) -> Self {
        Self {
            orders: account.orders.clone(),
            fulfillments: account.fulfillments.clone(),
            shipments: account.shipments.clone(),
        }
    }

    /// Exchanges this state and the account's.
    pub(super) fn swap_with(&mut self, account: &mut Account) {
        std::mem::swap(&mut self.orders, &mut account.orders);
        std::mem::swap(&mut self.fulfillments, &mut account.fulfillments);
        std::mem::swap(&mut self.shipments, &mut account.shipments);
    }
}

/// The states of the account, each with the instant since which it held.
#[derive(Debug, Default)]
pub(super) struct History(Vec<(Timestamp, Snapshot)>);

impl History {
    /// Keeps the account's state, which holds since that instant, if it is another than the one kept last.
    pub(super) fn remember(&mut self, since: Timestamp, account: &Account) {
        let snapshot = Snapshot::of(account);
        if self.0.last().is_none_or(|(_, last)| *last != snapshot) {
            self.0.push((since, snapshot));
        }
    }

    /// The state at an instant; the oldest one when none is kept from then.
    pub(super) fn at(&self, instant: Timestamp) -> Option<Snapshot> {
        let held = self.0.iter().rev().find(|(since, _)| *since <= instant);
        held.or_else(|| self.0.first()).map(|(_, snapshot)| snapshot.clone())
    }

    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}
