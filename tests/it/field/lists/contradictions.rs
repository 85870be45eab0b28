//! Totals that contradict the rows, rows that are out of order, and lists that change: what the end of a list says,
//! and what it costs.

use std::collections::BTreeSet;

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use shipstation_connector::client::{
    Incomplete, ListEnd, Order, OrderStatus, Pages, ShipStation, StoreId, TagId,
};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};

use crate::support::{
    client,
    list::{OrderList, Row, Served},
};

const START: &str = "2026-06-01T00:00:00Z";

/// Reads to the end: the ids that came, once each, and how the list ended.
async fn read(mut pages: Pages<Order>) -> (BTreeSet<i64>, ListEnd) {
    let mut ids = BTreeSet::new();
    while let Some(page) = pages.next().await {
        for order in page.unwrap().items {
            assert!(ids.insert(order.order_id.get()), "{} came twice", order.order_id);
        }
    }
    (ids, pages.end().unwrap().clone())
}

/// The list by key and by number.
fn both(client: &ShipStation) -> [(&'static str, Pages<Order>); 2] {
    let list = || client.orders().list();
    let window =
        list().created_since(START.parse().unwrap()).created_before("2026-07-01T00:00:00Z".parse().unwrap());
    [("by key", window.pages()), ("by number", list().pages())]
}

fn order(id: i64) -> Value {
    let (hour, minute, second) = (id / 3600, id / 60 % 60, id % 60);
    json!({"orderId": id + 1, "createDate": format!("2026-06-02T{hour:02}:{minute:02}:{second:02}.0000000")})
}

async fn serve(answer: impl Fn(&Request, usize) -> Value + Send + Sync + 'static) -> MockServer {
    let server = MockServer::start().await;
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let respond = move |request: &Request| {
        let place = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        ResponseTemplate::new(200).set_body_json(answer(request, place))
    };
    Mock::given(any()).respond_with(respond).mount(&server).await;
    server
}

async fn asked(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

fn number(request: &Request, name: &str) -> usize {
    request.url.query_pairs().find(|(key, _)| key == name).map_or(1, |(_, value)| value.parse().unwrap())
}

/// The page that was asked for, of these rows.
fn cut(request: &Request, rows: &[Value], total: impl Into<Value>) -> Value {
    let (page, size) = (number(request, "page"), number(request, "pageSize"));
    let shown: Vec<&Value> = rows.iter().skip((page - 1) * size).take(size).collect();
    json!({"orders": shown, "total": total.into(), "page": page, "pages": 0})
}

#[tokio::test]
async fn no_rows_beside_a_total_are_not_believed() {
    for total in [1, 50, 1_200] {
        let server = serve(move |_, _| json!({"orders": [], "total": total, "page": 1, "pages": 3})).await;
        for (way, pages) in both(&client(&server.uri())) {
            let (ids, end) = read(pages).await;
            assert_eq!((ids.len(), end.read, end.total), (0, 0, Some(total)), "{way}");
            assert_eq!(end.incomplete, Some(Incomplete::FewerRows), "{way}");
        }
        assert_eq!(asked(&server).await, 4, "once more from the start, and no more");
    }
}

#[tokio::test]
async fn rows_beside_a_total_of_nothing_are_read_on_and_do_not_count_as_all() {
    for total in [json!(0), json!(3), json!(499)] {
        let rows: Vec<Value> = (0..1_200).map(order).collect();
        let server = serve(move |request, _| cut(request, &rows, total.clone())).await;
        for (way, pages) in both(&client(&server.uri())) {
            let (ids, end) = read(pages).await;
            assert_eq!(ids.len(), 1_200, "{way}: what is shown is given");
            assert_eq!(end.incomplete, Some(Incomplete::Contradiction), "{way}");
            assert_eq!(end.read, 1_200);
        }
        assert_eq!(asked(&server).await, 2 * 8, "three pages and an empty one, twice each");
    }
}

#[tokio::test]
async fn a_total_of_nothing_takes_back_no_total_before() {
    let server = serve(|_, place| match place {
        0 => json!({"orders": [], "total": 50}),
        _ => json!({"orders": [], "total": 0}),
    })
    .await;
    let (_, end) = read(client(&server.uri()).orders().list().pages()).await;
    assert_eq!((end.is_complete(), end.total), (false, Some(50)));
    let server = serve(|request, place| match place {
        0 => json!({"orders": [order(1)], "total": 50}),
        _ if number(request, "pageSize") == 1 => json!({"orders": [], "total": 0}),
        _ => json!({"orders": [], "total": null}),
    })
    .await;
    let [(_, by_key), _] = both(&client(&server.uri()));
    assert!(!read(by_key).await.1.is_complete());
}

#[tokio::test]
async fn one_bad_answer_is_healed_by_the_second_reading() {
    let rows: Vec<Value> = (0..50).map(order).collect();
    let server = serve(move |request, place| match place {
        0 => json!({"orders": [], "total": 50}),
        _ => cut(request, &rows, 50),
    })
    .await;
    let [(_, by_key), _] = both(&client(&server.uri()));
    let (ids, end) = read(by_key).await;
    assert_eq!((ids.len(), end.read, end.is_complete()), (50, 50, true));
    assert_eq!(asked(&server).await, 2);
}

#[tokio::test]
async fn a_row_of_another_time_does_not_hide_the_rows_behind_it() {
    for stranger in ["2099-01-01T00:00:00", "2026-07-09T00:00:00", ""] {
        for place in [0, 250, 499, 500, 1_199] {
            let mut rows: Vec<Value> = (0..1_200).map(order).collect();
            rows[place]["createDate"] = json!(stranger);
            let server = serve(move |request, _| {
                let start = request.url.query_pairs().find(|(key, _)| key == "createDateStart").unwrap().1;
                let start = start.replace(' ', "T");
                let later = |row: &Value| {
                    row["createDate"] == stranger || row["createDate"].as_str() >= Some(&*start)
                };
                let rows: Vec<Value> = rows.iter().filter(|row| later(row)).cloned().collect();
                cut(request, &rows, rows.len())
            })
            .await;
            let [(_, by_key), _] = both(&client(&server.uri()));
            let (ids, end) = read(by_key).await;
            assert_eq!((ids.len(), end.is_complete()), (1_200, true), "{stranger} at {place}");
            assert!(asked(&server).await <= 4, "{stranger} at {place}");
        }
    }
}

#[tokio::test]
async fn rows_by_id_instead_of_by_date_are_all_read() {
    // The newest date stands in the middle: by key, everything behind it would be passed over.
    let mut rows: Vec<Value> = (0..1_200).map(order).collect();
    rows[..700].reverse();
    let server = serve(move |request, _| cut(request, &rows, 1_200)).await;
    for (way, pages) in both(&client(&server.uri())) {
        let (ids, end) = read(pages).await;
        assert_eq!((ids.len(), end.is_complete()), (1_200, true), "{way}");
    }
    assert_eq!(asked(&server).await, 6);
}

#[tokio::test]
async fn lists_without_totals_end_with_an_empty_page() {
    let rows: Vec<Value> = (0..250).map(order).collect();
    for most in [500, 70] {
        let rows = rows.clone();
        let server = serve(move |request, _| {
            let (page, size) = (number(request, "page"), number(request, "pageSize").min(most));
            let shown: Vec<&Value> = rows.iter().skip((page - 1) * size).take(size).collect();
            json!({"orders": shown, "total": null})
        })
        .await;
        let (ids, end) = read(client(&server.uri()).orders().list().pages()).await;
        assert_eq!((ids.len(), end.total, end.is_complete()), (250, None, true), "at most {most}");
    }
    let server = serve(move |request, _| {
        let mut page = cut(request, &rows, Value::Null);
        page["pages"] = json!(1);
        page
    })
    .await;
    let (ids, end) = read(client(&server.uri()).orders().list().pages()).await;
    assert_eq!((ids.len(), end.is_complete(), asked(&server).await), (250, true, 1));
}

#[tokio::test]
async fn a_total_that_changes_by_number_is_read_again() {
    let rows: Vec<Value> = (0..1_200).map(order).collect();
    for (changes, complete, requests) in [(1, true, 7), (100, false, 8)] {
        let rows = rows.clone();
        let server = serve(move |request, place| {
            let total = if place < changes { 1_200 + usize::from(place % 2 == 0) } else { 1_200 };
            cut(request, &rows, total)
        })
        .await;
        let (ids, end) = read(client(&server.uri()).orders().list().pages()).await;
        assert_eq!((ids.len(), end.is_complete()), (1_200, complete));
        assert_eq!(asked(&server).await, requests);
    }
}

#[tokio::test]
async fn a_server_without_end_is_left() {
    // New rows on every page, and the count runs ahead of them.
    let server = serve(|request, _| {
        let page = i64::try_from(number(request, "page")).unwrap();
        json!({"orders": [{"orderId": page * 2 + 1}, {"orderId": page * 2 + 2}], "total": page * 2 + 10})
    })
    .await;
    let delivery = json!({"resource_url": format!("{}/orders?importBatch=x", server.uri()), "resource_type": "ORDER_NOTIFY"});
    let delivery =
        shipstation_connector::client::WebhookDelivery::parse(delivery.to_string().as_bytes()).unwrap();
    let _ = client(&server.uri()).webhooks().fetch_all(&delivery).await.unwrap();
    assert!(asked(&server).await <= 20, "a delivery is no reason to read a whole account");
    // Two pages in turn.
    let server = serve(|_, place| {
        let id = i64::try_from(place % 2).unwrap();
        json!({"orders": [{"orderId": id + 1}], "total": 1_000_000})
    })
    .await;
    let (ids, end) = read(client(&server.uri()).orders().list().page_size(1).pages()).await;
    assert_eq!((ids.len(), end.is_complete()), (2, false));
    assert!(asked(&server).await < 30, "{}", asked(&server).await);
    // Nothing but nulls.
    let server = serve(|_, _| json!({"orders": [null, null], "total": 1_000_000})).await;
    let (_, end) = read(client(&server.uri()).orders().list().page_size(2).pages()).await;
    assert!(!end.is_complete());
    assert!(asked(&server).await < 30, "{}", asked(&server).await);
}

/// Rows one second apart.
fn rows(count: i64) -> Vec<Row> {
    let start: shipstation_connector::Timestamp = START.parse().unwrap();
    let row = |id: i64| {
        let created = start + std::time::Duration::from_secs(u64::try_from(id).unwrap());
        Row { id, created, modified: created }
    };
    (0..count).map(row).collect()
}

#[tokio::test]
async fn honest_lists_cost_nothing_more() {
    for (count, by_key, by_number) in
        [(0, 1, 1), (1, 1, 1), (500, 1, 1), (501, 2, 2), (1_200, 3, 3), (10_000, 21, 20)]
    {
        let server = MockServer::start().await;
        let journal = Served::new(OrderList { rows: rows(count), ..OrderList::default() });
        Mock::given(any()).respond_with(journal.clone()).mount(&server).await;
        let mut before = 0;
        for ((way, pages), most) in both(&client(&server.uri())).into_iter().zip([by_key, by_number]) {
            let (ids, end) = read(pages).await;
            assert_eq!(ids.len(), usize::try_from(count).unwrap(), "{way}");
            assert_eq!((end.read, end.is_complete()), (ids.len() as u64, true), "{count} {way}");
            let requests = journal.requests().len();
            assert!(requests - before <= most, "{count} {way}: {}", requests - before);
            before = requests;
        }
    }
}

#[tokio::test]
async fn a_list_that_shrinks_while_it_is_read_by_key_costs_one_small_request() {
    let server = MockServer::start().await;
    let mut first = true;
    let change = Box::new(move |rows: &mut Vec<Row>| {
        if std::mem::take(&mut first) {
            rows.retain(|row| row.id % 3 != 0);
        }
    });
    let journal = Served::new(OrderList { rows: rows(1_200), change, ..OrderList::default() });
    Mock::given(any()).respond_with(journal.clone()).mount(&server).await;
    let [(_, by_key), _] = both(&client(&server.uri()));
    let (ids, end) = read(by_key).await;
    assert!(end.is_complete(), "{end:?}");
    assert!(ids.len() >= 800 && ids.len() < 1_200);
    let small: Vec<String> =
        journal.requests().into_iter().filter(|query| query.ends_with("pageSize=1")).collect();
    assert_eq!((journal.requests().len(), small.len()), (3, 1), "{:?}", journal.requests());
}

#[tokio::test]
async fn rows_that_arrive_at_the_end_are_read_on() {
    let server = MockServer::start().await;
    let mut turn = 0;
    let change = Box::new(move |rows: &mut Vec<Row>| {
        turn += 1;
        match turn {
            1 => rows.retain(|row| row.id != 700),
            3 => rows.extend(
                (0..2).map(|n| Row { id: 5_000 + n, ..rows.last().unwrap().clone() }).collect::<Vec<_>>(),
            ),
            _ => {}
        }
    });
    let journal = Served::new(OrderList { rows: rows(1_200), change, ..OrderList::default() });
    Mock::given(any()).respond_with(journal.clone()).mount(&server).await;
    let [(_, by_key), _] = both(&client(&server.uri()));
    let (ids, end) = read(by_key).await;
    let lost: Vec<i64> = (0..1_200).filter(|id| *id != 700 && !ids.contains(&(id + 1))).collect();
    assert!(lost.is_empty() && end.is_complete(), "{lost:?} {end:?}");
}

#[tokio::test]
async fn every_paged_list_is_judged() {
    for (total, complete) in [(0, true), (7, false)] {
        let body = move |request: &Request| {
            let key = request.url.path().trim_matches('/').replace("/listbytag", "");
            json!({key: [], "total": total, "page": 1, "pages": 1})
        };
        let server = serve(move |request, _| body(request)).await;
        let client = client(&server.uri());
        let tag = client.orders().list_by_tag(OrderStatus::AwaitingShipment, TagId::new(3)).pages();
        let cancelled = client.orders().list().status(OrderStatus::Cancelled).store(StoreId::new(4)).pages();
        for pages in [tag, cancelled] {
            assert_eq!(read(pages).await.1.is_complete(), complete);
        }
        macro_rules! ends {
            ($list:expr) => {{
                let mut items = $list.items();
                while items.next().await.is_some() {}
                assert_eq!(items.end().unwrap().is_complete(), complete, stringify!($list));
                assert_eq!(items.end().unwrap().total, Some(total));
            }};
        }
        ends!(client.products().list());
        ends!(client.fulfillments().list());
        ends!(client.shipments().list());
        ends!(client.customers().list());
        let webhooks = client.webhooks().list().await.unwrap();
        assert_eq!(webhooks.incomplete.is_none(), complete, "webhooks");
    }
}

#[tokio::test]
async fn a_list_of_webhooks_says_when_it_contradicts_itself() {
    let row = || json!({"WebHookID": 7});
    for (body, incomplete) in [
        (json!({"webhooks": [row()]}), None),
        (json!({"webhooks": [row()], "total": 1}), None),
        (json!({"webhooks": [null], "total": 1}), None),
        (json!({"webhooks": [row()], "total": 0}), Some(Incomplete::Contradiction)),
        (json!({"webhooks": [row()], "total": 2}), Some(Incomplete::FewerRows)),
        (json!({"webhooks": [], "total": 2}), Some(Incomplete::FewerRows)),
    ] {
        let text = body.to_string();
        let server = serve(move |_, _| body.clone()).await;
        let rows = client(&server.uri()).webhooks().list().await.unwrap();
        assert_eq!(rows.incomplete, incomplete, "{text}");
    }
}
