//! The way out: any request to ShipStation, with the same credentials, limits, retries and errors as the typed ones.

use std::{borrow::Cow, time::Duration};

use http::Method;
use serde::{Serialize, de::DeserializeOwned};
use serde_path_to_error::Segment;

use super::{
    Error, Idempotency, ShipStation,
    call::{Answer, Call},
    endpoints::endpoints,
    wire::rows::{DecodeIssue, reason},
};
use crate::setters::setters;

/// A request that is not modeled; see [`ShipStation::get`].
#[derive(Debug)]
#[must_use = "nothing is sent until send() is awaited"]
pub struct RawCall {
    client: ShipStation,
    call: Call,
}

impl ShipStation {
    /// A GET of a path under the base URL, repeated like every read.
    ///
    /// ```no_run
    /// # async fn example(client: &shipstation_connector::client::ShipStation) -> Result<(), shipstation_connector::client::Error> {
    /// let order: serde_json::Value = client.get("orders/93348442").send().await?;
    /// # Ok(()) }
    /// ```
    pub fn get(&self, path: impl AsRef<str>) -> RawCall {
        self.raw(Method::GET, path.as_ref(), Idempotency::Read)
    }

    /// A POST to a path under the base URL. It is taken to be a write that must happen once, unless
    /// [`RawCall::idempotency`] says otherwise.
    pub fn post(&self, path: impl AsRef<str>) -> RawCall {
        self.raw(Method::POST, path.as_ref(), Idempotency::Once)
    }

    /// A PUT to a path under the base URL, taken to be repeatable.
    pub fn put(&self, path: impl AsRef<str>) -> RawCall {
        self.raw(Method::PUT, path.as_ref(), Idempotency::Repeatable)
    }

    /// A DELETE of a path under the base URL, taken to be repeatable.
    pub fn delete(&self, path: impl AsRef<str>) -> RawCall {
        self.raw(Method::DELETE, path.as_ref(), Idempotency::Repeatable)
    }

    fn raw(&self, method: Method, path: &str, class: Idempotency) -> RawCall {
        let call = Call::new(method, Cow::Owned(template(path)), path, class);
        RawCall { client: self.clone(), call }
    }
}

/// The path without its query, and with every word left out that no operation of the API has: it may be an id, an order
/// number or a key.
fn template(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default().trim_start_matches('/');
    let segments = path.split('/').map(|segment| if is_known(segment) { segment } else { "{…}" });
    segments.collect::<Vec<_>>().join("/")
}

fn is_known(segment: &str) -> bool {
    let mut words = endpoints().iter().flat_map(|endpoint| endpoint.path.split('/'));
    words.any(|word| word.eq_ignore_ascii_case(segment))
}

impl RawCall {
    /// Adds a query parameter.
    pub fn query(self, name: impl Into<String>, value: impl ToString) -> Self {
        Self { call: self.call.query(name.into(), value), ..self }
    }

    /// Sets the JSON body.
    pub fn json(self, body: &impl Serialize) -> Self {
        Self { call: self.call.json(body), ..self }
    }

    setters! {
        #![must_use]
        /// Says how often the request may take effect.
        idempotency(class: Idempotency) => call.class = class;
        /// How long one attempt may take, on the client's [clock](super::Clock::timer).
        timeout(timeout: Duration) => call.timeout = Some(timeout);
    }

    /// Sends the request and decodes the answer. An empty body is read as JSON null.
    pub async fn send<T: DeserializeOwned>(self) -> Result<T, Error> {
        let answer = self.client.call(&self.call).await?;
        let json = if answer.is_empty() { b"null".as_slice() } else { &answer.body };
        serde_json::from_slice(json).map_err(|_| answer.undecodable(issue::<T>(&answer)))
    }
}

fn issue<T: DeserializeOwned>(answer: &Answer) -> DecodeIssue {
    let mut deserializer = serde_json::Deserializer::from_slice(&answer.body);
    match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Ok(_) => DecodeIssue::whole("more than one JSON value"),
        Err(error) => DecodeIssue { path: indexes(error.path()), reason: reason(error.inner()) },
    }
}

/// The place by its list indexes alone: a member's name may be a key that the answer chose, such as a buyer's name.
fn indexes(path: &serde_path_to_error::Path) -> String {
    path.iter().filter(|segment| matches!(segment, Segment::Seq { .. })).map(ToString::to_string).collect()
}
