//! Whether a page is what was asked for: its rows in the order of their dates, the last one inside the filter. Only
//! then can the next page start from its last date.

use std::time::Duration;

use crate::{Timestamp, client::wire::PacificTime};

/// The end of a filter is raised by up to an hour in the night in which an hour comes twice, and read with the same
/// uncertainty.
const REPEATED_HOUR_TOLERANCE: Duration = Duration::from_secs(2 * 3600 + 1);

/// Whether the rows come in ascending order of a date, and none lies behind the end of the filter.
pub(super) fn is_in_sequence<T>(
    rows: &[T],
    date: fn(&T) -> Option<&PacificTime>,
    end: Option<Timestamp>,
) -> bool {
    let mut before: Option<&PacificTime> = None;
    for row in rows {
        let Some(date) = date(row) else { return false };
        // Rows of one second may come in any order: the next filter starts a second earlier.
        if before.is_some_and(|before| before.earliest().floor_second() > date.latest()) {
            return false;
        }
        before = Some(date);
    }
    before.is_none_or(|last| end.is_none_or(|end| last.earliest() <= end + REPEATED_HOUR_TOLERANCE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Order;

    fn orders(dates: &[&str]) -> Vec<Order> {
        let row = |date: &&str| format!(r#"{{"orderId": 1, "createDate": "{date}"}}"#);
        dates.iter().map(|date| serde_json::from_str(&row(date)).unwrap()).collect()
    }

    fn created(order: &Order) -> Option<&PacificTime> {
        order.create_date.as_ref()
    }

    #[test]
    fn a_page_is_checked_against_its_order_and_its_filter() {
        let end = Some("2026-06-08T00:00:00Z".parse().unwrap());
        for (dates, fits) in [
            (&[][..], true),
            (&["2026-06-01T10:00:00", "2026-06-01T10:00:00", "2026-06-02T00:00:00"], true),
            (&["2026-06-01T10:00:00.9", "2026-06-01T10:00:00.1"], true),
            (&["2026-06-01T10:00:01", "2026-06-01T10:00:00"], false),
            (&["2026-06-01T10:00:00", "2099-01-01T00:00:00"], false),
            (&["2026-06-01T10:00:00", "2099-01-01T00:00:00", "2026-06-02T10:00:00"], false),
            (&["2026-06-01T10:00:00", ""], false),
            (&["2026-06-07T17:30:00"], true),
        ] {
            assert_eq!(is_in_sequence(&orders(dates), created, end), fits, "{dates:?}");
        }
        let twice =
            ["2026-11-01T01:30:00", "2026-11-01T01:59:00", "2026-11-01T01:00:00", "2026-11-01T01:30:00"];
        assert!(is_in_sequence(&orders(&twice), created, None), "the hour that comes twice");
    }
}
