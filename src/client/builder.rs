//! Sets up a client. Everything but the credentials is optional; what cannot work is refused here and not at the
//! first request.

use std::{fmt, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, header};
use url::Url;

use super::{
    Clock, CredentialSource, Error, Inner, Lane, MinuteWindow, RateLimiter, ReqwestTransport, RetryPolicy,
    ShipStation, SystemClock, Transport, error::Problem, key::Keys, retry::RetryBudget,
    server_clock::ServerClock, transport, wire::drift::DriftCounter,
};

const BASE_URL: &str = "https://ssapi.shipstation.com/";

/// Collects the settings of a [`ShipStation`]; see [`ShipStation::builder`].
#[must_use = "nothing happens until build() is called"]
pub struct Builder {
    credentials: Arc<dyn CredentialSource>,
    base_url: String,
    partner_key: Option<String>,
    user_agent: String,
    timeout: Duration,
    connect_timeout: Duration,
    retry: RetryPolicy,
    limiter: Option<Arc<dyn RateLimiter>>,
    transport: Option<Arc<dyn Transport>>,
    clock: Option<Arc<dyn Clock>>,
    seed: Option<u64>,
    body_limit: usize,
}

impl fmt::Debug for Builder {
    /// Neither the keys nor the address, which may hold a password by mistake.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("timeout", &self.timeout)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

impl Builder {
    pub(super) fn new(credentials: Arc<dyn CredentialSource>) -> Self {
        Self {
            credentials,
            base_url: BASE_URL.to_owned(),
            partner_key: None,
            user_agent: concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")).to_owned(),
            timeout: Duration::from_secs(100),
            connect_timeout: Duration::from_secs(10),
            retry: RetryPolicy::default(),
            limiter: None,
            transport: None,
            clock: None,
            seed: None,
            body_limit: 64 * 1024 * 1024,
        }
    }

    /// Another address than `https://ssapi.shipstation.com/`, to which paths are added. It must be https, or http on the
    /// loopback interface, and may hold a path, but neither user nor query nor fragment.
    pub fn base_url(mut self, base_url: impl AsRef<str>) -> Self {
        base_url.as_ref().clone_into(&mut self.base_url);
        self
    }

    /// The key that ShipStation gives to integration partners, sent as `x-partner`; it raises the rate limit.
    pub fn partner_key(mut self, key: impl Into<String>) -> Self {
        self.partner_key = Some(key.into());
        self
    }

    /// What the client calls itself.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// How long one attempt may take from connecting to the last byte, on the client's [clock](Clock::timer). Default 100 s: pages of 500
    /// orders have been seen to take more than a minute.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long connecting may take, in real time. Default 10 s. Not used with [`http_client`](Self::http_client) or
    /// [`transport`](Self::transport).
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How failures are repeated.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// The limiter to ask before each request; by default a [`MinuteWindow`] of 40 a minute. Give the *same* limiter to
    /// all clients that use one key.
    pub fn rate_limiter(mut self, limiter: Arc<dyn RateLimiter>) -> Self {
        self.limiter = Some(limiter);
        self
    }

    /// A `reqwest::Client` of the host's own, for its proxy or TLS settings.
    ///
    /// It should follow no redirects and retry nothing (`redirect::Policy::none()`, `retry::never()`): a redirect could carry a
    /// write elsewhere, and a hidden retry would break the promise that some writes are sent once.
    pub fn http_client(self, client: reqwest::Client) -> Self {
        self.transport(Arc::new(ReqwestTransport::new(client)))
    }

    /// What sends the requests, in place of the built-in HTTP client.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// The clock for limiter, back-off, time-outs and everything else but the [time to connect](Self::connect_timeout).
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Makes everything repeatable that the client, and a channel that uses it, leave to chance: the jitter of waits, the ids of
    /// runs, what is looked at first. For tests: two clients with one seed draw the same numbers.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The longest body that is read from an answer, in bytes. Default 64 MiB; a page of 500 orders takes about 2.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Checks the settings and makes the client. No request is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](super::ErrorKind::Config), naming the setting and the remedy.
    pub fn build(self) -> Result<ShipStation, Error> {
        let base = base(&self.base_url)?;
        let headers = self.headers()?;
        let keys = Keys::new(self.credentials, &base, self.clock.as_ref())?;
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock));
        let transport = match self.transport {
            Some(transport) => transport,
            None => Arc::new(transport::built_in(self.connect_timeout, base.scheme(), is_loopback(&base))?),
        };
        let limiter = match self.limiter {
            Some(limiter) => limiter,
            None => Arc::new(MinuteWindow::default().clock(Arc::clone(&clock))),
        };
        let random = self.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        let inner = Inner {
            transport,
            base,
            headers,
            keys,
            timeout: self.timeout,
            budget: RetryBudget::new(self.retry.budget),
            retry: self.retry,
            limiter,
            clock,
            server_clock: ServerClock::default(),
            random: random.into(),
            drift: DriftCounter::default(),
            body_limit: self.body_limit,
        };
        Ok(ShipStation {
            inner: Arc::new(inner),
            lane: Lane::default(),
            observer: None,
            timeout: None,
            not_after: None,
            stop: None,
            permit: Arc::default(),
            probe: Arc::default(),
        })
    }

    fn headers(&self) -> Result<HeaderMap, Error> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(header::USER_AGENT, header_value("user_agent", &self.user_agent)?);
        if let Some(key) = &self.partner_key {
            let mut value = header_value("partner_key", key)?;
            value.set_sensitive(true);
            headers.insert("x-partner", value);
        }
        Ok(headers)
    }
}

fn header_value(setting: &str, text: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(text)
        .map_err(|_| Problem::config(format!("{setting}: must be printable text without line breaks")).into())
}

fn base(text: &str) -> Result<Url, Error> {
    let refuse = |why: &str| Err(Problem::config(format!("base_url: {why}")).into());
    let Ok(mut url) = Url::parse(text.trim()) else {
        return refuse("is no absolute URL; use https://ssapi.shipstation.com/");
    };
    if url.host_str().is_none() || url.cannot_be_a_base() {
        return refuse("names no host; use https://ssapi.shipstation.com/");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("must not hold a user or password; give them to Credentials::new");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("must not hold a query or a fragment; give the address that paths are added to");
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => {
            return refuse(
                "http would send the credentials in the clear; use https (http is allowed for the loopback interface only)",
            );
        }
        _ => return refuse("must begin with https"),
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name.trim_end_matches('.') == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
