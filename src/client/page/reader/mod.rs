//! Reads all pages of a list. By number, or by key: the next request starts at page 1 from the last date seen, so
//! that rows which leave the list while it is read cannot make others slip from an unread page into a read one.
//!
//! A reading that does not prove to be whole is gone on with to an empty page, and then the list is read once more by number.

mod filter;
mod poison;

use futures_core::Stream;

use self::{filter::aligned, poison::is_page_fault};
use super::{
    Column, Dated, Error, Incomplete, Key, LARGEST_PAGE, ListCall, ListEnd, Page, fetch,
    sequence::is_in_sequence, tally::Tally,
};
use crate::{
    Timestamp,
    client::{
        ShipStation,
        call::Call,
        wire::{PacificTime, RowError, filters::filter_start},
    },
};

/// A second with more rows than a page is read again until nothing new turns up, at most so often.
const MOST_PASSES: u32 = 5;
/// No list is read further than so many rows would fill pages: 10,000 pages of the usual size.
const MOST_ROWS: u32 = 5_000_000;

/// What reading a list gives.
pub(super) enum Step<T> {
    Page(Page<T>),
    End(ListEnd),
}

/// How far a list was read that is not proven to be whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pass {
    /// The first time.
    First,
    /// Beyond the end that the totals promise, up to an empty page.
    Beyond,
    /// Once more from the start, by number.
    Second,
}

pub(super) struct Reader<T> {
    client: ShipStation,
    call: Call,
    key: Option<Key>,
    /// The end of the key's filter, and the text of its start as it was asked for.
    filter_end: Option<Timestamp>,
    first_start: Option<String>,
    /// The list is gone on with by number, whatever the key.
    by_number: bool,
    /// Leaves the page number out of a request for the first page.
    bare_first_page: bool,
    reading: Pass,
    /// The total of the list after it was read by key.
    today: Option<u64>,
    tally: Tally,
    /// Rows before the first page that was asked for.
    skipped: u64,
    /// Where the next page begins, in rows from the start of the present filter, and how many rows came since.
    offset: u64,
    received: u64,
    /// The page size asked for, and the one in use after failures.
    full: u32,
    size: u32,
    /// The end of a stretch that is known to fail as a whole.
    trouble_until: u64,
    poison: Vec<RowError>,
    poison_in_a_row: u32,
    /// The ids of the page before, to notice a server that gives one page for ever.
    previous: Vec<i64>,
    /// The filter must not start anew at or before this instant: a poison row lies there.
    poison_before: Option<Timestamp>,
    awaiting_row_after_poison: bool,
    passes: u32,
    new_in_pass: u64,
    /// The present reading has come to its end, and with what kind of page.
    at_end: Option<LastPage>,
    pages: u64,
    most_pages: u64,
    rows: std::marker::PhantomData<fn() -> T>,
}

/// The page with which a reading ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LastPage {
    /// The totals promise no other.
    Counted,
    Empty,
    /// One that came before; and whether it was shorter than what was asked for.
    Repeated {
        short: bool,
    },
}

