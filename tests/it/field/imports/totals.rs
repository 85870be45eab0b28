//! Lists that contradict themselves: nothing that an answer has shown or counted is missed by a run that succeeded.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use shipstation_connector::{
    Settings,
    channel::{
        Bypass, ChannelConnector, DiagnoseOrder, ImportOrder, OrderSelector, RunStatus,
        report::ImportOutcomeKind,
    },
    client::TagId,
};

use super::{
    import, imported, partial,
    rig::{Answer, Proxy},
};
use crate::support::{DAY, World};

/// Answers every list of orders with no row and this total.
fn empty_of(total: u64) -> impl FnMut(&str, &mut Answer) + Send + 'static {
    move |asked, answer| {
        if asked.starts_with("GET /orders?") || asked.starts_with("GET /orders/listbytag") {
            answer.json(|json| *json = json!({"orders": [], "total": total, "page": 1, "pages": 1}));
        }
    }
}

#[tokio::test]
async fn an_empty_list_with_a_total_is_no_success_and_says_what_was_read() {
    let world = World::new().await;
    let proxy = Proxy::before(&world, empty_of(1_200)).await;
    let report = import(&proxy.channel(&world, |_| {})).await;
    let why = partial(&report);
    assert!(why.contains("awaiting_shipment: 0 rows of 1200 were read"), "{why}");
    assert!(report.to_string().contains("read by date, 0 rows of 1200"), "{report}");
    assert!(!report.scans[0].complete && report.scans[0].read == 0);
}

#[tokio::test]
async fn orders_that_were_counted_for_nine_days_and_never_shown_are_imported_by_the_first_healthy_run() {
    for was_good_before in [true, false] {
        let world = World::new().await;
        let proxy = Proxy::before(&world, |_, _| {}).await;
        if was_good_before {
            assert_eq!(import(&proxy.channel(&world, |_| {})).await.run.status, RunStatus::Succeeded);
        }
        for number in 0..50 {
            world.add(world.order(&format!("A-{number}")).created(world.ago(DAY / 2)));
        }
        proxy.now(empty_of(50));
        for _ in 0..9 {
            let report = import(&proxy.channel(&world, |_| {})).await;
            assert!(!report.run.status.read_everything(), "{report}");
            world.sim.clock().advance(DAY);
        }
        proxy.heal();
        let report = import(&proxy.channel(&world, |_| {})).await;
        assert_eq!(
            (report.run.status.clone(), report.counts.imported()),
            (RunStatus::Succeeded, 50),
            "{report}"
        );
        let report = import(&proxy.channel(&world, |_| {})).await;
        assert!(report.window.as_ref().unwrap().extended_by.is_zero(), "{report}");
    }
}

#[tokio::test]
async fn orders_that_grow_too_old_within_hours_of_a_broken_run_are_imported() {
    let world = World::new().await;
    let proxy = Proxy::before(&world, |_, _| {}).await;
    let _ = import(&proxy.channel(&world, |_| {})).await;
    world.add(world.order("A-1").created(world.ago(DAY / 4 * 27)));
    proxy.now(empty_of(1));
    world.sim.clock().advance(DAY / 24);
    partial(&import(&proxy.channel(&world, |_| {})).await);
    proxy.heal();
    world.sim.clock().advance(DAY / 2);
    let report = import(&proxy.channel(&world, |_| {})).await;
    assert_eq!((report.run.status.clone(), report.counts.imported()), (RunStatus::Succeeded, 1), "{report}");
    assert!(report.to_string().contains("extended by 13 h after an outage"), "{report}");
}

#[tokio::test]
async fn what_a_short_list_shows_is_imported_and_the_run_is_partial() {
    let world = World::new().await;
    for number in 0..3 {
        world.add(world.order(&format!("A-{number}")));
    }
    let proxy = Proxy::before(&world, |asked, answer| {
        if asked.starts_with("GET /orders?") {
            answer.json(|json| {
                json["orders"].as_array_mut().unwrap().retain(|row| row["orderNumber"] != "A-2");
            });
        }
    })
    .await;
    let report = import(&proxy.channel(&world, |_| {})).await;
    assert!(partial(&report).contains("2 rows of 3"), "{report}");
    assert_eq!((report.counts.imported(), imported(&world)), (2, 2), "{report}");
}

