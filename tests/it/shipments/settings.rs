//! The limits of the settings that the promises rest on.

use std::time::Duration;

use shipstation_connector::{Settings, connector::ShipmentSettings};

use super::{HOUR, MINUTE};

#[test]
fn spans_below_their_floor_are_named_with_what_is_allowed() {
    type Span = fn(&mut ShipmentSettings) -> &mut Duration;
    let cases: [(&str, Span, Duration, &str); 3] = [
        ("shipments.read_back_gap", |s| &mut s.read_back_gap, MINUTE, "at least 60 s"),
        ("shipments.backoff", |s| &mut s.backoff, Duration::from_secs(1), "at least 1 s"),
        ("shipments.give_up_after", |s| &mut s.give_up_after, HOUR, "at least an hour"),
    ];
    for (name, span, floor, allowed) in cases {
        let mut settings = Settings::default();
        *span(&mut settings.shipments) = floor;
        assert!(settings.problems().is_empty(), "{name}: the floor itself is allowed");
        *span(&mut settings.shipments) = floor.saturating_sub(Duration::from_millis(1));
        let problems: Vec<String> = settings.problems().iter().map(ToString::to_string).collect();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains(name) && problems[0].contains(allowed), "{problems:?}");
    }
}
