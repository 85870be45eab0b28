//! Held orders after a mapping changed: exactly those of the text that is mapped now are released.

use shipstation_connector::{
    channel::{
        ChannelConnector, CheckConnection, HoldReason, Refusal, ResolveHeld, RunControl, RunStatus,
        shipping::{ShippingResolution, ShippingRule},
    },
    connector::UnlinkedLinePolicy,
};

use super::{import, order, resolve};
use crate::support::World;

fn standard() -> ShippingRule {
    ShippingRule::exact("Standard", "ground")
}

#[tokio::test]
async fn requests_exactly_the_orders_of_the_mapped_text_are_released() {
    let world = World::new().await;
    let two_day: Vec<i64> = (0..5).map(|n| order(&world, &format!("T-{n}"), "2 Day")).collect();
    let almost = order(&world, "T-9", "2 Day ");
    let freight = order(&world, "F-1", "Freight");
    let ready = order(&world, "S-1", "Standard");
    let channel = world.channel(|_| {});
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.held()), (8, 7), "{report}");
    world.sim.clear_journal();

    let nothing = resolve(&channel).await;
    assert_eq!((nothing.counts.held, nothing.counts.still_unmapped), (7, 7), "{nothing}");

    world.rules(vec![standard(), ShippingRule::exact("2 Day", "air")]).await;
    let report = resolve(&channel).await;
    assert_eq!(report.run.status, RunStatus::Succeeded);
    assert_eq!((report.counts.released, report.counts.still_unmapped), (5, 2), "{report}");
    let released: Vec<i64> = report.released.iter().map(|id| id.as_str().parse().unwrap()).collect();
    assert_eq!(released, two_day);
    for stored in world.store.orders(&world.connection) {
        let id: i64 = stored.order.id.as_str().parse().unwrap();
        assert_eq!(stored.is_ready(), id == ready || two_day.contains(&id), "{}", stored.order.number);
        assert_eq!(stored.shipping.method().is_none(), [almost, freight].contains(&id));
        if two_day.contains(&id) {
            assert_eq!(stored.rules_version, 2, "by the rules that released it");
        }
    }
    assert_eq!(resolve(&channel).await.counts.released, 0, "released once");
    assert!(world.sim.journal().is_empty(), "no request is needed");
}

#[tokio::test]
async fn a_dry_run_counts_what_it_would_release_and_releases_nothing() {
    let world = World::new().await;
    order(&world, "T-1", "2 Day");
    let channel = world.channel(|_| {});
    let _ = import(&channel).await;
    world.rules(vec![standard(), ShippingRule::exact("2 Day", "air")]).await;
    let dry = ResolveHeld::new().control(RunControl::new().dry_run());
    let report = channel.resolve_held(dry).await.unwrap();
    assert_eq!((report.counts.released, report.run.dry_run), (1, true), "{report}");
    assert!(!world.store.orders(&world.connection)[0].is_ready());
    assert_eq!(resolve(&channel).await.counts.released, 1);
}

#[tokio::test]
async fn requests_an_order_that_was_ready_keeps_its_method() {
    let world = World::new().await;
    order(&world, "S-1", "Standard");
    let channel = world.channel(|_| {});
    let _ = import(&channel).await;
    world.rules(vec![ShippingRule::exact("Standard", "slow")]).await;
    assert_eq!(resolve(&channel).await.counts.held, 0);
    let stored = world.store.orders(&world.connection);
    assert_eq!(stored[0].shipping.method().unwrap().policy.as_str(), "ground");
}