#[tokio::test]
async fn a_list_by_tag_that_shows_fewer_than_it_counts_is_not_believed() {
    let world = World::new().await;
    let tag = world.sim.account(|account| account.add_tag("Dropship"));
    for number in 0..4 {
        world.add(world.order(&format!("A-{number}")).tag(tag));
    }
    for number in 0..9 {
        world.add(world.order(&format!("B-{number}")));
    }
    let tagged = |settings: &mut shipstation_connector::Settings| settings.orders.tag = Some(TagId::new(tag));
    // The count that the choice rests on tells of four, the list itself of none.
    let proxy = Proxy::before(&world, |asked, answer| {
        if asked.starts_with("GET /orders/listbytag")
            && !asked.contains("pageSize=1&")
            && !asked.ends_with("pageSize=1")
        {
            answer.json(|json| *json = json!({"orders": [], "total": 0, "page": 1, "pages": 0}));
        }
    })
    .await;
    let report = import(&proxy.channel(&world, tagged)).await;
    let why = partial(&report);
    assert!(why.contains("0 rows of 4 were read"), "{why}");
    proxy.heal();
    let report = import(&proxy.channel(&world, tagged)).await;
    assert_eq!((report.run.status.clone(), report.counts.imported()), (RunStatus::Succeeded, 4), "{report}");
}

#[tokio::test]
async fn a_null_in_place_of_an_order_is_waited_for_until_the_catch_up_limit() {
    let world = World::new().await;
    world.add(world.order("A-1"));
    let proxy = Proxy::before(&world, |_, _| {}).await;
    let _ = import(&proxy.channel(&world, |_| {})).await;
    let null = |asked: &str, answer: &mut Answer| {
        if asked.starts_with("GET /orders?") && asked.contains("pageSize=500") {
            answer.json(|json| *json = json!({"orders": [null], "total": 1, "page": 1, "pages": 1}));
        }
    };
    proxy.now(null);
    for day in 0..30 {
        world.sim.clock().advance(if day == 0 { DAY / 24 } else { DAY });
        let report = import(&proxy.channel(&world, |_| {})).await;
        assert!(partial(&report).contains("1 row without an id could not be read"), "day {day}: {report}");
        assert_eq!(report.counts.of(ImportOutcomeKind::FailedRetryable), 1, "{report}");
    }
    world.sim.clock().advance(DAY);
    let report = import(&proxy.channel(&world, |_| {})).await;
    assert_eq!(report.run.status, RunStatus::CompletedWithErrors, "{report}");
    assert!(report.to_string().contains("awaiting_shipment: 1 row came as null"), "{report}");
}

#[tokio::test]
async fn nulls_count_where_their_own_page_promises_orders_whatever_others_say() {
    let world = World::new().await;
    for n in 0..5 {
        world.add(world.order(&format!("A-{n}")).created(world.ago(Duration::from_secs(600 - 60 * n))));
    }
    let small = |settings: &mut Settings| settings.orders.page_size = 2;
    // The first page counts one too few; the last one of those that go on by date holds nothing but nulls.
    let proxy = Proxy::before(&world, |asked, answer| {
        if asked.starts_with("GET /orders?") && asked.contains("pageSize=2") {
            answer.json(|json| {
                if json["total"] == 5 {
                    json["total"] = json!(4);
                } else if json["total"] == 2 {
                    json["orders"] = json!([null, null]);
                }
            });
        }
    })
    .await;
    let report = import(&proxy.channel(&world, small)).await;
    assert!(partial(&report).contains("2 rows without an id"), "{report}");
    assert_eq!(report.counts.imported(), 4, "{report}");
    // On top of as many rows as are counted they stand for no order.
    let proxy = Proxy::before(&world, |asked, answer| {
        if asked.starts_with("GET /orders?") && !asked.contains("pageSize=1&") {
            answer.json(|json| json["orders"].as_array_mut().unwrap().extend([Value::Null, Value::Null]));
        }
    })
    .await;
    let report = import(&proxy.channel(&world, |_| {})).await;
    assert_eq!(report.run.status, RunStatus::Succeeded, "{report}");
}

