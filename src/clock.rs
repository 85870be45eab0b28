//! The clock that the crate uses: nothing else in it reads the time or sleeps. And moments by it.

use std::{fmt::Debug, time::Duration};

use async_trait::async_trait;

use crate::Timestamp;

/// A source of time that can also be waited on.
///
/// Everything that the crate does with time goes through the clock given to the client: the rate
/// limiter, backoff, timeouts, the age of an order, lease expiry. A test that hands in its own clock
/// therefore never waits.
///
/// # Contract
/// - `now` MUST NOT go backwards by more than the platform's clock corrections do.
/// - `sleep` MUST NOT return before `now` has advanced by `duration`, and MUST be cancel-safe: dropping the
///   future abandons the wait and changes nothing else.
///
/// ```
/// use shipstation_connector::{Timestamp, client::Clock};
/// use std::{sync::Mutex, time::Duration};
///
/// /// A clock on which every wait is over at once.
/// #[derive(Debug)]
/// struct Hurried(Mutex<Timestamp>);
///
/// #[async_trait::async_trait]
/// impl Clock for Hurried {
///     fn now(&self) -> Timestamp {
///         *self.0.lock().unwrap()
///     }
///
///     async fn sleep(&self, duration: Duration) {
///         let mut now = self.0.lock().unwrap();
///         *now = *now + duration;
///     }
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let clock = Hurried(Mutex::new(Timestamp::UNIX_EPOCH));
/// clock.sleep(Duration::from_secs(86_400)).await;
/// assert_eq!(clock.now().to_string(), "1970-01-02T00:00:00Z");
/// # }
/// ```
#[async_trait]
pub trait Clock: Debug + Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// Time that has passed since some fixed moment of this process, whatever anybody does to the wall clock. It MUST NOT
    /// go backwards.
    ///
    /// A clock without one answers `None`, the default: a decision that needs two witnesses of time then relies on
    /// ShipStation's own clock, or waits longer.
    fn monotonic(&self) -> Option<Duration> {
        None
    }

    /// Waits until `duration` has passed on this clock.
    async fn sleep(&self, duration: Duration);

    /// Ends once `duration` has passed while something else is under way: the timeout of a request. Unlike `sleep` it
    /// MUST NOT move time forward by itself, and MUST be cancel-safe.
    ///
    /// The default waits in real time, as fits a test clock whose `sleep` returns at once while requests go through real
    /// sockets. A clock on which time passes also for requests answers with its own time: a timeout then costs no real time.
    async fn timer(&self, duration: Duration) {
        SystemClock.sleep(duration).await;
    }
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        std::time::SystemTime::now().into()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
    fn monotonic(&self) -> Option<Duration> {
        static START: std::sync::LazyLock<std::time::Instant> =
            std::sync::LazyLock::new(std::time::Instant::now);
        Some(START.elapsed())
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that sleeps")]
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// An instant by both clocks of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HostTime {
    pub(crate) wall: Timestamp,
    pub(crate) monotonic: Option<Duration>,
}

impl HostTime {
    pub(crate) fn now(clock: &dyn Clock) -> Self {
        Self { wall: clock.now(), monotonic: clock.monotonic() }
    }

    /// How much time has passed since an earlier moment: by the monotonic clock if there is one, since the wall clock may
    /// have been set in between.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        match (earlier.monotonic, self.monotonic) {
            (Some(then), Some(now)) => now.saturating_sub(then),
            _ => self.wall.since(earlier.wall),
        }
    }

    /// The longest time that any of the two clocks has counted since an earlier moment.
    pub(crate) fn longest_since(self, earlier: Self) -> Duration {
        self.since(earlier).max(self.wall.since(earlier.wall))
    }

    /// How much time has passed since this moment.
    pub(crate) fn elapsed(self, clock: &dyn Clock) -> Duration {
        Self::now(clock).since(self)
    }
}
