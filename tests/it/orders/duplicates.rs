//! The same order under two ids: held if the settings ask for it, never dropped, and free of charge if they do not.

use std::sync::Arc;

use shipstation_connector::{
    Settings, ShipStationChannel,
    channel::{
        Bypass, ChannelConnector, DiagnoseOrder, HoldKind, HoldReason, ImportOrder, OrderSelector,
        RunControl, Verdict,
        report::ImportOutcomeKind,
        shipping::ShippingRule,
        store::{Maintenance, MappingStoreExt, OrderStoreExt, RetentionPolicy, Stores},
    },
    connector::PossibleDuplicatePolicy,
    stores::SqliteStore,
    testing::simulator::{Field, SimAddress, SimLine, SimOrder},
};

use super::{import, import_with, imported};
use crate::support::{DAY, Gate, World};

fn hold(settings: &mut Settings) {
    settings.orders.possible_duplicates = PossibleDuplicatePolicy::Hold;
}

fn holding(world: &World) -> ShipStationChannel {
    world.channel(hold)
}

fn holds(world: &World, order: i64) -> Vec<HoldReason> {
    let orders = world.store.orders(&world.connection);
    orders.into_iter().find(|stored| stored.order.id.as_str() == order.to_string()).unwrap().record.holds
}

fn looks_like(order: i64) -> Vec<HoldReason> {
    vec![HoldReason::PossibleDuplicate { of: order.to_string().into() }]
}

/// The same order as another store writes it.
fn spelt_differently(order: SimOrder) -> SimOrder {
    let address = SimAddress::sample()
        .set("name", "ROBIN  SAMPLE")
        .set("street1", "1200 Example St.")
        .set("postalCode", "62701 0042")
        .set("phone", Field::Null);
    order.ship_to(address)
}

#[tokio::test]
async fn faults_the_same_order_from_two_stores_is_held_the_second_time() {
    for page_size in [1, 500] {
        let world = World::new().await;
        let (one, two) = world
            .sim
            .account(|account| (account.add_store("One", "Shopify"), account.add_store("Two", "Amazon")));
        let first = world.add(world.order("A-1").store(one).created(world.ago(DAY / 12)));
        let second = world.add(spelt_differently(world.order("Z-77").store(two)));
        let channel = world.channel(|settings| {
            hold(settings);
            settings.orders.page_size = page_size;
        });
        let report = import(&channel).await;
        assert_eq!((report.counts.imported(), report.counts.held()), (2, 1), "{report}");
        assert_eq!(report.counts.held_by.of(HoldKind::PossibleDuplicate), 1, "{report}");
        assert_eq!((holds(&world, first), holds(&world, second)), (vec![], looks_like(first)));
        assert!(report.to_string().contains(&format!("lines and day of order {first}")), "{report}");
        let again = import(&channel).await;
        assert_eq!((again.counts.already_imported(), again.counts.held()), (2, 0), "{again}");
        // A third one, in a later run, by hand: a bypass is none for this.
        let third = world.add(spelt_differently(world.order("Z-78").store(two)));
        let which = OrderSelector::Id(third.to_string().into());
        assert_eq!(
            channel.import_order(ImportOrder::new(which).bypass(Bypass::ALL)).await.unwrap().counts.held(),
            1
        );
        assert_eq!(holds(&world, third), looks_like(first), "the first one is named");
    }
}

#[tokio::test]
async fn faults_switched_off_nothing_is_held_kept_or_asked() {
    let world = World::new().await;
    world.add(world.order("A-1"));
    world.add(world.order("A-2"));
    let calls = |gate: Arc<Gate>, change: fn(&mut Settings)| {
        let channel = world.channel_on(gate.stores(), change);
        async move {
            let report = import_with(&channel, RunControl::new().dry_run()).await;
            (gate.calls(), report.counts.held())
        }
    };
    let off = calls(Gate::over(world.store.clone()), |_| {}).await;
    let on = calls(Gate::over(world.store.clone()), hold).await;
    assert_eq!((off.1, on), (0, (off.0 + 1, 1)), "one call for the page");
    let report = import(&world.channel(|_| {})).await;
    assert_eq!((report.counts.imported(), report.counts.held()), (2, 0), "{report}");
    let kept = world.store.orders(&world.connection);
    assert!(kept.iter().all(|stored| stored.record.fingerprint.is_none()));
    // What was imported before the setting is not compared.
    let later = world.add(world.order("A-3"));
    assert_eq!(import(&holding(&world)).await.counts.held(), 0);
    assert!(holds(&world, later).is_empty());
}

#[tokio::test]
async fn clock_the_same_goods_a_day_later_are_another_order() {
    let world = World::new().await;
    // Either side of midnight in California, in one UTC day.
    for at in ["2026-03-05T07:30:00Z", "2026-03-05T08:30:00Z"] {
        let at = at.parse().unwrap();
        world.sim.clock().set(at);
        world.add(world.order("A-1").created(at).ordered(at));
    }
    let report = import(&holding(&world)).await;
    assert_eq!((report.counts.imported(), report.counts.held()), (2, 0), "{report}");
}

