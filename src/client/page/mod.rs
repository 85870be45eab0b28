//! Lists that come in pages: one page, all pages, all rows. The streams are in `stream`, how the next page is found is in
//! `reader`; the parts that all list requests share are here.

mod end;
mod reader;
mod sequence;
mod stream;
mod tally;

pub use self::{
    end::{Incomplete, ListEnd},
    stream::{Items, Pages},
};
use super::{
    Error, ShipStation,
    call::Call,
    error::{ErrorKind, Outcome, Problem},
    operations::Operation,
    wire::{
        PacificTime, RowError,
        filters::{filter_end, filter_start},
        open_enum,
        rows::{self, Listed},
    },
};
use crate::Timestamp;

/// The largest page that ShipStation gives.
pub(crate) const LARGEST_PAGE: u32 = 500;

/// One page of a list.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Page<T> {
    /// The rows that could be read, in ShipStation's order, without those that an earlier page of the same
    /// stream has shown already.
    pub items: Vec<T>,
    /// How many rows the request matches in all, as ShipStation counts them.
    pub total: Option<u64>,
    /// The number of this page, from 1.
    pub page: u32,
    /// How many pages there are according to ShipStation. It has been seen as 0 beside rows: do not loop on it.
    pub pages: Option<u32>,
    /// The rows that are missing here, and why.
    pub errors: Vec<RowError>,
    /// How many rows were null.
    pub nulls: u32,
    /// The page size this page was read with, if ShipStation failed at the size that was asked for.
    pub reduced_to: Option<u32>,
    /// Whether the answer says two things at once, or counts its rows in no number.
    pub(crate) contradicts_itself: bool,
}

open_enum! {
    /// The direction of a sort.
    pub enum SortDir {
        /// Smallest or oldest first.
        Ascending = "ASC",
        /// Largest or newest first.
        Descending = "DESC",
    }
}

/// A date that a list can be read by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Created,
    Modified,
    Ordered,
    Shipped,
}

/// A row that lists can be read by key of.
pub(crate) trait Dated: Listed {
    fn date(&self, column: Column) -> Option<&PacificTime>;
}

/// How a list is read by a date: the filter that moves and the sort that goes with it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    pub(crate) column: Column,
    pub(crate) start: &'static str,
    pub(crate) sort: &'static str,
}

/// A list request under construction.
#[derive(Debug)]
pub(crate) struct ListCall {
    pub(crate) client: ShipStation,
    pub(crate) call: Call,
    page: Option<u32>,
    page_size: Option<u32>,
    keys: Vec<Key>,
    ends: Vec<(Column, Timestamp)>,
    /// Fewer pages than are read of a list otherwise.
    pub(crate) most_pages: Option<u32>,
    /// Leaves the page number out of a request for the first page.
    pub(crate) bare_first_page: bool,
}

impl ListCall {
    pub(crate) fn new(client: ShipStation, operation: &Operation) -> Self {
        Self {
            client,
            call: Call::to(operation),
            page: None,
            page_size: None,
            keys: Vec::new(),
            ends: Vec::new(),
            most_pages: None,
            bare_first_page: false,
        }
    }

    /// Sets a parameter, replacing an earlier value.
    #[expect(clippy::needless_pass_by_value, reason = "callers pass ids and texts by value")]
    pub(crate) fn set(mut self, name: &'static str, value: impl ToString) -> Self {
        self.replace(name, value.to_string());
        self
    }

    /// Sets the start of a date filter. With a key, the list can then be read by that date.
    pub(crate) fn since(mut self, name: &'static str, instant: Timestamp, key: Option<Key>) -> Self {
        self.keys.extend(key);
        self.set(name, filter_start(instant))
    }

    /// Sets the end of a date filter. With a key, the list can then be read by that date.
    pub(crate) fn before(mut self, name: &'static str, instant: Timestamp, key: Option<Key>) -> Self {
        self.ends.extend(key.map(|key| (key.column, instant)));
        self.keys.extend(key);
        self.set(name, filter_end(instant))
    }

    pub(crate) fn page(mut self, page: u32) -> Self {
        self.page = Some(page.max(1));
        self
    }

    pub(crate) fn page_size(mut self, rows: u32) -> Self {
        self.page_size = Some(rows.clamp(1, LARGEST_PAGE));
        self
    }

