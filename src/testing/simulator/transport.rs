//! The simulator without a socket.

use std::{fmt, future, io, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{Request, Response};

use super::{SimClock, answer::Delivery, pipeline::Service};
use crate::client::{Transport, TransportBody, TransportError, TransportErrorKind};

/// Takes a client's requests to a [`Simulator`](super::Simulator) in the same process.
///
/// Every fault looks as it does on a port: a dropped or cut connection may have left its request executed, a refused one has
/// certainly not. A request that is never answered ends the time-outs that run on the simulator's clock at once.
#[derive(Clone)]
pub struct InProcess {
    service: Arc<Service>,
}

impl InProcess {
    pub(super) fn new(service: Arc<Service>) -> Self {
        Self { service }
    }
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcess").finish_non_exhaustive()
    }
}

#[async_trait]
impl Transport for InProcess {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<TransportBody>, TransportError> {
        let (head, body) = request.into_parts();
        let clock = Arc::clone(&self.service.clock);
        // Others run, and the request may be dropped, before it is executed and before it is answered.
        tokio::task::yield_now().await;
        let delivery = self.service.handle(&head, &body);
        tokio::task::yield_now().await;
        match delivery {
            Delivery::Answer(response) => Ok(response.map(TransportBody::from)),
            Delivery::CutBody(response) => {
                Ok(response.map(|half| begun(half, stream::once(async { Err(interrupted()) }))))
            }
            Delivery::StallBody(response) => {
                Ok(response.map(|half| begun(half, stream::once(async move { never(&clock).await }))))
            }
            Delivery::Refuse => Err(TransportError::new(
                TransportErrorKind::Connect,
                io::Error::from(io::ErrorKind::ConnectionRefused),
            )),
            Delivery::Drop => Err(interrupted()),
            Delivery::Hang => never(&clock).await,
        }
    }
}

fn begun(
    half: Bytes,
    rest: impl stream::Stream<Item = Result<Bytes, TransportError>> + Send + 'static,
) -> TransportBody {
    TransportBody::from_stream(stream::iter([Ok(half)]).chain(rest))
}

fn interrupted() -> TransportError {
    TransportError::new(TransportErrorKind::Interrupted, io::Error::from(io::ErrorKind::ConnectionReset))
}

/// Does not end: whoever waits gives up first.
async fn never<T>(clock: &SimClock) -> T {
    clock.end_timers().await;
    future::pending().await
}
