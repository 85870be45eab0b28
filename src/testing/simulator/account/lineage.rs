//! Splitting and combining orders, as people do in ShipStation's pages.

use super::super::model::{Absence, SimOrder};
use super::{Account, next};

impl Account {
    /// Splits lines off into a child and returns its number, or `None` when there is no such order.
    ///
    /// `lines` are the indices of the lines that move. Parent and child share number, key and dates, as recorded;
    /// only `parentId` and `mergedIds` tell them apart. The child carries no tax and no shipping amount.
    pub fn split_order(&mut self, order_id: i64, lines: &[usize]) -> Option<i64> {
        let now = self.now();
        let child_id = next(&mut self.last.order);
        let parent = self.order_mut(order_id)?;
        let mut child = parent.clone();
        child.order_id = child_id;
        (child.items, parent.items) = partition(std::mem::take(&mut parent.items), lines);
        child.tax_amount = rust_decimal::Decimal::ZERO;
        child.shipping_amount = rust_decimal::Decimal::ZERO;
        child.amount_paid = rust_decimal::Decimal::ZERO;
        child.advanced_options.merged_ids = Some(Vec::new());
        child = child.parent(order_id);
        parent.advanced_options.merged_or_split = true;
        parent.advanced_options.merged_ids.get_or_insert_default().push(child_id);
        for part in [parent, &mut child] {
            part.order_total = part.total();
            part.modify_date = now;
        }
        self.orders.insert(child_id, child);
        Some(child_id)
    }

    /// Combines orders into a survivor: the others vanish from every list and answer, and the survivor gets their lines and names
    /// them in `mergedIds`. False when there is no such survivor.
    pub fn merge_orders(&mut self, survivor: i64, others: &[i64]) -> bool {
        if self.order(survivor).is_none() {
            return false;
        }
        let mut lines = Vec::new();
        let mut swallowed = Vec::new();
        for &id in others.iter().filter(|id| **id != survivor) {
            if let Some(order) = self.order_mut(id) {
                order.absence = Some(Absence::MergedInto(survivor));
                lines.extend(order.items.iter().cloned());
                swallowed.push(id);
            }
        }
        self.edit(survivor, |order| {
            order.items.extend(lines);
            order.advanced_options.merged_or_split = true;
            order.advanced_options.merged_ids.get_or_insert_default().extend(swallowed);
            order.order_total = order.total();
        })
    }

    /// Undoes [`merge_orders`](Self::merge_orders) for one order: it can be found again, and the survivor loses its lines.
    pub fn uncombine(&mut self, order_id: i64) -> bool {
        let Some(order) = self.orders.get_mut(&order_id) else { return false };
        let Some(Absence::MergedInto(survivor)) = order.absence else { return false };
        order.absence = None;
        let moved: Vec<i64> = order.items.iter().map(|line| line.order_item_id).collect();
        self.edit(survivor, |order: &mut SimOrder| {
            order.items.retain(|line| !moved.contains(&line.order_item_id));
            order.advanced_options.merged_ids.get_or_insert_default().retain(|id| *id != order_id);
            order.order_total = order.total();
        })
    }
}

fn partition<T>(all: Vec<T>, chosen: &[usize]) -> (Vec<T>, Vec<T>) {
    let (mut taken, mut kept) = (Vec::new(), Vec::new());
    for (index, item) in all.into_iter().enumerate() {
        if chosen.contains(&index) { taken.push(item) } else { kept.push(item) }
    }
    (taken, kept)
}
