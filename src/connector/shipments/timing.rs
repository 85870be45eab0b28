//! The timing rules of shipments: when something is looked for, when it may be sent again, and when it is given up. Pure.
//!
//! No rule that could send a shipment twice relies on one clock. A recorded [`Event`] is judged by every clock that can
//! judge it: the host's wall clock, ShipStation's clock, and the monotonic clock of this process.

use std::time::Duration;

use crate::{Timestamp, connector::settings::ShipmentSettings};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// How old a look may be when something is sent on its strength. Sending a thousand takes half an hour.
pub(super) const FRESH: Duration = Duration::from_secs(300);
/// Changed orders are read from a little before the last look: two clocks are at work.
pub(super) const CHANGES_MARGIN: Duration = MINUTE;
/// Records are read from a little before they were made: two clocks are at work.
pub(super) const RECORDS_MARGIN: Duration = Duration::from_secs(300);
/// How long after an order was shipped its records may still be on their way.
pub(super) const RECORDS_LAG: Duration = Duration::from_secs(600);
/// A record that has not shown in the list after so long is asked for by its order.
pub(super) const RECORD_OVERDUE: Duration = HOUR;
/// How long the notice to the store is waited for.
pub(super) const NOTICE_MAY_TAKE: Duration = HOUR;
/// How far back a merge is looked for.
pub(super) const MERGED_WITHIN: Duration = Duration::from_secs(30 * 24 * 3600);
/// How far the cursor of a shipment source stays behind the present: a transaction that commits late must not be jumped.
pub(super) const SOURCE_LAG: Duration = MINUTE;

/// The longest wait between two attempts.
pub(super) const LONGEST_BACKOFF: Duration = Duration::from_secs(6 * 3600);
/// How long to wait for the rate limit if ShipStation does not say.
pub(super) const RATE_LIMIT_WAIT: Duration = MINUTE;
/// How long to wait before the credentials are tried again.
pub(super) const CREDENTIALS_WAIT: Duration = HOUR;
/// A shipment that waited for a week before its first attempt is not given up in its first bad hour: so many attempts
/// take at least an hour.
pub(super) const FEWEST_ATTEMPTS: u32 = 6;

/// How far apart looks become.
const LONGEST_BETWEEN_LOOKS: Duration = HOUR;
/// Requests of unknown outcome, after which a shipment is only looked for.
const MOST_UNKNOWN_OUTCOMES: u32 = 3;
/// By how much each unknown outcome lengthens the time before the next request.
const RESEND_FACTOR: u32 = 16;
/// The last look at a shipment that is not sent again comes so long after its last request, or later.
const LAST_LOOK: Duration = Duration::from_secs(4 * 3600);
/// ShipStation's `Date` counts whole seconds.
const DATE_RESOLUTION: Duration = Duration::from_secs(1);

/// A moment of the present process, as its clocks show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) host: Timestamp,
    pub(super) server: Option<Timestamp>,
    pub(super) monotonic: Option<Duration>,
}

impl Moment {
    /// The longest time that any clock of this process has counted since an earlier moment.
    pub(super) fn since(&self, earlier: &Self) -> Duration {
        let counted = self.monotonic.zip(earlier.monotonic).map(|(now, then)| now.saturating_sub(then));
        self.host.since(earlier.host).max(counted.unwrap_or_default())
    }

    /// This moment, with ShipStation's time as it became known by `later`.
    pub(super) fn with_server_of(self, later: &Self) -> Self {
        let passed = later.monotonic.zip(self.monotonic).map(|(now, then)| now.saturating_sub(then));
        let server = later.server.map(|server| server - passed.unwrap_or_default());
        Self { server: server.or(self.server), ..self }
    }

    /// ShipStation's time where it is known, else the host's.
    pub(super) fn server_or_host(&self) -> Timestamp {
        self.server.unwrap_or(self.host)
    }
}

/// When something happened, as a row of the outbox and this process remember it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) host: Timestamp,
    pub(super) server: Option<Timestamp>,
    pub(super) monotonic: Option<Reading>,
}

/// What the monotonic clock of this process says of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// It happened in this process, then.
    Happened(Duration),
    /// It was recorded by another process, and this one has known of it since then.
    FirstSeen(Duration),
}

impl Reading {
    pub(super) fn at(self) -> Duration {
        match self {
            Self::Happened(at) | Self::FirstSeen(at) => at,
        }
    }
}

impl Event {
    /// How much time has passed since, at least: the least that any clock has counted which can tell. Where only the wall
    /// clock can, the time counts that has passed since this process first saw the event. `None` if that is not known.
    pub(super) fn age(&self, now: &Moment) -> Option<Duration> {
        let [host, server, own] = self.ages(now);
        let independent = server.into_iter().chain(own).min();
        let first_seen = || match (self.monotonic, now.monotonic) {
            (Some(Reading::FirstSeen(then)), Some(now)) => Some(now.saturating_sub(then)),
            _ => None,
        };
        let other = independent.or_else(first_seen)?;
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
        let host = (self.host <= now.host).then(|| now.host.since(self.host));
        let server = self.server.zip(now.server.map(|now| now + DATE_RESOLUTION));
        let server = server.filter(|(then, now)| then <= now).map(|(then, now)| now.since(then));
        let own = match (self.monotonic, now.monotonic) {
            (Some(Reading::Happened(then)), Some(now)) => Some(now.saturating_sub(then)),
            _ => None,
        };
        [host, server, own]
    }

