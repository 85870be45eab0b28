//! A day without a time.

use std::{fmt, str::FromStr};

use jiff::civil;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A day of the calendar that the channel itself goes by, without a time. It is written and read as `YYYY-MM-DD`.
///
/// ```
/// use shipstation_connector::channel::CalendarDate;
/// let day: CalendarDate = "2026-03-08".parse()?;
/// assert_eq!((day.year(), day.month(), day.day()), (2026, 3, 8));
/// assert_eq!(CalendarDate::new(2026, 2, 30), None);
/// # Ok::<(), shipstation_connector::channel::ParseDateError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CalendarDate(civil::Date);

impl CalendarDate {
    /// The date, if the calendar has it.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        civil::Date::new(year, month, day).ok().map(Self)
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
}

impl fmt::Display for CalendarDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text is not a date such as `2026-03-08`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a date such as 2026-03-08")]
pub struct ParseDateError(());

impl FromStr for CalendarDate {
    type Err = ParseDateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Longer texts that jiff would read too have a time.
        let date = if text.len() == "YYYY-MM-DD".len() { text.parse().ok() } else { None };
        date.map(Self).ok_or(ParseDateError(()))
    }
}

impl Serialize for CalendarDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CalendarDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}
