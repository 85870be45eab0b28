//! What a proxy or firewall answers is not ShipStation's verdict: nothing is settled by it.

use serde_json::{Value, json};
use shipstation_connector::{
    channel::{
        ChannelConnector, CheckConnection, GetOrders, Refusal, RunStatus, ShipmentState, SyncShipments,
        report::FollowUpStatus,
        store::{OrderStoreExt, ShipmentStoreExt},
    },
    client::{Error, ErrorKind, Idempotency, Outcome, TagId, UserId},
    testing::simulator::{Fault, FaultKind, Method},
};

use crate::support::{
    World, builder,
    tcp::{Behavior, TcpServer},
};

const MARK: &str = "/orders/markasshipped";
const CLASSES: [Idempotency; 3] = [Idempotency::Read, Idempotency::Repeatable, Idempotency::Once];
/// What HTTP knows, and what vendors of firewalls made up.
const STATUSES: [u16; 26] = [
    400, 401, 402, 403, 404, 405, 406, 407, 409, 410, 411, 412, 413, 414, 415, 417, 421, 422, 426, 431, 451,
    494, 499, 500, 502, 520,
];
const FOREIGN: [&str; 9] = [
    "\r\n<!DOCTYPE html><html><title>Blocked</title></html>",
    "<HTML><BODY>Request Entity Too Large</BODY></HTML>",
    "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>",
    "Blocked by policy <html><body>Contact your administrator</body></html>",
    r#"{"error":{"code":403,"message":"Your request was blocked."}}"#,
    r#"{"type":"about:blank","title":"Forbidden","status":403,"detail":"no"}"#,
    r#"{"code":1020,"message":"Access denied"}"#,
    r#"{"Message":"The request is inv"#,
    "[]",
];

async fn answered(status: u16, body: &str, class: Idempotency) -> (Error, usize) {
    let server = TcpServer::start(vec![Behavior::answer(&format!("{status} Whatever"), "", body)]).await;
    let client = builder(&server.url()).build().unwrap();
    let call = client.post("orders/markasshipped").idempotency(class).json(&json!({"orderId": 1}));
    (call.send::<Value>().await.unwrap_err(), server.seen())
}

#[tokio::test]
async fn faults_a_page_or_strange_json_is_never_a_verdict_whatever_its_status() {
    for (place, status) in STATUSES.into_iter().enumerate() {
        for body in [FOREIGN[place % FOREIGN.len()], FOREIGN[(place + 4) % FOREIGN.len()]] {
            for class in CLASSES {
                let (error, requests) = answered(status, body, class).await;
                let told = (error.kind(), error.outcome(), error.status());
                assert_eq!(told, (ErrorKind::Unavailable, Outcome::Unknown, Some(status)), "{status} {body}");
                assert_eq!(requests, if class == Idempotency::Once { 1 } else { 4 }, "{status} {class:?}");
                assert!(error.is_retryable());
                let text = error.to_string();
                assert!(!text.contains("key") && !text.contains("credentials"), "{text}");
            }
        }
    }
}

#[tokio::test]
async fn faults_an_answer_without_a_shape_says_what_shipstation_says_that_way() {
    use ErrorKind::{Auth, Forbidden, Invalid, NotFound, Plan, Timeout, Unavailable};
    let own = r#"{"Message":"no"}"#;
    for (status, body, kind) in [
        (401, "", Auth),
        (401, "401 Unauthorized", Auth),
        (401, own, Auth),
        (402, "", Plan),
        (403, "", Forbidden),
        (403, "Forbidden by policy", Unavailable),
        (403, own, Forbidden),
        (404, "", NotFound),
        (404, "Not Found", NotFound),
        (404, own, NotFound),
        (400, own, Invalid),
        (400, r#"{"Message":"no","ModelState":{"a":["b"]},"Extra":1}"#, Invalid),
        (405, own, Invalid),
        (400, "", Unavailable),
        (400, "Bad Request", Unavailable),
        (405, "", Unavailable),
        (413, "too large", Unavailable),
        (407, "", Unavailable),
        (407, own, Unavailable),
        (408, "", Timeout),
    ] {
        let (error, requests) = answered(status, body, Idempotency::Once).await;
        let outcome = match kind {
            Unavailable | Timeout => Outcome::Unknown,
            _ => Outcome::Answered,
        };
        assert_eq!((error.kind(), error.outcome(), requests), (kind, outcome, 1), "{status} {body}");
    }
}

#[tokio::test]
async fn faults_a_429_is_the_rate_limit_whatever_its_body_and_a_page_about_it_is_not() {
    for body in ["", "slow down", "<html>Too Many Requests</html>", r#"{"error":"quota"}"#] {
        let (error, _) = answered(429, body, Idempotency::Once).await;
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::RateLimited, Outcome::NotSent), "{body}");
    }
    let (error, requests) = answered(503, "<html>Too Many Requests</html>", Idempotency::Once).await;
    assert_eq!((error.kind(), error.outcome(), requests), (ErrorKind::Unavailable, Outcome::Unknown, 1));
}

