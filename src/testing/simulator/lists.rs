//! Lists: which rows a request asks for, in what order, and the page of them that is answered.

use std::{
    cmp::{Ordering, Reverse},
    ops,
};

use jiff::civil::DateTime;

use super::{
    Account,
    answer::{Answer, Page, PageRow},
    pacific::{self, Bound},
    record::{Field, Record},
    request::Call,
};
use crate::Timestamp;

/// What is known of one kind of list.
#[derive(Debug)]
pub(super) struct List {
    /// The member of the answer that holds the rows.
    pub(super) name: &'static str,
    /// The member that holds a row's number, by which rows are sorted last.
    pub(super) id: &'static str,
    pub(super) filters: &'static [Filter],
    /// The members that `sortBy` may name.
    pub(super) sorts: &'static [&'static str],
    pub(super) default_sort: Option<&'static str>,
    /// `pages` is divided without rounding up, so 0 for less than a page, as recorded on products and lists by tag.
    pub(super) rounds_down: bool,
}

/// A filter by one query parameter, or two for a range of dates. An absent one admits every row.
#[derive(Debug)]
pub(super) struct Filter {
    pub(super) query: &'static str,
    pub(super) test: Test,
    /// One of these must pass; `.*.` stands for each row of a list.
    pub(super) members: &'static [&'static str],
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Test {
    Number,
    /// The same text, whatever the case.
    Text,
    /// The same text.
    Exact,
    /// The text begins so, whatever the case.
    Prefix,
    /// The text contains this, whatever the case.
    Contains,
    /// Not before the filter's parameter and not after this one.
    Until(&'static str),
}

/// A filter and the value that a request gives it.
pub(super) struct Condition {
    filter: &'static Filter,
    value: Value,
}

enum Value {
    Number(i64),
    Text(String),
    Dates(DateRange),
}

impl List {
    /// The conditions that a request sets.
    pub(super) fn conditions(&self, account: &Account, call: &Call) -> Result<Vec<Condition>, Answer> {
        let mut conditions = Vec::new();
        for filter in self.filters {
            let value = match filter.test {
                Test::Number => call.query_number(filter.query)?.map(Value::Number),
                Test::Exact => call.query(filter.query).map(|text| Value::Text(text.to_owned())),
                Test::Text | Test::Prefix | Test::Contains => {
                    call.query(filter.query).map(|text| Value::Text(text.to_lowercase()))
                }
                Test::Until(end) => {
                    let exclusive = account.quirks.bounds_exclusive && self.name == "orders";
                    let (start, end) = (call.query_bound(filter.query)?, call.query_bound(end)?);
                    let dates = DateRange { start, end, exclusive };
                    (!dates.is_open()).then_some(Value::Dates(dates))
                }
            };
            conditions.extend(value.map(|value| Condition { filter, value }));
        }
        Ok(conditions)
    }

    /// The page that a request asks for of those rows that it wants.
    pub(super) fn answer<'a>(
        &self,
        account: &Account,
        call: &Call,
        rows: impl Iterator<Item = &'a Record>,
    ) -> Result<Answer, Answer> {
        let conditions = self.conditions(account, call)?;
        let mut rows: Vec<&Record> =
            rows.filter(|row| conditions.iter().all(|condition| condition.admits(row))).collect();
        self.sort(&mut rows, call);
        let paging = Paging::of(call)?;
        self.page(account, paging, paging.slice(&rows), rows.len())
    }

    /// Sorts by the wall-clock digits that the database holds, then by number.
    pub(super) fn sort(&self, rows: &mut [&Record], call: &Call) {
        let named = |by: &str| self.sorts.iter().find(|member| member.eq_ignore_ascii_case(by)).copied();
        let by = call.query("sortBy").and_then(named).or(self.default_sort);
        let key = |row: &&Record| (by.map(|member| SortKey::of(row.get(member))), row.int(self.id));
        if is_descending(call) {
            rows.sort_by_cached_key(|row| Reverse(key(row)));
        } else {
            rows.sort_by_cached_key(key);
        }
    }

    /// The answer with these rows on its page.
    pub(super) fn page(
        &self,
        account: &Account,
        paging: Paging,
        rows: &[&Record],
        total: usize,
    ) -> Result<Answer, Answer> {
        let mut printed: Vec<PageRow> = Vec::with_capacity(rows.len());
        for row in rows {
            printed.push(account.page_row(self.id, row)?);
        }
        if account.quirks.null_rows && !printed.is_empty() {
            printed.push(PageRow::null());
        }
        let pages = match self.rounds_down {
            _ if account.quirks.pages_zero => 0,
            true => total / paging.size,
            false => total.div_ceil(paging.size),
        };
        Ok(Answer::page(Page { name: self.name, rows: printed, total, number: paging.page, pages }))
    }
}

