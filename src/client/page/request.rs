//! Requests for lists, as they are put together: parameters, filters on dates, and the three ways to read a list. Each list
//! is declared once with `list_request!`.

use super::{
    super::{
        Error, ShipStation,
        call::Call,
        endpoints::Endpoint,
        wire::{
            PacificTime,
            filters::{filter_end, filter_start},
            rows::Listed,
        },
    },
    Items, MAX_PAGE_SIZE, Page, Pages, fetch,
};
use crate::Timestamp;

/// A date by which a list can be read: the filter that moves, and the sort that goes with it.
#[derive(Debug)]
pub(crate) struct Key<T> {
    /// The parameter with the start of the filter.
    pub(crate) start: &'static str,
    pub(crate) sort: &'static str,
    pub(crate) date: fn(&T) -> Option<&PacificTime>,
}

impl<T> Clone for Key<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Key<T> {}

/// A list request under construction.
#[derive(Debug)]
pub(crate) struct ListCall<T> {
    pub(crate) client: ShipStation,
    pub(crate) call: Call,
    pub(super) page: Option<u32>,
    pub(super) page_size: Option<u32>,
    /// Whether it is read by number, whatever date it could be read by.
    pub(crate) by_number: bool,
    /// The dates by which the list can be read.
    keys: Vec<Key<T>>,
    /// The first date that is filtered on, by the parameter of its filter's start.
    filtered: Option<&'static str>,
    /// The ends of the filters, by the parameters of their starts.
    ends: Vec<(&'static str, Timestamp)>,
    /// The parameters of the filters that the list is documented to have.
    pub(crate) filters: &'static [&'static str],
    /// Fewer pages than are read of a list otherwise.
    pub(crate) most_pages: Option<u32>,
    /// Leaves the page number out of a request for the first page.
    pub(crate) bare_first_page: bool,
}

impl<T: Listed> ListCall<T> {
    pub(crate) fn new(
        client: &ShipStation,
        endpoint: &Endpoint,
        filters: &'static [&'static str],
        keys: Vec<Key<T>>,
    ) -> Self {
        Self {
            client: client.clone(),
            call: Call::to(endpoint),
            page: None,
            page_size: None,
            by_number: false,
            keys,
            filtered: None,
            ends: Vec::new(),
            filters,
            most_pages: None,
            bare_first_page: false,
        }
    }

    /// Sets a parameter, replacing an earlier value.
    #[expect(clippy::needless_pass_by_value, reason = "callers pass ids and texts by value")]
    pub(crate) fn set(mut self, name: &'static str, value: impl ToString) -> Self {
        self.call.set(name, Some(value.to_string()));
        self
    }

    /// Sets the start of a date filter.
    pub(crate) fn since(mut self, start: &'static str, instant: Timestamp) -> Self {
        self.filters_on(start);
        self.set(start, filter_start(instant))
    }

    /// Sets the end of the date filter that begins with the parameter `start`.
    pub(crate) fn before(mut self, start: &'static str, end: &'static str, instant: Timestamp) -> Self {
        self.filters_on(start);
        self.ends.push((start, instant));
        self.set(end, filter_end(instant))
    }

    fn filters_on(&mut self, start: &'static str) {
        if self.filtered.is_none() && self.keys.iter().any(|key| key.start == start) {
            self.filtered = Some(start);
        }
    }

    pub(crate) fn page(mut self, page: u32) -> Self {
        self.page = Some(page.max(1));
        self
    }

    pub(crate) fn page_size(mut self, rows: u32) -> Self {
        self.page_size = Some(rows.clamp(1, MAX_PAGE_SIZE));
        self
    }

    /// The end of the filter on this date, if there is one.
    pub(super) fn end(&self, key: Key<T>) -> Option<Timestamp> {
        self.ends.iter().rev().find(|(start, _)| *start == key.start).map(|(_, end)| *end)
    }

    /// The key by which all pages can be read: the date that the rows are sorted by, or the first one that is filtered on.
    pub(super) fn key(&self) -> Option<Key<T>> {
        if self.by_number
            || self.page.is_some_and(|page| page > 1)
            || self.call.get("sortDir").is_some_and(|dir| !dir.eq_ignore_ascii_case("asc"))
        {
            return None;
        }
        match self.call.get("sortBy") {
            Some(sort) => self.keys.iter().find(|key| key.sort.eq_ignore_ascii_case(sort)).copied(),
            None => self.keys.iter().find(|key| self.filtered == Some(key.start)).copied(),
        }
    }

    pub(crate) async fn send(mut self) -> Result<Page<T>, Error> {
        if let Some(page) = self.page {
            self.call.set("page", Some(page.to_string()));
        }
        if let Some(rows) = self.page_size {
            self.call.set("pageSize", Some(rows.to_string()));
        }
        fetch(&self.client, &self.call, self.page.unwrap_or(1)).await
    }

    pub(crate) fn pages(self) -> Pages<T>
    where
        T: Send + 'static,
    {
        Pages::of(self)
    }

    pub(crate) fn items(self) -> Items<T>
    where
        T: Send + 'static,
    {
        Items::of(self.pages())
    }
}

