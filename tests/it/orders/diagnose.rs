//! "Why is this order not here?" and "why was nothing imported?".

use shipstation_connector::{
    channel::{
        Bypass, ChannelConnector, DiagnoseOrder, Diagnosis, ExplainImports, ImportOrder, OrderSelector,
        Verdict, store::OrderStore,
    },
    client::{StoreId, TagId, UserId},
    testing::simulator::{Fault, FaultKind, Method},
};

use super::import;
use crate::support::{DAY, Gate, World};

async fn ask(world: &World, channel: &impl ChannelConnector, order: i64) -> Diagnosis {
    let writes = world.sim.journal().writes().count();
    let answers = channel
        .diagnose_order(DiagnoseOrder::new(OrderSelector::Id(order.to_string().into())))
        .await
        .unwrap();
    assert_eq!(world.sim.journal().writes().count(), writes, "a question changes nothing");
    assert_eq!(answers.len(), 1);
    answers.into_iter().next().unwrap()
}

#[tokio::test]
async fn faults_the_table_of_the_specification_is_printed() {
    let world = World::new().await;
    let (store, tag) =
        world.sim.account(|account| (account.add_store("Main", "Shopify"), account.add_tag("Dropship")));
    let order = world
        .order("1042")
        .store(store)
        .status("on_hold")
        .created(world.ago(DAY * 12 + DAY / 2))
        .ordered(world.ago(DAY * 14 + DAY / 2))
        .tag(tag)
        .shipping("Standard ");
    let order = world.add(order);
    let channel = world.channel(|settings| settings.orders.tag = Some(TagId::new(tag)));
    let _ = import(&channel).await;
    let answer = ask(&world, &channel, order).await;
    let text = answer.to_string();
    let title = format!("Order 1042 (ShipStation {order}, store \"Main\")");
    assert!(text.starts_with(&title) && text.lines().next().unwrap().ends_with("NOT IMPORTED"), "{text}");
    let has = |line: &str| assert!(text.contains(line), "{line}\n{text}");
    has(
        "BLOCKS  status     is on_hold, import wants awaiting_shipment  -> release it in ShipStation, or import the status on_hold too",
    );
    has("BLOCKS  age        created 12 d ago (placed 14 d ago), limit 7 d  -> 13 days would include it");
    has(&format!("passes  tag        has \"Dropship\" ({tag})"));
    has("warns   shipping");
    has("would be held");
    has("last good run");
    has("the order existed then");
    assert_eq!(answer.primary().unwrap().name, "status", "status first, then age");
}

#[tokio::test]
async fn faults_what_blocks_is_named_for_each_filter() {
    let world = World::new().await;
    let tag = world.sim.account(|account| account.add_tag("Dropship"));
    let order = world.add(world.order("A-1").order_key("oms-1").created(world.ago(DAY * 5)));
    let channel = world.channel(|settings| {
        settings.orders.tag = Some(TagId::new(tag));
        settings.orders.own_key_prefix = Some("oms-".into());
        settings.orders.not_before = Some(world.ago(DAY));
        settings.orders.stores = [StoreId::new(1)].into();
    });
    let answer = ask(&world, &channel, order).await;
    for name in ["store", "floor", "tag", "loop"] {
        assert_eq!(answer.check(name).unwrap().verdict, Verdict::Blocks, "{answer}");
    }
    for name in ["status", "age", "lineage", "lines", "shipping"] {
        assert_eq!(answer.check(name).unwrap().verdict, Verdict::Pass, "{answer}");
    }
    assert!(answer.to_string().contains(&format!("wants \"Dropship\" ({tag})")), "{answer}");
}

#[tokio::test]
async fn faults_an_imported_order_shows_when_by_which_run_and_its_open_user() {
    let world = World::new().await;
    let user = world.sim.account(|account| account.add_user("Night Shift"));
    let order = world.add(world.order("A-1"));
    world
        .sim
        .fault(Fault::on(Method::POST, "/orders/assignuser").times(4).with(FaultKind::Html { status: 502 }));
    let channel = world.channel(|settings| settings.orders.assign_user = Some(UserId::new(&user)));
    let report = import(&channel).await;
    let text = ask(&world, &channel, order).await.to_string();
    assert!(text.lines().next().unwrap().ends_with(" IMPORTED") && !text.contains("NOT IMPORTED"), "{text}");
    assert!(text.contains(&format!("by run {}", report.run.run)), "{text}");
    assert!(text.contains("AssignUser is open after 1 attempts"), "{text}");
    world.sim.clock().advance(DAY / 24);
    let _ = import(&channel).await;
    world.ship(order, "1Z999").await;
    let text = ask(&world, &channel, order).await.to_string();
    assert!(text.contains("the user is assigned") && text.contains("shipment"), "{text}");
}