impl Condition {
    pub(super) fn query(&self) -> &'static str {
        self.filter.query
    }

    pub(super) fn dates(&self) -> Option<&DateRange> {
        if let Value::Dates(dates) = &self.value { Some(dates) } else { None }
    }

    pub(super) fn is_number(&self, number: i64) -> bool {
        matches!(self.value, Value::Number(wanted) if wanted == number)
    }

    pub(super) fn is_text(&self, text: &str) -> bool {
        matches!(&self.value, Value::Text(wanted) if wanted == text)
    }

    pub(super) fn admits(&self, row: &Record) -> bool {
        self.filter.members.iter().any(|member| row.any(member, &|field| self.passes(field)))
    }

    fn passes(&self, field: &Field) -> bool {
        match (&self.value, field) {
            (Value::Number(wanted), Field::Int(number)) => number == wanted,
            (Value::Text(wanted), Field::Text(text)) => match self.filter.test {
                Test::Exact => text == wanted,
                Test::Prefix => text.to_lowercase().starts_with(wanted),
                Test::Contains => text.to_lowercase().contains(wanted),
                _ => text.eq_ignore_ascii_case(wanted),
            },
            (Value::Dates(dates), Field::Time(at)) => dates.admits(*at),
            (Value::Dates(dates), Field::Text(day)) => {
                pacific::parse(day).is_some_and(|midnight| dates.admits(pacific::instant(midnight)))
            }
            _ => false,
        }
    }
}

/// What rows are sorted by.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SortKey {
    None,
    Text(String),
    Wall(DateTime),
}

impl SortKey {
    fn of(field: &Field) -> Self {
        match field {
            Field::Text(text) => Self::Text(text.to_lowercase()),
            Field::Time(at) => Self::Wall(pacific::wall(*at)),
            _ => Self::None,
        }
    }
}

/// Whether the list is wanted in descending order.
pub(super) fn is_descending(call: &Call) -> bool {
    call.query("sortDir").is_some_and(|text| text.eq_ignore_ascii_case("desc"))
}

/// A date range, open at either end.
#[derive(Debug)]
pub(super) struct DateRange {
    start: Option<Bound>,
    end: Option<Bound>,
    exclusive: bool,
}

impl DateRange {
    fn admits(&self, at: Timestamp) -> bool {
        self.has_begun(at) && !self.is_over(at)
    }

    fn is_open(&self) -> bool {
        self.start.is_none() && self.end.is_none()
    }

    pub(super) fn has_begun(&self, at: Timestamp) -> bool {
        self.lies(self.start, at, Ordering::Greater)
    }

    pub(super) fn is_over(&self, at: Timestamp) -> bool {
        !self.lies(self.end, at, Ordering::Less)
    }

    fn lies(&self, bound: Option<Bound>, at: Timestamp, wanted: Ordering) -> bool {
        bound.is_none_or(|bound| {
            let order = bound.order_of(at);
            order == wanted || (order == Ordering::Equal && !self.exclusive)
        })
    }
}

/// Which page was asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paging {
    page: usize,
    size: usize,
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
    pub(super) fn range(&self, total: usize) -> ops::Range<usize> {
        let from = (self.page - 1).saturating_mul(self.size).min(total);
        from..from.saturating_add(self.size).min(total)
    }

    /// The rows of the page.
    pub(super) fn slice<'a, T>(&self, rows: &'a [T]) -> &'a [T] {
        rows.get(self.range(rows.len())).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paging(query: &str) -> Result<Paging, Answer> {
        Paging::of(&Call::new(http::Method::GET, &format!("/x?{query}").parse().unwrap(), &[]))
    }

    #[test]
    fn cuts_pages_and_is_empty_past_the_end() {
        let cases = [
            ("", 0..3, 1),
            ("pageSize=2&page=2", 2..3, 2),
            ("page=9&pageSize=0", 3..3, 9),
            ("page=-1", 0..3, 1),
        ];
        for (query, range, page) in cases {
            let paging = paging(query).unwrap();
            assert_eq!((paging.range(3), paging.page), (range, page), "{query}");
        }
        assert_eq!(paging("pageSize=9999").unwrap().range(501), 0..500);
        assert_eq!(paging("page=two").unwrap_err().status, 400);
    }
}
