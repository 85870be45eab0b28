//! Backoff, giving up, and healing.

use shipstation_connector::{
    Credentials, ShipStation,
    channel::{
        BlockReason, ChannelConnector, ShipmentState, SyncShipments,
        report::SyncOutcomeKind,
        store::{ShipmentStore, Stores},
    },
    client::RetryPolicy,
    connector::Preflight,
    testing::simulator::{Fault, FaultKind, Method},
};

use super::{HOUR, MARK, MINUTE, marked, rows, state, sync, sync_after, sync_with};
use crate::support::{DAY, World};

async fn failing(world: &World) -> i64 {
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    world.sim.fault(Fault::on(Method::POST, MARK).always().with(FaultKind::DropBefore));
    order
}

#[tokio::test]
async fn requests_a_shipment_of_three_unknown_outcomes_is_left_to_a_person() {
    let world = World::new().await;
    let order = failing(&world).await;
    let begun = world.now();
    let mut sent_at = Vec::new();
    while state(&world, order).await.name() != "blocked" {
        assert!(world.now().since(begun) < DAY, "it must end");
        sync_after(&world, MINUTE).await;
        if world.marks() > sent_at.len() {
            sent_at.push(world.now());
        }
    }
    let ShipmentState::Blocked { reason: BlockReason::OutcomeUnknown { requests, saw } } =
        state(&world, order).await
    else {
        panic!("{:?}", rows(&world, order).await)
    };
    assert_eq!((requests, world.marks()), (3, 3), "{saw}");
    assert!(saw.contains("shows nothing of ours"), "{saw}");
    let [first, second, third] = sent_at[..] else { panic!("{sent_at:?}") };
    let (apart, last) = (second.since(first), world.now().since(third));
    assert!(apart >= MINUTE * 4 && apart < MINUTE * 8, "{apart:?}");
    assert!((MINUTE * 64..MINUTE * 70).contains(&third.since(second)), "{:?}", third.since(second));
    assert!((HOUR * 4..HOUR * 5).contains(&last), "the last look: {last:?}");
    let report = sync_after(&world, DAY).await;
    assert_eq!((report.counts.due(), report.counts.still_blocked, world.marks()), (0, 1, 3), "{report}");
}

#[tokio::test]
async fn requests_what_a_person_releases_is_sent_once_more() {
    let world = World::new().await;
    let order = failing(&world).await;
    while state(&world, order).await.name() != "blocked" {
        sync_after(&world, MINUTE * 10).await;
    }
    assert_eq!(world.store.unblock(&world.connection, "outcome_unknown", world.now()).await.unwrap(), 1);
    sync_after(&world, MINUTE).await;
    assert_eq!((state(&world, order).await.name(), world.marks()), ("unknown", 4));
    while state(&world, order).await.name() != "blocked" {
        sync_after(&world, MINUTE * 10).await;
    }
    assert_eq!(world.marks(), 4, "a release is for one request");
    world.sim.clear_faults();
    assert_eq!(world.store.unblock(&world.connection, "outcome_unknown", world.now()).await.unwrap(), 1);
    let report = sync_after(&world, MINUTE).await;
    assert_eq!((report.counts.confirmed(), marked(&world, order)), (1, 1), "{report}");
}

#[tokio::test]
async fn requests_a_shipment_that_waited_for_a_week_is_not_given_up_at_its_first_failure() {
    let world = World::new().await;
    let order = world.add(world.order("1").status("on_hold"));
    world.ship(order, "1Z1").await;
    sync(&world).await;
    world.sim.clock().advance(DAY * 8);
    world.sim.account(|account| account.set_status(order, "awaiting_shipment"));
    world.sim.fault(Fault::on(Method::POST, MARK).with(FaultKind::DropBefore));
    sync(&world).await;
    sync_after(&world, MINUTE * 2).await;
    sync_after(&world, MINUTE * 2).await;
    assert_eq!((state(&world, order).await.name(), marked(&world, order)), ("confirmed", 1));
}

/// The next look at the order fails, with all its repeats.
fn unreadable_once(world: &World, order: i64) {
    let look = Fault::on(Method::GET, &format!("/orders/{order}"));
    world
        .sim
        .fault(look.times(RetryPolicy::default().max_attempts.into()).with(FaultKind::Html { status: 503 }));
}

/// An order whose shipment was tried in vain for some hours.
async fn tried_in_vain(world: &World) -> i64 {
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    world.sim.fault(Fault::on(Method::GET, "/orders/*").always().with(FaultKind::ServerError));
    while rows(world, order).await[0].attempts < 6 {
        sync_after(world, HOUR).await;
    }
    world.sim.clear_faults();
    order
}

