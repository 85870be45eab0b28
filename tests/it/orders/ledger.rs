//! Orders that failed do not vanish when they leave the window: they are read again by id until they succeed, are
//! dismissed, or are over.

use std::time::Duration;

use shipstation_connector::{
    ShipStationChannel,
    channel::{
        ChannelConnector, DiagnoseOrder, HoldKind, ImportOrder, OrderSelector, ResolveHeld, RunStatus,
        Verdict,
        report::FollowUpStatus,
        report::ImportOutcomeKind,
        report::SkipKind,
        shipping::ShippingRule,
        store::{MappingStore, OrderStore, OrderStoreExt, OrderWork},
    },
    client::UserId,
    connector::UnmappedPolicy,
    testing::simulator::{Fault, FaultKind, Method},
};

use super::{import, imported};
use crate::support::{DAY, Gate, World};

fn rejecting(world: &World) -> ShipStationChannel {
    world.channel(|settings| settings.shipping.unmapped = UnmappedPolicy::Reject)
}

async fn failure_of(world: &World, order: i64) -> Option<OrderWork> {
    let id = order.to_string().into();
    world.store.failures(&world.connection, std::slice::from_ref(&id)).await.unwrap().remove(&id)
}

#[tokio::test]
async fn clock_a_rejected_order_is_imported_after_a_rule_is_added_however_old_it_is() {
    let world = World::new().await;
    let order = world.add(world.order("A-1").shipping("Two\u{a0}Day"));
    let channel = rejecting(&world);
    let report = import(&channel).await;
    assert_eq!((report.counts.skipped.of(SkipKind::UnmappedShipping), imported(&world)), (1, 0), "{report}");
    world.sim.clock().advance(DAY * 20);
    let report = import(&channel).await;
    assert_eq!(
        report.counts.skipped.of(SkipKind::UnmappedShipping),
        1,
        "it is seen after its time: {report}"
    );
    let unmapped = world.store.unmapped(&world.connection).await.unwrap();
    assert_eq!(unmapped[0].count, 1, "a second look is no second sighting");

    world.rules(vec![ShippingRule::exact("Two\u{a0}Day", "air")]).await;
    world.sim.clock().advance(DAY);
    world.sim.clear_journal();
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.held()), (1, 0), "{report}");
    assert_eq!(world.sim.journal().count("GET", &format!("/orders/{order}")), 1);
    world.sim.clear_journal();
    world.sim.clock().advance(DAY);
    let _ = import(&channel).await;
    assert_eq!(world.sim.journal().count("GET", &format!("/orders/{order}")), 0, "the ledger is empty");
}

#[tokio::test]
async fn faults_an_order_in_the_ledger_and_in_the_window_is_counted_once() {
    let world = World::new().await;
    world.add(world.order("A-1").shipping("Unheard of"));
    let channel = rejecting(&world);
    let _ = import(&channel).await;
    world.sim.clock().advance(DAY);
    let report = import(&channel).await;
    assert_eq!(report.counts.scanned(), 1, "{report}");
    world.rules(vec![ShippingRule::exact("Unheard of", "ground")]).await;
    world.sim.clock().advance(DAY);
    let report = import(&channel).await;
    assert_eq!((report.counts.scanned(), report.counts.imported()), (1, 1), "{report}");
}

#[tokio::test]
async fn faults_an_order_that_the_host_refuses_is_tried_again_with_growing_waits() {
    let world = World::new().await;
    let gate = Gate::over(world.store.clone());
    gate.refuse("A-1", true);
    let order = world.add(world.order("A-1"));
    world.add(world.order("A-2"));
    let channel = world.channel_on(gate.stores(), |_| {});
    let report = import(&channel).await;
    assert_eq!(report.run.status, RunStatus::CompletedWithErrors, "{report}");
    assert_eq!(
        (report.counts.imported(), report.counts.of(ImportOutcomeKind::FailedRetryable)),
        (1, 1),
        "{report}"
    );
    assert!(report.to_string().contains("A-1") && report.to_string().contains("the host refused it"));

    // It has left the window and is still tried.
    world.sim.clock().advance(DAY * 8);
    let report = import(&channel).await;
    assert_eq!(report.counts.of(ImportOutcomeKind::FailedRetryable), 1, "{report}");
    let record = failure_of(&world, order).await.unwrap();
    assert_eq!(record.attempts, 2);
    assert!(record.next_attempt.since(record.failed_at.unwrap()).as_secs() >= 600, "{record:?}");

    gate.refuse.lock().unwrap().clear();
    world.sim.clock().advance(DAY);
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.run.status.clone()), (1, RunStatus::Succeeded), "{report}");
    assert_eq!(failure_of(&world, order).await, None);
}

