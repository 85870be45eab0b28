//! ShipStation's times: US Pacific wall clock without an offset, in both directions. This is the only place that
//! knows the zone; everything else holds UTC instants.

use std::fmt;

use jiff::{
    civil,
    tz::{self, AmbiguousOffset, Offset, TimeZone},
};

use super::{Lenient, Scalar, Unfit, standalone, time_text};
use crate::Timestamp;

pub(super) const ZONE: TimeZone = tz::get!("America/Los_Angeles");

/// A time as ShipStation wrote it: Pacific wall clock, kept verbatim, with the instant it means.
///
/// In the autumn night when the hour from 01:00 to 02:00 comes twice, one text means two instants: [`instant`]
/// gives the first, [`earliest`] and [`latest`] give both. A text inside the hour that spring skips means the
/// same time one hour later. A text that carries an offset or a `Z` is taken at its word.
///
/// ```
/// use shipstation_connector::client::PacificTime;
///
/// let created: PacificTime = "2024-02-27T15:06:41.3570000".parse()?;
/// assert_eq!(created.instant().to_string(), "2024-02-27T23:06:41.357Z");
/// assert_eq!(created.raw(), "2024-02-27T15:06:41.3570000");
///
/// let twice: PacificTime = "2024-11-03T01:30:00".parse()?;
/// assert_eq!(twice.earliest().to_string(), "2024-11-03T08:30:00Z");
/// assert_eq!(twice.latest().to_string(), "2024-11-03T09:30:00Z");
/// # Ok::<(), shipstation_connector::client::ParsePacificError>(())
/// ```
///
/// V1 reference, Conventions / Dates, times and time zone.
///
/// [`instant`]: Self::instant
/// [`earliest`]: Self::earliest
/// [`latest`]: Self::latest
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PacificTime {
    raw: Box<str>,
    wall: civil::DateTime,
    offset: Option<Offset>,
}

impl PacificTime {
    /// The Pacific wall clock at this instant, written as ShipStation writes its own times.
    ///
    /// The text has no offset, so an instant in the second pass through the repeated autumn hour reads back as
    /// the first one: ShipStation has no way to write the difference.
    pub fn of(instant: Timestamp) -> Self {
        let wall = wall_clock(instant);
        Self { raw: format!("{wall:.7}").into(), wall, offset: None }
    }

    /// The text as it came.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// The instant it means; the earlier one of two.
    pub fn instant(&self) -> Timestamp {
        self.earliest()
    }

    /// The earliest instant it can mean.
    pub fn earliest(&self) -> Timestamp {
        self.readings().0
    }

    /// The latest instant it can mean; later than [`Self::earliest`] only in the repeated autumn hour.
    pub fn latest(&self) -> Timestamp {
        self.readings().1
    }

    /// The wall clock in the form that the documentation asks for in requests.
    pub(crate) fn to_documented(&self) -> String {
        self.wall.strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// The calendar date it shows.
    pub fn date(&self) -> PacificDate {
        PacificDate(self.wall.date())
    }

    fn readings(&self) -> (Timestamp, Timestamp) {
        if let Some(offset) = self.offset {
            let instant = at(self.wall, offset);
            return (instant, instant);
        }
        match ZONE.to_ambiguous_timestamp(self.wall).offset() {
            AmbiguousOffset::Unambiguous { offset } => (at(self.wall, offset), at(self.wall, offset)),
            // With the offset from before the gap, 02:30 becomes 03:30.
            AmbiguousOffset::Gap { before, .. } => (at(self.wall, before), at(self.wall, before)),
            AmbiguousOffset::Fold { before, after } => (at(self.wall, before), at(self.wall, after)),
        }
    }
}

pub(super) fn at(wall: civil::DateTime, offset: Offset) -> Timestamp {
    let edge = if wall.year() < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    Timestamp::from_jiff(offset.to_timestamp(wall).unwrap_or(edge))
}

pub(super) fn wall_clock(instant: Timestamp) -> civil::DateTime {
    ZONE.to_datetime(instant.to_jiff())
}

/// The text is not a date or a time in any form that ShipStation uses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a date or time such as 2024-02-27T15:06:41.357 or 2024-02-27")]
pub struct ParsePacificError(());

impl std::str::FromStr for PacificTime {
    type Err = ParsePacificError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or(ParsePacificError(()))
    }
}

