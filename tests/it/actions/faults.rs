//! What goes wrong around the one request that must not happen twice, nor against a later act of a person.

use std::time::Duration;

use shipstation_connector::{
    channel::{ChannelConnector, RunActions, RunStatus, report::ActionOutcomeKind as Kind},
    testing::simulator::{Fault, FaultKind, Method},
};

use super::{
    HOLD, HOUR, MINUTE, RELEASE, add, effects, hold, hold_kind, only, release, rows, run, run_after, states,
    status, world_with_order, writes,
};
use crate::support::World;

fn every_kind() -> Vec<FaultKind> {
    vec![
        FaultKind::Throttle { reset: Some(20) },
        FaultKind::ServerError,
        FaultKind::Exception { message: "The carrier is asleep.".to_owned() },
        FaultKind::ErrorAfterEffect,
        FaultKind::Html { status: 502 },
        FaultKind::Html { status: 200 },
        FaultKind::HtmlAfterEffect { status: 504 },
        FaultKind::Refuse,
        FaultKind::DropBefore,
        FaultKind::DropAfterEffect,
        FaultKind::Hang,
        FaultKind::HangAfterEffect,
        FaultKind::Truncate,
        FaultKind::CutBody,
        FaultKind::EmptyBody,
        FaultKind::Status { code: 503, body: String::new() },
        FaultKind::Status { code: 200, body: "{}".to_owned() },
        FaultKind::Status { code: 200, body: "null".to_owned() },
        FaultKind::StatusAfterEffect { code: 400, body: r#"{"Message":"already held"}"#.to_owned() },
        FaultKind::Slow(MINUTE),
        FaultKind::LateEffect(MINUTE * 3),
    ]
}

async fn several_runs(world: &World) {
    for _ in 0..20 {
        run_after(world, MINUTE * 20).await;
    }
}

#[tokio::test]
async fn faults_at_the_send_never_hold_an_order_twice_and_never_lose_the_hold() {
    for kind in every_kind() {
        let (world, order) = world_with_order().await;
        world.sim.fault(Fault::on(Method::POST, HOLD).with(kind.clone()));
        hold(&world, order).await;
        several_runs(&world).await;
        assert_eq!((states(&world, order).await, effects(&world)), (vec!["done"], 1), "{kind:?}");
        assert!(writes(&world) <= 2, "{kind:?}");
    }
}

#[tokio::test]
async fn faults_that_go_on_end_with_a_person_after_two_requests() {
    for kind in every_kind() {
        let (world, order) = world_with_order().await;
        world.sim.fault(Fault::on(Method::POST, HOLD).times(2).with(kind.clone()));
        hold(&world, order).await;
        several_runs(&world).await;
        let done = match effects(&world) {
            0 => ["outcome_unknown"],
            _ => ["done"],
        };
        assert_eq!(states(&world, order).await, done, "{kind:?}");
        assert!(effects(&world) <= 1, "{kind:?}");
        let may_repeat = matches!(kind, FaultKind::Throttle { .. } | FaultKind::Refuse);
        assert!(may_repeat || writes(&world) <= 2, "{kind:?}");
    }
}

#[tokio::test]
async fn faults_an_effect_whose_answer_was_lost_is_seen_and_not_repeated() {
    let (world, order) = world_with_order().await;
    world.sim.fault(Fault::on(Method::POST, HOLD).with(FaultKind::HangAfterEffect));
    // The look that follows at once fails as well.
    let look = Fault::on(Method::GET, &format!("/orders/{order}"));
    world.sim.fault(look.after(1).always().with(FaultKind::ServerError));
    let report = hold(&world, order).await;
    assert_eq!(only(&report), Kind::Unknown, "{report}");
    world.sim.clear_faults();
    let report = run_after(&world, MINUTE).await;
    assert_eq!((only(&report), writes(&world)), (Kind::Done, 1), "{report}");
}

#[tokio::test]
async fn faults_a_request_without_effect_is_sent_once_more_after_two_looks_apart() {
    let (world, order) = world_with_order().await;
    world.sim.fault(Fault::on(Method::POST, HOLD).with(FaultKind::Hang));
    hold(&world, order).await;
    for minute in 1..=3 {
        run_after(&world, MINUTE).await;
        assert_eq!((states(&world, order).await, writes(&world)), (vec!["unknown"], 1), "minute {minute}");
    }
    run_after(&world, MINUTE).await;
    assert_eq!((states(&world, order).await, writes(&world)), (vec!["done"], 2));
    assert_eq!(effects(&world), 1);
}

#[tokio::test]
async fn faults_a_change_of_a_person_in_between_ends_with_a_person() {
    for wait in [MINUTE / 2, MINUTE * 2] {
        let (world, order) = world_with_order().await;
        world.sim.fault(Fault::on(Method::POST, HOLD).with(FaultKind::DropBefore));
        hold(&world, order).await;
        world.sim.clock().advance(wait);
        world.sim.account(|account| account.edit(order, |order| order.set("internalNotes", "look")));
        several_runs(&world).await;
        assert_eq!((states(&world, order).await, writes(&world)), (vec!["outcome_unknown"], 1));
        assert_eq!(status(&world, order), "awaiting_shipment");
        let report = run(&world).await;
        assert_eq!(report.counts.outcomes.total(), 0, "it is over: {report}");
    }
}

#[tokio::test]
async fn faults_what_a_person_releases_is_not_held_again() {
    let (world, order) = world_with_order().await;
    world.sim.fault(Fault::on(Method::POST, HOLD).with(FaultKind::DropAfterEffect));
    let look = Fault::on(Method::GET, &format!("/orders/{order}"));
    world.sim.fault(look.after(1).always().with(FaultKind::ServerError));
    assert_eq!(only(&hold(&world, order).await), Kind::Unknown);
    world.sim.clear_faults();
    world.sim.clock().advance(MINUTE);
    world.sim.account(|account| account.set_status(order, "awaiting_shipment"));
    several_runs(&world).await;
    assert_eq!((states(&world, order).await, writes(&world)), (vec!["outcome_unknown"], 1));
    assert_eq!(status(&world, order), "awaiting_shipment");
}

#[tokio::test]
async fn faults_what_a_person_holds_is_not_released_again() {
    let (world, order) = world_with_order().await;
    hold(&world, order).await;
    world.sim.fault(Fault::on(Method::POST, RELEASE).with(FaultKind::DropAfterEffect));
    let look = Fault::on(Method::GET, &format!("/orders/{order}"));
    world.sim.fault(look.after(1).always().with(FaultKind::ServerError));
    assert_eq!(release(&world, order).await.counts.of(Kind::Unknown), 1);
    world.sim.clear_faults();
    world.sim.clock().advance(MINUTE);
    world.sim.account(|account| account.hold_until(order, "2030-01-01"));
    several_runs(&world).await;
    assert_eq!((states(&world, order).await, writes(&world)), (vec!["done", "outcome_unknown"], 2));
    assert_eq!(status(&world, order), "on_hold");
}

#[tokio::test]
async fn faults_a_change_before_a_retry_ends_with_a_person() {
    let (world, order) = world_with_order().await;
    world.sim.fault(Fault::on(Method::POST, HOLD).with(FaultKind::Refuse).times(9));
    assert_eq!(only(&hold(&world, order).await), Kind::RetryWaiting);
    world.sim.clear_faults();
    let sent = writes(&world);
    world.sim.account(|account| account.set_status(order, "awaiting_shipment"));
    several_runs(&world).await;
    assert_eq!((states(&world, order).await, writes(&world)), (vec!["order_changed"], sent));
}

#[tokio::test]
async fn faults_refused_credentials_keep_the_action() {
    for path in ["/orders/*", HOLD] {
        let (world, order) = world_with_order().await;
        let method = if path == HOLD { Method::POST } else { Method::GET };
        let refused = FaultKind::Status { code: 401, body: String::new() };
        world.sim.fault(Fault::on(method, path).times(1).with(refused));
        let report = hold(&world, order).await;
        assert!(matches!(report.run.status, RunStatus::Failed { .. }), "{report}");
        assert_eq!(effects(&world), 0, "{report}");
        let report = run_after(&world, MINUTE).await;
        assert_eq!((only(&report), effects(&world)), (Kind::Done, 1), "{report}");
    }
}

#[tokio::test]
async fn faults_a_run_that_has_done_nothing_says_so() {
    let (world, order) = world_with_order().await;
    add(&world, "a", order, hold_kind(&world)).await;
    world.sim.fault(Fault::any().times(1).with(FaultKind::Status { code: 401, body: String::new() }));
    let refused = super::process(&world).run_actions(RunActions::new()).await.unwrap_err();
    assert!(refused.to_string().contains("refused the API key"), "{refused}");
    assert_eq!(only(&run(&world).await), Kind::Done);
}

#[tokio::test]
async fn faults_a_refusal_is_final() {
    let (world, order) = world_with_order().await;
    let body = r#"{"Message":"The order is locked"}"#.to_owned();
    world.sim.fault(Fault::on(Method::POST, HOLD).with(FaultKind::Status { code: 400, body }));
    let report = hold(&world, order).await;
    assert_eq!((only(&report), states(&world, order).await), (Kind::Closed, vec!["refused"]), "{report}");
    several_runs(&world).await;
    assert_eq!(writes(&world), 1);
}

#[tokio::test]
async fn faults_an_order_that_is_gone_closes_its_action_after_an_hour() {
    let (world, order) = world_with_order().await;
    world.sim.account(|account| account.delete(order));
    assert_eq!(only(&hold(&world, order).await), Kind::RetryWaiting);
    run_after(&world, HOUR / 2).await;
    assert_eq!(states(&world, order).await, ["retry_wait"]);
    run_after(&world, HOUR).await;
    assert_eq!((states(&world, order).await, writes(&world)), (vec!["order_gone"], 0));
}

#[tokio::test]
async fn faults_an_answer_about_another_order_is_no_answer() {
    let (world, order) = world_with_order().await;
    super::imported(&world, "2").await;
    world.sim.clear_journal();
    let look = Fault::on(Method::GET, &format!("/orders/{order}"));
    world.sim.fault(look.times(1).with(FaultKind::AnotherOrder));
    let report = hold(&world, order).await;
    assert_eq!((only(&report), writes(&world)), (Kind::RetryWaiting, 0), "{report}");
    run_after(&world, MINUTE * 3).await;
    assert_eq!(states(&world, order).await, ["done"]);
}

#[tokio::test]
async fn faults_a_silent_shipstation_is_given_up_for_a_person() {
    let (world, order) = world_with_order().await;
    let patience = Duration::from_secs(20);
    let channel = world
        .builder(world.client_that_waits(patience), world.store.stores(), |settings| {
            settings.actions.enabled = true;
            settings.actions.give_up_after = HOUR * 2;
        })
        .build()
        .unwrap();
    add(&world, "a", order, hold_kind(&world)).await;
    world.sim.fault(Fault::any().always().with(FaultKind::ServerError));
    for _ in 0..60 {
        let _ = channel.run_actions(RunActions::new()).await;
        world.sim.clock().advance(MINUTE * 10);
    }
    assert_eq!(states(&world, order).await, ["gave_up"]);
    assert!(rows(&world, order).await[0].attempts > 1);
}
