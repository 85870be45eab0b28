//! What has waited longer than it should: found in the stores alone, once it is late and not before.

use std::sync::Arc;

use shipstation_connector::{
    ShipStationChannel,
    channel::{
        ActionKind, CancelToken, ChannelConnector, FindStuck, GetOrders, Operation, OrderAction, RunActions,
        RunControl, Shipment, StuckKind, StuckReport, SyncShipments,
        shipping::CarrierRule,
        store::{ActionStore, MappingStoreExt, Stores},
    },
    client::UserId,
    stores::SqliteStore,
    testing::simulator::{ActionFailure, Fault, FaultKind, Method, Quirks, RateLimit, SimulatorConfig},
};

use super::HOUR;
use crate::support::{Gate, World, written};

async fn stuck(channel: &ShipStationChannel) -> StuckReport {
    channel.stuck(FindStuck::new()).await.unwrap()
}

fn kinds(report: &StuckReport) -> Vec<(StuckKind, u64)> {
    report.counts.iter().collect()
}

#[tokio::test]
async fn clock_each_kind_is_named_once_it_is_late_and_without_a_request() {
    let quirks = Quirks::default().action_failure(ActionFailure::Error500);
    let config = SimulatorConfig::default().rate_limit(RateLimit::Unlimited).quirks(quirks);
    let world = World::with(config).await;
    let user = world.sim.account(|account| account.add_user("Night Shift"));
    let message = "no".to_owned();
    world
        .sim
        .fault(Fault::on(Method::POST, "/orders/assignuser").always().with(FaultKind::Exception { message }));
    let gate = Gate::over(world.store.clone());
    gate.refuse("F-1", true);
    let channel = world.channel_on(gate.stores(), |settings| {
        settings.orders.assign_user = Some(UserId::new(&user));
    });
    let ids = ["A-1", "A-2", "A-3"].map(|number| world.add(world.order(number)));
    world.add(world.order("F-1"));
    let held = world.add(world.order("H-1").shipping("Rocket"));
    let _ = channel.get_orders(GetOrders::new()).await.unwrap();
    let shipment = |order: i64, carrier: &str| {
        Shipment::new(format!("ship-{order}"), order.to_string(), world.now(), carrier, format!("1Z{order}"))
    };
    let lines = world
        .store
        .order(&world.connection, &ids[2].to_string())
        .unwrap()
        .shippable_lines()
        .take(1)
        .collect::<Vec<_>>();
    world.enqueue(shipment(ids[1], "Acme Freight")).await;
    world.enqueue(shipment(ids[2], "UPS").lines(lines)).await;
    let _ = channel.sync_shipments(SyncShipments::new()).await.unwrap();
    world.enqueue(shipment(ids[0], "UPS")).await;
    assert_eq!(kinds(&stuck(&channel).await), [], "nothing is late yet");

    world.sim.clear_journal();
    world.sim.clock().advance(HOUR * 2);
    assert_eq!(kinds(&stuck(&channel).await), [(StuckKind::ShipmentDue, 1)]);
    world.sim.clock().advance(HOUR * 23);
    let report = stuck(&channel).await;
    // Everything but the one that waits for the rest of its order; three users are still to be assigned, and one of the held.
    assert_eq!(
        kinds(&report),
        [
            (StuckKind::ShipmentDue, 1),
            (StuckKind::ShipmentBlocked, 1),
            (StuckKind::OrderHeld, 1),
            (StuckKind::OrderFailed, 1),
            (StuckKind::FollowUpOpen, 4),
            (StuckKind::NoSuccess, 2),
        ],
        "{report}"
    );
    world.sim.clock().advance(HOUR * 24 * 7);
    let report = stuck(&channel).await;
    assert_eq!(report.counts.of(StuckKind::ShipmentWaiting), 1, "{report}");
    let item = report.items.iter().find(|item| item.kind == StuckKind::OrderHeld).unwrap();
    assert_eq!(item.order.as_ref().map(ToString::to_string), Some(held.to_string()));
    assert!(item.to_string().contains("\"Rocket\" is not mapped"), "{item}");
    let item = report.items.iter().find(|item| item.kind == StuckKind::ShipmentBlocked).unwrap();
    assert!(item.to_string().contains("Acme Freight") && !item.remedy().is_empty(), "{item}");
    assert!(report.items.is_sorted_by_key(|item| item.since), "{report}");
    assert!(world.sim.journal().is_empty(), "the stores know it all");
    written(&report);
}