impl From<Timestamp> for PacificTime {
    fn from(instant: Timestamp) -> Self {
        Self::of(instant)
    }
}

impl fmt::Display for PacificTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.raw)
    }
}

impl Lenient for PacificTime {
    const WHAT: &'static str = "a date and time";

    fn from_scalar(scalar: Scalar<'_>) -> Result<Option<Self>, Unfit> {
        let Scalar::Text(text) = scalar else { return Err(Unfit) };
        match parse(text) {
            Some(time) => Ok(Some(time)),
            // The zero date of some databases, and nothing at all.
            None if text.bytes().all(|byte| b"0-/: .T".contains(&byte)) => Ok(None),
            None => Err(Unfit),
        }
    }

    fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.raw)
    }
}

standalone!(PacificTime);

/// A calendar date on the Pacific calendar, such as the day an order ships.
///
/// ```
/// use shipstation_connector::{Timestamp, client::PacificDate};
///
/// assert_eq!(PacificDate::new(2024, 2, 30), None);
/// let late_evening: Timestamp = "2024-03-01T05:00:00Z".parse()?;
/// assert_eq!(PacificDate::of(late_evening).to_string(), "2024-02-29");
/// # Ok::<(), shipstation_connector::ParseTimestampError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PacificDate(civil::Date);

impl PacificDate {
    /// The date, if the calendar has it and its year is between 1 and 9999.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        if year < 1 {
            return None;
        }
        civil::Date::new(year, month, day).ok().map(Self)
    }

    /// The date on the Pacific coast at this instant.
    pub fn of(instant: Timestamp) -> Self {
        Self(wall_clock(instant).date())
    }

    /// The year.
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// The month, 1 to 12.
    pub fn month(self) -> i8 {
        self.0.month()
    }

    /// The day of the month, 1 to 31.
    pub fn day(self) -> i8 {
        self.0.day()
    }

    /// How many days after `earlier` it is; negative if it is before.
    pub fn days_since(self, earlier: Self) -> i64 {
        self.0.duration_since(earlier.0).as_hours() / 24
    }

    /// The first instant of the day on the Pacific coast.
    pub fn start(self) -> Timestamp {
        let wall = self.0.to_datetime(civil::Time::midnight());
        PacificTime { raw: "".into(), wall, offset: None }.instant()
    }
}

impl fmt::Display for PacificDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for PacificDate {
    type Err = ParsePacificError;

    /// Reads a date, or the date of a date and time.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map(|time| time.date()).ok_or(ParsePacificError(()))
    }
}

impl Lenient for PacificDate {
    const WHAT: &'static str = "a date";

    fn from_scalar(scalar: Scalar<'_>) -> Result<Option<Self>, Unfit> {
        Ok(PacificTime::from_scalar(scalar)?.map(|time| time.date()))
    }

    fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

standalone!(PacificDate);

fn parse(text: &str) -> Option<PacificTime> {
    let text = text.trim_ascii();
    let (wall, offset) = time_text::read(text)?;
    Some(PacificTime { raw: text.into(), wall, offset })
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    pub(in super::super) fn time(text: &str) -> PacificTime {
        text.parse().unwrap()
    }

    /// The wall clock by the rule itself: daylight saving from 10:00 UTC on 8 March to 09:00 UTC on 1 November 2026.
    fn wall_by_rule(instant: Timestamp) -> String {
        let [from, to] =
            ["2026-03-08T10:00:00Z", "2026-11-01T09:00:00Z"].map(|text| text.parse::<Timestamp>().unwrap());
        let hours = if instant >= from && instant < to { 7 } else { 8 };
        (instant - Duration::from_secs(hours * 3600)).to_string().trim_end_matches('Z').replace('T', " ")
    }

    /// Every minute, and the seconds around it, of a night and of the hours before and after.
    fn night(start: &str) -> impl Iterator<Item = Timestamp> {
        let start: Timestamp = start.parse().unwrap();
        (0..12 * 60_u64).flat_map(move |minute| {
            [0, 1, 59].map(|second| start + Duration::from_secs(minute * 60 + second))
        })
    }

    pub(in super::super) fn nights() -> impl Iterator<Item = Timestamp> {
        night("2026-03-08T04:00:00Z").chain(night("2026-11-01T04:00:00Z"))
    }

    #[test]
    fn a_date_gives_its_parts() {
        let date = PacificDate::new(2026, 3, 14).unwrap();
        assert_eq!((date.year(), date.month(), date.day()), (2026, 3, 14));
    }

    #[test]
    fn clock_every_minute_of_both_nights_is_written_and_read() {
        for instant in nights() {
            let written = PacificTime::of(instant);
            assert_eq!(written.to_documented(), wall_by_rule(instant));
            let read = time(written.raw());
            assert!([read.earliest(), read.latest()].contains(&instant), "{instant}: {read}");
            let hour = Duration::from_secs(3600);
            assert!(read.latest() == read.earliest() || read.latest() == read.earliest() + hour);
            assert_eq!(read.instant(), read.earliest());
        }
    }

    #[test]
    fn clock_the_missing_hour_shifts_forward() {
        for minute in 0..60 {
            let missing = time(&format!("2026-03-08T02:{minute:02}:00"));
            let shifted = time(&format!("2026-03-08T03:{minute:02}:00"));
            assert_eq!((missing.earliest(), missing.latest()), (shifted.instant(), shifted.instant()));
        }
    }

    #[test]
    fn wire_every_form_of_a_time_is_read() {
        for (text, utc) in [
            ("2021-01-23T09:09:08.4000000", "2021-01-23T17:09:08.4Z"),
            ("2021-01-23T09:09:08.32", "2021-01-23T17:09:08.32Z"),
            ("2021-01-23T09:09:08", "2021-01-23T17:09:08Z"),
            ("2021-01-23 09:09:08", "2021-01-23T17:09:08Z"),
            ("2021-01-23T09:09", "2021-01-23T17:09:00Z"),
            ("2021-07-23", "2021-07-23T07:00:00Z"),
            ("2021-01-23T09:09:08.123456789", "2021-01-23T17:09:08.123456789Z"),
            ("2021-01-23T09:09:08.12345678999", "2021-01-23T17:09:08.123456789Z"),
            ("2021-01-23T09:09:08Z", "2021-01-23T09:09:08Z"),
            ("2021-01-23T09:09:08.5-07:00", "2021-01-23T16:09:08.5Z"),
            ("2021-01-23T09:09:08+0530", "2021-01-23T03:39:08Z"),
            ("2021-01-23T09:09:08 -0800", "2021-01-23T17:09:08Z"),
            ("2021/01/23 09:09", "2021-01-23T17:09:00Z"),
            ("1/23/2021", "2021-01-23T08:00:00Z"),
            ("8-13-2014", "2014-08-13T07:00:00Z"),
            ("1/23/2021 12:09:08 AM", "2021-01-23T08:09:08Z"),
            ("1/23/2021 9:09:08 pm", "2021-01-24T05:09:08Z"),
            (" 0001-01-01T00:00:00 ", "0001-01-01T07:52:58Z"),
        ] {
            assert_eq!(time(text).instant().to_string(), utc, "{text}");
        }
        for text in [
            "",
            "yesterday",
            "2021-13-01",
            "2021-02-30",
            "2021-01-23T25:00:00",
            "23/1/2021",
            "1/23-2021",
            "1/23/21",
            "1/23/2021 13:09 PM",
            "1/23/2021 9:09 A",
            "2021-01-23T09:09:08X",
            "２０２１-01-01",
        ] {
            assert!(text.parse::<PacificTime>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[0-9TtZzAPM:+./ -]{0,32}") {
            if let Ok(time) = text.parse::<PacificTime>() {
                prop_assert!(time.earliest() <= time.latest());
                let _ = (time.date(), time.to_documented());
            }
        }

        #[test]
        fn any_instant_is_one_of_its_readings(seconds in -60_000_000_000_i64..200_000_000_000, millis in 0_u64..1000) {
            let instant = Timestamp::from_unix_seconds(seconds) + Duration::from_millis(millis);
            let read = time(PacificTime::of(instant).raw());
            prop_assert!(read.earliest() == instant || read.latest() == instant);
        }
    }
}
