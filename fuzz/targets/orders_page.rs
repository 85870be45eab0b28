//! The body of an answer to a list of orders, as a page and as an error. None panics the client, and what was read of an order is
//! written as JSON that reads the same.
#![no_main]

use std::sync::Arc;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use shipstation_connector::client::{
    Credentials, Error, Order, RetryPolicy, ShipStation, Transport, TransportBody, TransportError,
};

#[derive(Debug)]
struct Answers {
    status: http::StatusCode,
    body: Bytes,
}

#[async_trait::async_trait]
impl Transport for Answers {
    async fn send(&self, _: http::Request<Bytes>) -> Result<http::Response<TransportBody>, TransportError> {
        let mut answer = http::Response::new(TransportBody::from(self.body.clone()));
        *answer.status_mut() = self.status;
        Ok(answer)
    }
}

fn listed(status: http::StatusCode, body: &[u8]) -> Result<Vec<Order>, Error> {
    let transport = Arc::new(Answers { status, body: Bytes::copy_from_slice(body) });
    let client = ShipStation::builder(Credentials::new("key", "secret"));
    let client = client.transport(transport).retry(RetryPolicy::never()).build()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    Ok(runtime.block_on(client.orders().list().send())?.items)
}

fuzz_target!(|body: &[u8]| {
    for order in listed(http::StatusCode::OK, body).unwrap_or_default() {
        let written = serde_json::to_string(&order).unwrap();
        let read: Order = serde_json::from_str(&written).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), written);
    }
    // Not 401: a key that is refused is remembered by the process.
    let refused = listed(http::StatusCode::BAD_REQUEST, body).unwrap_err();
    assert!(!refused.to_string().contains('\n'), "{refused}");
});