#[tokio::test]
async fn a_row_without_a_usable_id_keeps_the_run_from_being_done() {
    for id in [json!(0), json!(-5), Value::Null, json!("x")] {
        let world = World::new().await;
        world.add(world.order("A-1"));
        world.add(world.order("A-2"));
        let bad = id.clone();
        let proxy = Proxy::before(&world, move |asked, answer| {
            if asked.starts_with("GET /orders?") {
                answer.rows(|row| {
                    if row["orderNumber"] == "A-2" {
                        row["orderId"] = bad.clone();
                    }
                });
            }
        })
        .await;
        let report = import(&proxy.channel(&world, |_| {})).await;
        assert!(partial(&report).contains("1 row without an id"), "{id}: {report}");
        assert_eq!(report.counts.imported(), 1, "{id}: {report}");
        assert!(world.store.order(&world.connection, "0").is_none());
        proxy.heal();
        let report = import(&proxy.channel(&world, |_| {})).await;
        assert_eq!(
            (report.run.status.clone(), report.counts.imported()),
            (RunStatus::Succeeded, 1),
            "{id}: {report}"
        );
    }
}

#[tokio::test]
async fn catch_up_that_is_switched_off_waits_for_nothing() {
    let world = World::new().await;
    world.add(world.order("A-1"));
    let proxy = Proxy::before(&world, |asked, answer| {
        if asked.starts_with("GET /orders?") {
            answer.rows(|row| row["orderId"] = json!(0));
        }
    })
    .await;
    let report = import(&proxy.channel(&world, |settings| settings.orders.catch_up_days = 0)).await;
    assert_eq!(report.run.status, RunStatus::CompletedWithErrors, "{report}");
    assert!(report.to_string().contains("awaiting_shipment row 0 cannot be read at orderId"), "{report}");
}

#[tokio::test]
async fn a_number_that_is_counted_and_not_shown_is_not_said_not_to_exist() {
    let world = World::new().await;
    world.add(world.order("A-1"));
    let proxy = Proxy::before(&world, empty_of(1)).await;
    let channel = proxy.channel(&world, |_| {});
    let which = || OrderSelector::Number("A-1".into());
    let refused =
        channel.import_order(ImportOrder::new(which()).bypass(Bypass::ALL)).await.unwrap_err().to_string();
    assert!(refused.contains("could not be read") && !refused.contains("there is no"), "{refused}");
    let answer = channel.diagnose_order(DiagnoseOrder::new(which())).await.unwrap().remove(0).to_string();
    assert!(answer.contains("could not be read") && !answer.contains("does not have it"), "{answer}");
    world.sim.clock().advance(Duration::from_secs(60));
    proxy.heal();
    let report = channel.import_order(ImportOrder::new(which()).bypass(Bypass::ALL)).await.unwrap();
    assert_eq!(report.counts.imported(), 1, "{report}");
}

#[tokio::test]
async fn an_order_that_only_its_list_shows_unreadably_is_read_by_its_id_in_its_time() {
    let world = World::new().await;
    let order = world.add(world.order("A-1"));
    let spoil = |asked: &str, answer: &mut Answer| {
        if asked.starts_with("GET /orders?") {
            answer.rows(|row| row["items"] = json!("none"));
        }
    };
    let by_id = Arc::new(AtomicBool::new(false));
    let healed = by_id.clone();
    let proxy = Proxy::before(&world, move |asked, answer| {
        spoil(asked, answer);
        if asked.starts_with("GET /orders/") && !healed.load(Ordering::SeqCst) {
            answer.json(|order| order["items"] = json!("none"));
        }
    })
    .await;
    // Runs every quarter of an hour: the waits grow longer than that.
    for _ in 0..8 {
        let report = import(&proxy.channel(&world, |_| {})).await;
        assert_eq!(report.counts.of(ImportOutcomeKind::FailedRetryable), 1, "{report}");
        world.sim.clock().advance(DAY / 96);
    }
    by_id.store(true, Ordering::SeqCst);
    let mut runs = 0;
    while world.store.order(&world.connection, &order.to_string()).is_none() {
        runs += 1;
        assert!(runs < 24, "each run puts its next attempt off");
        world.sim.clock().advance(DAY / 96);
        let _ = import(&proxy.channel(&world, |_| {})).await;
    }
}