#[tokio::test]
async fn faults_a_shipment_that_was_refused_is_tried_again_after_a_week() {
    let world = World::new().await;
    let order = tried_in_vain(&world).await;
    let refusal = FaultKind::Status { code: 400, body: r#"{"Message":"Invalid carrierCode"}"#.to_owned() };
    world.sim.fault(Fault::on(Method::POST, MARK).with(refusal));
    while state(&world, order).await.name() != "blocked" {
        sync_after(&world, HOUR).await;
    }
    world.sim.clock().advance(DAY * 8);
    assert_eq!(world.store.unblock(&world.connection, "refused", world.now()).await.unwrap(), 1);
    world.sim.clear_journal();
    unreadable_once(&world, order);
    let report = sync_with(&world, |settings| settings.shipments.preflight = Preflight::OnRetryOnly).await;
    assert_eq!(
        (report.counts.of(SyncOutcomeKind::RetryWaiting), world.marks()),
        (1, 0),
        "it is looked at first: {report}"
    );
    let report = sync_after(&world, HOUR).await;
    assert_eq!((report.counts.confirmed(), marked(&world, order)), (1, 1), "{report}");
}

#[tokio::test]
async fn faults_a_shipment_whose_order_was_on_hold_is_tried_again_after_a_week() {
    let world = World::new().await;
    let order = tried_in_vain(&world).await;
    world.sim.account(|account| account.hold(order));
    while state(&world, order).await.name() != "blocked" {
        sync_after(&world, HOUR).await;
    }
    world.sim.clock().advance(DAY * 8);
    world.sim.account(|account| account.set_status(order, "awaiting_shipment"));
    unreadable_once(&world, order);
    sync(&world).await;
    let report = sync_after(&world, HOUR).await;
    assert_eq!((report.counts.confirmed(), marked(&world, order)), (1, 1), "{report}");
}

#[tokio::test]
async fn requests_waiting_for_the_rate_limit_costs_no_attempt() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    let throttle = FaultKind::Throttle { reset: Some(30) };
    world.sim.fault(Fault::on(Method::POST, MARK).always().with(throttle));
    for _ in 0..3 {
        let report = sync_after(&world, HOUR).await;
        assert_eq!(report.counts.of(SyncOutcomeKind::RetryWaiting), 1, "{report}");
    }
    assert_eq!(rows(&world, order).await[0].attempts, 0);
    world.sim.clear_faults();
    let report = sync_after(&world, HOUR).await;
    assert_eq!(report.counts.confirmed(), 1, "{report}");
}

#[tokio::test]
async fn requests_success_clears_the_last_error() {
    let world = World::new().await;
    let order = failing(&world).await;
    sync(&world).await;
    assert!(rows(&world, order).await[0].last_error.is_some());
    world.sim.clear_faults();
    for _ in 0..3 {
        sync_after(&world, MINUTE * 2).await;
    }
    let rows = rows(&world, order).await;
    assert_eq!((rows[0].state.name(), &rows[0].last_error), ("confirmed", &None));
}

#[tokio::test]
async fn requests_the_reason_of_repeated_failures_is_said_all_along() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    let refusal = FaultKind::Exception { message: "Invalid carrierCode".to_owned() };
    world.sim.fault(Fault::on(Method::POST, MARK).always().with(refusal));
    let begun = world.now();
    while state(&world, order).await.name() != "blocked" {
        assert!(world.now().since(begun) < DAY * 9, "it must end");
        let report = sync_after(&world, HOUR * 7).await;
        assert!(report.to_string().contains("Invalid carrierCode"), "{report}");
    }
    let ShipmentState::Blocked { reason } = state(&world, order).await else { panic!() };
    let text = reason.to_string();
    assert!(text.contains("Invalid carrierCode") && text.contains("unblock it"), "{text}");
}

#[tokio::test]
async fn faults_an_absurd_wait_that_shipstation_asks_for_is_cut_short() {
    use wiremock::{
        Mock, MockServer, ResponseTemplate,
        matchers::{method, path},
    };
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    let server = MockServer::start().await;
    let throttled = ResponseTemplate::new(429).insert_header("Retry-After", "4000000000");
    Mock::given(method("POST")).and(path(MARK)).respond_with(throttled).mount(&server).await;
    let client = ShipStation::builder(Credentials::new("key", "secret"))
        .base_url(server.uri())
        .clock(world.sim.clock())
        .build()
        .unwrap();
    let stores = Stores::all_in(world.store.clone());
    let channel = world.builder(client, stores, |settings| {
        settings.shipments.preflight = Preflight::OnRetryOnly;
    });
    let report = channel.build().unwrap().sync_shipments(SyncShipments::new()).await.unwrap();
    assert_eq!(report.counts.of(SyncOutcomeKind::RetryWaiting), 1, "{report}");
    let report = sync_after(&world, HOUR * 6).await;
    assert_eq!((report.counts.confirmed(), world.marks()), (1, 1), "{report}");
}
