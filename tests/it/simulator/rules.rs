//! Small rules that everything else rests on: Pacific time, pages, credentials, the minute of the rate limit, what a fault applies to.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use shipstation_connector::{
    Timestamp,
    testing::simulator::{
        Fault, FaultKind, Field, RateLimit, Record, SimAddress, SimOrder, SimProduct, Simulator,
        SimulatorConfig,
    },
};

use super::{get, ids, post, send, start};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

async fn status(sim: &Simulator, method: Method, path: &str) -> u16 {
    send(sim, method, path, None).await.unwrap().status().as_u16()
}

#[test]
fn dates_are_pacific_digits_in_both_seasons() {
    let order = |text: &str| serde_json::to_value(SimOrder::new("1").created(at(text))).unwrap();
    let product = |text: &str| serde_json::to_value(SimProduct::new("1").created(at(text))).unwrap();
    assert_eq!(order("2021-01-23T17:09:08.4Z")["createDate"], "2021-01-23T09:09:08.4000000");
    assert_eq!(order("2021-07-23T17:09:08Z")["createDate"], "2021-07-23T10:09:08.0000000");
    assert_eq!(product("2021-01-23T17:09:08.320Z")["createDate"], "2021-01-23T09:09:08.32");
    assert_eq!(product("2021-01-23T17:09:10Z")["createDate"], "2021-01-23T09:09:10");
}

#[tokio::test]
async fn every_accepted_form_of_a_date_is_read() {
    let sim = start().await;
    for (text, created) in [
        ("2024-02-27", "2024-02-27T08:00:00Z"),
        ("2024-02-27%2015:04:00", "2024-02-27T23:04:00Z"),
        ("2024-02-27T15:04:00.3570000", "2024-02-27T23:04:00.357Z"),
        ("2024-02-27T23:04:00-00:00", "2024-02-27T23:04:00Z"),
        ("2024-02-27T23:04:00Z", "2024-02-27T23:04:00Z"),
    ] {
        let order = sim.account(|account| account.add_order(SimOrder::new("1").created(at(created))));
        let page = get(&sim, &format!("orders?createDateStart={text}&createDateEnd={text}")).await;
        assert!(ids(&page).contains(&order), "{text}");
        assert!(page["orders"].as_array().unwrap().iter().all(|row| row["createDate"]
            == serde_json::to_value(SimOrder::new("1").created(at(created))).unwrap()["createDate"]));
    }
    assert_eq!(status(&sim, Method::GET, "orders?createDateStart=yesterday").await, 400);
    let order = sim.account(|account| account.add_order(SimOrder::new("1")));
    assert_eq!(post(&sim, "orders/holduntil", json!({ "orderId": order, "holdUntilDate": "" })).await.0, 400);
}

#[tokio::test]
async fn digits_are_compared_in_the_repeated_hour() {
    let sim = start().await;
    let made = sim.account(|account| {
        ["2026-11-01T08:30:00Z", "2026-11-01T09:30:00Z", "2026-11-01T08:40:00Z", "2026-11-02T08:40:00Z"]
            .map(|text| account.add_order(SimOrder::new("1").created(at(text))))
    });
    let until = get(&sim, "orders?createDateEnd=2026-11-01%2001:30:00").await;
    assert_eq!(ids(&until), made[..2], "both are at half past one, the others are later");
    assert_eq!(ids(&get(&sim, "orders?createDateStart=2026-11-01%2001:30:00").await), made);
}

#[test]
fn the_clock_has_the_precision_of_the_database() {
    let sim = Simulator::in_process(SimulatorConfig::default());
    for (now, stored) in [("29", "27"), ("22", "20")] {
        sim.clock().set(at(&format!("2026-01-01T00:00:00.1{now}Z")));
        assert_eq!(sim.account(|account| account.now()), at(&format!("2026-01-01T00:00:00.1{stored}Z")));
    }
}

