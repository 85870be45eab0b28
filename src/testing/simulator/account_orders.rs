//! Orders: adding, finding, changing, splitting and combining them, and what ShipStation does to them by itself when the time
//! comes. That is carried out when a request arrives, so that the clock may jump.

use std::{borrow::Cow, time::Duration};

use rust_decimal::Decimal;

use super::{
    Account, Field, ListRow, Record, Reply, account::ScheduledChange, builders::WHEN_ADDED, builders::total,
    pacific, record, set,
};
use crate::Timestamp;

/// Whether an order can be found: it was neither deleted nor merged into another.
fn is_visible(order: &Record) -> bool {
    !order.flag("deleted") && order.int("mergedInto").is_none()
}

/// What every change of an order's lines or amounts changes too.
fn update_total(order: &mut Record) {
    let total = total(order);
    order.set("orderTotal", total);
}

impl Account {
    /// Adds an order and returns its number. What was left open is filled as ShipStation would: numbers, key, dates,
    /// total, product links, default warehouse and, without a store, the manual one.
    pub fn add_order(&mut self, order: impl Into<Record>) -> i64 {
        let mut order = order.into();
        let own = order.int("orderId").filter(|id| *id != 0);
        let id = own.unwrap_or_else(|| self.next_id("orderId"));
        let last = self.last_id("orderId");
        *last = id.max(*last);
        order.set("orderId", id);
        if order.text("orderKey").is_none_or(str::is_empty) {
            order.set("orderKey", self.next_guid());
        }
        self.number_lines(&mut order);
        self.complete(&mut order);
        if self.quirks.modify_after_creation {
            let created = order.time("createDate").unwrap_or_else(|| self.now());
            self.schedule(created + Self::TOUCH_AFTER, Box::new(move |account, at| account.touch(id, at)));
        }
        self.note_import(&mut order);
        self.orders.insert(id, order);
        id
    }

    /// Puts an order in the place of the one with its number. Lines and total follow.
    pub(super) fn replace_order(&mut self, id: i64, mut order: Record) {
        self.number_lines(&mut order);
        self.fill_lines(&mut order);
        update_total(&mut order);
        self.orders.insert(id, order);
    }

    /// Fills in everything that depends on nothing but the order and the account.
    pub(super) fn complete(&self, order: &mut Record) {
        let now = self.now();
        for (date, same_as) in [
            ("createDate", ""),
            ("orderDate", "createDate"),
            ("modifyDate", "createDate"),
            ("paymentDate", "orderDate"),
        ] {
            if order.time(date) == Some(WHEN_ADDED) {
                order.set(date, order.time(same_as).unwrap_or(now));
            }
        }
        self.fill_lines(order);
        update_total(order);
        if order.time("paymentDate").is_some() && order.amount("amountPaid") == Some(Decimal::ZERO) {
            order.set("amountPaid", total(order));
        }
        if order.int("advancedOptions.storeId").is_none() {
            order.set("advancedOptions.storeId", Self::MANUAL_STORE);
        }
        if order.int("advancedOptions.warehouseId").is_none() {
            let default = self.warehouses.values().find(|warehouse| warehouse.flag("isDefault"));
            let id = default.and_then(|warehouse| warehouse.int("warehouseId"));
            order.set("advancedOptions.warehouseId", id);
        }
    }

    fn number_lines(&mut self, order: &mut Record) {
        for line in order.rows_mut("items") {
            if line.int("orderItemId") == Some(0) && !line.flag("unnumbered") {
                line.set("orderItemId", self.next_id("orderItemId"));
            }
        }
    }

    /// Dates and product links of lines that have none yet.
    fn fill_lines(&self, order: &mut Record) {
        let created = order.time("createDate");
        for line in order.rows_mut("items") {
            for date in ["createDate", "modifyDate"] {
                if line.time(date).is_none() {
                    line.set(date, created);
                }
            }
            if line.int("productId").is_none() && !line.flag("adjustment") {
                line.set("productId", line.text("sku").and_then(|sku| self.product_for_sku(sku)));
            }
        }
    }

    /// The order, unless it was deleted or merged away.
    pub fn order(&self, order_id: i64) -> Option<&Record> {
        self.orders.get(&order_id).filter(|order| is_visible(order))
    }

