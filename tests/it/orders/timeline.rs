//! "What happened to this order?"

use std::time::Duration;

use shipstation_connector::{
    ShipStationChannel,
    channel::{
        ChannelConnector, ChannelError, DiagnoseOrder, HoldOrder, Operation, OrderSelector, OrderTimeline,
        Refusal, ResolveHeld, RetryClass, RunActions, Shipment, ShipmentState, SyncShipments, Timeline,
        shipping::ShippingRule,
        store::{
            BeginOutcome, Maintenance, NewRun, OrderEvent, OrderEventKind, RunStore, ShipmentStore,
            ShipmentStoreExt, ShipmentTransition, Stores,
        },
    },
    client::UserId,
    testing::simulator::{Fault, FaultKind, Method},
};

use super::import;
use crate::support::{DAY, Gate, World};

async fn ask(channel: &ShipStationChannel, which: OrderSelector) -> Result<Timeline, ChannelError> {
    channel.timeline(OrderTimeline::new(which)).await
}

fn by_id(order: i64) -> OrderSelector {
    OrderSelector::Id(order.to_string().into())
}

/// A channel whose stores keep what happens to orders.
fn channel(world: &World, user: Option<&str>) -> ShipStationChannel {
    world.channel_on(world.store.stores(), |settings| {
        settings.orders.assign_user = user.map(UserId::new);
        settings.orders.watch_changes = true;
    })
}

async fn sync(world: &World, channel: &ShipStationChannel, wait: Duration) {
    world.sim.clock().advance(wait);
    let report = channel.sync_shipments(SyncShipments::new()).await.unwrap();
    assert!(report.counts.add_up(), "{report}");
}

/// What happened, without times, runs and particulars.
fn steps(timeline: &Timeline) -> Vec<String> {
    let step = |event: &OrderEvent| event.what.to_string().split(':').next().unwrap_or_default().to_owned();
    timeline.events.iter().map(step).collect()
}

/// An order that is held and released, whose shipment is of unknown outcome at first, and that is put on hold afterwards.
async fn eventful(world: &World) -> (i64, ShipStationChannel) {
    let user = world.sim.account(|account| account.add_user("Dana"));
    let order = world.add(world.order("A-1").shipping("Express"));
    world.sim.fault(Fault::on(Method::POST, "/orders/assignuser").with(FaultKind::ServerError));
    let channel = channel(world, Some(&user));
    let _ = import(&channel).await;
    world.sim.clock().advance(DAY / 12);
    let _ = import(&channel).await;
    world.rules(vec![ShippingRule::exact("Express", "air")]).await;
    let _ = channel.resolve_held(ResolveHeld::new()).await.unwrap();
    world.enqueue(Shipment::new("s-1", order.to_string(), world.now(), "UPS", "1Z1")).await;
    world.sim.fault(Fault::on(Method::POST, "/orders/markasshipped").with(FaultKind::DropAfterEffect));
    for _ in 0..3 {
        sync(world, &channel, DAY / 24).await;
    }
    (order, channel)
}

#[tokio::test]
async fn requests_a_story_costs_none_where_the_id_is_known() {
    let world = World::new().await;
    let (order, channel) = eventful(&world).await;
    let before = world.sim.journal().len();
    let timeline = ask(&channel, by_id(order)).await.unwrap();
    assert_eq!(world.sim.journal().len(), before, "0 requests");
    assert_eq!((timeline.has_gaps, timeline.left_out), (false, 0));
    assert_eq!(timeline.number.as_deref(), Some("A-1"));
    assert_eq!(
        steps(&timeline),
        [
            "imported",
            "user not assigned yet (attempt 1)",
            "user assigned",
            "released with version 2 of the rules",
            "shipment s-1 (revision 1) enqueued",
            "shipment s-1 (revision 1) sending (attempt 1)",
            "shipment s-1 (revision 1) of unknown outcome",
            "shipment s-1 (revision 1) confirmed",
        ],
        "{timeline}"
    );
    assert!(timeline.events.is_sorted_by_key(|event| event.at), "{timeline}");
    let first = timeline.to_string().lines().nth(1).unwrap().to_owned();
    assert!(first.contains("Z imported by run get_orders-"), "{first}");
    assert!(first.ends_with("held: shipping text \"Express\" is not mapped"), "{first}");
    let json = serde_json::to_string(&timeline).unwrap();
    assert_eq!(serde_json::from_str::<Timeline>(&json).unwrap(), timeline);

    let by_number = ask(&channel, OrderSelector::Number("A-1".into())).await.unwrap();
    assert_eq!(by_number, timeline);
    assert_eq!(world.sim.journal().len(), before + 1, "1 request by number");
}

