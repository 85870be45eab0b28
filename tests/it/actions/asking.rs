//! What the host may ask for, what it is answered, and that what was asked for is kept.

use std::sync::Arc;

use futures_util::future::join_all;
use shipstation_connector::channel::{
    CancelOrder, ChannelConnector, HoldOrder, Operation, OrderSelector, OrderTimeline, Readiness, Refusal,
    ReleaseOrder, RemoteWrite, RunActions, RunControl, RunStatus,
    report::ActionOutcomeKind as Kind,
    store::{BeginOutcome, Maintenance, NewRun, RetentionPolicy, RunStore},
};
use shipstation_connector::stores::SqliteStore;

use super::{
    DAY, HOUR, add, effects, hold, hold_kind, id, only, process, rows, run, run_after, states, status,
    world_with_order, writes,
};

#[tokio::test]
async fn nothing_is_done_unless_it_is_enabled() {
    let (world, order) = world_with_order().await;
    let channel = world.channel_on(world.store.stores(), |_| {});
    let refused = channel.hold_order(HoldOrder::new(order.to_string(), world.now() + DAY)).await.unwrap_err();
    assert!(matches!(refused.refusal, Refusal::NotConfigured { .. }), "{refused}");
    assert!(refused.to_string().contains("actions.enabled"), "{refused}");
    assert!(channel.run_actions(RunActions::new()).await.is_err());
    assert!(matches!(channel.readiness(Operation::RunActions), Readiness::NotConfigured { .. }));
    let added = [RemoteWrite::HoldOrder, RemoteWrite::ReleaseOrder, RemoteWrite::RemoveTag];
    assert!(added.iter().all(|write| !channel.capabilities().writes.contains(write)));

    let channel = process(&world);
    assert_eq!(channel.readiness(Operation::RunActions), Readiness::Ready);
    assert!(added.iter().all(|write| channel.capabilities().writes.contains(write)));
    let without = world.builder(
        world.client(),
        shipstation_connector::channel::store::Stores::all_in(world.store.clone()),
        |settings| settings.actions.enabled = true,
    );
    assert!(without.build().unwrap_err().to_string().contains("keep no actions"));
    assert_eq!(world.sim.journal().len(), 0);
}

