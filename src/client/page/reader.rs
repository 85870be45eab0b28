//! Reads all pages of a list. By number, or by key: the next request starts at page 1 from the last date seen, so
//! that rows which leave the list while it is read cannot make others slip from an unread page into a read one.

use std::collections::HashSet;

use futures_core::Stream;

use super::{Dated, Error, Incomplete, Key, LARGEST_PAGE, ListCall, ListEnd, Page, fetch};
use crate::{
    Timestamp,
    client::{
        ErrorKind, ShipStation,
        call::Call,
        wire::{PacificTime, RowError, RowErrorKind, filters::filter_start, rows::Listed},
    },
};

/// So many rows in a row that fail alone are an outage and not poison.
const MOST_POISON_IN_A_ROW: u32 = 3;
/// A second with more rows than a page is read again until nothing new turns up, at most so often.
const MOST_PASSES: u32 = 5;

/// What reading a list gives.
pub(super) enum Step<T> {
    Page(Page<T>),
    End(ListEnd),
}

pub(super) struct Reader<T> {
    client: ShipStation,
    call: Call,
    key: Option<Key>,
    /// Where the next page begins, in rows from the start of the present filter.
    offset: u64,
    /// The page size asked for, and the one in use after failures.
    full: u32,
    size: u32,
    /// The end of a stretch that is known to fail as a whole.
    trouble_until: u64,
    poison: Vec<RowError>,
    poison_in_a_row: u32,
    /// The unreadable rows of the page before: the overlap would report them again.
    unreadable: HashSet<i64>,
    /// The ids of the page before, to notice a server that gives one page for ever.
    previous: Vec<i64>,
    /// The filter must not start anew at or before this instant: a poison row lies there.
    poison_before: Option<Timestamp>,
    awaiting_row_after_poison: bool,
    seen: HashSet<(i64, Option<i64>)>,
    passes: u32,
    new_in_pass: u64,
    done: bool,
    /// How many rows were given, and the highest total of the first filter.
    read: u64,
    total: Option<u64>,
    /// Whether the end was given as well.
    ended: bool,
    rows: std::marker::PhantomData<fn() -> T>,
}

