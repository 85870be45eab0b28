//! The host's own rule about orders that are about to be imported: asked in every path, obeyed, and unable to break anything.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::json;
use shipstation_connector::{
    Settings, ShipStationChannel,
    channel::{
        Bypass, ChannelConnector, ChannelOrder, CheckConnection, Delivery, DiagnoseOrder, Diagnosis,
        GetOrders, HoldKind, HoldReason, ImportDecision, ImportOrder, ImportPolicy, LineId, LineKind,
        OrderSelector, ProposedImport, ResolveHeld, RunControl, RunStatus, Shipment, SyncShipments, Verdict,
        report::{ImportOutcome, ImportOutcomeKind, SkipKind, SkipReason, SyncOutcomeKind},
        shipping::ShippingRule,
        store::OrderStoreExt,
    },
    connector::{PossibleDuplicatePolicy, UnlinkedLinePolicy},
    testing::simulator::{SimAddress, SimLine},
};

use super::{changes::Feed, import, import_with, imported};
use crate::support::{CaughtLog, DAY, World, written};

const HOUR: Duration = Duration::from_secs(3600);

fn channel_with(
    world: &World,
    policy: impl ImportPolicy + 'static,
    change: impl FnOnce(&mut Settings),
) -> ShipStationChannel {
    world.builder(world.client(), world.store.stores(), change).import_policy(policy).build().unwrap()
}

/// Holds `H-…`, leaves out `S-…`, panics at `P-…` with the buyer's name, and writes down the numbers that it is asked about.
fn by_number(asked: &Arc<Mutex<Vec<String>>>) -> impl ImportPolicy + use<> {
    let asked = asked.clone();
    move |order: &ChannelOrder, _: &ProposedImport<'_>| {
        asked.lock().unwrap().push(order.number.clone());
        match order.number.as_bytes()[0] {
            b'H' => ImportDecision::hold("fraud check is open"),
            b'S' => ImportDecision::skip("sold by another company"),
            b'P' => panic!("no rule for {:?}", order.ship_to.name),
            _ => ImportDecision::accept(),
        }
    }
}

fn take(asked: &Mutex<Vec<String>>) -> Vec<String> {
    let mut asked = std::mem::take(&mut *asked.lock().unwrap());
    asked.sort();
    asked
}

fn selected(order: i64) -> OrderSelector {
    OrderSelector::Id(order.to_string().into())
}

async fn diagnosis(channel: &ShipStationChannel, order: i64) -> Diagnosis {
    channel.diagnose_order(DiagnoseOrder::new(selected(order))).await.unwrap().remove(0)
}

fn holds(world: &World, order: i64) -> Vec<HoldReason> {
    let stored = world.store.orders(&world.connection);
    stored.into_iter().find(|stored| stored.order.id.as_str() == order.to_string()).unwrap().record.holds
}

#[tokio::test]
async fn faults_a_hold_joins_those_of_the_crate_and_is_not_released_by_a_mapping() {
    let world = World::new().await;
    let (plain, unmapped) = (world.add(world.order("H-1")), world.add(world.order("H-2").shipping("Rocket")));
    let asked = Arc::default();
    let channel = channel_with(&world, by_number(&asked), |_| {});
    let dry = import_with(&channel, RunControl::new().dry_run()).await;
    assert_eq!((dry.counts.held_by.of(HoldKind::ByPolicy), imported(&world)), (2, 0), "{dry}");
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.held()), (2, 2), "{report}");
    assert_eq!(report.counts.held_by.of(HoldKind::ByPolicy), 2, "{report}");
    assert!(report.to_string().contains("held: by the host's policy: fraud check is open"), "{report}");
    let policy = HoldReason::ByPolicy { reason: "fraud check is open".to_owned() };
    assert_eq!(holds(&world, plain), vec![policy.clone()]);
    assert_eq!(
        holds(&world, unmapped),
        [HoldReason::UnmappedShipping { text: "Rocket".into() }, policy.clone()]
    );

    world.rules(vec![ShippingRule::exact("Rocket", "air")]).await;
    let resolved = channel.resolve_held(ResolveHeld::new()).await.unwrap();
    assert_eq!((resolved.counts.released, resolved.counts.held_for_other_reasons), (1, 1), "{resolved}");
    assert_eq!((holds(&world, plain), holds(&world, unmapped)), (vec![policy.clone()], vec![policy]));
    assert_eq!(take(&asked), ["H-1", "H-1", "H-2", "H-2"]);
    let again = import(&channel).await;
    assert_eq!(
        (again.counts.already_imported(), take(&asked).len()),
        (2, 0),
        "what is imported is not asked about"
    );
}

