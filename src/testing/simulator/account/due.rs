//! Things that happen by themselves when their time comes. They are carried out when a request arrives, so
//! that the clock may jump.

use std::time::Duration;

use super::Account;
use crate::Timestamp;

/// Something ShipStation does on its own.
#[derive(Debug, Clone, Copy)]
pub(super) enum Due {
    /// Modify an order once more, as happens shortly after its creation.
    Touch(i64),
    /// End a hold whose day has come.
    Release(i64),
}

impl Account {
    /// The delay that was measured between an order's creation and its unprompted modification.
    pub(super) const TOUCH_AFTER: Duration = Duration::from_millis(18_500);

    pub(super) fn schedule(&mut self, at: Timestamp, what: Due) {
        self.due.entry(at).or_default().push(what);
    }

    /// Carries out everything whose time has come.
    pub(in super::super) fn settle(&mut self) {
        let now = self.now();
        while let Some(entry) = self.due.first_entry().filter(|entry| *entry.key() <= now) {
            let (at, what) = entry.remove_entry();
            for due in what {
                self.carry_out(at, due);
            }
        }
    }

    fn carry_out(&mut self, at: Timestamp, due: Due) {
        match due {
            Due::Touch(id) => {
                if let Some(order) = self.orders.get_mut(&id) {
                    order.modify_date = order.modify_date.max(at);
                }
            }
            Due::Release(id) => {
                let held = |order: &&mut super::SimOrder| {
                    order.order_status == "on_hold"
                        && order.hold_until_date.as_deref() == Some(&*super::pacific::date(at))
                };
                if let Some(order) = self.orders.get_mut(&id).filter(held) {
                    order.hold_until_date = None;
                    "awaiting_shipment".clone_into(&mut order.order_status);
                    order.modify_date = order.modify_date.max(at);
                }
            }
        }
    }
}