    /// The order, to change it in silence: its modify date stays. See [`edit`](Self::edit).
    pub fn order_mut(&mut self, order_id: i64) -> Option<&mut Record> {
        self.orders.get_mut(&order_id).filter(|order| is_visible(order))
    }

    /// The first order with exactly this number.
    pub fn order_by_number(&self, order_number: &str) -> Option<&Record> {
        self.visible_orders().find(|order| order.text("orderNumber") == Some(order_number))
    }

    /// Changes an order as a person or a call would: its modify date follows. False when there is no such order.
    pub fn edit(&mut self, order_id: i64, change: impl FnOnce(&mut Record)) -> bool {
        let now = self.now();
        let Some(order) = self.order_mut(order_id) else { return false };
        change(order);
        order.set("modifyDate", now);
        true
    }

    /// Every order that can be found, by ascending number.
    pub fn visible_orders(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.orders.values().filter(|order| is_visible(order))
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
        let was_unpaid =
            self.order(order_id).is_some_and(|order| order.is_text("orderStatus", "awaiting_payment"));
        let is_set = self.edit(order_id, |order| order.set("orderStatus", status));
        if was_unpaid
            && status != "cancelled"
            && let Some(mut order) = self.order(order_id).cloned()
        {
            self.note_import(&mut order);
            self.orders.insert(order_id, order);
        }
        is_set
    }

    /// Deletes an order: it can no longer be found.
    pub fn delete(&mut self, order_id: i64) -> bool {
        self.edit(order_id, |order| order.set("deleted", true))
    }

    /// Holds an order until midnight Pacific of this day (`yyyy-MM-dd`).
    pub fn hold_until(&mut self, order_id: i64, day: &str) -> bool {
        let held = self.edit(order_id, |order| {
            set!(order, "orderStatus": "on_hold", "holdUntilDate": day);
        });
        if let Some(midnight) = pacific::parse(day).filter(|_| held) {
            self.schedule_release(order_id, pacific::instant(midnight));
        }
        held
    }

    pub(super) fn schedule_release(&mut self, order_id: i64, until: Timestamp) {
        self.schedule(until, Box::new(move |account, at| account.release(order_id, at)));
    }

    /// Splits lines off into a child and returns its number, or `None` when there is no such order.
    ///
    /// `lines` are the indices of the lines that move. Parent and child share number, key and dates, as recorded;
    /// only `parentId` and `mergedIds` tell them apart. The child carries no tax and no shipping amount.
    pub fn split_order(&mut self, order_id: i64, lines: &[usize]) -> Option<i64> {
        let now = self.now();
        let child_id = self.next_id("orderId");
        let parent = self.order_mut(order_id)?;
        let mut child = parent.clone().with("orderId", child_id);
        let all = parent.rows("items").cloned().enumerate();
        let (moved, kept): (Vec<_>, Vec<_>) = all.partition(|(index, _)| lines.contains(index));
        for (part, lines) in [(&mut child, moved), (&mut *parent, kept)] {
            let lines: Field = lines.into_iter().map(|(_, line)| line).collect();
            set!(part, "items": lines, "advancedOptions.mergedOrSplit": true, "modifyDate": now);
        }
        set!(child, "taxAmount": Decimal::ZERO, "shippingAmount": Decimal::ZERO, "amountPaid": Decimal::ZERO);
        set!(child, "advancedOptions.mergedIds": Vec::<i64>::new(), "advancedOptions.parentId": order_id);
        parent.push("advancedOptions.mergedIds", child_id);
        update_total(parent);
        update_total(&mut child);
        self.orders.insert(child_id, child);
        Some(child_id)
    }

    /// Combines orders into a survivor: the others vanish from every list and answer, and the survivor gets their lines and names
    /// them in `mergedIds`. False when there is no such survivor.
    pub fn merge_orders(&mut self, survivor: i64, others: &[i64]) -> bool {
        if self.order(survivor).is_none() {
            return false;
        }
        let (mut lines, mut merged) = (Vec::new(), Vec::new());
        for &id in others.iter().filter(|id| **id != survivor) {
            if let Some(order) = self.order_mut(id) {
                order.set("mergedInto", survivor);
                lines.extend(order.rows("items").cloned());
                merged.push(id);
            }
        }
        self.edit(survivor, |order| {
            for line in lines {
                order.push("items", line);
            }
            order.set("advancedOptions.mergedOrSplit", true);
            for id in merged {
                order.push("advancedOptions.mergedIds", id);
            }
            update_total(order);
        })
    }

