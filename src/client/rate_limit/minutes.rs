//! The arithmetic of ShipStation's clock minute: what is counted in which, and when one more may be sent. No waiting, no clock.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::RateHeaders;
use crate::Timestamp;

/// Where the server's minute ends is known to about a second: its `Date` has no fraction.
const CLOCK_UNCERTAINTY_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60_000;
/// How late an answer may be read.
const MAX_LATENESS_MS: i64 = 10_000;
/// For how long all answers have to be late before they are not.
const BELIEVED_AFTER: Duration = Duration::from_secs(5);
/// A 429 blocks every request of the key for two minutes at most; a longer `Retry-After` is the business of the call that got it.
const MAX_PAUSE: Duration = Duration::from_secs(120);

/// The minutes, the first and the last, in which ShipStation may count a request.
pub(super) type Counted = (i64, i64);

/// The counts of the present and the next minute, on the server's clock.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Minutes {
    limit: u32,
    #[serde(skip)]
    bounds: Bounds,
    /// The server's clock minus the one that `now` is by, in milliseconds.
    skew: i64,
    /// Since when answers show a clock that is further behind, and by how much at least.
    late: Option<(Timestamp, i64)>,
    /// The minute that `used[0]` counts; `used[1]` counts the one after it.
    first: i64,
    used: [u32; 2],
    /// After a 429: nothing before this instant on our own clock, whatever is learned about the server's meanwhile.
    closed_until: Timestamp,
}

/// What a process allows, whatever ShipStation says.
#[derive(Debug, Clone, Copy, Default)]
struct Bounds {
    /// No answer is trusted beyond this.
    highest: u32,
    reserve: u32,
}

impl Minutes {
    pub(super) fn new(limit: u32, reserve: u32) -> Self {
        Self {
            limit: limit.max(1),
            bounds: Bounds::default(),
            skew: 0,
            late: None,
            first: i64::MIN,
            used: [0; 2],
            closed_until: Timestamp::UNIX_EPOCH,
        }
        .within(limit, reserve)
    }

    /// The same counts, used by a process with this limit of its own and this reserve.
    pub(super) fn within(mut self, limit: u32, reserve: u32) -> Self {
        self.bounds = Bounds { highest: limit.max(1).saturating_mul(10), reserve };
        self.limit = self.limit.clamp(1, self.bounds.highest);
        self
    }

    pub(super) fn set_reserve(&mut self, requests: u32) {
        self.bounds.reserve = requests;
    }

    pub(super) fn set_limit(&mut self, limit: u32) {
        self.limit = limit.max(1);
    }

    pub(super) fn budget(&self) -> u32 {
        self.limit.saturating_sub(self.bounds.reserve).max(1)
    }

    fn server(&self, now: Timestamp) -> i64 {
        now.unix_millis().saturating_add(self.skew)
    }

