//! The kinds that were met in the field, with other inputs. A failure lists every case that broke a rule.
#![allow(
    unused_must_use,
    clippy::format_push_string,
    clippy::needless_raw_string_hashes,
    clippy::semicolon_if_nothing_returned,
    clippy::single_element_loop,
    clippy::too_many_lines,
    clippy::type_complexity,
    clippy::unchecked_time_subtraction
)]

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use serde_json::{Value, json};
use shipstation_connector::{
    ShipStationChannel,
    channel::{
        Bypass, ChannelConnector, ChannelOrderId, CheckConnection, DiagnoseOrder, ExplainImports, GetOrders,
        ImportOrder, LineQuantity, LinkListings, Listing, OrderSelector, Package, RunStatus, Shipment,
        SyncShipments,
        store::{OrderStoreExt, ShipmentStoreExt},
    },
    client::{TagId, UserId},
    connector::ListingSettings,
    testing::simulator::{Fault, FaultKind, Method, SimProduct},
};

use super::{HOUR, MINUTE};
use crate::{
    field::imports::rig::{Answer, Proxy, WrongClock},
    support::{CaughtLog, DAY, World, written},
};

const MARK: &str = "/orders/markasshipped";

/// Fails with every case that broke a rule.
fn verdict(broken: &[String]) {
    assert!(broken.is_empty(), "{} cases:\n  {}", broken.len(), broken.join("\n  "));
}

fn imported(world: &World) -> usize {
    world.store.orders(&world.connection).len()
}

async fn state(world: &World, order: i64) -> String {
    let order = ChannelOrderId::new(order.to_string());
    let rows = world.store.order_progress(&world.connection, &order).await.unwrap().rows;
    rows.last().map(|row| format!("{:?}", row.state)).unwrap_or_default()
}

fn ok(text: &str) -> FaultKind {
    FaultKind::Status { code: 200, body: text.to_owned() }
}

/// Lists of orders in the window are answered with this body, as it is.
fn raw_list(body: String) -> impl FnMut(&str, &mut Answer) + Send + 'static {
    move |asked, answer| {
        if asked.starts_with("GET /orders?") || asked.starts_with("GET /orders/listbytag") {
            answer.body.clone_from(&body);
        }
    }
}

