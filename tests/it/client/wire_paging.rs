//! Streams over pages: nothing is lost, nothing comes twice, nothing asks for ever.

use std::{collections::BTreeSet, time::Duration};

use futures_util::{StreamExt as _, TryStreamExt as _};
use proptest::prelude::*;
use serde_json::json;
use shipstation_connector::{
    Timestamp,
    client::{
        Error, ErrorKind, MinuteWindow, Order, OrderStatus, Page, RowErrorKind, ShipStation, TagId,
        WebhookDelivery, WebhookResource,
    },
    testing::simulator::{Quirks, RateLimit, SimOrder, SimulatorConfig},
};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, path, query_param, query_param_is_missing},
};

use crate::support::{
    builder, client,
    list::{OrderList, Row, Served},
    world::World,
};

const START: &str = "2026-06-01T00:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// One row every so many milliseconds.
fn rows(count: i64, start: &str, every_ms: i64) -> Vec<Row> {
    let start = at(start).unix_millis();
    let row = |id: i64| {
        let created = Timestamp::from_unix_millis(start + id * every_ms);
        Row { id, created, modified: created + Duration::from_millis(18_500) }
    };
    (0..count).map(row).collect()
}

async fn serve(list: OrderList) -> (MockServer, Served) {
    let server = MockServer::start().await;
    let journal = Served::new(list);
    Mock::given(any()).respond_with(journal.clone()).mount(&server).await;
    (server, journal)
}

async fn by_key(client: &ShipStation, page_size: u32, since: &str) -> Result<Vec<Page<Order>>, Error> {
    client.orders().list().created_since(at(since)).page_size(page_size).pages().try_collect().await
}

fn ids(pages: &[Page<Order>]) -> Vec<i64> {
    pages.iter().flat_map(|page| &page.items).map(|order| order.order_id.get() - 1).collect()
}

#[tokio::test]
async fn requests_for_10_000_rows_are_at_most_21_by_key() {
    for (every_ms, exclusive) in [(1_000, false), (1_000, true), (1_337, false), (60_000, true)] {
        let list = OrderList { rows: rows(10_000, START, every_ms), exclusive, ..OrderList::default() };
        let (server, journal) = serve(list).await;
        let found = ids(&by_key(&client(&server.uri()), 500, "2026-05-31T23:59:59Z").await.unwrap());
        assert_eq!(found, (0..10_000).collect::<Vec<_>>());
        let requests = journal.requests();
        assert!(requests.len() <= 21, "{} requests", requests.len());
        assert!(
            requests
                .iter()
                .all(|query| query.contains("page=1&") && query.contains("sortBy=CreateDate&sortDir=ASC"))
        );
    }
}

#[tokio::test]
async fn wire_rows_of_one_second_fall_back_to_numbers() {
    for (exclusive, total) in [(false, true), (true, true), (true, false)] {
        let mut all = rows(50, START, 1_000);
        all.extend(
            rows(130, "2026-06-01T00:10:00Z", 0).into_iter().map(|row| Row { id: row.id + 1_000, ..row }),
        );
        all.extend(
            rows(50, "2026-06-01T00:20:00Z", 1_000).into_iter().map(|row| Row { id: row.id + 2_000, ..row }),
        );
        let wanted: Vec<i64> = all.iter().map(|row| row.id).collect();
        let (server, _journal) =
            serve(OrderList { rows: all, exclusive, total, ..OrderList::default() }).await;
        assert_eq!(ids(&by_key(&client(&server.uri()), 20, "2026-05-31T00:00:00Z").await.unwrap()), wanted);
    }
}

#[tokio::test]
async fn clock_the_repeated_hour_hides_no_row() {
    // A row every ten seconds from an hour before the first pass to an hour after the second.
    for exclusive in [false, true] {
        let all = rows(4 * 360, "2026-11-01T07:00:00Z", 10_000);
        let (server, journal) = serve(OrderList { rows: all, exclusive, ..OrderList::default() }).await;
        let found = ids(&by_key(&client(&server.uri()), 100, "2026-11-01T06:00:00Z").await.unwrap());
        assert_eq!(found, (0..4 * 360).collect::<Vec<_>>());
        assert!(journal.requests().len() < 60, "{} requests", journal.requests().len());
    }
}

