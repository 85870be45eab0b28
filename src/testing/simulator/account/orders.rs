//! Orders: adding, finding and changing them.

use super::super::model::{Absence, SimOrder};
use super::super::{pacific, row::overwrite};
use super::{Account, due::Due, next};
use crate::Timestamp;

impl Account {
    /// Adds an order and returns its number. What was left open is filled as ShipStation would: numbers, key, dates,
    /// total, product links, default warehouse and, without a store, the manual one.
    pub fn add_order(&mut self, mut order: SimOrder) -> i64 {
        if order.order_id == 0 {
            order.order_id = next(&mut self.last.order);
        } else {
            self.last.order = self.last.order.max(order.order_id);
        }
        if order.order_key.is_empty() {
            order.order_key = self.next_guid();
        }
        self.number_lines(&mut order);
        self.complete(&mut order);
        let id = order.order_id;
        if self.quirks.modify_after_creation {
            self.schedule(order.create_date + Self::TOUCH_AFTER, Due::Touch(id));
        }
        self.orders.insert(id, order);
        id
    }

    /// Puts an order in the place of the one with its number. Lines and total follow.
    pub(in super::super) fn replace_order(&mut self, mut order: SimOrder) {
        self.number_lines(&mut order);
        self.fill_lines(&mut order);
        order.order_total = order.total();
        self.orders.insert(order.order_id, order);
    }

    /// Fills in everything that depends on nothing but the order and the account.
    pub(super) fn complete(&self, order: &mut SimOrder) {
        self.fill_dates(order);
        self.fill_lines(order);
        order.order_total = order.total();
        if order.payment_date.is_some() && order.amount_paid.is_zero() {
            order.amount_paid = order.order_total;
        }
        let options = &mut order.advanced_options;
        options.store_id.get_or_insert(Self::MANUAL_STORE);
        if options.warehouse_id.is_none() {
            options.warehouse_id = self.warehouses.values().find(|w| w.is_default).map(|w| w.warehouse_id);
        }
    }

    fn fill_dates(&self, order: &mut SimOrder) {
        let open = Timestamp::UNIX_EPOCH;
        if order.create_date == open {
            order.create_date = self.now();
        }
        if order.order_date == open {
            order.order_date = order.create_date;
        }
        if order.modify_date == open {
            order.modify_date = order.create_date;
        }
        if order.payment_date == Some(open) {
            order.payment_date = Some(order.order_date);
        }
    }

    fn number_lines(&mut self, order: &mut SimOrder) {
        for line in order.items.iter_mut().filter(|line| line.order_item_id == 0 && !line.unnumbered) {
            line.order_item_id = next(&mut self.last.item);
        }
    }

    /// Dates and product links of lines that have none yet.
    fn fill_lines(&self, order: &mut SimOrder) {
        for line in &mut order.items {
            line.create_date.get_or_insert(order.create_date);
            line.modify_date.get_or_insert(order.create_date);
            if line.product_id.is_none() && !line.adjustment {
                line.product_id = line.sku.as_deref().and_then(|sku| self.product_for_sku(sku));
            }
        }
    }

    /// The order, unless it was deleted or merged away.
    pub fn order(&self, order_id: i64) -> Option<&SimOrder> {
        self.orders.get(&order_id).filter(|order| order.absence.is_none())
    }

    /// The order, to change it in silence: its modify date stays. See [`edit`](Self::edit).
    pub fn order_mut(&mut self, order_id: i64) -> Option<&mut SimOrder> {
        self.orders.get_mut(&order_id).filter(|order| order.absence.is_none())
    }

    /// The first order with exactly this number.
    pub fn order_by_number(&self, order_number: &str) -> Option<&SimOrder> {
        self.visible_orders().find(|order| order.order_number == order_number)
    }

    /// Changes an order as a person or a call would: its modify date follows. False when there is no such order.
    pub fn edit(&mut self, order_id: i64, change: impl FnOnce(&mut SimOrder)) -> bool {
        let now = self.now();
        let Some(order) = self.order_mut(order_id) else { return false };
        change(order);
        order.modify_date = now;
        true
    }

    /// Every order that can be found, by ascending number.
    pub fn visible_orders(&self) -> impl Iterator<Item = &SimOrder> {
        self.orders.values().filter(|order| order.absence.is_none())
    }

    /// Cancels an order.
    pub fn cancel(&mut self, order_id: i64) -> bool {
        self.set_status(order_id, "cancelled")
    }

    /// Puts an order on hold without an end.
    pub fn hold(&mut self, order_id: i64) -> bool {
        self.set_status(order_id, "on_hold")
    }

    /// Gives an order any status.
    pub fn set_status(&mut self, order_id: i64, status: &str) -> bool {
        self.edit(order_id, |order| status.clone_into(&mut order.order_status))
    }

    /// Deletes an order: it can no longer be found.
    pub fn delete(&mut self, order_id: i64) -> bool {
        self.edit(order_id, |order| order.absence = Some(Absence::Deleted))
    }

    /// Holds an order until midnight Pacific of this day (`yyyy-MM-dd`).
    pub fn hold_until(&mut self, order_id: i64, day: &str) -> bool {
        let held = self.edit(order_id, |order| {
            "on_hold".clone_into(&mut order.order_status);
            order.hold_until_date = Some(day.to_owned());
        });
        if let Some(midnight) = pacific::parse(day).filter(|_| held) {
            self.schedule(pacific::instant(midnight), Due::Release(order_id));
        }
        held
    }

    /// Makes every page that holds this order answer 500 with an exception body.
    pub fn poison(&mut self, order_id: i64) {
        self.poisoned.insert(order_id);
    }

    /// Prints one member of a row as these bytes, JSON or not, wherever the order, fulfillment, shipment or product of this number
    /// is read. Members of members are named with a dot between, such as `advancedOptions.storeId`.
    ///
    /// ```
    /// # use shipstation_connector::testing::simulator::Account;
    /// fn damage(account: &mut Account, order: i64) {
    ///     account.overwrite(order, "weight", r#""12 oz""#);
    ///     account.overwrite(order, "customerNotes", b"\"caf\xe9\"");
    /// }
    /// ```
    pub fn overwrite(&mut self, id: i64, member: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.overwritten.entry(id).or_default().push((member.into(), bytes.into()));
    }

    /// Ends [`poison`](Self::poison) and [`overwrite`](Self::overwrite).
    pub fn heal(&mut self, id: i64) {
        self.poisoned.remove(&id);
        self.overwritten.remove(&id);
    }

    /// The text of a row with the members that were overwritten.
    pub(in super::super) fn printed(&self, id: i64, row: String) -> Vec<u8> {
        let mut row = row.into_bytes();
        for (member, bytes) in self.overwritten.get(&id).into_iter().flatten() {
            overwrite(&mut row, member, bytes);
        }
        row
    }

    pub(in super::super) fn is_poisoned(&self, order_id: i64) -> bool {
        self.poisoned.contains(&order_id)
    }
}
