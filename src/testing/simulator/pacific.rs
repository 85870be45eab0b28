//! Pacific wall-clock time as ShipStation writes and reads it. Written apart from the client's own
//! version, so that a mistake there cannot hide behind the same mistake here.

use jiff::{
    civil::DateTime,
    tz::{self, TimeZone},
};

use crate::Timestamp;

static PACIFIC: TimeZone = tz::get!("America/Los_Angeles");

/// The digits that a clock on a wall in California shows at this instant.
pub(super) fn wall(instant: Timestamp) -> DateTime {
    PACIFIC.to_datetime(instant.to_jiff())
}

/// The instant of a wall-clock reading: the first of two in autumn, shifted forward in spring.
pub(super) fn instant(wall: DateTime) -> Timestamp {
    PACIFIC
        .to_ambiguous_timestamp(wall)
        .compatible()
        .map_or(Timestamp::from_unix_seconds(i64::MAX), Timestamp::from_jiff)
}

/// Reads a filter or a body's date: `date time` or `dateTtime` with 0 to 9 fraction digits, or a
/// date alone (midnight). An explicit offset is honored, as one production client relies on.
pub(super) fn parse(text: &str) -> Option<DateTime> {
    let text = text.trim();
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Some(wall(Timestamp::from_jiff(instant)));
    }
    text.parse().ok()
}

/// The calendar date in California, `yyyy-MM-dd`.
pub(super) fn date(instant: Timestamp) -> String {
    wall(instant).date().to_string()
}

/// How many digits of a second are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Digits {
    /// `2021-01-23T09:09:08.4000000`: orders, customers, warehouses, shipments and fulfillments.
    Seven,
    /// `2021-01-23T09:09:08.4`: at most three digits, trailing zeros cut. Items, products and stores.
    Trimmed,
}

/// The instant in Pacific wall-clock time.
pub(super) fn written(instant: Timestamp, digits: Digits) -> String {
    match digits {
        Digits::Seven => wall(instant).strftime("%Y-%m-%dT%H:%M:%S%.7f").to_string(),
        Digits::Trimmed => {
            let text = wall(instant).strftime("%Y-%m-%dT%H:%M:%S%.3f").to_string();
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    }
}

/// The instant as SQL Server's `datetime` would keep it: milliseconds ending in 0, 3 or 7.
pub(super) fn stored(instant: Timestamp) -> Timestamp {
    let millis = instant.unix_millis();
    let kept = match millis.rem_euclid(10) {
        last @ 0..=2 => millis - last,
        last @ 3..=6 => millis - last + 3,
        last => millis - last + 7,
    };
    Timestamp::from_unix_millis(kept)
}

/// One end of a date filter: compares wall-clock digits, as the server's database does. In the
/// repeated hour of autumn two instants therefore compare equal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound {
    wall: DateTime,
    instant: Timestamp,
}

impl Bound {
    pub(super) fn new(wall: DateTime) -> Self {
        Self { wall, instant: instant(wall) }
    }

    /// How `other` lies to this bound.
    pub(super) fn order_of(&self, other: Timestamp) -> std::cmp::Ordering {
        // Far from the bound the zone rules cannot change the answer, and the instants are cheaper.
        const NEAR_SECONDS: u64 = 3 * 3_600;
        let distance = other.unix_seconds().abs_diff(self.instant.unix_seconds());
        if distance > NEAR_SECONDS { other.cmp(&self.instant) } else { wall(other).cmp(&self.wall) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn writes_pacific_digits_in_both_seasons() {
        assert_eq!(written(at("2021-01-23T17:09:08.4Z"), Digits::Seven), "2021-01-23T09:09:08.4000000");
        assert_eq!(written(at("2021-07-23T17:09:08Z"), Digits::Seven), "2021-07-23T10:09:08.0000000");
        assert_eq!(written(at("2021-01-23T17:09:08.320Z"), Digits::Trimmed), "2021-01-23T09:09:08.32");
        assert_eq!(written(at("2021-01-23T17:09:10Z"), Digits::Trimmed), "2021-01-23T09:09:10");
    }

    #[test]
    fn reads_every_accepted_form() {
        for (text, wall) in [
            ("2024-02-27", "2024-02-27T00:00:00"),
            ("2024-02-27 15:04:00", "2024-02-27T15:04:00"),
            ("2024-02-27T15:04:00.3570000", "2024-02-27T15:04:00.357"),
            ("2024-02-27T23:04:00-00:00", "2024-02-27T15:04:00"),
            ("2024-02-27T23:04:00Z", "2024-02-27T15:04:00"),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), wall, "{text}");
        }
        assert_eq!(parse("yesterday"), None);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn compares_digits_in_the_repeated_hour() {
        let bound = Bound::new(parse("2026-11-01 01:30:00").unwrap());
        assert_eq!(bound.order_of(at("2026-11-01T08:30:00Z")), std::cmp::Ordering::Equal);
        assert_eq!(bound.order_of(at("2026-11-01T09:30:00Z")), std::cmp::Ordering::Equal);
        assert_eq!(bound.order_of(at("2026-11-01T08:40:00Z")), std::cmp::Ordering::Greater);
        assert_eq!(bound.order_of(at("2026-11-02T08:40:00Z")), std::cmp::Ordering::Greater);
    }

    #[test]
    fn keeps_the_precision_of_the_database() {
        assert_eq!(stored(at("2026-01-01T00:00:00.129Z")), at("2026-01-01T00:00:00.127Z"));
        assert_eq!(stored(at("2026-01-01T00:00:00.122Z")), at("2026-01-01T00:00:00.120Z"));
    }
}
