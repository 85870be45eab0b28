//! The streams in which a list is read: its pages, and its rows.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::Stream;

use super::{
    Error, ListCall, ListEnd, Page, RowError,
    reader::{Reader, Step},
};
use crate::{client::wire::rows::Listed, shows::shows};

/// All pages of a list, fetched one by one as they are asked for.
///
/// It ends after the last page, or with one `Err`; rows that cannot be read are in [`Page::errors`] and end nothing.
/// Whether the whole list was read is in [`end`](Self::end) then.
///
/// What is read is compared with the totals. A list that reaches them costs no further request. A list that was read by
/// key and lacks rows costs one small request, since rows may have left it meanwhile. What is not explained by that is
/// read to an empty page and once more from the start, by number; the stream shows what is new there. It remembers the
/// ids of up to 100,000 rows; of a longer list that second reading may show rows again. No list is read further than
/// 10,000 pages of 500, or as many rows in smaller pages.
#[must_use = "a stream does nothing until it is polled"]
pub struct Pages<T> {
    steps: Pin<Box<dyn Stream<Item = Result<Step<T>, Error>> + Send>>,
    end: Option<ListEnd>,
}

impl<T> Pages<T> {
    pub(super) fn of(list: ListCall<T>) -> Self
    where
        T: Listed + Send + 'static,
    {
        Self { steps: Box::pin(Reader::read(list)), end: None }
    }

    /// How the list ended: whether it is known that every row was read. `None` before the end, and after an error.
    pub fn end(&self) -> Option<&ListEnd> {
        self.end.as_ref()
    }
}

impl<T> Stream for Pages<T> {
    type Item = Result<Page<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(match std::task::ready!(self.steps.as_mut().poll_next(context)) {
            Some(Ok(Step::Page(page))) => Some(Ok(page)),
            Some(Ok(Step::End(end))) => {
                self.end = Some(end);
                None
            }
            Some(Err(error)) => Some(Err(error)),
            None => None,
        })
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pages")
    }
}

/// All rows of a list.
///
/// It ends after the last row, or with one `Err`. Rows that cannot be read are left out and remembered: look at
/// [`row_errors`](Self::row_errors) at the end, or read [`Pages`] to see them where they belong.
#[must_use = "a stream does nothing until it is polled"]
pub struct Items<T> {
    pages: Pages<T>,
    ready: VecDeque<T>,
    errors: Vec<RowError>,
    missing: u64,
    nulls: u64,
}

impl<T> Items<T> {
    const REMEMBERED: usize = 1_000;

    pub(super) fn of(pages: Pages<T>) -> Self {
        Self { pages, ready: VecDeque::new(), errors: Vec::new(), missing: 0, nulls: 0 }
    }

    /// The rows that could not be read so far, the first thousand of them.
    pub fn row_errors(&self) -> &[RowError] {
        &self.errors
    }

    /// How many rows could not be read so far.
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// How the list ended: whether it is known that every row was read. `None` before the end, and after an error.
    pub fn end(&self) -> Option<&ListEnd> {
        self.pages.end()
    }

    /// How many rows were null so far.
    pub fn nulls(&self) -> u64 {
        self.nulls
    }

    fn take(&mut self, page: Page<T>) {
        self.ready = page.items.into();
        self.nulls += u64::from(page.nulls);
        self.missing += u64::try_from(page.errors.len()).unwrap_or(u64::MAX);
        let room = Self::REMEMBERED.saturating_sub(self.errors.len());
        self.errors.extend(page.errors.into_iter().take(room));
    }
}

// Rows are moved in and out of the queue and never pinned.
impl<T> Unpin for Items<T> {}

impl<T> Stream for Items<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Poll::Ready(Some(Ok(item)));
            }
            match std::task::ready!(Pin::new(&mut self.pages).poll_next(context)) {
                Some(Ok(page)) => self.take(page),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

shows! { |it: Items<T>| ready = it.ready.len(), missing }