#[tokio::test]
async fn totals_in_notations_that_are_no_plain_number() {
    let mut broken = Vec::new();
    for total in [
        "\"1,200\"",
        "\"3 orders\"",
        "{\"value\":3}",
        "[3]",
        "\"3.5\"",
        "3.0",
        "3e0",
        "\"３\"",
        "1e30",
        "18446744073709551616",
        "\"+3\"",
        "true",
        "-3",
    ] {
        let world = World::new().await;
        for number in 0..3 {
            world.add(world.order(&format!("A-{number}")));
        }
        let body = format!(r#"{{"orders":[],"total":{total},"page":1,"pages":1}}"#);
        let proxy = Proxy::before(&world, raw_list(body)).await;
        let channel = proxy.channel(&world, |_| {});
        let report = channel.get_orders(GetOrders::new()).await;
        if let Ok(report) = report
            && report.run.status.read_everything()
        {
            let mut lost = String::new();
            for _ in 0..9 {
                world.sim.clock().advance(DAY);
                channel.get_orders(GetOrders::new()).await;
            }
            proxy.heal();
            channel.get_orders(GetOrders::new()).await;
            lost.push_str(&format!(
                "{} of 3 imported after nine such days and a healthy run",
                imported(&world)
            ));
            broken.push(format!("total {total} beside no rows: {}; {lost}", report.run.status));
        }
    }
    verdict(&broken);
}

#[tokio::test]
async fn envelopes_that_say_two_things() {
    let mut broken = Vec::new();
    for body in [
        r#"{"orders":[],"total":3,"total":0,"page":1,"pages":1}"#,
        r#"{"orders":[]}"#,
        r#"{"orders":""}"#,
        r#"{"orders":null,"page":1,"pages":1}"#,
        r#"{"orders":[],"total":null,"page":1,"pages":3}"#,
        r#"{"orders":[],"total":0,"page":1,"pages":3}"#,
        r#"{"orders":[],"Total":3,"total":null}"#,
        r#"{"orders":[],"ORDERS":[],"total":3}"#,
        r#"{"orders":null,"total":"3 orders"}"#,
        r#"{"orders":[[]],"total":null}"#,
        r#"{"orders":[{}],"total":null}"#,
        r#"{"orders":["x"],"total":0}"#,
    ] {
        let world = World::new().await;
        for number in 0..3 {
            world.add(world.order(&format!("A-{number}")));
        }
        let proxy = Proxy::before(&world, raw_list(body.to_owned())).await;
        let report = proxy.channel(&world, |_| {}).get_orders(GetOrders::new()).await;
        if let Ok(report) = report
            && report.run.status.read_everything()
        {
            broken.push(format!("{body}: {}", report.run.status));
        }
    }
    verdict(&broken);
}

/// The total counts three orders, and the rows are one order three times: four days, then healthy.
#[tokio::test]
async fn rows_that_share_an_id_do_not_fill_the_total() {
    let mut broken = Vec::new();
    let edits: [(&str, fn(usize, &mut Value)); 2] = [
        ("one id, other content", |n, row| {
            row["orderId"] = json!(900_000);
            row["orderNumber"] = json!(format!("X-{n}"));
        }),
        ("one id, other dates", |n, row| {
            row["orderId"] = json!(900_000);
            row["createDate"] = json!(format!("2026-06-15T0{n}:00:00.0000000"));
        }),
    ];
    for (what, edit) in edits {
        let world = World::new().await;
        for number in 0..3 {
            world.add(world.order(&format!("A-{number}")));
        }
        let proxy = Proxy::before(&world, move |asked, answer| {
            if asked.starts_with("GET /orders?") {
                answer.json(|json| {
                    for (n, row) in json["orders"].as_array_mut().unwrap().iter_mut().enumerate() {
                        edit(n, row);
                    }
                });
            }
        })
        .await;
        let channel = proxy.channel(&world, |settings| settings.orders.created_within_days = Some(2));
        let first = channel.get_orders(GetOrders::new()).await;
        let said = first.as_ref().map(|report| report.run.status.to_string());
        let done = first.as_ref().is_ok_and(|report| report.run.status.read_everything());
        let doubles = {
            let mut ids: Vec<String> =
                world.store.orders(&world.connection).iter().map(|o| o.order.id.to_string()).collect();
            let all = ids.len();
            ids.sort();
            ids.dedup();
            all - ids.len()
        };
        for _ in 0..4 {
            world.sim.clock().advance(DAY);
            channel.get_orders(GetOrders::new()).await;
        }
        proxy.heal();
        channel.get_orders(GetOrders::new()).await;
        let numbers: Vec<String> =
            world.store.orders(&world.connection).iter().map(|o| o.order.number.clone()).collect();
        let missing: Vec<String> =
            (0..3).map(|n| format!("A-{n}")).filter(|n| !numbers.contains(n)).collect();
        if done || !missing.is_empty() || doubles > 0 {
            broken.push(format!("{what}: {said:?}, doubled {doubles}, never imported {missing:?}"));
        }
    }
    verdict(&broken);
}

#[tokio::test]
async fn lists_by_tag_whose_totals_waver() {
    let mut broken = Vec::new();
    // What each request in turn is told; the last one stays.
    let plans: [(&str, &[(&str, bool)]); 6] = [
        ("null, then rows withheld", &[("null", true)]),
        ("text, rows withheld", &[("\"4 of 4\"", true)]),
        ("4, then null and none", &[("4", true), ("50", true), ("null", true)]),
        ("1, 9, 0", &[("1", true), ("9", true), ("0", true)]),
        ("9, 1, 0, 0", &[("9", true), ("90", true), ("1", true), ("0", true)]),
        ("0 while chosen, then rows hidden and null", &[("0", true), ("90", false), ("null", true)]),
    ];
    for (what, plan) in plans {
        let world = World::new().await;
        let tag = world.sim.account(|account| account.add_tag("Dropship"));
        for number in 0..4 {
            world.add(world.order(&format!("A-{number}")).tag(tag));
        }
        for number in 0..6 {
            world.add(world.order(&format!("B-{number}")));
        }
        let turn = AtomicUsize::new(0);
        let plan: Vec<(String, bool)> =
            plan.iter().map(|(total, hide)| ((*total).to_owned(), *hide)).collect();
        let counted = plan
            .iter()
            .any(|(total, _)| total.parse::<u64>().is_ok_and(|total| total > 0) || total.starts_with('"'));
        let proxy = Proxy::before(&world, move |asked, answer| {
            if asked.starts_with("GET /orders/listbytag") {
                let turn = turn.fetch_add(1, Ordering::SeqCst);
                let (total, hide) = &plan[turn.min(plan.len() - 1)];
                let rows: Value = serde_json::from_str(&answer.body).unwrap();
                let rows = if *hide { "[]".to_owned() } else { rows["orders"].to_string() };
                answer.body = format!(r#"{{"orders":{rows},"total":{total},"page":1,"pages":1}}"#);
            }
        })
        .await;
        let report = proxy
            .channel(&world, |settings| settings.orders.tag = Some(TagId::new(tag)))
            .get_orders(GetOrders::new())
            .await;
        if let Ok(report) = report
            && report.run.status.read_everything()
            && imported(&world) < 4
        {
            broken.push(format!(
                "{what} (counted by an answer: {counted}): {} with {} of 4: {:?}",
                report.run.status,
                imported(&world),
                report.scans
            ));
        }
    }
    verdict(&broken);
}

/// The mark took effect, its answer is lost, the order is read stale, and its records are answered so.
#[tokio::test]
async fn looks_that_prove_nothing_in_other_ways() {
    let mut broken = Vec::new();
    for body in [
        r#"{"fulfillments":[],"total":"1,000","page":1,"pages":1}"#,
        r#"{"fulfillments":[],"total":"1 record","page":1,"pages":1}"#,
        r#"{"fulfillments":[],"total":{"n":1},"page":1,"pages":1}"#,
        r#"{"fulfillments":[],"total":1,"total":0}"#,
        r#"{"fulfillments":[{"fulfillmentId":7,"orderId":ORDER,"trackingNumber":"1Z1"}],"fulfillments":[],"total":0}"#,
        r#"{"fulfillments":[{"fulfillmentId":7,"orderId":ORDER,"trackingNumber":"1Z1"}],"Fulfillments":[],"total":1}"#,
        r#"{"fulfillments":[],"total":null,"page":1,"pages":4}"#,
        r#"{"fulfillments":[],"total":0,"page":1,"pages":2}"#,
        r#"{"fulfillments":[],"page":1,"pages":1}"#,
        r#"{"fulfillments":null}"#,
        r#"{"fulfillments":""}"#,
        r#"{"fulfillments":[[]],"total":0}"#,
        r#"{"fulfillments":[{"fulfillmentId":7,"orderId":ORDER,"trackingNumber":{"number":"1Z1"}}],"total":1}"#,
        r#"{"fulfillments":[{"fulfillmentId":7,"orderId":ORDER,"trackingNumber":["1Z1"]}],"total":1}"#,
        r#"{"fulfillments":[{"fulfillmentId":7,"orderId":ORDER,"trackingNumber":null}],"total":1}"#,
        r#"{"fulfillments":[{"fulfillmentId":7,"orderId":ORDER}],"total":1}"#,
        r#"{"fulfillments":[{"fulfillmentId":7,"orderId":ORDER,"trackingNumber":"1Z1","voided":"maybe"}],"total":1}"#,
        r#"{"fulfillments":[{"fulfillmentId":7,"orderId":ORDER,"trackingNumber":"1Z\ufffd"}],"total":1}"#,
        r#"{"fulfillments":[{"fulfillmentId":7,"orderId":ORDER,"trackingNumber":"1Z\ud83d"}],"total":1}"#,
        r#"{"fulfillments":[{"fulfillmentId":0,"orderId":0,"trackingNumber":"1Z1"}],"total":1}"#,
        r#"[]"#,
        r#"{"shipments":[],"total":0}"#,
        r#"{"Message":"Too busy"}"#,
    ] {
        let world = World::new().await;
        let order = world.add(world.order("1"));
        world.ship(order, "1Z1").await;
        world.sim.fault(Fault::on(Method::POST, MARK).with(FaultKind::DropAfterEffect));
        world.sim.fault(Fault::on(Method::GET, "/orders/*").always().with(FaultKind::StaleRead(DAY * 30)));
        let text = body.replace("ORDER", &order.to_string());
        world.sim.fault(Fault::on(Method::GET, "/fulfillments").always().with(ok(&text)));
        for _ in 0..12 {
            world.sim.clock().advance(MINUTE * 5);
            world.channel(|_| {}).sync_shipments(SyncShipments::new()).await;
        }
        if world.marks() != 1 {
            broken.push(format!("{text}: {} marks", world.marks()));
        }
    }
    verdict(&broken);
}

/// Two pages of records under a total that is above them.
#[tokio::test]
async fn a_look_of_two_pages_below_its_total() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    world.sim.fault(Fault::on(Method::POST, MARK).with(FaultKind::DropAfterEffect));
    world.sim.fault(Fault::on(Method::GET, "/orders/*").always().with(FaultKind::StaleRead(DAY * 30)));
    let proxy = Proxy::before(&world, move |asked, answer| {
        if asked.starts_with("GET /fulfillments") {
            let first = asked.contains("page=1&") || asked.ends_with("page=1");
            let base = if first { 0 } else { 500 };
            let count = if asked.contains("pageSize=500") { if first { 500 } else { 100 } } else { 1 };
            let rows: Vec<Value> = (0..count)
                .map(|n| json!({"fulfillmentId": base + n + 1, "orderId": order, "trackingNumber": format!("OTHER{n}")}))
                .collect();
            answer.body = json!({"fulfillments": rows, "total": 601, "page": 1, "pages": 2}).to_string();
        }
    })
    .await;
    for _ in 0..12 {
        world.sim.clock().advance(MINUTE * 5);
        proxy.channel(&world, |_| {}).sync_shipments(SyncShipments::new()).await;
    }
    assert_eq!(world.marks(), 1, "{}", state(&world, order).await);
}

#[tokio::test]
async fn products_that_are_counted_in_other_notations_break_no_link() {
    let mut broken = Vec::new();
    for body in [
        r#"{"products":[],"total":"2 items","page":1,"pages":1}"#,
        r#"{"products":[],"total":[2],"page":1,"pages":1}"#,
        r#"{"products":[],"total":2,"total":0}"#,
        r#"{"products":[],"total":0,"page":1,"pages":5}"#,
        r#"{"products":[],"page":1,"pages":1}"#,
        r#"{"products":null}"#,
    ] {
        let world = World::new().await;
        for sku in ["MUG-1", "TEA-2"] {
            world.sim.account(|account| account.add_product(SimProduct::new(sku)));
        }
        world.store.put_listings(&world.connection, [Listing::new("a", "MUG-1"), Listing::new("b", "TEA-2")]);
        let channel = || world.channel(|settings| settings.listings = Some(ListingSettings::default()));
        channel().link_listings(LinkListings::new()).await.unwrap();
        world.sim.fault(Fault::on(Method::GET, "/products").always().with(ok(body)));
        world.sim.clock().advance(DAY);
        if let Ok(report) = channel().link_listings(LinkListings::new()).await
            && report.run.status == RunStatus::Succeeded
        {
            broken.push(format!("{body}: {report}").replace('\n', " | "));
        }
    }
    verdict(&broken);
}

/// Answers whose `Date` is wrong.
fn dated(
    date: &'static str,
    which: impl Fn(usize) -> bool + Send + 'static,
) -> impl FnMut(&str, &mut Answer) + Send + 'static {
    let mut turn = 0;
    move |_, answer| {
        if which(turn) {
            for (name, value) in &mut answer.headers {
                if name.eq_ignore_ascii_case("date") {
                    date.clone_into(value);
                }
            }
        }
        turn += 1;
    }
}

