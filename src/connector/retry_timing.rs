//! When a request of unknown outcome is looked for, when it may be sent again, and when it is given up; how long anything waits
//! for another attempt. Pure.
//!
//! No rule that could send something twice relies on one clock. A recorded [`Event`] is judged by every clock that can
//! judge it: the host's wall clock, ShipStation's clock, and the monotonic clock of this process.

use std::{collections::HashMap, hash::Hash, sync::Mutex, time::Duration};

use super::{clocks::HostTime, lookup::OLDEST_READ};
use crate::{
    Timestamp,
    channel::RetryClass,
    client::ShipStation,
    locked::locked,
    time::{HOUR, MINUTE},
};

/// How old a look may be when something is sent on its strength. Sending a thousand takes half an hour.
const MAX_PREFLIGHT_AGE: Duration = Duration::from_secs(300);
/// How long this process remembers what it did. Longer than anything waits for: what is older decides nothing.
const REMEMBERED: Duration = Duration::from_secs(8 * 24 * 3600);
/// The longest wait between two attempts.
const MAX_BACKOFF: Duration = HOUR.saturating_mul(6);
/// How long to wait for the rate limit if ShipStation does not say.
const RATE_LIMIT_WAIT: Duration = MINUTE;
/// How long to wait before the credentials are tried again.
const CREDENTIALS_WAIT: Duration = HOUR;
/// How far apart looks become.
const MAX_LOOKUP_INTERVAL: Duration = HOUR;
/// By how much each unknown outcome lengthens the time before the next request.
const RESEND_FACTOR: u32 = 16;
/// The last look at a shipment that is not sent again comes so long after its last request, or later.
const LAST_LOOK: Duration = Duration::from_secs(4 * 3600);
/// ShipStation's `Date` counts whole seconds.
const SERVER_DATE_RESOLUTION: Duration = Duration::from_secs(1);
/// An answer may have been on its way for so long, and the time that it tells be behind by that.
const OLDEST_ANSWER: Duration = Duration::from_secs(600);
/// An order that is not found is gone if it was not found so long before either: no read is as stale.
pub(super) const GONE_AFTER: Duration = OLDEST_READ;

/// The lengths of time that are set.
#[derive(Debug, Clone, Copy)]
pub(super) struct LookTimes {
    /// How long after a request, and after a look, the next look counts.
    pub(super) lookup_interval: Duration,
    /// How long after a request the look may come after which it is sent again.
    pub(super) resend_after: Duration,
    /// When to stop trying.
    pub(super) give_up_after: Duration,
    /// After so many requests of unknown outcome it is only looked for.
    pub(super) max_requests: u32,
}

/// A moment of the present process, by the host's clocks and by ShipStation's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) host: HostTime,
    pub(super) server: Option<Timestamp>,
}

impl Moment {
    pub(super) fn now(client: &ShipStation) -> Self {
        Self { host: HostTime::now(&**client.clock()), server: client.server_time() }
    }

    /// Whether something that was read at an earlier moment is too old to send anything on its strength.
    pub(super) fn has_outdated(&self, earlier: &Self) -> bool {
        self.host.longest_since(earlier.host) >= MAX_PREFLIGHT_AGE
    }

    /// This moment, with ShipStation's time as it became known by `later`.
    pub(super) fn with_server_of(self, later: &Self) -> Self {
        let passed = later.host.monotonic.zip(self.host.monotonic);
        let passed = passed.map(|(now, then)| now.saturating_sub(then));
        let server = later.server.map(|server| server - passed.unwrap_or_default());
        Self { server: server.or(self.server), ..self }
    }

    /// ShipStation's time where it is known, else the host's.
    pub(super) fn server_or_host(&self) -> Timestamp {
        self.server.unwrap_or(self.host.wall)
    }
}

/// When something happened, as a row of the outbox and this process remember it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Event {
    /// When another process was at work, this one's monotonic clock does not know when.
    pub(super) at: Moment,
    /// Since when this process has known what another one did, by its monotonic clock.
    pub(super) first_seen: Option<Duration>,
}

impl Event {
    /// How much time has passed since, at least: the least that any clock has counted which can tell. Where only the wall
    /// clock can, the time counts that has passed since this process first saw the event. `None` if that is not known.
    pub(super) fn age(&self, now: &Moment) -> Option<Duration> {
        let [host, server, own] = self.ages(now);
        let independent = server.into_iter().chain(own).min();
        let known_for = self.first_seen.zip(now.host.monotonic).map(|(then, now)| now.saturating_sub(then));
        let other = independent.or(known_for)?;
        Some(host.map_or(other, |host| host.min(other)))
    }

