//! How instants become the texts of date filters, whose reading ShipStation does not define to the second nor in
//! the night in which an hour comes twice: a filter may let in too much and must never leave anything out.

use std::time::Duration;

use jiff::{civil, tz::AmbiguousOffset};

use super::pacific::{ZONE, at, wall_clock};
use crate::Timestamp;

/// The text of a filter's start, floored to the second, in the documented form.
///
/// Nothing at or after `instant` may be left out, however ShipStation reads the text. In the first pass through
/// the repeated hour its own text could be taken for the second pass, and a comparison of wall clocks would leave
/// out the second pass's early minutes; the last second before the hour is safe for both.
pub(crate) fn filter_start(instant: Timestamp) -> String {
    let floor = instant.floor_second();
    match pass(floor) {
        Some((Pass::First, hour)) => filter_text(hour - Duration::from_secs(1)),
        _ => filter_text(floor),
    }
}

/// The text of a filter's end, raised to the second, in the documented form. Nothing at or before `instant` may be
/// left out, so that inside the second pass through the repeated hour it is the first second after that hour.
pub(crate) fn filter_end(instant: Timestamp) -> String {
    let floor = instant.floor_second();
    let ceil = if floor < instant { floor + Duration::from_secs(1) } else { floor };
    match pass(ceil) {
        Some((Pass::Second, hour)) => filter_text(hour + Duration::from_secs(2 * 3600)),
        _ => filter_text(ceil),
    }
}

fn filter_text(instant: Timestamp) -> String {
    wall_clock(instant).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

enum Pass {
    First,
    Second,
}

/// Which pass through the repeated hour the instant lies in, and the instant at which the first one began.
fn pass(instant: Timestamp) -> Option<(Pass, Timestamp)> {
    let wall = wall_clock(instant);
    let AmbiguousOffset::Fold { before, after } = ZONE.to_ambiguous_timestamp(wall).offset() else {
        return None;
    };
    let into_the_hour = wall.time().since(civil::Time::constant(1, 0, 0, 0)).ok()?;
    let into_the_hour = Duration::try_from(into_the_hour).ok()?;
    let first = at(wall, before);
    let pass = if instant < at(wall, after) { Pass::First } else { Pass::Second };
    Some((pass, first - into_the_hour))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::pacific::{
            PacificTime,
            tests::{nights, time},
        },
        *,
    };

    /// However ShipStation reads a filter, as either instant or as a mere wall clock, nothing that belongs in is out.
    #[test]
    fn clock_filters_leave_nothing_out_in_either_night() {
        let instants: Vec<Timestamp> = nights().collect();
        let walls: Vec<String> =
            instants.iter().map(|instant| PacificTime::of(*instant).to_documented()).collect();
        for (place, instant) in instants.iter().enumerate() {
            let (start, end) = (filter_start(*instant), filter_end(*instant));
            assert!(time(&start).latest() <= *instant, "{instant}: {start}");
            assert!(time(&end).earliest() >= *instant, "{instant}: {end}");
            let season = place / (12 * 60 * 3) * (12 * 60 * 3);
            for (other, wall) in walls.iter().enumerate().skip(season).take(12 * 60 * 3) {
                assert!(other < place || *wall >= start, "{wall} is after {instant} and before {start}");
                assert!(other > place || *wall <= end, "{wall} is before {instant} and after {end}");
            }
        }
    }

    #[test]
    fn filters_are_floored_and_ceiled_to_the_second() {
        let instant: Timestamp = "2024-02-27T23:06:41.357Z".parse().unwrap();
        assert_eq!(filter_start(instant), "2024-02-27 15:06:41");
        assert_eq!(filter_end(instant), "2024-02-27 15:06:42");
        assert_eq!(filter_end(instant.floor_second()), "2024-02-27 15:06:41");
    }

    proptest! {
        #[test]
        fn filters_leave_no_instant_out(seconds in -60_000_000_000_i64..200_000_000_000, millis in 0_u64..1000) {
            let instant = Timestamp::from_unix_seconds(seconds) + Duration::from_millis(millis);
            prop_assert!(time(&filter_start(instant)).latest() <= instant);
            prop_assert!(time(&filter_end(instant)).earliest() >= instant);
        }
    }
}
