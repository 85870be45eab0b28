//! Lists that come in pages: one page, all pages, all rows. Requests are put together in `request`, the streams are in
//! `stream`, and how the next page is found is in `reader`.

mod end;
mod offset;
mod poison;
mod reader;
mod request;
mod sequence;
mod stream;
mod tally;

pub(crate) use self::request::{Key, ListCall, list_request};
pub use self::{
    end::{Incomplete, ListEnd},
    stream::{Items, Pages},
};
use super::{
    Error, ShipStation,
    call::Call,
    wire::{
        RowError, open_enum,
        rows::{self, Listed},
    },
};

/// The largest page that ShipStation gives.
pub(crate) const MAX_PAGE_SIZE: u32 = 500;

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
    /// Those of them that stand where the total promises a row. In a list that is read to its end only.
    pub(crate) nulls_in_place: u32,
    /// Whether the answer says two things at once, or counts its rows in no number.
    pub(crate) contradicts_itself: bool,
}

impl<T> Page<T> {
    /// How many rows came that are not null.
    fn listed(&self) -> u64 {
        u64::try_from(self.items.len() + self.errors.len()).unwrap_or(u64::MAX)
    }

    /// How many rows came.
    fn rows(&self) -> u64 {
        self.listed().saturating_add(self.nulls.into())
    }
}

/// How many of a page's nulls stand where the total promises a row: ShipStation has been seen to send some on top of the rows that
/// it counts. `before` is how many rows the filter gave on earlier pages; without a total each may stand for a row.
fn nulls_in_place(nulls: u32, rows: u64, before: u64, total: Option<u64>, page_size: u32) -> u32 {
    let promised = total.map_or(u64::MAX, |total| total.saturating_sub(before)).min(page_size.into());
    nulls.min(u32::try_from(promised.saturating_sub(rows)).unwrap_or(u32::MAX))
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

/// Fetches and decodes one page.
async fn fetch<T: Listed>(client: &ShipStation, call: &Call, page: u32) -> Result<Page<T>, Error> {
    let answer = client.call(call).await?;
    let envelope = rows::envelope::<T>(&answer.body, client.drift_counter())
        .map_err(|issue| answer.undecodable(issue))?;
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
        nulls_in_place: envelope.rows.nulls,
        reduced_to: None,
    })
}

#[cfg(test)]
mod tests {
    use super::nulls_in_place;

    #[test]
    fn nulls_on_top_of_the_counted_rows_hide_no_order() {
        assert_eq!(nulls_in_place(3, 9, 0, Some(9), 500), 0);
        assert_eq!(nulls_in_place(3, 8, 0, Some(9), 500), 1, "one of them stands for an order");
        assert_eq!(nulls_in_place(1, 2, 0, Some(12), 500), 1);
        assert_eq!(nulls_in_place(1, 2, 0, None, 500), 1, "without a total each may");
        assert_eq!(nulls_in_place(1, 10, 0, Some(100), 10), 0, "the page is full");
        assert_eq!(nulls_in_place(3, 0, 4, Some(7), 10), 3, "the page before had the others");
    }
}
