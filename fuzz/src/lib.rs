//! What comes from outside as bytes, with any bytes: what the targets share.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use shipstation_connector::client::{
    Credentials, RetryPolicy, ShipStation, Transport, TransportBody, TransportError,
};

#[derive(Debug)]
struct OneAnswer {
    status: StatusCode,
    body: Bytes,
}

#[async_trait::async_trait]
impl Transport for OneAnswer {
    async fn send(&self, _: Request<Bytes>) -> Result<Response<TransportBody>, TransportError> {
        let mut answer = Response::new(TransportBody::from(self.body.clone()));
        *answer.status_mut() = self.status;
        Ok(answer)
    }
}

/// A client whose every request has this answer.
pub fn answered(status: StatusCode, body: &[u8]) -> ShipStation {
    let transport = OneAnswer { status, body: Bytes::copy_from_slice(body) };
    let client = ShipStation::builder(Credentials::new("key", "secret")).transport(Arc::new(transport));
    client.retry(RetryPolicy::never()).build().expect("a client without TLS")
}