#[tokio::test]
async fn faults_a_split_a_failure_and_an_absent_order_are_explained() {
    use shipstation_connector::connector::UnmappedPolicy;
    let world = World::new().await;
    let channel = world.channel(|settings| settings.shipping.unmapped = UnmappedPolicy::Reject);
    let parent = world.add(world.order("A-1"));
    let rejected = world.add(world.order("A-2").shipping("Unheard of"));
    let _ = import(&channel).await;
    let child = world.sim.account(|account| account.split_order(parent, &[1])).unwrap();
    let text = ask(&world, &channel, child).await.to_string();
    assert!(text.contains(&format!("split off the imported order {parent}")), "{text}");
    let answer = ask(&world, &channel, rejected).await;
    assert_eq!(answer.check("shipping").unwrap().verdict, Verdict::Blocks, "{answer}");
    assert!(answer.check("failures").unwrap().observed.contains("failed 1 times"), "{answer}");
    let answer = ask(&world, &channel, 77).await;
    assert_eq!(answer.primary().unwrap().name, "exists", "{answer}");
}

#[tokio::test]
async fn faults_a_number_is_compared_exactly_and_every_match_is_answered() {
    let world = World::new().await;
    let store = world.sim.account(|account| account.add_store("Web", "Shopify"));
    world.add(world.order("100"));
    world.add(world.order("100").store(store));
    world.add(world.order("1001"));
    let answers = world
        .channel(|_| {})
        .diagnose_order(DiagnoseOrder::new(OrderSelector::Number("100".into())))
        .await
        .unwrap();
    assert_eq!(answers.len(), 2);
}

#[tokio::test]
async fn requests_why_nothing_counts_each_status_with_small_requests() {
    let world = World::new().await;
    let tag = world.sim.account(|account| account.add_tag("Dropship"));
    world.add(world.order("A-1").status("on_hold"));
    world.add(world.order("A-2").created(world.ago(DAY * 20)));
    let channel = world.channel(|settings| settings.orders.tag = Some(TagId::new(tag)));
    let _ = import(&channel).await;
    world.sim.clear_journal();
    let answer = channel.why_nothing(ExplainImports::new()).await.unwrap();
    let text = answer.to_string();
    assert!(text.contains("1 orders are on_hold: release them, or add on_hold"), "{text}");
    assert!(text.contains("1 orders that are awaiting_shipment are too old"), "{text}");
    assert!(text.contains(&format!("no order has tag {tag}")), "{text}");
    assert!(text.contains("succeeded, 0 new"), "{text}");
    assert_eq!(world.sim.journal().writes().count(), 0);
    assert!(world.sim.journal().len() <= 6, "{} requests", world.sim.journal().len());
    assert!(world.sim.journal().iter().all(|entry| entry.query_value("pageSize") == Some("1")));
}

