//! Every shape in which ShipStation reports a failure ends in the same error, with the human reason in `message()`.

use serde_json::{Value, json};
use shipstation_connector::client::{
    Address, Error, ErrorKind, NewAccount, NewOrder, OrderId, OrderStatus, Outcome, RetryPolicy, ShipStation,
    ShipmentId, StoreId, TagId, WebhookEvent,
};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use crate::support::{builder, fixture};

async fn server(status: u16, body: Vec<u8>) -> (MockServer, ShipStation) {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(status).set_body_raw(body, "application/json");
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let retry =
        RetryPolicy { max_attempts: 1, max_elapsed: std::time::Duration::ZERO, ..RetryPolicy::default() };
    let client = builder(&server.uri()).retry(retry).build().unwrap();
    (server, client)
}

async fn create(client: &ShipStation) -> Error {
    let now = "2024-01-01T00:00:00Z".parse().unwrap();
    let order =
        NewOrder::new("M-1", now, OrderStatus::AwaitingShipment, Address::default(), Address::default());
    client.orders().create(&order).await.unwrap_err()
}

#[tokio::test]
async fn faults_of_every_recorded_shape_give_their_reason() {
    use ErrorKind::{Auth, Invalid, NotFound, RateLimited, Unavailable};
    for (file, status, kind, outcome, message) in [
        (
            "400_modelstate.json",
            400,
            Invalid,
            Outcome::Answered,
            Some("The request is invalid. apiOrder: Required property"),
        ),
        (
            "400_modelstate_label.json",
            400,
            Invalid,
            Outcome::Answered,
            Some("The request is invalid. request.testlabel:"),
        ),
        (
            "400_modelstate_array.json",
            400,
            Invalid,
            Outcome::Answered,
            Some("The request is invalid. apiOrders: Cannot"),
        ),
        ("400_message_only.json", 400, Invalid, Outcome::Answered, Some("Invalid serviceCode")),
        ("400_message_lowercase.json", 400, Invalid, Outcome::Answered, Some("Invalid request parameters")),
        ("401_message_lowercase.json", 401, Auth, Outcome::Answered, Some("Invalid API credentials")),
        ("401_plain.txt", 401, Auth, Outcome::Answered, Some("401 Unauthorized")),
        ("401_empty.txt", 401, Auth, Outcome::Answered, None),
        (
            "503_html.html",
            503,
            Unavailable,
            Outcome::Unknown,
            Some("Service Unavailable 503 - Service Unavailable"),
        ),
        ("404_message.json", 404, NotFound, Outcome::Answered, Some("No HTTP resource was found")),
        ("429.json", 429, RateLimited, Outcome::NotSent, Some("Too Many Requests")),
        ("500_exception.json", 500, Invalid, Outcome::Unknown, Some("Object reference not set")),
        (
            "500_business_validation.json",
            500,
            Invalid,
            Outcome::Unknown,
            Some("Ship To: Postal Code must be provided."),
        ),
        (
            "500_inner_exception.json",
            500,
            Unavailable,
            Outcome::Unknown,
            Some("An error occurred while executing the command. Execution Timeout Expired."),
        ),
        (
            "500_message_lowercase.json",
            500,
            Unavailable,
            Outcome::Unknown,
            Some("An internal error occurred"),
        ),
    ] {
        let (_server, client) = server(status, fixture(&format!("v1/errors/{file}"))).await;
        let error = create(&client).await;
        assert_eq!((error.kind(), error.outcome(), error.status()), (kind, outcome, Some(status)), "{file}");
        match (error.message(), message) {
            (Some(found), Some(wanted)) => assert!(found.starts_with(wanted), "{file}: {found}"),
            (found, wanted) => assert_eq!(found, wanted, "{file}"),
        }
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("SS.OpenApi") && !shown.contains("Postal"), "{shown}");
        assert!(shown.contains("orders/createorder"), "{shown}");
    }
}

#[tokio::test]
async fn faults_that_a_page_of_html_reports_say_nothing_of_the_resource() {
    const PAGE: &str = "\n<!DOCTYPE html><html><head><title>Not here</title></head></html>";
    for (status, body, kind, outcome) in [
        (404, PAGE, ErrorKind::Unavailable, Outcome::Unknown),
        (410, PAGE, ErrorKind::Unavailable, Outcome::Unknown),
        (404, "", ErrorKind::NotFound, Outcome::Answered),
        (404, "{\"Message\":\"No <b>such</b> order\"}", ErrorKind::NotFound, Outcome::Answered),
    ] {
        let (server, client) = server(status, body.into()).await;
        let error = client.orders().get(OrderId::new(1)).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome(), error.status()), (kind, outcome, Some(status)), "{body}");
        assert_eq!(server.received_requests().await.unwrap().len(), 1);
        let error = client.orders().mark_as_shipped(OrderId::new(1), "ups").send().await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (kind, outcome), "{body}");
    }
    let (server, _) = server(404, PAGE.into()).await;
    crate::support::client(&server.uri()).orders().get(OrderId::new(1)).await.unwrap_err();
    assert!(server.received_requests().await.unwrap().len() > 1, "what passes is tried again");
}