/// Declares a list request: its rows, what it can be sorted by, its filters with the names of their parameters, and the dates
/// that it can be filtered on, with the row's member if it can be read by that date.
macro_rules! list_request {
    (
        $(#[$meta:meta])*
        pub struct $name:ident of $row:ty: $endpoint:ident;
        $(sort $sort:ty;)?
        $(texts { $($(#[$text_meta:meta])* $text:ident = $text_name:literal,)* })?
        $(values { $($(#[$value_meta:meta])* $value:ident: $ty:ty = $value_name:literal,)* })?
        $(dates { $(
            $what:literal {
                $(#[$since_meta:meta])* $since:ident = $start:literal, $before:ident = $end:literal
                $(, read by $date:ident, sorted by $by:literal)?
            }
        )* })?
    ) => {
        $(#[$meta])*
        #[derive(Debug)]
        #[must_use = "nothing is sent until send(), pages() or items() is called"]
        pub struct $name(pub(in crate::client) $crate::client::page::ListCall<$row>);

        impl $name {
            pub(in crate::client) fn new(client: &$crate::client::ShipStation) -> Self {
                let filters = &[$($($text_name,)*)? $($($value_name,)*)? $($($start, $end,)*)?];
                let keys = vec![$($($(
                    $crate::client::page::Key { start: $start, sort: $by, date: |row: &$row| row.$date.as_ref() },
                )?)*)?];
                Self($crate::client::page::ListCall::new(client, &$crate::client::endpoints::$endpoint, filters, keys))
            }

            $($(
                $(#[$text_meta])*
                #[doc = concat!("The filter `", $text_name, "`.")]
                pub fn $text(self, text: impl AsRef<str>) -> Self {
                    Self(self.0.set($text_name, text.as_ref()))
                }
            )*)?

            $($(
                $(#[$value_meta])*
                #[doc = concat!("The filter `", $value_name, "`.")]
                pub fn $value(self, value: $ty) -> Self {
                    Self(self.0.set($value_name, value))
                }
            )*)?

            $($(
                #[doc = concat!("Only ", $what, " at or after this instant (floored to the second).")]
                $(#[$since_meta])*
                pub fn $since(self, instant: $crate::Timestamp) -> Self {
                    Self(self.0.since($start, instant))
                }

                #[doc = concat!("Only ", $what, " up to this instant (raised to the second).")]
                pub fn $before(self, instant: $crate::Timestamp) -> Self {
                    Self(self.0.before($start, $end, instant))
                }
            )*)?

            $(
                /// What to sort by. A stream that sorts by a date in ascending order reads by key.
                pub fn sort_by(self, sort: $sort) -> Self {
                    Self(self.0.set("sortBy", sort))
                }

                /// The direction of the sort.
                pub fn sort_dir(self, dir: $crate::client::SortDir) -> Self {
                    Self(self.0.set("sortDir", dir))
                }
            )?

            /// A stream is read by page number, whatever date it is filtered on or sorted by. That costs fewer requests where more
            /// rows than a page are of one second, and can miss a row while others leave the list.
            pub fn by_number(mut self) -> Self {
                self.0.by_number = true;
                self
            }

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