    /// Whether `gap` has passed since, by every clock that can tell.
    pub(super) fn is_over(&self, gap: Duration, now: &Moment) -> bool {
        self.age(now).is_some_and(|age| age >= gap)
    }

    /// The same where the wall clock alone may tell. For what a person is asked to look at: processes that are too
    /// short-lived for [`is_over`](Self::is_over) must come to an end as well.
    pub(super) fn is_over_at_last(&self, gap: Duration, now: &Moment) -> bool {
        self.ages(now).into_iter().flatten().min().is_some_and(|age| age >= gap)
    }

    /// Whether `gap` may have passed since: one clock says so, or none can tell.
    fn may_be_over(&self, gap: Duration, now: &Moment) -> bool {
        self.ages(now).into_iter().flatten().max().is_none_or(|age| age >= gap)
    }

    /// What has passed since by the wall clock, ShipStation's clock and the monotonic one, where it can tell. A clock that was
    /// set back to before the event cannot; ShipStation's is only behind, if not by much.
    fn ages(&self, now: &Moment) -> [Option<Duration>; 3] {
        let then = &self.at;
        let host = (then.host.wall <= now.host.wall).then(|| now.host.wall.since(then.host.wall));
        let server = then.server.zip(now.server.map(|now| now + SERVER_DATE_RESOLUTION));
        let server =
            server.filter(|(then, now)| *then <= *now + OLDEST_ANSWER).map(|(then, now)| now.since(then));
        let own = then.host.monotonic.zip(now.host.monotonic).map(|(then, now)| now.saturating_sub(then));
        [host, server, own]
    }
}

/// When this process sent shipments and looked for them, by the monotonic clock; another process has another clock. An
/// event is known by its row and by the host's time of it.
#[derive(Debug)]
pub(super) struct Readings<K>(Mutex<HashMap<(K, Timestamp), Reading>>);

#[derive(Debug, Clone, Copy)]
struct Reading {
    at: Duration,
    /// Whether the event happened then; else it was seen for the first time.
    is_own: bool,
}

impl<K> Default for Readings<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Clone + Eq + Hash> Readings<K> {
    /// Remembers what happened to a row at `moment`, in this process.
    pub(super) fn note(&self, row: &K, moment: &Moment) {
        if let Some(at) = moment.host.monotonic {
            locked(&self.0).insert((row.clone(), moment.host.wall), Reading { at, is_own: true });
        }
    }

    /// What happened to a row at these times. What another process did is known from now on.
    pub(super) fn event(&self, row: &K, wall: Timestamp, server: Option<Timestamp>, now: &Moment) -> Event {
        let reading = now
            .host
            .monotonic
            .map(|at| *locked(&self.0).entry((row.clone(), wall)).or_insert(Reading { at, is_own: false }));
        let own = reading.filter(|reading| reading.is_own).map(|reading| reading.at);
        let first_seen = reading.filter(|reading| !reading.is_own).map(|reading| reading.at);
        Event { at: Moment { host: HostTime { wall, monotonic: own }, server }, first_seen }
    }

    /// Forgets what is too old to matter.
    pub(super) fn forget_old(&self, now: &Moment) {
        if let Some(now) = now.host.monotonic {
            locked(&self.0).retain(|_, reading| now.saturating_sub(reading.at) < REMEMBERED);
        }
    }
}

/// A request whose outcome is unknown: when it was sent and looked for, and how often.
#[derive(Debug, Clone, Copy)]
pub(super) struct Search {
    pub(super) sent: Event,
    pub(super) looked: Option<Event>,
    /// Looks in a row, up to the last one, that found the order open and nothing of ours.
    pub(super) looks: u32,
    /// How many requests for the same had an unknown outcome, this one included.
    pub(super) unknown_outcomes: u32,
}

/// What follows from a complete look that found the order open and nothing of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NextStep {
    /// It is looked for again.
    LookAgain,
    /// The shipment may be sent again.
    SendAgain,
    /// The crate sends it no more: a person decides.
    LeaveToPerson,
}

impl Search {
    /// Whether a look may show something new. A look that comes too early is harmless: it only decides nothing. One that was made
    /// while the host's clock was far ahead keeps nothing waiting.
    pub(super) fn look_is_due(&self, times: &LookTimes, now: &Moment) -> bool {
        let Some(looked) = &self.looked else { return true };
        if looked.at.host.wall > now.host.wall + MAX_LOOKUP_INTERVAL {
            return true;
        }
        let before = self.sent.age(&looked.at).unwrap_or_default();
        let first = times.lookup_interval;
        let wait = (before / 4).min(MAX_LOOKUP_INTERVAL).max(first);
        let to_the_last = resend_gap(times, self.unknown_outcomes).saturating_sub(before);
        let wait = if to_the_last.is_zero() { wait } else { wait.min(to_the_last.max(first)) };
        looked.may_be_over(wait, now)
    }

