//! What goes wrong around the one request that must not happen twice.

use std::time::Duration;

use shipstation_connector::{
    channel::{
        BlockKind, BlockReason, ChannelConnector, FailKind, FailReason, ShipmentState, SyncShipments,
        report::SyncOutcomeKind, store::Stores,
    },
    testing::simulator::{Fault, FaultKind, Method, RepeatMarkAsShipped},
};

use super::{HOUR, MARK, MINUTE, marked, state, sync, sync_after};
use crate::support::{DAY, World};

fn every_kind() -> Vec<FaultKind> {
    vec![
        FaultKind::Throttle { reset: Some(20) },
        FaultKind::Throttle { reset: None },
        FaultKind::ServerError,
        FaultKind::Exception { message: "The carrier is asleep.".to_owned() },
        FaultKind::ErrorAfterEffect,
        FaultKind::Html { status: 502 },
        FaultKind::Html { status: 200 },
        FaultKind::HtmlAfterEffect { status: 504 },
        FaultKind::DropBefore,
        FaultKind::DropAfterEffect,
        FaultKind::Hang,
        FaultKind::HangAfterEffect,
        FaultKind::Truncate,
        FaultKind::CutBody,
        FaultKind::EmptyBody,
        FaultKind::Status { code: 503, body: String::new() },
        FaultKind::Slow(MINUTE),
    ]
}

#[tokio::test]
async fn faults_at_the_send_never_mark_an_order_twice_and_never_lose_it() {
    for kind in every_kind() {
        for times in [1, 2] {
            let world = World::new().await;
            let order = world.add(world.order("1"));
            world.ship(order, "1Z1").await;
            world.sim.fault(Fault::on(Method::POST, MARK).times(times).with(kind.clone()));
            // Where an answer comes, it is waited for, however slow the machine is.
            let silent = matches!(kind, FaultKind::Hang | FaultKind::HangAfterEffect);
            let patience = if silent { Duration::from_millis(200) } else { Duration::from_secs(60) };
            for _ in 0..9 {
                let client = world.client_that_waits(patience);
                let channel = world.builder(client, Stores::all_in(world.store.clone()), |_| {});
                let report = channel.build().unwrap().sync_shipments(SyncShipments::new()).await.unwrap();
                assert!(report.counts.add_up(), "{kind:?}: {report}");
                world.sim.clock().advance(MINUTE * 20);
            }
            assert_eq!(marked(&world, order), 1, "{kind:?} x {times}");
            assert_eq!(state(&world, order).await.name(), "confirmed", "{kind:?} x {times}");
            let notices = world.sim.account(|account| account.notices.len());
            assert_eq!(notices, 1, "{kind:?} x {times}");
        }
    }
}

#[tokio::test]
async fn faults_an_unknown_outcome_is_said_and_looked_for() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    world.sim.fault(Fault::on(Method::POST, MARK).with(FaultKind::DropBefore));
    let report = sync(&world).await;
    assert_eq!((report.counts.of(SyncOutcomeKind::Unknown), report.counts.marked), (1, 1), "{report}");
    assert!(report.to_string().contains("will be looked for"), "{report}");
    assert!(matches!(state(&world, order).await, ShipmentState::Unknown { checks: 1, .. }));
}

