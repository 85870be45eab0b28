//! Reads all pages of a list. By number, or by key: the next request starts at page 1 from the last date seen, so
//! that rows which leave the list while it is read cannot move others from an unread page into one that was read.
//!
//! A reading that is not proven to be complete goes on to an empty page; then the list is read once more by number.

mod by_date;

use futures_core::Stream;

use super::{
    super::{
        Error,
        wire::{PacificTime, rows::Listed},
    },
    Incomplete, ListEnd, MAX_PAGE_SIZE, Page, fetch, nulls_in_place,
    offset::Position,
    poison::{Poison, is_page_fault},
    request::{Key, ListCall},
    sequence::is_in_sequence,
    tally::Tally,
};
/// A second with more rows than a page is read again until nothing new turns up, at most so often.
const MAX_PASSES: u32 = 5;
/// No list is read further than so many rows would fill pages: 10,000 pages of the usual size.
const MAX_ROWS: u32 = 5_000_000;

/// What reading a list gives.
pub(super) enum Step<T> {
    Page(Page<T>),
    End(ListEnd),
}

/// How far a list was read that is not proven to be whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// The first time.
    First,
    /// Beyond the end that the totals promise, up to an empty page.
    Beyond,
    /// Once more from the start, by number.
    Second,
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

/// What came under the present filter.
#[derive(Debug, Default)]
struct Received {
    /// Rows, repeats and those before the first page included.
    rows: u64,
    /// How often the filter was begun again; and since then: the pages, the new rows, the first total, and whether another one came.
    passes: u32,
    pages: u32,
    new_rows: u64,
    first_total: Option<u64>,
    varied: bool,
}

pub(super) struct Reader<T> {
    list: ListCall<T>,
    key: Option<Key<T>>,
    /// The start of the key's filter as it was asked for.
    first_start: Option<String>,
    /// The list is read on by number, whatever the key.
    by_number: bool,
    reading: Reading,
    /// The page that has ended it.
    last: Option<LastPage>,
    /// The rows before the first page that was asked for.
    skipped: u64,
    position: Position,
    received: Received,
    poison: Poison,
    tally: Tally,
    /// The ids of the page before, to notice a server that gives one page for ever.
    previous: Vec<i64>,
    pages: u64,
}

