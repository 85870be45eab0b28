//! The switchable habits, lineage, and the nights when the clocks change.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use shipstation_connector::{
    client::Clock,
    testing::simulator::{
        ActionFailure, Quirks, RateLimit, RepeatMarkAsShipped, SimLine, SimOrder, Simulator, SimulatorConfig,
        UnshippableMark,
    },
};

use super::{get, ids, post, send, start};

async fn with(quirks: Quirks) -> Simulator {
    let config = SimulatorConfig::default().rate_limit(RateLimit::Unlimited).quirks(quirks);
    Simulator::start(config).await.unwrap()
}

#[tokio::test]
async fn lists_may_hold_nulls_and_say_no_pages() {
    let sim = with(Quirks::default().null_rows(true).pages_zero(true)).await;
    sim.account(|account| account.add_order(SimOrder::new("1001")));
    let page = get(&sim, "orders").await;
    assert_eq!((&page["orders"][1], &page["total"], &page["pages"]), (&Value::Null, &json!(1), &json!(0)));
    assert_eq!(get(&sim, "orders?page=2").await["orders"], json!([]));
}

#[tokio::test]
async fn a_poison_row_fails_its_page_only() {
    let sim = start().await;
    let bad = sim.account(|account| {
        let [_, bad, _] = ["1", "2", "3"].map(|number| account.add_order(SimOrder::new(number)));
        account.poison(bad);
        bad
    });
    assert_eq!(send(&sim, Method::GET, "orders", None).await.unwrap().status(), 500);
    let good = get(&sim, "orders?pageSize=1&page=3").await;
    assert_eq!((good["total"].as_i64(), good["orders"][0]["orderNumber"].as_str()), (Some(3), Some("3")));
    sim.account(|account| account.heal(bad));
    assert_eq!(ids(&get(&sim, "orders").await).len(), 3);
}

#[tokio::test]
async fn rate_headers_may_be_missing_absurd_or_late() {
    let sim = Simulator::start(SimulatorConfig::default()).await.unwrap();
    let header = async |quirks: Quirks, name: &str| {
        sim.account(|account| account.quirks = quirks);
        let answer = send(&sim, Method::GET, "users", None).await.unwrap();
        answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    };
    let remaining = "x-rate-limit-remaining";
    assert_eq!(header(Quirks::default().remaining_lags(true), remaining).await.as_deref(), Some("40"));
    assert_eq!(header(Quirks::default(), remaining).await.as_deref(), Some("38"));
    assert_eq!(header(Quirks::default().missing_rate_headers(true), remaining).await, None);
    let absurd = header(Quirks::default().absurd_rate_headers(true), "x-rate-limit-reset").await;
    assert_eq!(absurd.as_deref(), Some("1772470800"));
    let skewed = header(Quirks::default().clock_skew(-90), "date").await;
    assert_eq!(skewed.as_deref(), Some("Mon, 02 Mar 2026 16:58:30 GMT"));
}

#[tokio::test]
async fn orders_are_modified_once_more_after_creation() {
    let sim = with(Quirks::default().modify_after_creation(true)).await;
    let id = sim.account(|account| account.add_order(SimOrder::new("1001")));
    let path = format!("orders/{id}");
    sim.clock().sleep(Duration::from_secs(18)).await;
    assert_eq!(get(&sim, &path).await["modifyDate"], "2026-03-02T09:00:00.0000000");
    sim.clock().sleep(Duration::from_secs(1)).await;
    assert_eq!(get(&sim, &path).await["modifyDate"], "2026-03-02T09:00:18.5000000");
}

#[tokio::test]
async fn marking_twice_or_too_early_does_what_the_switch_says() {
    let sim = with(Quirks::default().fulfillment_delay(Duration::from_secs(30))).await;
    let mark = async |status: &str, quirks: fn(Quirks) -> Quirks| {
        let id = sim.account(|account| {
            account.quirks = quirks(Quirks::default());
            account.add_order(SimOrder::new("1").status(status))
        });
        let body = json!({ "orderId": id, "carrierCode": "ups", "notifyCustomer": true });
        let (answer, _) = post(&sim, "orders/markasshipped", body).await;
        (answer, sim.account(|account| account.fulfillments_of(id).len()))
    };
    assert_eq!(mark("shipped", |quirks| quirks).await, (200, 1));
    assert_eq!(mark("shipped", |q| q.repeat_mark_as_shipped(RepeatMarkAsShipped::Error500)).await, (500, 0));
    assert_eq!(mark("shipped", |q| q.repeat_mark_as_shipped(RepeatMarkAsShipped::Ok)).await, (200, 0));
    assert_eq!(mark("on_hold", |quirks| quirks).await, (200, 1));
    assert_eq!(mark("cancelled", |q| q.unshippable_mark(UnshippableMark::BadRequest)).await, (400, 0));
    assert_eq!(mark("awaiting_shipment", |q| q.fulfillment_delay(Duration::from_secs(30))).await, (200, 1));
    assert_eq!(get(&sim, "fulfillments").await["total"], 2);
    sim.clock().advance(Duration::from_secs(30));
    assert_eq!(get(&sim, "fulfillments").await["total"], 3);
    assert_eq!(sim.account(|account| account.notices.len()), 3);
}