#[tokio::test]
async fn faults_of_a_whole_429_are_read_from_its_headers() {
    let recorded: Value = serde_json::from_slice(&fixture("v1/errors/429_headers.json")).unwrap();
    let mut answer = ResponseTemplate::new(429).set_body_json(&recorded["body"]);
    for (name, value) in recorded["headers"].as_object().unwrap() {
        answer = answer.insert_header(name.as_str(), value.as_str().unwrap());
    }
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let retry = RetryPolicy { max_elapsed: std::time::Duration::ZERO, ..RetryPolicy::default() };
    let client = builder(&server.uri()).retry(retry).build().unwrap();
    let error = client.orders().get(OrderId::new(1)).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(std::time::Duration::from_secs(18)));
}

#[tokio::test]
async fn faults_under_200_are_never_successes() {
    let refused = |error: Error, message: &str| {
        assert_eq!(
            (error.kind(), error.outcome(), error.status()),
            (ErrorKind::Invalid, Outcome::Answered, Some(200))
        );
        assert_eq!(error.message(), Some(message));
    };
    let (_server, client) = server(200, fixture("v1/errors/success_false.json")).await;
    let error = client.orders().add_tag(OrderId::new(1), TagId::new(2)).await.unwrap_err();
    refused(error, "The requested order could not be found.");
    for error in [
        client.orders().mark_as_shipped(OrderId::new(1), "ups").send().await.unwrap_err(),
        client.carriers().add_funds("ups", 20.into()).await.unwrap_err(),
        client
            .webhooks()
            .subscribe("https://h.example.com", WebhookEvent::OrderNotify)
            .send()
            .await
            .unwrap_err(),
        client.orders().get(OrderId::new(1)).await.unwrap_err(),
        create(&client).await,
    ] {
        refused(error, "The requested order could not be found.");
    }

    // Any object would pass for a carrier: nothing in one is required.
    let (_server, client) = server(200, fixture("v1/errors/400_message_only.json")).await;
    let error = client.carriers().add_funds("ups", 20.into()).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Decode, Outcome::Unknown));
    assert_eq!(error.message(), Some("Invalid serviceCode"));

    let (_server, client) = server(200, fixture("v1/errors/void_not_approved.json")).await;
    refused(
        client.shipments().void_label(ShipmentId::new(1)).await.unwrap_err(),
        "This label has already been voided.",
    );

    let (_server, client) = server(200, fixture("v1/errors/register_failed.json")).await;
    let account = NewAccount::new("A", "B", "c@example.com", "d");
    refused(client.accounts().register(&account).await.unwrap_err(), "The email address is already in use.");

    let (_server, client) = server(200, fixture("v1/errors/bulk_partial.json")).await;
    let now = "2024-01-01T00:00:00Z".parse().unwrap();
    let order =
        NewOrder::new("M-1", now, OrderStatus::AwaitingShipment, Address::default(), Address::default());
    let bulk = client.orders().create_many(&[order]).await.unwrap();
    let failures: Vec<_> = bulk.failures().map(|failure| failure.error_message.as_deref().unwrap()).collect();
    assert_eq!(failures, ["'Ship Name' must not be empty."]);
}

#[tokio::test]
async fn faults_of_a_refresh_status_that_names_no_store_are_no_status() {
    let failure = json!({"Message": "An error has occurred.", "ExceptionMessage": "Store is gone."});
    for (body, message) in [(failure, Some("Store is gone.")), (json!({}), None)] {
        let (_server, client) = server(200, body.to_string().into_bytes()).await;
        let error = client.stores().refresh_status(StoreId::new(301_418)).await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::Decode, message));
    }
}

#[tokio::test]
async fn faults_of_a_bulk_answer_that_leaves_an_order_open_are_unknown() {
    let now = "2024-01-01T00:00:00Z".parse().unwrap();
    let order = |number: &str| {
        NewOrder::new(number, now, OrderStatus::AwaitingShipment, Address::default(), Address::default())
    };
    let orders = [order("M-1"), order("M-2")];
    let made = |number: &str| json!({"orderId": 1, "orderNumber": number, "success": true});
    for (has_errors, results) in [
        (false, json!([made("M-1")])),
        (false, json!([made("M-1"), null])),
        (true, json!([made("M-1"), made("M-2")])),
        (false, json!([])),
        (false, json!(null)),
    ] {
        let body = json!({"hasErrors": has_errors, "results": results}).to_string();
        let (_server, client) = server(200, body.clone().into_bytes()).await;
        let error = client.orders().create_many(&orders).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Decode, Outcome::Unknown), "{body}");
        assert_eq!(error.path(), Some("results"), "{body}");
    }
    let body = json!({"hasErrors": false, "results": [made("M-1"), made("M-2")]}).to_string();
    let (_server, client) = server(200, body.into_bytes()).await;
    assert_eq!(client.orders().create_many(&orders).await.unwrap().failures().count(), 0);

    let (_server, client) = server(200, fixture("v1/errors/success_false.json")).await;
    let error = client.orders().create_many(&orders).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Invalid, Outcome::Answered));
}

#[tokio::test]
async fn faults_of_wrong_credentials_say_what_to_do() {
    let (_server, client) = server(401, Vec::new()).await;
    let error = client.users().list().send().await.unwrap_err();
    assert!(error.to_string().contains("check the API key and API secret"), "{error}");
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn faults_of_an_answer_without_end_are_bounded() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_string("[".repeat(5_000)))
        .mount(&server)
        .await;
    let client = builder(&server.uri()).body_limit(4_000).build().unwrap();
    let error = client.users().list().send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    let deep = builder(&server.uri()).build().unwrap();
    assert_eq!(deep.users().list().send().await.unwrap_err().kind(), ErrorKind::Decode);
}