/// Whatever the `Date` says for three days, the first healthy run imports what was not shown.
#[tokio::test]
async fn a_date_that_is_wrong_hides_no_order_for_good() {
    let mut broken = Vec::new();
    let dates = [
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Fri, 31 Dec 1999 23:59:59 GMT",
        "Mon, 01 Jan 2035 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Sat, 13 Jun 2026 18:00:00 GMT",
        "Wed, 17 Jun 2026 18:00:00 GMT",
        "soon",
        "",
    ];
    for date in dates {
        for (which, rule) in [
            ("each", (|_| true) as fn(usize) -> bool),
            ("first of a run", (|n| n % 2 == 0) as fn(usize) -> bool),
            ("second", (|n| n % 2 == 1) as fn(usize) -> bool),
        ] {
            for good_before in [true, false] {
                let world = World::new().await;
                let proxy = Proxy::before(&world, |_, _| {}).await;
                let channel =
                    |w: &World| proxy.channel(w, |settings| settings.orders.created_within_days = Some(1));
                if good_before {
                    channel(&world).get_orders(GetOrders::new()).await;
                    world.sim.clock().advance(HOUR * 2);
                }
                for number in 0..3 {
                    world.add(world.order(&format!("A-{number}")));
                }
                proxy.now(dated(date, rule));
                let mut said = Vec::new();
                for _ in 0..4 {
                    match channel(&world).get_orders(GetOrders::new()).await {
                        Ok(report) => said.push(report.run.status.to_string()),
                        Err(error) => said.push(format!("error {error}")),
                    }
                    world.sim.clock().advance(DAY - HOUR);
                }
                proxy.heal();
                let last = channel(&world).get_orders(GetOrders::new()).await;
                if imported(&world) != 3 {
                    let last = last.map(|report| {
                        format!("{} {:?} {:?}", report.run.status, report.window, report.run.warnings)
                    });
                    broken.push(format!("{date}, {which}, good run before: {good_before}: {} of 3; {said:?}; healthy: {last:?}", imported(&world)));
                }
            }
        }
    }
    verdict(&broken);
}

