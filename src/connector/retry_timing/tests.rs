//! The timing rules, one by one.

use super::*;

/// Those of shipments by default.
const TIMES: LookTimes = LookTimes {
    lookup_interval: MINUTE,
    resend_after: MINUTE.saturating_mul(4),
    give_up_after: HOUR.saturating_mul(7 * 24),
    max_requests: 3,
};
const START: i64 = 1_772_000_000;

/// A moment so many seconds after the start, on all clocks.
fn at(seconds: u64) -> Moment {
    let time = Timestamp::from_unix_seconds(START) + Duration::from_secs(seconds);
    let host = HostTime { wall: time, monotonic: Some(Duration::from_secs(seconds)) };
    Moment { host, server: Some(time) }
}

fn happened(moment: &Moment) -> Event {
    Event { at: *moment, first_seen: None }
}

/// The same event as another process sees it for the first time at `seen`.
fn of_another_process(moment: &Moment, seen: &Moment) -> Event {
    let host = HostTime { monotonic: None, ..moment.host };
    Event { at: Moment { host, ..*moment }, first_seen: seen.host.monotonic }
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
    assert!(!stepped(|now| now.host.wall = now.host.wall - MINUTE / 2), "the wall clock says no");
    assert!(!stepped(|now| now.server = Some(at(20).host.wall)), "ShipStation's clock says no");
    assert!(!stepped(|now| now.host.monotonic = Some(MINUTE / 2)), "the monotonic clock says no");
    assert!(
        stepped(|now| now.host.wall = at(0).host.wall - HOUR),
        "set back to before the event, it cannot tell"
    );
    assert!(
        !stepped(|now| now.server = Some(at(0).host.wall - MINUTE)),
        "ShipStation's clock, told by an answer that came late, says no"
    );
    assert!(stepped(|now| now.server = Some(at(0).host.wall - HOUR)), "this far behind, it cannot tell");
    assert!(stepped(|now| now.server = None), "two are left");
    assert!(stepped(|now| now.host.monotonic = None), "two are left");
}

#[test]
fn the_wall_clock_alone_is_not_believed() {
    let alone = |seconds| Moment { server: None, ..at(seconds) };
    let wall_clock_only = |seconds| {
        let host = HostTime { monotonic: None, ..at(seconds).host };
        Moment { host, server: None }
    };
    let year = 365 * 24 * 3600;
    let seen = of_another_process(&alone(0), &alone(year));
    assert!(!seen.is_over(MINUTE, &alone(year + 59)), "the gap begins when this process first sees it");
    assert!(seen.is_over(MINUTE, &alone(year + 60)));
    let never = Event { first_seen: None, ..seen };
    assert!(!never.is_over(MINUTE, &wall_clock_only(year)));
    assert!(never.is_over_at_last(MINUTE, &wall_clock_only(year)), "a person may be asked");
    assert!(never.may_be_over(MINUTE, &alone(60)), "and a look does no harm");
}

#[test]
fn nothing_is_given_up_without_an_answer_by_the_wall_clock_alone() {
    let times = TIMES;
    let later = times.give_up_after.as_secs();
    let of_another = |moment: &Moment| Event {
        at: Moment { host: HostTime { monotonic: None, ..moment.host }, ..*moment },
        first_seen: None,
    };
    let search = |sent| Search { sent, looked: Some(sent), looks: 1, unknown_outcomes: 1 };
    let unanswered = of_another(&Moment { server: None, ..at(0) });
    let wall_alone = Moment { server: None, ..at(later) };
    assert!(!search(unanswered).is_given_up_unanswered(&times, &wall_alone), "no answer tells the time");
    assert!(search(unanswered).is_given_up_unanswered(&times, &at(later)), "ShipStation's clock says it");
    let ahead = Moment { server: at(90).server, ..at(later) };
    assert!(!search(unanswered).is_given_up_unanswered(&times, &ahead), "ShipStation's clock denies it");
    assert!(
        search(happened(&at(0))).is_given_up_unanswered(&times, &wall_alone),
        "this process saw the time pass"
    );
}

