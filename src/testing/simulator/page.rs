//! Paged lists: which rows a page holds, and the envelope around them.

use std::ops::Range;

use serde::Serialize;

use super::{Quirks, answer::Answer, list::List, request::Call};

/// Which page was asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paging {
    page: usize,
    size: usize,
}

/// How an endpoint fills in `pages`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageCount {
    /// Rounded up, as on orders.
    Right,
    /// Divided without rounding up, so 0 for less than a page, as recorded on products and lists by tag.
    RoundedDown,
}

impl Paging {
    const DEFAULT_SIZE: i64 = 100;
    const MAX_SIZE: i64 = 500;

    pub(super) fn of(call: &Call) -> Result<Self, Answer> {
        let page = call.query_number("page")?.unwrap_or(1).max(1);
        let size = call.query_number("pageSize")?.filter(|size| *size > 0).unwrap_or(Self::DEFAULT_SIZE);
        Ok(Self {
            page: usize::try_from(page).unwrap_or(usize::MAX),
            size: usize::try_from(size.min(Self::MAX_SIZE)).unwrap_or(1),
        })
    }

    /// Which of `total` rows are on the page; none past the end.
    pub(super) fn range(&self, total: usize) -> Range<usize> {
        let from = (self.page - 1).saturating_mul(self.size).min(total);
        from..from.saturating_add(self.size).min(total)
    }

    /// The rows of the page.
    pub(super) fn slice<'a, T>(&self, rows: &'a [T]) -> &'a [T] {
        rows.get(self.range(rows.len())).unwrap_or_default()
    }

    /// The envelope with the page of `rows` in it.
    pub(super) fn answer<T: Serialize>(
        &self,
        name: &str,
        rows: &[T],
        count: PageCount,
        quirks: &Quirks,
    ) -> Answer {
        self.answer_with(name, rows, count, quirks, |row| as_json(row).into())
    }

    /// Like [`answer`](Self::answer), with rows written in their own way.
    pub(super) fn answer_with<T>(
        &self,
        name: &str,
        rows: &[T],
        count: PageCount,
        quirks: &Quirks,
        write: impl Fn(&T) -> Vec<u8>,
    ) -> Answer {
        let page = self.slice(rows).iter().map(write).collect();
        self.envelope(name, page, rows.len(), count, quirks)
    }

    /// The envelope around the written rows of one page.
    pub(super) fn envelope(
        &self,
        name: &str,
        mut page: Vec<Vec<u8>>,
        total: usize,
        count: PageCount,
        quirks: &Quirks,
    ) -> Answer {
        if quirks.null_rows && !page.is_empty() {
            page.push(b"null".to_vec());
        }
        let pages = match count {
            _ if quirks.pages_zero => 0,
            PageCount::Right => total.div_ceil(self.size),
            PageCount::RoundedDown => total / self.size,
        };
        Answer::list(List { name: name.to_owned(), rows: page, total, page: self.page, pages })
    }
}

/// A row as JSON text.
pub(super) fn as_json(row: &impl Serialize) -> String {
    serde_json::to_string(row).unwrap_or_else(|_| "null".to_owned())
}

/// Whether the list is wanted in descending order.
pub(super) fn descending(call: &Call) -> bool {
    call.query("sortDir").is_some_and(|text| text.eq_ignore_ascii_case("desc"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &str, rows: &[u32], quirks: &Quirks) -> String {
        let call = Call::new(http::Method::GET, &format!("/x?{query}").parse().unwrap(), Vec::new());
        let paging = Paging::of(&call).unwrap();
        let body = paging.answer("rows", rows, PageCount::Right, quirks).body.unwrap();
        String::from_utf8(body).unwrap()
    }

    #[test]
    fn cuts_pages_and_is_empty_past_the_end() {
        let quirks = Quirks::default();
        let rows = [1, 2, 3];
        assert_eq!(page("", &rows, &quirks), r#"{"rows":[1,2,3],"total":3,"page":1,"pages":1}"#);
        assert_eq!(page("pageSize=2&page=2", &rows, &quirks), r#"{"rows":[3],"total":3,"page":2,"pages":2}"#);
        assert_eq!(page("page=9&pageSize=0", &rows, &quirks), r#"{"rows":[],"total":3,"page":9,"pages":1}"#);
        assert_eq!(page("page=-1", &[], &quirks), r#"{"rows":[],"total":0,"page":1,"pages":0}"#);
    }

    #[test]
    fn holds_the_page_size_to_its_maximum() {
        let rows: Vec<u32> = (0..501).collect();
        assert!(
            page("pageSize=9999", &rows, &Quirks::default())
                .ends_with(r#"499],"total":501,"page":1,"pages":2}"#)
        );
    }

    #[test]
    fn refuses_what_is_not_a_number() {
        let call = Call::new(http::Method::GET, &"/x?page=two".parse().unwrap(), Vec::new());
        assert_eq!(Paging::of(&call).unwrap_err().status, 400);
    }
}
