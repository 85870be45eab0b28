//! Orders that somebody else fulfills: left out and named, held, or imported, as the setting says.

use shipstation_connector::{
    channel::{
        ChannelConnector, DiagnoseOrder, ExplainImports, HoldKind, HoldReason, OrderSelector, ResolveHeld,
        RunStatus, report::SkipKind,
    },
    connector::ExternallyFulfilledPolicy,
    testing::simulator::SimOrder,
};

use super::{import, imported};
use crate::support::World;

fn external(world: &World, number: &str) -> SimOrder {
    world.order(number).set("externallyFulfilled", true)
}

#[tokio::test]
async fn they_are_left_out_and_counted_and_named_everywhere() {
    let world = World::new().await;
    let theirs = world.add(external(&world, "A-1"));
    let channel = world.channel(|_| {});
    assert!(
        channel
            .why_nothing(ExplainImports::new())
            .await
            .unwrap()
            .to_string()
            .contains("1 order of those that are awaiting_shipment")
    );
    let report = import(&channel).await;
    assert_eq!((imported(&world), report.run.status.clone()), (0, RunStatus::Succeeded), "{report}");
    assert_eq!(report.counts.skipped.of(SkipKind::ExternallyFulfilled), 1, "{report}");
    let text = report.to_string();
    assert!(
        text.contains("1 skipped, 1 fulfilled by somebody else") && text.contains("externally_fulfilled"),
        "{text}"
    );
    let answer = channel.why_nothing(ExplainImports::new()).await.unwrap();
    assert_eq!(answer.statuses[0].externally_fulfilled, Some(1), "{answer}");
    let text = answer.to_string();
    assert!(
        text.contains("1 fulfilled by somebody else") && text.contains("set externally_fulfilled to"),
        "{text}"
    );
    let answer = channel
        .diagnose_order(DiagnoseOrder::new(OrderSelector::Id(theirs.to_string().into())))
        .await
        .unwrap()
        .remove(0);
    let why = answer.primary().unwrap();
    assert!(why.observed.contains("fulfilled by somebody else") && why.remedy.is_some(), "{answer}");
}

#[tokio::test]
async fn held_ones_are_released_by_the_changed_setting_and_by_nothing_less() {
    let world = World::new().await;
    world.add(external(&world, "A-1"));
    world.add(external(&world, "A-2").shipping("Unheard of"));
    world.add(world.order("A-3"));
    let with = |setting| world.channel(|settings| settings.orders.externally_fulfilled = setting);
    let report = import(&with(ExternallyFulfilledPolicy::Hold)).await;
    assert_eq!((report.counts.imported(), report.counts.held()), (3, 2), "{report}");
    assert_eq!(report.counts.held_by.of(HoldKind::ExternallyFulfilled), 2, "{report}");
    for setting in [ExternallyFulfilledPolicy::Hold, ExternallyFulfilledPolicy::Skip] {
        let report = with(setting).resolve_held(ResolveHeld::new()).await.unwrap();
        assert_eq!(report.counts.released, 0, "{report}");
    }
    let report = with(ExternallyFulfilledPolicy::Import).resolve_held(ResolveHeld::new()).await.unwrap();
    assert_eq!((report.counts.released, report.counts.still_unmapped), (1, 1), "{report}");
    let orders = world.store.orders(&world.connection);
    let held = |number: &str| {
        orders
            .iter()
            .find(|order| order.record.number == number)
            .map(|order| order.record.holds.clone())
            .unwrap()
    };
    assert!(held("A-1").is_empty());
    assert!(held("A-2").contains(&HoldReason::ExternallyFulfilled), "it is unmapped as well");
    world
        .rules(vec![shipstation_connector::channel::shipping::ShippingRule::exact("Unheard of", "ground")])
        .await;
    let report = with(ExternallyFulfilledPolicy::Import).resolve_held(ResolveHeld::new()).await.unwrap();
    assert_eq!(report.counts.released, 1, "{report}");
}

#[tokio::test]
async fn with_import_they_come_like_any_other() {
    let world = World::new().await;
    world.add(external(&world, "A-1"));
    let channel =
        world.channel(|settings| settings.orders.externally_fulfilled = ExternallyFulfilledPolicy::Import);
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.held()), (1, 0), "{report}");
    assert!(report.run.settings.contains_key("externally_fulfilled"), "{report}");
}