#[tokio::test]
async fn requests_a_diagnosis_ends_with_the_story() {
    let world = World::new().await;
    let (order, channel) = eventful(&world).await;
    let diagnosis = channel.diagnose_order(DiagnoseOrder::new(by_id(order))).await.unwrap().remove(0);
    assert_eq!(diagnosis.timeline, Some(ask(&channel, by_id(order)).await.unwrap()));
    let text = diagnosis.to_string();
    let last = text.lines().last().unwrap();
    assert!(last.starts_with("  event   ") && last.contains("s-1 (revision 1) confirmed"), "{text}");
}

#[tokio::test]
async fn requests_of_a_long_story_a_diagnosis_has_the_newest_part() {
    let world = World::new().await;
    let order = world.add(world.order("A-1"));
    let gate = Gate::over(world.store.clone());
    gate.refuse("A-1", true);
    let channel = world.channel_on(gate.stores().with_history(world.store.clone()), |_| {});
    for _ in 0..30 {
        let _ = import(&channel).await;
        world.sim.clock().advance(DAY);
    }
    let whole = ask(&channel, by_id(order)).await.unwrap();
    assert_eq!((whole.events.len(), whole.has_gaps), (30, false), "an event for each attempt: {whole}");
    assert!(whole.to_string().contains("failure 30 recorded by run"), "{whole}");
    let diagnosis = channel.diagnose_order(DiagnoseOrder::new(by_id(order))).await.unwrap().remove(0);
    assert_eq!(diagnosis.timeline, Some(whole.newest(20)));
    assert!(diagnosis.to_string().contains("10 earlier events left out"), "{diagnosis}");
}

#[tokio::test]
async fn faults_a_change_is_part_of_the_story_once() {
    let world = World::new().await;
    let order = world.add(world.order("A-1"));
    let channel = channel(&world, None);
    let _ = import(&channel).await;
    world.sim.clock().advance(DAY / 24);
    world.sim.account(|account| assert!(account.hold(order)));
    for _ in 0..2 {
        let _ = import(&channel).await;
        world.sim.clock().advance(DAY / 24);
    }
    let timeline = ask(&channel, by_id(order)).await.unwrap();
    assert_eq!(steps(&timeline), ["imported", "changed"], "{timeline}");
    assert!(timeline.to_string().contains(": put on hold"), "{timeline}");
}

#[tokio::test]
async fn faults_after_200_events_the_present_state_is_told_with_a_gap() {
    let world = World::new().await;
    let order = world.add(world.order("A-1"));
    let channel = channel(&world, None);
    let _ = import(&channel).await;
    world.ship(order, "1Z1").await;
    let ttl = DAY * 999;
    let run = NewRun::new(
        world.connection.clone(),
        Operation::SyncShipments,
        "run".into(),
        "test",
        ttl,
        world.now(),
    );
    let BeginOutcome::Granted(token) = world.store.begin(run).await.unwrap() else { panic!("it is free") };
    let row = world
        .store
        .order_progress(&world.connection, &order.to_string().into())
        .await
        .unwrap()
        .rows
        .remove(0);
    let mut last = None;
    for attempt in 1..=300 {
        world.sim.clock().advance(DAY / 24);
        let (until, class) = (world.now() + DAY / 24, RetryClass::Unavailable);
        let state = ShipmentState::RetryWait { until, class, server_since: None };
        let step = ShipmentTransition::new(row.id(), state.clone(), world.now()).counting_attempt();
        world.store.record(&token, &[step]).await.unwrap();
        let timeline = ask(&channel, by_id(order)).await.unwrap();
        assert_eq!(timeline.has_gaps, attempt > 198, "attempt {attempt}: {timeline}");
        last = Some((state, timeline));
    }
    let (state, timeline) = last.unwrap();
    assert_eq!(timeline.events.len(), 201, "{timeline}");
    let newest = timeline.events.last().map(|event| &event.what);
    assert!(
        matches!(newest, Some(OrderEventKind::Shipment { state: told, attempts: 300, .. }) if *told == state)
    );
}

