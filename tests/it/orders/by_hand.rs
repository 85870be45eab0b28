//! Importing one order now, by a person or on a webhook's hint.

use shipstation_connector::{
    Settings,
    channel::{
        Bypass, CancelToken, ChannelConnector, CheckConnection, Delivery, DiagnoseOrder, ExplainImports,
        GetOrders, ImportOrder, OrderSelector, Refusal, RunControl, RunStatus, Trigger, report::SkipKind,
    },
    client::UserId,
};

use super::{import, imported};
use crate::support::{DAY, Gate, Moment, World};

#[tokio::test]
async fn faults_a_bypass_ignores_age_floor_tag_and_status_and_nothing_else() {
    let world = World::new().await;
    let store = world.sim.account(|account| account.add_store("Web", "Shopify"));
    let old = world.order("100").status("on_hold").created(world.ago(DAY * 40)).store(store);
    world.add(old);
    world.add(world.order("1001"));
    let tag = world.sim.account(|account| account.add_tag("Dropship"));
    let by_number = || OrderSelector::Number("100".into());
    let channel = world.channel(|settings| {
        settings.orders.tag = Some(shipstation_connector::client::TagId::new(tag));
        settings.orders.not_before = Some(world.ago(DAY * 3));
    });
    let report = channel.import_order(ImportOrder::new(by_number())).await.unwrap();
    assert_eq!(
        (report.counts.scanned(), report.counts.imported()),
        (1, 0),
        "1001 is another order: {report}"
    );
    let report = channel.import_order(ImportOrder::new(by_number()).bypass(Bypass::ALL)).await.unwrap();
    assert_eq!((report.counts.imported(), &report.run.trigger), (1, &Trigger::Manual), "{report}");
    let report = channel.import_order(ImportOrder::new(by_number()).bypass(Bypass::ALL)).await.unwrap();
    assert_eq!((report.counts.already_imported(), imported(&world)), (1, 1), "{report}");

    let guarded = world.channel(|settings| {
        settings.orders.exclude_stores = [shipstation_connector::client::StoreId::new(store)].into();
    });
    world.add(world.order("200").store(store));
    let report = guarded
        .import_order(ImportOrder::new(OrderSelector::Number("200".into())).bypass(Bypass::ALL))
        .await
        .unwrap();
    assert_eq!(report.counts.skipped.of(SkipKind::WrongStore), 1, "{report}");
}

#[tokio::test]
async fn faults_an_order_that_does_not_exist_is_said_not_to() {
    let world = World::new().await;
    let refused = world
        .channel(|_| {})
        .import_order(
            ImportOrder::new(OrderSelector::Key { key: "k-1".into(), number: "7".into() })
                .bypass(Bypass::ALL),
        )
        .await
        .unwrap_err();
    assert!(matches!(refused.refusal, Refusal::NotFound { .. }), "{refused}");
    assert!(refused.to_string().contains("number 7 and key k-1"), "{refused}");
}

