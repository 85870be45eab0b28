//! Deliveries from outside: forged ones leave no trace, long ones are cut, and many of one address are one.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use serde_json::json;
use shipstation_connector::{
    channel::{
        CancelToken, ChannelConnector, Delivery, Operation, Refusal, RunControl, RunStatus, report::SkipKind,
        store::RunStore,
    },
    client::{TagId, UserId},
    testing::simulator::{Fault, FaultKind, Method, RateLimit, SimulatorConfig},
};

use super::{partial, rig::Proxy};
use crate::support::World;

fn delivery(url: &str) -> Delivery {
    let body = json!({"resource_url": url, "resource_type": "ORDER_NOTIFY"});
    Delivery::new("/hooks/shipstation", body.to_string())
}

#[tokio::test]
async fn an_address_that_may_not_be_followed_takes_no_lease_and_leaves_no_row() {
    let world = World::new().await;
    let user = world.sim.account(|account| account.add_user("Night Shift"));
    let channel = world.channel(|settings| settings.orders.assign_user = Some(UserId::new(user)));
    let elsewhere = format!("{}customers?x=1", world.sim.url());
    let shipments = format!("{}shipments?batchId=1", world.sim.url());
    for url in ["https://ssapi.shipstation.com.example.net/orders?importBatch=1", "orders", "", &elsewhere] {
        let refused = channel.on_webhook(delivery(url)).await.unwrap_err();
        let text = refused.to_string();
        assert!(
            text.contains("may not be followed") && !text.contains("settings are wrong"),
            "{url}: {text}"
        );
        assert!(!text.contains("example.net"), "{text}");
    }
    let refused = channel.on_webhook(delivery(&shipments)).await.unwrap_err();
    assert!(matches!(refused.refusal, Refusal::Unsupported { .. }), "{refused}");
    assert!(world.sim.journal().is_empty());
    let runs = world.store.recent(&world.connection, Operation::ImportOrder, 10).await.unwrap();
    assert!(runs.is_empty(), "{runs:?}");
}

#[tokio::test]
async fn a_delivery_without_end_is_read_twenty_pages_far_and_says_what_is_left() {
    let world = World::new().await;
    let pages = Arc::new(AtomicUsize::new(0));
    let count = pages.clone();
    let proxy = Proxy::before(&world, move |asked, answer| {
        let page = count.fetch_add(1, Ordering::SeqCst);
        assert!(
            asked.contains("pageSize=500") && asked.contains("importBatch=1") && !asked.contains("evil"),
            "{asked}"
        );
        answer.status = "HTTP/1.1 200 OK".to_owned();
        let order = |n: usize| {
            json!({"orderId": page * 500 + n + 1, "orderNumber": format!("A-{page}-{n}"),
                "orderStatus": "on_hold", "items": []})
        };
        let rows: Vec<_> = (0..500).map(order).collect();
        answer.body =
            json!({"orders": rows, "total": 1_000_000, "page": page + 1, "pages": 2_000}).to_string();
    })
    .await;
    let channel = proxy.channel(&world, |_| {});
    let url = format!("{}orders?importBatch=1&pageSize=1&evil=1", proxy.url());
    let report = channel.on_webhook(delivery(&url)).await.unwrap();
    assert_eq!(pages.load(Ordering::SeqCst), 20);
    assert_eq!(report.counts.skipped.of(SkipKind::WrongStatus), 10_000, "{}", report.headline());
    let why = partial(&report);
    assert!(why.contains("10000 rows of 1000000") && why.contains("more pages than are read"), "{why}");
}

#[tokio::test]
async fn deliveries_of_one_address_share_a_reading() {
    let world = World::new().await;
    for number in 0..3 {
        world.add(world.order(&format!("A-{number}")).import_batch("1"));
    }
    let tag = world.sim.account(|account| account.add_tag("Dropship"));
    // The look for the tag comes before: all of them are there before the first page is asked for.
    let channel = world.channel(|settings| settings.orders.exclude_tags = vec![TagId::new(tag)]);
    let one = delivery(&format!("{}orders?importBatch=1", world.sim.url()));
    let all = (0..20).map(|_| channel.on_webhook(one.clone()));
    let reports = futures_util::future::join_all(all).await;
    assert_eq!(world.sim.journal().count("GET", "/orders"), 1, "one reading for all");
    let first = reports[0].as_ref().unwrap().run.run.clone();
    for report in &reports {
        let report = report.as_ref().unwrap();
        assert_eq!((&report.run.run, report.counts.imported()), (&first, 3), "{report}");
    }
    // One that comes after it was read is read again.
    let report = channel.on_webhook(one.clone()).await.unwrap();
    assert_eq!(
        (report.counts.already_imported(), report.run.status.clone()),
        (3, RunStatus::Succeeded),
        "{report}"
    );
    assert_eq!(world.sim.journal().count("GET", "/orders"), 2);
}

