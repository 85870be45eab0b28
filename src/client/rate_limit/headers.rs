//! What an answer says about the rate limit. Every part is optional: ShipStation's headers have been seen missing
//! and wrong, so that only plausible values get in.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};

use crate::Timestamp;

/// The rate-limit part of an answer (V1 reference, Conventions / Rate limiting). Implausible values are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RateHeaders {
    /// `X-Rate-Limit-Limit`: requests per clock minute.
    pub limit: Option<u32>,
    /// `X-Rate-Limit-Remaining`: at most this many are left. It lags: the first answer may still show the full limit.
    pub remaining: Option<u32>,
    /// `X-Rate-Limit-Reset`: time until the minute ends, at most 60 s.
    pub reset: Option<Duration>,
    /// `Retry-After`, in seconds or as a date.
    pub retry_after: Option<Duration>,
    /// `Date`: the server's clock, to the second.
    pub date: Option<Timestamp>,
    /// Whether the request was turned away (429, or an answer that says so).
    pub throttled: bool,
}

impl RateHeaders {
    /// Reads the headers of an answer.
    pub fn read(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Self {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
        let small = |name: &str, range: std::ops::RangeInclusive<u64>| {
            number(name).filter(|number| range.contains(number)).and_then(|number| u32::try_from(number).ok())
        };
        let limit = small("x-rate-limit-limit", 1..=10_000);
        let date = headers.get(header::DATE).and_then(http_date);
        Self {
            limit,
            remaining: small("x-rate-limit-remaining", 0..=10_000)
                .filter(|left| limit.is_none_or(|limit| *left <= limit)),
            reset: small("x-rate-limit-reset", 0..=60).map(|seconds| Duration::from_secs(seconds.into())),
            retry_after: number("retry-after").map(Duration::from_secs).or_else(|| {
                let until = headers.get(header::RETRY_AFTER).and_then(http_date)?;
                Some(until.since(date.unwrap_or(now)))
            }),
            date,
            throttled: status == StatusCode::TOO_MANY_REQUESTS,
        }
    }

    /// How long to wait after a 429, before jitter: the longer of what the two headers ask for and a second on top;
    /// without headers, a minute.
    pub fn wait(&self) -> Duration {
        let asked = self.reset.max(self.retry_after).unwrap_or(Duration::from_secs(60));
        asked.saturating_add(Duration::from_secs(1))
    }
}

fn http_date(value: &http::HeaderValue) -> Option<Timestamp> {
    let time: SystemTime = httpdate::parse_http_date(value.to_str().ok()?).ok()?;
    Some(time.into())
}
