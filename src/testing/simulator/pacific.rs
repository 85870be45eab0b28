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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Digits {
    /// `2021-01-23T09:09:08.4000000`: orders, customers, warehouses, shipments and fulfillments.
    Seven,
    /// `2021-01-23T09:09:08.4`: at most three digits, trailing zeros cut. Items, products and stores.
    Trimmed,
}

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