#[tokio::test]
async fn the_deadline_of_one_delivery_is_none_of_another() {
    let world = World::new().await;
    world.add(world.order("A-1").import_batch("1"));
    let tag = world.sim.account(|account| account.add_tag("Dropship"));
    let channel = world.channel(|settings| settings.orders.exclude_tags = vec![TagId::new(tag)]);
    let minute = std::time::Duration::from_secs(60);
    let slow = FaultKind::Slow(minute * 2);
    world.sim.fault(Fault::on(Method::GET, "/accounts/listtags").times(1).with(slow));
    let one = delivery(&format!("{}orders?importBatch=1", world.sim.url()));
    let soon = one.clone().control(RunControl::new().deadline(world.now() + minute));
    let (first, second) = tokio::join!(channel.on_webhook(soon), channel.on_webhook(one));
    assert!(partial(&first.unwrap()).contains("deadline"));
    assert_eq!(second.unwrap().counts.imported(), 1);
}

#[tokio::test]
async fn deliveries_that_come_while_it_is_read_cost_one_more_reading() {
    let world = World::new().await;
    world.add(world.order("A-1").import_batch("1"));
    let (told, mut begun) = tokio::sync::mpsc::unbounded_channel();
    let proxy = Proxy::before(&world, move |_, _| told.send(()).unwrap()).await;
    let channel = proxy.channel(&world, |_| {});
    let one = delivery(&format!("{}orders?importBatch=1", proxy.url()));
    let late = async {
        begun.recv().await.unwrap();
        let late = (0..10).map(|_| channel.on_webhook(one.clone()));
        futures_util::future::join_all(late).await
    };
    let (first, late) = tokio::join!(channel.on_webhook(one.clone()), late);
    assert_eq!(first.unwrap().counts.imported(), 1);
    assert!(late.iter().all(|report| report.as_ref().unwrap().counts.already_imported() == 1));
    assert_eq!(world.sim.journal().count("GET", "/orders"), 2);
}

#[tokio::test]
async fn a_delivery_whose_reader_is_dropped_is_read_by_the_next() {
    let world = World::new().await;
    world.add(world.order("A-1").import_batch("1"));
    let channel = world.channel(|_| {});
    let one = delivery(&format!("{}orders?importBatch=1", world.sim.url()));
    drop(futures_util::poll!(Box::pin(channel.on_webhook(one.clone()))));
    world.sim.clock().advance(std::time::Duration::from_secs(600));
    let report = channel.on_webhook(one.clone()).await.unwrap();
    assert_eq!(report.counts.imported(), 1, "{report}");
}

#[tokio::test]
async fn a_delivery_shares_no_reading_that_is_dry_or_cut_short() {
    let world = World::new().await;
    world.add(world.order("A-1").import_batch("1"));
    let channel = world.channel(|_| {});
    let one = delivery(&format!("{}orders?importBatch=1", world.sim.url()));
    let dry = one.clone().control(RunControl::new().dry_run());
    let (dry, real) = tokio::join!(channel.on_webhook(dry), channel.on_webhook(one.clone()));
    assert_eq!((dry.unwrap().run.dry_run, real.unwrap().run.dry_run), (true, false));
    assert_eq!(world.store.orders(&world.connection).len(), 1);

    world.add(world.order("A-2").import_batch("1"));
    let cancel = CancelToken::new();
    let cancelled = one.clone().control(RunControl::new().cancel(cancel.clone()));
    cancel.cancel();
    let (_, real) = tokio::join!(channel.on_webhook(cancelled), channel.on_webhook(one));
    assert_eq!(real.unwrap().counts.imported(), 1);
}

#[tokio::test]
async fn a_failure_is_shared_as_well() {
    let config = SimulatorConfig::default().rate_limit(RateLimit::Unlimited);
    let world = World::with(config).await;
    let proxy = Proxy::before(&world, |_, answer| {
        answer.status = "HTTP/1.1 401 Unauthorized".to_owned();
        answer.body = String::new();
    })
    .await;
    let channel = proxy.channel(&world, |_| {});
    let one = delivery(&format!("{}orders?importBatch=1", proxy.url()));
    let answers = futures_util::future::join_all((0..5).map(|_| channel.on_webhook(one.clone()))).await;
    assert!(
        answers
            .iter()
            .all(|answer| { matches!(answer.as_ref().unwrap_err().refusal, Refusal::Credentials { .. }) })
    );
    assert!(world.sim.journal().len() <= 2, "{}", world.sim.journal().len());
}

#[tokio::test]
async fn an_old_order_of_a_delivery_that_could_not_be_read_stays_too_old() {
    let world = World::new().await;
    let channel = world.channel(|_| {});
    let old = world.order("A-1").created(world.ago(crate::support::DAY * 200)).import_batch("1");
    let old = world.add(old);
    world.sim.account(|account| account.overwrite(old, "items", r#""none""#));
    let one = delivery(&format!("{}orders?importBatch=1", world.sim.url()));
    let report = channel.on_webhook(one).await.unwrap();
    assert_eq!(report.counts.failed(), 1, "{report}");
    world.sim.account(|account| account.heal(old));
    world.sim.clock().advance(std::time::Duration::from_secs(3600));
    assert_eq!(super::import(&channel).await.counts.imported(), 0);
}