#[tokio::test]
async fn faults_an_answer_that_names_no_order_proves_nothing_and_is_read_back() {
    let answers = [
        (FaultKind::EmptyBody, true),
        (FaultKind::Status { code: 204, body: String::new() }, false),
        (FaultKind::Status { code: 200, body: String::new() }, false),
        (FaultKind::Status { code: 200, body: "null".to_owned() }, false),
        (FaultKind::Status { code: 200, body: "{}".to_owned() }, false),
        (FaultKind::Status { code: 200, body: r#"{"orderId":1,"orderNumber":"1"}"#.to_owned() }, false),
    ];
    for (answer, took_effect) in answers {
        let world = World::new().await;
        let order = world.add(world.order("1"));
        world.ship(order, "1Z1").await;
        world.sim.fault(Fault::on(Method::POST, MARK).with(answer.clone()));
        let report = sync(&world).await;
        let counted = (report.counts.confirmed(), report.counts.of(SyncOutcomeKind::Unknown));
        assert_eq!(counted, if took_effect { (1, 0) } else { (0, 1) }, "{answer:?}: {report}");
        for _ in 0..2 {
            sync_after(&world, MINUTE * 2).await;
        }
        assert_eq!(
            (state(&world, order).await.name(), marked(&world, order)),
            ("confirmed", 1),
            "{answer:?}"
        );
        assert_eq!(world.marks(), if took_effect { 1 } else { 2 }, "{answer:?}");
    }
}

#[tokio::test]
async fn faults_a_few_orders_that_cannot_be_looked_at_keep_no_other_from_its_look() {
    let world = World::new().await;
    let orders: Vec<i64> = (0..12).map(|n| world.add(world.order(&format!("{n}")))).collect();
    world.sim.fault(Fault::on(Method::POST, MARK).times(12).with(FaultKind::DropAfterEffect));
    for order in &orders {
        world.ship(*order, &format!("1Z{order}")).await;
    }
    for order in &orders[..7] {
        // Before the send they are seen in the list of open orders.
        let look = Fault::on(Method::GET, &format!("/orders/{order}"));
        world.sim.fault(look.always().with(FaultKind::ServerError));
    }
    for _ in 0..12 {
        sync_after(&world, MINUTE * 10).await;
    }
    for order in &orders[7..] {
        assert_eq!(state(&world, *order).await.name(), "confirmed");
    }
    let row = super::rows(&world, orders[0]).await.remove(0);
    let error = row.last_error.unwrap();
    assert!(error.contains("markasshipped"), "what the send said is kept: {error}");
    assert_eq!(world.sim.account(|account| account.notices.len()), 12, "none is marked twice");
}

#[tokio::test]
async fn faults_a_record_that_shows_late_is_not_mistaken_for_a_missing_one() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.sim.account(|account| account.quirks.fulfillment_delay = HOUR * 2);
    world.ship(order, "1Z1").await;
    world.sim.fault(Fault::on(Method::POST, MARK).with(FaultKind::DropAfterEffect));
    sync(&world).await;
    let report = sync_after(&world, MINUTE * 2).await;
    assert_eq!(
        (report.counts.of(SyncOutcomeKind::Unknown), world.marks()),
        (1, 1),
        "shipped, by whom does not show: {report}"
    );
    let report = sync_after(&world, MINUTE * 20).await;
    assert_eq!(
        (report.counts.of(SyncOutcomeKind::Unknown), world.marks()),
        (1, 1),
        "and never sent again: {report}"
    );
    let report = sync_after(&world, HOUR * 3).await;
    assert_eq!((report.counts.confirmed(), world.marks()), (1, 1), "{report}");
}

fn unreadable_record() -> FaultKind {
    let body = r#"{"fulfillments":[{"fulfillmentId":"?","orderId":1}],"total":1,"page":1,"pages":1}"#;
    FaultKind::Status { code: 200, body: body.to_owned() }
}

#[tokio::test]
async fn faults_an_unreadable_record_is_no_proof_that_there_is_none() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    world.sim.fault(Fault::on(Method::POST, MARK).with(FaultKind::DropAfterEffect));
    world.sim.fault(Fault::on(Method::GET, "/fulfillments").times(3).with(unreadable_record()));
    for _ in 0..3 {
        sync_after(&world, MINUTE * 2).await;
        assert_eq!(state(&world, order).await.name(), "unknown");
    }
    sync_after(&world, MINUTE * 2).await;
    assert_eq!((state(&world, order).await.name(), world.marks()), ("confirmed", 1));
}

