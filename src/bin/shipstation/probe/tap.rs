//! A transport that remembers what was answered.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::TryStreamExt;
use http::{HeaderMap, Request, Response};
use serde_json::Value;
use shipstation_connector::client::{
    ClientSettings, RateHeaders, ReqwestTransport, Transport, TransportBody, TransportError,
    TransportErrorKind,
};

use super::Probe;
use crate::{account::is_loopback, exit::Failure};

/// One answer.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) path: String,
    pub(super) query: Vec<String>,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) rate: RateHeaders,
    pub(super) bytes: usize,
    /// `Null` for what is no JSON.
    pub(super) body: Value,
}

/// Sends requests on, and remembers the answers.
#[derive(Debug)]
pub(super) struct Tap {
    inner: ReqwestTransport,
    seen: Mutex<Vec<Seen>>,
}

impl Tap {
    pub(super) fn new(settings: &ClientSettings) -> Result<Self, Failure> {
        if settings.proxy.is_some() || settings.root_certificates.is_some() {
            return Err(Failure::usage(
                "probe knows no client.proxy and no client.root_certificates: name the proxy in HTTPS_PROXY",
            ));
        }
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(settings.connect_timeout);
        // What stays on this machine needs no proxy, which would carry the key elsewhere.
        let client = if is_loopback(&settings.base_url) { client.no_proxy() } else { client }.build();
        let client = client
            .map_err(|_| Failure::usage("the HTTP client cannot be set up: is there TLS in this build?"))?;
        Ok(Self { inner: ReqwestTransport::new(client), seen: Mutex::default() })
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Transport for Tap {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<TransportBody>, TransportError> {
        if self.seen().len() >= Probe::REQUESTS {
            let why = "the probe has made as many requests as it may";
            return Err(TransportError::new(TransportErrorKind::Unsupported, why));
        }
        let path = request.uri().path().trim_start_matches('/').to_owned();
        let query = request.uri().query().unwrap_or_default();
        let query = query.split('&').filter(|pair| !pair.is_empty()).map(str::to_owned).collect();
        let (head, body) = self.inner.send(request).await?.into_parts();
        let body: Vec<Bytes> = body.try_collect().await?;
        let body = Bytes::from(body.concat());
        let now = shipstation_connector::client::Clock::now(&shipstation_connector::client::SystemClock);
        let seen = Seen {
            path,
            query,
            status: head.status.as_u16(),
            headers: head.headers.clone(),
            rate: RateHeaders::read(head.status, &head.headers, now),
            bytes: body.len(),
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        };
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
        Ok(Response::from_parts(head, TransportBody::from(body)))
    }
}