    /// The event as a moment. When another process was at work, this one's monotonic clock does not know when.
    fn moment(&self) -> Moment {
        let monotonic = match self.monotonic {
            Some(Reading::Happened(at)) => Some(at),
            _ => None,
        };
        Moment { host: self.host, server: self.server, monotonic }
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
    /// Whether a look may show something new. A look that comes too early is harmless: it only decides nothing.
    pub(super) fn look_is_due(&self, settings: &ShipmentSettings, now: &Moment) -> bool {
        let Some(looked) = &self.looked else { return true };
        let before = self.sent.age(&looked.moment()).unwrap_or_default();
        let first = settings.read_back_gap;
        let wait = (before / 4).min(LONGEST_BETWEEN_LOOKS).max(first);
        let to_the_last = resend_gap(settings, self.unknown_outcomes).saturating_sub(before);
        let wait = if to_the_last.is_zero() { wait } else { wait.min(to_the_last.max(first)) };
        looked.may_be_over(wait, now)
    }

    /// What a look at `now` proves that found nothing: together with the one before it, if that found nothing as well, late
    /// enough after the request and long enough ago.
    pub(super) fn next_step(&self, settings: &ShipmentSettings, now: &Moment) -> NextStep {
        let first = settings.read_back_gap;
        let before = self.looked.filter(|looked| {
            self.looks > 0 && looked.is_over(first, now) && self.sent.is_over(first, &looked.moment())
        });
        let gap = resend_gap(settings, self.unknown_outcomes);
        if before.is_none() || !self.sent.is_over(gap, now) {
            NextStep::LookAgain
        } else if self.unknown_outcomes >= MOST_UNKNOWN_OUTCOMES {
            NextStep::LeaveToPerson
        } else {
            NextStep::SendAgain
        }
    }
}

/// How long after a request the look may come that is followed by another request, or by a person's decision. It grows with
/// the unknown outcomes of the row.
fn resend_gap(settings: &ShipmentSettings, unknown_outcomes: u32) -> Duration {
    let first = settings.resend_after.max(settings.read_back_gap);
    let factor = RESEND_FACTOR.saturating_pow(unknown_outcomes.clamp(1, MOST_UNKNOWN_OUTCOMES - 1) - 1);
    let gap = first.saturating_mul(factor);
    if unknown_outcomes >= MOST_UNKNOWN_OUTCOMES { gap.max(LAST_LOOK) } else { gap }
}

/// The wait after so many attempts, the one that has just failed not counted. The spread, up to a quarter more by a random
/// share from 0 to 1, keeps a batch that failed together from coming back together.
pub(super) fn backoff(first: Duration, attempts: u32, share: f64) -> Duration {
    let wait = first.saturating_mul(1 << attempts.min(16)).min(LONGEST_BACKOFF);
    wait + wait.mul_f64(share / 4.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_772_000_000;

    /// A moment so many seconds after the start, on all clocks.
    fn at(seconds: u64) -> Moment {
        let time = Timestamp::from_unix_seconds(START) + Duration::from_secs(seconds);
        Moment { host: time, server: Some(time), monotonic: Some(Duration::from_secs(seconds)) }
    }

    fn happened(moment: &Moment) -> Event {
        let Moment { host, server, monotonic } = *moment;
        Event { host, server, monotonic: monotonic.map(Reading::Happened) }
    }

    /// The same event as another process sees it for the first time at `seen`.
    fn of_another_process(moment: &Moment, seen: &Moment) -> Event {
        Event { monotonic: seen.monotonic.map(Reading::FirstSeen), ..happened(moment) }
    }

    #[test]
    fn every_clock_that_can_tell_must_agree() {
        let sent = happened(&at(0));
        assert!(sent.is_over(MINUTE, &at(60)));
        let stepped = |change: fn(&mut Moment)| {
            let mut moment = at(60);
            change(&mut moment);
            sent.is_over(MINUTE, &moment)
        };
        assert!(!stepped(|now| now.host = now.host - MINUTE / 2), "the wall clock says no");
        assert!(!stepped(|now| now.server = Some(at(20).host)), "ShipStation's clock says no");
        assert!(!stepped(|now| now.monotonic = Some(MINUTE / 2)), "the monotonic clock says no");
        assert!(stepped(|now| now.host = at(0).host - HOUR), "set back to before the event, it cannot tell");
        assert!(stepped(|now| now.server = None), "two are left");
        assert!(stepped(|now| now.monotonic = None), "two are left");
    }

    #[test]
    fn the_wall_clock_alone_is_not_believed() {
        let alone = |seconds| Moment { server: None, ..at(seconds) };
        let year = 365 * 24 * 3600;
        let seen = of_another_process(&alone(0), &alone(year));
        assert!(!seen.is_over(MINUTE, &alone(year + 59)), "the gap begins when this process first sees it");
        assert!(seen.is_over(MINUTE, &alone(year + 60)));
        let never = Event { monotonic: None, ..seen };
        assert!(!never.is_over(MINUTE, &Moment { monotonic: None, ..alone(year) }));
        assert!(
            never.is_over_at_last(MINUTE, &Moment { monotonic: None, ..alone(year) }),
            "a person may be asked"
        );
        assert!(never.may_be_over(MINUTE, &alone(60)), "and a look does no harm");
    }

    #[test]
    fn the_clock_of_shipstation_replaces_that_of_a_process_that_is_gone() {
        let sent = of_another_process(&at(0), &at(100));
        assert!(sent.is_over(MINUTE, &at(100)), "at once: two clocks agree");
        let mut hour_ahead = at(30);
        hour_ahead.host = at(3630).host;
        assert!(!sent.is_over(MINUTE, &hour_ahead), "an hour forward by the wall clock only");
        assert!(sent.may_be_over(MINUTE, &hour_ahead));
    }

    #[test]
    fn whole_seconds_of_the_date_delay_nothing() {
        let mut now = at(60);
        now.server = Some(at(59).host);
        assert!(happened(&at(0)).is_over(MINUTE, &now));
        let early = Event { server: Some(at(1).host), ..happened(&at(0)) };
        assert!(!early.is_over(MINUTE, &at(59)));
    }

    #[test]
    fn a_look_is_as_old_as_its_beginning() {
        let begun = Moment { server: None, ..at(10) };
        assert_eq!(begun.with_server_of(&at(40)), at(10));
        assert_eq!(at(10).with_server_of(&Moment { server: None, ..at(40) }), at(10));
        assert_eq!(Moment { host: at(0).host, ..at(40) }.since(&at(10)), Duration::from_secs(30));
    }

    /// The minutes at which a shipment is looked for by a run every minute, and what the last look decides.
    fn looks(unknown_outcomes: u32) -> (Vec<u64>, NextStep) {
        let settings = ShipmentSettings::default();
        let mut search = Search { sent: happened(&at(0)), looked: None, looks: 0, unknown_outcomes };
        let mut minutes = Vec::new();
        for minute in 0.. {
            let now = at(minute * 60);
            if !search.look_is_due(&settings, &now) {
                continue;
            }
            minutes.push(minute);
            match search.next_step(&settings, &now) {
                NextStep::LookAgain => search.looks += 1,
                last => return (minutes, last),
            }
            search.looked = Some(happened(&now));
        }
        unreachable!()
    }

    #[test]
    fn a_shipment_is_sent_again_after_four_minutes_then_after_an_hour_then_never() {
        assert_eq!(looks(1), (vec![0, 1, 2, 3, 4], NextStep::SendAgain));
        let (minutes, last) = looks(2);
        assert_eq!((minutes.last(), last), (Some(&64), NextStep::SendAgain));
        assert!(minutes.len() < 20, "{minutes:?}");
        for unknown_outcomes in [3, 9] {
            let (minutes, last) = looks(unknown_outcomes);
            assert_eq!((minutes.last(), last), (Some(&240), NextStep::LeaveToPerson));
            assert!(minutes.len() < 25, "{minutes:?}");
        }
    }

    #[test]
    fn one_late_look_is_not_two() {
        let settings = ShipmentSettings::default();
        let looked = Some(happened(&at(0)));
        let search = Search { sent: happened(&at(0)), looked, looks: 1, unknown_outcomes: 1 };
        assert_eq!(search.next_step(&settings, &at(3600)), NextStep::LookAgain, "the first one came at once");
        let second = Search { looked: Some(happened(&at(3600))), looks: 2, ..search };
        assert_eq!(second.next_step(&settings, &at(3659)), NextStep::LookAgain, "the two are apart");
        assert_eq!(second.next_step(&settings, &at(3660)), NextStep::SendAgain);
        let inconclusive = Search { looks: 0, ..second };
        assert_eq!(inconclusive.next_step(&settings, &at(3660)), NextStep::LookAgain);
    }

    #[test]
    fn longer_gaps_of_the_settings_are_kept() {
        let mut settings = ShipmentSettings { read_back_gap: MINUTE * 10, ..ShipmentSettings::default() };
        assert_eq!(resend_gap(&settings, 1), MINUTE * 10, "never before the second look");
        settings.resend_after = HOUR;
        assert_eq!((resend_gap(&settings, 1), resend_gap(&settings, 2)), (HOUR, HOUR * 16));
        assert_eq!(resend_gap(&settings, u32::MAX), HOUR * 16);
    }

    #[test]
    fn back_off_doubles_up_to_six_hours() {
        for (attempts, least) in [(0, 60), (1, 120), (5, 1920), (30, 6 * 3600)] {
            let wait = backoff(MINUTE, attempts, 0.5);
            assert!(
                wait >= Duration::from_secs(least) && wait <= Duration::from_secs(least * 5 / 4 + 1),
                "{wait:?}"
            );
        }
    }
}
