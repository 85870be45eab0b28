//! What the client makes of ShipStation's answers.

use std::sync::{Arc, Mutex};

use shipstation_connector::client::{
    AttemptOutcome, CallInfo, CallObserver, DriftKind, ErrorKind, Lane, OrderId, OrderStatus, RowErrorKind,
    Wait,
};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, method, path, query_param},
};

use crate::support::{client, fixture};

#[tokio::test]
async fn wire_a_nasty_page_keeps_every_readable_row() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/orders"))
        .and(header("authorization", "Basic dGVzdC1rZXk6cGxhbnRlZC1zZWNyZXQtNTUxMg=="))
        .and(query_param("orderStatus", "awaiting_shipment"))
        .and(query_param("createDateStart", "2024-02-27 00:00:00"))
        .respond_with(
            ResponseTemplate::new(200).set_body_raw(fixture("orders_nasty.json"), "application/json"),
        )
        .expect(1)
        .mount(&server)
        .await;
    let client = client(&server.uri());
    let page = client
        .orders()
        .list()
        .status(OrderStatus::AwaitingShipment)
        .created_since("2024-02-27T08:00:00.9Z".parse().unwrap())
        .send()
        .await
        .unwrap();

    assert_eq!((page.items.len(), page.nulls, page.total, page.pages), (2, 1, Some(4), Some(0)));
    let first = &page.items[0];
    assert_eq!(first.order_id, OrderId::new(2_184_550_917));
    assert_eq!(first.create_date.as_ref().unwrap().instant().to_string(), "2024-02-27T23:06:41.357Z");
    assert_eq!(first.items[0].unit_price.unwrap().to_string(), "18.50");
    assert_eq!(first.tax_amount.unwrap().to_string(), "1.20");
    assert_eq!(first.items[0].quantity, Some(2));
    assert_eq!(first.gift, Some(false));
    assert!(first.weight.is_none() && first.ship_by_date.is_none() && first.tag_ids.is_empty());
    assert!(!format!("{first:?}").to_lowercase().contains("planted"));

    let bad = &page.errors[0];
    assert_eq!(
        (bad.index, bad.id, bad.path.as_str(), bad.kind),
        (2, Some(2_184_550_918), "createDate", RowErrorKind::Decode)
    );
    assert!(!bad.to_string().contains("Planted"), "{bad}");

    assert_eq!(page.items[1].extra.get("brandNew"), Some(r#"{"a": 1.10}"#));
    let drift = client.drift();
    assert!(
        drift.iter().any(|drift| drift.kind == DriftKind::Member
            && drift.model == "Order"
            && drift.name == "brandNew")
    );
}

#[tokio::test]
async fn wire_a_404_without_a_body_is_not_found() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/orders/7"))
        .respond_with(ResponseTemplate::new(404))
        .expect(1)
        .mount(&server)
        .await;
    let error = client(&server.uri()).orders().get(OrderId::new(7)).await.unwrap_err();
    assert_eq!((error.kind(), error.status(), error.message()), (ErrorKind::NotFound, Some(404), None));
    assert_eq!(error.endpoint(), "orders/{orderId}");
}

