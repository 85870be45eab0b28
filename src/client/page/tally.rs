//! What was read of a list beside what ShipStation said of it. Totals are judged per request filter: a list that is
//! read by key starts a new filter, whose total is smaller, with each page.

use std::collections::HashMap;

use super::Incomplete;

/// So many ids are remembered to recognize repeats, a few megabytes. Of a longer list, repeats are recognized in the
/// page before and in the second in which two filters meet.
const MAX_IDS: usize = 100_000;

/// What was seen of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RowSeen {
    Unreadable,
    /// With its date in milliseconds, if the list is read by date: a row that was modified meanwhile is new again.
    Row(Option<i64>),
}

/// When a row was last seen.
#[derive(Debug)]
struct LastSeen {
    sight: RowSeen,
    filter: usize,
    page: u64,
}

/// One request filter.
#[derive(Debug, Default)]
struct Filter {
    /// The highest total that was given for it.
    total: Option<u64>,
    /// Its pages, the total of the first one, and whether a later one gave another.
    pages: u64,
    first: Option<u64>,
    varied: bool,
    /// The rows that were seen last under this filter, so that the sum from a filter on is the number of distinct
    /// rows since its start.
    rows: u64,
    /// The rows without an id: null, unreadable or stepped over.
    anonymous: u64,
}

impl Filter {
    fn count(&self) -> u64 {
        self.rows + self.anonymous
    }
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    seen: HashMap<i64, LastSeen>,
    earlier: Vec<Filter>,
    present: Filter,
    /// The first filter of the present reading.
    reading: usize,
    page: u64,
    /// Rows before the first page, which nobody asked for.
    skipped: u64,
    /// An answer says two things at once: no total of it proves anything.
    pub(super) contradiction: bool,
    /// Distinct rows that were given, and the highest total of all.
    pub(super) read: u64,
    pub(super) highest: Option<u64>,
    /// The total of the whole list after it was read by key.
    pub(super) total_now: Option<u64>,
    /// The rows without an id that were given, and those of the present reading.
    anonymous_given: u64,
    anonymous_seen: u64,
}

impl Tally {
    pub(super) fn new(skipped: u64) -> Self {
        Self { present: Filter { anonymous: skipped, ..Filter::default() }, skipped, ..Self::default() }
    }

    /// A page begins. `boundary` is the oldest date that may come again.
    pub(super) fn next_page(&mut self, boundary: Option<i64>) {
        self.page += 1;
        if self.seen.len() > MAX_IDS {
            let (before, boundary) = (self.page - 1, boundary.unwrap_or(i64::MAX));
            self.seen.retain(|_, seen| {
                seen.page >= before || matches!(seen.sight, RowSeen::Row(Some(date)) if date >= boundary)
            });
        }
    }

    /// Notes a row; false if it was given before.
    pub(super) fn row(&mut self, id: i64, date: Option<i64>) -> bool {
        self.note(id, RowSeen::Row(date))
    }

    /// Whether the row was seen before, as far back as that is remembered.
    pub(super) fn knows(&self, id: i64) -> bool {
        self.seen.contains_key(&id)
    }

    /// Notes a row that cannot be read; false if it was given before.
    pub(super) fn unreadable(&mut self, id: Option<i64>) -> bool {
        match id {
            Some(id) => self.note(id, RowSeen::Unreadable),
            None => self.anonymous(1) == 1,
        }
    }

    /// Notes rows without an id, and says how many of them are new. The second reading shows the same ones again.
    pub(super) fn anonymous(&mut self, rows: u64) -> u64 {
        self.present.anonymous += rows;
        self.anonymous_seen += rows;
        let new = self.anonymous_seen.saturating_sub(self.anonymous_given);
        self.anonymous_given += new;
        self.read += new;
        new
    }

    fn note(&mut self, id: i64, sight: RowSeen) -> bool {
        let filter = self.earlier.len();
        let before = self.seen.insert(id, LastSeen { sight, filter, page: self.page });
        match &before {
            Some(seen) if seen.filter == filter => {}
            Some(seen) => {
                if let Some(old) = self.earlier.get_mut(seen.filter) {
                    old.rows = old.rows.saturating_sub(1);
                }
                self.present.rows += 1;
            }
            None => {
                self.present.rows += 1;
                self.read += 1;
            }
        }
        before.is_none_or(|seen| seen.sight != sight)
    }

    /// Notes the total of a page that holds so many rows.
    pub(super) fn note_total(&mut self, total: Option<u64>, rows: u64) {
        let filter = &mut self.present;
        if filter.pages == 0 {
            filter.first = total;
        }
        filter.pages += 1;
        filter.varied |= filter.first != total;
        filter.total = filter.total.max(total);
        self.highest = self.highest.max(total);
        let seen = self.present.rows;
        self.contradiction |= total.is_some_and(|total| rows > total)
            || self.present.total.is_some_and(|highest| seen > highest);
    }

    pub(super) fn next_filter(&mut self) {
        self.earlier.push(std::mem::take(&mut self.present));
    }

    /// The list is read once more from its start.
    pub(super) fn read_again(&mut self) {
        self.next_filter();
        self.reading = self.earlier.len();
        self.present.anonymous = self.skipped;
        self.contradiction = false;
        self.anonymous_seen = 0;
    }

    /// The highest total of the present filter.
    pub(super) fn total(&self) -> Option<u64> {
        self.present.total
    }

    /// Whether the pages of the present filter gave different totals.
    pub(super) fn varies(&self) -> bool {
        self.present.varied
    }