async fn sync_quietly(channel: &ShipStationChannel) {
    channel.sync_shipments(SyncShipments::new()).await;
}

/// One witness lies in one answer or steps back and forth; the effect is two and a half minutes late.
#[tokio::test]
async fn one_wrong_witness_never_brings_a_second_mark() {
    let mut broken = Vec::new();
    let one_hour_on = "Mon, 15 Jun 2026 19:10:00 GMT";
    for one_process in [true, false] {
        for case in 0..7 {
            let world = World::new().await;
            let clock = WrongClock::ahead(&world, Duration::ZERO);
            let proxy = Proxy::before(&world, |_, _| {}).await;
            let order = world.add(world.order("1"));
            world.ship(order, "1Z1").await;
            world
                .sim
                .fault(Fault::on(Method::POST, MARK).with(FaultKind::LateEffect(Duration::from_secs(150))));
            match case {
                // The mark's answer, or one before it, says years ago or years ahead.
                0 => proxy.now(dated("Thu, 01 Jan 1970 00:00:00 GMT", |n| n < 6)),
                1 => proxy.now(dated("Mon, 01 Jan 2035 00:00:00 GMT", |n| n < 6)),
                _ => {}
            }
            let first = proxy.channel_with(&world, clock.clone(), |_| {});
            sync_quietly(&first).await;
            for turn in 0..10u64 {
                match case {
                    2 => clock.set_ahead(if turn % 2 == 0 { HOUR } else { Duration::ZERO }),
                    3 => clock.set_ahead(HOUR * u32::try_from(turn + 1).unwrap()),
                    4 => proxy.now(dated(one_hour_on, |_| true)),
                    5 => proxy.now(dated(one_hour_on, move |n| n as u64 == turn % 3)),
                    // The `Date` is away, and the host steps back and forth.
                    6 => {
                        proxy.now(|_, answer| {
                            answer.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("date"))
                        });
                        clock.set_ahead(if turn % 2 == 0 { HOUR } else { Duration::ZERO });
                    }
                    _ => proxy.heal(),
                }
                world.sim.clock().advance(Duration::from_secs(12));
                if one_process {
                    sync_quietly(&first).await;
                } else {
                    sync_quietly(&proxy.channel_with(&world, clock.clone(), |_| {})).await;
                }
            }
            if world.marks() != 1 {
                broken.push(format!(
                    "case {case}, one process {one_process}: {} marks after two minutes",
                    world.marks()
                ));
            }
            proxy.heal();
            clock.put_right();
            for _ in 0..30 {
                world.sim.clock().advance(MINUTE * 10);
                sync_quietly(&proxy.channel_with(&world, clock.clone(), |_| {})).await;
            }
            let end = state(&world, order).await;
            if !end.starts_with("Confirmed") || world.marks() != 1 {
                broken.push(format!(
                    "case {case}, one process {one_process}: ends {end}, {} marks",
                    world.marks()
                ));
            }
        }
    }
    verdict(&broken);
}

