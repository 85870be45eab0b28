//! Webhooks: the subscriptions are kept in order, deliveries are checked, and what was shipped elsewhere is known at once.

use shipstation_connector::{
    Settings, ShipStationChannel,
    channel::{
        ChannelConnector, ChannelError, Delivery, EnsureWebhooks, Operation, Readiness, Refusal, RunControl,
        RunStatus, WebhookOutcome, WebhookReport,
        store::{OrderChangeKind, RunStore, Stores},
    },
    testing::simulator::{Fault, FaultKind, Method},
};

use crate::support::{CaughtLog, World};

const SECRET: &str = "planted-secret-0123456789";
const BASE: &str = "https://hooks.example.com/planted-path/in";
const NAME: &str = "shipstation-connector/shop";
const SUBSCRIBE: &str = "/webhooks/subscribe";

fn channel_with(world: &World, secret: &str) -> ShipStationChannel {
    let watch = |settings: &mut Settings| settings.orders.watch_changes = true;
    world.builder(world.client(), world.store.stores(), watch).webhook_secret(secret).build().unwrap()
}

fn channel(world: &World) -> ShipStationChannel {
    channel_with(world, SECRET)
}

async fn ensure_on(channel: &ShipStationChannel) -> Result<WebhookReport, ChannelError> {
    channel.ensure_webhooks(EnsureWebhooks::new(BASE)).await
}

async fn ensure(world: &World) -> WebhookReport {
    let report = ensure_on(&channel(world)).await.unwrap();
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<WebhookReport>(&json).unwrap(), report);
    for shown in [report.to_string(), format!("{report:?}"), json] {
        assert!(!shown.contains("planted"), "{shown}");
    }
    report
}

fn outcomes(report: &WebhookReport) -> Vec<(&str, &'static str)> {
    let name = |outcome: &WebhookOutcome| match outcome {
        WebhookOutcome::Unchanged => "unchanged",
        WebhookOutcome::Subscribed => "subscribed",
        WebhookOutcome::Removed { .. } => "removed",
        WebhookOutcome::Unknown { .. } => "unknown",
        WebhookOutcome::Failed { .. } => "failed",
        _ => "other",
    };
    report.items.iter().map(|item| (item.event.as_str(), name(&item.outcome))).collect()
}

/// What there is under our name: event and address.
fn ours(world: &World) -> Vec<(String, String)> {
    let text = |row: &shipstation_connector::testing::simulator::Record, name| {
        row.text(name).unwrap_or_default().to_owned()
    };
    world.sim.account(|account| {
        let rows = account.webhooks.values().filter(|row| text(row, "Name") == NAME);
        rows.map(|row| (text(row, "HookType"), text(row, "Url"))).collect()
    })
}

fn wanted() -> Vec<(String, String)> {
    let url = format!("{BASE}?key={SECRET}");
    vec![("ORDER_NOTIFY".to_owned(), url.clone()), ("SHIP_NOTIFY".to_owned(), url)]
}

#[tokio::test]
async fn requests_webhooks_that_are_right_cost_one_list() {
    let world = World::new().await;
    let report = ensure(&world).await;
    assert_eq!(outcomes(&report), [("ORDER_NOTIFY", "subscribed"), ("SHIP_NOTIFY", "subscribed")]);
    assert_eq!((report.run.status.clone(), report.run.api.requests), (RunStatus::Succeeded, 3), "{report}");
    assert_eq!(report.address, "https://hooks.example.com/***");
    assert_eq!(ours(&world), wanted());
    world.sim.clear_journal();
    let report = ensure(&world).await;
    assert_eq!(outcomes(&report), [("ORDER_NOTIFY", "unchanged"), ("SHIP_NOTIFY", "unchanged")]);
    assert_eq!((world.sim.journal().len(), world.sim.journal().count("GET", "/webhooks")), (1, 1));
}

