//! The default limiter: ShipStation counts requests per *clock minute*, and so does this. Pure bookkeeping is in
//! `Minutes`; the queue and the waiting are around it.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::Notify;

use super::{Lane, Permit, RateHeaders, RateLimiter};
use crate::{
    Timestamp,
    clock::{Clock, SystemClock},
};

/// Where the server's minute ends is known to about a second: its `Date` has no fraction.
const CLOCK_UNCERTAINTY_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60_000;
/// A 429 blocks every request of the key for two minutes at most; a longer `Retry-After` is the business of the call that got it.
const MAX_PAUSE: Duration = Duration::from_secs(120);

/// A fixed window on the server's clock minute, shared by everything that holds a clone of the `Arc`.
///
/// It counts its own requests, learns from each answer where the server's minute is and what others have used up
/// (only ever downwards), keeps a reserve for other users of the key, and serves the waiting by [`Lane`], then by arrival.
/// A request within a second of the minute's edge counts in both minutes, because ShipStation may count it in either.
#[derive(Debug)]
pub struct MinuteWindow {
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State>>,
    changed: Arc<Notify>,
}

#[derive(Debug)]
struct State {
    minutes: Minutes,
    queue: BTreeSet<Ticket>,
    arrivals: u64,
}

/// A place in the queue.
type Ticket = (Lane, u64);

impl MinuteWindow {
    /// What ShipStation allows a key without a partner agreement.
    pub const DEFAULT_LIMIT: u32 = 40;
    /// What is left to other users of the key.
    pub const DEFAULT_RESERVE: u32 = 2;

    /// Allows `limit` requests per clock minute until an answer says otherwise, less a reserve of 2.
    pub fn new(limit: u32) -> Self {
        Self {
            clock: Arc::new(SystemClock),
            state: Arc::new(Mutex::new(State {
                minutes: Minutes::new(limit, Self::DEFAULT_RESERVE),
                queue: BTreeSet::new(),
                arrivals: 0,
            })),
            changed: Arc::default(),
        }
    }

    /// Leaves this many requests per minute to other users of the key. At least one stays for this client.
    #[must_use]
    pub fn reserve(self, requests: u32) -> Self {
        self.state().minutes.reserve = requests;
        self
    }

    /// Uses this clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn join(&self, lane: Lane) -> QueueEntry<'_> {
        let mut state = self.state();
        state.arrivals += 1;
        let ticket = (lane, state.arrivals);
        state.queue.insert(ticket);
        QueueEntry { limiter: self, ticket }
    }

    fn permit(&self, minutes: (i64, i64)) -> Permit {
        let (state, changed) = (Arc::clone(&self.state), Arc::clone(&self.changed));
        Permit::returnable(move || {
            lock(&state).minutes.give_back(minutes);
            changed.notify_waiters();
        })
    }
}

impl Default for MinuteWindow {
    fn default() -> Self {
        Self::new(Self::DEFAULT_LIMIT)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl RateLimiter for MinuteWindow {
    async fn acquire(&self, lane: Lane) -> Permit {
        let place = self.join(lane);
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before the state is read, so that no change in between is missed.
            changed.as_mut().enable();
            match place.try_take() {
                Turn::Taken(permit) => return permit,
                // Only the first in the queue sleeps; the others are notified when it has gone.
                Turn::Behind => changed.await,
                Turn::Wait(wait) => self.clock.sleep(wait).await,
            }
        }
    }

    fn observe(&self, headers: &RateHeaders) {
        let now = self.clock.now();
        self.state().minutes.learn(headers, now);
        self.changed.notify_waiters();
    }

    fn expected(&self, _: Lane) -> Option<Timestamp> {
        let now = self.clock.now();
        let wait = self.state().minutes.wait(now)?;
        Some(now + wait)
    }
}

enum Turn {
    Taken(Permit),
    Behind,
    Wait(Duration),
}

/// A place in the queue, given up on drop: a cancelled request blocks nobody.
struct QueueEntry<'a> {
    limiter: &'a MinuteWindow,
    ticket: Ticket,
}

impl QueueEntry<'_> {
    fn try_take(&self) -> Turn {
        let now = self.limiter.clock.now();
        let mut state = self.limiter.state();
        if state.queue.first() != Some(&self.ticket) {
            return Turn::Behind;
        }
        match state.minutes.wait(now) {
            Some(wait) => Turn::Wait(wait),
            None => Turn::Taken(self.limiter.permit(state.minutes.take(now))),
        }
    }
}

impl Drop for QueueEntry<'_> {
    fn drop(&mut self) {
        self.limiter.state().queue.remove(&self.ticket);
        self.limiter.changed.notify_waiters();
    }
}

/// The counts of the present and the next minute, on the server's clock.
#[derive(Debug)]
struct Minutes {
    limit: u32,
    /// No answer is trusted beyond this.
    highest: u32,
    reserve: u32,
    /// The server's clock minus ours, in milliseconds.
    skew: i64,
    /// The minute that `used[0]` counts; `used[1]` counts the one after it.
    first: i64,
    used: [u32; 2],
    /// After a 429: nothing before this instant on our own clock, whatever is learned about the server's meanwhile.
    closed_until: Timestamp,
}

