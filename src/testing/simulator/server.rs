//! The loopback port. axum reads and writes HTTP; a connection is closed by a body that breaks off, which sends nothing if that
//! comes at once.

use std::{
    future, io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    response::Response,
    serve::ListenerExt as _,
};
use futures_util::{StreamExt as _, stream};
use tokio::{net::TcpListener, sync::watch};

use super::{answer::Delivery, pipeline::Service};

/// Larger bodies than this are not read; ShipStation's own limit is not known.
const BODY_LIMIT: usize = 32 * 1024 * 1024;

#[derive(Clone)]
struct AppState {
    service: Arc<Service>,
    open: watch::Receiver<bool>,
}

/// Opens the port and serves until `open` becomes false. Returns the address.
pub(super) async fn open(service: Arc<Service>, open: watch::Receiver<bool>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, service.config.port)).await?;
    let address = listener.local_addr()?;
    let listener = listener.tap_io(|stream| {
        // Without it small answers wait for the client's acknowledgement.
        let _ = stream.set_nodelay(true);
    });
    let router = Router::new().fallback(handle).with_state(AppState { service, open: open.clone() });
    let serving = axum::serve(listener, router).with_graceful_shutdown(closed(open));
    tokio::spawn(async move {
        // The only error is one of accepting, which axum handles itself.
        let _ = serving.await;
    });
    Ok(address)
}

/// Waits until the simulator is gone.
async fn closed(mut open: watch::Receiver<bool>) {
    // An error says that the sender is gone, which means the same.
    let _ = open.wait_for(|open| !open).await;
}

async fn handle(State(state): State<AppState>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT).await else { return hang_up() };
    match state.service.handle(&head, &body) {
        Delivery::Answer(response) => response.map(Body::from),
        Delivery::CutBody(response) => response.map(|half| begun(half, future::ready(()))),
        Delivery::StallBody(response) => response.map(|half| begun(half, closed(state.open))),
        Delivery::Refuse | Delivery::Drop => hang_up(),
        Delivery::Hang => {
            closed(state.open).await;
            hang_up()
        }
    }
}

/// An answer of which nothing is sent: its body breaks off before the head leaves, and the connection is closed.
fn hang_up() -> Response {
    Response::new(Body::from_stream(stream::once(future::ready(Err::<Bytes, _>(cut())))))
}

/// A body that breaks off after this event.
fn begun(half: Bytes, end: impl Future<Output = ()> + Send + 'static) -> Body {
    let rest = stream::once(async {
        // The pause makes the server flush what it has.
        tokio::task::yield_now().await;
        end.await;
        Err(cut())
    });
    Body::from_stream(stream::iter([Ok(half)]).chain(rest))
}

fn cut() -> io::Error {
    io::Error::other("cut")
}