const PAGES: [&str; 12] = [
    "<html><title>Sign in</title></html>",
    "\u{feff}<!DOCTYPE html><html></html>",
    "  \n<svg/>",
    "Access denied by policy",
    "<?xml version=\"1.0\"?><fault/>",
    "{\"fault\":{\"faultstring\":\"Quota\"}}",
    "{\"code\":\"AccessDenied\",\"Message\":\"Request blocked\"}",
    "{\"Message\":\"blocked\",\"requestId\":\"7\"}",
    "[{\"Message\":\"blocked\"}]",
    "\"<html>blocked</html>\"",
    "{\"errors\":[\"blocked\"]}",
    "{\"Message\":\"x\"",
];

/// What is not ShipStation's answer settles nothing, wherever it comes.
#[tokio::test]
async fn pages_of_strangers_in_odd_places_settle_nothing() {
    let mut broken = Vec::new();
    for status in [400, 402, 403, 405, 407, 409, 413, 418, 429, 431, 451] {
        for page in PAGES {
            for effect in [false, true] {
                let world = World::new().await;
                let user = world.sim.account(|account| account.add_user("Night Shift"));
                let tag = world.sim.account(|account| account.add_tag("Imported"));
                let order = world.add(world.order("A-1"));
                let channel = |w: &World| {
                    w.channel(|settings| {
                        settings.orders.assign_user = Some(UserId::new(&user));
                        settings.orders.acknowledgement_tag = Some(TagId::new(tag));
                    })
                };
                let body = page.to_owned();
                let kind = if effect && status != 429 {
                    FaultKind::StatusAfterEffect { code: status, body }
                } else {
                    FaultKind::Status { code: status, body }
                };
                for path in ["/orders/assignuser", "/orders/addtag", MARK] {
                    world.sim.fault(Fault::on(Method::POST, path).times(1).with(kind.clone()));
                }
                channel(&world).get_orders(GetOrders::new()).await;
                world.ship(order, "1Z1").await;
                sync_quietly(&channel(&world)).await;
                let then = state(&world, order).await;
                for _ in 0..4 {
                    world.sim.clock().advance(HOUR * 2);
                    channel(&world).get_orders(GetOrders::new()).await;
                    sync_quietly(&channel(&world)).await;
                }
                let end = state(&world, order).await;
                let most = if effect && status != 429 { 1 } else { 2 };
                let open = world.store.due_follow_ups(&world.connection, world.now() + DAY, 9).await.unwrap();
                let (has_user, has_tag) = world.sim.account(|account| {
                    let order = account.order(order).unwrap();
                    (order.text("userId").is_some(), order.ids("tagIds").contains(&tag))
                });
                if !end.starts_with("Confirmed")
                    || world.marks() > most
                    || !open.is_empty()
                    || !has_user
                    || !has_tag
                {
                    broken.push(format!("{status} {page:?} effect {effect}: {then} -> {end}, {} marks, open {}, user {has_user}, tag {has_tag}", world.marks(), open.len()));
                }
            }
        }
    }
    verdict(&broken);
}

/// The same on what is asked before a mark, and on looks after it.
#[tokio::test]
async fn pages_of_strangers_on_reads_settle_nothing() {
    let mut broken = Vec::new();
    for status in [401, 403, 404, 407, 410, 429] {
        for page in PAGES {
            // Plain text is ShipStation's with 401, 404 and 429.
            if [401, 404, 410].contains(&status) && page == PAGES[3] {
                continue;
            }
            for path in ["/orders", "/orders/*", "/fulfillments"] {
                let world = World::new().await;
                let order = world.add(world.order("A-1"));
                world.ship(order, "1Z1").await;
                world.sim.fault(Fault::on(Method::POST, MARK).with(FaultKind::DropAfterEffect));
                let fault = Fault::on(Method::GET, path).times(12);
                world.sim.fault(fault.with(FaultKind::Status { code: status, body: page.to_owned() }));
                for _ in 0..12 {
                    world.sim.clock().advance(HOUR * 2);
                    sync_quietly(&world.channel(|_| {})).await;
                }
                let end = state(&world, order).await;
                if !end.starts_with("Confirmed") || world.marks() != 1 {
                    broken.push(format!("{status} {page:?} on {path}: {end}, {} marks", world.marks()));
                }
            }
        }
    }
    verdict(&broken);
}

/// An order that only the ledger still knows, and odd answers to the look at it.
#[tokio::test]
async fn an_order_in_the_ledger_is_not_forgotten_over_odd_answers() {
    let mut broken = Vec::new();
    for (status, body) in [
        (404, "<html>gone</html>"),
        (404, "{\"error\":\"no route\"}"),
        (410, "[]"),
        (403, "<b>no</b>"),
        (200, "{}"),
        (200, "null"),
        (200, "[]"),
        (200, ""),
    ] {
        let world = World::new().await;
        let order = world.add(world.order("A-1"));
        let proxy = Proxy::before(&world, |asked, answer| {
            if asked.starts_with("GET /orders?") {
                answer.rows(|row| row["items"] = json!("?"));
            } else if asked.starts_with("GET /orders/") {
                answer.json(|row| row["items"] = json!("?"));
            }
        })
        .await;
        let channel = |w: &World| proxy.channel(w, |settings| settings.orders.created_within_days = Some(1));
        channel(&world).get_orders(GetOrders::new()).await;
        proxy.heal();
        world.sim.clock().advance(DAY * 3);
        for kind in [FaultKind::Status { code: status, body: body.to_owned() }] {
            world.sim.fault(Fault::on(Method::GET, "/orders/*").times(20).with(kind));
        }
        channel(&world).get_orders(GetOrders::new()).await;
        world.sim.clear_faults();
        for _ in 0..3 {
            world.sim.clock().advance(HOUR * 7);
            channel(&world).get_orders(GetOrders::new()).await;
        }
        if imported(&world) != 1 {
            broken.push(format!("{status} {body:?}: order {order} never imported"));
        }
    }
    verdict(&broken);
}

