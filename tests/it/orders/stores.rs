//! The names of stores and marketplaces: what they cost, what rules make of them, and what happens without them.

use std::time::Duration;

use shipstation_connector::{
    ShipStationChannel,
    channel::{
        ChannelConnector, ChannelOrder, CheckConnection, DiagnoseOrder, ExplainImports, ImportReport,
        OrderSelector, ResolveHeld, RunControl, RunStatus, shipping::ShippingRule,
    },
    testing::simulator::{Fault, FaultKind, Method},
};

use super::{import, import_with};
use crate::support::World;

const MINUTE: Duration = Duration::from_secs(60);

fn store(world: &World) -> i64 {
    world.sim.account(|account| account.add_store("Corner Shop", "Etsy"))
}

fn stores_read(world: &World) -> usize {
    world.sim.journal().count("GET", "/stores")
}

/// Imports one more order of this store, whose own word for where it came from is another.
async fn import_one(
    world: &World,
    channel: &ShipStationChannel,
    number: &str,
    store: i64,
) -> (ImportReport, ChannelOrder) {
    let order = world.order(number).store(store).set("advancedOptions.source", "the source");
    let id = world.add(order);
    let report = import(channel).await;
    (report, world.store.order(&world.connection, &id.to_string()).unwrap())
}

fn named(order: &ChannelOrder) -> (Option<&str>, Option<&str>) {
    (order.store_name.as_deref(), order.marketplace.as_deref())
}

#[tokio::test]
async fn requests_stores_are_read_once_an_hour_and_for_new_orders_only() {
    let world = World::new().await;
    let etsy = store(&world);
    let channel = world.channel(|_| {});
    let _ = import(&channel).await;
    assert_eq!(stores_read(&world), 0, "there is no order to name");

    let (_, order) = import_one(&world, &channel, "A-1", etsy).await;
    assert_eq!(named(&order), (Some("Corner Shop"), Some("Etsy")));
    assert_eq!(order.source.as_deref(), Some("the source"));
    world.sim.clock().advance(MINUTE * 59);
    let _ = import_one(&world, &channel, "A-2", etsy).await;
    assert_eq!(stores_read(&world), 1, "two runs within the hour, one request");

    world.sim.clock().advance(MINUTE * 180);
    let _ = import(&channel).await;
    assert_eq!(stores_read(&world), 1, "orders that are imported already need no names");
    let amazon = world.sim.account(|account| account.add_store("Warehouse Outlet", "Amazon"));
    let (_, order) = import_one(&world, &channel, "A-3", amazon).await;
    assert_eq!((stores_read(&world), named(&order)), (2, (Some("Warehouse Outlet"), Some("Amazon"))));

    let unknown = world.sim.account(|account| account.add_store("Side Shop", "Shopify"));
    let (report, order) = import_one(&world, &channel, "A-4", unknown).await;
    assert_eq!(stores_read(&world), 2, "not even for a store that is not known: {report}");
    assert_eq!(named(&order), (None, Some("the source")));
    world.sim.clock().advance(MINUTE * 61);
    let (_, order) = import_one(&world, &channel, "A-5", unknown).await;
    assert_eq!((stores_read(&world), named(&order)), (3, (Some("Side Shop"), Some("Shopify"))));
}

#[tokio::test]
async fn requests_what_another_operation_read_is_not_read_again() {
    let world = World::new().await;
    let etsy = store(&world);
    let channel = world.channel(|_| {});
    assert!(channel.check(CheckConnection::new()).await.unwrap().is_ok());
    assert_eq!(stores_read(&world), 1);
    let (_, order) = import_one(&world, &channel, "A-1", etsy).await;
    assert_eq!(named(&order), (Some("Corner Shop"), Some("Etsy")));
    let _ = channel.diagnose_order(DiagnoseOrder::new(OrderSelector::Number("A-1".into()))).await.unwrap();
    assert_eq!(stores_read(&world), 1, "a check has read them");

    let other = world.channel(|_| {});
    let _ = other.why_nothing(ExplainImports::new()).await.unwrap();
    let _ = import_one(&world, &other, "A-2", etsy).await;
    assert_eq!(stores_read(&world), 2, "so has the overview of another process");

    let dry = world.channel(|_| {});
    world.add(world.order("A-3").store(etsy));
    for _ in 0..2 {
        let _ = import_with(&dry, RunControl::new().dry_run()).await;
    }
    assert_eq!(stores_read(&world), 3, "dry runs read them too, and share them");
}

