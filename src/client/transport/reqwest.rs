//! The shipped transport: reqwest.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response};

use super::{Transport, TransportBody, TransportError, TransportErrorKind};
use crate::client::{Error, error::Problem};

/// Sends requests with a `reqwest::Client`.
#[derive(Debug, Clone)]
pub struct ReqwestTransport(reqwest::Client);

impl ReqwestTransport {
    /// Uses this client. It should follow no redirects and retry nothing (`redirect::Policy::none()`, `retry::never()`): a
    /// redirect could carry a write elsewhere, and a hidden retry would break the promise that some writes are sent once.
    pub fn new(client: reqwest::Client) -> Self {
        Self(client)
    }
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<TransportBody>, TransportError> {
        let response = self.0.execute(request.try_into()?).await?;
        let mut head = Response::new(());
        *head.status_mut() = response.status();
        head.headers_mut().clone_from(response.headers());
        Ok(head.map(|()| body(response)))
    }
}

fn body(response: reqwest::Response) -> TransportBody {
    TransportBody::from_stream(stream::try_unfold(response, |mut response| async {
        Ok(response.chunk().await?.map(|chunk| (chunk, response)))
    }))
}

impl From<reqwest::Error> for TransportError {
    /// Only a connection that was never made proves that nothing was sent.
    fn from(error: reqwest::Error) -> Self {
        let kind = match (error.is_connect(), error.is_timeout()) {
            _ if error.is_builder() => TransportErrorKind::Unsupported,
            (true, false) => TransportErrorKind::Connect,
            (true, true) => TransportErrorKind::ConnectTimeout,
            (false, false) => TransportErrorKind::Interrupted,
            (false, true) => TransportErrorKind::Timeout,
        };
        Self::new(kind, error.without_url())
    }
}

/// The transport of a client whose host brought none: no redirects, no retries of its own, and connections that are dropped
/// before the server does, so that a write seldom meets a dead one.
pub(in crate::client) fn built_in(
    connect_timeout: Duration,
    scheme: &str,
    is_loopback: bool,
) -> Result<ReqwestTransport, Error> {
    check_tls(scheme)?;
    let builder = reqwest::Client::builder();
    // Plain http is allowed because it stays on this machine; a proxy would carry the credentials elsewhere.
    let builder = if is_loopback { builder.no_proxy() } else { builder };
    builder
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(connect_timeout)
        .pool_idle_timeout(Duration::from_secs(20))
        .build()
        .map(ReqwestTransport)
        .map_err(|error| {
            let problem = Problem::config("the HTTP client cannot be made; check the TLS feature");
            Problem { source: Some(Box::new(error.without_url())), ..problem }.into()
        })
}

/// Refuses what would otherwise panic or fail obscurely later.
fn check_tls(scheme: &str) -> Result<(), Error> {
    if cfg!(not(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls")))
        && scheme == "https"
    {
        return Err(Problem::config(
            "http_client: the crate was built without TLS; enable the feature `rustls` or `native-tls`, or bring a client",
        )
        .into());
    }
    #[cfg(all(feature = "rustls-no-provider", not(any(feature = "rustls", feature = "native-tls"))))]
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        return Err(Problem::config(
            "http_client: no TLS provider is installed; call rustls::crypto::CryptoProvider::install_default() first",
        )
        .into());
    }
    Ok(())
}
