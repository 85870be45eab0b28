//! The default limiter: ShipStation counts requests per *clock minute*, and so does this.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::{Lane, Permit, RateHeaders, RateLimiter, minutes::Minutes, queue::LaneQueue};
use crate::{
    Timestamp,
    clock::{Clock, SystemClock},
    locked::locked,
    setters::setters,
};

/// A fixed window on the server's clock minute, shared by everything that holds a clone of the `Arc`.
///
/// It counts its own requests, learns from each answer where the server's minute is and what others have used up
/// (only ever downwards), keeps a reserve for other users of the key, and serves the waiting by [`Lane`], then by arrival.
/// A request within a second of the minute's edge counts in both minutes, because ShipStation may count it in either.
///
/// For the processes of a fleet, which use one key together, there is the [`SharedWindow`](super::SharedWindow).
#[derive(Debug)]
pub struct MinuteWindow {
    clock: Arc<dyn Clock>,
    minutes: Arc<Mutex<Minutes>>,
    queue: LaneQueue,
}

impl MinuteWindow {
    /// What ShipStation allows a key without a partner agreement.
    pub const DEFAULT_LIMIT: u32 = 40;
    /// What is left to other users of the key.
    pub const DEFAULT_RESERVE: u32 = 2;

    /// Allows `limit` requests per clock minute until an answer says otherwise, less a reserve of 2.
    pub fn new(limit: u32) -> Self {
        Self {
            clock: Arc::new(SystemClock),
            minutes: Arc::new(Mutex::new(Minutes::new(limit, Self::DEFAULT_RESERVE))),
            queue: LaneQueue::default(),
        }
    }

    /// Leaves this many requests per minute to other users of the key. At least one stays for this client.
    #[must_use]
    pub fn reserve(self, requests: u32) -> Self {
        locked(&self.minutes).set_reserve(requests);
        self
    }

    setters! {
        /// Uses this clock.
        clock(clock: Arc<dyn Clock>) => clock = clock;
    }
}

impl Default for MinuteWindow {
    fn default() -> Self {
        Self::new(Self::DEFAULT_LIMIT)
    }
}

#[async_trait]
impl RateLimiter for MinuteWindow {
    async fn acquire(&self, lane: Lane) -> Permit {
        let place = self.queue.join(lane);
        loop {
            // Only the first in the queue sleeps; the others wait until it has gone.
            place.first().await;
            let taken = locked(&self.minutes).try_take(self.clock.now());
            match taken {
                Ok(counted) => {
                    let minutes = Arc::clone(&self.minutes);
                    return Permit::returnable(move || locked(&minutes).give_back(counted, 1));
                }
                Err(wait) => self.clock.sleep(wait).await,
            }
        }
    }

    fn observe(&self, headers: &RateHeaders) {
        let now = self.clock.now();
        locked(&self.minutes).learn(headers, now, now);
    }

    fn expected(&self, _: Lane) -> Option<Timestamp> {
        let now = self.clock.now();
        let wait = locked(&self.minutes).wait(now)?;
        Some(now + wait)
    }
}