#[tokio::test]
async fn requests_a_skip_holds_for_one_run_in_every_path_and_costs_no_request() {
    let world = World::new().await;
    let order = world.add(world.order("S-1"));
    world.add(world.order("T-1").created(world.ago(DAY * 30)));
    let asked = Arc::default();
    let channel = channel_with(&world, by_number(&asked), |_| {});
    let wanted = vec![SkipReason::ByPolicy { reason: "sold by another company".to_owned() }];
    let one = || ImportOrder::new(selected(order)).bypass(Bypass::ALL);
    let body = json!({"resource_url": format!("{}orders?orderStatus=awaiting_shipment", world.sim.url()), "resource_type": "ORDER_NOTIFY"});
    let reports = [
        import(&channel).await,
        import_with(&channel, RunControl::new().dry_run()).await,
        channel.import_order(one()).await.unwrap(),
        channel.on_webhook(Delivery::new("/hooks/shipstation", body.to_string())).await.unwrap(),
    ];
    for report in reports {
        assert_eq!(report.counts.skipped.of(SkipKind::ByPolicy), 1, "{report}");
        let skipped = ImportOutcome::Skipped { reasons: wanted.clone() };
        assert!(report.items.iter().any(|item| item.outcome == skipped), "{report}");
    }
    assert_eq!(take(&asked), ["S-1"; 4], "an order that the settings leave out is not asked about");
    assert_eq!(imported(&world), 0);
    let answer = diagnosis(&channel, order).await;
    assert_eq!(answer.primary().map(|check| &*check.name), Some("policy"), "{answer}");

    world.sim.clear_journal();
    let _ = import(&world.channel(|_| {})).await;
    let stores = world.sim.journal().count("GET", "/stores");
    let without = world.sim.journal().len() - stores;
    assert_eq!(imported(&world), 1, "another policy, another answer");
    world.sim.clear_journal();
    let _ = import(&channel).await;
    assert_eq!(
        world.sim.journal().len(),
        without,
        "asking the policy is no request, and the stores were read before"
    );
}

#[tokio::test]
async fn faults_a_panic_costs_its_order_alone_names_no_buyer_and_heals() {
    let world = World::new().await;
    let numbers = ["A-1", "P-2", "A-3"];
    let address = || SimAddress::sample().set("name", "Rosalind Thornbury");
    let ids = numbers.map(|number| world.add(world.order(number).ship_to(address())));
    let asked = Arc::default();
    let channel = channel_with(&world, by_number(&asked), |_| {});
    let (log, _guard) = CaughtLog::begin();
    CaughtLog::hear_every_place();
    let dry = import_with(&channel, RunControl::new().dry_run()).await;
    assert_eq!((dry.counts.imported(), dry.counts.of(ImportOutcomeKind::FailedRetryable)), (2, 1), "{dry}");
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.failed()), (2, 1), "{report}");
    assert_eq!(report.run.status, RunStatus::CompletedWithErrors, "{report}");
    let answer = diagnosis(&channel, ids[1]).await;
    assert_eq!(answer.check("policy").map(|check| &check.verdict), Some(&Verdict::Blocks), "{answer}");
    let id = ids[1].to_string().into();
    let kept = world.store.failures(&world.connection, std::slice::from_ref(&id)).await.unwrap();
    assert_eq!(kept[&id].error.as_deref(), Some("the host's import policy panicked"));
    for text in [written(&report), report.to_string(), answer.to_string(), format!("{kept:?}"), log.text()] {
        assert!(!text.contains("Rosalind"), "{text}");
    }

    // It is read again by its id, however old it is by now.
    world.sim.clock().advance(DAY * 20);
    assert_eq!(import(&channel).await.counts.failed(), 1);
    world.sim.clock().advance(DAY);
    let report = import(&channel_with(
        &world,
        |_: &ChannelOrder, _: &ProposedImport<'_>| ImportDecision::accept(),
        |_| {},
    ))
    .await;
    assert_eq!((report.counts.imported(), imported(&world)), (1, 3), "{report}");
    let kept = world.store.failures(&world.connection, std::slice::from_ref(&id)).await.unwrap();
    assert!(kept.is_empty());
}