/// What says in another way that somebody else fulfills the order, or cannot be read.
#[tokio::test]
async fn orders_of_somebody_else_in_other_spellings() {
    let mut broken = Vec::new();
    for value in [
        json!("yes"),
        json!("TRUE"),
        json!(1),
        json!("1"),
        json!(2),
        json!([true]),
        json!({"value": true}),
        json!("Y"),
        json!("\u{fffd}"),
        json!(true),
    ] {
        for way in ["window", "tag", "hand", "ship list", "ship one"] {
            let world = World::new().await;
            let tag = world.sim.account(|account| account.add_tag("Dropship"));
            let order = world.add(world.order("A-1").tag(tag));
            for number in 0..9 {
                world.add(world.order(&format!("B-{number}")));
            }
            let shown = value.clone();
            let edit = move |row: &mut Value| {
                if row["orderId"] == order {
                    row["externallyFulfilled"] = shown.clone();
                }
            };
            let proxy = Proxy::before(&world, move |asked, answer| {
                if asked.starts_with("GET /orders?") || asked.starts_with("GET /orders/listbytag") {
                    answer.rows(&edit);
                } else if asked.starts_with(&format!("GET /orders/{order}")) {
                    answer.json(&edit);
                }
            })
            .await;
            let channel = proxy.channel(&world, |settings| {
                if way == "tag" {
                    settings.orders.tag = Some(TagId::new(tag));
                }
            });
            let has = |w: &World| w.store.orders(&w.connection).iter().any(|o| o.order.number == "A-1");
            match way {
                "hand" => {
                    channel
                        .import_order(
                            ImportOrder::new(OrderSelector::Number("A-1".into()))
                                .bypass(Bypass { age: true, ..Bypass::default() }),
                        )
                        .await;
                    channel.import_order(ImportOrder::new(OrderSelector::Id(order.to_string().into()))).await;
                }
                "ship list" => {
                    for other in (0..9).map(|n| order + 1 + n).chain([order]) {
                        world.ship(other, &format!("1Z{other}")).await;
                    }
                    sync_quietly(&channel).await;
                }
                "ship one" => {
                    world.ship(order, "1Z1").await;
                    sync_quietly(&channel).await;
                }
                _ => {
                    channel.get_orders(GetOrders::new()).await;
                }
            }
            let marked = world.sim.journal().of("POST", MARK).any(|entry| entry.body["orderId"] == order);
            if has(&world) || marked {
                broken.push(format!("{value} by {way}: imported {}, marked {marked}", has(&world)));
            }
        }
    }
    verdict(&broken);
}

/// Nothing that says "there is no number" is sent as one, or before a real one.
#[tokio::test]
async fn placeholders_in_other_spellings() {
    let mut broken = Vec::new();
    for text in [
        "n / a",
        "N\\A",
        "Ｎ／Ａ",
        "none yet",
        "no tracking yet",
        "Not yet available",
        "To be determined",
        "to follow",
        "TBD!",
        "untracked",
        "Not tracked",
        "XXX",
        "xxxxxxxx",
        "#REF!",
        "#VALUE!",
        "(null)",
        "undefined",
        "[object Object]",
        "000-000",
        "0.0",
        "٠",
        "…",
        "–",
        "\u{2060}-\u{200b}",
        "nan",
        "false",
        "no number",
        "n.v.t.",
        "_",
        "*",
        "NoTrackingNumber",
        "tracking number",
        "Test",
        "pending…",
        "na na",
        "None\u{0}",
    ] {
        let world = World::new().await;
        let order = world.add(world.order("1"));
        let shipment = Shipment::new("A", order.to_string(), world.now(), "UPS", text)
            .packages(vec![Package::new(text), Package::new("1Z999AA10123456784")]);
        world.enqueue(shipment).await;
        sync_quietly(&world.channel(|_| {})).await;
        let sent =
            world.sim.journal().of("POST", MARK).last().map(|entry| entry.body["trackingNumber"].clone());
        if sent != Some(json!("1Z999AA10123456784")) {
            broken.push(format!("{text:?}: {sent:?} was sent, {}", state(&world, order).await));
        }
    }
    verdict(&broken);
}