#[tokio::test]
async fn wire_the_end_is_found_whatever_pages_says() {
    for (count, total, requests) in
        [(0, true, 1), (99, true, 1), (100, true, 1), (100, false, 2), (250, true, 3), (300, false, 4)]
    {
        let list = OrderList { rows: rows(count, START, 1_000), total, ..OrderList::default() };
        let (server, journal) = serve(list).await;
        let orders = client(&server.uri()).orders().list().page_size(100).items();
        let found: Vec<Order> = orders.try_collect().await.unwrap();
        assert_eq!(
            (found.len(), journal.requests().len()),
            (usize::try_from(count).unwrap(), requests),
            "{count} rows"
        );
    }
}

#[tokio::test]
async fn wire_a_page_that_is_shorter_than_the_count_says_hides_no_row() {
    for (most, hidden) in
        [(100, vec![]), (70, vec![]), (500, vec![7]), (500, vec![249]), (100, vec![0, 8, 99, 100])]
    {
        let list = || OrderList {
            rows: rows(250, START, 1_000),
            most,
            hidden: hidden.iter().copied().collect(),
            ..OrderList::default()
        };
        let (server, journal) = serve(list()).await;
        let shown: Vec<i64> = (0..250).filter(|id| !hidden.contains(id)).collect();
        let by_number =
            client(&server.uri()).orders().list().page_size(100).pages().try_collect::<Vec<_>>().await;
        assert_eq!(ids(&by_number.unwrap()), shown, "at most {most}, without {hidden:?}");
        assert!(journal.requests().len() <= 8, "{:?}", journal.requests());
        let (server, journal) = serve(list()).await;
        let by_key = by_key(&client(&server.uri()), 500, START).await;
        assert_eq!(ids(&by_key.unwrap()), shown, "at most {most}, without {hidden:?}");
        assert!(journal.requests().len() <= 8, "{:?}", journal.requests());
    }
}

#[tokio::test]
async fn wire_a_stream_by_number_can_begin_at_any_page() {
    let (server, journal) = serve(OrderList { rows: rows(250, START, 1_000), ..OrderList::default() }).await;
    let list = client(&server.uri()).orders().list().page(2).page_size(100);
    let found: Vec<Order> = list.items().try_collect().await.unwrap();
    assert_eq!((found.len(), journal.requests().len()), (150, 2));
    let by_tag = client(&server.uri()).orders().list_by_tag(OrderStatus::OnHold, TagId::new(3)).items();
    assert_eq!(by_tag.try_collect::<Vec<Order>>().await.unwrap().len(), 250);
}

#[tokio::test]
async fn wire_a_server_that_knows_one_page_only_is_not_asked_for_ever() {
    let server = MockServer::start().await;
    let row = |id: i64| json!({"orderId": id, "createDate": "2026-06-01T00:00:00.0000000"});
    let body = json!({"orders": [row(1), row(2)], "page": 1, "pages": 9});
    Mock::given(any()).respond_with(ResponseTemplate::new(200).set_body_json(body)).mount(&server).await;
    let client = client(&server.uri());
    assert_eq!(
        client.orders().list().page_size(2).items().try_collect::<Vec<Order>>().await.unwrap().len(),
        2
    );
    let by_key = client.orders().list().created_since(at(START)).page_size(2).items();
    assert_eq!(by_key.try_collect::<Vec<Order>>().await.unwrap().len(), 2);
    assert!(server.received_requests().await.unwrap().len() <= 8);
}

/// Rows of one second that move while they are read one by one: the row that comes twice has taken the place of another.
#[tokio::test]
async fn wire_a_page_that_comes_twice_does_not_end_a_list_that_shrinks() {
    let server = MockServer::start().await;
    let page = |ids: &[i64], total: u64| {
        let row = |id: &i64| json!({"orderId": id, "createDate": "2026-05-31T17:00:00.0000000"});
        let orders: Vec<_> = ids.iter().map(row).collect();
        ResponseTemplate::new(200).set_body_json(json!({"orders": orders, "total": total}))
    };
    for (answer, times) in
        [(ResponseTemplate::new(500), 4), (page(&[1], 6), 1), (page(&[1], 1), 1), (page(&[7], 1), 1)]
    {
        Mock::given(any()).respond_with(answer).up_to_n_times(times).mount(&server).await;
    }
    Mock::given(any()).respond_with(page(&[7, 1], 2)).mount(&server).await;
    let found = by_key(&client(&server.uri()), 2, "2026-06-01T00:00:00Z").await.unwrap();
    assert_eq!(ids(&found), [0, 6]);
}