#[tokio::test]
async fn faults_what_differs_is_replaced_and_what_others_have_is_left_alone() {
    let world = World::new().await;
    let url = format!("{BASE}?key={SECRET}");
    let add = |event: &str, url: &str, store: Option<i64>, name: Option<&str>| {
        world.sim.account(|account| account.add_webhook(event, url, store, name.map(str::to_owned)))
    };
    for name in [None, Some("shipstation-connector/shop 2"), Some("Shipstation-Connector/shop"), Some("shop")]
    {
        add("ORDER_NOTIFY", &url, None, name);
        add("ITEM_ORDER_NOTIFY", "https://other.example.com/", None, name);
    }
    add("ORDER_NOTIFY", "https://old.example.com/in", None, Some(" shipstation-connector/shop "));
    add("SHIP_NOTIFY", &url, Some(7), Some(NAME));
    add("FULFILLMENT_SHIPPED", &url, None, Some(NAME));

    let dry = EnsureWebhooks::new(BASE).control(RunControl::new().dry_run());
    let planned = channel(&world).ensure_webhooks(dry).await.unwrap();
    assert_eq!(world.sim.journal().writes().count(), 0);
    let report = ensure(&world).await;
    assert_eq!(outcomes(&report), outcomes(&planned));
    let expected = [
        ("ORDER_NOTIFY", "subscribed"),
        ("ORDER_NOTIFY", "removed"),
        ("SHIP_NOTIFY", "removed"),
        ("SHIP_NOTIFY", "subscribed"),
        ("FULFILLMENT_SHIPPED", "removed"),
    ];
    assert_eq!((outcomes(&report), report.others), (expected.to_vec(), 8), "{report}");
    assert_eq!(ours(&world), wanted());
    assert_eq!(world.sim.account(|account| account.webhooks.len()), 10);

    // One that was switched off, and one that is there twice.
    world.sim.account(|account| {
        let on = account.webhooks.values_mut().find(|row| row.text("Name") == Some(NAME)).unwrap();
        on.set("Active", false);
    });
    add("SHIP_NOTIFY", &url, None, Some(NAME));
    let report = ensure(&world).await;
    let expected = [
        ("ORDER_NOTIFY", "removed"),
        ("ORDER_NOTIFY", "subscribed"),
        ("SHIP_NOTIFY", "unchanged"),
        ("SHIP_NOTIFY", "removed"),
    ];
    assert_eq!(outcomes(&report), expected, "{report}");
    assert_eq!(ours(&world).len(), 2);

    // Another secret.
    let report = ensure_on(&channel_with(&world, "another-secret-0123456789")).await.unwrap();
    assert_eq!(report.headline(), "2 subscribed, 2 removed");
    assert!(ours(&world).iter().all(|(_, url)| url.ends_with("?key=another-secret-0123456789")));
}

#[tokio::test]
async fn faults_a_subscription_whose_answer_is_lost_is_looked_for_and_never_doubled() {
    for kind in [FaultKind::DropAfterEffect, FaultKind::HangAfterEffect, FaultKind::EmptyBody] {
        let world = World::new().await;
        world.sim.fault(Fault::on(Method::POST, SUBSCRIBE).with(kind.clone()));
        let report = ensure(&world).await;
        assert_eq!(
            (report.headline().as_str(), &report.run.status),
            ("2 subscribed", &RunStatus::Succeeded),
            "{kind:?}"
        );
        assert_eq!((ours(&world), report.run.api.requests), (wanted(), 4), "{kind:?}");
    }
    let late = FaultKind::LateEffect(std::time::Duration::from_secs(60));
    for kind in [FaultKind::DropBefore, FaultKind::Html { status: 502 }, late] {
        let world = World::new().await;
        world.sim.fault(Fault::on(Method::POST, SUBSCRIBE).with(kind.clone()));
        let report = ensure(&world).await;
        assert_eq!(
            outcomes(&report),
            [("ORDER_NOTIFY", "unknown"), ("SHIP_NOTIFY", "subscribed")],
            "{kind:?}"
        );
        assert!(matches!(report.run.status, RunStatus::Partial { .. }), "{report}");
        world.sim.clock().advance(std::time::Duration::from_secs(61));
        let report = ensure(&world).await;
        assert_eq!(report.run.status, RunStatus::Succeeded, "{report}");
        let mut found = ours(&world);
        found.sort_unstable();
        assert_eq!(found, wanted(), "{kind:?}");
    }
}

