//! The timing rules of shipments: when something is looked for, when it may be sent again, and when it is given up. Pure.
//!
//! No rule that could send a shipment twice relies on one clock. A recorded [`Event`] is judged by every clock that can
//! judge it: the host's wall clock, ShipStation's clock, and the monotonic clock of this process.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use crate::{
    Timestamp,
    channel::{OutboxId, RetryClass, ShipmentState, store::OutboxRow},
    client::ShipStation,
    connector::{clocks::HostTime, lookup::OLDEST_READ, settings::ShipmentSettings},
    locked::locked,
    time::{DAY, HOUR, MINUTE},
};

/// How old a look may be when something is sent on its strength. Sending a thousand takes half an hour.
const MAX_PREFLIGHT_AGE: Duration = Duration::from_secs(300);
/// Changed orders are read from a little before the last look: two clocks are at work.
pub(super) const CHANGES_MARGIN: Duration = MINUTE;
/// Records are read from a little before they were made: two clocks are at work.
pub(super) const RECORDS_MARGIN: Duration = Duration::from_secs(300);
/// How long after an order was shipped its records may still be on their way.
pub(super) const RECORDS_LAG: Duration = Duration::from_secs(600);
/// A record that has not shown in the list after so long is asked for by its order.
const RECORD_OVERDUE: Duration = HOUR;
/// How long the notice to the store is waited for.
const NOTICE_MAY_TAKE: Duration = HOUR;
/// How far back a merge is looked for.
pub(super) const MERGED_WITHIN: Duration = Duration::from_secs(30 * 24 * 3600);
/// How far the cursor of a shipment source stays behind the present: a transaction that commits late must not be jumped.
pub(super) const SOURCE_LAG: Duration = MINUTE;
/// How long this process remembers what it did. Longer than anything waits for: what is older decides nothing.
const REMEMBERED: Duration = Duration::from_secs(8 * 24 * 3600);
/// A shipment may leave a little before its order is made in ShipStation, which fetches it from the store.
const LEFT_BEFORE_ORDER: Duration = DAY;
/// The first second of 2011, UTC: nothing was shipped by ShipStation before.
const FIRST_SHIPMENT: i64 = 1_293_840_000;

/// The longest wait between two attempts.
const MAX_BACKOFF: Duration = HOUR.saturating_mul(6);
/// How long to wait for the rate limit if ShipStation does not say.
const RATE_LIMIT_WAIT: Duration = MINUTE;
/// How long to wait before the credentials are tried again.
const CREDENTIALS_WAIT: Duration = HOUR;
/// A shipment that waited for a week before its first attempt is not given up in its first bad hour: so many attempts
/// take at least an hour.
const MIN_ATTEMPTS: u32 = 6;

/// An order that is not found is gone if it was not found so long before either: no read is as stale.
pub(super) const GONE_AFTER: Duration = OLDEST_READ;
/// How far apart looks become.
const MAX_LOOKUP_INTERVAL: Duration = HOUR;
/// Requests of unknown outcome, after which a shipment is only looked for.
const MAX_UNKNOWN_OUTCOMES: u32 = 3;
/// By how much each unknown outcome lengthens the time before the next request.
const RESEND_FACTOR: u32 = 16;
/// The last look at a shipment that is not sent again comes so long after its last request, or later.
const LAST_LOOK: Duration = Duration::from_secs(4 * 3600);
/// ShipStation's `Date` counts whole seconds.
const SERVER_DATE_RESOLUTION: Duration = Duration::from_secs(1);

/// How long after an order was shipped it says nothing that no record shows by whom. Longer where it may have been us: then no
/// read that is behind is taken for somebody else's shipment.
pub(super) const fn records_lag(may_be_ours: bool) -> Duration {
    if may_be_ours { OLDEST_READ } else { RECORDS_LAG }
}

/// A moment of the present process, by the host's clocks and by ShipStation's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) host: HostTime,
    pub(super) server: Option<Timestamp>,
}

impl Moment {
    /// The present.
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
    /// set back to before the event cannot.
    fn ages(&self, now: &Moment) -> [Option<Duration>; 3] {
        let then = &self.at;
        let host = (then.host.wall <= now.host.wall).then(|| now.host.wall.since(then.host.wall));
        let server = then.server.zip(now.server.map(|now| now + SERVER_DATE_RESOLUTION));
        let server = server.filter(|(then, now)| then <= now).map(|(then, now)| now.since(then));
        let own = then.host.monotonic.zip(now.host.monotonic).map(|(then, now)| now.saturating_sub(then));
        [host, server, own]
    }
}

