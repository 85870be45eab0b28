//! What actions cost: one look and one request that changes something.

use shipstation_connector::channel::report::ActionOutcomeKind as Kind;

use super::{
    DAY, add, effects, hold, hold_kind, only, release, run, states, status, tag, tags, untag,
    world_with_order, writes,
};
use shipstation_connector::channel::ActionKind;

#[tokio::test]
async fn requests_an_action_is_one_look_and_one_write() {
    let (world, order) = world_with_order().await;
    let report = hold(&world, order).await;
    assert_eq!((only(&report), report.counts.sent, report.run.api.requests), (Kind::Done, 1, 2), "{report}");
    assert_eq!((status(&world, order).as_str(), world.sim.journal().len()), ("on_hold", 2));

    let report = release(&world, order).await;
    assert_eq!((only(&report), report.run.api.requests), (Kind::Done, 2), "{report}");
    assert_eq!((status(&world, order).as_str(), effects(&world)), ("awaiting_shipment", 2));
    assert_eq!(states(&world, order).await, ["done", "done"]);
}

#[tokio::test]
async fn requests_tags_are_looked_up_once_in_a_run() {
    let (world, order) = world_with_order().await;
    let [rush, gift] = world.sim.account(|account| ["Rush", "Gift"].map(|name| account.add_tag(name)));
    let report = tag(&world, order, rush).await;
    assert_eq!((only(&report), report.run.api.requests), (Kind::Done, 3), "{report}");
    let report = untag(&world, order, rush).await;
    assert_eq!((only(&report), report.run.api.requests), (Kind::Done, 2), "{report}");
    for (name, number) in [("a", rush), ("b", gift)] {
        add(&world, name, order, ActionKind::AddTag { tag: number.to_string().into() }).await;
    }
    let report = run(&world).await;
    assert_eq!((report.counts.of(Kind::Done), report.run.api.requests), (2, 5), "{report}");
    assert_eq!(tags(&world, order), [rush, gift]);

    let report = tag(&world, order, 999_999).await;
    assert_eq!((only(&report), report.counts.sent), (Kind::Closed, 0), "{report}");
    assert!(report.to_string().contains("no tag 999999"), "{report}");
}

#[tokio::test]
async fn requests_what_is_so_already_costs_a_look() {
    let (world, order) = world_with_order().await;
    let held = hold(&world, order).await;
    assert_eq!(only(&held), Kind::Done);
    world.sim.clear_journal();
    for _ in 0..2 {
        let report = hold(&world, order).await;
        assert_eq!((only(&report), report.run.api.requests), (Kind::AlreadyThere, 1), "{report}");
    }
    assert_eq!(writes(&world), 0);
    let report = run(&world).await;
    assert_eq!(report.run.api.requests, 0, "nothing open: {report}");
}

#[tokio::test]
async fn requests_an_order_that_cannot_be_held_costs_a_look() {
    let (world, order) = world_with_order().await;
    for change in ["shipped", "cancelled"] {
        world.sim.account(|account| account.set_status(order, change));
        let report = hold(&world, order).await;
        assert_eq!((only(&report), report.run.api.requests), (Kind::Closed, 1), "{report}");
        assert!(report.to_string().contains(&format!("the order is {change}")), "{report}");
    }
    assert_eq!((states(&world, order).await, writes(&world)), (vec!["not_possible"; 2], 0));
}

#[tokio::test]
async fn requests_a_hold_that_waited_past_its_end_is_not_sent() {
    let (world, order) = world_with_order().await;
    add(&world, "a", order, hold_kind(&world)).await;
    world.sim.clock().advance(4 * DAY);
    let report = run(&world).await;
    assert_eq!((only(&report), report.counts.sent), (Kind::Closed, 0), "{report}");
    assert_eq!(states(&world, order).await, ["hold_is_over"]);
    add(&world, "b", order, hold_kind(&world)).await;
    world.sim.clock().advance(2 * DAY);
    run(&world).await;
    assert_eq!((states(&world, order).await, writes(&world)), (vec!["hold_is_over", "gave_up"], 0));
}
