//! Every reason to leave an order out, counted under the first one, with all of them kept.

use shipstation_connector::{
    Settings,
    channel::{
        ChannelConnector, DiagnoseOrder, ImportOrder, OrderSelector, RunStatus,
        report::SkipKind,
        report::{ImportOutcome, SkipReason},
    },
    client::{OrderStatus, StoreId, TagId},
    connector::{AgeBasis, EmptyOrderPolicy, LineagePolicy, UnmappedPolicy},
    testing::simulator::{SimLine, SimOrder},
};

use super::{import, imported};
use crate::support::{DAY, World};

/// Imports with these settings and gives the reasons why this one order was left out.
async fn reasons(world: &World, change: impl FnOnce(&mut Settings)) -> Vec<&'static str> {
    let report = import(&world.channel(change)).await;
    assert_eq!(report.run.status, RunStatus::Succeeded, "{report}");
    assert_eq!(report.counts.skipped.total(), 1, "{report}");
    assert_eq!(imported(world), 0, "{report}");
    let ImportOutcome::Skipped { reasons } = &report.items[0].outcome else { panic!("{report}") };
    let codes: Vec<_> = reasons.iter().map(SkipReason::name).collect();
    assert_eq!(
        report.counts.skipped.iter().next().map(|(kind, _)| kind.name()),
        codes.first().copied(),
        "{report}"
    );
    codes
}

#[tokio::test]
async fn faults_an_order_of_another_store_is_left_out() {
    let world = World::new().await;
    let (ours, theirs) = world
        .sim
        .account(|account| (account.add_store("Ours", "Shopify"), account.add_store("Theirs", "Amazon")));
    let more = world.sim.account(|account| account.add_store("More", "Shopify"));
    world.add(world.order("A-1").store(theirs));
    let codes = reasons(&world, |settings| {
        settings.orders.stores = [StoreId::new(ours), StoreId::new(more)].into();
    })
    .await;
    assert_eq!(codes, ["wrong_store"]);
    let codes =
        reasons(&world, |settings| settings.orders.exclude_stores = [StoreId::new(theirs)].into()).await;
    assert_eq!(codes, ["wrong_store"]);
}

#[tokio::test]
async fn faults_orders_that_changed_between_two_pages_are_judged_as_they_are_now() {
    let world = World::new().await;
    let order = world.add(world.order("A-1"));
    let channel = world.channel(|_| {});
    world.sim.account(|account| account.hold(order));
    // By hand the status is not filtered by ShipStation, as when an order changes after the filter has been applied.
    let report = channel_import(&channel, order).await;
    let text = report.items[0].to_string();
    assert!(text.contains("is on_hold, import wants awaiting_shipment"), "{text}");
}

async fn channel_import(
    channel: &shipstation_connector::ShipStationChannel,
    order: i64,
) -> shipstation_connector::channel::ImportReport {
    use shipstation_connector::channel::{ChannelConnector, OrderSelector};
    let which = OrderSelector::Id(order.to_string().into());
    let report = channel.import_order(ImportOrder::new(which)).await.unwrap();
    assert!(report.counts.add_up(), "{report}");
    report
}

#[tokio::test]
async fn clock_an_order_in_the_margin_of_the_query_is_too_old_by_the_exact_cut() {
    let world = World::new().await;
    // ShipStation is asked for an hour more than the window: what comes with it is cut here.
    world.add(world.order("A-1").created(world.ago(DAY * 7 + DAY / 48)).ordered(world.ago(DAY * 9)));
    let channel = world.channel(|_| {});
    let report = import(&channel).await;
    let text = report.items[0].to_string();
    assert!(text.contains("created 7 d ago (placed 9 d ago), limit 7 d"), "{text}");
    assert_eq!(report.counts.outside_window.get("awaiting_shipment"), Some(&1), "{report}");
    let ImportOutcome::Skipped { reasons } = &report.items[0].outcome else { panic!("{report}") };
    assert_eq!(reasons[0].remedy().unwrap(), "8 days would include it, or import this one order now");
}

#[tokio::test]
async fn faults_the_age_counts_from_the_date_that_is_set() {
    let world = World::new().await;
    // Created ten days ago, paid today.
    world.add(world.order("A-1").created(world.ago(DAY * 10)).paid(world.ago(DAY / 24)));
    let report = import(&world.channel(|_| {})).await;
    assert_eq!((report.counts.imported(), report.counts.outside_window()), (0, Some(1)), "{report}");
    let by = |basis| world.channel(move |settings| settings.orders.age_basis = basis);
    assert_eq!(import(&by(AgeBasis::Ordered)).await.counts.imported(), 0);
    assert_eq!(import(&by(AgeBasis::Paid)).await.counts.imported(), 1);
}

#[tokio::test]
async fn faults_an_unpaid_order_has_no_date_to_count_from() {
    let world = World::new().await;
    let order = world.add(world.order("A-1").unpaid());
    let channel = world.channel(|settings| settings.orders.age_basis = AgeBasis::Paid);
    let report = channel_import(&channel, order).await;
    assert_eq!(report.counts.skipped.of(SkipKind::NoDate), 1, "{report}");
}

