//! Each class of operation against each way to fail: how often the server was asked, and what the caller is told.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use shipstation_connector::Timestamp;
use shipstation_connector::client::{
    Address, Clock, Error, ErrorKind,
    ErrorKind::{Decode, Invalid, RateLimited, Timeout, Transport, Unavailable},
    Idempotency, NewOrder, OrderId, OrderStatus, Outcome,
    Outcome::{NotSent, Unknown},
    RetryPolicy, ShipStation,
};
use shipstation_connector::testing::simulator::SimulatorConfig;

use crate::support::{
    builder,
    tcp::{Behavior, TcpServer},
};

const CLASSES: [Idempotency; 3] = [Idempotency::Read, Idempotency::Repeatable, Idempotency::Once];
const EXCEPTION: &str = r#"{"Message":"An error has occurred.","ExceptionMessage":"Ship To: Postal Code must be provided.","StackTrace":"at SS"}"#;

/// Where an answer comes, it is waited for, however slow the machine is.
const PATIENCE: Duration = Duration::from_secs(60);
/// Where none comes.
const IMPATIENCE: Duration = Duration::from_millis(400);

fn client(url: &str, patience: Duration) -> ShipStation {
    let retry = RetryPolicy { max_attempts: 3, ..RetryPolicy::default() };
    builder(url).retry(retry).timeout(patience).build().unwrap()
}

async fn ask(url: &str, class: Idempotency) -> Result<Value, Error> {
    ask_within(PATIENCE, url, class).await
}

async fn ask_within(patience: Duration, url: &str, class: Idempotency) -> Result<Value, Error> {
    client(url, patience).post("orders/anything").idempotency(class).json(&json!({"orderId": 1})).send().await
}

/// For each class: requests that the server saw, kind and outcome.
type Row = [(usize, ErrorKind, Outcome); 3];

async fn outcome_is(name: &str, behavior: Behavior, row: Row) {
    let patience = if matches!(behavior, Behavior::Hang) { IMPATIENCE } else { PATIENCE };
    for (class, (requests, kind, outcome)) in CLASSES.into_iter().zip(row) {
        let server = TcpServer::start(vec![behavior.clone()]).await;
        let error = ask_within(patience, &server.url(), class).await.unwrap_err();
        let told = (server.seen(), error.kind(), error.outcome());
        assert_eq!(told, (requests, kind, outcome), "{name}, {class:?}: {error:?}");
        assert_eq!(error.attempts() as usize, requests, "{name}, {class:?}");
    }
}

/// A passing failure with an unknown outcome: everything but `Once` tries three times.
fn passing(kind: ErrorKind) -> Row {
    [(3, kind, Unknown), (3, kind, Unknown), (1, kind, Unknown)]
}

#[tokio::test]
async fn faults_after_the_request_left_leave_the_outcome_unknown() {
    let html = "<html><h1>503 - Service Unavailable</h1></html>";
    outcome_is("503 HTML", Behavior::answer("503 Service Unavailable", "", html), passing(Unavailable)).await;
    outcome_is(
        "500",
        Behavior::answer("500 Error", "", r#"{"message":"An internal error occurred"}"#),
        passing(Unavailable),
    )
    .await;
    let deadlock = EXCEPTION.replace("Ship To: Postal Code must be provided.", "Execution Timeout Expired.");
    outcome_is("500 passing exception", Behavior::answer("500 Error", "", &deadlock), passing(Unavailable))
        .await;
    outcome_is("reset before the body", Behavior::ResetBefore, passing(Transport)).await;
    outcome_is("reset after the body", Behavior::ResetAfter, passing(Transport)).await;
    outcome_is("timeout", Behavior::Hang, passing(Timeout)).await;
    let half = Behavior::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"success\":".to_vec());
    outcome_is("half an answer", half, passing(Transport)).await;
}

#[tokio::test]
async fn faults_of_a_write_that_are_exceptions_are_not_repeated() {
    let row = [(3, Unavailable, Unknown), (1, Invalid, Unknown), (1, Invalid, Unknown)];
    outcome_is("500 exception", Behavior::answer("500 Error", "", EXCEPTION), row).await;
}