    /// Whether it was looked for, and for as long as anything is tried.
    pub(super) fn is_given_up(&self, times: &LookTimes, now: &Moment) -> bool {
        self.looked.is_some() && self.sent.is_over_at_last(times.give_up_after, now)
    }

    /// The same where ShipStation does not answer: its clock or this process's has to say so too.
    pub(super) fn is_given_up_unanswered(&self, times: &LookTimes, now: &Moment) -> bool {
        let (sent, after) = (&self.sent, times.give_up_after);
        // Of a request that was sent before any answer told the time, the host's clock is all there is.
        let then = sent.at.server.unwrap_or(sent.at.host.wall);
        let by_server = now.server.is_some_and(|server| server.since(then) >= after);
        self.is_given_up(times, now) && (by_server || sent.is_over(after, now))
    }

    /// Whether the last look is so long ago.
    pub(super) fn is_apart(&self, gap: Duration, now: &Moment) -> bool {
        self.looked.is_some_and(|looked| looked.is_over(gap, now))
    }

    /// Whether a look that began at `begun` proves something if it finds nothing.
    pub(super) fn is_late_enough(&self, times: &LookTimes, begun: &Moment) -> bool {
        self.sent.is_over(times.lookup_interval, begun)
    }

    /// The looks in a row that prove something; none if the last one came too early.
    pub(super) fn looks_that_count(&self, times: &LookTimes) -> u32 {
        let is_late_enough = self.looked.is_some_and(|looked| self.is_late_enough(times, &looked.at));
        if is_late_enough { self.looks } else { 0 }
    }

    /// Whether the request has left so shortly before that it may still be on its way.
    pub(super) fn may_be_under_way(&self, times: &LookTimes, now: &Moment) -> bool {
        !self.sent.is_over_at_last(resend_gap(times, 1), now)
    }

    /// Whether a time in the row lies so far ahead that no wait explains it.
    pub(super) fn is_dated_ahead(&self, latest: Timestamp) -> bool {
        self.looked.iter().chain([&self.sent]).any(|event| event.at.host.wall > latest)
    }

    /// What a look at `now` proves that found nothing: together with the one before it, if that found nothing as well, late
    /// enough after the request and long enough ago.
    pub(super) fn next_step(&self, times: &LookTimes, now: &Moment) -> NextStep {
        let first = times.lookup_interval;
        let before = self.looked.filter(|looked| looked.is_over(first, now));
        let gap = resend_gap(times, self.unknown_outcomes);
        if before.is_none() || self.looks_that_count(times) == 0 || !self.sent.is_over(gap, now) {
            NextStep::LookAgain
        } else if self.unknown_outcomes >= times.max_requests {
            NextStep::LeaveToPerson
        } else {
            NextStep::SendAgain
        }
    }
}

/// How long after a request the look may come that is followed by another request, or by a person's decision. It grows with
/// the unknown outcomes.
fn resend_gap(times: &LookTimes, unknown_outcomes: u32) -> Duration {
    let first = times.resend_after.max(times.lookup_interval);
    let factor = RESEND_FACTOR.saturating_pow(unknown_outcomes.clamp(1, times.max_requests.max(2) - 1) - 1);
    let gap = first.saturating_mul(factor);
    if unknown_outcomes >= times.max_requests { gap.max(LAST_LOOK) } else { gap }
}

/// How long a row waits that could not be sent or looked at after so many attempts; `asked` is what ShipStation asks for,
/// and `share`, from 0 to 1, how much of the spread is added.
pub(super) fn retry_wait(
    first: Duration,
    attempts: u32,
    class: RetryClass,
    asked: Option<Duration>,
    share: f64,
) -> Duration {
    match class {
        RetryClass::Credentials => CREDENTIALS_WAIT,
        RetryClass::RateLimited => asked.map_or(RATE_LIMIT_WAIT, |wait| wait.min(MAX_BACKOFF)),
        _ => backoff(first, attempts, share),
    }
}

/// The wait after so many attempts, the one that has just failed not counted. The spread, a drawn share of a quarter more,
/// keeps a batch that failed together from coming back together.
pub(super) fn backoff(first: Duration, attempts: u32, share: f64) -> Duration {
    let wait = first.saturating_mul(1 << attempts.min(16)).min(MAX_BACKOFF);
    wait + wait.mul_f64(share / 4.0)
}

#[cfg(test)]
mod tests;
