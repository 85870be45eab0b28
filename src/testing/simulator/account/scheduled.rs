//! What ShipStation does by itself when the time comes. It is carried out when a request arrives, so that the clock may jump.

use std::time::Duration;

use super::{super::pacific, Account};
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
        let (Due::Touch(id) | Due::Release(id)) = due;
        let Some(order) = self.orders.get_mut(&id) else { return };
        if matches!(due, Due::Release(_)) {
            let today = pacific::date(at);
            if order.text("orderStatus") != Some("on_hold") || order.text("holdUntilDate") != Some(&today) {
                return;
            }
            order.clear("holdUntilDate");
            order.set("orderStatus", "awaiting_shipment");
        }
        order.set("modifyDate", order.time("modifyDate").max(Some(at)));
    }
}