#[tokio::test]
async fn pages_are_cut_and_empty_past_the_end() {
    let sim = start().await;
    let made = sim.account(|account| ["1", "2", "3"].map(|number| account.add_order(SimOrder::new(number))));
    for (query, shown, number) in [
        ("", &made[..], 1),
        ("pageSize=2&page=2", &made[2..], 2),
        ("page=9&pageSize=0", &[], 9),
        ("page=-1", &made[..], 1),
    ] {
        let page = get(&sim, &format!("orders?{query}")).await;
        assert_eq!((&*ids(&page), &page["page"]), (shown, &json!(number)), "{query}");
    }
    let first = sim.clock().now() - Duration::from_secs(900);
    sim.account(|account| account.generate(498, first, Duration::from_secs(1), |_| SimOrder::new("G")));
    let page = get(&sim, "orders?pageSize=9999").await;
    assert_eq!((ids(&page).len(), &page["total"]), (500, &json!(501)));
    assert_eq!(status(&sim, Method::GET, "orders?page=two").await, 400);
}

#[tokio::test]
async fn documented_credentials_are_read_in_the_basic_scheme_only() {
    let config = SimulatorConfig::default().credentials("ShipStation", "Rocks");
    let sim = Simulator::start(config).await.unwrap();
    for (value, status) in [
        ("Basic U2hpcFN0YXRpb246Um9ja3M=", 200),
        ("basic U2hpcFN0YXRpb246Um9ja3M=", 200),
        ("Bearer U2hpcFN0YXRpb246Um9ja3M=", 401),
        ("Basic ?", 401),
    ] {
        let request = reqwest::Client::new().get(format!("{}users", sim.url()));
        let answer = request.header("authorization", value).send().await.unwrap();
        assert_eq!(answer.status(), status, "{value}");
    }
}

#[tokio::test]
async fn requests_are_counted_afresh_in_every_clock_minute() {
    let sim = Simulator::start(SimulatorConfig::default().rate_limit(RateLimit::PerMinute(2))).await.unwrap();
    let ask = async |now: &str| {
        sim.clock().set(at(now));
        let answer = send(&sim, Method::GET, "users", None).await.unwrap();
        let header = |name: &str| Some(answer.headers().get(name)?.to_str().unwrap().to_owned());
        let rate = ["x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"].map(header);
        (answer.status().as_u16(), rate.map(Option::unwrap_or_default).join(" "))
    };
    assert_eq!(ask("2026-03-02T17:00:43Z").await, (200, "2 1 17".to_owned()));
    assert_eq!(ask("2026-03-02T17:00:59Z").await.0, 200);
    assert_eq!(ask("2026-03-02T17:00:59.9Z").await.0, 429);
    assert_eq!(ask("2026-03-02T17:01:00Z").await, (200, "2 1 60".to_owned()));
    sim.set_rate_limit(RateLimit::Unlimited);
    assert_eq!(ask("2026-03-02T17:01:00Z").await, (200, "  ".to_owned()));
}

#[tokio::test]
async fn faults_apply_after_and_as_often_as_set() {
    let sim = start().await;
    sim.fault(Fault::on(Method::GET, "/orders/").after(1).times(2));
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(status(&sim, Method::GET, "/Orders//?page=1").await);
    }
    assert_eq!(seen, [200, 500, 500, 200, 200]);
}

#[tokio::test]
async fn faults_apply_to_their_method_path_and_order_only() {
    let sim = start().await;
    let fault = Fault::on(Method::POST, "/orders/*").for_order(7).always();
    sim.fault(fault.with(FaultKind::Html { status: 599 }));
    let write = async |path: &str, body: Value| post(&sim, path, body).await.0;
    assert_eq!(write("orders/markasshipped", json!({ "orderId": 7 })).await, 599);
    assert_eq!(write("orders/assignuser", json!({ "orderIds": [6, 7] })).await, 599);
    assert_ne!(write("orders/markasshipped", json!({ "orderId": 8 })).await, 599);
    assert_ne!(status(&sim, Method::GET, "orders/7").await, 599);
    assert_ne!(status(&sim, Method::POST, "shipments/7").await, 599);
    sim.fault(Fault::any());
    assert_eq!(status(&sim, Method::GET, "anything").await, 500);
}