impl<T: Dated + Send + 'static> Reader<T> {
    pub(super) fn new(list: ListCall) -> Self {
        let key = list.key();
        let full = list.page_size.unwrap_or(LARGEST_PAGE);
        let offset = u64::from(list.page.unwrap_or(1) - 1) * u64::from(full);
        let mut reader = Self {
            client: list.client,
            call: list.call,
            key,
            offset,
            full,
            size: full,
            trouble_until: 0,
            poison: Vec::new(),
            poison_in_a_row: 0,
            unreadable: HashSet::new(),
            previous: Vec::new(),
            poison_before: None,
            awaiting_row_after_poison: false,
            seen: HashSet::new(),
            passes: 0,
            new_in_pass: 0,
            done: false,
            read: 0,
            total: None,
            ended: false,
            rows: std::marker::PhantomData,
        };
        if let Some(key) = key {
            reader.set("sortBy", key.sort.to_owned());
            reader.set("sortDir", "ASC".to_owned());
        }
        reader
    }

    pub(super) fn into_stream(self) -> impl Stream<Item = Result<Step<T>, Error>> + Send {
        futures_util::stream::unfold(self, |mut reader| async move { Some((reader.step().await?, reader)) })
    }

    async fn step(&mut self) -> Option<Result<Step<T>, Error>> {
        match self.next().await {
            Some(Ok(page)) => Some(Ok(Step::Page(page))),
            Some(Err(error)) => {
                self.ended = true;
                Some(Err(error))
            }
            None if self.ended => None,
            None => {
                self.ended = true;
                Some(Ok(Step::End(self.end())))
            }
        }
    }

    fn end(&self) -> ListEnd {
        let fewer = self.total.is_some_and(|total| self.read < total);
        ListEnd { read: self.read, total: self.total, incomplete: fewer.then_some(Incomplete::FewerRows) }
    }

    async fn next(&mut self) -> Option<Result<Page<T>, Error>> {
        while !self.done {
            let fetched = match self.fetch(self.offset, self.size).await {
                Ok(page) => {
                    let got = count(&page);
                    self.recheck_poison(page).await.map(|page| (page, got))
                }
                Err(error) => Err(error),
            };
            match fetched {
                Ok((page, got)) => {
                    let page = self.accept(page, got);
                    self.read += count(&page);
                    self.total = self.total.max(page.total);
                    // A page of nothing but repeats tells the caller nothing.
                    if self.done || !page.items.is_empty() || !page.errors.is_empty() || page.nulls > 0 {
                        return Some(Ok(page));
                    }
                }
                Err(error) if self.narrow(&error) => {}
                Err(error) => {
                    self.done = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }

    async fn fetch(&mut self, offset: u64, size: u32) -> Result<Page<T>, Error> {
        let number = u32::try_from(offset / u64::from(size) + 1).unwrap_or(u32::MAX);
        self.set("page", number.to_string());
        self.set("pageSize", size.to_string());
        // Inside a stretch that is known to fail, patience with each probe would only use up the minute's budget.
        let in_trouble = offset < self.trouble_until;
        self.call.attempts = in_trouble.then_some(if size == 1 { 2 } else { 1 });
        fetch(&self.client, &self.call, number).await
    }

    /// Others succeed again: what failed alone before gets a last chance, so that an outage that ended meanwhile
    /// costs no row.
    async fn recheck_poison(&mut self, mut page: Page<T>) -> Result<Page<T>, Error> {
        let mut saved = Vec::new();
        for suspect in std::mem::take(&mut self.poison) {
            match self.fetch(u64::try_from(suspect.index).unwrap_or(u64::MAX), 1).await {
                Ok(alone) => {
                    saved.extend(alone.items);
                    page.errors.extend(alone.errors);
                }
                Err(error) if is_page_fault(&error) => self.poison.push(suspect),
                Err(error) => return Err(error),
            }
        }
        page.items.splice(0..0, saved);
        Ok(page)
    }

    /// After a failure that a smaller page may avoid: asks for less, or steps over the one row that is left.
    /// False if the failure is real.
    fn narrow(&mut self, error: &Error) -> bool {
        if !is_page_fault(error) {
            return false;
        }
        if self.size > 1 {
            tracing::warn!(endpoint = error.endpoint(), kind = ?error.kind(), size = self.size, "page fails, asks for fewer rows");
            self.trouble_until = self.offset + u64::from(self.size);
            self.size = aligned(self.offset, self.size / 2);
            return true;
        }
        self.poison_in_a_row += 1;
        if self.poison_in_a_row > MOST_POISON_IN_A_ROW {
            return false;
        }
        self.poison.push(RowError {
            index: usize::try_from(self.offset).unwrap_or(usize::MAX),
            id: None,
            path: String::new(),
            reason: format!("ShipStation fails on every page that holds this row ({:?})", error.kind()),
            kind: RowErrorKind::Poison,
        });
        self.awaiting_row_after_poison = true;
        self.offset += 1;
        self.trouble_until = self.trouble_until.max(self.offset);
        true
    }

    fn accept(&mut self, mut page: Page<T>, got: u64) -> Page<T> {
        let asked = u64::from(self.size);
        page.reduced_to = (self.size < self.full).then_some(self.size);
        // A null among the rows may come on top of them: a page never stands for more rows than were asked for.
        let got = got.min(asked);
        self.poison_in_a_row = 0;
        let last = self.last_date(&page);
        self.note_row_after_poison(&page);
        let stuck = self.is_the_page_before(&page);
        self.drop_repeats(&mut page);
        page.errors.splice(0..0, self.poison.drain(..));

        let seen = self.offset.saturating_add(got);
        let last_page = got == 0 || stuck || page.total.map_or(got < asked, |total| seen >= total);
        if got < asked && !last_page {
            // Not the last one by the count, and yet short: more rows than these the server does not give at once.
            self.full = u32::try_from(got).map_or(self.full, |got| got.min(self.full));
        }
        self.offset += got;
        self.resize();
        self.go_on(last_page, last);
        page
    }

    /// Decides where the next request starts.
    fn go_on(&mut self, last_page: bool, last: Option<Timestamp>) {
        let moved = last.and_then(|last| self.later_start(last));
        let leaves_numbers = last_page || moved.is_some();
        let numbered =
            self.key.is_some() && self.offset > u64::from(self.full) && self.poison_before.is_none();
        if leaves_numbers && numbered && self.new_in_pass > 0 && self.passes < MOST_PASSES {
            self.offset = 0;
            self.new_in_pass = 0;
            self.passes += 1;
            self.resize();
        } else if last_page {
            self.done = true;
        } else if let Some((start, instant)) = moved {
            self.restart(start, instant);
        }
    }
}

impl<T: Dated> Reader<T> {
    fn set(&mut self, name: &'static str, value: String) {
        match self.call.query.iter_mut().find(|(present, _)| present == name) {
            Some((_, old)) => *old = value,
            None => self.call.query.push((name.into(), value)),
        }
    }

    fn last_date(&self, page: &Page<T>) -> Option<Timestamp> {
        let key = self.key?;
        page.items.iter().rev().find_map(|row| row.date(key.column)).map(PacificTime::earliest)
    }

    fn note_row_after_poison(&mut self, page: &Page<T>) {
        let Some(key) = self.key.filter(|_| self.awaiting_row_after_poison) else { return };
        if let Some(first) = page.items.iter().find_map(|row| row.date(key.column)) {
            self.poison_before = self.poison_before.max(Some(first.latest()));
            self.awaiting_row_after_poison = false;
        }
    }

    /// Keeps the rows that are new. A row counts as seen together with its date: one that was modified meanwhile is
    /// news again when the list is read by modification.
    fn drop_repeats(&mut self, page: &mut Page<T>) {
        let column = self.key.map(|key| key.column);
        let sighting = |row: &T| {
            (row.key(), column.and_then(|column| row.date(column)).map(|date| date.earliest().unix_millis()))
        };
        let before = if self.key.is_none() { std::mem::take(&mut self.seen) } else { HashSet::new() };
        let seen = &mut self.seen;
        page.items.retain(|row| {
            let sighting = sighting(row);
            !before.contains(&sighting) && seen.insert(sighting)
        });
        let known = std::mem::replace(
            &mut self.unreadable,
            page.errors.iter().filter_map(|error| error.id).collect(),
        );
        page.errors.retain(|error| error.id.is_none_or(|id| !known.contains(&id)));
        self.new_in_pass += u64::try_from(page.items.len()).unwrap_or(u64::MAX);
    }

    /// Whether the server gave the page before once more although another one was asked for.
    fn is_the_page_before(&mut self, page: &Page<T>) -> bool {
        let ids: Vec<i64> = page.items.iter().map(Listed::key).collect();
        let same = self.offset > 0 && !ids.is_empty() && ids == self.previous;
        self.previous = ids;
        same
    }

    /// The start of the filter that goes on after `last`, if it is later than the present one. It overlaps by a
    /// second: whether the bound is inclusive is not known.
    fn later_start(&self, last: Timestamp) -> Option<(String, Timestamp)> {
        let key = self.key?;
        let instant = last.floor_second() - std::time::Duration::from_secs(1);
        if self.poison_before.is_some_and(|poison| instant <= poison) || self.awaiting_row_after_poison {
            return None;
        }
        let start = filter_start(instant);
        let present = self.call.query.iter().find(|(name, _)| name == key.start).map(|(_, start)| start);
        present.is_none_or(|present| start > *present).then_some((start, instant))
    }

    fn restart(&mut self, start: String, instant: Timestamp) {
        let Some(key) = self.key else { return };
        let held_back = start != PacificTime::of(instant).to_documented();
        self.set(key.start, start);
        // In the repeated hour the filter stays before the hour, and so must the memory.
        let margin = if held_back { 3_700 } else { 2 };
        let oldest = (instant - std::time::Duration::from_secs(margin)).unix_millis();
        self.seen.retain(|(_, date)| date.is_none_or(|date| date >= oldest));
        self.offset = 0;
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

/// How many rows ShipStation counts on the page.
fn count<T>(page: &Page<T>) -> u64 {
    let rows = u64::try_from(page.items.len() + page.errors.len()).unwrap_or(u64::MAX);
    rows.saturating_add(page.nulls.into())
}

/// Whether a smaller page may do better.
fn is_page_fault(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout)
}

/// The largest page size up to `most` at which a page begins at `offset`.
fn aligned(offset: u64, most: u32) -> u32 {
    (1..=most.max(1)).rev().find(|size| offset.is_multiple_of(u64::from(*size))).unwrap_or(1)
}
