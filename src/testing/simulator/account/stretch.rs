//! A long run of orders that exist only while somebody looks at them, so that a million of them take no memory.

use std::{collections::BTreeSet, fmt, ops::Range, time::Duration};

use super::super::model::SimOrder;
use super::Account;
use crate::Timestamp;

type Make = Box<dyn Fn(u32) -> SimOrder + Send>;

/// Orders at equal distances in time, numbered one after the other, all of one status and store.
pub(in super::super) struct Stretch {
    first_id: i64,
    first_created: Timestamp,
    every: Duration,
    count: u32,
    make: Make,
    pub(in super::super) status: String,
    pub(in super::super) store: i64,
    /// Those that somebody has changed; they are kept among the ordinary orders.
    real: BTreeSet<u32>,
}

impl Stretch {
    pub(in super::super) fn id(&self, index: u32) -> i64 {
        self.first_id.saturating_add(i64::from(index))
    }

    pub(in super::super) fn created(&self, index: u32) -> Timestamp {
        self.first_created + self.every.saturating_mul(index)
    }

    /// The first index for which `passed` holds. It must hold for all later ones.
    pub(in super::super) fn first_where(&self, passed: impl Fn(u32) -> bool) -> u32 {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            if passed(middle) { high = middle } else { low = middle + 1 }
        }
        low
    }

    /// The parts of a range that are still unreal.
    pub(in super::super) fn unreal(&self, range: Range<u32>) -> Vec<Range<u32>> {
        let mut parts = Vec::new();
        let mut from = range.start;
        for &real in self.real.range(from..range.end.max(from)) {
            parts.push(from..real);
            from = real + 1;
        }
        parts.push(from..range.end.max(from));
        parts
    }

    fn index(&self, order_id: i64) -> Option<u32> {
        let index = u32::try_from(order_id.checked_sub(self.first_id)?).ok()?;
        (index < self.count && !self.real.contains(&index)).then_some(index)
    }
}

impl fmt::Debug for Stretch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stretch")
            .field("first_id", &self.first_id)
            .field("count", &self.count)
            .finish_non_exhaustive()
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
        let first_id = self.last.order.saturating_add(1);
        self.last.order = self.last.order.saturating_add(i64::from(count));
        let model = make(0);
        self.stretch = Some(Stretch {
            first_id,
            first_created: first,
            every,
            count,
            status: model.order_status.clone(),
            store: model.store_id().unwrap_or(Self::MANUAL_STORE),
            make: Box::new(make),
            real: BTreeSet::new(),
        });
        first_id
    }

    pub(in super::super) fn stretch(&self) -> Option<&Stretch> {
        self.stretch.as_ref()
    }

    /// One order of the stretch, complete.
    pub(in super::super) fn made(&self, stretch: &Stretch, index: u32) -> SimOrder {
        /// More lines than any order has: keeps the lines' numbers apart.
        const LINES: i64 = 100;
        let mut order = (stretch.make)(index);
        order.order_id = stretch.id(index);
        order.create_date = stretch.created(index);
        if order.order_key.is_empty() {
            order.order_key = format!("generated-{}", order.order_id);
        }
        let first_line = order.order_id.saturating_mul(LINES);
        for (line, id) in order.items.iter_mut().zip(first_line..) {
            line.order_item_id = id;
        }
        self.complete(&mut order);
        order
    }

    /// Makes an order of [`generate`](Self::generate) an ordinary one, so that [`order`](Self::order) finds it. Other numbers do nothing.
    pub fn realise(&mut self, order_id: i64) {
        let Some(stretch) = &self.stretch else { return };
        let Some(index) = stretch.index(order_id) else { return };
        let order = self.made(stretch, index);
        self.orders.insert(order_id, order);
        if let Some(stretch) = &mut self.stretch {
            stretch.real.insert(index);
        }
    }
}
