//! The envelope around the rows of a page, and lists that contradict themselves.

use super::{ShownList, row};

/// One page of a list before it is sent.
#[derive(Debug, Clone)]
pub(super) struct List {
    pub(super) name: String,
    pub(super) rows: Vec<Vec<u8>>,
    pub(super) total: usize,
    pub(super) page: usize,
    pub(super) pages: usize,
}

impl List {
    pub(super) fn shown(&self) -> ShownList {
        let ids = self.rows.iter().map(|text| row::number(text)).collect();
        ShownList { ids, total: self.total }
    }

    pub(super) fn text(&self) -> Vec<u8> {
        let Self { name, total, page, pages, .. } = self;
        let rows = self.rows.join(&b","[..]);
        let (head, tail) =
            (format!("{{\"{name}\":["), format!("],\"total\":{total},\"page\":{page},\"pages\":{pages}}}"));
        [head.as_bytes(), &rows, tail.as_bytes()].concat()
    }
}

/// How a page of a list contradicts itself or the other pages. Everything that is not named is as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListFlaw {
    /// This total, whatever the rows. With different ones for different requests, pages contradict each other.
    Total(usize),
    /// No rows.
    NoRows,
    /// This many rows are missing at the end of the page.
    Missing(usize),
    /// A null in the place of each row.
    NullRows,
    /// A null in the place of the row of this order, fulfillment, shipment or product, or of the rows that belong to this order.
    NullRow(i64),
    /// The page's rows from the last to the first.
    Reversed,
    /// The last row's dates are in the year 2099.
    LastIn2099,
    /// The first page, whichever was asked for.
    FirstPage,
}

impl ListFlaw {
    pub(super) fn apply(&self, list: &mut List) {
        match self {
            Self::Total(total) => list.total = *total,
            Self::NoRows => list.rows.clear(),
            Self::Missing(count) => list.rows.truncate(list.rows.len().saturating_sub(*count)),
            Self::NullRows => list.rows.iter_mut().for_each(null),
            Self::NullRow(id) => {
                list.rows.iter_mut().filter(|row| row::is_about(row, *id)).for_each(null);
            }
            Self::Reversed => list.rows.reverse(),
            Self::LastIn2099 => {
                for date in ["createDate", "modifyDate", "orderDate"] {
                    if let Some(last) = list.rows.last_mut() {
                        row::overwrite(last, date, br#""2099-01-01T00:00:00.0000000""#);
                    }
                }
            }
            // The request was answered as if it had asked for that page.
            Self::FirstPage => {}
        }
    }
}

fn null(row: &mut Vec<u8>) {
    *row = b"null".to_vec();
}
