//! Text that is no JSON: bad characters are replaced, and a page that stays unreadable is taken apart down to the row.

use futures_util::TryStreamExt as _;
use serde_json::json;
use shipstation_connector::client::{ErrorKind, Order, OrderId, Page, RowErrorKind, ShipStation, StoreId};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};

use crate::support::client;

/// What stands in one order in place of its notes, as it stands on the wire.
const REPLACED: [(&str, &[u8]); 7] = [
    ("a lone surrogate", br#""x\ud83d""#),
    ("a lone surrogate before another escape", br#""x\ud83d\n""#),
    ("the second half alone", br#""\ude00x""#),
    ("a byte that is not UTF-8", b"\"x\xff\""),
    ("a raw newline", b"\"x\ny\""),
    ("a raw null", b"\"x\x00y\""),
    ("an escape that is none", br#""it\'s""#),
];

fn row(id: usize, notes: &[u8]) -> Vec<u8> {
    let seconds = format!("{:02}:{:02}", id / 60 % 60, id % 60);
    let mut row = format!(
        r#"{{"orderId":{id},"orderStatus":"awaiting_shipment","createDate":"2026-06-02T10:{seconds}","items":[{{"sku":"A","quantity":1}}],"customerNotes":"#
    )
    .into_bytes();
    row.extend_from_slice(notes);
    row.push(b'}');
    row
}

fn list(rows: &[Vec<u8>], total: usize) -> Vec<u8> {
    let mut body = br#"{"orders":["#.to_vec();
    body.extend(rows.join(&b','));
    body.extend(format!(r#"],"total":{total},"page":1,"pages":0}}"#).into_bytes());
    body
}

fn number(request: &Request, name: &str) -> usize {
    request.url.query_pairs().find(|(key, _)| key == name).map_or(1, |(_, value)| value.parse().unwrap())
}

/// A list of 1,200 orders, some of which have these notes.
async fn serve(notes: &[u8], places: &[usize]) -> (MockServer, ShipStation) {
    let rows: Vec<Vec<u8>> =
        (1..=1_200).map(|id| row(id, if places.contains(&id) { notes } else { b"null" })).collect();
    let server = MockServer::start().await;
    let respond = move |request: &Request| {
        let start = request.url.query_pairs().find(|(key, _)| key == "createDateStart");
        let start = start.map(|(_, start)| start.replace(' ', "T")).unwrap_or_default();
        let from = (0..rows.len())
            .find(|place| {
                format!("2026-06-02T10:{:02}:{:02}", (place + 1) / 60 % 60, (place + 1) % 60) >= start
            })
            .unwrap_or(rows.len());
        let (page, size) = (number(request, "page"), number(request, "pageSize"));
        let matching = &rows[from..];
        let shown: Vec<_> = matching.iter().skip((page - 1) * size).take(size).cloned().collect();
        ResponseTemplate::new(200).set_body_raw(list(&shown, matching.len()), "application/json")
    };
    Mock::given(any()).respond_with(respond).mount(&server).await;
    let client = client(&server.uri());
    (server, client)
}

#[tokio::test]
async fn bad_characters_are_replaced_and_cost_no_row() {
    for (what, notes) in REPLACED {
        let (server, client) = serve(notes, &[1, 250, 501, 1_200]).await;
        let list = client.orders().list().created_since("2026-06-01T00:00:00Z".parse().unwrap());
        let orders: Vec<Order> = list.items().try_collect().await.unwrap();
        assert_eq!(orders.len(), 1_200, "{what}");
        assert_eq!(server.received_requests().await.unwrap().len(), 3, "{what}");
        let order = orders.iter().find(|order| order.order_id.get() == 250).unwrap();
        assert!(order.customer_notes.as_ref().unwrap().contains('\u{fffd}'), "{what}: {order:?}");
        assert!(order.unreadable().is_empty() && order.items.len() == 1);
    }
}

#[tokio::test]
async fn a_number_that_is_none_is_a_member_that_cannot_be_read() {
    for notes in ["NaN", "Infinity", "-Infinity"] {
        let (_server, client) = serve(notes.as_bytes(), &[250]).await;
        let orders: Vec<Order> = client.orders().list().items().try_collect().await.unwrap();
        assert_eq!(
            (orders.len(), orders[249].unreadable()),
            (1_200, vec!["customerNotes".to_owned()]),
            "{notes}"
        );
    }
    let server = MockServer::start().await;
    let body =
        r#"{"orders":[{"orderId":1,"items":[{"quantity":NaN}]},{"orderId":2,"orderTotal":NaN}],"total":2}"#;
    Mock::given(any()).respond_with(ResponseTemplate::new(200).set_body_string(body)).mount(&server).await;
    let page = client(&server.uri()).orders().list().send().await.unwrap();
    assert_eq!(
        (page.items[0].order_id, page.items[0].unreadable()),
        (OrderId::new(2), vec!["orderTotal".to_owned()])
    );
    assert_eq!((page.errors[0].id, page.errors[0].path.as_str()), (Some(1), "items[0].quantity"));
}

#[tokio::test]
async fn a_row_that_breaks_its_page_is_stepped_over_with_its_place() {
    for broken in [&br#""half"#[..], br#""a"b""#, b"}", b"\"x\"]}", br#"{"a":"#, b""] {
        let what = String::from_utf8_lossy(broken).into_owned();
        for by_key in [true, false] {
            let (server, client) = serve(broken, &[1, 250, 1_200]).await;
            let list = client.orders().list();
            let list =
                if by_key { list.created_since("2026-06-01T00:00:00Z".parse().unwrap()) } else { list };
            let pages: Vec<Page<Order>> = list.pages().try_collect().await.unwrap();
            let ids: Vec<i64> =
                pages.iter().flat_map(|page| &page.items).map(|order| order.order_id.get()).collect();
            let wanted: Vec<i64> = (1..=1_200).filter(|id| ![1, 250, 1_200].contains(id)).collect();
            assert_eq!(ids, wanted, "{what} {by_key}");
            let errors: Vec<_> = pages.iter().flat_map(|page| &page.errors).collect();
            let found: Vec<_> = errors.iter().filter_map(|error| error.id).collect();
            assert_eq!(found, [1, 250, 1_200], "{what} {by_key}: {errors:?}");
            assert!(errors.iter().all(|error| error.kind == RowErrorKind::Poison), "{errors:?}");
            let requests = server.received_requests().await.unwrap().len();
            assert!(requests < 90, "{what} {by_key}: {requests}");
        }
    }
}

#[tokio::test]
async fn twelve_broken_rows_side_by_side_cost_no_other() {
    let places: Vec<usize> = (100..112).collect();
    let (_server, client) = serve(b"\"half", &places).await;
    let orders: Vec<Order> = client.orders().list().items().try_collect().await.unwrap();
    assert_eq!(orders.len(), 1_200 - 12);
}

#[tokio::test]
async fn single_reads_and_other_lists_are_repaired_too() {
    for (what, notes) in REPLACED {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(200).set_body_raw(row(7, notes), "application/json");
        Mock::given(any()).respond_with(answer).mount(&server).await;
        let order = client(&server.uri()).orders().get(OrderId::new(7)).await.unwrap();
        assert!(order.customer_notes.unwrap().contains('\u{fffd}'), "{what}");
        let name = [br#"{"storeId":4,"storeName":"#.as_slice(), notes, b"}"].concat();
        let product =
            [br#"{"products":[{"productId":3,"name":"#.as_slice(), notes, br#"}],"total":1}"#].concat();
        let server = MockServer::start().await;
        let body = [b"[".as_slice(), &name, b",", br#"{"storeId":5}"#, b"]"].concat();
        let stores = ResponseTemplate::new(200).set_body_raw(body, "application/json");
        Mock::given(wiremock::matchers::path("/stores")).respond_with(stores).mount(&server).await;
        let products = ResponseTemplate::new(200).set_body_raw(product, "application/json");
        Mock::given(any()).respond_with(products).mount(&server).await;
        let client = client(&server.uri());
        let stores = client.stores().list().send().await.unwrap();
        assert_eq!((stores.items.len(), stores.items[0].store_id), (2, StoreId::new(4)), "{what}");
        let products = client.products().list().send().await.unwrap();
        assert!(products.items[0].name.as_ref().unwrap().contains('\u{fffd}'), "{what}");
    }
}

#[tokio::test]
async fn what_is_no_list_is_no_poison() {
    for body in ["<html>503</html>", "", "null", r#"{"message":"maintenance"}"#, &json!([]).to_string()] {
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(ResponseTemplate::new(200).set_body_string(body))
            .mount(&server)
            .await;
        let error =
            client(&server.uri()).orders().list().items().try_collect::<Vec<Order>>().await.unwrap_err();
        assert!([ErrorKind::Decode, ErrorKind::Unavailable].contains(&error.kind()), "{body}");
        assert!(server.received_requests().await.unwrap().len() < 20, "{body}");
    }
    // An outage that cuts every answer is one, and ends.
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_string(r#"{"orders":[{"orde"#))
        .mount(&server)
        .await;
    let error = client(&server.uri()).orders().list().items().try_collect::<Vec<Order>>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(server.received_requests().await.unwrap().len() < 40);
}