#[tokio::test]
async fn faults_of_one_row_cost_that_row_only() {
    for (since, key) in [(Some("2026-05-01T00:00:00Z"), "by key"), (None, "by number")] {
        let poison = BTreeSet::from([0, 301, 302, 777]);
        let list =
            OrderList { rows: rows(1_000, START, 1_000), poison: poison.clone(), ..OrderList::default() };
        let (server, journal) = serve(list).await;
        let client = client(&server.uri());
        let list = client.orders().list().page_size(500);
        let list = match since {
            Some(since) => list.created_since(at(since)),
            None => list,
        };
        let pages: Vec<Page<Order>> = list.pages().try_collect().await.unwrap();
        let wanted: Vec<i64> = (0..1_000).filter(|id| !poison.contains(id)).collect();
        assert_eq!(ids(&pages), wanted, "{key}");
        let errors: Vec<_> = pages.iter().flat_map(|page| &page.errors).collect();
        assert_eq!(errors.len(), poison.len(), "{key}: {errors:?}");
        assert!(errors.iter().all(|error| error.kind == RowErrorKind::Poison));
        assert!(pages.iter().any(|page| page.reduced_to.is_some()), "{key}");
        assert!(journal.requests().len() < 180, "{key}: {} requests", journal.requests().len());
    }
}

#[tokio::test]
async fn faults_that_end_while_the_page_is_taken_apart_cost_no_row() {
    for failures in [5_u64, 9, 14, 15, 17, 19] {
        let (server, journal) =
            serve(OrderList { rows: rows(600, START, 1_000), ..OrderList::default() }).await;
        let outage = ResponseTemplate::new(503);
        Mock::given(any()).respond_with(outage).up_to_n_times(failures).with_priority(1).mount(&server).await;
        let pages = by_key(&client(&server.uri()), 500, START).await.unwrap();
        let missing: Vec<i64> = (0..600).filter(|id| !ids(&pages).contains(id)).collect();
        assert!(missing.is_empty(), "{missing:?}, {failures} failures: {:?}", journal.requests());
        assert!(pages.iter().all(|page| page.errors.is_empty()), "{failures} failures");
    }
}

#[tokio::test]
async fn faults_of_large_pages_end_in_smaller_ones() {
    let list = OrderList { rows: rows(1_000, START, 1_000), largest: 200, ..OrderList::default() };
    let (server, _journal) = serve(list).await;
    let pages = by_key(&client(&server.uri()), 500, START).await.unwrap();
    assert_eq!(ids(&pages).len(), 1_000);
    assert!(pages.iter().all(|page| page.reduced_to.is_some_and(|size| size <= 200)));
}

#[tokio::test]
async fn faults_of_everything_are_an_error_and_not_poison() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(503)).mount(&server).await;
    let mut pages = client(&server.uri()).orders().list().created_since(at(START)).pages();
    let error = pages.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(pages.next().await.is_none());
    assert!(server.received_requests().await.unwrap().len() < 40);
}

#[tokio::test]
async fn faults_that_last_end_the_stream_and_lose_nothing_silently() {
    let (server, _journal) = serve(OrderList { rows: rows(300, START, 1_000), ..OrderList::default() }).await;
    Mock::given(query_param("page", "2"))
        .respond_with(ResponseTemplate::new(401))
        .with_priority(1)
        .mount(&server)
        .await;
    let results: Vec<_> = client(&server.uri()).orders().list().page_size(100).pages().collect().await;
    assert_eq!(results.len(), 2);
    assert_eq!(results[1].as_ref().unwrap_err().kind(), ErrorKind::Auth);
}

#[tokio::test]
async fn wire_items_remember_what_they_left_out() {
    let server = MockServer::start().await;
    let body = crate::support::fixture("orders_nasty.json");
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_raw(body, "application/json"))
        .mount(&server)
        .await;
    let client = client(&server.uri());
    let mut items = client.orders().list().items();
    let mut found = 0;
    while items.next().await.transpose().unwrap().is_some() {
        found += 1;
    }
    assert_eq!((found, items.missing(), items.nulls(), items.row_errors().len()), (2, 1, 1, 1));
}

