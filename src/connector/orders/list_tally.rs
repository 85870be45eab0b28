//! Whether a list was read whole. What is missing from a list that was not read whole means nothing, and a run that read
//! such a list has not done its work.

use super::{recorder::Recorder, window::Window};
use crate::{
    channel::wording::count_of,
    client::{ListEnd, Page},
    connector::count,
};

/// What a list showed, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct ListTally {
    /// Rows with anything in them.
    rows: u64,
    /// Rows that were null where the total promises an order.
    pub(super) nulls: u64,
    /// Rows that could not be read and that nobody can name.
    unnamed: u64,
    /// The highest total.
    pub(super) total: Option<u64>,
}

impl ListTally {
    /// Counts a page, before anything is taken out of it.
    pub(super) fn add<T>(&mut self, page: &Page<T>) {
        self.rows += count(page.items.len() + page.errors.len());
        self.nulls += u64::from(page.nulls_in_place);
        self.unnamed += count(page.errors.iter().filter(|row| row.id.is_none()).count());
        self.total = self.total.max(page.total);
    }

    /// How many rows were read, those that could not be understood included.
    pub(super) fn read(&self) -> u64 {
        self.rows + self.nulls
    }

    /// What to say of a list that was not read whole.
    pub(super) fn summary(&self, list: &str) -> String {
        let of = self.total.map(|total| format!(" of {total}")).unwrap_or_default();
        format!("{list} could not be read whole: {}{of} came", count_of(self.rows, "row"))
    }
}

impl Recorder<'_> {
    /// Takes note of how a list ended; says whether it was read whole. Rows that nobody can name are waited for until
    /// they have left the list, or the time is over that a window catches up.
    pub(super) fn list_ended(
        &mut self,
        window: &Window,
        list: &str,
        tally: &ListTally,
        end: Option<&ListEnd>,
    ) -> bool {
        let nulls = tally.nulls;
        if nulls > 0 {
            self.failed_unnamed(nulls, &format!("{list}: {} came as null", count_of(nulls, "row")));
        }
        let unnamed = nulls + tally.unnamed;
        if unnamed > 0 && !window.past_catch_up {
            let rows = count_of(unnamed, "row");
            self.gap(format!("{list}: {rows} without an id could not be read"));
        }
        match end.map(|end| (end, end.incomplete)) {
            Some((_, None)) => true,
            Some((end, Some(why))) => {
                self.list_lacks(list, tally.read(), end.total.max(tally.total), &why.to_string());
                false
            }
            None => {
                self.list_lacks(list, tally.read(), tally.total, "the list did not come to its end");
                false
            }
        }
    }

    /// Takes note of a list of which fewer rows were read than there are.
    pub(super) fn list_lacks(&mut self, list: &str, read: u64, total: Option<u64>, why: &str) {
        let of = total.map(|total| format!(" of {total}")).unwrap_or_default();
        self.gap(format!("{list}: {}{of} were read: {why}", count_of(read, "row")));
    }
}
