//! How a request leaves and an answer comes back: the one seam between the client and the network. What an answer means is
//! decided in `classify`; limits, timeouts and repeats are the client's own.

mod reqwest;

use std::{
    error::Error as StdError,
    fmt::{self, Debug},
    pin::Pin,
    task::{Context, Poll},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream, Stream},
};

pub use self::reqwest::ReqwestTransport;
pub(super) use self::reqwest::built_in;

/// Sends single HTTP requests. [`ReqwestTransport`] is the one that is used unless the host brings another.
///
/// A transport of one's own reaches ShipStation through a gateway, records traffic, or answers in a test without a socket:
///
/// ```
/// use shipstation_connector::client::{
///     Credentials, ShipStation, Transport, TransportBody, TransportError, TransportErrorKind,
/// };
/// use std::sync::Arc;
///
/// #[derive(Debug)]
/// struct OneUser;
///
/// #[async_trait::async_trait]
/// impl Transport for OneUser {
///     async fn send(
///         &self,
///         request: http::Request<bytes::Bytes>,
///     ) -> Result<http::Response<TransportBody>, TransportError> {
///         match request.uri().path() {
///             "/users" => Ok(http::Response::new(TransportBody::from(r#"[{"userId":"a1","userName":"kim"}]"#))),
///             _ => Err(TransportError::new(TransportErrorKind::Connect, "nobody listens")),
///         }
///     }
/// }
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = ShipStation::builder(Credentials::new("key", "secret")).transport(Arc::new(OneUser)).build()?;
/// let users = client.users().list().send().await?;
/// assert_eq!(users.items.len(), 1);
/// # Ok(()) }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
/// ```
///
/// # Contract
/// - The request MUST be sent at most once: no retries, and no redirects. A redirect is an answer like any other.
/// - An error's [kind](TransportErrorKind) MUST say that the request did not leave only if that is certain: writes are
///   repeated after it.
/// - An answer MUST be returned as soon as its head is there. Its body MUST already be decompressed, and a body that ends
///   before its announced length MUST end with an error.
/// - `send` and the body MUST be cancel-safe: the client drops them when the attempt's time is over.
/// - No error may show the address, the headers or a body. They hold credentials and buyers' data.
#[async_trait]
pub trait Transport: Debug + Send + Sync {
    /// Sends the request and returns the answer, whatever its status.
    ///
    /// The address is absolute. The headers are complete but for those of the connection (`Host`, `Content-Length`,
    /// `Accept-Encoding`).
    ///
    /// # Errors
    /// No answer began.
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<TransportBody>, TransportError>;
}

/// The body of an answer, in pieces of any size.
pub struct TransportBody(BoxStream<'static, Result<Bytes, TransportError>>);

impl TransportBody {
    /// A body that is read while it arrives. After an error it is not polled again.
    pub fn from_stream(chunks: impl Stream<Item = Result<Bytes, TransportError>> + Send + 'static) -> Self {
        Self(chunks.boxed())
    }
}

impl<T: Into<Bytes>> From<T> for TransportBody {
    /// A body that is there already.
    fn from(body: T) -> Self {
        let body = body.into();
        Self::from_stream(stream::once(async { Ok(body) }))
    }
}

impl Stream for TransportBody {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}

impl Debug for TransportBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TransportBody(***)")
    }
}

/// How far a request got that was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The transport cannot send such a request at all. Certainly not sent.
    Unsupported,
    /// No connection was made: refused, no such host, no TLS. Certainly not sent.
    Connect,
    /// No connection was made in time. Certainly not sent.
    ConnectTimeout,
    /// The connection broke. The request may have been executed.
    Interrupted,
    /// The transport's own limit of time was over. The request may have been executed.
    Timeout,
}

impl TransportErrorKind {
    /// Whether the request certainly did not leave.
    pub fn is_not_sent(self) -> bool {
        matches!(self, Self::Unsupported | Self::Connect | Self::ConnectTimeout)
    }
}

/// A request that was not answered, or whose answer broke off.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    source: Box<dyn StdError + Send + Sync>,
}

impl TransportError {
    /// An error with its cause, which must show neither the address nor a header or body.
    pub fn new(kind: TransportErrorKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { kind, source: source.into() }
    }

    /// How far the request got.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    pub(super) fn into_source(self) -> Box<dyn StdError + Send + Sync> {
        self.source
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TransportErrorKind::Unsupported => "the request cannot be sent",
            TransportErrorKind::Connect => "no connection could be made",
            TransportErrorKind::ConnectTimeout => "no connection could be made in time",
            TransportErrorKind::Interrupted => "the connection broke",
            TransportErrorKind::Timeout => "no answer came in time",
        })
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}