    fn replace(&mut self, name: &'static str, value: String) {
        match self.call.query.iter_mut().find(|(present, _)| present == name) {
            Some((_, old)) => *old = value,
            None => self.call.query.push((name.into(), value)),
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.call.query.iter().find(|(present, _)| present == name).map(|(_, value)| value.as_str())
    }

    /// The end of the filter on this date, if there is one.
    fn end(&self, column: Column) -> Option<Timestamp> {
        self.ends.iter().rev().find(|(filtered, _)| *filtered == column).map(|(_, end)| *end)
    }

    /// The key by which all pages can be read: the date that is filtered on and that the rows are sorted by.
    fn key(&self) -> Option<Key> {
        if self.page.is_some_and(|page| page > 1)
            || self.get("sortDir").is_some_and(|dir| !dir.eq_ignore_ascii_case("asc"))
        {
            return None;
        }
        match self.get("sortBy") {
            Some(sort) => self.keys.iter().find(|key| key.sort.eq_ignore_ascii_case(sort)).copied(),
            None => self.keys.first().copied(),
        }
    }

    pub(crate) async fn send<T: Listed>(mut self) -> Result<Page<T>, Error> {
        if let Some(page) = self.page {
            self.replace("page", page.to_string());
        }
        if let Some(rows) = self.page_size {
            self.replace("pageSize", rows.to_string());
        }
        fetch(&self.client, &self.call, self.page.unwrap_or(1)).await
    }

    pub(crate) fn pages<T: Dated + Send + 'static>(self) -> Pages<T> {
        Pages::of(self)
    }

    pub(crate) fn items<T: Dated + Send + 'static>(self) -> Items<T> {
        Items::of(self.pages())
    }
}

/// Fetches and decodes one page.
async fn fetch<T: Listed>(client: &ShipStation, call: &Call, page: u32) -> Result<Page<T>, Error> {
    let answer = client.call(call).await?;
    let envelope = rows::envelope::<T>(&answer.body, client.drift_counter())
        .map_err(|misfit| undecodable(call, &answer, misfit))?;
    let rows = envelope.rows.items.len() + envelope.rows.errors.len();
    let is_empty = rows == 0 && envelope.rows.nulls == 0 && envelope.total.is_none_or(|total| total == 0);
    let is_promised = envelope.pages.is_some_and(|pages| pages > 1 && page <= pages);
    Ok(Page {
        contradicts_itself: envelope.contradicts_itself || (is_empty && is_promised),
        items: envelope.rows.items,
        total: envelope.total,
        page: envelope.page.unwrap_or(page),
        pages: envelope.pages,
        errors: envelope.rows.errors,
        nulls: envelope.rows.nulls,
        reduced_to: None,
    })
}

/// A success whose body is not what the operation promises. For a write that is no proof of anything.
pub(crate) fn undecodable(call: &Call, answer: &super::call::Answer, misfit: rows::Misfit) -> Error {
    let problem = Problem {
        status: Some(answer.status),
        misfit: Some(misfit),
        body: super::error_body::ErrorBody::read(&answer.body),
        ..Problem::new(ErrorKind::Decode, Outcome::Unknown)
    };
    problem.at(&call.endpoint, answer.attempts)
}

/// Gives a list request its common end: the sort if it has one, page, page size, and the three ways to read it.
macro_rules! list_request {
    ($name:ident, $row:ty, $sort:ty) => {
        impl $name {
            /// What to sort by. A date that is also filtered on lets a stream read by key.
            pub fn sort_by(self, sort: $sort) -> Self {
                Self(self.0.set("sortBy", sort))
            }

            /// The direction of the sort.
            pub fn sort_dir(self, dir: $crate::client::SortDir) -> Self {
                Self(self.0.set("sortDir", dir))
            }
        }

        $crate::client::page::list_request!($name, $row);
    };
    ($name:ident, $row:ty) => {
        impl $name {
            /// The page to fetch, from 1. With a page above 1, [`pages`](Self::pages) goes on from there by number.
            pub fn page(self, page: u32) -> Self {
                Self(self.0.page(page))
            }

            /// Rows per page, 1 to 500 (other values are brought into that range). Where nothing is set, a single
            /// page has the size that ShipStation chooses (100), and a stream asks for 500.
            pub fn page_size(self, rows: u32) -> Self {
                Self(self.0.page_size(rows))
            }

            /// Fetches one page.
            ///
            /// # Errors
            /// As for every request; rows that cannot be read are no error but are in [`Page::errors`].
            ///
            /// [`Page::errors`]: crate::client::Page::errors
            pub async fn send(self) -> Result<$crate::client::Page<$row>, $crate::client::Error> {
                self.0.send().await
            }

            /// Fetches every page, one after the other.
            pub fn pages(self) -> $crate::client::Pages<$row> {
                self.0.pages()
            }

            /// Fetches every row, page after page.
            pub fn items(self) -> $crate::client::Items<$row> {
                self.0.items()
            }
        }
    };
}

pub(crate) use list_request;