#[tokio::test]
async fn lines_and_numbers_that_do_not_fit() {
    let mut broken = Vec::new();
    let shipment = |world: &World, id: &str, order: i64, lines: &[(&str, i64)]| {
        let lines =
            lines.iter().map(|(line, quantity)| LineQuantity { line: (*line).into(), quantity: *quantity });
        Shipment::new(id, order.to_string(), world.now(), "UPS", format!("1Z{id}")).lines(lines.collect())
    };
    // Lines: each case is what the shipments name, "a" (2 ordered) and "b" (1 ordered) stand for the order's lines.
    let cases: [(&str, &[&[(&str, i64)]], &str); 8] = [
        ("only a ghost of quantity 0", &[&[("ghost", 0)]], "UnknownLines"),
        ("only a ghost of quantity -1", &[&[("ghost", -1)]], "UnknownLines"),
        ("three of two over two shipments", &[&[("a", 2)], &[("a", 1)]], "UnknownLines"),
        ("three of two in one, twice named", &[&[("a", 2), ("a", 1)]], "UnknownLines"),
        ("as many as there are numbers", &[&[("a", i64::MAX), ("a", i64::MAX)]], "UnknownLines"),
        ("more beside less than nothing", &[&[("a", 3), ("a", -1), ("b", 1)]], "UnknownLines"),
        ("by SKU and id together", &[&[("a", 2)], &[("MUG-1", 1)]], "UnknownLines"),
        ("by SKU in another case and blanks", &[&[(" mug-1 ", 2), ("b", 1)]], "UnknownLines"),
    ];
    for (what, shipments, wanted) in cases {
        let world = World::new().await;
        let order = world.add(world.order("1"));
        world.channel(|_| {}).get_orders(GetOrders::new()).await;
        let ids: Vec<String> = world.sim.account(|account| {
            account
                .order(order)
                .unwrap()
                .rows("items")
                .map(|item| item.int("orderItemId").unwrap().to_string())
                .collect()
        });
        for (n, lines) in shipments.iter().enumerate() {
            let lines: Vec<(&str, i64)> = lines
                .iter()
                .map(|(line, quantity)| {
                    (
                        match *line {
                            "a" => ids[0].as_str(),
                            "b" => ids[1].as_str(),
                            other => other,
                        },
                        *quantity,
                    )
                })
                .collect();
            world.enqueue(shipment(&world, &format!("S{n}"), order, &lines)).await;
            sync_quietly(&world.channel(|_| {})).await;
        }
        let rows = world
            .store
            .order_progress(&world.connection, &ChannelOrderId::new(order.to_string()))
            .await
            .unwrap()
            .rows;
        let states: Vec<String> =
            rows.iter().map(|row| format!("{:?}", row.state).chars().take(60).collect()).collect();
        if world.marks() > 0 && !what.starts_with("a ghost")
            || !states.iter().any(|state| state.contains(wanted))
        {
            broken.push(format!("{what}: {} marks, {states:?}", world.marks()));
        }
    }
    for (present, given, fits) in [
        ("1001", "#1001", true),
        ("#1001", "1001", true),
        ("#1001", "# 1001 ", true),
        ("##1001", "1001", true),
        ("AB-1", "ab-1", true),
        ("1001", "1001-1", false),
        ("1001", "01001", false),
        ("1001", "#", true),
        ("1001", "\u{a0}1001\t", true),
        ("ÄB", "äb", true),
        ("1001", "1001#", false),
        ("1001", "\u{200b}1001", true),
        ("1001", "１００１", false),
    ] {
        let world = World::new().await;
        let order = world.add(world.order(present));
        world.channel(|_| {}).get_orders(GetOrders::new()).await;
        world
            .enqueue(Shipment::new("A", order.to_string(), world.now(), "UPS", "1Z1").order_number(given))
            .await;
        sync_quietly(&world.channel(|_| {})).await;
        if (world.marks() == 1) != fits {
            broken.push(format!(
                "number {present:?} given as {given:?}: {} marks, {}",
                world.marks(),
                state(&world, order).await
            ));
        }
    }
    verdict(&broken);
}