#[tokio::test]
async fn faults_orders_that_are_dismissed_over_or_gone_are_not_tried_again() {
    let world = World::new().await;
    let ids: Vec<i64> =
        (0..4).map(|n| world.add(world.order(&format!("A-{n}")).shipping("Unheard of"))).collect();
    let channel = world.channel(|settings| {
        settings.shipping.unmapped = UnmappedPolicy::Reject;
        settings.orders.catch_up_days = 0;
    });
    let _ = import(&channel).await;
    world.store.dismiss(&world.connection, &ids[0].to_string().into(), world.now()).await.unwrap();
    world.sim.account(|account| {
        account.cancel(ids[1]);
        account.set_status(ids[2], "shipped");
        account.delete(ids[3]);
    });
    world.sim.clock().advance(DAY * 9);
    let report = import(&channel).await;
    assert_eq!((report.counts.scanned(), report.counts.failed()), (1, 1), "{report}");
    let text = report.to_string();
    assert!(text.contains("is now cancelled") && text.contains("is now shipped"), "{text}");
    assert!(text.contains("does not find the order"), "{text}");
    world.sim.clock().advance(DAY);
    let report = import(&channel).await;
    assert_eq!(report.counts.scanned(), 0, "{report}");
    assert!(report.to_string().contains("no longer exists"), "{report}");
    world.sim.clear_journal();
    world.sim.clock().advance(DAY);
    let _ = import(&channel).await;
    assert!(world.sim.journal().iter().all(|entry| entry.path == "/orders"), "the ledger is empty");
}

#[tokio::test]
async fn faults_an_order_that_a_gateway_does_not_find_for_a_while_is_not_forgotten() {
    let world = World::new().await;
    let order = world.add(world.order("A-1").shipping("Unheard of"));
    let channel = world.channel(|settings| {
        settings.shipping.unmapped = UnmappedPolicy::Reject;
        settings.orders.catch_up_days = 0;
    });
    let _ = import(&channel).await;
    world.rules(vec![ShippingRule::exact("Unheard of", "ground")]).await;
    world.sim.clock().advance(DAY * 9);
    let unknown = FaultKind::Status { code: 404, body: String::new() };
    world.sim.fault(Fault::on(Method::GET, &format!("/orders/{order}")).times(2).with(unknown));
    assert_eq!(import(&channel).await.counts.failed(), 1);
    world.sim.clock().advance(DAY);
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), imported(&world)), (1, 1), "{report}");
}

#[tokio::test]
async fn faults_an_order_on_hold_waits_in_the_ledger() {
    let world = World::new().await;
    let order = world.add(world.order("A-1").shipping("Unheard of"));
    let channel = rejecting(&world);
    let _ = import(&channel).await;
    world.sim.account(|account| account.hold(order));
    world.rules(vec![ShippingRule::exact("Unheard of", "ground")]).await;
    world.sim.clock().advance(DAY * 9);
    let report = import(&channel).await;
    assert_eq!(report.counts.skipped.of(SkipKind::WrongStatus), 1, "{report}");
    let kept = failure_of(&world, order).await.unwrap().error.unwrap();
    assert!(kept.contains("is not mapped"), "a look is no other failure: {kept}");
    world.sim.account(|account| account.set_status(order, "awaiting_shipment"));
    world.sim.clock().advance(DAY);
    assert_eq!(import(&channel).await.counts.imported(), 1);
}

