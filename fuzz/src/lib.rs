//! What comes from outside as bytes, with any bytes: what the targets share.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use shipstation_connector::Timestamp;
use shipstation_connector::client::{
    Clock, Credentials, RetryPolicy, ShipStation, Transport, TransportBody, TransportError,
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

/// Waits of the client, such as those for the next minute, are over at once.
#[derive(Debug, Default)]
struct NoWaiting(AtomicU64);

#[async_trait::async_trait]
impl Clock for NoWaiting {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + Duration::from_millis(self.0.load(Relaxed))
    }

    async fn sleep(&self, duration: Duration) {
        self.0.fetch_add(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).saturating_add(1), Relaxed);
    }
}

/// A client whose every request has this answer.
pub fn answered(status: StatusCode, body: &[u8]) -> ShipStation {
    let transport = OneAnswer { status, body: Bytes::copy_from_slice(body) };
    let client = ShipStation::builder(Credentials::new("key", "secret")).transport(Arc::new(transport));
    client
        .clock(Arc::new(NoWaiting::default()))
        .retry(RetryPolicy::never())
        .build()
        .expect("a client without TLS")
}