#[tokio::test]
async fn faults_an_order_without_address_or_lines_looks_like_none() {
    let world = World::new().await;
    for number in 0..2 {
        let empty = SimOrder::new(format!("E-{number}")).created(world.ago(DAY / 24)).shipping("Standard");
        world.add(empty);
        world.add(world.order(&format!("N-{number}")).ship_to(SimAddress::named("Robin Sample")));
        let nameless = world.order(&format!("L-{number}"));
        world.add(nameless.set("items.0.sku", Field::Null).set("items.0.name", ""));
    }
    let report = import(&holding(&world)).await;
    assert_eq!((report.counts.imported(), report.counts.held()), (6, 0), "{report}");
    let kept = world.store.orders(&world.connection);
    assert!(kept.iter().all(|stored| stored.record.fingerprint.is_none()));
}

#[tokio::test]
async fn faults_parts_of_one_order_are_for_the_lineage_to_decide() {
    let world = World::new().await;
    let line = || SimLine::new("MUG-1", 1, "18.50");
    let order = SimOrder::new("A-1").created(world.ago(DAY / 24)).shipping("Standard");
    let parent = world.add(order.line(line()).line(line()).line(line()));
    let children = world.sim.account(|account| {
        [account.split_order(parent, &[1]).unwrap(), account.split_order(parent, &[1]).unwrap()]
    });
    let report = import(&holding(&world)).await;
    assert_eq!((report.counts.imported(), report.counts.held()), (3, 0), "{children:?}: {report}");
    // A stranger that looks like all three of them.
    let stranger = SimOrder::new("B-1").created(world.ago(DAY / 24)).shipping("Standard").line(line());
    let stranger = world.add(stranger);
    assert_eq!(import(&holding(&world)).await.counts.held(), 1);
    assert_eq!(holds(&world, stranger).len(), 1);
}

#[tokio::test]
async fn crash_an_order_that_is_refused_at_first_is_not_held_for_its_own_look_alike() {
    let world = World::new().await;
    let gate = Gate::over(world.store.clone());
    gate.refuse("A-1", true);
    let first = world.add(world.order("A-1").created(world.ago(DAY / 12)));
    let second = world.add(world.order("A-2"));
    let channel = world.channel_on(gate.stores(), hold);
    let report = import(&channel).await;
    assert_eq!(
        (report.counts.of(ImportOutcomeKind::FailedRetryable), report.counts.held()),
        (1, 1),
        "{report}"
    );
    assert_eq!(holds(&world, second), looks_like(first));
    gate.refuse.lock().unwrap().clear();
    world.sim.clock().advance(DAY / 24);
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.held()), (1, 0), "one of the two may go: {report}");
    assert_eq!(imported(&world), 2);
}

#[tokio::test]
async fn faults_a_diagnosis_names_the_order_that_it_looks_like() {
    let world = World::new().await;
    let first = world.add(world.order("A-1"));
    let channel = holding(&world);
    let _ = import(&channel).await;
    let second = world.add(world.order("A-2"));
    let ask = async |order: i64, channel: &ShipStationChannel| {
        channel
            .diagnose_order(DiagnoseOrder::new(OrderSelector::Id(order.to_string().into())))
            .await
            .unwrap()
            .remove(0)
    };
    let answer = ask(second, &channel).await;
    let check = answer.check("duplicate").unwrap();
    assert_eq!(check.verdict, Verdict::Warns, "{answer}");
    assert!(check.observed.contains(&first.to_string()), "{answer}");
    assert_eq!(ask(first, &channel).await.check("duplicate"), None, "it is imported");
    assert_eq!(ask(second, &world.channel(|_| {})).await.check("duplicate"), None, "nobody looks");
}

#[tokio::test]
async fn secrets_a_fingerprint_is_forgotten_with_its_buyer() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(folder.path().join("store.sqlite")).unwrap());
    let rules = vec![ShippingRule::any("ground")];
    store.replace_shipping_rules(&world.connection, 0, rules).await.unwrap();
    world.add(world.order("A-1").created(world.ago(DAY / 12)));
    world.add(world.order("A-2"));
    let channel = world.channel_on(Stores::all_in(store.clone()), hold);
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.held_by.of(HoldKind::PossibleDuplicate)), (2, 1));
    let first = &store.take_orders(&world.connection, 1).await.unwrap()[0].order.id;
    let fingerprint = async || {
        let known = store.known(&world.connection, std::slice::from_ref(first)).await.unwrap();
        known[first].fingerprint.clone()
    };
    let print = fingerprint().await.unwrap();
    let alike =
        async || store.find_by_fingerprint(&world.connection, std::slice::from_ref(&print), 9).await.unwrap();
    assert_eq!(alike().await[&print].len(), 2);
    store.acknowledge_orders(&world.connection, std::slice::from_ref(first)).await.unwrap();
    let done = store.maintain(&RetentionPolicy::default(), world.now() + DAY).await.unwrap();
    assert_eq!((done.buyers, done.fingerprints), (1, 0));
    assert_eq!(alike().await[&print].len(), 2, "it is recognized without its address");
    assert!(store.forget_buyer(&world.connection, first).await.unwrap().is_complete());
    assert_eq!(fingerprint().await, None);
    assert_eq!(alike().await[&print].len(), 1, "the held one waits with its data");
    let done = store.maintain(&RetentionPolicy::default(), world.now() + 91 * DAY).await.unwrap();
    assert_eq!((done.buyers, done.fingerprints), (0, 1));
    assert!(alike().await.is_empty());
}