impl Minutes {
    fn new(limit: u32, reserve: u32) -> Self {
        let limit = limit.max(1);
        Self {
            limit,
            highest: limit.saturating_mul(10),
            reserve,
            skew: 0,
            first: i64::MIN,
            used: [0; 2],
            closed_until: Timestamp::UNIX_EPOCH,
        }
    }

    fn budget(&self) -> u32 {
        self.limit.saturating_sub(self.reserve).max(1)
    }

    fn server(&self, now: Timestamp) -> i64 {
        now.unix_millis().saturating_add(self.skew)
    }

    /// The minutes in which ShipStation may count a request that is sent now.
    fn counted_in(&self, now: Timestamp) -> (i64, i64) {
        let server = self.server(now);
        (
            minute(server.saturating_sub(CLOCK_UNCERTAINTY_MS)),
            minute(server.saturating_add(CLOCK_UNCERTAINTY_MS)),
        )
    }

    /// Drops the counts of minutes that are over.
    fn turn_to(&mut self, earliest: i64) {
        match earliest.saturating_sub(self.first) {
            0 => {}
            1 => self.used = [self.used[1], 0],
            2.. => self.used = [0, 0],
            // The clock was set back: what was counted may belong to the minute it shows now.
            _ => self.used = [self.used[0].max(self.used[1]); 2],
        }
        self.first = earliest;
    }

    fn used_in(&mut self, minute: i64) -> Option<&mut u32> {
        let place = usize::try_from(minute.checked_sub(self.first)?).ok()?;
        self.used.get_mut(place)
    }

    /// How long until a request may be sent; `None` for now.
    fn wait(&mut self, now: Timestamp) -> Option<Duration> {
        let (earliest, latest) = self.counted_in(now);
        self.turn_to(earliest);
        let (server, budget) = (self.server(now), self.budget());
        let full = |used: Option<&mut u32>| used.is_some_and(|used| *used >= budget);
        let opens = if full(self.used_in(latest)) {
            latest.saturating_add(1)
        } else if full(self.used_in(earliest)) {
            earliest.saturating_add(1)
        } else {
            i64::MIN
        };
        let opens = opens.saturating_mul(MINUTE_MS).saturating_add(CLOCK_UNCERTAINTY_MS);
        let window = Duration::from_millis(u64::try_from(opens.saturating_sub(server)).unwrap_or(0));
        // A longer pause is one that began before the clock was set back.
        self.closed_until = self.closed_until.min(now + MAX_PAUSE);
        let wait = window.max(self.closed_until.since(now));
        (wait > Duration::ZERO).then_some(wait)
    }

    fn take(&mut self, now: Timestamp) -> (i64, i64) {
        let (earliest, latest) = self.counted_in(now);
        self.turn_to(earliest);
        for minute in earliest..=latest {
            if let Some(used) = self.used_in(minute) {
                *used = used.saturating_add(1);
            }
        }
        (earliest, latest)
    }

    fn give_back(&mut self, (earliest, latest): (i64, i64)) {
        for minute in earliest..=latest {
            if let Some(used) = self.used_in(minute) {
                *used = used.saturating_sub(1);
            }
        }
    }

    fn learn(&mut self, headers: &RateHeaders, now: Timestamp) {
        if let Some(date) = headers.date {
            self.learn_skew(date, now);
        }
        // A 429's own limit has been seen to contradict the one in force.
        if let Some(limit) = headers.limit.filter(|_| !headers.throttled) {
            self.limit = limit.min(self.highest);
        }
        self.turn_to(self.counted_in(now).0);
        let counted = self.minute_of(headers, now);
        if let Some(remaining) = headers.remaining {
            let used = self.limit.saturating_sub(remaining);
            if let Some(own) = self.used_in(counted) {
                *own = (*own).max(used);
            }
        }
        if headers.throttled {
            self.closed_until = self.closed_until.max(now + headers.wait().min(MAX_PAUSE));
        }
    }

    /// A difference within the margin is noise: `Date` is cut to the second and has traveled.
    fn learn_skew(&mut self, date: Timestamp, now: Timestamp) {
        let seen = date.unix_millis().saturating_add(500).saturating_sub(now.unix_millis());
        if seen.saturating_sub(self.skew).saturating_abs() <= CLOCK_UNCERTAINTY_MS {
            return;
        }
        let used = self.used[0].max(self.used[1]);
        self.skew = seen;
        self.first = self.counted_in(now).0;
        // What was counted in the wrong minute may all belong to this one.
        self.used = [used, 0];
    }

    /// The minute in which the answer's request was counted: the one that ends `Reset` seconds after `Date`.
    fn minute_of(&self, headers: &RateHeaders, now: Timestamp) -> i64 {
        let server = headers.date.map_or_else(|| self.server(now), Timestamp::unix_millis);
        match headers.reset.and_then(|reset| i64::try_from(reset.as_millis()).ok()) {
            Some(reset) => minute(server.saturating_add(reset).saturating_add(MINUTE_MS / 2)) - 1,
            None => minute(server),
        }
    }
}

fn minute(millis: i64) -> i64 {
    millis.div_euclid(MINUTE_MS)
}