    /// The rows with an id of the present filter.
    pub(super) fn identified(&self) -> u64 {
        self.present.rows
    }

    /// The distinct rows of the present reading.
    pub(super) fn rows(&self) -> u64 {
        self.filters().map(Filter::count).sum()
    }

    /// The highest total of the filter that the present reading began with.
    pub(super) fn first_total(&self) -> Option<u64> {
        self.filters().last().and_then(|filter| filter.total)
    }

    /// Whether the present reading shows as many rows as the list has now.
    pub(super) fn reaches_total_now(&self) -> bool {
        self.total_now.is_some_and(|now| self.rows() >= now)
    }

    /// Why the present reading does not prove that every row was read; `None` if it does.
    pub(super) fn doubt(&self, by_number: bool) -> Option<Incomplete> {
        if self.contradiction {
            return Some(Incomplete::Contradiction);
        }
        let mut since = 0;
        let short = self.filters().any(|filter| {
            since += filter.count();
            filter.total.is_some_and(|total| total > since)
        });
        // An answer that counts nothing takes nothing back.
        let silent = self.reading > 0 && self.present.total.unwrap_or(0) == 0;
        if short || (silent && self.highest > Some(0)) {
            return Some(Incomplete::FewerRows);
        }
        (by_number && self.present.varied).then_some(Incomplete::ChangingTotal)
    }

    /// The filters of the present reading, the latest first.
    fn filters(&self) -> impl Iterator<Item = &Filter> {
        let earlier = self.earlier.get(self.reading..).unwrap_or_default();
        std::iter::once(&self.present).chain(earlier.iter().rev())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tally: &mut Tally, ids: std::ops::Range<i64>, total: Option<u64>) {
        tally.next_page(None);
        let rows = u64::try_from(ids.end - ids.start).unwrap();
        ids.for_each(|id| {
            tally.row(id, None);
        });
        tally.note_total(total, rows);
    }

    #[test]
    fn every_filter_has_a_total_of_its_own() {
        let mut tally = Tally::new(0);
        read(&mut tally, 0..500, Some(1_200));
        tally.next_filter();
        read(&mut tally, 499..999, Some(701));
        tally.next_filter();
        assert_eq!(tally.doubt(false), Some(Incomplete::FewerRows));
        read(&mut tally, 998..1_200, Some(202));
        assert_eq!((tally.doubt(false), tally.rows(), tally.read), (None, 1_200, 1_200));
    }

    #[test]
    fn a_row_that_moved_behind_the_others_counts_once() {
        let mut tally = Tally::new(0);
        tally.next_page(None);
        assert!(tally.row(1, Some(10)) && tally.row(2, Some(20)));
        tally.note_total(Some(4), 2);
        tally.next_filter();
        tally.next_page(None);
        assert!(!tally.row(2, Some(20)), "a repeat");
        assert!(tally.row(1, Some(40)), "new again");
        tally.note_total(Some(3), 2);
        assert_eq!((tally.rows(), tally.doubt(false)), (2, Some(Incomplete::FewerRows)));
        tally.row(3, Some(50));
        assert_eq!(tally.doubt(false), Some(Incomplete::FewerRows), "one of four is missing");
        tally.row(4, Some(60));
        assert_eq!(tally.doubt(false), None);
    }

    #[test]
    fn contradictions_and_changing_totals_prove_nothing() {
        for (rows, totals, by_number, doubt) in [
            (5, vec![Some(0)], false, Some(Incomplete::Contradiction)),
            (5, vec![Some(4)], false, Some(Incomplete::Contradiction)),
            (5, vec![Some(5), Some(6)], false, Some(Incomplete::FewerRows)),
            (6, vec![Some(6), Some(5)], true, Some(Incomplete::Contradiction)),
            (5, vec![Some(5), None], true, Some(Incomplete::ChangingTotal)),
            (5, vec![Some(5), None], false, None),
            (5, vec![None, None], true, None),
            (0, vec![Some(0)], true, None),
            (0, vec![Some(50)], true, Some(Incomplete::FewerRows)),
        ] {
            let mut tally = Tally::new(0);
            for total in &totals {
                read(&mut tally, 0..rows, *total);
            }
            assert_eq!(tally.doubt(by_number), doubt, "{rows} rows, {totals:?}");
        }
    }

    #[test]
    fn a_second_reading_stands_alone_and_repeats_nothing() {
        let mut tally = Tally::new(0);
        read(&mut tally, 0..3, Some(5));
        assert_eq!(tally.anonymous(1), 1);
        tally.read_again();
        read(&mut tally, 1..5, Some(5));
        assert_eq!((tally.anonymous(1), tally.read), (0, 6));
        assert_eq!(tally.doubt(true), None, "four rows and a null");
        tally.read_again();
        read(&mut tally, 0..0, Some(0));
        assert_eq!(tally.doubt(true), Some(Incomplete::FewerRows), "nothing was counted, but five before");
    }

    #[test]
    fn memory_is_bounded_and_the_boundary_second_is_kept() {
        let mut tally = Tally::new(0);
        for page in 0..500_i64 {
            tally.next_page(Some(page * 1_000));
            for row in 0..500 {
                tally.row(page * 500 + row, Some(page * 1_000 + row));
            }
            assert!(tally.seen.len() <= MAX_IDS + 1_000, "{}", tally.seen.len());
        }
        assert!(!tally.row(499 * 500, Some(499_000)));
        assert_eq!(tally.rows(), 250_000);
    }
}
