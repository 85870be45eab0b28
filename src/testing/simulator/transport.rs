//! The two ways to the simulator: without a socket, and over a loopback port. axum reads and writes HTTP there; a connection is
//! closed by a body that breaks off, which sends nothing if that comes at once.

use std::{
    future, io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use async_trait::async_trait;
use axum::{
    Router,
    body::Body,
    extract::{Request as ServerRequest, State},
    serve::ListenerExt as _,
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use http::{Request, Response};
use tokio::{net::TcpListener, sync::watch, task::yield_now};

use super::{Backend, WireResponse, reply::ConnectionEnd};
use crate::{
    client::{Clock as _, SystemClock, Transport, TransportBody, TransportError, TransportErrorKind},
    shows::shows,
};

/// Larger bodies than this are not read; ShipStation's own limit is not known.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// Takes a client's requests to a [`Simulator`](super::Simulator) in the same process.
///
/// Every fault looks as it does on a port: a dropped or cut connection may have left its request executed, a refused one has
/// certainly not. A request that is never answered ends the time-outs that run on the simulator's clock at once.
#[derive(Clone)]
pub struct InProcess(pub(super) Arc<Backend>);

shows! { |_it: InProcess| }

#[async_trait]
impl Transport for InProcess {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<TransportBody>, TransportError> {
        let (head, body) = request.into_parts();
        let clock = Arc::clone(&self.0.clock);
        // Others run, and the request may be dropped, before it is executed and before it is answered.
        yield_now().await;
        // No answer takes real time here.
        let (response, _) = self.0.handle(&head, &body);
        yield_now().await;
        let (part, end) = match response {
            WireResponse::Complete(response) => return Ok(response.map(TransportBody::from)),
            WireResponse::Broken(part, end) => (part, end),
            WireResponse::Refuse => {
                let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
                return Err(TransportError::new(TransportErrorKind::Connect, refused));
            }
        };
        let error = async move {
            if let ConnectionEnd::Hang = end {
                // Whoever waits gives up first.
                clock.end_timers().await;
                future::pending::<()>().await;
            }
            let reset = io::Error::from(io::ErrorKind::ConnectionReset);
            TransportError::new(TransportErrorKind::Interrupted, reset)
        };
        match part {
            Some(response) => Ok(response.map(|half| TransportBody::from_stream(broken_off(half, error)))),
            None => Err(error.await),
        }
    }
}

/// A body that breaks off with this error.
fn broken_off<E>(half: Bytes, error: impl Future<Output = E>) -> impl Stream<Item = Result<Bytes, E>> {
    stream::iter([Ok(half)]).chain(stream::once(async { Err(error.await) }))
}

/// What is served, and a channel that ends when the port closes.
type Served = (Arc<Backend>, watch::Receiver<()>);

/// Opens the port and serves until the sender of `open` is gone. Returns the address.
pub(super) async fn open_port(backend: Arc<Backend>, open: watch::Receiver<()>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, backend.config.port)).await?;
    let address = listener.local_addr()?;
    let listener = listener.tap_io(|stream| {
        // Without it small answers wait for the client's acknowledgement.
        let _ = stream.set_nodelay(true);
    });
    let router = Router::new().fallback(serve).with_state((backend, open.clone()));
    let serving = axum::serve(listener, router).with_graceful_shutdown(closed(open));
    tokio::spawn(async move {
        // The only error is one of accepting, which axum handles itself.
        let _ = serving.await;
    });
    Ok(address)
}

async fn closed(mut open: watch::Receiver<()>) {
    // Nothing is ever sent: the only answer is that the sender is gone.
    let _ = open.changed().await;
}

async fn serve(State((backend, open)): State<Served>, request: ServerRequest) -> Response<Body> {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY_BYTES).await else {
        return hang_up(io::Error::other("too long"));
    };
    let (response, delay) = backend.handle(&head, &body);
    if !delay.is_zero() {
        SystemClock.sleep(delay).await;
    }
    let (part, end) = match response {
        WireResponse::Complete(response) => return response.map(Body::from),
        WireResponse::Broken(part, end) => (part, end),
        WireResponse::Refuse => (None, ConnectionEnd::Close),
    };
    let error = async move {
        // The pause makes the server flush what it has.
        yield_now().await;
        if let ConnectionEnd::Hang = end {
            closed(open).await;
        }
        io::Error::other("cut")
    };
    match part {
        Some(response) => response.map(|half| Body::from_stream(broken_off(half, error))),
        None => hang_up(error.await),
    }
}

/// An answer of which nothing is sent: its body breaks off before the head leaves, and the connection is closed.
fn hang_up(error: io::Error) -> Response<Body> {
    Response::new(Body::from_stream(stream::once(future::ready(Err::<Bytes, _>(error)))))
}