#[tokio::test]
async fn faults_a_refusal_blocks_the_whole_order_until_somebody_acts() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    let second =
        shipstation_connector::channel::Shipment::new("second", order.to_string(), world.now(), "UPS", "1Z2");
    world.enqueue(second).await;
    let body = r#"{"Message":"The request is invalid.","ModelState":{"carrierCode":["not allowed"]}}"#;
    let refusal = FaultKind::Status { code: 400, body: body.to_owned() };
    world.sim.fault(Fault::on(Method::POST, MARK).with(refusal));
    let report = sync(&world).await;
    assert_eq!(report.counts.blocked.of(BlockKind::Refused), 2, "both rows of the order: {report}");
    assert!(report.to_string().contains("not allowed"), "{report}");
    let report = sync_after(&world, HOUR).await;
    assert_eq!((report.counts.due(), world.marks()), (0, 1), "nothing blocked is retried: {report}");
    let refused = BlockReason::Refused { message: String::new() };
    let key = refused.unblock_key().unwrap();
    let store: &dyn shipstation_connector::channel::store::ShipmentStore = &*world.store;
    assert_eq!(store.unblock(&world.connection, key, world.now()).await.unwrap(), 2);
    let report = sync(&world).await;
    assert_eq!(
        (report.counts.confirmed(), report.counts.of(SyncOutcomeKind::Superseded)),
        (1, 1),
        "{report}"
    );
    assert_eq!(world.marks(), 2);
}

#[tokio::test]
async fn faults_credentials_that_fail_midway_cost_no_attempt_and_end_the_run() {
    let world = World::new().await;
    let orders = [world.add(world.order("1")), world.add(world.order("2"))];
    for order in orders {
        world.ship(order, &format!("1Z{order}")).await;
    }
    let refusal = FaultKind::Status { code: 401, body: String::new() };
    world.sim.fault(Fault::on(Method::POST, MARK).with(refusal));
    let report = sync(&world).await;
    assert!(
        matches!(report.run.status, shipstation_connector::channel::RunStatus::Failed { .. }),
        "{report}"
    );
    assert_eq!(
        (report.counts.of(SyncOutcomeKind::RetryWaiting), report.counts.of(SyncOutcomeKind::NotReached)),
        (1, 1),
        "{report}"
    );
    assert_eq!(super::rows(&world, orders[0]).await[0].attempts, 0);
    let report = sync_after(&world, HOUR * 2).await;
    assert_eq!(report.counts.confirmed(), 2, "{report}");
}

#[tokio::test]
async fn faults_an_outage_ends_the_run_after_a_few_failures() {
    let world = World::new().await;
    for n in 0..20 {
        let order = world.add(world.order(&format!("{n}")));
        world.ship(order, &format!("1Z{order}")).await;
    }
    world.sim.fault(Fault::on(Method::POST, MARK).always().with(FaultKind::Html { status: 502 }));
    let report = sync(&world).await;
    assert_eq!((world.marks(), report.counts.of(SyncOutcomeKind::NotReached)), (3, 17), "{report}");
    world.sim.clear_faults();
    sync_after(&world, MINUTE * 3).await;
    let report = sync_after(&world, MINUTE * 3).await;
    assert_eq!(world.sim.account(|account| account.notices.len()), 20, "{report}");
}

#[tokio::test]
async fn faults_whatever_a_repeated_mark_does_it_is_not_tried() {
    for repeat in [RepeatMarkAsShipped::SecondFulfillment, RepeatMarkAsShipped::Error500] {
        let world = World::new().await;
        world.sim.account(|account| account.quirks.repeat_mark_as_shipped = repeat);
        let order = world.add(world.order("1"));
        world.ship(order, "1Z1").await;
        world.sim.fault(Fault::on(Method::POST, MARK).with(FaultKind::ErrorAfterEffect));
        for _ in 0..3 {
            sync_after(&world, MINUTE * 2).await;
        }
        assert_eq!((world.marks(), state(&world, order).await.name()), (1, "confirmed"));
    }
}

