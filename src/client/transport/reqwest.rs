//! The shipped transport: reqwest.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response};

use super::{Transport, TransportBody, TransportError, TransportErrorKind};
use crate::client::{ClientSettings, Error, error::Problem};

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
    settings: &ClientSettings,
    scheme: &str,
    is_loopback: bool,
) -> Result<ReqwestTransport, Error> {
    check_tls(scheme)?;
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(settings.connect_timeout)
        .pool_idle_timeout(Duration::from_secs(20));
    if is_loopback {
        // Plain http is allowed because it stays on this machine; a proxy would carry the credentials elsewhere.
        builder = builder.no_proxy();
    } else if let Some(proxy) = &settings.proxy {
        // Its error may show the password.
        let proxy =
            reqwest::Proxy::all(proxy).map_err(|_| Problem::config("proxy: is not a usable address"))?;
        builder = builder.proxy(proxy);
    }
    if let Some(pem) = &settings.root_certificates {
        builder = trust(builder, pem)?;
    }
    builder.build().map(ReqwestTransport).map_err(|error| {
        let problem = Problem::config(
            "the HTTP client cannot be made; check the TLS feature and the root certificates",
        );
        Problem { source: Some(Box::new(error.without_url())), ..problem }.into()
    })
}

/// Adds authorities to those that are trusted.
#[cfg(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"))]
fn trust(builder: reqwest::ClientBuilder, pem: &str) -> Result<reqwest::ClientBuilder, Error> {
    match reqwest::Certificate::from_pem_bundle(pem.as_bytes()) {
        Ok(certificates) if !certificates.is_empty() => Ok(builder.tls_certs_merge(certificates)),
        _ => Err(Problem::config("root_certificates: is not a PEM certificate").into()),
    }
}

#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls")))]
fn trust(_: reqwest::ClientBuilder, _: &str) -> Result<reqwest::ClientBuilder, Error> {
    Err(Problem::config("root_certificates: the crate was built without TLS").into())
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