#[tokio::test]
async fn faults_stores_that_are_refused_cost_no_import_and_are_not_asked_again_for_an_hour() {
    for code in [403, 402, 500] {
        let world = World::new().await;
        let etsy = store(&world);
        let channel = world.channel(|_| {});
        let refusal = FaultKind::Status { code, body: r#"{"Message":"no"}"#.to_owned() };
        world.sim.fault(Fault::on(Method::GET, "/stores").always().with(refusal.clone()));
        let (report, order) = import_one(&world, &channel, "A-1", etsy).await;
        assert_eq!((&report.run.status, report.counts.imported()), (&RunStatus::Succeeded, 1), "{report}");
        assert!(report.to_string().contains("the stores could not be read"), "{report}");
        assert_eq!(named(&order), (None, Some("the source")), "the source stands in");
        let asked = stores_read(&world);

        world.sim.clear_faults();
        let (report, _) = import_one(&world, &channel, "A-2", etsy).await;
        assert_eq!((stores_read(&world), report.run.warnings.len()), (asked, 0), "{report}");
        world.sim.clock().advance(MINUTE * 61);
        let (_, order) = import_one(&world, &channel, "A-3", etsy).await;
        assert_eq!((stores_read(&world), named(&order).1), (asked + 1, Some("Etsy")));

        world.sim.clock().advance(MINUTE * 61);
        world.sim.fault(Fault::on(Method::GET, "/stores").always().with(refusal));
        let (report, order) = import_one(&world, &channel, "A-4", etsy).await;
        assert_eq!((report.run.warnings.len(), named(&order).1), (1, Some("Etsy")), "the old names stay");
    }
}

#[tokio::test]
async fn a_rule_of_a_marketplace_counts_for_the_marketplace_of_the_store() {
    let world = World::new().await;
    let etsy = store(&world);
    world
        .rules(vec![
            ShippingRule::exact("Standard", "ground"),
            ShippingRule::exact("Standard", "etsy mail").marketplace("Etsy"),
            ShippingRule::exact("Standard", "never").marketplace("the source"),
        ])
        .await;
    let channel = world.channel(|_| {});
    let (_, order) = import_one(&world, &channel, "A-1", etsy).await;
    let stored = world.store.orders(&world.connection).into_iter().find(|kept| kept.order.id == order.id);
    assert_eq!(stored.unwrap().shipping.method().unwrap().policy.as_str(), "etsy mail");
    let new = world.add(world.order("A-2").store(etsy).set("advancedOptions.source", "the source"));
    let answers = channel.diagnose_order(DiagnoseOrder::new(OrderSelector::Id(new.to_string().into()))).await;
    let answers = format!("{:?}", answers.unwrap());
    assert!(
        answers.contains("etsy mail") && answers.contains("Corner Shop"),
        "a diagnosis agrees: {answers}"
    );
}

#[tokio::test]
async fn faults_no_rule_stands_in_for_the_one_of_an_unknown_marketplace() {
    let world = World::new().await;
    let etsy = store(&world);
    let rules = vec![
        ShippingRule::exact("Standard", "ground"),
        ShippingRule::exact("Standard", "etsy mail").marketplace("Etsy"),
        ShippingRule::exact("Express", "air"),
    ];
    world.rules(rules).await;
    let channel = world.channel(|_| {});
    let broken = FaultKind::Status { code: 403, body: "{}".to_owned() };
    world.sim.fault(Fault::on(Method::GET, "/stores").always().with(broken));
    let [standard, express] = [("A-1", "Standard"), ("A-2", "Express")].map(|(number, text)| {
        world.add(world.order(number).store(etsy).set("requestedShippingService", text))
    });
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.failed()), (1, 1), "{report}");
    assert!(
        world.store.order(&world.connection, &express.to_string()).is_some(),
        "no marketplace matters to it"
    );
    let selected = OrderSelector::Id(standard.to_string().into());
    let answer = channel.diagnose_order(DiagnoseOrder::new(selected)).await.unwrap();
    assert!(answer[0].primary().unwrap().observed.contains("asks for the store's marketplace"), "{answer:?}");

    world.sim.clear_faults();
    world.sim.clock().advance(MINUTE * 61);
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.failed()), (1, 0), "{report}");
    let stored = world.store.orders(&world.connection);
    let stored = stored.iter().find(|kept| kept.order.number == "A-1").unwrap();
    assert_eq!(stored.shipping.method().unwrap().policy.as_str(), "etsy mail");

    // A store that is listed nowhere, however often the list is read, has no marketplace.
    world.add(world.order("A-3").store(987_654).set("requestedShippingService", "Standard"));
    for minutes in [1, 60] {
        assert_eq!(import(&channel).await.counts.failed(), 1);
        world.sim.clock().advance(MINUTE * minutes);
    }
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.failed()), (1, 0), "{report}");
}