#[tokio::test]
async fn secrets_a_refusal_that_quotes_the_buyer_is_masked() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    let body = r#"{"Message":"Value \"12 Rose Lane\" of jane@example.com, phone 5550142, is invalid"}"#;
    let refusal = FaultKind::Status { code: 400, body: body.to_owned() };
    world.sim.fault(Fault::on(Method::POST, MARK).with(refusal));
    let report = sync(&world).await;
    let shown = format!("{report} {report:?} {:?}", state(&world, order).await);
    for secret in ["Rose Lane", "jane@example.com", "5550142", world.sim.api_secret()] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[tokio::test]
async fn faults_a_look_at_a_shipped_order_does_not_count_towards_another_attempt() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.sim.account(|account| account.quirks.fulfillment_delay = HOUR * 2);
    world.ship(order, "1Z1").await;
    world.sim.fault(Fault::on(Method::POST, MARK).with(FaultKind::DropAfterEffect));
    sync(&world).await;
    assert!(matches!(state(&world, order).await, ShipmentState::Unknown { checks: 0, .. }));
    world.sim.account(|account| account.set_status(order, "awaiting_shipment"));
    let report = sync_after(&world, MINUTE * 2).await;
    assert_eq!(
        (report.counts.of(SyncOutcomeKind::Unknown), world.marks()),
        (1, 1),
        "one look found it open: {report}"
    );
    assert!(matches!(state(&world, order).await, ShipmentState::Unknown { checks: 1, .. }));
}

#[tokio::test]
async fn faults_looks_at_an_order_without_a_record_become_rarer() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.sim.account(|account| account.quirks.fulfillment_delay = DAY * 2);
    world.ship(order, "1Z1").await;
    world.sim.fault(Fault::on(Method::POST, MARK).with(FaultKind::DropAfterEffect));
    sync(&world).await;
    world.sim.clear_journal();
    for _ in 0..240 {
        sync_after(&world, MINUTE).await;
    }
    let looks = world.sim.journal().count("GET", &format!("/orders/{order}"));
    assert!((8..25).contains(&looks), "{looks} looks in four hours");
}

#[tokio::test]
async fn faults_an_earlier_record_of_somebody_else_is_not_taken_for_the_end_of_ours() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    world.sim.account(|account| {
        account.ship_by_hand(order, "OLD", "ups");
        account.set_status(order, "awaiting_shipment");
        account.quirks.fulfillment_delay = MINUTE * 5;
    });
    world.sim.clock().advance(HOUR);
    world.sim.fault(Fault::on(Method::POST, MARK).with(FaultKind::DropAfterEffect));
    sync(&world).await;
    assert_eq!(state(&world, order).await.name(), "unknown");
    let report = sync_after(&world, MINUTE * 6).await;
    assert_eq!((report.counts.confirmed(), world.marks()), (1, 1), "{report}");
}

#[tokio::test]
async fn faults_an_order_that_somebody_else_shipped_meanwhile_is_a_possible_double_shipment() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    world.sim.fault(Fault::on(Method::POST, MARK).with(FaultKind::DropBefore));
    sync(&world).await;
    world.sim.account(|account| account.ship_by_hand(order, "OTHER", "ups"));
    let report = sync_after(&world, MINUTE * 2).await;
    assert_eq!(report.counts.of(SyncOutcomeKind::Unknown), 1, "our record may still be on its way: {report}");
    let report = sync_after(&world, MINUTE * 10).await;
    assert_eq!(report.counts.failed.of(FailKind::AlreadyShipped), 1, "{report}");
    assert_eq!(world.marks(), 1);
}