#[tokio::test]
async fn faults_scopes_and_missing_texts_count_for_held_orders_too() {
    let world = World::new().await;
    let (east, west) = world
        .sim
        .account(|account| (account.add_store("East", "Shopify"), account.add_store("West", "Etsy")));
    world.add(world.order("E-1").store(east).shipping("2 Day"));
    world.add(world.order("W-1").store(west).shipping("2 Day"));
    world.add(world.order("N-1").store(west).with(|order| order.clear("requestedShippingService")));
    world.add(world.order("N-2").store(west).shipping(""));
    let channel = world.channel(|_| {});
    let report = import(&channel).await;
    assert_eq!(report.counts.held_by.to_string(), "2 unmapped_shipping, 2 no_shipping_text", "{report}");
    world
        .rules(vec![
            ShippingRule::exact("2 Day", "air").store(east.to_string()),
            ShippingRule::absent("ground"),
        ])
        .await;
    let report = resolve(&channel).await;
    assert_eq!((report.counts.released, report.counts.still_unmapped), (3, 1), "{report}");
    let waiting: Vec<String> = world
        .store
        .orders(&world.connection)
        .into_iter()
        .filter(|stored| !stored.is_ready())
        .map(|stored| stored.order.number)
        .collect();
    assert_eq!(waiting, ["W-1"]);
}

#[tokio::test]
async fn faults_other_reasons_go_on_holding_an_order() {
    let world = World::new().await;
    order(&world, "T-1", "2 Day");
    let channel = world.channel(|settings| settings.orders.unlinked_lines = UnlinkedLinePolicy::Hold);
    let _ = import(&channel).await;
    world.rules(vec![ShippingRule::exact("2 Day", "air")]).await;
    let report = resolve(&channel).await;
    assert_eq!((report.counts.released, report.counts.held_for_other_reasons), (1, 1), "{report}");
    let stored = world.store.orders(&world.connection);
    assert!(matches!(stored[0].record.holds.as_slice(), [HoldReason::NotManagedLine { .. }]));
    assert!(matches!(stored[0].shipping, ShippingResolution::Mapped { .. }));
    assert_eq!(resolve(&channel).await.counts.held, 0, "nothing is left that a rule could release");
}

#[tokio::test]
async fn faults_rules_that_contradict_each_other_release_nothing() {
    let world = World::new().await;
    order(&world, "T-1", "2 Day");
    let channel = world.channel(|_| {});
    let _ = import(&channel).await;
    world.rules(vec![ShippingRule::exact("2 Day", "air"), ShippingRule::exact("2 Day", "ground")]).await;
    let error = channel.resolve_held(ResolveHeld::new()).await.unwrap_err();
    assert!(matches!(error.refusal, Refusal::Config { .. }), "{error}");
    assert!(error.to_string().contains("rules 0 and 1"), "{error}");
    assert!(!world.store.orders(&world.connection)[0].is_ready());
}

#[tokio::test]
async fn requests_more_held_orders_than_a_page_are_all_looked_at() {
    let world = World::new().await;
    for n in 0..1_100 {
        order(&world, &format!("T-{n}"), if n % 2 == 0 { "2 Day" } else { "Freight" });
    }
    let channel = world.channel(|_| {});
    let _ = import(&channel).await;
    world.rules(vec![ShippingRule::exact("2 Day", "air")]).await;
    let report = resolve(&channel).await;
    assert_eq!((report.counts.held, report.counts.released), (1_100, 550), "{report}");
}

#[tokio::test]
async fn secrets_neither_report_nor_error_names_a_buyer() {
    let world = World::new().await;
    order(&world, "T-1", "2 Day");
    let buyer =
        world.sim.account(|account| account.orders.values().next().unwrap().row("shipTo").cloned()).unwrap();
    let channel = world.channel(|_| {});
    let _ = import(&channel).await;
    world.rules(vec![ShippingRule::exact("2 Day", "air")]).await;
    let unmapped = format!("{:?}", channel.unmapped().await.unwrap());
    let check = channel.check(CheckConnection::new()).await.unwrap().to_string();
    let report = resolve(&channel).await;
    for text in [report.to_string(), format!("{report:?}"), unmapped, check] {
        for personal in ["name", "street1"].map(|member| buyer.text(member).unwrap()) {
            assert!(!text.contains(personal), "{personal} in {text}");
        }
    }
}
