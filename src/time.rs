//! One instant type that every layer shares. Nothing here knows of ShipStation,
//! of Pacific time or of a clock.

use std::{
    fmt,
    str::FromStr,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Sixty seconds.
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
/// Sixty minutes.
pub(crate) const HOUR: Duration = Duration::from_secs(3_600);
/// Twenty-four hours, whatever the clocks do.
pub(crate) const DAY: Duration = Duration::from_secs(24 * 3_600);

/// A point in time in UTC, exact to the nanosecond.
///
/// It is written and read as RFC 3339 (`2026-03-08T10:00:00Z`); a text without an offset is refused,
/// so a zone-less time can never become a `Timestamp` by accident. Arithmetic saturates at the ends
/// of the supported range (years -9999 to 9999) instead of failing.
///
/// ```
/// use shipstation_connector::Timestamp;
/// use std::time::Duration;
///
/// let noon: Timestamp = "2026-03-08T12:00:00Z".parse()?;
/// assert_eq!((noon + Duration::from_secs(90)).to_string(), "2026-03-08T12:01:30Z");
/// assert!("2026-03-08T12:00:00".parse::<Timestamp>().is_err());
/// # Ok::<(), shipstation_connector::ParseTimestampError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(jiff::Timestamp);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const UNIX_EPOCH: Self = Self(jiff::Timestamp::UNIX_EPOCH);

    /// The instant this many whole seconds after the Unix epoch, held inside the supported range.
    pub fn from_unix_seconds(seconds: i64) -> Self {
        Self::from_jiff_result(jiff::Timestamp::from_second(seconds), seconds < 0)
    }

    /// The instant this many milliseconds after the Unix epoch, held inside the supported range.
    pub fn from_unix_millis(millis: i64) -> Self {
        Self::from_jiff_result(jiff::Timestamp::from_millisecond(millis), millis < 0)
    }

    /// Whole seconds since the Unix epoch, rounded towards the past.
    pub fn unix_seconds(self) -> i64 {
        let seconds = self.0.as_second();
        if self.0.subsec_nanosecond() < 0 { seconds - 1 } else { seconds }
    }

    /// Milliseconds since the Unix epoch, rounded towards the past.
    pub fn unix_millis(self) -> i64 {
        self.unix_seconds() * 1_000 + i64::from(self.subsec_nanos() / 1_000_000)
    }

    /// Nanoseconds since the start of the second (0 to 999,999,999).
    pub fn subsec_nanos(self) -> u32 {
        self.0.as_nanosecond().rem_euclid(1_000_000_000).try_into().unwrap_or(0)
    }

    /// This instant without its fraction of a second, rounded towards the past.
    #[must_use]
    pub fn floor_second(self) -> Self {
        Self::from_unix_seconds(self.unix_seconds())
    }

    /// The time from `earlier` to this instant; zero when `earlier` is in fact later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::try_from(self.0.duration_since(earlier.0)).unwrap_or(Duration::ZERO)
    }

    pub(crate) fn from_jiff(instant: jiff::Timestamp) -> Self {
        Self(instant)
    }

    pub(crate) fn to_jiff(self) -> jiff::Timestamp {
        self.0
    }

    fn from_jiff_result(result: Result<jiff::Timestamp, jiff::Error>, towards_past: bool) -> Self {
        let edge = if towards_past { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        Self(result.unwrap_or(edge))
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, by: Duration) -> Self {
        Self::from_jiff_result(self.0.checked_add(by), false)
    }
}

impl std::ops::Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, by: Duration) -> Self {
        Self::from_jiff_result(self.0.checked_sub(by), true)
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        Self::from_jiff_result(jiff::Timestamp::try_from(time), time < SystemTime::UNIX_EPOCH)
    }
}

impl From<Timestamp> for SystemTime {
    fn from(time: Timestamp) -> Self {
        Self::from(time.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text is not an RFC 3339 time with an offset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 time with an offset, such as 2026-03-08T12:00:00Z")]
pub struct ParseTimestampError(());

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| ParseTimestampError(()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_offsets_and_refuses_zone_less_texts() {
        let utc: Timestamp = "2026-11-01T09:30:00Z".parse().unwrap();
        assert_eq!("2026-11-01T01:30:00-08:00".parse::<Timestamp>().unwrap(), utc);
        for text in ["2026-11-01T09:30:00", "2026-11-01", "", "now"] {
            assert!(text.parse::<Timestamp>().is_err(), "{text:?} must be refused");
        }
    }

    #[test]
    fn arithmetic_saturates_and_never_panics() {
        let far = Timestamp::from_unix_seconds(i64::MAX);
        assert_eq!(far + Duration::MAX, far);
        let past = Timestamp::from_unix_seconds(i64::MIN);
        assert_eq!(past - Duration::MAX, past);
        assert_eq!(past.since(far), Duration::ZERO);
    }

    #[test]
    fn rounds_towards_the_past_before_the_epoch() {
        let half = Timestamp::UNIX_EPOCH - Duration::from_millis(500);
        assert_eq!(half.unix_seconds(), -1);
        assert_eq!(half.unix_millis(), -500);
        assert_eq!(half.floor_second(), Timestamp::from_unix_seconds(-1));
    }

    #[test]
    fn survives_serde() {
        let instant = Timestamp::from_unix_millis(1_772_971_200_123);
        let json = serde_json::to_string(&instant).unwrap();
        assert_eq!(json, "\"2026-03-08T12:00:00.123Z\"");
        assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), instant);
    }
}