/// When this process sent shipments and looked for them, by the monotonic clock; another process has another clock. An
/// event is known by its row and by the host's time of it.
#[derive(Debug, Default)]
pub(in crate::connector) struct Readings(Mutex<HashMap<(OutboxId, Timestamp), Reading>>);

#[derive(Debug, Clone, Copy)]
struct Reading {
    at: Duration,
    /// Whether the event happened then; else it was seen for the first time.
    is_own: bool,
}

impl Readings {
    /// Remembers what happened to a row at `moment`, in this process.
    pub(super) fn note(&self, row: &OutboxId, moment: &Moment) {
        if let Some(at) = moment.host.monotonic {
            locked(&self.0).insert((row.clone(), moment.host.wall), Reading { at, is_own: true });
        }
    }

    /// What happened to a row at these times. What another process did is known from now on.
    pub(super) fn event(
        &self,
        row: &OutboxId,
        wall: Timestamp,
        server: Option<Timestamp>,
        now: &Moment,
    ) -> Event {
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

/// A shipment whose outcome is unknown: when it was sent and looked for, and how often.
#[derive(Debug, Clone, Copy)]
pub(super) struct Search {
    pub(super) sent: Event,
    pub(super) looked: Option<Event>,
    /// Looks in a row, up to the last one, that found the order open and nothing of ours.
    pub(super) looks: u32,
    /// How many of the row's requests had an unknown outcome, this one included.
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
    pub(super) fn look_is_due(&self, settings: &ShipmentSettings, now: &Moment) -> bool {
        let Some(looked) = &self.looked else { return true };
        if looked.at.host.wall > now.host.wall + MAX_LOOKUP_INTERVAL {
            return true;
        }
        let before = self.sent.age(&looked.at).unwrap_or_default();
        let first = settings.lookup_interval;
        let wait = (before / 4).min(MAX_LOOKUP_INTERVAL).max(first);
        let to_the_last = resend_gap(settings, self.unknown_outcomes).saturating_sub(before);
        let wait = if to_the_last.is_zero() { wait } else { wait.min(to_the_last.max(first)) };
        looked.may_be_over(wait, now)
    }

    /// Whether it was looked for, and for as long as anything is tried.
    pub(super) fn is_given_up(&self, settings: &ShipmentSettings, now: &Moment) -> bool {
        self.looked.is_some() && self.sent.is_over_at_last(settings.give_up_after, now)
    }

    /// The same where ShipStation does not answer: its clock or this process's has to say so too.
    pub(super) fn is_given_up_unanswered(&self, settings: &ShipmentSettings, now: &Moment) -> bool {
        let (sent, after) = (&self.sent, settings.give_up_after);
        // Of a request that was sent before any answer told the time, the host's clock is all there is.
        let then = sent.at.server.unwrap_or(sent.at.host.wall);
        let by_server = now.server.is_some_and(|server| server.since(then) >= after);
        self.is_given_up(settings, now) && (by_server || sent.is_over(after, now))
    }

    /// Whether the last look is so long ago.
    pub(super) fn is_apart(&self, gap: Duration, now: &Moment) -> bool {
        self.looked.is_some_and(|looked| looked.is_over(gap, now))
    }

    /// Whether a look that began at `begun` proves something if it finds nothing.
    pub(super) fn is_late_enough(&self, settings: &ShipmentSettings, begun: &Moment) -> bool {
        self.sent.is_over(settings.lookup_interval, begun)
    }

    /// The looks in a row that prove something; none if the last one came too early.
    pub(super) fn looks_that_count(&self, settings: &ShipmentSettings) -> u32 {
        let is_late_enough = self.looked.is_some_and(|looked| self.is_late_enough(settings, &looked.at));
        if is_late_enough { self.looks } else { 0 }
    }

    /// Whether the request has left so shortly before that it may still be on its way.
    pub(super) fn may_be_under_way(&self, settings: &ShipmentSettings, now: &Moment) -> bool {
        !self.sent.is_over_at_last(resend_gap(settings, 1), now)
    }

    /// Whether a time in the row lies so far ahead that no wait explains it.
    pub(super) fn is_dated_ahead(&self, latest: Timestamp) -> bool {
        self.looked.iter().chain([&self.sent]).any(|event| event.at.host.wall > latest)
    }

    /// What a look at `now` proves that found nothing: together with the one before it, if that found nothing as well, late
    /// enough after the request and long enough ago.
    pub(super) fn next_step(&self, settings: &ShipmentSettings, now: &Moment) -> NextStep {
        let first = settings.lookup_interval;
        let before = self.looked.filter(|looked| looked.is_over(first, now));
        let gap = resend_gap(settings, self.unknown_outcomes);
        if before.is_none() || self.looks_that_count(settings) == 0 || !self.sent.is_over(gap, now) {
            NextStep::LookAgain
        } else if self.unknown_outcomes >= MAX_UNKNOWN_OUTCOMES {
            NextStep::LeaveToPerson
        } else {
            NextStep::SendAgain
        }
    }
}

/// How long after a request the look may come that is followed by another request, or by a person's decision. It grows with
/// the unknown outcomes of the row.
fn resend_gap(settings: &ShipmentSettings, unknown_outcomes: u32) -> Duration {
    let first = settings.resend_after.max(settings.lookup_interval);
    let factor = RESEND_FACTOR.saturating_pow(unknown_outcomes.clamp(1, MAX_UNKNOWN_OUTCOMES - 1) - 1);
    let gap = first.saturating_mul(factor);
    if unknown_outcomes >= MAX_UNKNOWN_OUTCOMES { gap.max(LAST_LOOK) } else { gap }
}

/// How long a row waits that could not be sent or looked at after so many attempts; `asked` is what ShipStation asks for,
/// and `share`, from 0 to 1, how much of the spread is added.
pub(super) fn retry_wait(
    settings: &ShipmentSettings,
    attempts: u32,
    class: RetryClass,
    asked: Option<Duration>,
    share: f64,
) -> Duration {
    match class {
        RetryClass::Credentials => CREDENTIALS_WAIT,
        RetryClass::RateLimited => asked.map_or(RATE_LIMIT_WAIT, |wait| wait.min(MAX_BACKOFF)),
        _ => backoff(settings.backoff, attempts, share),
    }
}

/// How long a row waits whose order is to be looked at again, since one look does not count.
pub(super) fn next_look_wait(settings: &ShipmentSettings, attempts: u32, share: f64) -> Duration {
    backoff(settings.backoff, attempts, share).max(settings.lookup_interval)
}

/// For how long a row has been tried in vain, if that is as long as anything is tried. ShipStation's clock has to say so too,
/// as it is known now or was at the last attempt: a row of which no answer tells the time is tried on.
pub(super) fn tried_in_vain(settings: &ShipmentSettings, row: &OutboxRow, now: &Moment) -> Option<Duration> {
    let at_last_attempt = match row.state {
        ShipmentState::RetryWait { server_since, .. } => server_since,
        _ => None,
    };
    let after = now.server.or(at_last_attempt)?.min(now.host.wall).since(row.enqueued_at);
    (row.attempts >= MIN_ATTEMPTS && after >= settings.give_up_after).then_some(after)
}

/// Whether the record of something that was accepted should have shown long ago. What is dated ahead was sent while the
/// host's clock was wrong, nobody knows when.
pub(super) fn is_record_overdue(sent_at: Timestamp, now: Timestamp) -> bool {
    sent_at > now || now.since(sent_at) >= RECORD_OVERDUE
}

/// Whether the notice to the store may still be on its way.
pub(super) fn is_notice_awaited(sent_at: Timestamp, now: Timestamp) -> bool {
    now.since(sent_at) < NOTICE_MAY_TAKE
}

/// The instant at which a shipment left, as far as that can be: neither ahead nor long before its order was made.
pub(super) fn plausible_ship_time(
    said: Timestamp,
    enqueued_at: Timestamp,
    order_created_at: Option<Timestamp>,
    latest: Timestamp,
) -> Timestamp {
    let is_unset = said < Timestamp::from_unix_seconds(FIRST_SHIPMENT);
    let earliest = match order_created_at {
        Some(created) => created - LEFT_BEFORE_ORDER,
        None if is_unset => enqueued_at,
        None => said,
    };
    said.max(earliest).min(latest)
}

/// The wait after so many attempts, the one that has just failed not counted. The spread, a drawn share of a quarter more,
/// keeps a batch that failed together from coming back together.
fn backoff(first: Duration, attempts: u32, share: f64) -> Duration {
    let wait = first.saturating_mul(1 << attempts.min(16)).min(MAX_BACKOFF);
    wait + wait.mul_f64(share / 4.0)
}

#[cfg(test)]
mod tests;