#[tokio::test]
async fn faults_the_tag_is_tested_here_too() {
    let world = World::new().await;
    let (wanted, other) =
        world.sim.account(|account| (account.add_tag("Dropship"), account.add_tag("Hold back")));
    world.add(world.order("A-1").tag(other));
    // Nobody has the wanted tag, so reading by tag would be cheaper; one tagged order outside makes it dearer.
    for number in 0..3 {
        world.add(world.order(&format!("C-{number}")).tag(wanted).created(world.ago(DAY * 30)));
    }
    let codes = reasons(&world, |settings| settings.orders.tag = Some(TagId::new(wanted))).await;
    assert_eq!(codes, ["missing_tag"]);
    let codes = reasons(&world, |settings| settings.orders.exclude_tags = vec![TagId::new(other)]).await;
    assert_eq!(codes, ["excluded_tag"]);
}

#[tokio::test]
async fn faults_an_old_order_with_the_tag_is_still_too_old() {
    let world = World::new().await;
    let tag = world.sim.account(|account| account.add_tag("Dropship"));
    world.add(world.order("A-1").tag(tag).created(world.ago(DAY * 30)));
    for number in 0..3 {
        world.add(world.order(&format!("C-{number}")));
    }
    // Read by tag, because one tagged order is less than three of the window.
    let codes = reasons(&world, |settings| settings.orders.tag = Some(TagId::new(tag))).await;
    assert_eq!(codes, ["too_old"]);
}

#[tokio::test]
async fn faults_the_loop_guard_knows_key_fields_and_the_host_s_own_answer() {
    let world = World::new().await;
    world.add(world.order("A-1").order_key("oms-77"));
    let by_prefix = |settings: &mut Settings| settings.orders.own_key_prefix = Some("oms-".into());
    assert_eq!(reasons(&world, by_prefix).await, ["own_order"]);

    let world = World::new().await;
    world.add(world.order("A-1").set("advancedOptions.customField2", "oms-78"));
    assert_eq!(reasons(&world, by_prefix).await, ["own_order"]);
}

#[tokio::test]
async fn faults_an_order_without_goods_is_imported_with_a_warning_or_left_out() {
    let world = World::new().await;
    let empty = SimOrder::new("A-1")
        .created(world.ago(DAY / 24))
        .shipping("Standard")
        .line(SimLine::new("COUPON", 0, "0.00"));
    world.add(empty);
    let codes = reasons(&world, |settings| settings.orders.empty_orders = EmptyOrderPolicy::Skip).await;
    assert_eq!(codes, ["empty_order"]);
    let report = import(&world.channel(|_| {})).await;
    assert_eq!(report.counts.imported(), 1, "{report}");
    assert!(report.to_string().contains("nothing to ship: A-1"), "{report}");
}

#[tokio::test]
async fn faults_all_reasons_are_kept_and_the_first_is_counted() {
    let world = World::new().await;
    let (tag, other) = world.sim.account(|account| (account.add_tag("Dropship"), account.add_tag("No")));
    let store = world.sim.account(|account| account.add_store("Web", "Shopify"));
    let parent = world.add(world.order("P-1"));
    let order = SimOrder::new("A-1")
        .store(store)
        .status("on_hold")
        .created(world.ago(DAY * 12))
        .order_key("oms-1")
        .tag(other)
        .parent(parent)
        .shipping("Unheard of");
    let order = world.add(order);
    let _ = import(&world.channel(|_| {})).await;
    let channel = world.channel(|settings| {
        let orders = &mut settings.orders;
        orders.exclude_stores = [StoreId::new(store)].into();
        orders.statuses = vec![OrderStatus::AwaitingShipment];
        orders.not_before = Some(world.ago(DAY * 3));
        orders.tag = Some(TagId::new(tag));
        orders.own_key_prefix = Some("oms".into());
        orders.lineage = LineagePolicy::Skip;
        orders.empty_orders = EmptyOrderPolicy::Skip;
        settings.shipping.unmapped = UnmappedPolicy::Reject;
    });
    let report = channel_import(&channel, order).await;
    let ImportOutcome::Skipped { reasons } = &report.items[0].outcome else { panic!("{report}") };
    let codes: Vec<_> = reasons.iter().map(SkipReason::name).collect();
    let all = [
        "wrong_store",
        "wrong_status",
        "too_old",
        "before_floor",
        "missing_tag",
        "own_order",
        "split_of_imported",
        "empty_order",
        "unmapped_shipping",
    ];
    assert_eq!(codes, all);
    assert_eq!(report.counts.skipped.iter().count(), 1, "{report}");
}

#[tokio::test]
async fn faults_an_unknown_status_in_an_answer_is_one_order_s_affair() {
    let world = World::new().await;
    let order = world.add(world.order("A-1").status("rejected_fulfillment"));
    world.add(world.order("A-2"));
    let channel = world.channel(|_| {});
    assert_eq!(import(&channel).await.counts.imported(), 1);
    let report = channel_import(&channel, order).await;
    assert_eq!(report.counts.skipped.of(SkipKind::WrongStatus), 1, "{report}");
}

#[tokio::test]
async fn faults_a_very_old_order_is_not_told_to_widen_the_window_beyond_what_can_be_set() {
    for (days, wide) in [(364, true), (400, false)] {
        let world = World::new().await;
        let order = world.add(world.order("A-1").created(world.ago(DAY * days)));
        let which = OrderSelector::Id(order.to_string().into());
        let answer = world.channel(|_| {}).diagnose_order(DiagnoseOrder::new(which)).await.unwrap().remove(0);
        let remedy = answer.check("age").unwrap().remedy.clone().unwrap();
        assert_eq!(remedy.contains("days would include it"), wide, "{remedy}");
        assert!(remedy.contains("import this one order now"), "{remedy}");
    }
}