/// One word in every text of every order, and in every error body: it turns up nowhere.
#[tokio::test]
async fn buyers_words_turn_up_nowhere() {
    const WORD: &str = "quillfeather";
    let (log, _guard) = CaughtLog::begin();
    let mut broken = Vec::new();
    let plant = |value: &mut Value| plant(value, WORD);
    let mut check = |what: String, text: String| {
        if let Some(at) = text.to_lowercase().find(WORD) {
            let from = text[..at].char_indices().rev().nth(90).map_or(0, |(at, _)| at);
            let to = text[at..].char_indices().nth(60).map_or(text.len(), |(end, _)| at + end);
            broken.push(format!("{what}: …{}…", text[from..to].replace('\n', " ")));
        }
    };
    let secret = |world: &World| world.sim.api_secret().to_owned();
    for case in 0..8 {
        let world = World::new().await;
        let user = world.sim.account(|account| account.add_user("Night Shift"));
        let tag = world.sim.account(|account| account.add_tag("Imported"));
        let mut orders = Vec::new();
        for number in 0..3 {
            orders.push(world.add(world.order(&format!("A-{number}"))));
        }
        let proxy = Proxy::before(&world, move |asked, answer| {
            let is_orders = asked.starts_with("GET /orders");
            match case {
                // In all texts of orders.
                0 | 1 if is_orders => answer.json(|json| {
                    let rows = if json["orders"].is_array() { json["orders"].as_array_mut().unwrap().iter_mut().collect() } else { vec![json] };
                    for row in rows {
                        plant(row);
                        if case == 1 {
                            row["items"] = json!(WORD);
                        }
                    }
                }),
                // In the places of numbers and dates and flags.
                2 if is_orders && asked.contains('?') => answer.rows(|row| {
                    for member in ["orderStatus", "createDate", "externallyFulfilled"] {
                        row[member] = json!(format!("Jane {WORD}"));
                    }
                    row["items"][0]["quantity"] = json!(WORD);
                    row[WORD] = json!(WORD);
                }),
                3 if is_orders && asked.contains('?') => answer.rows(|row| {
                    row["orderId"] = json!(WORD);
                }),
                // Member names of a buyer's.
                4 if is_orders && asked.contains('?') => answer.rows(|row| {
                    row[WORD] = json!({WORD: WORD});
                    row["advancedOptions"][WORD] = json!(WORD);
                    row["confirmation"] = json!(WORD);
                    row["carrierCode"] = json!(format!("Jane {WORD}"));
                }),
                // Error bodies.
                5 => {
                    answer.status = "HTTP/1.1 400 Bad Request".to_owned();
                    answer.body = json!({"Message": format!("order of {WORD}"), "ModelState": {format!("order.{WORD}"): [WORD]}}).to_string();
                }
                6 if asked.starts_with("POST") => {
                    answer.status = "HTTP/1.1 500 Oops".to_owned();
                    answer.body = json!({"Message": WORD, "ExceptionMessage": format!("{WORD} must be order.{WORD}"), "ExceptionType": WORD}).to_string();
                }
                7 if asked.starts_with("POST") || asked.starts_with("GET /fulfillments") => {
                    answer.status = format!("HTTP/1.1 409 {WORD}");
                    answer.headers.push(("x-buyer".to_owned(), WORD.to_owned()));
                    answer.body = format!("<html><title>{WORD}</title></html>");
                }
                _ => {}
            }
        })
        .await;
        let channel = proxy.channel(&world, |settings| {
            settings.orders.assign_user = Some(UserId::new(&user));
            settings.orders.acknowledgement_tag = Some(TagId::new(tag));
            settings.listings = Some(ListingSettings::default());
        });
        let client = proxy.client(&world, world.sim.clock());
        macro_rules! tell {
            ($what:expr, $result:expr) => {
                match $result {
                    Ok(report) => {
                        check(format!("case {case} {} Display", $what), report.to_string());
                        check(format!("case {case} {} Debug", $what), format!("{report:?}"));
                        check(format!("case {case} {} JSON", $what), written(&report));
                    }
                    Err(error) => {
                        check(format!("case {case} {} error Display", $what), error.to_string());
                        check(format!("case {case} {} error Debug", $what), format!("{error:?}"));
                    }
                }
            };
        }
        world.ship(orders[0], "1Z1").await;
        tell!("get_orders", channel.get_orders(GetOrders::new()).await);
        tell!("check", channel.check(CheckConnection::new()).await);
        tell!("sync", channel.sync_shipments(SyncShipments::new()).await);
        world.sim.clock().advance(HOUR);
        tell!("sync again", channel.sync_shipments(SyncShipments::new()).await);
        tell!("get_orders again", channel.get_orders(GetOrders::new()).await);
        tell!("link", channel.link_listings(LinkListings::new()).await);
        tell!("why", channel.why_nothing(ExplainImports::new()).await);
        tell!(
            "import by id",
            channel.import_order(ImportOrder::new(OrderSelector::Id(orders[1].to_string().into()))).await
        );
        tell!(
            "import by number",
            channel.import_order(ImportOrder::new(OrderSelector::Number("A-2".into()))).await
        );
        match channel.diagnose_order(DiagnoseOrder::new(OrderSelector::Number("A-1".into()))).await {
            Ok(all) => all.iter().for_each(|one| {
                check(format!("case {case} diagnose"), format!("{one} {one:?} {}", written(one)));
            }),
            Err(error) => check(format!("case {case} diagnose error"), format!("{error} {error:?}")),
        }
        match client.orders().list().send().await {
            Ok(page) => check(format!("case {case} client page Debug"), format!("{page:?}")),
            Err(error) => check(format!("case {case} client error"), format!("{error} {error:?}")),
        }
        if case != 4 {
            check(format!("case {case} drift"), format!("{:?}", client.drift()));
        }
        let rows = world
            .store
            .order_progress(&world.connection, &ChannelOrderId::new(orders[0].to_string()))
            .await
            .unwrap()
            .rows;
        check(format!("case {case} outbox rows"), format!("{rows:?}"));
        let failures = world.store.due_failures(&world.connection, world.now() + DAY, 99).await.unwrap();
        check(format!("case {case} ledger"), format!("{failures:?}"));
        let follow_ups = world.store.due_follow_ups(&world.connection, world.now() + DAY, 99).await.unwrap();
        check(format!("case {case} follow-ups"), format!("{follow_ups:?}"));
        check(format!("case {case} channel"), format!("{channel:?} {client:?}"));
        let text = log.text();
        let own = secret(&world);
        check(
            format!("case {case} log"),
            text.lines().filter(|line| line.to_lowercase().contains(WORD)).take(1).collect(),
        );
        if text.contains(&own) {
            check(format!("case {case} secret in log"), WORD.to_owned());
        }
    }
    verdict(&broken);
}

/// Puts the word into every text of a row, but for what is the host's and ShipStation's to show.
fn plant(value: &mut Value, word: &str) {
    const KEPT: [&str; 14] = [
        "orderNumber",
        "orderKey",
        "orderStatus",
        "sku",
        "requestedShippingService",
        "carrierCode",
        "serviceCode",
        "packageCode",
        "createDate",
        "modifyDate",
        "orderDate",
        "paymentDate",
        "units",
        "userId",
    ];
    match value {
        Value::Object(members) => {
            for (name, value) in members.iter_mut() {
                if !KEPT.contains(&name.as_str()) {
                    if value.is_null()
                        && !name.ends_with("Id")
                        && !name.ends_with("Ids")
                        && !name.ends_with("Date")
                    {
                        *value = json!(format!("Jane {word}"));
                    }
                    plant(value, word);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| plant(value, word)),
        Value::String(text) => *text = format!("Jane {word}"),
        _ => {}
    }
}