#[tokio::test]
async fn requests_actions_are_part_of_the_story() {
    let world = World::new().await;
    let order = world.add(world.order("A-1"));
    let channel = world.channel_on(world.store.stores(), |settings| settings.actions.enabled = true);
    let _ = import(&channel).await;
    let hold = HoldOrder::new(order.to_string(), world.now() + 3 * DAY).id("h");
    world.sim.fault(Fault::on(Method::POST, "/orders/holduntil").with(FaultKind::DropAfterEffect));
    let _ = channel.hold_order(hold).await.unwrap();
    world.sim.clock().advance(DAY / 24);
    let _ = channel.run_actions(RunActions::new()).await.unwrap();
    let timeline = ask(&channel, by_id(order)).await.unwrap();
    let told: Vec<_> = timeline.events.iter().skip(1).map(|event| event.what.to_string()).collect();
    let name = told[0].split(" asked for").next().unwrap();
    assert!(name.starts_with("action h (hold until 20"), "{name}");
    for (told, wanted) in told.iter().zip(["asked for", "sending", "of unknown outcome", "done"]) {
        assert!(told.starts_with(&format!("{name} {wanted}")), "{timeline}");
    }
    assert_eq!((told.len(), timeline.has_gaps), (4, false), "{timeline}");

    let without_events = Stores::all_in(world.store.clone()).with_actions(world.store.clone());
    let channel = world.channel_on(without_events, |_| {});
    let known = ask(&channel, by_id(order)).await.unwrap();
    assert!(known.has_gaps && known.to_string().contains(&format!("{name} done")), "{known}");
    let diagnosis = channel.diagnose_order(DiagnoseOrder::new(by_id(order))).await.unwrap().remove(0);
    assert_eq!(diagnosis.timeline, Some(known));
}

#[tokio::test]
async fn secrets_a_forgotten_buyer_leaves_a_story_without_gaps() {
    let world = World::new().await;
    let (order, channel) = eventful(&world).await;
    let before = steps(&ask(&channel, by_id(order)).await.unwrap());
    let forgotten = world.store.forget_buyer(&world.connection, &order.to_string().into()).await.unwrap();
    let timeline = ask(&channel, by_id(order)).await.unwrap();
    assert_eq!((steps(&timeline), timeline.has_gaps), (before, false), "{timeline}");
    assert!(forgotten.is_complete() && !format!("{timeline:?}").contains("1Z1"), "{timeline:?}");
}

#[tokio::test]
async fn faults_what_was_not_recorded_is_made_from_what_is_known() {
    let world = World::new().await;
    let (order, _) = eventful(&world).await;
    // The same stores, without those that keep events.
    let channel = world.channel_on(Stores::all_in(world.store.clone()), |_| {});
    let timeline = ask(&channel, by_id(order)).await.unwrap();
    assert!(timeline.has_gaps, "{timeline}");
    let known = ["imported", "shipment s-1 (revision 1) enqueued", "shipment s-1 (revision 1) confirmed"];
    assert_eq!(steps(&timeline), known, "{timeline}");
    assert!(timeline.to_string().contains("steps are missing"), "{timeline}");

    let nothing = ask(&channel, by_id(4)).await.unwrap();
    assert!(nothing.events.is_empty() && nothing.to_string().contains("nothing is known"), "{nothing}");
    let refused = ask(&channel, OrderSelector::Number("Z".into())).await.unwrap_err();
    assert!(matches!(refused.refusal, Refusal::NotFound { .. }), "{refused}");
}