impl<T: Dated + Send + 'static> Reader<T> {
    pub(super) fn new(list: ListCall) -> Self {
        let key = list.key();
        let full = list.page_size.unwrap_or(LARGEST_PAGE);
        let skipped = u64::from(list.page.unwrap_or(1) - 1) * u64::from(full);
        let most_pages = list.most_pages.unwrap_or(MOST_ROWS / full);
        let mut reader = Self {
            filter_end: key.and_then(|key| list.end(key.column)),
            first_start: key.and_then(|key| list.get(key.start).map(str::to_owned)),
            client: list.client,
            call: list.call,
            key,
            by_number: key.is_none(),
            bare_first_page: list.bare_first_page,
            reading: Pass::First,
            today: None,
            tally: Tally::new(skipped),
            skipped,
            offset: skipped,
            received: skipped,
            full,
            size: full,
            trouble_until: 0,
            poison: Vec::new(),
            poison_in_a_row: 0,
            previous: Vec::new(),
            poison_before: None,
            awaiting_row_after_poison: false,
            passes: 0,
            new_in_pass: 0,
            at_end: None,
            pages: 0,
            most_pages: u64::from(most_pages),
            rows: std::marker::PhantomData,
        };
        if let Some(key) = key {
            reader.set("sortBy", Some(key.sort.into()));
            reader.set("sortDir", Some("ASC".into()));
        }
        reader
    }

    pub(super) fn into_stream(self) -> impl Stream<Item = Result<Step<T>, Error>> + Send {
        futures_util::stream::unfold(Some(self), |reader| async move {
            let mut reader = reader?;
            let step = reader.step().await;
            let goes_on = matches!(step, Ok(Step::Page(_)));
            Some((step, goes_on.then_some(reader)))
        })
    }

    async fn step(&mut self) -> Result<Step<T>, Error> {
        loop {
            if let Some(last) = self.at_end.take()
                && let Some(end) = self.conclude(last).await?
            {
                return Ok(Step::End(end));
            }
            if self.pages >= self.most_pages {
                return Ok(Step::End(self.end(Some(Incomplete::TooManyPages))));
            }
            match self.next().await {
                // A page of nothing but repeats is of no use to the caller.
                Ok(page) if self.pages == 1 || count(&page) > 0 => return Ok(Step::Page(page)),
                Ok(_) => {}
                Err(error) if self.narrow(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn end(&self, incomplete: Option<Incomplete>) -> ListEnd {
        let shows_nothing = self.tally.highest().is_none() && self.tally.read() == 0;
        let incomplete = incomplete.or(shows_nothing.then_some(Incomplete::NoTotal));
        if let Some(why) = incomplete {
            tracing::warn!(endpoint = %self.call.endpoint, read = self.tally.read(), total = self.tally.highest(), %why, "list is incomplete");
        }
        ListEnd { read: self.tally.read(), total: self.tally.highest(), incomplete }
    }

    /// The reading has ended: the end of the list if that is settled, else the list is gone on with.
    async fn conclude(&mut self, last: LastPage) -> Result<Option<ListEnd>, Error> {
        if last == (LastPage::Repeated { short: false }) && self.tally.highest().is_none() {
            return Ok(Some(self.end(Some(Incomplete::RepeatedPage))));
        }
        // Where the list has not changed since, there is nothing behind a filter whose total was reached.
        let mut unchanged = false;
        match self.reading {
            Pass::First => {
                if self.tally.doubt(self.by_number).is_none() {
                    return Ok(Some(self.end(None)));
                }
                unchanged =
                    self.ask_for_today().await?.is_some_and(|total| Some(total) == self.tally.first_total());
            }
            Pass::Beyond => {}
            Pass::Second => return Ok(Some(self.end(self.tally.doubt(true)))),
        }
        let reached = self.today.is_some_and(|today| self.tally.rows() >= today);
        if reached && !self.tally.contradicts_itself() {
            return Ok(Some(self.end(None)));
        }
        if self.reading == Pass::First && last == LastPage::Counted && !unchanged {
            self.reading = Pass::Beyond;
            self.by_number = true;
        } else {
            self.read_again();
        }
        Ok(None)
    }

    /// Rows may have left the list while it was read by key: asks for its smallest page to learn how many it has now.
    /// Returns the total of that answer; an answer that contradicts itself explains nothing.
    async fn ask_for_today(&mut self) -> Result<Option<u64>, Error> {
        if self.by_number || self.tally.rows() == 0 {
            return Ok(None);
        }
        let start = self.swap_start(self.first_start.clone());
        let fetched = self.fetch(0, 1).await;
        self.swap_start(start);
        match fetched {
            Ok(page) => {
                let sound = |total: &u64| *total >= listed(&page).max(1) && count(&page) > 0;
                self.today = page.total.filter(sound);
                Ok(page.total)
            }
            Err(error) if is_page_fault(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn next(&mut self) -> Result<Page<T>, Error> {
        let page = self.fetch(self.offset, self.size).await?;
        let received = count(&page).min(u64::from(self.size));
        let page = self.recheck_poison(page).await?;
        Ok(self.accept(page, received))
    }

    async fn fetch(&mut self, offset: u64, size: u32) -> Result<Page<T>, Error> {
        let number = u32::try_from(offset / u64::from(size) + 1).unwrap_or(u32::MAX);
        let bare = self.bare_first_page && number == 1;
        self.set("page", (!bare).then(|| number.to_string()));
        self.set("pageSize", Some(size.to_string()));
        // Inside a stretch that is known to fail, patience with each probe would only use up the minute's budget.
        let in_trouble = offset < self.trouble_until;
        self.call.attempts = in_trouble.then_some(if size == 1 { 2 } else { 1 });
        fetch(&self.client, &self.call, number).await
    }

    fn accept(&mut self, mut page: Page<T>, received: u64) -> Page<T> {
        self.pages += 1;
        self.poison_in_a_row = 0;
        page.reduced_to = (self.size < self.full).then_some(self.size);
        if !self.by_number
            && self.key.is_some_and(|key| !is_in_sequence(&page.items, key.column, self.filter_end))
        {
            tracing::warn!(endpoint = %self.call.endpoint, "page is not in the order asked for, goes on by number");
            self.by_number = true;
        }
        let last_date = self.last_date(&page);
        self.note_row_after_poison(&page);
        let repeated = self.is_the_page_before(&page);
        self.note(&mut page);
        self.by_number |= self.tally.contradicts_itself();
        let last = if received == 0 {
            Some(LastPage::Empty)
        } else if repeated || self.goes_in_circles() {
            Some(LastPage::Repeated { short: received < u64::from(self.size) })
        } else {
            self.received += received;
            self.is_counted(&page, received).then_some(LastPage::Counted)
        };
        self.offset += u64::from(self.size);
        self.resize();
        self.go_on(last, last_date);
        page
    }

    /// Whether the totals say that this is the last page.
    fn is_counted(&self, page: &Page<T>, received: u64) -> bool {
        if self.reading == Pass::Beyond || self.tally.contradicts_itself() {
            return false;
        }
        if let Some(total) = self.tally.total() {
            return self.received >= total;
        }
        // No total: a page that is not full may be the last one, and ShipStation says whether it is.
        let last = page.pages.is_some_and(|pages| pages > 0 && page.page >= pages);
        last && received < u64::from(self.size)
    }

    /// Most of what came since the filter began were repeats.
    fn goes_in_circles(&self) -> bool {
        self.received.saturating_sub(self.skipped) > 2 * (self.tally.identified() + u64::from(self.full))
    }

    /// Decides where the next request starts.
    fn go_on(&mut self, last: Option<LastPage>, last_date: Option<Timestamp>) {
        let moved = last_date.filter(|_| !self.by_number).and_then(|date| self.later_start(date));
        let leaves_numbers = last.is_some() || moved.is_some();
        let numbered = !self.by_number && self.offset > u64::from(self.full) && self.poison_before.is_none();
        if leaves_numbers && numbered && self.new_in_pass > 0 && self.passes < MOST_PASSES {
            self.offset = 0;
            self.received = 0;
            self.new_in_pass = 0;
            self.passes += 1;
            self.resize();
        } else if last.is_some() {
            self.at_end = last;
        } else if let Some(start) = moved {
            self.restart(start);
        }
    }
}

impl<T: Dated> Reader<T> {
    /// Takes the page into the account, and leaves in it what was not given before.
    fn note(&mut self, page: &mut Page<T>) {
        // Nulls may come on top of the rows that ShipStation counts.
        let rows = listed(page);
        let nulls = u64::from(page.nulls).min(u64::from(self.size).saturating_sub(rows));
        let column = self.key.map(|key| key.column);
        let tally = &mut self.tally;
        tally.next_page(page.items.first().and_then(|row| oldest_to_come(row, column)));
        page.items.retain(|row| tally.row(row.key(), date(row, column)));
        page.errors.splice(0..0, self.poison.drain(..));
        page.errors.retain(|error| tally.unreadable(error.id));
        tally.note_total(page.total, rows);
        if page.contradicts_itself {
            tally.contradict();
        }
        if tally.anonymous(nulls) < nulls {
            page.nulls = 0;
        }
        self.new_in_pass += u64::try_from(page.items.len()).unwrap_or(u64::MAX);
    }

    /// Whether the server gave the page before once more although another one was asked for.
    fn is_the_page_before(&mut self, page: &Page<T>) -> bool {
        let ids: Vec<i64> = page.items.iter().map(T::key).collect();
        let same = self.received > self.skipped && !ids.is_empty() && ids == self.previous;
        self.previous = ids;
        same
    }

    fn restart(&mut self, start: String) {
        self.swap_start(Some(start));
        self.tally.next_filter();
        self.begin(0);
    }

    /// Reads the list once more from the start, by number.
    fn read_again(&mut self) {
        self.reading = Pass::Second;
        self.by_number = true;
        self.swap_start(self.first_start.clone());
        self.tally.read_again();
        self.awaiting_row_after_poison = false;
        self.previous.clear();
        self.begin(self.skipped);
    }

    fn begin(&mut self, offset: u64) {
        self.offset = offset;
        self.received = offset;
        self.trouble_until = 0;
        self.poison_before = None;
        self.passes = 0;
        self.new_in_pass = 0;
        self.resize();
    }

    /// Past the trouble, back to the largest page that can begin here.
    fn resize(&mut self) {
        if self.offset >= self.trouble_until {
            self.size = aligned(self.offset, self.full);
        } else {
            self.size = aligned(self.offset, self.size);
        }
    }
}

/// How many rows the page shows that are not null.
fn listed<T>(page: &Page<T>) -> u64 {
    u64::try_from(page.items.len() + page.errors.len()).unwrap_or(u64::MAX)
}

/// How many rows the page shows.
fn count<T>(page: &Page<T>) -> u64 {
    listed(page).saturating_add(page.nulls.into())
}

fn date<T: Dated>(row: &T, column: Option<Column>) -> Option<i64> {
    Some(row.date(column?)?.earliest().unix_millis())
}

/// The oldest date that a page after this row may show again: in the hour that comes twice the filter stays before it.
fn oldest_to_come<T: Dated>(row: &T, column: Option<Column>) -> Option<i64> {
    date(row, column).map(|date| date.saturating_sub(3_702_000))
}
