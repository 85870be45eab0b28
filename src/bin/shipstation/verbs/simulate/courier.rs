//! Posts what happened to the webhooks that ask for it. How often the real one tries again is not known (V1 reference, 4.4): here an
//! address that does not answer with success is tried twice more, and some deliveries come twice.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use shipstation_connector::{
    client::{Clock, SystemClock},
    testing::simulator::Simulator,
};

use crate::{account::is_loopback, exit::Failure};

/// How long after an attempt without success the next one is made.
const WAITS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];
/// How long the receiver has.
const TIMEOUT: Duration = Duration::from_secs(10);
/// What `--webhook` subscribes to.
const EVENTS: [&str; 3] = ["ORDER_NOTIFY", "SHIP_NOTIFY", "FULFILLMENT_SHIPPED"];

/// How probably a delivery goes wrong.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chances {
    pub(super) lost: f64,
    pub(super) twice: f64,
}

impl Default for Chances {
    fn default() -> Self {
        Self { lost: 0.0, twice: 0.1 }
    }
}

/// The address of a receiver.
pub(super) fn address(url: &str) -> Result<String, Failure> {
    let parsed = url::Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    parsed
        .map(String::from)
        .ok_or_else(|| Failure::usage(format!("--webhook {url}: this is no http address")))
}

/// Subscribes the address to what happens in an account, unless it is.
pub(super) fn subscribe(account: &Simulator, url: &str) {
    account.account(|account| {
        for event in EVENTS {
            let is_there = account
                .webhooks
                .values()
                .any(|row| row.text("HookType") == Some(event) && row.text("Url") == Some(url));
            if !is_there {
                account.add_webhook(event, url, None, None);
            }
        }
    });
}

/// Posts deliveries, each in a task of its own.
pub(super) struct Courier {
    chances: Chances,
    chance: fastrand::Rng,
    /// For addresses of this machine, and for all others, which a proxy may lead to.
    clients: [reqwest::Client; 2],
    delivered: Arc<AtomicU64>,
}

impl Courier {
    pub(super) fn new(seed: u64, chances: Chances) -> Result<Self, Failure> {
        let builder =
            || reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(TIMEOUT);
        let wrong = |_| Failure::usage("the HTTP client cannot be set up: is there TLS in this build?");
        let clients = [builder().no_proxy().build().map_err(wrong)?, builder().build().map_err(wrong)?];
        Ok(Self { chances, chance: fastrand::Rng::with_seed(seed), clients, delivered: Arc::default() })
    }

    /// How many were received.
    pub(super) fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    /// Sends off what happened since the last time, in every account.
    pub(super) fn post(&mut self, sim: &Simulator) {
        for (url, body) in sim.accounts().iter().flat_map(Simulator::take_deliveries) {
            let [near, far] = &self.clients;
            let client = if is_loopback(&url) { near } else { far };
            let post = client.post(&url).header("content-type", "application/json").body(body);
            for _ in 0..self.copies() {
                tokio::spawn(deliver(post.try_clone(), Arc::clone(&self.delivered)));
            }
        }
    }

    fn copies(&mut self) -> usize {
        let is_lost = self.chance.f64() < self.chances.lost;
        let is_double = self.chance.f64() < self.chances.twice;
        if is_lost { 0 } else { 1 + usize::from(is_double) }
    }
}

/// Posts it, again where that has no success. A post that is no stream can be cloned.
async fn deliver(post: Option<reqwest::RequestBuilder>, delivered: Arc<AtomicU64>) {
    let mut waits = WAITS.into_iter();
    while let Some(attempt) = post.as_ref().and_then(reqwest::RequestBuilder::try_clone) {
        if attempt.send().await.is_ok_and(|answer| answer.status().is_success()) {
            delivered.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let Some(wait) = waits.next() else { return };
        SystemClock.sleep(wait).await;
    }
}