#[tokio::test]
async fn faults_held_orders_are_released_by_a_mapping_and_only_those() {
    let world = World::new().await;
    world.add(world.order("A-1").shipping("Two Day\u{a0}"));
    world.add(world.order("A-2").shipping("Elsewhere"));
    let channel = world.channel(|_| {});
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.held()), (2, 2), "{report}");
    assert_eq!(report.counts.held_by.of(HoldKind::UnmappedShipping), 2, "{report}");
    let rules = vec![ShippingRule::exact("Standard", "ground"), ShippingRule::exact("Two Day\u{a0}", "air")];
    world.rules(rules).await;
    let resolved = channel.resolve_held(ResolveHeld::new()).await.unwrap();
    assert_eq!((resolved.counts.released, resolved.counts.still_unmapped), (1, 1), "{resolved}");
    let ready = world.store.orders(&world.connection).iter().filter(|order| order.is_ready()).count();
    assert_eq!(ready, 1);
    let again = channel.resolve_held(ResolveHeld::new()).await.unwrap();
    assert_eq!((again.counts.held, again.counts.released), (1, 0), "{again}");
    assert_eq!(import(&channel).await.counts.imported(), 0);
}

#[tokio::test]
async fn faults_a_dismissed_order_in_the_window_is_left_out_and_fails_no_run() {
    let world = World::new().await;
    let gate = Gate::over(world.store.clone());
    gate.refuse("A-1", true);
    let refused = world.add(world.order("A-1"));
    let rejected = world.add(world.order("A-2").shipping("Unheard of"));
    let channel = world.channel_on(gate.stores(), |settings| {
        settings.shipping.unmapped = UnmappedPolicy::Reject;
    });
    let report = import(&channel).await;
    assert_eq!(report.run.status, RunStatus::CompletedWithErrors, "{report}");
    for order in [refused, rejected] {
        world.store.dismiss(&world.connection, &order.to_string().into(), world.now()).await.unwrap();
    }
    // Whatever becomes of them: a person has said no.
    gate.refuse.lock().unwrap().clear();
    let rules = ["Standard", "Unheard of"].map(|text| ShippingRule::exact(text, "ground"));
    world.rules(rules.into()).await;
    world.sim.account(|account| account.edit(refused, |order| order.set("shipTo.street1", "2 Elm St")));
    for _ in 0..2 {
        world.sim.clock().advance(DAY / 24);
        world.sim.clear_journal();
        let report = import(&channel).await;
        assert_eq!(report.run.status, RunStatus::Succeeded, "{report}");
        assert_eq!((report.counts.skipped.of(SkipKind::Dismissed), imported(&world)), (2, 0), "{report}");
        assert!(
            report.items.iter().any(|item| item.to_string().contains("the host refused it")),
            "{report:?}"
        );
        assert_eq!(failure_of(&world, refused).await.unwrap().attempts, 1, "it was not tried");
        assert_eq!(world.sim.journal().len(), 3, "the window, the probe, and after an hour the stores");
    }
    let answer = channel
        .diagnose_order(DiagnoseOrder::new(OrderSelector::Id(refused.to_string().into())))
        .await
        .unwrap()
        .remove(0);
    let check = answer.check("failures").unwrap();
    assert_eq!(check.verdict, Verdict::Blocks, "{answer}");
    assert!(check.remedy.as_ref().unwrap().contains("import it by hand"), "{answer}");

    let by_hand = OrderSelector::Id(refused.to_string().into());
    let report = channel.import_order(ImportOrder::new(by_hand)).await.unwrap();
    assert_eq!((report.counts.imported(), failure_of(&world, refused).await), (1, None), "{report}");
}

#[tokio::test]
async fn requests_an_order_that_keeps_failing_in_the_window_is_read_by_id_ever_more_seldom() {
    let world = World::new().await;
    let order = world.add(world.order("A-1").shipping("Unheard of"));
    let channel = rejecting(&world);
    let mut looks = Vec::new();
    for _ in 0..16 {
        world.sim.clear_journal();
        let report = import(&channel).await;
        assert_eq!(report.counts.skipped.of(SkipKind::UnmappedShipping), 1, "{report}");
        looks.push(world.sim.journal().count("GET", &format!("/orders/{order}")));
        world.sim.clock().advance(Duration::from_secs(900));
    }
    assert!(looks.iter().sum::<usize>() <= 4, "four hours of looks: {looks:?}");
    assert_eq!(
        world.store.unmapped(&world.connection).await.unwrap()[0].count,
        1,
        "one order is one sighting"
    );
}