#[tokio::test]
async fn refusals_and_bounds_can_be_switched() {
    let sim = with(Quirks::default().action_failure(ActionFailure::NotFound).bounds_exclusive(true)).await;
    sim.account(|account| account.add_order(SimOrder::new("1001")));
    assert_eq!(post(&sim, "orders/addtag", json!({ "orderId": 5, "tagId": 5 })).await.0, 404);
    assert_eq!(get(&sim, "orders?createDateStart=2026-03-02%2009:00:00").await["total"], 0);
    assert_eq!(get(&sim, "orders?createDateStart=2026-03-02%2008:59:59").await["total"], 1);
    sim.account(|account| account.quirks = Quirks::default().not_found_empty_body(false).drift(true));
    let unknown = send(&sim, Method::GET, "orders/9", None).await.unwrap();
    assert!(unknown.text().await.unwrap().starts_with("{\"Message\":"));
    let order = &get(&sim, "orders").await["orders"][0];
    assert_eq!(
        (&order["allocationStatus"], &order["weight"]["units"]),
        (&json!("partially_allocated"), &json!("inches"))
    );
}

#[tokio::test]
async fn split_orders_share_their_key_and_merged_ones_vanish() {
    let sim = start().await;
    let (parent, child, other) = sim.account(|account| {
        let order =
            SimOrder::new("1001").line(SimLine::new("A", 1, "1.00")).line(SimLine::new("B", 1, "2.00"));
        let parent = account.add_order(order);
        let child = account.split_order(parent, &[1]).unwrap();
        let other = account.add_order(SimOrder::new("1002").line(SimLine::new("C", 1, "4.00")));
        (parent, child, other)
    });
    let both = get(&sim, "orders?orderNumber=1001").await;
    assert_eq!(ids(&both), [parent, child]);
    let [first, second] = [&both["orders"][0], &both["orders"][1]];
    assert_eq!((&first["orderKey"], &first["createDate"]), (&second["orderKey"], &second["createDate"]));
    assert_eq!(second["advancedOptions"]["parentId"], parent);
    assert_eq!((first["orderTotal"].as_f64(), second["orderTotal"].as_f64()), (Some(1.0), Some(2.0)));
    sim.account(|account| account.merge_orders(parent, &[other]));
    assert_eq!(send(&sim, Method::GET, &format!("orders/{other}"), None).await.unwrap().status(), 404);
    let survivor = get(&sim, &format!("orders/{parent}")).await;
    assert_eq!(survivor["advancedOptions"]["mergedIds"], json!([child, other]));
    assert_eq!(survivor["orderTotal"].as_f64(), Some(5.0));
    sim.account(|account| account.uncombine(other));
    assert_eq!(ids(&get(&sim, "orders").await), [parent, child, other]);
}

#[tokio::test]
async fn clock_changes_repeat_an_hour_and_leave_one_out() {
    let sim = start().await;
    let made = sim.account(|account| {
        ["2026-11-01T08:30:00Z", "2026-11-01T09:20:00Z", "2026-03-08T10:30:00Z"]
            .map(|at| account.add_order(SimOrder::new("1").created(at.parse().unwrap())))
    });
    let autumn = get(&sim, "orders?createDateStart=2026-11-01%2001:00:00&sortBy=CreateDate").await;
    assert_eq!(ids(&autumn), [made[1], made[0]], "the database sorts digits, not instants");
    assert_eq!(autumn["orders"][1]["createDate"], "2026-11-01T01:30:00.0000000");
    let spring = get(&sim, &format!("orders/{}", made[2])).await;
    assert_eq!(spring["createDate"], "2026-03-08T03:30:00.0000000");
}

#[tokio::test]
async fn orders_may_leave_the_list_between_two_pages() {
    let sim = start().await;
    let made = sim.account(|account| ["1", "2", "3"].map(|number| account.add_order(SimOrder::new(number))));
    sim.before(Method::GET, "/orders", 2, move |account| {
        account.cancel(made[0]);
    });
    let path = "orders?orderStatus=awaiting_shipment&pageSize=1";
    assert_eq!(ids(&get(&sim, path).await), [made[0]]);
    let next = get(&sim, &format!("{path}&page=2")).await;
    assert_eq!(ids(&next), [made[2]], "the second order moved to the page that was read");
    assert_eq!(next["total"], 2);
}

#[tokio::test]
async fn a_million_orders_are_made_on_demand_among_ordinary_ones() {
    let sim = start().await;
    let first = "2026-01-01T08:00:00Z".parse().unwrap();
    let made = sim.account(|account| {
        let made = account.generate(1_000_000, first, Duration::from_secs(1), |index| {
            SimOrder::new(format!("G{index}")).line(SimLine::new("MUG", 1, "18.50"))
        });
        account.add_order(SimOrder::new("between").created(first + Duration::from_millis(2_500)));
        made
    });
    let path = "orders?orderStatus=awaiting_shipment&sortBy=CreateDate&createDateStart=2026-01-01%2000:00:01";
    let page = get(&sim, &format!("{path}&pageSize=4")).await;
    assert_eq!((&page["total"], &page["pages"]), (&json!(1_000_000), &json!(250_000)));
    assert_eq!(ids(&page), [made + 1, made + 2, made + 1_000_000, made + 3]);
    assert_eq!(page["orders"][1]["createDate"], "2026-01-01T00:00:02.0000000");
    assert_eq!(page["orders"][1]["orderTotal"].as_f64(), Some(18.5));
    let last = get(&sim, &format!("{path}&pageSize=500&page=2000")).await;
    assert_eq!(ids(&last).last(), Some(&(made + 999_999)));
    post(&sim, "orders/markasshipped", json!({ "orderId": made + 2, "carrierCode": "ups" })).await;
    assert_eq!(ids(&get(&sim, &format!("{path}&pageSize=2")).await), [made + 1, made + 1_000_000]);
    assert_eq!(get(&sim, "orders?pageSize=1&page=3").await["orders"][0]["orderStatus"], "shipped");
    assert_eq!(get(&sim, "orders?orderNumber=between").await["total"], 1);
}
