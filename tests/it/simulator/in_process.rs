//! The simulator without a socket: what a client sees of faults, and several accounts.

use std::time::Duration;

use serde_json::{Value, json};
use shipstation_connector::{
    client::{ErrorKind, Idempotency, Outcome, RetryPolicy, ShipStation},
    testing::simulator::{Fault, FaultKind, Method, RateLimit, SimOrder, Simulator, SimulatorConfig},
};

fn in_process() -> Simulator {
    Simulator::in_process(SimulatorConfig::default().rate_limit(RateLimit::Unlimited))
}

fn once(sim: &Simulator) -> ShipStation {
    sim.client().retry(RetryPolicy::never()).build().unwrap()
}

#[tokio::test]
async fn faults_of_sockets_say_whether_the_request_may_have_been_executed() {
    let cases = [
        (FaultKind::Refuse, ErrorKind::Transport, Outcome::NotSent, false),
        (FaultKind::DropBefore, ErrorKind::Transport, Outcome::Unknown, false),
        (FaultKind::DropAfterEffect, ErrorKind::Transport, Outcome::Unknown, true),
        (FaultKind::Hang, ErrorKind::Timeout, Outcome::Unknown, false),
        (FaultKind::HangAfterEffect, ErrorKind::Timeout, Outcome::Unknown, true),
        (FaultKind::CutBody, ErrorKind::Transport, Outcome::Unknown, true),
        (FaultKind::StallBody, ErrorKind::Timeout, Outcome::Unknown, true),
        (FaultKind::Truncate, ErrorKind::Decode, Outcome::Unknown, true),
    ];
    for (fault, kind, outcome, executed) in cases {
        let sim = in_process();
        let order = sim.account(|account| account.add_order(SimOrder::new("1001")));
        sim.fault(Fault::on(Method::POST, "/orders/markasshipped").with(fault.clone()));
        let call = once(&sim)
            .post("orders/markasshipped")
            .json(&json!({ "orderId": order, "carrierCode": "ups" }))
            .idempotency(Idempotency::Once);
        let error = call.send::<Value>().await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (kind, outcome), "{fault:?}");
        assert_eq!(sim.journal()[0].executed, executed, "{fault:?}");
        assert_eq!(
            sim.account(|account| account.fulfillments_of(order).len()),
            usize::from(executed),
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn accounts_have_rows_journals_and_budgets_of_their_own_and_one_clock() {
    let one = Simulator::in_process(SimulatorConfig::default().rate_limit(RateLimit::PerMinute(2)));
    let other = one.add_account("other-key", "other-secret");
    other.account(|account| account.add_order(SimOrder::new("1001")));
    for (sim, rows) in [(&one, 0), (&other, 1)] {
        let page = once(sim).orders().list().send().await.unwrap();
        assert_eq!((page.items.len(), sim.journal().len()), (rows, 1));
    }
    other.fault(Fault::any().always());
    assert!(once(&one).users().list().send().await.is_ok());
    assert!(once(&other).users().list().send().await.is_err());
    one.clock().advance(Duration::from_secs(30));
    assert_eq!(other.clock().now(), one.clock().now());
    assert_eq!((one.journal().throttled().count(), other.journal().throttled().count()), (0, 0));
}

#[tokio::test]
async fn a_key_is_rotated_without_a_gap() {
    let sim = in_process();
    sim.add_key("second-key", "second-secret");
    assert!(sim.expire_key("simulated-key", sim.clock().now()));
    assert!(!sim.expire_key("unknown", sim.clock().now()));
    assert_eq!(once(&sim).users().list().send().await.unwrap_err().kind(), ErrorKind::Auth);
    let second = shipstation_connector::client::Credentials::new("second-key", "second-secret");
    let client = ShipStation::builder(second).base_url(sim.url()).transport(sim.transport()).build().unwrap();
    assert!(client.users().list().send().await.is_ok());
    assert_eq!((sim.journal().len(), sim.journal().unauthorized().count()), (2, 1));
}
