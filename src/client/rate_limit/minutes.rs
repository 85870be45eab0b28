//! The arithmetic of ShipStation's clock minute: what is counted in which, and when one more may be sent. No waiting, no clock.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::RateHeaders;
use crate::Timestamp;

/// Where the server's minute ends is known to about a second: its `Date` has no fraction.
const CLOCK_UNCERTAINTY_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60_000;
/// No clock is set more wrongly: ten years.
const MAX_SKEW_MS: i64 = 10 * 366 * 24 * 3_600_000;
/// An instant lies on average so far behind the `Date` that is written for it.
const DATE_RESOLUTION_MS: i64 = 500;
/// For how long all answers have to be late before they are not.
const BELIEVED_AFTER: Duration = Duration::from_secs(5);
/// How long after one late answer another one still goes on from it.
const LATE_IN_A_ROW: Duration = Duration::from_secs(10);
/// A 429 blocks every request of the key for two minutes at most; a longer `Retry-After` is the business of the call that got it.
const MAX_PAUSE: Duration = Duration::from_secs(120);

/// The minutes, the first and the last, in which ShipStation may count a request.
pub(super) type Counted = (i64, i64);

/// The counts of the present and the next minute, on the server's clock.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Minutes {
    limit: u32,
    /// No answer is trusted beyond this, whatever ShipStation says.
    #[serde(skip)]
    highest: u32,
    #[serde(skip)]
    reserve: u32,
    /// The server's clock minus the one that `now` is by, in milliseconds; 0 until an answer has told the time.
    skew: i64,
    is_skew_known: bool,
    /// Answers that show a clock further behind: since when, the last one, and by how much at least.
    late: Option<(Timestamp, Timestamp, i64)>,
    /// The minute that `counts[0]` is of; `counts[1]` is of the one after it.
    first: i64,
    counts: [Count; 2],
    /// After a 429: nothing before this instant on our own clock, whatever is learned about the server's meanwhile.
    closed_until: Timestamp,
}

/// Requests of one minute.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Count {
    /// That were taken here.
    taken: u32,
    /// That others have made, at least.
    others: u32,
    /// That ShipStation has counted, by its headers.
    seen: u32,
}

impl Count {
    fn used(self) -> u32 {
        self.taken.saturating_add(self.others)
    }

    fn of_unknown_minute(used: u32) -> Self {
        Self { taken: used, ..Self::default() }
    }

    /// What was seen and not taken here is others'.
    fn settle(&mut self) {
        self.others = self.others.max(self.seen.saturating_sub(self.taken));
    }
}

impl Minutes {
    pub(super) fn new(limit: u32, reserve: u32) -> Self {
        Self {
            limit: limit.max(1),
            highest: 0,
            reserve,
            skew: 0,
            is_skew_known: false,
            late: None,
            first: i64::MIN,
            counts: [Count::default(); 2],
            closed_until: Timestamp::UNIX_EPOCH,
        }
        .within(limit, reserve)
    }

    /// The same counts, used by a process with this limit of its own and this reserve.
    pub(super) fn within(mut self, limit: u32, reserve: u32) -> Self {
        self.highest = limit.max(1).saturating_mul(10);
        self.reserve = reserve;
        self.limit = self.limit.clamp(1, self.highest);
        self
    }

    /// Whether its clock may be one at all.
    pub(super) fn is_plausible(&self) -> bool {
        self.skew.saturating_abs() < MAX_SKEW_MS
    }

    pub(super) fn set_reserve(&mut self, requests: u32) {
        self.reserve = requests;
    }

    pub(super) fn set_limit(&mut self, limit: u32) {
        self.limit = limit.max(1);
    }

