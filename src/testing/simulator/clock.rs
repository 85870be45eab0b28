//! Simulated time: it moves only when it is set, or when somebody sleeps on it.

use std::{pin::pin, sync::Mutex, time::Duration};

use async_trait::async_trait;
use futures_util::future::select;
use tokio::sync::watch;

use crate::{
    Timestamp,
    client::{Clock, SystemClock},
    locked::locked,
};

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
pub struct SimClock {
    times: Mutex<Times>,
    /// Changes when the timers that run are over.
    timers: watch::Sender<()>,
}

#[derive(Debug)]
struct Times {
    wall: Timestamp,
    /// Time that has passed since the clock was made.
    passed: Duration,
}

impl SimClock {
    /// A clock that shows `now`.
    pub fn new(now: Timestamp) -> Self {
        Self {
            times: Mutex::new(Times { wall: now, passed: Duration::ZERO }),
            timers: watch::Sender::default(),
        }
    }

    /// The present simulated instant.
    pub fn now(&self) -> Timestamp {
        locked(&self.times).wall
    }

    /// Lets time pass until `now`. An earlier instant sets the wall clock back, and no time passes.
    pub fn set(&self, now: Timestamp) {
        let mut times = locked(&self.times);
        let wall = times.wall;
        times.passed += now.since(wall);
        times.wall = now;
    }

    /// Changes what the wall clock shows, forwards or backwards, without any time passing: the mistake that a host's clock makes.
    pub fn step_to(&self, now: Timestamp) {
        locked(&self.times).wall = now;
    }

    /// Moves the clock forward and returns the new time.
    pub fn advance(&self, by: Duration) -> Timestamp {
        let mut times = locked(&self.times);
        times.wall = times.wall + by;
        times.passed += by;
        times.wall
    }

    /// Ends the timers that run, as for a request that nobody answers.
    pub(super) async fn end_timers(&self) {
        // Whoever sent the request sets its timer meanwhile.
        tokio::task::yield_now().await;
        self.timers.send_replace(());
    }
}

#[async_trait]
impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        Self::now(self)
    }

    fn monotonic(&self) -> Option<Duration> {
        Some(locked(&self.times).passed)
    }

    /// Moves the clock forward by `duration`, lets other tasks run, and returns.
    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
        tokio::task::yield_now().await;
    }

    /// Ends as soon as a request in the same process hangs, and else after the duration in real time: the time that passes
    /// between a request and its answer is the machine's.
    async fn timer(&self, duration: Duration) {
        let mut timers = self.timers.subscribe();
        let ended = pin!(timers.changed());
        select(SystemClock.sleep(duration), ended).await;
    }
}
