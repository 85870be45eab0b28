//! Rows that make every page fail that holds them, down to a page of one: they are stepped over and reported.

use super::{
    super::{
        Error, ErrorKind,
        wire::{RowError, RowErrorKind, rows::Listed},
    },
    request::Key,
};
use crate::Timestamp;

/// So many rows in a row that fail alone are an outage and not poison.
const MAX_IN_A_ROW: u32 = 3;
/// The same where ShipStation is there: for rows that come and are not JSON, and where it answers behind the end of the list.
const MAX_IN_A_ROW_IF_THERE: u32 = 20;

#[derive(Debug, Default)]
pub(super) struct Poison {
    /// The rows that failed alone since a page last came, by their places in the list.
    pub(super) suspects: Vec<RowError>,
    in_a_row: u32,
    /// Whether ShipStation has answered meanwhile, where there is no row to fail on.
    pub(super) is_there: bool,
    /// The filter must not start anew at or before this instant: such a row lies there.
    before: Option<Timestamp>,
    /// No row has come since, so that the instant is not known.
    awaits_row: bool,
}

impl Poison {
    /// Whether one more row that fails alone would pass for an outage, unless ShipStation answers elsewhere.
    pub(super) fn looks_like_outage(&self, error: &Error) -> bool {
        error.kind() != ErrorKind::Decode && self.in_a_row == MAX_IN_A_ROW && !self.is_there
    }

    /// Notes the row at this place, which failed alone. False if so many failed that it is an outage.
    pub(super) fn note<T: Listed>(&mut self, error: &Error, place: u64) -> bool {
        let is_broken = error.kind() == ErrorKind::Decode;
        self.in_a_row += 1;
        if self.in_a_row > if is_broken || self.is_there { MAX_IN_A_ROW_IF_THERE } else { MAX_IN_A_ROW } {
            return false;
        }
        self.suspects.push(RowError {
            index: usize::try_from(place).unwrap_or(usize::MAX),
            id: error.body().filter(|_| is_broken).and_then(|body| first_id(body, T::ID)),
            path: String::new(),
            reason: if is_broken {
                "the page that holds this row alone is not JSON".to_owned()
            } else {
                format!("ShipStation fails on every page that holds this row ({:?})", error.kind())
            },
            kind: RowErrorKind::Poison,
        });
        self.awaits_row = true;
        true
    }

    /// The rows that failed alone have come after all.
    pub(super) fn came_after_all(&mut self) {
        self.awaits_row = false;
    }

    /// Notes a page that came.
    pub(super) fn page_came<T>(&mut self, rows: &[T], key: Option<Key<T>>) {
        (self.in_a_row, self.is_there) = (0, false);
        let Some(key) = key.filter(|_| self.awaits_row) else { return };
        if let Some(first) = rows.iter().find_map(key.date) {
            self.before = self.before.max(Some(first.latest()));
            self.awaits_row = false;
        }
    }

    /// Whether a filter may start at this instant.
    pub(super) fn lets_filter_start(&self, instant: Timestamp) -> bool {
        !self.awaits_row && self.before.is_none_or(|poison| instant > poison)
    }

    /// Whether such a row lies in the present filter, as far as its instant is known.
    pub(super) fn is_in_filter(&self) -> bool {
        self.before.is_some()
    }

    /// A new filter starts behind all such rows.
    pub(super) fn next_filter(&mut self) {
        self.before = None;
    }

    /// The list is read again from the start.
    pub(super) fn read_again(&mut self) {
        self.before = None;
        self.awaits_row = false;
    }
}

/// Whether a smaller page may do better.
pub(super) fn is_page_fault(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout) || error.is_broken_page()
}

/// The first id that the text of a broken page shows: the one row's own.
fn first_id(body: &str, member: &str) -> Option<i64> {
    let name = format!("\"{member}\"");
    let after = body.to_ascii_lowercase().find(&name.to_ascii_lowercase())? + name.len();
    let value = body.get(after..)?.trim_start().strip_prefix(':')?.trim_start();
    let value = value.strip_prefix('"').unwrap_or(value);
    let digits = value.find(|c: char| !c.is_ascii_digit()).and_then(|end| value.get(..end))?;
    digits.parse().ok().filter(|id| *id > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_broken_row_is_found() {
        for (body, id) in [
            (r#"{"orders":[{"orderId":7,"x":""#, Some(7)),
            (r#"{"orders":[{"OrderID" : "3184550917","items":[{"orderId":9}]"#, Some(3_184_550_917)),
            (r#"{"orders":[{"orderId":0,"#, None),
            (r#"{"orders":[{"orderId":-5,"#, None),
            (r#"{"orders":[{"orderId":12"#, None),
            (r#"{"orders":[{"orderId":null,"#, None),
            ("", None),
        ] {
            assert_eq!(first_id(body, "orderId"), id, "{body}");
        }
    }
}
