//! Lengths of time as text: read from settings, written into settings and reports. For serde:
//! `#[serde(with = "crate::duration_text")]`, and `crate::duration_text::option` for an `Option<Duration>`.

use std::{fmt, time::Duration};

use jiff::{
    Span, SpanRelativeTo,
    fmt::{friendly, temporal},
};
use serde::{Deserialize, Deserializer, Serializer, de};

const SECONDS_PER_DAY: u64 = 24 * 3_600;
/// The longest duration that is written in days. Beyond it, days cannot be read back.
const MAX_WRITTEN_IN_DAYS: Duration = Duration::from_secs(1_000_000 * SECONDS_PER_DAY);
/// How many characters of a wrong text an error shows.
const MAX_ECHOED_CHARS: usize = 40;
const ALLOWED: &str = "a duration such as 90s, 15m, 1h30m, 7d, PT15M or P7D (decimals only as in PT0.5S)";

/// A text that is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is not {ALLOWED}")]
pub(crate) struct ParseDurationError {
    given: String,
}

/// Reads `90s`, `15m`, `2h`, `7d`, `1h30m` and ISO 8601 (`PT15M`, `P7D`). A day is 24 hours, a week seven days.
///
/// # Errors
///
/// Negative durations, months and years, what no `Duration` can hold, and decimals outside ISO 8601 (they could be finer
/// than a nanosecond).
pub(crate) fn parse(text: &str) -> Result<Duration, ParseDurationError> {
    let refused = || ParseDurationError { given: text.chars().take(MAX_ECHOED_CHARS).collect() };
    let text = text.trim();
    if let Ok(duration) = temporal::SpanParser::new().parse_unsigned_duration(text) {
        return Ok(duration);
    }
    let is_iso = text.starts_with(['P', 'p']);
    if !is_iso && text.contains(['.', ',']) {
        return Err(refused());
    }
    if let Ok(duration) = friendly::SpanParser::new().parse_unsigned_duration(text) {
        return Ok(duration);
    }
    let with_days: Result<Span, jiff::Error> = text.parse();
    let signed = with_days.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()));
    signed.ok().and_then(|signed| Duration::try_from(signed).ok()).ok_or_else(refused)
}

/// The duration in ISO 8601: `P7D` for whole days, otherwise hours, minutes and seconds (`PT36H`, `PT0.5S`).
pub(crate) fn iso(duration: Duration) -> String {
    if let Some(days) = whole_days(duration) {
        return format!("P{days}D");
    }
    temporal::SpanPrinter::new().unsigned_duration_to_string(&duration)
}

/// The duration as people write it and settings take it: `7d` for whole days, otherwise `1h30m`, `90s` as `1m30s`.
pub(crate) fn short(duration: Duration) -> String {
    match whole_days(duration) {
        Some(days) => format!("{days}d"),
        None => friendly::SpanPrinter::new()
            .spacing(friendly::Spacing::None)
            .unsigned_duration_to_string(&duration),
    }
}

/// How many days it is, if it is whole days that can be read back.
fn whole_days(duration: Duration) -> Option<u64> {
    let seconds = duration.as_secs();
    let whole = duration.subsec_nanos() == 0 && seconds.is_multiple_of(SECONDS_PER_DAY);
    (whole && !duration.is_zero() && duration <= MAX_WRITTEN_IN_DAYS).then_some(seconds / SECONDS_PER_DAY)
}

pub(crate) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&iso(*duration))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    deserializer.deserialize_any(DurationVisitor)
}

struct DurationVisitor;

impl<'de> de::Visitor<'de> for DurationVisitor {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ALLOWED)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
        parse(text).map_err(E::custom)
    }

    // As serde writes a `Duration` by itself, and as version 0.1 wrote it into stores.
    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Duration, A::Error> {
        Duration::deserialize(de::value::MapAccessDeserializer::new(map))
    }
}

