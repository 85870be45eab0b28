//! The filters of the order lists, read once for all rows; date ranges serve the other lists too.

use std::cmp::Ordering;

use super::super::{SimOrder, account::Stretch, answer::Answer, pacific::Bound, request::Call};
use crate::Timestamp;

/// Every status that the filter takes; others, `all` among them, are refused.
const STATUSES: [&str; 8] = [
    "awaiting_payment",
    "awaiting_shipment",
    "pending_fulfillment",
    "shipped",
    "on_hold",
    "cancelled",
    "rejected_fulfillment",
    "processing",
];

/// The status in the query, if it is one that may be asked for.
pub(super) fn status(call: &Call) -> Result<Option<String>, Answer> {
    let Some(status) = call.query("orderStatus") else { return Ok(None) };
    let status = status.to_ascii_lowercase();
    if STATUSES.contains(&status.as_str()) {
        Ok(Some(status))
    } else {
        Err(Answer::invalid("orderStatus", &format!("The value '{status}' is not valid for orderStatus.")))
    }
}

/// The filters of `GET /orders`, read once for all rows.
#[derive(Debug)]
pub(super) struct Filter {
    status: Option<String>,
    store: Option<i64>,
    number: Option<String>,
    customer: Option<String>,
    keyword: Option<String>,
    batch: Option<String>,
    pub(super) created: Range,
    modified: Range,
    ordered: Range,
    paid: Range,
}

impl Filter {
    pub(super) fn of(call: &Call, exclusive: bool) -> Result<Self, Answer> {
        let lower = |name| call.query(name).map(str::to_lowercase);
        let range = |start, end| Range::of(call, start, end, exclusive);
        Ok(Self {
            status: status(call)?,
            store: call.query_number("storeId")?,
            number: lower("orderNumber"),
            customer: lower("customerName"),
            keyword: lower("itemKeyword"),
            batch: lower("importBatch"),
            created: range("createDateStart", "createDateEnd")?,
            modified: range("modifyDateStart", "modifyDateEnd")?,
            ordered: range("orderDateStart", "orderDateEnd")?,
            paid: range("paymentDateStart", "paymentDateEnd")?,
        })
    }

    /// Whether orders of the stretch can be in the list, which takes no filters but status, store and creation.
    pub(super) fn may_admit(&self, stretch: &Stretch) -> bool {
        self.status.as_ref().is_none_or(|status| *status == stretch.status)
            && self.store.is_none_or(|store| store == stretch.store)
            && [&self.number, &self.customer, &self.keyword, &self.batch].into_iter().all(Option::is_none)
            && [&self.modified, &self.ordered, &self.paid].into_iter().all(Range::is_open)
    }

    pub(super) fn admits(&self, order: &SimOrder) -> bool {
        self.status.as_ref().is_none_or(|status| order.order_status == *status)
            && self.store.is_none_or(|store| order.store_id() == Some(store))
            && self.created.admits(Some(order.create_date))
            && self.modified.admits(Some(order.modify_date))
            && self.ordered.admits(Some(order.order_date))
            && self.paid.admits(order.payment_date)
            && self.number.as_ref().is_none_or(|start| order.order_number.to_lowercase().starts_with(start))
            && self.customer.as_ref().is_none_or(|name| is_named(order, name))
            && self.keyword.as_ref().is_none_or(|word| has_item(order, word))
            && self.batch.as_ref().is_none_or(|batch| is_of_batch(order, batch))
    }
}

fn is_named(order: &SimOrder, name: &str) -> bool {
    [&order.ship_to.name, &order.bill_to.name, &order.customer_username]
        .into_iter()
        .flatten()
        .any(|text| text.to_lowercase().contains(name))
}

fn has_item(order: &SimOrder, word: &str) -> bool {
    order.items.iter().any(|line| {
        line.name.to_lowercase().contains(word)
            || line.sku.as_ref().is_some_and(|sku| sku.to_lowercase().contains(word))
            || line
                .options
                .iter()
                .flatten()
                .any(|option| option.value.as_ref().is_some_and(|value| value.to_lowercase().contains(word)))
    })
}

fn is_of_batch(order: &SimOrder, batch: &str) -> bool {
    order.import_batch.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(batch))
}

/// A date range, open at either end.
#[derive(Debug)]
pub(super) struct Range {
    start: Option<Bound>,
    end: Option<Bound>,
    exclusive: bool,
}

impl Range {
    pub(super) fn of(call: &Call, start: &str, end: &str, exclusive: bool) -> Result<Self, Answer> {
        Ok(Self { start: call.query_bound(start)?, end: call.query_bound(end)?, exclusive })
    }

    /// A row without the date is only in a range that has no ends.
    pub(super) fn admits(&self, at: Option<Timestamp>) -> bool {
        at.map_or_else(|| self.is_open(), |at| self.has_begun(at) && !self.is_over(at))
    }

    fn is_open(&self) -> bool {
        self.start.is_none() && self.end.is_none()
    }

    pub(super) fn has_begun(&self, at: Timestamp) -> bool {
        self.lies(self.start, at, Ordering::Greater)
    }

    pub(super) fn is_over(&self, at: Timestamp) -> bool {
        !self.lies(self.end, at, Ordering::Less)
    }

    fn lies(&self, bound: Option<Bound>, at: Timestamp, wanted: Ordering) -> bool {
        bound.is_none_or(|bound| {
            let order = bound.order_of(at);
            order == wanted || (order == Ordering::Equal && !self.exclusive)
        })
    }
}
