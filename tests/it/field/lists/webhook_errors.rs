//! A delivery that cannot be read, and one whose address may not be followed, each say so; nothing is sent for either.

use shipstation_connector::client::{ErrorKind, Outcome, WebhookDelivery};

use crate::support::client;

#[test]
fn a_delivery_that_cannot_be_read_says_so() {
    for body in
        ["", "null", "rubbish", "<html></html>", "[]", "{}", r#"{"resource_url": 7}"#, r#"{"resource_type"#]
    {
        let error = WebhookDelivery::parse(body.as_bytes()).unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Decode, Outcome::NotSent), "{body}");
        let text = error.to_string();
        assert!(text.starts_with("the webhook delivery cannot be read"), "{text}");
        assert!(!text.contains("answer"), "{text}");
    }
}

#[tokio::test]
async fn an_address_that_may_not_be_followed_is_told_without_a_request() {
    let client = client("http://127.0.0.1:9/");
    let body =
        br#"{"resource_url": "https://evil.example/orders?importBatch=x", "resource_type": "ORDER_NOTIFY"}"#;
    let delivery = WebhookDelivery::parse(body).unwrap();
    let error = client.webhooks().check(&delivery).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Untrusted, Outcome::NotSent));
    assert!(error.to_string().contains("may not be followed"), "{error}");
    assert!(!error.to_string().contains("evil"), "{error}");
    let body = br#"{"resource_url": "https://ssapi6.shipstation.com/orders?importBatch=x", "resource_type": "ORDER_NOTIFY"}"#;
    client.webhooks().check(&WebhookDelivery::parse(body).unwrap()).unwrap();
}