#[tokio::test]
async fn faults_a_held_order_gets_no_method_instead_of_the_one_of_an_unknown_marketplace() {
    let world = World::new().await;
    let etsy = store(&world);
    let broken = FaultKind::Status { code: 403, body: "{}".to_owned() };
    world.sim.fault(Fault::on(Method::GET, "/stores").always().with(broken));
    world.add(world.order("A-1").store(etsy).shipping("2 Day"));
    let report = import(&world.channel(|_| {})).await;
    assert_eq!(report.counts.held(), 1, "{report}");
    let air = ShippingRule::exact("2 Day", "air");
    world.rules(vec![air.clone(), ShippingRule::exact("2 Day", "etsy mail").marketplace("Etsy")]).await;
    let report = world.channel(|_| {}).resolve_held(ResolveHeld::new()).await.unwrap();
    assert_eq!((report.counts.released, report.counts.still_unmapped), (0, 1), "{report}");
    assert!(report.run.warnings[0].contains("the stores could not be read"), "{report}");

    world.sim.clear_faults();
    let report = world.channel(|_| {}).resolve_held(ResolveHeld::new()).await.unwrap();
    assert_eq!((report.counts.released, report.run.api.requests), (1, 1), "{report}");
    let stored = world.store.orders(&world.connection);
    assert_eq!(stored[0].shipping.method().unwrap().policy.as_str(), "etsy mail");
}

#[tokio::test]
async fn faults_a_held_order_of_a_store_that_is_newer_than_the_list_waits_for_the_next_one() {
    let world = World::new().await;
    let channel = world.channel(|_| {});
    let _ = import_one(&world, &channel, "A-1", store(&world)).await;
    world.sim.clock().advance(MINUTE * 10);
    world.add(world.order("A-2").store(store(&world)).shipping("2 Day"));
    assert_eq!(import(&channel).await.counts.held(), 1);
    let [air, etsy_mail] = ["air", "etsy mail"].map(|method| ShippingRule::exact("2 Day", method));
    world.rules(vec![air, etsy_mail.marketplace("Etsy")]).await;
    let report = channel.resolve_held(ResolveHeld::new()).await.unwrap();
    assert_eq!((report.counts.released, report.counts.still_unmapped), (0, 1), "{report}");

    world.sim.clock().advance(MINUTE * 51);
    let report = channel.resolve_held(ResolveHeld::new()).await.unwrap();
    assert_eq!((report.counts.released, stores_read(&world)), (1, 2), "{report}");
    let stored = world.store.orders(&world.connection);
    let stored = stored.iter().find(|kept| kept.order.number == "A-2").unwrap();
    assert_eq!(stored.shipping.method().unwrap().policy.as_str(), "etsy mail");
}