#[tokio::test]
async fn clock_what_is_sent_and_never_shown_or_of_unknown_outcome_is_named() {
    let world = World::new().await;
    let [lost, hidden] = ["A-1", "A-2"].map(|number| world.add(world.order(number)));
    let channel = world.channel(|_| {});
    let _ = channel.get_orders(GetOrders::new()).await.unwrap();
    world.sim.fault(Fault::on(Method::POST, "/orders/markasshipped").with(FaultKind::ServerError));
    world.ship(lost, "1Z1").await;
    let _ = channel.sync_shipments(SyncShipments::new()).await.unwrap();
    world.sim.clock().advance(HOUR * 13);
    assert_eq!(kinds(&stuck(&channel).await), [(StuckKind::ShipmentUnknown, 1)]);
    world.ship(hidden, "1Z2").await;
    world.sim.fault(Fault::on(Method::GET, "/fulfillments").always().with(FaultKind::ServerError));
    world.sim.fault(Fault::on(Method::GET, "/shipments").always().with(FaultKind::ServerError));
    let _ = channel.sync_shipments(SyncShipments::new()).await.unwrap();
    world.sim.clock().advance(HOUR * 25);
    let report = stuck(&channel).await;
    assert_eq!(report.counts.of(StuckKind::ShipmentUnconfirmed), 1, "{report}");
}

#[tokio::test]
async fn faults_runs_that_keep_failing_are_named_until_one_succeeds() {
    let world = World::new().await;
    let channel = world.channel(|_| {});
    world.sim.fault(Fault::on(Method::GET, "/orders").always().with(FaultKind::ServerError));
    for failed in 1..=4 {
        let _ = channel.get_orders(GetOrders::new()).await;
        let report = stuck(&channel).await;
        assert_eq!(report.counts.of(StuckKind::RunsFailing), u64::from(failed >= 3), "{report}");
        world.sim.clock().advance(HOUR);
    }
    let report = stuck(&channel).await;
    let item = &report.items[0];
    assert_eq!(item.operation, Some(Operation::GetOrders));
    assert!(world.now().since(item.since) >= HOUR * 4, "since the first of them: {item}");
    world.sim.clear_faults();
    let _ = channel.get_orders(GetOrders::new()).await.unwrap();
    assert!(stuck(&channel).await.is_empty());
    world.sim.clock().advance(HOUR * 25);
    assert_eq!(
        kinds(&stuck(&channel).await),
        [(StuckKind::NoSuccess, 1)],
        "shipments were never sent: not in use"
    );
}

#[tokio::test]
async fn clock_an_action_that_stays_open_is_named_until_it_is_done() {
    let world = World::new().await;
    let order = world.add(world.order("A-1"));
    let channel = world.channel_on(world.store.stores(), |settings| settings.actions.enabled = true);
    let _ = channel.get_orders(GetOrders::new()).await.unwrap();
    let release = OrderAction::new("r", order.to_string(), ActionKind::Release);
    world.store.add_actions(&world.connection, &[release], world.now()).await.unwrap();
    world.sim.clock().advance(HOUR);
    assert_eq!(kinds(&stuck(&channel).await), [], "not late yet");
    world.sim.clock().advance(HOUR / 60);
    world.sim.clear_journal();
    let report = stuck(&channel).await;
    assert_eq!(kinds(&report), [(StuckKind::ActionOpen, 1)], "{report}");
    let item = report.items[0].to_string();
    let wanted =
        format!(", order {order}: release, action r, is pending after 0 attempts -> see that run_actions");
    assert!(item.contains(&wanted), "{item}");
    let patient = FindStuck::new().actions(HOUR * 2);
    assert!(channel.stuck(patient).await.unwrap().is_empty());
    let without = world.channel_on(Stores::all_in(world.store.clone()), |_| {});
    assert!(stuck(&without).await.is_empty(), "no store of actions");
    assert!(world.sim.journal().is_empty(), "the stores know it all");
    let _ = channel.run_actions(RunActions::new()).await.unwrap();
    assert!(stuck(&channel).await.is_empty());
}

#[tokio::test]
async fn requests_thousands_are_counted_some_are_named_and_any_store_can_be_asked() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(folder.path().join("store.sqlite")).unwrap());
    store.replace_carrier_rules(&world.connection, 0, vec![CarrierRule::new("UPS", "ups")]).await.unwrap();
    let stores = Stores::all_in(store.clone());
    let shipments = (0..1_200)
        .map(|n| Shipment::new(format!("s-{n}"), n.to_string(), world.now(), "UPS", "1Z"))
        .collect::<Vec<_>>();
    stores.shipments.enqueue(&world.connection, &shipments, world.now()).await.unwrap();
    let channel = world.channel_on(stores, |_| {});
    world.sim.clock().advance(HOUR * 2);
    let report = stuck(&channel).await;
    assert_eq!(report.counts.of(StuckKind::ShipmentDue), 1_200);
    assert_eq!((report.items.len(), report.items_truncated), (StuckReport::MAX_ITEMS, 1_000));

    let stop = CancelToken::new();
    stop.cancel();
    let refused = channel.stuck(FindStuck::new().control(RunControl::new().cancel(stop))).await.unwrap_err();
    assert!(refused.is_retryable(), "{refused}");
}