#[tokio::test]
async fn faults_looks_at_records_that_cannot_be_read_become_rarer() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    world.sim.fault(Fault::on(Method::POST, MARK).with(FaultKind::DropAfterEffect));
    world.sim.fault(Fault::on(Method::GET, "/fulfillments").always().with(unreadable_record()));
    sync(&world).await;
    world.sim.clear_journal();
    for _ in 0..240 {
        sync_after(&world, MINUTE).await;
    }
    let looks = world.sim.journal().count("GET", "/fulfillments");
    assert!((8..25).contains(&looks), "{looks} looks in four hours");
    world.sim.clear_faults();
    let report = sync_after(&world, HOUR).await;
    assert_eq!((report.counts.confirmed(), world.marks()), (1, 0), "the mark was before: {report}");
}

#[tokio::test]
async fn faults_an_order_shipped_with_records_that_cannot_be_read_is_given_up_after_a_week() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    world.sim.account(|account| account.ship_by_hand(order, "OTHER", "ups"));
    world.sim.fault(Fault::on(Method::GET, "/fulfillments").always().with(unreadable_record()));
    let begun = world.now();
    while !state(&world, order).await.is_closed() {
        assert!(world.now().since(begun) < DAY * 9, "it must end");
        sync_after(&world, MINUTE * 30).await;
    }
    assert!(matches!(
        state(&world, order).await,
        ShipmentState::Failed { reason: FailReason::GaveUp { .. } }
    ));
    let looks = world.sim.journal().count("GET", "/fulfillments");
    assert!((20..60).contains(&looks), "{looks} looks in a week");
}

#[tokio::test]
async fn faults_the_gap_between_two_looks_begins_when_the_first_has_ended() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    world.sim.fault(Fault::on(Method::POST, MARK).with(FaultKind::DropBefore));
    sync(&world).await;
    // The first look that counts takes a hundred seconds, as one does that waits for the rate limit.
    let slow = FaultKind::Slow(Duration::from_secs(50));
    world.sim.fault(Fault::on(Method::GET, &format!("/orders/{order}")).with(slow.clone()));
    world.sim.fault(Fault::on(Method::GET, "/fulfillments").with(slow));
    sync_after(&world, MINUTE * 4).await;
    assert!(matches!(state(&world, order).await, ShipmentState::Unknown { checks: 2, .. }));
    sync_after(&world, Duration::from_secs(15)).await;
    assert_eq!(world.marks(), 1, "fifteen seconds after what the first look saw");
    sync_after(&world, MINUTE * 2).await;
    assert_eq!((world.marks(), marked(&world, order)), (2, 1));
}

#[tokio::test]
async fn faults_an_order_cancelled_right_after_the_request_may_show_it_yet() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    let late = FaultKind::LateEffect(MINUTE * 3);
    world.sim.fault(Fault::on(Method::POST, MARK).with(late));
    // After the look before the request.
    world.sim.before(Method::GET, &format!("/orders/{order}"), 2, move |account| {
        account.cancel(order);
    });
    sync(&world).await;
    assert_eq!(state(&world, order).await.name(), "unknown");
    sync_after(&world, MINUTE * 2).await;
    assert_eq!(state(&world, order).await.name(), "unknown");
    sync_after(&world, MINUTE * 2).await;
    assert_eq!((state(&world, order).await.name(), marked(&world, order)), ("confirmed", 1));
}

#[tokio::test]
async fn faults_a_look_that_fails_makes_no_proof_of_one_that_came_too_early() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    world.sim.fault(Fault::on(Method::POST, MARK).with(FaultKind::DropBefore));
    sync(&world).await;
    let look = Fault::on(Method::GET, &format!("/orders/{order}"));
    world.sim.fault(look.times(9).with(FaultKind::ServerError));
    sync_after(&world, Duration::from_secs(90)).await;
    world.sim.clear_faults();
    sync_after(&world, MINUTE * 3).await;
    assert_eq!(world.marks(), 1, "one look alone has shown that the order is open");
    sync_after(&world, MINUTE * 3).await;
    assert_eq!((world.marks(), marked(&world, order)), (2, 1));
}