#[tokio::test]
async fn every_digit_and_the_order_of_members_are_kept() {
    let sim = start().await;
    let add = async |table: &str, row: &str| {
        let url = format!("{}_simulator/{table}", sim.url());
        let answer = reqwest::Client::new().post(url).body(row.to_owned()).send().await.unwrap();
        let (status, body) = (answer.status().as_u16(), answer.text().await.unwrap());
        (status, serde_json::from_str::<Value>(&body).unwrap()["ids"][0].as_i64())
    };
    for (table, sent, printed) in [
        ("products", r#"{"name":"Mug","price":10.10}"#, r#""name":"Mug","price":10.10,"#),
        ("products", r#"{"Price":"1.50"}"#, r#""price":1.50,"#),
        ("products", r#"{"price":123456789012345.67}"#, r#""price":123456789012345.67,"#),
        ("products", r#"{"price":1e2,"active":null}"#, r#""price":100,"#),
        ("products", r#"{"createDate":"2021-01-23T09:09:08.4"}"#, r#""createDate":"2021-01-23T09:09:08.4","#),
        ("orders", r#"{"tagIds":["7",8]}"#, r#""tagIds":[7,8],"#),
        ("orders", r#"{"gift":true,"importBatch":1}"#, r#""gift":true,"#),
    ] {
        let id = add(table, sent).await.1.unwrap();
        let answer = send(&sim, Method::GET, &format!("{table}/{id}"), None).await.unwrap();
        let text = answer.text().await.unwrap();
        assert!(text.contains(printed), "{printed} is missing in {text}");
        assert!(!text.contains("\"x\"") && !text.contains("importBatch"), "{text}");
        assert!(table == "orders" || text.contains("\"active\":true"), "{text}");
    }
    let refused =
        ["[5]", r#"{"orderTotal":"dear"}"#, r#"{"tagIds":7}"#, r#"{"gift":"maybe"}"#, r#"{"shipTo":1}"#];
    for row in refused {
        assert_eq!(add("orders", row).await.0, 400, "{row}");
    }
}

#[test]
fn members_of_members_are_reached_and_unknown_ones_added() {
    let mut row = Record::from(SimOrder::new("1"));
    row.set("insuranceOptions.at", at("2021-01-23T17:09:08Z"));
    row.set("more", Record::from(SimAddress::named("x")));
    row.set("more.a", 1);
    row.set("more.b", vec![Field::Null, "x".into()]);
    row.set("more.b.0", true);
    row.set("more.b.9", true);
    assert_eq!((row.text("more.b.1"), row.int("more.a"), row.flag("more.b.0")), (Some("x"), Some(1), true));
    let text = serde_json::to_string(&row).unwrap();
    assert!(text.contains(r#""insuredValue":0,"at":"2021-01-23T09:09:08.0000000"}"#), "{text}");
    assert!(text.ends_with(r#""addressVerified":null,"a":1,"b":[true,"x"]}}"#), "{text}");
}

#[tokio::test]
async fn bodies_are_cut_between_characters() {
    let sim = start().await;
    sim.fault(Fault::any().always().with(FaultKind::Truncate));
    for notes in ["", "a", "ab"].map(|start| format!("{start}{}", "é".repeat(4_000))) {
        let order = sim.account(|account| account.add_order(SimOrder::new("1").set("customerNotes", notes)));
        let answer = send(&sim, Method::GET, &format!("orders/{order}"), None).await.unwrap();
        let half = String::from_utf8(answer.bytes().await.unwrap().to_vec()).unwrap();
        assert!(half.ends_with('é'), "{half}");
    }
}