#[tokio::test]
async fn faults_a_panic_about_own_orders_costs_its_order_alone_and_heals() {
    let world = World::new().await;
    let address = || SimAddress::sample().set("name", "Rosalind Thornbury");
    let ids = ["A-1", "P-2", "A-3"].map(|number| world.add(world.order(number).ship_to(address())));
    let channel = |panics: bool| {
        let builder = world.builder(world.client(), world.store.stores(), |_| {});
        let own = move |order: &ChannelOrder| {
            assert!(!(panics && order.number.starts_with('P')), "no rule for {:?}", order.ship_to.name);
            order.number == "A-3"
        };
        builder.own_orders(own).build().unwrap()
    };
    let broken = channel(true);
    let report = import(&broken).await;
    assert_eq!((report.counts.imported(), report.counts.failed()), (1, 1), "{report}");
    let answer = diagnosis(&broken, ids[1]).await;
    assert_eq!(
        answer.primary().map(|check| &*check.observed),
        Some("the host's own_orders panicked"),
        "{answer}"
    );
    let check = broken.check(CheckConnection::new()).await.unwrap();
    assert!(check.finding("own_orders_panicked").is_some(), "{check}");
    assert!(!format!("{answer}{check}{}", written(&report)).contains("Rosalind"));
    world.sim.clock().advance(DAY * 20);
    assert_eq!(import(&channel(false)).await.counts.imported(), 1, "however old it is by now");
    assert_eq!(import(&broken).await.counts.failed(), 0, "what is imported is not asked about for nothing");
    assert_eq!(imported(&world), 2);
}

/// Marks the lines with this SKU, and a line that no order has.
fn not_shipped(sku: &'static str) -> impl ImportPolicy {
    move |order: &ChannelOrder, _: &ProposedImport<'_>| {
        let lines = order.lines.iter().filter(|line| line.sku.as_deref() == Some(sku));
        ImportDecision::accept()
            .not_shippable(lines.map(|line| line.id.clone()).chain([LineId::new("wrong")]))
    }
}

#[tokio::test]
async fn requests_an_order_is_complete_without_the_lines_that_nobody_ships() {
    let world = World::new().await;
    let order = world.add(world.order("A-1").line(SimLine::new("GIFT-WRAP", 1, "3.00")));
    let channel = channel_with(&world, not_shipped("GIFT-WRAP"), |settings| {
        settings.orders.unlinked_lines = UnlinkedLinePolicy::Hold;
    });
    let report = import(&channel).await;
    let skus = vec!["MUG-1".to_owned(), "TEA-2".to_owned()];
    assert_eq!(holds(&world, order), [HoldReason::NotManagedLine { skus }], "{report}");
    let warned = |report: &str| report.contains(&format!("\"wrong\" of order {order}"));
    assert!(warned(&report.to_string()), "{report}");
    let stored = world.store.orders(&world.connection).remove(0);
    assert_eq!(
        stored.order.lines.iter().map(|line| line.kind).collect::<Vec<_>>(),
        [LineKind::Item, LineKind::Item, LineKind::NotShippable]
    );
    assert_eq!(stored.record.lines.len(), 2);

    let parts = stored.record.lines.clone();
    for (id, line) in ["S-1", "S-2"].into_iter().zip(parts) {
        let shipment = Shipment::new(id, order.to_string(), world.now(), "UPS", format!("1Z{id}"));
        world.enqueue(shipment.lines(vec![line])).await;
        world.sim.clock().advance(HOUR);
        let report = channel.sync_shipments(SyncShipments::new()).await.unwrap();
        let waits = report.counts.of(SyncOutcomeKind::WaitingPartial);
        assert_eq!((waits, world.marks()), if id == "S-1" { (1, 0) } else { (0, 1) }, "{report}");
    }
}