#[tokio::test]
async fn faults_of_a_success_that_cannot_be_read_are_not_repeated() {
    let row = [(1, Decode, Unknown); 3];
    outcome_is("truncated JSON", Behavior::answer("200 OK", "", r#"{"success": tr"#), row).await;
    outcome_is("HTML with 200", Behavior::answer("200 OK", "", "<html>hello</html>"), row).await;
    outcome_is("redirect", Behavior::answer("302 Found", "Location: http://127.0.0.1:1/\r\n", ""), row).await;
}

/// An id alone does not keep ShipStation from making another order.
#[tokio::test]
async fn faults_of_an_order_that_is_made_are_repeated_only_with_a_key() {
    let now = "2024-01-01T00:00:00Z".parse().unwrap();
    let address = Address::default;
    let new = || NewOrder::new("M-1", now, OrderStatus::AwaitingShipment, address(), address());
    for (id, key, requests) in [
        (None, None, 1),
        (Some(OrderId::new(7)), None, 1),
        (Some(OrderId::new(7)), Some(" "), 1),
        (Some(OrderId::new(7)), Some("k"), 3),
        (None, Some("k"), 3),
    ] {
        let mut order = new();
        (order.order_id, order.order_key) = (id, key.map(str::to_owned));
        let server = TcpServer::start(vec![Behavior::answer("503 Unavailable", "", "")]).await;
        let client = client(&server.url(), PATIENCE);
        client.orders().create(&order).await.unwrap_err();
        assert_eq!(server.seen(), requests, "{id:?} {key:?}");
        client.orders().create_many(&[order]).await.unwrap_err();
        assert_eq!(server.seen(), 2 * requests, "{id:?} {key:?}");
    }
}

#[tokio::test]
async fn faults_before_the_request_left_are_repeated_for_every_class() {
    for class in CLASSES {
        let error = ask(&TcpServer::nobody().await, class).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome(), error.attempts()), (Transport, NotSent, 3), "{class:?}");
    }
}

#[tokio::test]
async fn faults_of_the_rate_limit_cost_no_attempt_and_end_in_time() {
    let limit = "X-Rate-Limit-Limit: 60\r\nX-Rate-Limit-Remaining: 0\r\nX-Rate-Limit-Reset: 20\r\n";
    let throttled = Behavior::answer("429 Too Many Requests", limit, r#"{"message":"Too Many Requests"}"#);
    let disguised = Behavior::answer("200 OK", limit, r#"{"message": "Too Many Requests"}"#);
    let done = Behavior::answer("200 OK", "", "{}");
    for class in CLASSES {
        let server = TcpServer::start(vec![throttled.clone()]).await;
        let error = ask(&server.url(), class).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (RateLimited, NotSent));
        assert!((4..=15).contains(&server.seen()), "{} requests in five minutes", server.seen());
        assert!(error.retry_after() >= Some(Duration::from_secs(21)));

        let patience =
            vec![throttled.clone(), disguised.clone(), throttled.clone(), throttled.clone(), done.clone()];
        let server = TcpServer::start(patience).await;
        ask(&server.url(), class).await.unwrap();
        assert_eq!(server.seen(), 5, "more than the three attempts that failures are allowed");
    }
}

#[tokio::test]
async fn faults_that_ask_for_an_endless_wait_are_errors() {
    for status in ["429 Too Many Requests", "503 Service Unavailable"] {
        let answer = |wait: u64| Behavior::answer(status, &format!("Retry-After: {wait}\r\n"), "");
        let server = TcpServer::start(vec![answer(1), answer(u64::MAX)]).await;
        let error = ask(&server.url(), Idempotency::Read).await.unwrap_err();
        assert!(error.retry_after() >= Some(Duration::from_secs(u64::MAX)), "{error}");
        assert_eq!(server.seen(), 2, "{status}");
    }
}

#[tokio::test]
async fn faults_that_pass_are_survived_by_reads() {
    let fail = Behavior::answer("502 Bad Gateway", "", "<html>");
    let server =
        TcpServer::start(vec![fail, Behavior::ResetAfter, Behavior::answer("200 OK", "", "[]")]).await;
    assert_eq!(ask(&server.url(), Idempotency::Read).await.unwrap(), json!([]));
    assert_eq!(server.seen(), 3);
}

#[tokio::test]
async fn faults_of_the_set_up_name_the_setting_and_the_remedy() {
    for (base, word) in [
        ("http://ssapi.shipstation.com", "https"),
        ("ssapi.shipstation.com", "absolute"),
        ("https://key:secret@ssapi.shipstation.com", "Credentials"),
        ("https://secret@ssapi.shipstation.com", "Credentials"),
        ("ftp://ssapi.shipstation.com", "https"),
        ("https://ssapi.shipstation.com/?key=secret", "query"),
        ("https://ssapi.shipstation.com/v1?", "query"),
        ("https://ssapi.shipstation.com/#secret", "fragment"),
    ] {
        let error = builder(base).build().unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Config, NotSent));
        let text = error.to_string();
        assert!(text.contains("base_url") && text.contains(word), "{text}");
        assert!(!format!("{text} {error:?}").contains("secret"), "{text}");
    }
    let client = client("http://127.0.0.1:1/v1", PATIENCE);
    for path in ["../../etc/passwd", "orders/%2e%2E/users", "orders/.%2e/users", "orders\\..\\users"] {
        let error = client.get(path).send::<Value>().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{path}");
    }
}