    /// Undoes [`merge_orders`](Self::merge_orders) for one order: it can be found again, and the survivor loses its lines.
    pub fn uncombine(&mut self, order_id: i64) -> bool {
        let Some(order) = self.orders.get_mut(&order_id) else { return false };
        let Some(survivor) = order.int("mergedInto") else { return false };
        order.clear("mergedInto");
        let moved: Vec<_> = order.rows("items").filter_map(|line| line.int("orderItemId")).collect();
        self.edit(survivor, |order| {
            let stays = |line: &&Record| !line.int("orderItemId").is_some_and(|id| moved.contains(&id));
            let items: Field = order.rows("items").filter(stays).cloned().collect();
            order.set("items", items);
            let merged = order.ids("advancedOptions.mergedIds").into_iter().filter(|id| *id != order_id);
            order.set("advancedOptions.mergedIds", merged.collect::<Field>());
            update_total(order);
        })
    }

    /// The delay that was measured between an order's creation and its unprompted modification.
    const TOUCH_AFTER: Duration = Duration::from_millis(18_500);

    pub(super) fn schedule(&mut self, at: Timestamp, change: ScheduledChange) {
        self.scheduled.entry(at).or_default().push(change);
    }

    /// Carries out the next changes whose time has come, and gives their instant.
    pub(super) fn run_scheduled(&mut self) -> Option<Timestamp> {
        let now = self.now();
        let (at, changes) = self.scheduled.first_entry().filter(|entry| *entry.key() <= now)?.remove_entry();
        self.as_of(at, |account| changes.into_iter().for_each(|change| change(account, at)));
        Some(at)
    }

    fn touch(&mut self, id: i64, at: Timestamp) {
        if let Some(order) = self.orders.get_mut(&id) {
            order.set("modifyDate", order.time("modifyDate").max(Some(at)));
        }
    }

    /// Ends a hold whose day has come.
    fn release(&mut self, id: i64, at: Timestamp) {
        let (today, Some(order)) = (pacific::date(at), self.orders.get_mut(&id)) else { return };
        if order.text("orderStatus") == Some("on_hold") && order.text("holdUntilDate") == Some(&today) {
            set!(order, "holdUntilDate": Field::Null, "orderStatus": "awaiting_shipment");
            self.touch(id, at);
        }
    }

    /// Makes every page that holds this order answer 500 with an exception body.
    pub fn poison(&mut self, order_id: i64) {
        self.poisoned.insert(order_id);
    }

    /// Prints one member of a row as these bytes, JSON or not, wherever the order, fulfillment, shipment or product of this number
    /// is read; see [`Record::set`] for how members are named.
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

    /// The row as it is printed on its own, which a poisoned order refuses.
    pub(super) fn list_row(&self, id_member: &str, row: &Record) -> Result<ListRow, Reply> {
        let id = row.int(id_member);
        if id.is_some_and(|id| self.poisoned.contains(&id)) {
            return Err(Reply::exception("Object reference not set to an instance of an object."));
        }
        let changes = id.and_then(|id| self.overwritten.get(&id)).map(Vec::as_slice).unwrap_or_default();
        let mut printed = Cow::Borrowed(row);
        if self.quirks.drift && id_member == "orderId" {
            drift(printed.to_mut());
        }
        let placeholder = |member: &str| format!("@{member}@");
        for (member, _) in changes {
            printed.to_mut().set(member, placeholder(member));
        }
        let mut text = printed.json().into_bytes();
        for (member, bytes) in changes.iter().rev() {
            let part = format!("\"{}\"", placeholder(member));
            if let Some(start) = text.windows(part.len()).position(|window| window == part.as_bytes()) {
                text.splice(start..start + part.len(), bytes.iter().copied());
            }
        }
        let id = id.filter(|_| changes.iter().all(|(member, _)| member != id_member));
        Ok(ListRow { id, order_id: row.int("orderId"), text })
    }
}

/// Makes the order what a newer server might print: unknown members, and values outside the documented ones.
fn drift(order: &mut Record) {
    let steps = vec![Field::from(1), record!({ "at": Field::Null }).into()];
    set!(order,
        "confirmation": "video_signature", "weight.units": "inches", "allocationStatus": "partially_allocated",
        "fulfillmentPlan": record!({ "steps": steps, "score": Decimal::new(5, 1) }),
    );
}