#[tokio::test]
async fn faults_an_order_that_shipstation_fails_on_is_told_by_what_the_stores_know() {
    let world = World::new().await;
    let user = world.sim.account(|account| account.add_user("Night Shift"));
    let gate = Gate::over(world.store.clone());
    gate.refuse("A-2", true);
    let [imported, failed, new] = ["A-1", "A-2", "A-3"].map(|number| world.add(world.order(number)));
    world.sim.account(|account| account.hold(new));
    world
        .sim
        .fault(Fault::on(Method::POST, "/orders/assignuser").times(4).with(FaultKind::Html { status: 502 }));
    let channel =
        world.channel_on(gate.stores(), |settings| settings.orders.assign_user = Some(UserId::new(&user)));
    let _ = import(&channel).await;
    world.ship(imported, "1Z999").await;
    world.sim.account(|account| [imported, failed, new].map(|order| account.poison(order)));

    let answer = ask(&world, &channel, imported).await;
    let text = answer.to_string();
    assert!(answer.imported && answer.primary().is_none(), "{text}");
    let exists = answer.check("exists").unwrap();
    assert_eq!((&exists.verdict, exists.remedy.is_some()), (&Verdict::Unknown, true), "{text}");
    for part in ["by run", "ready", "AssignUser is open", "shipment", "last good run"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("did not exist") && !text.contains("nobody is assigned"), "{text}");

    let answer = ask(&world, &channel, failed).await;
    assert!(!answer.imported && answer.check("exists").unwrap().verdict == Verdict::Unknown, "{answer}");
    assert!(
        answer.check("failures").unwrap().observed.contains("failed 1 times: the host refused it"),
        "{answer}"
    );
    let answer = ask(&world, &channel, new).await;
    assert_eq!((answer.checks.len(), answer.imported), (1, false), "{answer}");

    // Refused credentials are no fault of the order's.
    let code = 401;
    world.sim.fault(Fault::any().always().with(FaultKind::Status { code, body: String::new() }));
    let refused = channel
        .diagnose_order(DiagnoseOrder::new(OrderSelector::Id(new.to_string().into())))
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("API key or secret"), "{refused}");
}

#[tokio::test]
async fn faults_an_imported_order_that_is_gone_is_still_said_to_be_imported() {
    let world = World::new().await;
    let [survivor, gone] = ["A-1", "A-2"].map(|number| world.add(world.order(number)));
    let channel = world.channel(|_| {});
    let _ = import(&channel).await;
    world.sim.account(|account| assert!(account.merge_orders(survivor, &[gone])));
    let answer = ask(&world, &channel, gone).await;
    assert!(answer.imported && answer.to_string().contains("imported at"), "{answer}");
    assert_eq!(answer.primary().unwrap().name, "exists", "{answer}");
}

#[tokio::test]
async fn faults_a_row_that_cannot_be_read_is_not_said_to_be_missing() {
    let world = World::new().await;
    let order = world.add(world.order("A-1"));
    let channel = world.channel(|_| {});
    let _ = import(&channel).await;
    world.sim.account(|account| account.poison(order));
    let which = || OrderSelector::Number("A-1".into());
    let answers = channel.diagnose_order(DiagnoseOrder::new(which())).await.unwrap();
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].check("exists").unwrap().verdict, Verdict::Unknown, "{}", answers[0]);
    let refused = channel.import_order(ImportOrder::new(which()).bypass(Bypass::ALL)).await.unwrap_err();
    assert!(refused.is_retryable() && refused.to_string().contains("could not be read"), "{refused}");
}

#[tokio::test]
async fn requests_why_nothing_counts_the_one_selected_store_only() {
    let world = World::new().await;
    let (one, two) = world
        .sim
        .account(|account| (account.add_store("One", "Shopify"), account.add_store("Two", "Amazon")));
    world.add(world.order("A-1").store(two).status("on_hold"));
    world.add(world.order("A-2").store(two).created(world.ago(DAY * 20)));
    let channel = world.channel(|settings| settings.orders.stores = [StoreId::new(one)].into());
    let answer = channel.why_nothing(ExplainImports::new()).await.unwrap();
    assert!(answer.hints().is_empty(), "{answer}");
}

#[tokio::test]
async fn faults_an_old_order_in_the_ledger_is_not_too_old() {
    let world = World::new().await;
    let gate = Gate::over(world.store.clone());
    gate.refuse("A-1", true);
    let order = world.add(world.order("A-1"));
    let channel = world.channel_on(gate.stores(), |settings| settings.orders.catch_up_days = 0);
    let _ = import(&channel).await;
    world.sim.clock().advance(DAY * 12);
    let answer = ask(&world, &channel, order).await;
    assert!(answer.primary().is_none() && answer.to_string().contains("it is read again after"), "{answer}");
    world.store.dismiss(&world.connection, &order.to_string().into(), world.now()).await.unwrap();
    let answer = ask(&world, &channel, order).await;
    assert_eq!(answer.primary().unwrap().name, "age", "{answer}");
}
