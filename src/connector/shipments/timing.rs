//! The timing rules of shipments, beside those of every [request of unknown outcome](crate::connector::retry_timing). Pure.

use std::time::Duration;

pub(super) use crate::connector::retry_timing::{
    Event, GONE_AFTER, LookTimes, Moment, NextStep, Search, backoff, retry_wait,
};
use crate::{
    Timestamp,
    channel::{ShipmentState, store::OutboxRow},
    connector::{lookup::OLDEST_READ, settings::ShipmentSettings},
    time::{DAY, HOUR, MINUTE},
};

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
/// How far the cursor of a shipment source stays behind the present: a transaction that commits a minute late, of a clock that is a
/// minute behind, must not be jumped.
pub(super) const SOURCE_LAG: Duration = Duration::from_secs(120);
/// A shipment may leave a little before its order is made in ShipStation, which fetches it from the store.
const LEFT_BEFORE_ORDER: Duration = DAY;
/// The first second of 2011, UTC: nothing was shipped by ShipStation before.
const FIRST_SHIPMENT: i64 = 1_293_840_000;
/// A shipment that waited for a week before its first attempt is not given up in its first bad hour: so many attempts
/// take at least an hour.
const MIN_ATTEMPTS: u32 = 6;
/// Requests of unknown outcome, after which a shipment is only looked for.
pub(super) const MAX_UNKNOWN_OUTCOMES: u32 = 3;

/// How long after an order was shipped it says nothing that no record shows by whom. Longer where it may have been us: then no
/// read that is behind is taken for somebody else's shipment.
pub(super) const fn records_lag(may_be_ours: bool) -> Duration {
    if may_be_ours { OLDEST_READ } else { RECORDS_LAG }
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
    !is_dated_ahead(sent_at, now) && now.since(sent_at) < NOTICE_MAY_TAKE
}

/// Whether the record of something that was accepted is given up. Of what is dated ahead it counts since when it is in the outbox.
pub(super) fn is_record_given_up(
    sent_at: Timestamp,
    enqueued_at: Timestamp,
    after: Duration,
    now: Timestamp,
) -> bool {
    let since = [sent_at, enqueued_at].into_iter().find(|time| !is_dated_ahead(*time, now));
    since.is_none_or(|since| now.since(since) >= after)
}

/// Whether a time was taken from a clock that was wrong: no difference between two clocks explains it.
fn is_dated_ahead(time: Timestamp, now: Timestamp) -> bool {
    time > now + ShipmentState::MAX_RETRY_WAIT
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
