//! What stores keep as JSON.

use std::time::Duration;

use shipstation_connector::{
    Timestamp,
    channel::{BlockReason, FailReason, LineQuantity, ShipmentState, SupersedeReason},
};

/// The states whose facts are numbers, with one that a newer version wrote. In a host's build every number may arrive
/// otherwise (`serde_json/arbitrary_precision`), and the gate runs this test in such a build too.
#[test]
fn wire_states_with_numbers_are_read_back() {
    let at = Timestamp::UNIX_EPOCH + Duration::from_secs(1);
    let newer = serde_json::from_str(r#"{"reason":"customs_form","pages":2}"#).unwrap();
    let states = [
        ShipmentState::Waiting { missing: vec![LineQuantity { line: "7".into(), quantity: 2 }] },
        ShipmentState::Sending { attempt: 3, since: at, server_since: None },
        ShipmentState::Unknown {
            since: at,
            checks: 2,
            last_check: None,
            order_missing: false,
            server_since: None,
            server_last_check: None,
        },
        ShipmentState::Blocked {
            reason: BlockReason::OutcomeUnknown { requests: 2, saw: "nothing".to_owned() },
        },
        ShipmentState::Blocked { reason: newer },
        ShipmentState::Superseded { reason: SupersedeReason::NewerRevision { revision: 4 } },
        ShipmentState::Failed {
            reason: FailReason::GaveUp { after: Duration::from_secs(90), last_error: String::new() },
        },
    ];
    for state in states {
        let json = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<ShipmentState>(&json).unwrap(), state, "{json}");
    }
}

#[test]
fn wire_a_duration_of_version_0_1_is_read() {
    let json =
        r#"{"state":"failed","reason":{"reason":"gave_up","after":{"secs":90,"nanos":0},"last_error":"x"}}"#;
    let state: ShipmentState = serde_json::from_str(json).unwrap();
    let reason = FailReason::GaveUp { after: Duration::from_secs(90), last_error: "x".to_owned() };
    assert_eq!(state, ShipmentState::Failed { reason });
}