#[tokio::test]
async fn faults_max_orders_reached_by_the_ledger_still_assigns_users() {
    let world = World::new().await;
    let user = world.sim.account(|account| account.add_user("Night Shift"));
    for number in 0..3 {
        world.add(world.order(&format!("A-{number}")).shipping("Unheard of"));
    }
    let channel = world.channel(|settings| {
        settings.shipping.unmapped = UnmappedPolicy::Reject;
        settings.orders.assign_user = Some(UserId::new(&user));
        settings.orders.max_orders = Some(2);
    });
    let _ = import(&channel).await;
    world.rules(vec![ShippingRule::exact("Unheard of", "ground")]).await;
    world.sim.clock().advance(DAY / 24);
    let report = import(&channel).await;
    assert!(matches!(report.run.status, RunStatus::Partial { .. }), "{report}");
    assert_eq!((report.counts.imported(), report.counts.users.of(FollowUpStatus::Done)), (2, 2), "{report}");
    world.sim.clock().advance(DAY / 24);
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.run.status.clone()), (1, RunStatus::Succeeded), "{report}");
}

#[tokio::test]
async fn clock_a_long_ledger_gives_each_order_its_turn() {
    let world = World::new().await;
    for number in 0..200 {
        world.add(world.order(&format!("A-{number}")).shipping("Unheard of"));
    }
    let channel = rejecting(&world);
    let _ = import(&channel).await;
    world.sim.clock().advance(DAY / 24);
    world.add(world.order("B-1").shipping("Two Day"));
    let _ = import(&channel).await;
    world.rules(vec![ShippingRule::exact("Two Day", "air")]).await;
    world.sim.clock().advance(DAY * 20);
    let report = import(&channel).await;
    let said = "more failed orders are due";
    assert!(report.run.warnings.iter().any(|warning| warning.contains(said)), "{:?}", report.run.warnings);
    world.sim.clock().advance(DAY / 24);
    let report = import(&channel).await;
    assert_eq!(imported(&world), 1, "{report}");
}

#[tokio::test]
async fn faults_a_dismissed_order_that_fails_by_hand_is_promised_no_other_attempt() {
    let world = World::new().await;
    let gate = Gate::over(world.store.clone());
    gate.refuse("A-1", true);
    let order = world.add(world.order("A-1"));
    let channel = world.channel_on(gate.stores(), |_| {});
    let _ = import(&channel).await;
    world.store.dismiss(&world.connection, &order.to_string().into(), world.now()).await.unwrap();
    let which = OrderSelector::Id(order.to_string().into());
    let report = channel.import_order(ImportOrder::new(which)).await.unwrap();
    assert_eq!(
        (
            report.counts.of(ImportOutcomeKind::FailedRetryable),
            report.counts.of(ImportOutcomeKind::FailedPermanent)
        ),
        (0, 1),
        "{report}"
    );
    assert!(report.to_string().contains("it stays dismissed"), "{report}");
    assert!(!report.to_string().contains("will be tried again"), "{report}");
}

#[tokio::test]
async fn clock_an_order_that_failed_is_imported_from_the_margin_of_the_window_before_its_turn_in_the_ledger()
{
    let world = World::new().await;
    let order = world.add(world.order("1").created(world.now()));
    world.sim.account(|account| account.overwrite(order, "orderNumber", b"[]"));
    for _ in 0..4 {
        let _ = import(&world.channel(|_| {})).await;
        world.sim.clock().advance(DAY * 41 / 24);
    }
    // Less than an hour too old, and not due in the ledger for hours.
    world.sim.clock().advance(DAY / 6);
    let _ = import(&world.channel(|_| {})).await;
    world.sim.account(|account| account.heal(order));
    world.sim.clock().advance(Duration::from_secs(600));
    let report = import(&world.channel(|_| {})).await;
    assert_eq!((report.counts.imported(), failure_of(&world, order).await), (1, None), "{report}");
}
