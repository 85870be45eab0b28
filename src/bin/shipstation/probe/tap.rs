//! A transport that keeps to a budget and remembers what was answered.

use std::{
    future::Future,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::TryStreamExt;
use http::{HeaderMap, Method, Request, Response};
use serde_json::Value;
use shipstation_connector::client::{
    ClientSettings, Clock, Error, RateHeaders, ReqwestTransport, SystemClock, Transport, TransportBody,
    TransportError, TransportErrorKind,
};

use super::{plan::Plan, refused};
use crate::{account::is_loopback, exit::Failure};

/// One answer.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: Vec<String>,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) rate: RateHeaders,
    pub(super) bytes: usize,
    /// `Null` for what is no JSON.
    pub(super) body: Value,
}

impl Seen {
    /// The rows of a list, whatever it is called.
    pub(super) fn rows(&self) -> &[Value] {
        let named = || self.body.as_object()?.values().find_map(Value::as_array);
        self.body.as_array().or_else(named).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Sends requests on, and remembers the answers.
#[derive(Debug)]
pub(super) struct Tap {
    inner: ReqwestTransport,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    seen: Vec<Seen>,
    /// Requests that left, or were to leave: an answer may be missing.
    pub(super) requests: usize,
    pub(super) writes: usize,
    /// So many requests may be made in all.
    pub(super) cap: usize,
    /// The next write may leave, and no other one after it: what was turned away is not sent again.
    pub(super) may_write: bool,
    /// A request was refused because none was left.
    pub(super) is_over: bool,
}

impl State {
    fn admit(&mut self, method: &Method) -> Result<(), TransportError> {
        let refused = |why: &'static str| Err(TransportError::new(TransportErrorKind::Unsupported, why));
        if self.requests >= self.cap {
            self.is_over = true;
            return refused("the probe has made as many requests as it may");
        }
        if *method != Method::GET {
            if !std::mem::take(&mut self.may_write) || self.writes >= Plan::WRITES {
                return refused("the probe sends no write twice");
            }
            self.writes += 1;
        }
        self.requests += 1;
        Ok(())
    }
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
        Ok(Self { inner: ReqwestTransport::new(client), state: Mutex::default() })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.state().seen.clone()
    }

    /// How many requests may still be made.
    pub(super) fn left(&self) -> usize {
        let state = self.state();
        state.cap.saturating_sub(state.requests)
    }

    /// The last answer to this call, if there was one, beside what the client makes of it.
    pub(super) async fn listen<T>(
        &self,
        call: impl Future<Output = Result<T, Error>>,
    ) -> (Option<Seen>, Result<T, Error>) {
        let before = self.state().seen.len();
        let made = call.await;
        let state = self.state();
        (state.seen.iter().skip(before).next_back().cloned(), made)
    }

    /// The same of a call without whose answer the probe ends.
    pub(super) async fn answer<T>(
        &self,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<(Seen, Result<T, Error>), Failure> {
        match self.listen(call).await {
            (Some(seen), made) => Ok((seen, made)),
            (None, Err(error)) => Err(error.into()),
            (None, Ok(_)) => Err(refused(0)),
        }
    }

    /// The same of one that has to succeed.
    pub(super) async fn read<T>(
        &self,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<(Seen, Result<T, Error>), Failure> {
        match self.answer(call).await? {
            (seen, _) if seen.status != 200 => Err(refused(seen.status)),
            answered => Ok(answered),
        }
    }
}

#[async_trait]
impl Transport for Tap {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<TransportBody>, TransportError> {
        self.state().admit(request.method())?;
        let method = request.method().clone();
        let path = request.uri().path().trim_start_matches('/').to_owned();
        let query = request.uri().query().unwrap_or_default();
        let query = query.split('&').filter(|pair| !pair.is_empty()).map(str::to_owned).collect();
        let (head, body) = self.inner.send(request).await?.into_parts();
        let body: Vec<Bytes> = body.try_collect().await?;
        let body = Bytes::from(body.concat());
        let seen = Seen {
            method,
            path,
            query,
            status: head.status.as_u16(),
            headers: head.headers.clone(),
            rate: RateHeaders::read(head.status, &head.headers, SystemClock.now()),
            bytes: body.len(),
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        };
        self.state().seen.push(seen);
        Ok(Response::from_parts(head, TransportBody::from(body)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Method, State};

    #[test]
    fn requests_a_write_leaves_once_for_each_time_it_is_allowed_and_never_beyond_the_budget() {
        let mut state = State { cap: 5, ..State::default() };
        assert!(state.admit(&Method::POST).is_err(), "no write was allowed");
        for _ in 0..2 {
            state.may_write = true;
            assert!(state.admit(&Method::POST).is_ok());
            assert!(state.admit(&Method::POST).is_err(), "it was turned away, and is not sent again");
        }
        state.may_write = true;
        assert!(state.admit(&Method::POST).is_err(), "a third one");
        assert!((0..3).all(|_| state.admit(&Method::GET).is_ok()) && !state.is_over);
        assert!(state.admit(&Method::GET).is_err() && state.is_over);
        assert_eq!((state.requests, state.writes), (5, 2));
    }
}