#[tokio::test]
async fn faults_a_line_that_nobody_ships_is_no_change_of_its_order() {
    for watched_from_the_start in [true, false] {
        let world = World::new().await;
        let order = world.add(world.order("A-1").line(SimLine::new("GIFT-WRAP", 1, "3.00")));
        let watching = |on: bool| {
            channel_with(&world, not_shipped("GIFT-WRAP"), move |settings| settings.orders.watch_changes = on)
        };
        let _ = import(&watching(watched_from_the_start)).await;
        let feed = Feed::of(&world);
        for quantity in [None, Some(5)] {
            world.sim.clock().advance(HOUR);
            world.sim.account(|account| {
                account.edit(order, |order| {
                    if let Some(quantity) = quantity {
                        order.set("items.0.quantity", quantity);
                    }
                })
            });
            let _ = import(&watching(true)).await;
            assert_eq!(feed.kinds().len(), usize::from(quantity.is_some()), "{:?}", feed.kinds());
        }
    }
}

#[tokio::test]
async fn faults_an_order_that_is_left_out_is_nobody_elses_duplicate() {
    let world = World::new().await;
    for number in ["S-1", "A-2", "A-3"] {
        world.add(world.order(number));
    }
    let asked = Arc::default();
    let channel = channel_with(&world, by_number(&asked), |settings| {
        settings.orders.possible_duplicates = PossibleDuplicatePolicy::Hold;
    });
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.held()), (2, 1), "{report}");
    assert_eq!(report.counts.held_by.of(HoldKind::PossibleDuplicate), 1, "A-3 looks like A-2: {report}");
}

#[tokio::test]
async fn clock_slow_answers_are_warned_of_and_quick_ones_are_not() {
    for (each, warned) in [(50, 0), (51, 1), (30, 1), (10, 0)] {
        let world = World::new().await;
        let orders = if each == 30 { 40 } else { 10 };
        for number in 0..orders {
            world.add(world.order(&format!("A-{number}")));
        }
        let clock = world.sim.clock();
        let policy = move |_: &ChannelOrder, _: &ProposedImport<'_>| {
            clock.advance(Duration::from_millis(each));
            // The wall clock is set meanwhile: it proves nothing.
            clock.step_to(clock.now() - Duration::from_millis(each));
            ImportDecision::accept()
        };
        let report = import(&channel_with(&world, policy, |_| {})).await;
        let warnings = report.run.warnings.iter().filter(|warning| warning.contains("policy is slow"));
        assert_eq!(warnings.count(), warned, "{each} ms: {report}");
    }
}

#[tokio::test]
async fn faults_a_diagnosis_says_what_the_policy_would_decide() {
    let world = World::new().await;
    let [plain, held, left_out] = ["A-1", "H-1", "S-1"].map(|number| world.add(world.order(number)));
    let old = world.add(world.order("H-2").status("on_hold"));
    let asked = Arc::default();
    let channel = channel_with(&world, by_number(&asked), |_| {});
    for (order, verdict) in [(plain, Verdict::Pass), (held, Verdict::Warns), (left_out, Verdict::Blocks)] {
        let answer = diagnosis(&channel, order).await;
        assert_eq!(answer.check("policy").map(|check| &check.verdict), Some(&verdict), "{answer}");
    }
    assert_eq!(diagnosis(&channel, old).await.check("policy"), None, "it is left out before");
    let _ = channel.get_orders(GetOrders::new()).await.unwrap();
    take(&asked);
    assert_eq!(diagnosis(&channel, plain).await.check("policy"), None, "it is imported");
    assert_eq!(take(&asked), Vec::<String>::new());
    assert_eq!(diagnosis(&world.channel(|_| {}), left_out).await.check("policy"), None, "there is none");
}
