//! Several actions of one order: one after the other, and the later of two about the same counts.

use shipstation_connector::{
    channel::{ActionKind, report::ActionOutcomeKind as Kind},
    testing::simulator::{Fault, FaultKind, Method},
};

use super::{
    HOLD, MINUTE, add, effects, hold, hold_kind, only, release, run, run_after, states, status, tags,
    world_with_order, writes,
};

#[tokio::test]
async fn a_later_action_supersedes_one_that_was_not_sent() {
    let (world, order) = world_with_order().await;
    add(&world, "hold", order, hold_kind(&world)).await;
    add(&world, "release", order, ActionKind::Release).await;
    let report = run(&world).await;
    assert_eq!(
        (report.counts.of(Kind::Superseded), report.counts.of(Kind::AlreadyThere)),
        (1, 1),
        "{report}"
    );
    assert_eq!((states(&world, order).await, writes(&world)), (vec!["superseded", "done"], 0));
}

#[tokio::test]
async fn actions_about_different_things_are_done_in_turn() {
    let (world, order) = world_with_order().await;
    let tag = world.sim.account(|account| account.add_tag("Rush"));
    let number = || tag.to_string().into();
    add(&world, "tag", order, ActionKind::AddTag { tag: number() }).await;
    add(&world, "hold", order, hold_kind(&world)).await;
    let report = run(&world).await;
    assert_eq!((report.counts.of(Kind::Done), report.counts.sent), (2, 2), "{report}");
    let journal = world.sim.journal();
    let paths: Vec<_> = journal.writes().map(|entry| entry.path.clone()).collect();
    assert_eq!(paths, ["/orders/addtag", HOLD]);
    assert_eq!((tags(&world, order), status(&world, order).as_str()), (vec![tag], "on_hold"));
}

#[tokio::test]
async fn faults_an_action_of_unknown_outcome_is_settled_before_a_later_one_and_never_sent_again() {
    let (world, order) = world_with_order().await;
    world.sim.fault(Fault::on(Method::POST, HOLD).with(FaultKind::DropBefore));
    assert_eq!(only(&hold(&world, order).await), Kind::Unknown);
    let report = release(&world, order).await;
    assert_eq!((states(&world, order).await, writes(&world)), (vec!["unknown", "pending"], 1), "{report}");
    for _ in 0..6 {
        run_after(&world, MINUTE * 2).await;
    }
    assert_eq!((states(&world, order).await, writes(&world)), (vec!["superseded", "done"], 1));
    assert_eq!(status(&world, order), "awaiting_shipment");
}

#[tokio::test]
async fn faults_a_hold_that_took_effect_is_seen_before_the_release_that_follows() {
    let (world, order) = world_with_order().await;
    world.sim.fault(Fault::on(Method::POST, HOLD).with(FaultKind::DropAfterEffect));
    let report = hold(&world, order).await;
    assert_eq!((only(&report), writes(&world)), (Kind::Done, 1), "the look shows it: {report}");
    release(&world, order).await;
    assert_eq!((states(&world, order).await, effects(&world)), (vec!["done", "done"], 2));
    assert_eq!(status(&world, order), "awaiting_shipment");
}
