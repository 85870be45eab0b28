//! The request that reads on: its parameters, and where the key's filter starts anew.

use super::{Dated, PacificTime, Page, Reader, Timestamp, filter_start};

impl<T: Dated> Reader<T> {
    pub(super) fn set(&mut self, name: &'static str, value: Option<String>) {
        let place = self.call.query.iter().position(|(present, _)| present == name);
        match (place.and_then(|place| self.call.query.get_mut(place)), value) {
            (Some((_, old)), Some(value)) => *old = value,
            (None, Some(value)) => self.call.query.push((name.into(), value)),
            (_, None) => self.call.query.retain(|(present, _)| present != name),
        }
    }

    pub(super) fn start(&self) -> Option<&String> {
        let key = self.key?;
        self.call.query.iter().find(|(name, _)| name == key.start).map(|(_, start)| start)
    }

    /// Sets the start of the key's filter; gives back the one before.
    pub(super) fn swap_start(&mut self, start: Option<String>) -> Option<String> {
        let before = self.start().cloned();
        if let Some(key) = self.key {
            self.set(key.start, start);
        }
        before
    }

    pub(super) fn last_date(&self, page: &Page<T>) -> Option<Timestamp> {
        let key = self.key?;
        page.items.iter().rev().find_map(|row| row.date(key.column)).map(PacificTime::earliest)
    }

    /// The start of the filter that goes on after `last`, if it is later than the present one. It overlaps by a
    /// second: whether the bound is inclusive is not known.
    pub(super) fn later_start(&self, last: Timestamp) -> Option<String> {
        let instant = last.floor_second() - std::time::Duration::from_secs(1);
        if self.poison_before.is_some_and(|poison| instant <= poison) || self.awaiting_row_after_poison {
            return None;
        }
        let start = filter_start(instant);
        self.start().is_none_or(|present| start > *present).then_some(start)
    }
}

/// The largest page size up to `most` at which a page begins at `offset`.
pub(super) fn aligned(offset: u64, most: u32) -> u32 {
    (1..=most.max(1)).rev().find(|size| offset.is_multiple_of(u64::from(*size))).unwrap_or(1)
}