#[tokio::test]
async fn wire_null_under_200_is_no_resource_and_an_empty_body_is_no_answer() {
    let cases = [("", ErrorKind::Decode), ("null", ErrorKind::NotFound), (" null\n", ErrorKind::NotFound)];
    for (body, kind) in cases {
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .respond_with(ResponseTemplate::new(200).set_body_string(body))
            .mount(&server)
            .await;
        let client = client(&server.uri());
        assert_eq!(client.orders().get(OrderId::new(7)).await.unwrap_err().kind(), kind, "{body:?}");
        assert_eq!(client.users().list().send().await.unwrap_err().kind(), ErrorKind::Decode);
        assert_eq!(client.orders().list().send().await.unwrap_err().kind(), ErrorKind::Decode);
    }
    for (body, fits) in [
        (r#"{"orders": null, "total": 0}"#, true),
        (r#"{"orders": ""}"#, true),
        (r#"{"orders": [], "total": 7, "page": 9}"#, true),
        (r#"{"orders": null, "total": 3}"#, false),
        (r#"{"orders": {}}"#, false),
        (r#"{"total": 0}"#, false),
        (r#"{"Message": "An error has occurred."}"#, false),
        (r#"[{"orderId": 1}]"#, false),
        ("\u{feff}{\"orders\": []}", true),
    ] {
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .respond_with(ResponseTemplate::new(200).set_body_string(body))
            .mount(&server)
            .await;
        assert_eq!(client(&server.uri()).orders().list().send().await.is_ok(), fits, "{body}");
    }
}

#[tokio::test]
async fn wire_html_with_200_is_never_no_rows() {
    let server = MockServer::start().await;
    let html = "<html><body>Welcome</body></html>";
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_raw(html, "text/html"))
        .mount(&server)
        .await;
    let client = client(&server.uri());
    assert_eq!(client.orders().list().send().await.unwrap_err().kind(), ErrorKind::Decode);
    assert_eq!(client.accounts().list_tags().await.unwrap_err().kind(), ErrorKind::Decode);
    assert_eq!(client.users().list().send().await.unwrap_err().kind(), ErrorKind::Decode);
}

#[derive(Debug, Default)]
struct Diary(Mutex<Vec<String>>);

impl Diary {
    fn note(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }
}

impl CallObserver for Diary {
    fn sending(&self, call: &CallInfo) {
        self.note(format!("sending {} {}", call.method, call.endpoint));
    }

    fn waiting(&self, _: &CallInfo, wait: &Wait) {
        self.note(format!("waiting {:?}", wait.why));
    }

    fn attempt_ended(&self, _: &CallInfo, answer: &AttemptOutcome) {
        self.note(format!(
            "{:?} left {:?}, attempt {}",
            answer.status, answer.rate.remaining, answer.attempt
        ));
    }
}

#[tokio::test]
async fn wire_an_observer_sees_every_attempt_and_every_wait() {
    let server = MockServer::start().await;
    for (status, times) in [(429, 1), (503, 1)] {
        let answer = ResponseTemplate::new(status).insert_header("x-rate-limit-reset", "3");
        Mock::given(method("GET"))
            .respond_with(answer)
            .up_to_n_times(times)
            .with_priority(1)
            .mount(&server)
            .await;
    }
    let answer = ResponseTemplate::new(200)
        .insert_header("x-rate-limit-limit", "40")
        .insert_header("x-rate-limit-remaining", "31")
        .set_body_string("[]");
    Mock::given(method("GET")).respond_with(answer).mount(&server).await;
    let diary = Arc::new(Diary::default());
    let client = client(&server.uri()).on_lane(Lane::Import).observed_by(diary.clone());
    client.accounts().list_tags().await.unwrap();
    let lines = diary.0.lock().unwrap().clone();
    assert_eq!(
        lines,
        [
            "sending GET accounts/listtags",
            "Some(429) left None, attempt 1",
            "waiting Throttled",
            "sending GET accounts/listtags",
            "Some(503) left None, attempt 2",
            "waiting Backoff",
            "sending GET accounts/listtags",
            "Some(200) left Some(31), attempt 3",
        ]
    );
}

#[tokio::test]
async fn wire_a_base_url_may_have_a_path() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_string("[]"))
        .mount(&server)
        .await;
    for base in ["/proxy/v1", "/proxy/v1/"] {
        let client = client(&format!("{}{base}", server.uri()));
        client.users().list().show_inactive(true).send().await.unwrap();
        client.get("/users?x=1").send::<serde_json::Value>().await.unwrap();
    }
    let asked = server.received_requests().await.unwrap();
    let asked: Vec<String> =
        asked.iter().map(|request| request.url[url::Position::BeforePath..].to_owned()).collect();
    assert_eq!(asked, ["/proxy/v1/users?showInactive=true", "/proxy/v1/users?x=1"].repeat(2));
}

#[tokio::test]
async fn wire_a_status_that_is_not_listed_is_asked_for_as_it_is() {
    let server = MockServer::start().await;
    let page = r#"{"orders":[{"orderId":1,"orderStatus":"on_the_moon"}],"total":1}"#;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_string(page))
        .mount(&server)
        .await;
    let client = client(&server.uri());
    let page = client.orders().list().status("on_the_moon".into()).send().await.unwrap();
    assert_eq!(page.items[0].order_status.as_ref().map(OrderStatus::as_str), Some("on_the_moon"));
    let asked = server.received_requests().await.unwrap();
    assert_eq!(asked[0].url.query(), Some("orderStatus=on_the_moon"));
    let drift = client.drift();
    assert_eq!(
        drift.iter().map(|drift| (drift.model, drift.name.as_str())).collect::<Vec<_>>(),
        [("OrderStatus", "on_the_moon")]
    );
}