#[tokio::test]
async fn faults_a_number_that_several_orders_share_is_no_name_of_one() {
    let world = World::new().await;
    let [web, shop] =
        ["Web", "Shop"].map(|name| world.sim.account(|account| account.add_store(name, "Shopify")));
    let wanted = world.add(world.order("1042").store(web));
    let other = world.add(world.order("1042").store(shop).status("shipped").created(world.ago(DAY * 200)));
    let channel = world.channel(|_| {});
    let refused = channel
        .import_order(ImportOrder::new(OrderSelector::Number("1042".into())).bypass(Bypass::ALL))
        .await
        .unwrap_err();
    assert!(matches!(refused.refusal, Refusal::Ambiguous { .. }), "{refused}");
    let text = refused.to_string();
    for part in
        ["number 1042", &format!("{wanted} of store {web}"), &format!("{other} of store {shop}"), "by its id"]
    {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(imported(&world), 0);
    let one = OrderSelector::Id(wanted.to_string().into());
    assert_eq!(
        channel.import_order(ImportOrder::new(one).bypass(Bypass::ALL)).await.unwrap().counts.imported(),
        1
    );
}

#[tokio::test]
async fn requests_a_webhook_imports_just_the_orders_it_names() {
    let world = World::new().await;
    for number in 0..3 {
        world.add(world.order(&format!("A-{number}")).import_batch("batch-1"));
    }
    world.add(world.order("B-1"));
    world.add(world.order("A-9").import_batch("batch-1").status("on_hold"));
    let body = format!(
        r#"{{"resource_url":"{}orders?importBatch=batch-1","resource_type":"ORDER_NOTIFY"}}"#,
        world.sim.url()
    );
    let delivery = Delivery::new("/hooks/shipstation", body);
    let channel = world.channel(|_| {});
    let report = channel.on_webhook(delivery.clone()).await.unwrap();
    assert!(report.counts.add_up(), "{report}");
    assert_eq!((report.counts.imported(), &report.run.trigger), (3, &Trigger::Webhook), "{report}");
    assert_eq!(report.counts.skipped.of(SkipKind::WrongStatus), 1, "{report}");
    assert_eq!(world.sim.journal().len(), 2, "its address, and the stores once");
    // A delivery may come twice, and polling stays the truth.
    assert_eq!(channel.on_webhook(delivery.clone()).await.unwrap().counts.already_imported(), 3);
    let report = import(&channel).await;
    assert_eq!((report.run.status.clone(), report.counts.imported()), (RunStatus::Succeeded, 1), "{report}");
}

#[tokio::test]
async fn secrets_a_webhook_that_points_elsewhere_is_refused_without_a_request() {
    let world = World::new().await;
    let channel = world.channel(|_| {});
    let parse = |url: &str, event: &str| {
        let body = format!(r#"{{"resource_url":"{url}","resource_type":"{event}"}}"#);
        Delivery::new("/hooks/shipstation", body)
    };
    let foreign = parse("https://ssapi.shipstation.com.example.net/orders?importBatch=1", "ORDER_NOTIFY");
    let refused = channel.on_webhook(foreign).await.unwrap_err();
    assert!(matches!(refused.refusal, Refusal::Config { .. }), "{refused}");
    assert!(!refused.to_string().contains("example.net"), "{refused}");
    let shipped = parse(&format!("{}shipments?batchId=1", world.sim.url()), "SHIP_NOTIFY");
    let refused = channel.on_webhook(shipped).await.unwrap_err();
    assert!(matches!(refused.refusal, Refusal::Unsupported { .. }), "{refused}");
    assert!(world.sim.journal().is_empty());
}

#[tokio::test]
async fn crash_an_import_by_hand_in_the_middle_of_a_run_doubles_nothing() {
    let world = World::new().await;
    let user = world.sim.account(|account| account.add_user("Night Shift"));
    let settings = |settings: &mut Settings| settings.orders.assign_user = Some(UserId::new(&user));
    let calls = {
        let other = World::new().await;
        other.sim.account(|account| account.add_user("Night Shift"));
        other.add(other.order("A-1"));
        other.add(other.order("A-2"));
        let gate = Gate::over(other.store.clone());
        let _ = import(&other.channel_on(gate.stores(), settings)).await;
        gate.calls()
    };
    for call in 1..calls {
        let world = World::new().await;
        world.sim.account(|account| account.add_user("Night Shift"));
        let ids = ["A-1", "A-2"].map(|number| world.add(world.order(number)));
        let gate = Gate::over(world.store.clone());
        gate.die_at(call, Moment::Before);
        let slow = world.channel_on(gate.stores(), settings);
        let mut run = slow.get_orders(GetOrders::new());
        tokio::select! {
            biased;
            () = gate.dead.notified() => {}
            _ = &mut run => panic!("it does not stop at call {call}"),
        }
        let which = OrderSelector::Id(ids[0].to_string().into());
        let by_hand = world.channel(settings).import_order(ImportOrder::new(which)).await.unwrap();
        gate.resume.notify_one();
        let report = run.await.unwrap();
        assert!(by_hand.counts.add_up() && report.counts.add_up(), "call {call}: {by_hand}{report}");
        assert_eq!(by_hand.counts.imported() + report.counts.imported(), 2, "call {call}: {by_hand}{report}");
        assert_eq!(
            (imported(&world), report.run.status.clone()),
            (2, RunStatus::Succeeded),
            "call {call}: {report}"
        );
        for id in ids {
            let order = world.sim.account(|account| account.order(id).cloned()).unwrap();
            assert_eq!(order.text("userId"), Some(&*user), "call {call}: {report}");
        }
    }
}

#[tokio::test]
async fn a_dry_import_of_one_order_says_what_it_would_do_and_does_nothing() {
    let world = World::new().await;
    world.add(world.order("100"));
    let channel = world.channel(|settings| settings.orders.assign_user = None);
    let which = || ImportOrder::new(OrderSelector::Number("100".into()));
    let report = channel.import_order(which().control(RunControl::new().dry_run())).await.unwrap();
    assert_eq!((report.counts.imported(), report.run.dry_run, imported(&world)), (1, true, 0), "{report}");
    assert_eq!(report.run.trigger, Trigger::Manual);
    assert_eq!(channel.import_order(which()).await.unwrap().counts.imported(), 1);
    assert_eq!(imported(&world), 1);
}

#[tokio::test]
async fn requests_every_question_ends_at_once_when_it_is_cancelled() {
    let world = World::new().await;
    world.add(world.order("100"));
    let channel = world.channel(|_| {});
    let cancel = CancelToken::new();
    cancel.cancel();
    let control = || RunControl::new().cancel(cancel.clone());
    let which = || OrderSelector::Number("100".into());
    let refusals = [
        channel.check(CheckConnection::with(control())).await.map(drop),
        channel.why_nothing(ExplainImports::with(control())).await.map(drop),
        channel.diagnose_order(DiagnoseOrder::new(which()).control(control())).await.map(drop),
    ];
    for refused in refusals {
        let refused = refused.unwrap_err();
        assert!(matches!(refused.refusal, Refusal::Unavailable { .. }), "{refused}");
    }
    assert!(world.sim.journal().is_empty());
}

#[tokio::test]
async fn faults_a_delivery_that_cannot_be_read_is_refused_and_none_of_it_is_shown() {
    let world = World::new().await;
    let channel = world.channel(|_| {});
    for body in
        ["", "{", "[]", r#"{"resource_url":"https://jane@example.net/orders"}"#, "\u{0}jane@example.net"]
    {
        let delivery =
            Delivery::new("/hooks?secret=jane@example.net", body).header("X-Token", "jane@example.net");
        assert!(!format!("{delivery:?}").contains("jane"), "{delivery:?}");
        let refused = channel.on_webhook(delivery).await.unwrap_err();
        assert!(matches!(refused.refusal, Refusal::Config { .. }), "{refused}");
        assert!(!refused.to_string().contains("jane"), "{refused}");
    }
    assert!(world.sim.journal().is_empty());
}
