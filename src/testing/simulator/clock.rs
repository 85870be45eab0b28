//! Simulated time: it moves only when told to, or when somebody sleeps on it.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;

use crate::{Timestamp, client::Clock};

/// A clock that costs no real time.
///
/// Give the same clock to the client and to whatever else waits: a `sleep` moves it forward at once, so a
/// test that waits out a rate-limit window takes no longer than one that does not.
///
/// ```
/// use shipstation_connector::{Timestamp, client::Clock, testing::simulator::SimClock};
/// use std::time::Duration;
///
/// # tokio_test(async {
/// let start: Timestamp = "2026-03-02T17:00:00Z".parse().unwrap();
/// let clock = SimClock::new(start);
/// clock.sleep(Duration::from_secs(61)).await;
/// assert_eq!(clock.now(), start + Duration::from_secs(61));
/// # });
/// # fn tokio_test(f: impl Future<Output = ()>) {
/// #     tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(f);
/// # }
/// ```
#[derive(Debug)]
pub struct SimClock(Mutex<Timestamp>);

impl SimClock {
    /// A clock that shows `now`.
    pub fn new(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }

    /// The present simulated instant.
    pub fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the clock, backwards too: the one way to make time go back.
    pub fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// Moves the clock forward and returns the new time.
    pub fn advance(&self, by: Duration) -> Timestamp {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = *now + by;
        *now
    }
}

#[async_trait]
impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        Self::now(self)
    }

    /// Moves the clock forward by `duration`, lets other tasks run, and returns.
    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
        tokio::task::yield_now().await;
    }
}
