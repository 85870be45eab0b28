//! A long sequence of orders that are made when they are read, so that a million of them take no memory.

use std::{collections::BTreeSet, ops::Range, time::Duration};

use super::{Account, Record, SimOrder, set};
use crate::Timestamp;

type Make = Box<dyn Fn(u32) -> SimOrder + Send>;

/// Orders at equal distances in time, numbered one after the other, all of one status and store.
pub(super) struct OrderSequence {
    first_id: i64,
    first_created: Timestamp,
    every: Duration,
    count: u32,
    make: Make,
    pub(super) status: String,
    pub(super) store: i64,
    /// Those that are kept among the ordinary orders.
    materialized: BTreeSet<u32>,
}

impl OrderSequence {
    pub(super) fn id(&self, index: u32) -> i64 {
        self.first_id.saturating_add(i64::from(index))
    }

    pub(super) fn created(&self, index: u32) -> Timestamp {
        self.first_created + self.every.saturating_mul(index)
    }

    /// The first index for which `passed` holds. It must hold for all later ones.
    pub(super) fn first_where(&self, passed: impl Fn(u32) -> bool) -> u32 {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            if passed(middle) { high = middle } else { low = middle + 1 }
        }
        low
    }

    /// How many of a range are still pending.
    pub(super) fn count_pending(&self, range: Range<u32>) -> usize {
        range.len() - self.materialized.range(range).count()
    }

    /// Those from an index on that are still pending, without the first ones.
    pub(super) fn pending_from(&self, begin: u32, skipped: usize) -> impl Iterator<Item = u32> {
        let mut first = begin.saturating_add(u32::try_from(skipped).unwrap_or(u32::MAX));
        for index in self.materialized.range(begin..) {
            if *index > first {
                break;
            }
            first = first.saturating_add(1);
        }
        (first..self.count).filter(|index| !self.materialized.contains(index))
    }
}

impl Account {
    /// Adds `count` orders that are made on demand, the first created at `first` and each later one `every` after the one before,
    /// and returns the first one's number; the others follow. A second call replaces the first.
    ///
    /// `make` must give the same order for the same index each time, and one status and store for all. Lists with no other filters
    /// than status, store and creation, and no other order than by creation or number, ascending, show these orders; other lists and
    /// lists by tag leave them out. One that is asked for by number or changed by a call becomes an ordinary order.
    pub fn generate(
        &mut self,
        count: u32,
        first: Timestamp,
        every: Duration,
        make: impl Fn(u32) -> SimOrder + Send + 'static,
    ) -> i64 {
        let last_id = self.last_id("orderId");
        let first_id = last_id.saturating_add(1);
        *last_id = last_id.saturating_add(i64::from(count));
        let sample = Record::from(make(0));
        self.sequence = Some(OrderSequence {
            first_id,
            first_created: first,
            every,
            count,
            status: sample.text("orderStatus").unwrap_or_default().to_owned(),
            store: sample.int("advancedOptions.storeId").unwrap_or(Self::MANUAL_STORE),
            make: Box::new(make),
            materialized: BTreeSet::new(),
        });
        first_id
    }

    pub(super) fn pending_order(&self, sequence: &OrderSequence, index: u32) -> Record {
        /// Keeps the lines' numbers apart.
        const MAX_LINES: i64 = 100;
        let mut order = Record::from((sequence.make)(index));
        let id = sequence.id(index);
        set!(order, "orderId": id, "createDate": sequence.created(index));
        if order.text("orderKey").is_none_or(str::is_empty) {
            order.set("orderKey", format!("generated-{id}"));
        }
        for (line, line_id) in order.rows_mut("items").zip(id.saturating_mul(MAX_LINES)..) {
            line.set("orderItemId", line_id);
        }
        self.complete(&mut order);
        order
    }

    /// Makes an order of [`generate`](Self::generate) an ordinary one, so that [`order`](Self::order) finds it. Other numbers do nothing.
    pub fn materialize(&mut self, order_id: i64) {
        let Some(sequence) = &self.sequence else { return };
        let index = order_id.checked_sub(sequence.first_id).and_then(|index| u32::try_from(index).ok());
        let pending = index.filter(|at| *at < sequence.count && !sequence.materialized.contains(at));
        let Some(index) = pending else { return };
        let order = self.pending_order(sequence, index);
        self.orders.insert(order_id, order);
        self.sequence.iter_mut().for_each(|sequence| sequence.materialized.extend([index]));
    }
}