    pub(super) fn budget(&self) -> u32 {
        self.limit.saturating_sub(self.reserve).max(1)
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
            1 => self.counts = [self.counts[1], Count::default()],
            2.. => self.counts = [Count::default(); 2],
            // The clock was set back: what was counted may belong to the minute it shows now.
            _ => self.counts = [Count::of_unknown_minute(self.most_used()); 2],
        }
        self.first = earliest;
    }

    fn most_used(&self) -> u32 {
        self.counts[0].used().max(self.counts[1].used())
    }

    fn count(&mut self, minute: i64) -> Option<&mut Count> {
        let place = usize::try_from(minute.checked_sub(self.first)?).ok()?;
        self.counts.get_mut(place)
    }

    fn used_in(&mut self, minute: i64) -> u32 {
        self.count(minute).map_or(0, |count| count.used())
    }

    /// How long until a request may be sent; `None` for now.
    pub(super) fn wait(&mut self, now: Timestamp) -> Option<Duration> {
        let (earliest, latest) = self.counted_in(now);
        self.turn_to(earliest);
        let budget = self.budget();
        let window = if self.used_in(latest) >= budget {
            self.until_begin_of(latest.saturating_add(1), now, CLOCK_UNCERTAINTY_MS)
        } else if self.used_in(earliest) >= budget {
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
        budget.saturating_sub(self.used_in(earliest).max(self.used_in(latest)))
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
        let counted = self.counted_in(now);
        self.turn_to(counted.0);
        self.add(counted, requests);
        counted
    }

    fn add(&mut self, (earliest, latest): Counted, requests: u32) {
        for minute in earliest..=latest {
            if let Some(count) = self.count(minute) {
                count.taken = count.taken.saturating_add(requests);
            }
        }
    }

    /// Counts one that was taken `then`, in the present minutes.
    pub(super) fn note_taken(&mut self, then: Timestamp) {
        self.add(self.counted_in(then), 1);
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
            if let Some(count) = self.count(minute) {
                count.taken = count.taken.saturating_sub(requests);
                count.settle();
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
            self.limit = limit.min(self.highest);
        }
        self.turn_to(self.counted_in(now).0);
        let counted = self.minute_of(headers, then);
        if let Some(remaining) = headers.remaining {
            let seen = self.limit.saturating_sub(remaining);
            if let Some(count) = self.count(counted) {
                count.seen = count.seen.max(seen);
                count.settle();
            }
        }
        if headers.throttled {
            self.closed_until = self.closed_until.max(then + headers.wait().min(MAX_PAUSE));
        }
    }

    /// A difference within the margin is noise: `Date` is cut to the second and has traveled. An answer that was read late shows a
    /// clock that is ahead, so that this is believed once all answers have said so for a while; the first of all is believed at
    /// once, since the next one that is not late corrects it.
    fn learn_skew(&mut self, date: Timestamp, then: Timestamp, now: Timestamp) {
        let seen = date.unix_millis().saturating_add(DATE_RESOLUTION_MS).saturating_sub(then.unix_millis());
        let differs = seen.saturating_sub(self.skew);
        if differs >= -DATE_RESOLUTION_MS {
            self.late = None;
        }
        let is_first = !std::mem::replace(&mut self.is_skew_known, true);
        if differs.saturating_abs() <= CLOCK_UNCERTAINTY_MS {
            return;
        }
        let mut skew = seen;
        if differs < 0 && !is_first {
            let goes_on = self.late.filter(|(_, last, _)| then.since(*last) < LATE_IN_A_ROW);
            let (since, least) = goes_on.map_or((then, seen), |(since, _, least)| (since, least.max(seen)));
            self.late = Some((since, then, least));
            if then.since(since) < BELIEVED_AFTER {
                return;
            }
            skew = least;
        }
        let used = self.most_used();
        (self.skew, self.late) = (skew, None);
        let (earliest, latest) = self.counted_in(now);
        self.first = earliest;
        // What was counted in the wrong minute may all belong to this one.
        let used = Count::of_unknown_minute(used);
        self.counts = [used, if earliest == latest { Count::default() } else { used }];
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
            // Each third answer is read some seconds after it came, and one after half a minute.
            let late = match second {
                50 => 30,
                _ if second % 3 == 1 => 2 + u64::try_from(second % 7).unwrap(),
                _ => 0,
            };
            let then = at(second, 300) + Duration::from_secs(late);
            minutes.learn(&dated(second), then, then);
            assert_eq!(minutes.skew, 0, "at second {second}");
        }
    }

    #[test]
    fn the_first_answer_is_believed_and_a_clock_that_is_set_later_after_some_seconds() {
        let mut minutes = Minutes::new(40, 2);
        for (second, ahead, skew) in [
            (0, 9, -8_800),
            (1, 3, -2_800),
            (2, 3, -2_800),
            (9, 3_600, -2_800),
            (12, 3_600, -2_800),
            (13, 3_600, -2_800),
            (14, 3_600, -3_599_800),
            (16, 0, 200),
        ] {
            let then = at(second + ahead, 300);
            minutes.learn(&dated(second), then, then);
            assert_eq!(minutes.skew, skew, "at second {second}");
        }
    }

    #[test]
    fn what_is_given_back_never_lowers_what_shipstation_has_counted() {
        let (now, mut minutes) = (at(10, 0), Minutes::new(40, 2));
        let counted = minutes.take(now, 20);
        let remaining = |left| RateHeaders { remaining: Some(left), ..RateHeaders::default() };
        minutes.learn(&remaining(25), now, now);
        assert_eq!(minutes.room(now), 18, "the fifteen may be among those that were taken");
        minutes.give_back(counted, 20);
        assert_eq!(minutes.room(now), 23, "they were not");
        minutes.take(now, 10);
        assert_eq!(minutes.room(now), 13);
        minutes.learn(&remaining(0), now, now);
        minutes.give_back(counted, 10);
        assert_eq!(minutes.room(now), 0);
    }
}