#[tokio::test]
async fn faults_a_list_that_proves_nothing_subscribes_nothing() {
    let world = World::new().await;
    for body in
        [r#"{"webhooks":[null]}"#, r#"{"webhooks":[{"WebHookID":"x"}]}"#, r#"{"webhooks":[],"total":2}"#]
    {
        let answer = FaultKind::Status { code: 200, body: body.to_owned() };
        world.sim.fault(Fault::on(Method::GET, "/webhooks").with(answer));
        let report = ensure(&world).await;
        assert!(matches!(report.run.status, RunStatus::Partial { .. }), "{report}");
        assert_eq!(outcomes(&report), [("ORDER_NOTIFY", "unknown"), ("SHIP_NOTIFY", "unknown")]);
    }
    for body in ["[]", "{}", "null", "<html></html>"] {
        let answer = FaultKind::Status { code: 200, body: body.to_owned() };
        world.sim.fault(Fault::on(Method::GET, "/webhooks").with(answer));
        let refused = ensure_on(&channel(&world)).await.unwrap_err();
        assert!(matches!(refused.refusal, Refusal::Unavailable { .. }), "{refused}");
    }
    assert_eq!(world.sim.journal().writes().count(), 0);
    assert_eq!(outcomes(&ensure(&world).await).len(), 2);
}

#[tokio::test]
async fn faults_refused_credentials_stop_it_and_what_was_done_is_said() {
    let refused = |path: &str, method| {
        let answer = FaultKind::Status { code: 401, body: r#"{"message":"Unauthorized"}"#.to_owned() };
        Fault::on(method, path).with(answer)
    };
    let world = World::new().await;
    world.sim.fault(refused("/webhooks", Method::GET));
    let error = ensure_on(&channel(&world)).await.unwrap_err();
    assert!(matches!(error.refusal, Refusal::Credentials { .. }), "{error}");
    world.sim.fault(refused(SUBSCRIBE, Method::POST));
    let error = ensure_on(&channel(&world)).await.unwrap_err();
    assert!(matches!(error.refusal, Refusal::Credentials { .. }), "{error}");
    world.sim.fault(refused(SUBSCRIBE, Method::POST).after(1));
    let report = ensure(&world).await;
    assert_eq!(outcomes(&report), [("ORDER_NOTIFY", "subscribed")]);
    assert!(matches!(report.run.status, RunStatus::Failed { .. }), "{report}");
    // Where ShipStation says no and quotes what it was sent.
    let body = format!(r#"{{"Message":"{BASE}?key={SECRET} is not allowed"}}"#);
    world.sim.fault(Fault::on(Method::POST, SUBSCRIBE).with(FaultKind::Status { code: 400, body }));
    let report = ensure(&world).await;
    assert_eq!(outcomes(&report), [("ORDER_NOTIFY", "unchanged"), ("SHIP_NOTIFY", "failed")], "{report}");
    assert_eq!(report.run.status, RunStatus::CompletedWithErrors);
    assert_eq!(ensure(&world).await.headline(), "1 unchanged, 1 subscribed");
    assert_eq!(ours(&world), wanted());
}

#[tokio::test]
async fn crash_two_workers_at_once_subscribe_once() {
    let world = World::new().await;
    let (one, other) = (channel(&world), channel(&world));
    let (one, other) = tokio::join!(ensure_on(&one), ensure_on(&other));
    let refused = one.and(other).unwrap_err();
    assert!(matches!(refused.refusal, Refusal::AlreadyRunning { .. }), "{refused}");
    assert_eq!(ours(&world), wanted());
}

#[tokio::test]
async fn secrets_an_address_or_secret_that_cannot_work_changes_nothing() {
    let world = World::new().await;
    let without = world.channel(|_| {});
    let refused = ensure_on(&without).await.unwrap_err();
    assert!(refused.to_string().contains("webhook_secret: is not set"), "{refused}");
    let readiness = |channel: &ShipStationChannel| channel.readiness(Operation::EnsureWebhooks);
    assert!(matches!(readiness(&without), Readiness::NotConfigured { .. }));
    assert_eq!(readiness(&channel(&world)), Readiness::Ready);
    for address in ["http://hooks.example.com/planted", "https://localhost/planted", "planted"] {
        let refused = channel(&world).ensure_webhooks(EnsureWebhooks::new(address)).await.unwrap_err();
        assert!(matches!(refused.refusal, Refusal::Config { .. }), "{refused}");
        assert!(!refused.to_string().contains("planted"), "{refused}");
    }
    let stores = Stores::all_in(world.store.clone());
    let short = world.builder(world.client(), stores, |_| {}).webhook_secret("planted-short").build();
    let refused = short.unwrap_err().to_string();
    assert!(refused.contains("webhook_secret: is too short") && !refused.contains("planted"), "{refused}");
    assert!(world.sim.journal().is_empty());
    let runs = world.store.recent(&world.connection, Operation::EnsureWebhooks, 9).await.unwrap();
    assert!(runs.is_empty(), "{runs:?}");
}

#[tokio::test]
async fn secrets_the_secret_part_is_asked_for_first_and_shown_nowhere() {
    let (log, _guard) = CaughtLog::begin();
    let world = World::new().await;
    let channel = channel(&world);
    let shown = format!("{channel:?} {:?}", EnsureWebhooks::new(format!("{BASE}?planted")));
    let _ = ensure(&world).await;
    CaughtLog::hear_every_place();
    let _ = ensure(&world).await;
    world.add(world.order("A-1").import_batch("b1"));
    world.sim.clear_journal();
    let posted = world.sim.deliveries("ORDER_NOTIFY", "orders?importBatch=b1");
    let [(address, body)] = posted.as_slice() else { panic!("{posted:?}") };
    let target = address.strip_prefix("https://hooks.example.com").unwrap();
    let cut = target.trim_end_matches('9');
    for (target, body) in
        [(cut, body.as_str()), ("/planted-path/in", body), ("", "no body"), ("/?key=", body)]
    {
        let refused = channel.on_webhook(Delivery::new(target, body)).await.unwrap_err();
        assert!(refused.to_string().contains("lacks the secret part"), "{refused}");
        assert!(!format!("{refused} {refused:?}").contains("planted"), "{refused}");
    }
    assert!(world.sim.journal().is_empty());
    let runs = world.store.recent(&world.connection, Operation::ImportOrder, 9).await.unwrap();
    assert!(runs.is_empty(), "{runs:?}");
    let report = channel.on_webhook(Delivery::new(target, body.as_str())).await.unwrap();
    assert_eq!(
        (report.counts.imported(), world.sim.journal().len()),
        (1, 2),
        "the list, and the stores: {report}"
    );
    assert!(log.text().contains("ensure_webhooks"));
    let shown = format!("{shown} {report} {report:?} {}", log.text());
    assert!(!shown.contains("planted"), "{shown}");
}

async fn imported(world: &World, channel: &ShipStationChannel, count: usize) -> Vec<i64> {
    let orders: Vec<i64> = (0..count).map(|n| world.add(world.order(&format!("A-{n}")))).collect();
    let report = channel.get_orders(shipstation_connector::channel::GetOrders::new()).await.unwrap();
    assert_eq!(report.counts.imported(), count as u64, "{report}");
    world.sim.clear_journal();
    orders
}

/// Labels for these orders, bought as one batch, and what is posted of them.
fn labels(world: &World, orders: &[i64]) -> Delivery {
    world.sim.clock().advance(std::time::Duration::from_secs(60));
    world.sim.account(|account| {
        for order in orders {
            let label = account.buy_label(*order, "ups", "ups_ground").unwrap();
            account.shipments.get_mut(&label).unwrap().set("batchNumber", "77");
        }
    });
    let body = format!(
        r#"{{"resource_url":"{}shipments?batchId=77&includeShipmentItems=False","resource_type":"SHIP_NOTIFY"}}"#,
        world.sim.url()
    );
    Delivery::new(format!("/in?key={SECRET}"), body)
}

/// The orders that are said to be shipped elsewhere.
fn shipped_elsewhere(world: &World) -> Vec<String> {
    let changes = world.store.order_changes(&world.connection);
    for change in &changes {
        let [OrderChangeKind::ShippedElsewhere { parcels: Some(parcels) }] = change.what.as_slice() else {
            panic!("{change:?}")
        };
        assert_eq!(parcels.len(), 1, "{change:?}");
    }
    changes.into_iter().map(|change| change.order.as_str().to_owned()).collect()
}

#[tokio::test]
async fn requests_a_label_bought_elsewhere_is_known_with_its_parcel_for_four() {
    for count in [1, 40] {
        let world = World::new().await;
        let channel = channel(&world);
        let orders = imported(&world, &channel, count).await;
        let stranger = world.add(world.order("B-1"));
        let mut bought = orders.clone();
        bought.push(stranger);
        let delivery = labels(&world, &bought);
        let report = channel.on_webhook(delivery.clone()).await.unwrap();
        assert_eq!(
            (report.run.status.clone(), report.counts.changed),
            (RunStatus::Succeeded, count as u64),
            "{report}"
        );
        assert_eq!((world.sim.journal().len(), report.watch_requests), (4, 4));
        assert_eq!(report.counts.imported(), 0, "the stranger waits for an import");
        let mut told = shipped_elsewhere(&world);
        told.sort_unstable();
        assert_eq!(told, orders.iter().map(ToString::to_string).collect::<Vec<_>>());
        // It may come twice, and the next import finds nothing new.
        assert_eq!(channel.on_webhook(delivery).await.unwrap().counts.changed, 0);
    }
}

#[tokio::test]
async fn requests_what_we_sent_ourselves_costs_no_look_at_orders() {
    let world = World::new().await;
    let channel = channel(&world);
    let orders = imported(&world, &channel, 2).await;
    world.ship(orders[0], "1Z1").await;
    let _ = channel.sync_shipments(shipstation_connector::channel::SyncShipments::new()).await.unwrap();
    world.sim.clear_journal();
    let url = format!("{}fulfillments?orderId={}", world.sim.url(), orders[0]);
    let body = format!(r#"{{"resource_url":"{url}","resource_type":"FULFILLMENT_SHIPPED"}}"#);
    let report = channel.on_webhook(Delivery::new(format!("/in?key={SECRET}"), body)).await.unwrap();
    assert_eq!((report.counts.changed, world.sim.journal().len()), (0, 1), "{report}");
    assert!(shipped_elsewhere(&world).is_empty());
}

#[tokio::test]
async fn faults_a_notice_that_cannot_be_followed_leaves_the_change_to_the_next_look() {
    let world = World::new().await;
    let channel = channel(&world);
    let orders = imported(&world, &channel, 1).await;
    let delivery = labels(&world, &orders);
    let order = format!("/orders/{}", orders[0]);
    let nonsense = FaultKind::Status { code: 200, body: "[]".to_owned() };
    world.sim.fault(Fault::on(Method::GET, &order).with(nonsense));
    let report = channel.on_webhook(delivery.clone()).await.unwrap();
    assert!(report.run.warnings.iter().any(|warning| warning.contains("could not be read")), "{report}");
    let null = r#"{"shipments":[null],"total":1,"page":1,"pages":1}"#.to_owned();
    world.sim.fault(Fault::on(Method::GET, "/shipments").with(FaultKind::Status { code: 200, body: null }));
    let report = channel.on_webhook(delivery).await.unwrap();
    assert!(!report.run.status.read_everything(), "{report}");
    assert!(shipped_elsewhere(&world).is_empty());
    let report = channel.get_orders(shipstation_connector::channel::GetOrders::new()).await.unwrap();
    assert_eq!(report.counts.changed, 1, "{report}");

    let unwatched = world.channel(|_| {});
    world.sim.clear_journal();
    let refused = unwatched.on_webhook(labels(&world, &[])).await.unwrap_err();
    assert!(refused.to_string().contains("orders.watch_changes"), "{refused}");
    assert!(world.sim.journal().is_empty());
}
