//! The loopback port. axum reads and writes HTTP; this file adds what a web server would never do: hang up
//! without a byte, in the middle of a body, or not answer at all.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, Request, State, connect_info::Connected},
    response::Response,
    serve::{IncomingStream, Listener},
};
use futures_util::{StreamExt as _, stream};
use http::{HeaderValue, header};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use super::{
    answer::Answer,
    pipeline::{Delivery, Headers, Service},
    request::Call,
};

/// Larger bodies than this are not read; ShipStation's own limit is not known.
const BODY_LIMIT: usize = 32 * 1024 * 1024;

/// Opens the port and serves until `open` becomes false. Returns the address.
pub(super) async fn open(
    service: Arc<Service>,
    port: u16,
    open: watch::Receiver<bool>,
) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    let desk = Desk { service, open: open.clone() };
    let router = Router::new().fallback(handle).with_state(desk);
    let serving = axum::serve(Door(listener), router.into_make_service_with_connect_info::<Cord>())
        .with_graceful_shutdown(closed(open));
    tokio::spawn(async move {
        // The only error is one of accepting, which the door handles itself.
        let _ = serving.await;
    });
    Ok(address)
}

/// Waits until the simulator is gone.
async fn closed(mut open: watch::Receiver<bool>) {
    // An error says that the sender is gone, which means the same.
    let _ = open.wait_for(|open| !open).await;
}

#[derive(Debug, Clone)]
struct Desk {
    service: Arc<Service>,
    open: watch::Receiver<bool>,
}

async fn handle(
    State(desk): State<Desk>,
    ConnectInfo(cord): ConnectInfo<Cord>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT).await else { return cord.hang_up() };
    let authorization = head.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let call = Call::new(head.method, &head.uri, &body);
    match desk.service.exchange(&call, authorization) {
        Delivery::Answer(answer, headers) => {
            let body = answer.body.clone().map_or_else(Body::empty, Body::from);
            response(&answer, headers, body)
        }
        Delivery::CutBody(answer, headers) => {
            let body = half_body(&answer);
            response(&answer, headers, body)
        }
        Delivery::Drop => cord.hang_up(),
        Delivery::Hang => {
            closed(desk.open).await;
            cord.hang_up()
        }
    }
}

fn response(answer: &Answer, headers: Headers, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(answer.status).unwrap_or_default();
    let fields = response.headers_mut();
    let own = [("date", headers.date), ("cache-control", "no-cache".to_owned())];
    for (name, value) in own.into_iter().chain(headers.rate) {
        if let Ok(value) = HeaderValue::from_str(&value) {
            fields.insert(name, value);
        }
    }
    if answer.body.is_some() {
        let kind = if answer.html { "text/html; charset=utf-8" } else { "application/json; charset=utf-8" };
        fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    response
}

/// A body that breaks off: half of the text, then an error, on which the connection is closed.
fn half_body(answer: &Answer) -> Body {
    let half = super::inject::first_half(answer.body.clone().unwrap_or_default());
    let sent = stream::once(async { Ok(Bytes::from(half)) });
    let cut = stream::once(async {
        // The pause makes the server flush what it has.
        tokio::task::yield_now().await;
        Err(io::Error::other("cut"))
    });
    Body::from_stream(sent.chain(cut))
}

/// The port, handing out lines that can be cut.
struct Door(TcpListener);

impl Listener for Door {
    type Io = Line;
    type Addr = Cord;

    async fn accept(&mut self) -> (Line, Cord) {
        loop {
            if let Ok((stream, _)) = self.0.accept().await {
                // Without it small answers wait for the client's acknowledgement.
                let _ = stream.set_nodelay(true);
                let cord = Cord::default();
                return (Line { stream, cord: cord.clone() }, cord);
            }
            tokio::task::yield_now().await;
        }
    }

    fn local_addr(&self) -> io::Result<Cord> {
        Ok(Cord::default())
    }
}

/// What a request pulls to have its connection closed: once pulled, nothing more is written.
#[derive(Debug, Clone, Default)]
struct Cord(Arc<AtomicBool>);

impl Cord {
    /// Closes the connection; the response returned is never sent.
    fn hang_up(&self) -> Response {
        self.0.store(true, Ordering::Release);
        Response::new(Body::empty())
    }

    fn is_pulled(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Connected<IncomingStream<'_, Door>> for Cord {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.remote_addr().clone()
    }
}

/// A connection that fails to write once its cord is pulled, whereupon the server closes it.
struct Line {
    stream: TcpStream,
    cord: Cord,
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.cord.is_pulled() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