#[tokio::test]
async fn faults_a_mark_whose_turn_comes_too_late_never_leaves() {
    let world = crate::support::World::with(SimulatorConfig::default()).await;
    let order = world.add(world.order("A-1"));
    world.sim.spend_budget(40);
    let client = world.client();
    // The minute is used up by somebody else: the first 429 tells, and the next turn is up to a minute away.
    let late = world.now() + Duration::from_secs(5);
    let mark = client.send_before(late).orders().mark_as_shipped(OrderId::new(order), "ups").send().await;
    let error = mark.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::RateLimited, Outcome::NotSent), "{error}");
    assert_eq!(world.sim.journal().writes().filter(|entry| entry.executed).count(), 0);
    let now = world.now();
    client
        .send_before(now - Duration::from_secs(1))
        .orders()
        .mark_as_shipped(OrderId::new(order), "ups")
        .send()
        .await
        .unwrap_err();
    assert_eq!(world.marks(), 1, "the second one did not leave at all");
}

/// A wall clock that is set back by a day as soon as something waits, and a monotonic one that is right.
#[derive(Debug, Default)]
struct SetBack {
    passed: Mutex<Duration>,
}

#[async_trait::async_trait]
impl Clock for SetBack {
    fn now(&self) -> Timestamp {
        let passed = *self.passed.lock().unwrap();
        let back = if passed.is_zero() { Duration::ZERO } else { Duration::from_secs(86_400) };
        Timestamp::from_unix_seconds(1_780_000_000) + passed - back
    }

    fn monotonic(&self) -> Option<Duration> {
        Some(*self.passed.lock().unwrap())
    }

    async fn sleep(&self, duration: Duration) {
        *self.passed.lock().unwrap() += duration;
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn clock_that_is_set_back_prolongs_no_call() {
    let limit = "X-Rate-Limit-Limit: 60\r\nX-Rate-Limit-Remaining: 0\r\nX-Rate-Limit-Reset: 20\r\n";
    let throttled = Behavior::answer("429 Too Many Requests", limit, r#"{"message":"Too Many Requests"}"#);
    let server = TcpServer::start(vec![throttled]).await;
    let client = builder(&server.url()).clock(Arc::new(SetBack::default())).build().unwrap();
    let error = client.get("orders/1").send::<Value>().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (RateLimited, NotSent));
    assert!((4..=15).contains(&server.seen()), "{} requests in five minutes", server.seen());
}