#[tokio::test]
async fn a_cancellation_is_left_to_a_person() {
    let (world, order) = world_with_order().await;
    let refused = process(&world).cancel_order(CancelOrder::new(order.to_string().into())).await.unwrap_err();
    assert!(matches!(refused.refusal, Refusal::Unsupported { .. }));
    assert!(refused.to_string().contains("choose Cancel there"), "{refused}");
    assert_eq!(world.sim.journal().len(), 0);
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_before_it_is_kept() {
    let (world, order) = world_with_order().await;
    let stranger = world.add(world.order("not imported"));
    let channel = process(&world);
    let ahead = world.now() + DAY;
    for order in ["x", "0", "99999999", &stranger.to_string()] {
        let refused = channel.hold_order(HoldOrder::new(order, ahead)).await.unwrap_err();
        assert!(matches!(refused.refusal, Refusal::NotFound { .. }), "{refused}");
    }
    let refused = channel.hold_order(HoldOrder::new(order.to_string(), world.ago(DAY))).await.unwrap_err();
    assert!(refused.to_string().contains("has begun"), "{refused}");
    let tag = shipstation_connector::channel::TagOrder::new(order.to_string(), "Rush");
    let refused = channel.tag_order(tag).await.unwrap_err();
    assert!(refused.to_string().contains("Rush is no number"), "{refused}");
    let request = ReleaseOrder::new(order.to_string()).control(RunControl::new().dry_run());
    assert_eq!(only(&channel.release_order(request).await.unwrap()), Kind::WouldBeTried);
    assert_eq!((rows(&world, order).await.len(), world.sim.journal().len()), (0, 0));
}

#[tokio::test]
async fn an_id_is_used_once() {
    let (world, order) = world_with_order().await;
    let until = world.now() + 3 * DAY;
    let ask = async || {
        process(&world).hold_order(HoldOrder::new(order.to_string(), until).id("h-1")).await.unwrap()
    };
    assert_eq!(only(&ask().await), Kind::Done);
    // A person releases it; the host repeats what it asked for before.
    world.sim.account(|account| account.set_status(order, "awaiting_shipment"));
    assert_eq!(only(&ask().await), Kind::Done, "what became of it is said again");
    assert_eq!((effects(&world), status(&world, order).as_str()), (1, "awaiting_shipment"));
    world.sim.clock().advance(4 * DAY);
    assert_eq!(only(&ask().await), Kind::Done, "although its day has begun since");
    let run_id = "other".into();
    let other =
        NewRun::new(world.connection.clone(), Operation::RunActions, run_id, "other", HOUR, world.now());
    assert!(matches!(world.store.begin(other).await.unwrap(), BeginOutcome::Granted(_)));
    let report = ask().await;
    assert_eq!((only(&report), &report.run.status), (Kind::Done, &RunStatus::Succeeded), "{report}");
    assert_eq!(world.store.release_leases("other").await.unwrap(), 1);
    let other = ReleaseOrder::new(order.to_string()).id("h-1");
    let refused = process(&world).release_order(other).await.unwrap_err();
    assert!(refused.to_string().contains("another action has the id h-1"), "{refused}");
}

#[tokio::test]
async fn an_action_is_queued_while_another_run_has_the_lease() {
    let (world, order) = world_with_order().await;
    let run_id = "other".into();
    let other =
        NewRun::new(world.connection.clone(), Operation::RunActions, run_id, "other", HOUR / 4, world.now());
    assert!(matches!(world.store.begin(other).await.unwrap(), BeginOutcome::Granted(_)));
    let report = hold(&world, order).await;
    assert_eq!(only(&report), Kind::Queued, "{report}");
    assert!(matches!(&report.run.status, RunStatus::Partial { why } if why.contains("already running")));
    assert_eq!((states(&world, order).await, world.sim.journal().len()), (vec!["pending"], 0));
    let report = run_after(&world, HOUR).await;
    assert_eq!((only(&report), status(&world, order).as_str()), (Kind::Done, "on_hold"), "{report}");
}

#[tokio::test]
async fn crash_two_workers_at_once_send_one_request() {
    let (world, order) = world_with_order().await;
    let until = world.now() + 3 * DAY;
    let processes: Vec<_> = (0..4).map(|_| process(&world)).collect();
    let asked =
        processes.iter().map(|channel| channel.hold_order(HoldOrder::new(order.to_string(), until).id("h")));
    let reports = join_all(asked).await;
    assert!(reports.iter().all(Result::is_ok), "{reports:?}");
    run(&world).await;
    assert_eq!((states(&world, order).await, writes(&world)), (vec!["done"], 1));
}

#[tokio::test]
async fn crash_after_a_restore_nothing_is_sent_that_may_have_been() {
    let (world, order) = world_with_order().await;
    let held = super::imported(&world, "2").await;
    let kind = hold_kind(&world);
    for (name, order) in [("a", order), ("b", held)] {
        add(&world, name, order, kind.clone()).await;
    }
    // Both were sent after the backup, and a person has released one since.
    let day = shipstation_connector::client::PacificDate::of(world.now() + 4 * DAY).to_string();
    world.sim.account(|account| account.hold_until(held, &day));
    world.store.after_restore(world.now()).await.unwrap();
    let which = OrderSelector::Id(order.to_string().into());
    let story = process(&world).timeline(OrderTimeline::new(which)).await.unwrap();
    assert!(!story.has_gaps, "doubt is no step: {story}");
    world.sim.clear_journal();
    for _ in 0..3 {
        run_after(&world, HOUR).await;
    }
    assert_eq!(writes(&world), 0);
    assert_eq!(
        (states(&world, order).await, states(&world, held).await),
        (vec!["outcome_unknown"], vec!["done"])
    );
}

#[tokio::test]
async fn closed_actions_are_kept_for_ninety_days_and_open_ones_for_good() {
    let (world, order) = world_with_order().await;
    let folder = tempfile::tempdir().unwrap();
    let file = Arc::new(SqliteStore::open(folder.path().join("store.sqlite")).unwrap());
    hold(&world, order).await;
    add(&world, "open", order, hold_kind(&world)).await;
    let policy = RetentionPolicy::default();
    let maintained = async |days: u32| {
        let later = world.now() + DAY * days;
        (
            world.store.maintain(&policy, later).await.unwrap().actions,
            file.maintain(&policy, later).await.unwrap(),
        )
    };
    assert_eq!(maintained(89).await.0, 0);
    assert_eq!(maintained(91).await.0, 1);
    let left = rows(&world, order).await;
    assert_eq!(left.iter().map(|row| row.action.id.clone()).collect::<Vec<_>>(), [id("open")]);
}