impl<T: Listed + Send + 'static> Reader<T> {
    fn new(mut list: ListCall<T>) -> Self {
        let key = list.key();
        let full = list.page_size.unwrap_or(MAX_PAGE_SIZE);
        let skipped = u64::from(list.page.unwrap_or(1) - 1) * u64::from(full);
        if let Some(key) = key {
            list.call.set("sortBy", Some(key.sort.into()));
            list.call.set("sortDir", Some("ASC".into()));
        }
        Self {
            first_start: key.and_then(|key| list.call.get(key.start).map(str::to_owned)),
            list,
            key,
            by_number: key.is_none(),
            reading: Reading::First,
            last: None,
            skipped,
            position: Position::new(skipped, full),
            received: Received { rows: skipped, ..Received::default() },
            poison: Poison::default(),
            tally: Tally::new(skipped),
            previous: Vec::new(),
            pages: 0,
        }
    }

    /// Reads the list: its pages, and at last how it ended, unless there is an error.
    pub(super) fn read(list: ListCall<T>) -> impl Stream<Item = Result<Step<T>, Error>> + Send {
        futures_util::stream::unfold(Some(Self::new(list)), |reader| async move {
            let mut reader = reader?;
            let step = reader.step().await;
            let goes_on = matches!(step, Ok(Step::Page(_)));
            Some((step, goes_on.then_some(reader)))
        })
    }

    /// The next page that shows something new, or the end.
    async fn step(&mut self) -> Result<Step<T>, Error> {
        let most_pages = self.list.most_pages.unwrap_or(MAX_ROWS / self.position.full);
        loop {
            if let Some(last) = self.last.take()
                && let Some(end) = self.conclude(last).await?
            {
                return Ok(Step::End(end));
            }
            if self.pages >= u64::from(most_pages) {
                return Ok(Step::End(self.end(Some(Incomplete::TooManyPages))));
            }
            match self.next_page().await {
                // A page of nothing but repeats is of no use to the caller.
                Ok(page) if self.pages == 1 || page.rows() > 0 => return Ok(Step::Page(page)),
                Ok(_) => {}
                Err(error) if self.avoid(&error).await => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn end(&self, incomplete: Option<Incomplete>) -> ListEnd {
        let (read, total) = (self.tally.read, self.tally.highest);
        let incomplete = incomplete.or((total.is_none() && read == 0).then_some(Incomplete::NoTotal));
        if let Some(why) = incomplete {
            tracing::warn!(endpoint = %self.list.call.endpoint, read, total, %why, "list is incomplete");
        }
        ListEnd { read, total, incomplete }
    }

    /// The reading has ended: gives the end of the list if that is settled; otherwise reading goes on.
    async fn conclude(&mut self, last: LastPage) -> Result<Option<ListEnd>, Error> {
        if last == (LastPage::Repeated { short: false }) && self.tally.highest.is_none() {
            return Ok(Some(self.end(Some(Incomplete::RepeatedPage))));
        }
        // Behind a page that came twice nothing was read, however many of the rows before it have left the list since.
        let is_read_through = !matches!(last, LastPage::Repeated { .. }) || self.tally.highest.is_none();
        let first = self.reading == Reading::First;
        // Where the list has not changed since, there is nothing behind a filter whose total was reached.
        let mut unchanged = false;
        if first {
            if is_read_through && self.tally.doubt(self.by_number).is_none() {
                return Ok(Some(self.end(None)));
            }
            let now = self.ask_for_total().await?;
            unchanged = now.is_some() && now == self.tally.first_total();
        } else if self.reading == Reading::Second {
            return Ok(Some(self.end(self.tally.doubt(true))));
        }
        if is_read_through && self.tally.reaches_total_now() && !self.tally.contradiction {
            return Ok(Some(self.end(None)));
        }
        if first && last == LastPage::Counted && !unchanged {
            self.reading = Reading::Beyond;
            self.by_number = true;
        } else {
            self.read_again();
        }
        Ok(None)
    }

    /// Rows may have left the list while it was read by key: asks for its smallest page to learn how many it has now.
    /// Returns the total of that answer; an answer that contradicts itself explains nothing.
    async fn ask_for_total(&mut self) -> Result<Option<u64>, Error> {
        if self.by_number || self.tally.rows() == 0 {
            return Ok(None);
        }
        let start = self.set_start(self.first_start.clone());
        let fetched = self.fetch(0, 1).await;
        self.set_start(start);
        match fetched {
            Ok(page) => {
                let is_sound = |total: &u64| *total >= page.listed().max(1) && page.rows() > 0;
                self.tally.total_now = page.total.filter(is_sound);
                Ok(page.total)
            }
            Err(error) if is_page_fault(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn fetch(&mut self, offset: u64, size: u32) -> Result<Page<T>, Error> {
        let number = u32::try_from(offset / u64::from(size) + 1).unwrap_or(u32::MAX);
        let call = &mut self.list.call;
        call.set("page", (number > 1 || !self.list.bare_first_page).then(|| number.to_string()));
        call.set("pageSize", Some(size.to_string()));
        // Where pages are known to fail, repeating each probe would only use up the minute's budget.
        let is_in_trouble = self.position.is_in_trouble(offset);
        call.attempts = is_in_trouble.then_some(if size == 1 { 2 } else { 1 });
        fetch(&self.list.client, call, number).await
    }

    /// The next page without what was given before.
    async fn next_page(&mut self) -> Result<Page<T>, Error> {
        let page = self.fetch(self.position.offset, self.position.size).await?;
        let received = page.rows().min(u64::from(self.position.size));
        let mut page = self.recheck_poison(page).await?;
        self.pages += 1;
        self.received.pages += 1;
        page.reduced_to = self.position.is_reduced().then_some(self.position.size);
        self.leave_key_if_out_of_sequence(&page);
        let last_date = self.key.and_then(|key| page.items.iter().rev().find_map(key.date));
        let last_date = last_date.map(PacificTime::earliest);
        self.poison.page_came(&page.items, self.key);
        let is_repeated = self.is_the_page_before(&page);
        self.note(&mut page);
        let last = self.last_page(&page, received, is_repeated);
        self.position.advance();
        self.last = self.choose_next_start(last, last_date);
        Ok(page)
    }

    /// Others succeed again: what failed alone before gets a last chance, so that an outage that ended meanwhile
    /// costs no row.
    async fn recheck_poison(&mut self, mut page: Page<T>) -> Result<Page<T>, Error> {
        let mut saved = Vec::new();
        let suspects = std::mem::take(&mut self.poison.suspects);
        let had_suspects = !suspects.is_empty();
        for suspect in suspects {
            match self.fetch(u64::try_from(suspect.index).unwrap_or(u64::MAX), 1).await {
                Ok(alone) => {
                    // Another row may stand in its place by now; then no date tells where the list is to be read on.
                    let is_other = |row: &T| {
                        self.tally.knows(row.key()) || page.items.iter().any(|other| other.key() == row.key())
                    };
                    self.by_number |= alone.items.iter().any(is_other) || alone.rows() == 0;
                    saved.extend(alone.items);
                    page.errors.extend(alone.errors);
                }
                Err(error) if is_page_fault(&error) => self.poison.suspects.push(suspect),
                Err(error) => return Err(error),
            }
        }
        page.items.splice(0..0, saved);
        if had_suspects && self.poison.suspects.is_empty() {
            self.poison.came_after_all();
        }
        Ok(page)
    }

    /// After a failure that a smaller page may avoid: asks for less, or steps over the one row that is left.
    /// False if the failure is real.
    async fn avoid(&mut self, error: &Error) -> bool {
        if !is_page_fault(error) {
            return false;
        }
        let size = self.position.size;
        if self.position.halve() {
            tracing::warn!(endpoint = error.endpoint(), kind = ?error.kind(), size, "page fails, asks for fewer rows");
            return true;
        }
        if self.poison.looks_like_outage(error) {
            // Behind the end there is no row to fail on.
            self.poison.is_there = self.fetch(MAX_ROWS.into(), 1).await.is_ok();
        }
        let is_poison = self.poison.note::<T>(error, self.position.offset);
        if is_poison {
            self.position.step_over();
            self.received.rows += 1;
        }
        is_poison
    }
}

impl<T: Listed> Reader<T> {
    fn leave_key_if_out_of_sequence(&mut self, page: &Page<T>) {
        let Some(key) = self.key.filter(|_| !self.by_number) else { return };
        if !is_in_sequence(&page.items, key.date, self.list.end(key)) {
            tracing::warn!(endpoint = %self.list.call.endpoint, "page is not in the order asked for, goes on by number");
            self.by_number = true;
        }
    }

    /// Whether the server gave the page before once more although another one was asked for.
    fn is_the_page_before(&mut self, page: &Page<T>) -> bool {
        let ids: Vec<i64> = page.items.iter().map(T::key).collect();
        let is_same = self.received.rows > self.skipped && !ids.is_empty() && ids == self.previous;
        self.previous = ids;
        is_same
    }

    /// Takes the page into the account, and leaves in it what was not given before.
    fn note(&mut self, page: &mut Page<T>) {
        let rows = page.listed();
        page.nulls_in_place =
            nulls_in_place(page.nulls, rows, self.received.rows, page.total, self.position.size);
        let nulls = u64::from(page.nulls_in_place);
        let date = |row: &T| Some((self.key?.date)(row)?.earliest().unix_millis());
        let tally = &mut self.tally;
        // In the hour that comes twice the filter stays before it.
        tally.next_page(page.items.first().and_then(date).map(|date| date.saturating_sub(3_702_000)));
        page.items.retain(|row| tally.row(row.key(), date(row)));
        page.errors.splice(0..0, self.poison.suspects.drain(..));
        page.errors.retain(|error| tally.unreadable(error.id));
        tally.note_total(page.total, rows);
        if page.contradicts_itself {
            tally.contradiction = true;
        }
        if tally.anonymous(nulls) < nulls {
            (page.nulls, page.nulls_in_place) = (0, 0);
        }
        // Behind a row that is stepped over pages are read by number: where the list changes meanwhile, no date makes up for it.
        self.by_number |= tally.contradiction || (self.poison.is_in_filter() && tally.varies());
        self.received.new_rows += u64::try_from(page.items.len()).unwrap_or(u64::MAX);
        let first_total = *self.received.first_total.get_or_insert(page.total.unwrap_or_default());
        self.received.varied |= first_total != page.total.unwrap_or_default();
    }

    /// Whether the page ends the reading.
    fn last_page(&mut self, page: &Page<T>, received: u64, is_repeated: bool) -> Option<LastPage> {
        let is_short = received < u64::from(self.position.size);
        if received == 0 {
            return Some(LastPage::Empty);
        }
        // Most of what came since the filter began were repeats.
        let own = self.received.rows.saturating_sub(self.skipped);
        if is_repeated || own > 2 * (self.tally.identified() + u64::from(self.position.full)) {
            return Some(LastPage::Repeated { short: is_short });
        }
        self.received.rows += received;
        if self.reading == Reading::Beyond || self.tally.contradiction {
            return None;
        }
        let is_counted = match self.tally.total() {
            Some(total) => self.received.rows >= total,
            // No total: a page that is not full may be the last one, and ShipStation says whether it is.
            None => is_short && page.pages.is_some_and(|pages| pages > 0 && page.page >= pages),
        };
        is_counted.then_some(LastPage::Counted)
    }

    /// Reads the list once more from the start, by number.
    fn read_again(&mut self) {
        self.reading = Reading::Second;
        self.by_number = true;
        self.set_start(self.first_start.clone());
        self.tally.read_again();
        self.poison.read_again();
        self.previous.clear();
        self.begin(self.skipped);
    }

    fn begin(&mut self, offset: u64) {
        self.position = Position::new(offset, self.position.full);
        self.received = Received { rows: offset, ..Received::default() };
    }
}