/// The same for an `Option<Duration>`.
pub(crate) mod option {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Deserialize)]
    struct Text(#[serde(deserialize_with = "super::deserialize")] Duration);

    #[expect(clippy::ref_option, reason = "serde hands the field over so")]
    pub(crate) fn serialize<S: Serializer>(
        duration: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        duration.map(super::iso).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<Text>::deserialize(deserializer)?.map(|Text(duration)| duration))
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    #[test]
    fn reads_the_short_form_and_iso_8601() {
        let cases = [
            ("90s", 90),
            ("15m", 15 * 60),
            ("2h", 2 * 3_600),
            ("7d", 7 * SECONDS_PER_DAY),
            ("1w", 7 * SECONDS_PER_DAY),
            ("1h30m", 90 * 60),
            (" 1 hour 30 minutes ", 90 * 60),
            ("PT15M", 15 * 60),
            ("P7D", 7 * SECONDS_PER_DAY),
            ("P1DT12H", 36 * 3_600),
            ("0s", 0),
            ("18446744073709551615s", u64::MAX),
        ];
        for (text, seconds) in cases {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(parse("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse("PT0.000000001S"), Ok(Duration::from_nanos(1)));
    }

    #[test]
    fn refuses_what_is_no_exact_duration() {
        for text in [
            "",
            "90",
            "-5s",
            "5s ago",
            "-PT5S",
            "PT-5S",
            "1mo",
            "P1M",
            "P1Y",
            "1.5h",
            "1,5h",
            "0.5ms",
            "1M",
            "30m1h",
            "99999999999999999999s",
            "9999999999999999999h",
            "P99999999D",
            "PT0.1234567891S",
            "soon",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(
            parse("1.5h").unwrap_err().to_string(),
            "\"1.5h\" is not a duration such as 90s, 15m, 1h30m, 7d, PT15M or P7D (decimals only as in PT0.5S)"
        );
        assert!(parse(&"9".repeat(100_000)).unwrap_err().to_string().len() < 200);
    }

    #[test]
    fn writes_what_it_reads_back() {
        let cases = [
            (Duration::ZERO, "PT0S", "0s"),
            (Duration::from_secs(90), "PT1M30S", "1m30s"),
            (Duration::from_secs(36 * 3_600), "PT36H", "36h"),
            (Duration::from_secs(7 * SECONDS_PER_DAY), "P7D", "7d"),
            (Duration::from_millis(500), "PT0.5S", "500ms"),
            (Duration::MAX, "PT5124095576030431H15.999999999S", "5124095576030431h15s999ms999µs999ns"),
        ];
        for (duration, text, words) in cases {
            assert_eq!((iso(duration), short(duration)), (text.to_owned(), words.to_owned()));
        }
        let (longest, over) =
            (MAX_WRITTEN_IN_DAYS, MAX_WRITTEN_IN_DAYS + Duration::from_secs(SECONDS_PER_DAY));
        for duration in cases.map(|(duration, ..)| duration).into_iter().chain([longest, over]) {
            assert_eq!((parse(&iso(duration)), parse(&short(duration))), (Ok(duration), Ok(duration)));
        }
    }

    #[test]
    fn serde_takes_text_and_nothing_else() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Both {
            #[serde(with = "crate::duration_text")]
            one: Duration,
            #[serde(default, with = "crate::duration_text::option")]
            other: Option<Duration>,
        }
        for other in [None, Some(Duration::from_secs(7 * SECONDS_PER_DAY))] {
            let both = Both { one: Duration::from_secs(90), other };
            let json = serde_json::to_string(&both).unwrap();
            assert_eq!(serde_json::from_str::<Both>(&json).unwrap(), both, "{json}");
        }
        let absent: Both = serde_json::from_str(r#"{"one":"90s"}"#).unwrap();
        assert_eq!(absent, Both { one: Duration::from_secs(90), other: None });
        for wrong in [r#"{"one":90}"#, r#"{"one":"90s","other":"often"}"#, r#"{"one":null}"#] {
            let error = serde_json::from_str::<Both>(wrong).unwrap_err().to_string();
            assert!(error.contains("a duration such as 90s"), "{error}");
        }
    }
}