#[tokio::test]
async fn faults_a_mark_that_a_proxy_answers_is_looked_for_and_never_final() {
    let strange = r#"{"error":"blocked"}"#.to_owned();
    let mut faults: Vec<FaultKind> = [400, 401, 402, 403, 404, 405, 407, 410, 413, 414, 422, 431]
        .map(|status| FaultKind::Html { status })
        .into();
    faults.extend([400, 403].map(|code| FaultKind::Status { code, body: strange.clone() }));
    for fault in faults {
        let world = World::new().await;
        let order = world.add(world.order("A-1"));
        world.ship(order, "1Z1").await;
        world.sim.fault(Fault::on(Method::POST, MARK).with(fault.clone()));
        let report = world.channel(|_| {}).sync_shipments(SyncShipments::new()).await.unwrap();
        assert!(!matches!(report.run.status, RunStatus::Failed { .. }), "{fault:?}: {report}");
        let rows =
            world.store.order_progress(&world.connection, &order.to_string().into()).await.unwrap().rows;
        assert!(matches!(rows[0].state, ShipmentState::Unknown { .. }), "{fault:?}: {:?}", rows[0].state);
        let why = rows[0].last_error.clone().unwrap_or_default();
        assert!(why.contains("HTTP") && !why.contains("***") && !why.contains("key"), "{why}");
        for _ in 0..4 {
            world.sim.clock().advance(std::time::Duration::from_secs(600));
            let _ = world.channel(|_| {}).sync_shipments(SyncShipments::new()).await.unwrap();
        }
        assert_eq!(world.sim.account(|account| account.notices.len()), 1, "{fault:?}");
        assert_eq!(world.marks(), 2, "{fault:?}: sent again only after looks that found nothing");
    }
}

#[tokio::test]
async fn faults_a_mark_whose_answer_a_proxy_replaced_is_found_and_not_repeated() {
    for status in [400, 403, 404, 405, 413] {
        let world = World::new().await;
        let order = world.add(world.order("A-1"));
        world.ship(order, "1Z1").await;
        world.sim.fault(Fault::on(Method::POST, MARK).with(FaultKind::HtmlAfterEffect { status }));
        for _ in 0..3 {
            let _ = world.channel(|_| {}).sync_shipments(SyncShipments::new()).await.unwrap();
            world.sim.clock().advance(std::time::Duration::from_secs(600));
        }
        let rows =
            world.store.order_progress(&world.connection, &order.to_string().into()).await.unwrap().rows;
        assert_eq!((rows[0].state.name(), world.marks()), ("confirmed", 1), "{status}");
    }
}