#[tokio::test]
async fn wire_a_delivery_is_fetched_page_by_page_from_the_configured_base() {
    let server = MockServer::start().await;
    let row = |id: i64| json!({"shipmentId": id});
    let page = |rows: Vec<serde_json::Value>| {
        ResponseTemplate::new(200)
            .set_body_json(json!({"shipments": rows, "total": 3, "page": 1, "pages": 0}))
    };
    Mock::given(path("/shipments"))
        .and(query_param("batchId", "144000017"))
        .and(query_param("includeShipmentItems", "False"))
        .and(query_param_is_missing("page"))
        .respond_with(page(vec![row(1), row(2)]))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(path("/shipments"))
        .and(query_param("batchId", "144000017"))
        .and(query_param("page", "2"))
        .respond_with(page(vec![row(3)]))
        .expect(1)
        .mount(&server)
        .await;
    let delivery = WebhookDelivery::parse(&crate::support::fixture("v1/webhook_ship_notify.json")).unwrap();
    let WebhookResource::Shipments(rows) =
        client(&server.uri()).webhooks().fetch_all(&delivery).await.unwrap()
    else {
        panic!("not shipments")
    };
    assert_eq!(rows.items.iter().map(|row| row.shipment_id.get()).collect::<Vec<_>>(), [1, 2, 3]);
}

#[tokio::test]
async fn wire_a_delivery_without_a_count_is_read_to_its_end() {
    let server = MockServer::start().await;
    for (number, ids) in [("2", vec![3]), ("3", vec![])] {
        let rows: Vec<_> = ids.into_iter().map(|id: i64| json!({"shipmentId": id})).collect();
        let answer = ResponseTemplate::new(200).set_body_json(json!({"shipments": rows}));
        Mock::given(query_param("page", number)).respond_with(answer).mount(&server).await;
    }
    let first = json!({"shipments": [{"shipmentId": 1}, {"shipmentId": 2}], "total": null});
    Mock::given(query_param_is_missing("page"))
        .respond_with(ResponseTemplate::new(200).set_body_json(first))
        .mount(&server)
        .await;
    let delivery = WebhookDelivery::parse(&crate::support::fixture("v1/webhook_ship_notify.json")).unwrap();
    let WebhookResource::Shipments(rows) =
        client(&server.uri()).webhooks().fetch_all(&delivery).await.unwrap()
    else {
        panic!("not shipments")
    };
    assert_eq!(rows.items.iter().map(|row| row.shipment_id.get()).collect::<Vec<_>>(), [1, 2, 3]);
}

#[tokio::test]
async fn wire_nulls_on_the_pages_of_a_delivery_cost_no_row() {
    let quirks = Quirks::default().null_rows(true);
    let world = World::with(SimulatorConfig::default().rate_limit(RateLimit::Unlimited).quirks(quirks)).await;
    world.sim.account(|account| {
        for number in 1..=201 {
            account.add_order(SimOrder::new(number.to_string()).import_batch("4d0a"));
        }
    });
    let address = format!("{}orders?importBatch=4d0a&pageSize=100", world.sim.url());
    let body = json!({"resource_url": address, "resource_type": "ORDER_NOTIFY"}).to_string();
    let delivery = WebhookDelivery::parse(body.as_bytes()).unwrap();
    let WebhookResource::Orders(rows) = world.client().webhooks().fetch_all(&delivery).await.unwrap() else {
        panic!("not orders")
    };
    let found: BTreeSet<_> = rows.items.iter().map(|order| order.order_id.get()).collect();
    assert_eq!((found.len(), rows.items.len(), rows.nulls), (201, 201, 1));
    assert_eq!(world.sim.journal().count("GET", "/orders"), 1, "the page size is ours");
}

#[tokio::test]
async fn wire_a_delivery_with_nulls_has_an_end() {
    let delivery = WebhookDelivery::parse(&crate::support::fixture("v1/webhook_ship_notify.json")).unwrap();
    for (rows, total, requests) in [
        // A null counts as read.
        (json!([{"shipmentId": 1}, null]), json!(2), 1),
        (json!([{"shipmentId": 1}, null]), json!(null), 2),
        (json!([null, null]), json!(2), 1),
    ] {
        let server = MockServer::start().await;
        let page = json!({"shipments": rows, "total": total});
        let answer = ResponseTemplate::new(200).set_body_json(page);
        Mock::given(any()).respond_with(answer).mount(&server).await;
        client(&server.uri()).webhooks().fetch_all(&delivery).await.unwrap();
        assert_eq!(server.received_requests().await.unwrap().len(), requests, "{rows}");
    }
}

