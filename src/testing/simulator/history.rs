//! Earlier states of the account, for reads that lag behind.

use super::{
    Account,
    account::{Shown, Table},
};
use crate::Timestamp;

/// The states of the account, each with the instant since which it held.
#[derive(Debug, Default)]
pub(super) struct History(Vec<(Timestamp, Shown)>);

impl History {
    /// Keeps the account's state, which holds since that instant, if it is another than the one kept last.
    pub(super) fn remember(&mut self, since: Timestamp, account: &Account) {
        let shown = [&account.orders, &account.fulfillments, &account.shipments].map(Table::clone);
        if self.0.last().is_none_or(|(_, last)| *last != shown) {
            self.0.push((since, shown));
        }
    }

    /// The state at an instant; the oldest one when none is kept from then.
    pub(super) fn at(&self, instant: Timestamp) -> Shown {
        let held = self.0.iter().rev().find(|(since, _)| *since <= instant);
        held.or_else(|| self.0.first()).map(|(_, shown)| shown.clone()).unwrap_or_default()
    }
}