#[tokio::test]
async fn faults_a_user_and_a_tag_that_a_proxy_refuses_are_tried_again() {
    for status in [400, 403, 404, 405, 407, 413] {
        let world = World::new().await;
        let order = world.add(world.order("A-1"));
        let user = world.sim.account(|account| account.add_user("Night Shift"));
        let tag = world.sim.account(|account| account.add_tag("Imported"));
        let channel = world.channel(|settings| {
            settings.orders.assign_user = Some(UserId::new(&user));
            settings.orders.acknowledgement_tag = Some(TagId::new(tag));
        });
        for path in ["/orders/assignuser", "/orders/addtag"] {
            world.sim.fault(Fault::on(Method::POST, path).times(4).with(FaultKind::Html { status }));
        }
        let report = channel.get_orders(GetOrders::new()).await.unwrap();
        assert!(!matches!(report.run.status, RunStatus::Failed { .. }), "{status}: {report}");
        assert_eq!(
            (report.counts.users.of(FollowUpStatus::Pending), report.counts.users.of(FollowUpStatus::Failed)),
            (1, 0),
            "{status}: {report}"
        );
        assert_eq!(
            (report.counts.tags.of(FollowUpStatus::Pending), report.counts.tags.of(FollowUpStatus::Failed)),
            (1, 0),
            "{status}: {report}"
        );
        for _ in 0..2 {
            world.sim.clock().advance(std::time::Duration::from_secs(3600));
            let _ = channel.get_orders(GetOrders::new()).await.unwrap();
        }
        let open = world.store.due_follow_ups(&world.connection, world.now(), 9).await.unwrap();
        assert!(open.is_empty(), "{status}: {open:?}");
        world.sim.account(|account| {
            let order = account.order(order).unwrap();
            assert_eq!(order.text("userId"), Some(user.as_str()), "{status}");
            assert!(order.ids("tagIds").contains(&tag), "{status}");
        });
    }
}

#[tokio::test]
async fn faults_a_proxy_that_forbids_is_not_about_the_key() {
    for status in [401, 402, 403, 407] {
        let world = World::new().await;
        world.add(world.order("A-1"));
        world.sim.fault(Fault::any().always().with(FaultKind::Html { status }));
        let channel = world.channel(|_| {});
        for refused in [
            channel.get_orders(GetOrders::new()).await.unwrap_err(),
            channel.check(CheckConnection::new()).await.map(|report| report.requests).unwrap_err(),
        ] {
            assert!(matches!(refused.refusal, Refusal::Unavailable { .. }), "{status}: {refused}");
            assert!(refused.is_retryable());
            let text = refused.to_string();
            assert!(text.contains("a proxy or firewall did") && !text.contains("key"), "{text}");
        }
    }
}

#[tokio::test]
async fn faults_a_refusal_whose_every_word_is_masked_says_its_status() {
    let world = World::new().await;
    let order = world.add(world.order("A-1"));
    world.ship(order, "1Z1").await;
    let body = r#"{"Message":"Zebulon Quackenbush, 5550142"}"#.to_owned();
    world.sim.fault(Fault::on(Method::POST, MARK).with(FaultKind::Status { code: 400, body }));
    let report = world.channel(|_| {}).sync_shipments(SyncShipments::new()).await.unwrap();
    let text = report.to_string();
    assert!(text.contains("HTTP 400") && !text.contains("*** ***"), "{text}");
    assert!(!text.contains("Quackenbush"), "{text}");
}

#[tokio::test]
async fn faults_what_a_400_says_is_reachable_from_what_is_printed() {
    let (error, _) = answered(400, r#"{"Message":"Invalid serviceCode"}"#, Idempotency::Once).await;
    assert!(error.to_string().ends_with("the reason it gives is in `Error::message()`"), "{error}");
    assert_eq!(error.message(), Some("Invalid serviceCode"));
    let (error, _) = answered(404, "", Idempotency::Once).await;
    assert!(!error.to_string().contains("message()"), "there is none: {error}");

    let world = World::new().await;
    let body = r#"{"Message":"The value 'Jane' is not valid for orderStatus"}"#.to_owned();
    world.sim.fault(Fault::any().always().with(FaultKind::Status { code: 400, body }));
    let refused = world.channel(|_| {}).get_orders(GetOrders::new()).await.unwrap_err();
    let text = refused.to_string();
    assert!(
        text.contains("HTTP 400") && text.contains("The value *** is not valid for orderStatus"),
        "{text}"
    );
}