#[test]
fn the_clock_of_shipstation_replaces_that_of_a_process_that_is_gone() {
    let sent = of_another_process(&at(0), &at(100));
    assert!(sent.is_over(MINUTE, &at(100)), "at once: two clocks agree");
    let mut hour_ahead = at(30);
    hour_ahead.host.wall = at(3630).host.wall;
    assert!(!sent.is_over(MINUTE, &hour_ahead), "an hour forward by the wall clock only");
    assert!(sent.may_be_over(MINUTE, &hour_ahead));
}

#[test]
fn whole_seconds_of_the_date_delay_nothing() {
    let mut now = at(60);
    now.server = Some(at(59).host.wall);
    assert!(happened(&at(0)).is_over(MINUTE, &now));
    let early = happened(&Moment { server: Some(at(1).host.wall), ..at(0) });
    assert!(!early.is_over(MINUTE, &at(59)));
}

#[test]
fn a_look_is_as_old_as_its_beginning() {
    let begun = Moment { server: None, ..at(10) };
    assert_eq!(begun.with_server_of(&at(40)), at(10));
    assert_eq!(at(10).with_server_of(&Moment { server: None, ..at(40) }), at(10));
    let mut set_back = at(310);
    set_back.host.wall = at(0).host.wall;
    assert!(set_back.has_outdated(&at(10)) && !set_back.has_outdated(&at(11)));
}

/// The minutes at which a shipment is looked for by a run every minute, and what the last look decides.
fn looks(times: LookTimes, unknown_outcomes: u32) -> (Vec<u64>, NextStep) {
    let mut search = Search { sent: happened(&at(0)), looked: None, looks: 0, unknown_outcomes };
    let mut minutes = Vec::new();
    for minute in 0.. {
        let now = at(minute * 60);
        if !search.look_is_due(&times, &now) {
            continue;
        }
        minutes.push(minute);
        match search.next_step(&times, &now) {
            NextStep::LookAgain => search.looks += 1,
            last => return (minutes, last),
        }
        search.looked = Some(happened(&now));
    }
    unreachable!()
}

#[test]
fn a_shipment_is_sent_again_after_four_minutes_then_after_an_hour_then_never() {
    assert_eq!(looks(TIMES, 1), (vec![0, 1, 2, 3, 4], NextStep::SendAgain));
    let (minutes, last) = looks(TIMES, 2);
    assert_eq!((minutes.last(), last), (Some(&64), NextStep::SendAgain));
    assert!(minutes.len() < 20, "{minutes:?}");
    for unknown_outcomes in [3, 9] {
        let (minutes, last) = looks(TIMES, unknown_outcomes);
        assert_eq!((minutes.last(), last), (Some(&240), NextStep::LeaveToPerson));
        assert!(minutes.len() < 25, "{minutes:?}");
    }
}

#[test]
fn what_is_sent_twice_at_most_is_left_to_a_person_after_the_second() {
    let twice = LookTimes { max_requests: 2, ..TIMES };
    assert_eq!(looks(twice, 1), (vec![0, 1, 2, 3, 4], NextStep::SendAgain));
    let (minutes, last) = looks(twice, 2);
    assert_eq!((minutes.last(), last), (Some(&240), NextStep::LeaveToPerson));
}

#[test]
fn one_late_look_is_not_two() {
    let times = TIMES;
    let looked = Some(happened(&at(0)));
    let search = Search { sent: happened(&at(0)), looked, looks: 1, unknown_outcomes: 1 };
    assert_eq!(search.next_step(&times, &at(3600)), NextStep::LookAgain, "the first one came at once");
    let second = Search { looked: Some(happened(&at(3600))), looks: 2, ..search };
    assert_eq!(second.next_step(&times, &at(3659)), NextStep::LookAgain, "the two are apart");
    assert_eq!(second.next_step(&times, &at(3660)), NextStep::SendAgain);
    let inconclusive = Search { looks: 0, ..second };
    assert_eq!(inconclusive.next_step(&times, &at(3660)), NextStep::LookAgain);
}

#[test]
fn longer_gaps_of_the_settings_are_kept() {
    let mut times = LookTimes { lookup_interval: MINUTE * 10, ..TIMES };
    assert_eq!(resend_gap(&times, 1), MINUTE * 10, "never before the second look");
    times.resend_after = HOUR;
    assert_eq!((resend_gap(&times, 1), resend_gap(&times, 2)), (HOUR, HOUR * 16));
    assert_eq!(resend_gap(&times, u32::MAX), HOUR * 16);
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