    /// The minutes in which ShipStation may count a request that is sent now.
    fn counted_in(&self, now: Timestamp) -> Counted {
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
    pub(super) fn wait(&mut self, now: Timestamp) -> Option<Duration> {
        let (earliest, latest) = self.counted_in(now);
        self.turn_to(earliest);
        let budget = self.budget();
        let full = |used: Option<&mut u32>| used.is_some_and(|used| *used >= budget);
        let window = if full(self.used_in(latest)) {
            self.until_begin_of(latest.saturating_add(1), now, CLOCK_UNCERTAINTY_MS)
        } else if full(self.used_in(earliest)) {
            self.until_begin_of(earliest.saturating_add(1), now, CLOCK_UNCERTAINTY_MS)
        } else {
            Duration::ZERO
        };
        // A longer pause is one that began before the clock was set back.
        self.closed_until = self.closed_until.min(now + MAX_PAUSE);
        let wait = window.max(self.closed_until.since(now));
        (wait > Duration::ZERO).then_some(wait)
    }

    /// How many requests may be sent now.
    pub(super) fn room(&mut self, now: Timestamp) -> u32 {
        if self.wait(now).is_some() {
            return 0;
        }
        let (budget, (earliest, latest)) = (self.budget(), self.counted_in(now));
        let used = [earliest, latest].into_iter().filter_map(|minute| self.used_in(minute).copied()).max();
        budget.saturating_sub(used.unwrap_or(0))
    }

    /// How long what is taken now is counted in the minute in which it is sent.
    pub(super) fn lasts(&self, now: Timestamp) -> Duration {
        self.until_begin_of(self.counted_in(now).1.saturating_add(1), now, -CLOCK_UNCERTAINTY_MS)
    }

    fn until_begin_of(&self, minute: i64, now: Timestamp, later: i64) -> Duration {
        let begins = minute.saturating_mul(MINUTE_MS).saturating_add(later);
        Duration::from_millis(u64::try_from(begins.saturating_sub(self.server(now))).unwrap_or(0))
    }

    pub(super) fn take(&mut self, now: Timestamp, requests: u32) -> Counted {
        let (earliest, latest) = self.counted_in(now);
        self.turn_to(earliest);
        for minute in earliest..=latest {
            if let Some(used) = self.used_in(minute) {
                *used = used.saturating_add(requests);
            }
        }
        (earliest, latest)
    }

    /// Takes one, or says how long until it may.
    pub(super) fn try_take(&mut self, now: Timestamp) -> Result<Counted, Duration> {
        match self.wait(now) {
            Some(wait) => Err(wait),
            None => Ok(self.take(now, 1)),
        }
    }

    pub(super) fn give_back(&mut self, (earliest, latest): Counted, requests: u32) {
        for minute in earliest..=latest.min(earliest.saturating_add(1)) {
            if let Some(used) = self.used_in(minute) {
                *used = used.saturating_sub(requests);
            }
        }
    }

    /// Learns `now` from an answer that came `then`.
    pub(super) fn learn(&mut self, headers: &RateHeaders, then: Timestamp, now: Timestamp) {
        if let Some(date) = headers.date {
            self.learn_skew(date, then, now);
        }
        // A 429's own limit has been seen to contradict the one in force.
        if let Some(limit) = headers.limit.filter(|_| !headers.throttled) {
            self.limit = limit.min(self.bounds.highest);
        }
        self.turn_to(self.counted_in(now).0);
        let counted = self.minute_of(headers, then);
        if let Some(remaining) = headers.remaining {
            let used = self.limit.saturating_sub(remaining);
            if let Some(own) = self.used_in(counted) {
                *own = (*own).max(used);
            }
        }
        if headers.throttled {
            self.closed_until = self.closed_until.max(then + headers.wait().min(MAX_PAUSE));
        }
    }

    /// A difference within the margin is noise: `Date` is cut to the second and has traveled. A clock that seems to be a few seconds
    /// ahead of the server's may be one that read the answer late, so that it is believed once answers have said so for a while.
    fn learn_skew(&mut self, date: Timestamp, then: Timestamp, now: Timestamp) {
        let seen = date.unix_millis().saturating_add(500).saturating_sub(then.unix_millis());
        let differs = seen.saturating_sub(self.skew);
        if differs.saturating_abs() <= CLOCK_UNCERTAINTY_MS {
            self.late = None;
            return;
        }
        let skew = if (-MAX_LATENESS_MS..0).contains(&differs) {
            let (since, least) = self.late.map_or((then, seen), |(since, least)| (since, least.max(seen)));
            self.late = Some((since, least));
            if then.since(since) < BELIEVED_AFTER {
                return;
            }
            least
        } else {
            seen
        };
        let used = self.used[0].max(self.used[1]);
        (self.skew, self.late) = (skew, None);
        self.first = self.counted_in(now).0;
        // What was counted in the wrong minute may all belong to this one.
        self.used = [used, 0];
    }

    /// The minute in which the answer's request was counted: the one that ends `Reset` seconds after `Date`.
    fn minute_of(&self, headers: &RateHeaders, then: Timestamp) -> i64 {
        let server = headers.date.map_or_else(|| self.server(then), Timestamp::unix_millis);
        match headers.reset.and_then(|reset| i64::try_from(reset.as_millis()).ok()) {
            Some(reset) => minute(server.saturating_add(reset).saturating_add(MINUTE_MS / 2)) - 1,
            None => minute(server),
        }
    }
}

fn minute(millis: i64) -> i64 {
    millis.div_euclid(MINUTE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64, millis: u64) -> Timestamp {
        Timestamp::from_unix_seconds(1_767_607_200 + seconds) + Duration::from_millis(millis)
    }

    fn dated(seconds: i64) -> RateHeaders {
        RateHeaders { date: Some(at(seconds, 0)), ..RateHeaders::default() }
    }

    #[test]
    fn an_answer_that_was_read_late_moves_no_minute() {
        let mut minutes = Minutes::new(40, 2);
        for second in 0..90 {
            // Each third answer is read some seconds after it came.
            let late = if second % 3 == 0 { 2 + u64::try_from(second % 7).unwrap() } else { 0 };
            let then = at(second, 300) + Duration::from_secs(late);
            minutes.learn(&dated(second), then, then);
            assert_eq!(minutes.skew, 0, "at second {second}");
        }
    }

    #[test]
    fn a_clock_that_is_ahead_is_believed_after_some_seconds_and_one_far_ahead_at_once() {
        let mut minutes = Minutes::new(40, 2);
        for (second, skew) in [(0, 0), (2, 0), (4, 0), (5, -2_800), (9, -2_800)] {
            let then = at(second + 3, 300);
            minutes.learn(&dated(second), then, then);
            assert_eq!(minutes.skew, skew, "at second {second}");
        }
        minutes.learn(&dated(10), at(3_610, 500), at(3_610, 500));
        assert_eq!(minutes.skew, -3_600_000);
        minutes.learn(&dated(12), at(13, 500), at(13, 500));
        assert_eq!(minutes.skew, -1_000, "a clock that is less far ahead than it seemed");
    }
}
