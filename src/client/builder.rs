//! Sets up a client. Everything but the credentials is optional; what cannot work is refused here and not at the
//! first request.

use std::{sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, header};
use url::Url;

use super::{
    ClientSettings, Clock, CredentialSource, Error, Inner, Lane, MinuteWindow, RateLimiter, ReqwestTransport,
    RetryPolicy, ShipStation, SystemClock, Transport, error::Problem, key::Keys, retry::RetryBudget,
    server_clock::ServerClock, transport, wire::drift::DriftCounter,
};
use crate::{setters::setters, shows::shows};

/// Collects the settings of a [`ShipStation`]; see [`ShipStation::builder`].
#[must_use = "nothing happens until build() is called"]
pub struct ShipStationBuilder {
    credentials: Arc<dyn CredentialSource>,
    settings: ClientSettings,
    partner_key: Option<String>,
    user_agent: String,
    limiter: Option<Arc<dyn RateLimiter>>,
    transport: Option<Arc<dyn Transport>>,
    clock: Option<Arc<dyn Clock>>,
    seed: Option<u64>,
}

shows! { |it: ShipStationBuilder| settings }

impl ShipStationBuilder {
    pub(super) fn new(credentials: Arc<dyn CredentialSource>) -> Self {
        Self {
            credentials,
            settings: ClientSettings::default(),
            partner_key: None,
            user_agent: concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")).to_owned(),
            limiter: None,
            transport: None,
            clock: None,
            seed: None,
        }
    }

    setters! {
        #![must_use]
        /// Takes all settings that are plain values at once, in place of what was set of them before.
        settings(settings: &ClientSettings) => settings = settings.clone();
        /// Another address than `https://ssapi.shipstation.com/`, to which paths are added. It must be https, or http on the
        /// loopback interface, and may hold a path, but neither user nor query nor fragment.
        base_url(base_url: impl AsRef<str>) => settings.base_url = base_url.as_ref().into();
        /// The key that ShipStation gives to integration partners, sent as `x-partner`; it raises the rate limit.
        partner_key(key: impl Into<String>) => partner_key = Some(key.into());
        /// What the client calls itself.
        user_agent(user_agent: impl Into<String>) => user_agent = user_agent.into();
        /// How long one attempt may take from connecting to the last byte, on the client's [clock](Clock::timer). Default 100 s: pages of 500
        /// orders have been seen to take more than a minute.
        timeout(timeout: Duration) => settings.timeout = timeout;
        /// How long connecting may take, in real time. Default 10 s. Not used with [`http_client`](Self::http_client) or
        /// [`transport`](Self::transport).
        connect_timeout(timeout: Duration) => settings.connect_timeout = timeout;
        /// How failures are repeated.
        retry(policy: RetryPolicy) => settings.retry = policy;
        /// The limiter to ask before each request; by default a [`MinuteWindow`] of 40 a minute. Give the *same* limiter to
        /// all clients that use one key.
        rate_limiter(limiter: Arc<dyn RateLimiter>) => limiter = Some(limiter);
        /// What sends the requests, in place of the built-in HTTP client.
        transport(transport: Arc<dyn Transport>) => transport = Some(transport);
        /// The clock for limiter, backoff, timeouts and everything else but the [time to connect](Self::connect_timeout).
        clock(clock: Arc<dyn Clock>) => clock = Some(clock);
        /// Makes everything repeatable that the client, and a channel that uses it, leave to chance: the jitter of waits, the ids of
        /// runs, what is looked at first. For tests: two clients with one seed draw the same numbers.
        seed(seed: u64) => seed = Some(seed);
        /// The longest body that is read from an answer, in bytes. Default 64 MiB; a page of 500 orders takes about 2.
        body_limit(bytes: usize) => settings.body_limit = bytes;
    }

    /// A `reqwest::Client` of the host's own, for its proxy or TLS settings.
    ///
    /// It should follow no redirects and retry nothing (`redirect::Policy::none()`, `retry::never()`): a redirect could carry a
    /// write elsewhere, and a hidden retry would break the promise that some writes are sent once.
    pub fn http_client(self, client: reqwest::Client) -> Self {
        self.transport(Arc::new(ReqwestTransport::new(client)))
    }

    /// Checks the settings and makes the client. No request is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](super::ErrorKind::Config), naming the setting and the remedy.
    pub fn build(self) -> Result<ShipStation, Error> {
        let headers = self.headers()?;
        let settings = self.settings;
        if let Some(setting) = settings.unusable() {
            return Err(Problem::config(format!("{setting}: must be more than zero")).into());
        }
        if settings.reserve >= settings.requests_per_minute {
            let why = "reserve: leaves nothing of requests_per_minute; make it less";
            return Err(Problem::config(why).into());
        }
        let base = base(&settings.base_url)?;
        let keys = Keys::new(self.credentials, &base, self.clock.as_ref())?;
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock));
        let transport = match self.transport {
            Some(transport) => transport,
            None => Arc::new(transport::built_in(&settings, base.scheme(), is_loopback(&base))?),
        };
        let limiter = self.limiter.unwrap_or_else(|| {
            let window = MinuteWindow::new(settings.requests_per_minute).reserve(settings.reserve);
            Arc::new(window.clock(Arc::clone(&clock)))
        });
        let random = self.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        let inner = Inner {
            transport,
            base,
            headers,
            keys,
            timeout: settings.timeout,
            budget: RetryBudget::new(settings.retry.budget),
            retry: settings.retry,
            limiter,
            clock,
            server_clock: ServerClock::default(),
            random: random.into(),
            drift: DriftCounter::default(),
            body_limit: settings.body_limit,
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
            writes_once: false,
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
        return refuse("is not an absolute URL; use https://ssapi.shipstation.com/");
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