#[tokio::test]
async fn wire_an_unreadable_page_of_a_delivery_does_not_end_it() {
    let server = MockServer::start().await;
    for (number, row) in [("2", json!({"shipmentId": "?"})), ("3", json!({"shipmentId": 3}))] {
        let answer = ResponseTemplate::new(200).set_body_json(json!({"shipments": [row], "total": 3}));
        Mock::given(query_param("page", number)).respond_with(answer).mount(&server).await;
    }
    let first = json!({"shipments": [{"shipmentId": 1}], "total": 3});
    Mock::given(query_param_is_missing("page"))
        .respond_with(ResponseTemplate::new(200).set_body_json(first))
        .mount(&server)
        .await;
    let delivery = WebhookDelivery::parse(&crate::support::fixture("v1/webhook_ship_notify.json")).unwrap();
    let WebhookResource::Shipments(rows) =
        client(&server.uri()).webhooks().fetch_all(&delivery).await.unwrap()
    else {
        panic!("not shipments")
    };
    assert_eq!(rows.items.iter().map(|row| row.shipment_id.get()).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(rows.errors.len(), 1);
}

/// What happens to the list between two requests.
#[derive(Debug, Clone)]
enum Event {
    Leaves(usize),
    Arrives,
    Modified(usize),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (0_usize..400).prop_map(Event::Leaves),
        Just(Event::Arrives),
        (0_usize..400).prop_map(Event::Modified)
    ]
}

fn happen(rows: &mut Vec<Row>, event: &Event, touched: &mut BTreeSet<i64>) {
    let now = rows.iter().map(|row| row.modified.max(row.created)).max().unwrap_or(at(START))
        + Duration::from_millis(700);
    match event {
        Event::Leaves(place) if !rows.is_empty() => {
            let gone = rows.remove(place % rows.len());
            touched.insert(gone.id);
        }
        Event::Modified(place) if !rows.is_empty() => {
            let place = place % rows.len();
            rows[place].modified = now;
            touched.insert(rows[place].id);
        }
        _ => {
            let id = touched.last().map_or(100_000, |last| last.max(&100_000) + 1);
            touched.insert(id);
            rows.push(Row { id, created: now, modified: now });
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever leaves, arrives or changes between two requests: a row that is there throughout is read.
    #[test]
    fn wire_by_key_no_row_is_lost_while_the_list_changes(
        gaps in proptest::collection::vec(0_i64..4_000, 20..220),
        events in proptest::collection::vec(proptest::collection::vec(event(), 0..6), 0..60),
        page_size in 8_u32..40,
        by_modified: bool,
        exclusive: bool,
    ) {
        let mut time = at(START).unix_millis();
        let mut initial = Vec::new();
        for (id, gap) in (0..).zip(gaps) {
            time += gap;
            let created = Timestamp::from_unix_millis(time);
            initial.push(Row { id, created, modified: created });
        }
        let touched = std::sync::Arc::new(std::sync::Mutex::new(BTreeSet::new()));
        let mut pending = events.into_iter();
        let noted = touched.clone();
        let change = Box::new(move |rows: &mut Vec<Row>| {
            for event in pending.next().unwrap_or_default() {
                happen(rows, &event, &mut noted.lock().unwrap());
            }
        });
        let all: BTreeSet<i64> = initial.iter().map(|row| row.id).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (found, requests) = runtime.block_on(async {
            let (server, journal) = serve(OrderList { rows: initial, exclusive, change, ..OrderList::default() }).await;
            let client = builder(&server.uri()).rate_limiter(std::sync::Arc::new(MinuteWindow::new(9_000))).build().unwrap();
            let list = client.orders().list().page_size(page_size);
            let since = at(START) - Duration::from_secs(5);
            let list = if by_modified { list.modified_since(since) } else { list.created_since(since) };
            let found: Vec<Order> = list.items().try_collect().await.unwrap();
            (found, journal.requests().len())
        });
        let ids: Vec<i64> = found.iter().map(|order| order.order_id.get() - 1).collect();
        let seen: BTreeSet<i64> = ids.iter().copied().collect();
        let touched = touched.lock().unwrap();
        let lost: Vec<&i64> = all.iter().filter(|id| !touched.contains(id) && !seen.contains(id)).collect();
        prop_assert!(lost.is_empty(), "lost {lost:?} of {} in {requests} requests", all.len());
        if !by_modified {
            prop_assert_eq!(seen.len(), ids.len(), "a row came twice");
        }
        prop_assert!(requests < 400);
    }
}
