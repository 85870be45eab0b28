//! What a host may watch of the client's work: each attempt and each wait, without any content.

use std::fmt::Debug;

use http::Method;

use super::{ErrorKind, rate_limit::RateHeaders};
use crate::Timestamp;

/// Watches the requests of a client.
///
/// Every method has an empty default. They are called on the request's own task and should return at once.
///
/// ```
/// use shipstation_connector::client::{AttemptOutcome, CallInfo, CallObserver};
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// /// Answers of ShipStation's that say that it had too many requests.
/// #[derive(Debug, Default)]
/// struct Throttled(AtomicU64);
///
/// impl CallObserver for Throttled {
///     fn attempt_ended(&self, _: &CallInfo, outcome: &AttemptOutcome) {
///         self.0.fetch_add(u64::from(outcome.status == Some(429)), Ordering::Relaxed);
///     }
/// }
/// # let _ = Throttled::default();
/// ```
pub trait CallObserver: Debug + Send + Sync {
    /// An attempt is about to be sent.
    fn sending(&self, _call: &CallInfo) {}

    /// The call waits before it is sent, or sent again.
    fn waiting(&self, _call: &CallInfo, _wait: &Wait) {}

    /// An attempt ended: with an answer, or without one.
    fn attempt_ended(&self, _call: &CallInfo, _answer: &AttemptOutcome) {}
}

/// Which operation is called.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallInfo {
    /// The HTTP method.
    pub method: Method,
    /// The path with its variable parts left out: `orders/{orderId}`.
    pub endpoint: String,
}

/// A wait that begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wait {
    /// When it is expected to end, on the client's clock.
    pub until: Timestamp,
    /// What is waited for.
    pub why: WaitReason,
}

/// What a call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WaitReason {
    /// The client's own count of the minute's requests is used up.
    RateLimit,
    /// ShipStation answered 429.
    Throttled,
    /// The last attempt failed.
    Backoff,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttemptOutcome {
    /// The HTTP status; `None` if no answer came.
    pub status: Option<u16>,
    /// What the answer said about the rate limit.
    pub rate: RateHeaders,
    /// The server's clock, to the second, from the `Date` header.
    pub date: Option<Timestamp>,
    /// Which attempt of the call this was, from 1.
    pub attempt: u32,
    /// What went wrong; `None` for a success. Whether a success can be read is not known yet.
    pub failure: Option<ErrorKind>,
}
