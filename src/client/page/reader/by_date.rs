//! The next page by date instead of by number: its request starts at page 1 from the last date seen.

use std::time::Duration;

use super::{LastPage, MAX_PASSES, Reader, Received};
use crate::{
    Timestamp,
    client::wire::{filters::filter_start, rows::Listed},
};

impl<T: Listed> Reader<T> {
    /// Decides where the next request starts. Gives the last page back if there is none.
    pub(super) fn choose_next_start(
        &mut self,
        last: Option<LastPage>,
        date: Option<Timestamp>,
    ) -> Option<LastPage> {
        let later = date.filter(|_| !self.by_number).and_then(|date| self.later_start(date));
        let was_numbered = !self.by_number && self.received.pages > 1 && !self.poison.is_in_filter();
        if (last.is_some() || later.is_some()) && was_numbered {
            let Received { passes, new_rows, varied, .. } = self.received;
            if (new_rows > 0 || passes == 0 || varied) && passes < MAX_PASSES {
                // The pages of one second were read by number: once more, in case rows slipped from one into another. Also where
                // all of them were repeats: the one row that is new may have slipped into the first page.
                self.received = Received { passes: passes + 1, ..Received::default() };
                self.position.go_to(0);
                return None;
            }
            if varied {
                // It has changed each time: no number of rows proves anything.
                self.by_number = true;
                return last;
            }
        }
        if last.is_none() && later.is_some() {
            self.set_start(later);
            self.tally.next_filter();
            self.poison.next_filter();
            self.begin(0);
        }
        last
    }

    /// The start of the filter that goes on after `last`, if it is later than the present one. It overlaps by a
    /// second: whether the bound is inclusive is not known.
    fn later_start(&self, last: Timestamp) -> Option<String> {
        let instant = last.floor_second() - Duration::from_secs(1);
        let present = self.list.call.get(self.key?.start);
        let start = filter_start(instant);
        let is_later = present.is_none_or(|present| start.as_str() > present);
        (is_later && self.poison.lets_filter_start(instant)).then_some(start)
    }

    /// Sets the start of the key's filter; gives back the one before.
    pub(super) fn set_start(&mut self, start: Option<String>) -> Option<String> {
        let key = self.key?;
        let before = self.list.call.get(key.start).map(str::to_owned);
        self.list.call.set(key.start, start);
        before
    }
}
