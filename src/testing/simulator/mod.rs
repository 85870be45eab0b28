//! A stateful ShipStation V1 for tests and demonstrations, in process or on a loopback port. It is independent of the
//! client, with which it shares nothing but the [`Clock`](crate::client::Clock) and the [`Transport`](crate::client::Transport).
//!
//! # From other processes
//!
#![doc = include_str!("../../../docs/simulator.md")]

mod account;
mod account_orders;
mod account_shipping;
mod api;
mod builders;
mod clock;
mod config;
mod control;
mod deliveries;
mod fault;
mod journal;
mod json;
mod lists;
mod order_sequence;
mod pacific;
mod pipeline;
mod record;
mod reply;
mod request;
mod saved;
mod shapes;
mod transport;

use std::{
    io,
    sync::{Arc, Mutex, OnceLock},
};

use tokio::sync::watch;

pub use account::Account;
pub use account_shipping::Notice;
pub use builders::{SimAddress, SimLine, SimOrder, SimProduct};
pub use clock::SimClock;
pub use config::{ActionFailure, Quirks, RateLimit, RepeatMarkAsShipped, SimulatorConfig, UnshippableMark};
pub use fault::{Fault, FaultKind, ListFlaw};
pub use http::Method;
pub use journal::{Journal, JournalEntry, ShownList};
pub use record::{Field, Record};
pub use transport::InProcess;

use api::Handled;
use deliveries::Event;
use pacific::Digits;
use pipeline::{AccountState, Backend, KeyPair};
use record::{Kind, Member, Shape, record, set};
use reply::{ListPage, ListRow, Reply, WireResponse};
use request::{ApiRequest, whole_number};

use crate::{
    Timestamp,
    client::{Credentials, ShipStation, ShipStationBuilder},
    locked::locked,
    shows::shows,
};

/// An account of a simulated ShipStation. Clones share it, and a port closes when the last handle is dropped.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use shipstation_connector::testing::simulator::{SimOrder, Simulator, SimulatorConfig};
///
/// let sim = Simulator::in_process(SimulatorConfig::default());
/// sim.account(|account| account.add_order(SimOrder::new("1001").shipping("Standard")));
/// let client = sim.client().build()?;
/// let page = client.orders().list().send().await?;
/// assert_eq!(page.items[0].order_number.as_deref(), Some("1001"));
/// // Count what was asked for:
/// assert_eq!(sim.journal().count("GET", "/orders"), 1);
/// # Ok::<(), shipstation_connector::client::Error>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct Simulator {
    backend: Arc<Backend>,
    /// The account that this handle is about.
    state: Arc<Mutex<AccountState>>,
    /// The first of its keys.
    pair: Arc<KeyPair>,
    /// The address of the open port, and what closes it when it is dropped.
    port: Arc<OnceLock<(String, watch::Sender<()>)>>,
}

impl Simulator {
    /// A simulator that is reached through its [`client`](Self::client) or [`transport`](Self::transport), without a socket.
    pub fn in_process(config: SimulatorConfig) -> Self {
        let first = KeyPair::new(&config.api_key, &config.api_secret);
        let backend = Arc::new(Backend::new(config));
        let state = backend.add_account(first);
        Self::of(&backend, state)
    }

    /// The handle of an account.
    fn of(backend: &Arc<Backend>, state: Arc<Mutex<AccountState>>) -> Self {
        let pair = locked(&state).keys.first().cloned().unwrap_or_default();
        Self { backend: Arc::clone(backend), state, pair: Arc::new(pair), port: Arc::default() }
    }

    /// The handle of another account, with the same port.
    fn beside(&self, state: Arc<Mutex<AccountState>>) -> Self {
        Self { port: Arc::clone(&self.port), ..Self::of(&self.backend, state) }
    }

    /// A simulator that serves any HTTP client on a loopback port as well; see [`open_port`](Self::open_port).
    ///
    /// # Errors
    /// When the port cannot be opened.
    pub async fn start(config: SimulatorConfig) -> io::Result<Self> {
        let sim = Self::in_process(config);
        sim.open_port().await?;
        Ok(sim)
    }

    /// Opens the configured loopback port on the present tokio runtime, unless it is open already, and returns its address.
    ///
    /// # Errors
    /// When the port cannot be opened.
    pub async fn open_port(&self) -> io::Result<&str> {
        if self.port.get().is_none() {
            let (sender, receiver) = watch::channel(());
            let address = transport::open_port(Arc::clone(&self.backend), receiver).await?;
            let url = format!("http://{address}/");
            self.port.get_or_init(|| (url, sender));
        }
        Ok(self.url())
    }

    /// The base address, such as `http://127.0.0.1:49152/`. Without an open port it leads nowhere but through the
    /// [`transport`](Self::transport).
    pub fn url(&self) -> &str {
        self.port.get().map_or("http://127.0.0.1/", |(url, _)| url)
    }

    /// What takes a client's requests here without a socket.
    pub fn transport(&self) -> Arc<InProcess> {
        Arc::new(InProcess(Arc::clone(&self.backend)))
    }

    /// A client of this account, to be built: with its key, the simulated clock, and no socket.
    pub fn client(&self) -> ShipStationBuilder {
        ShipStation::builder(Credentials::new(self.api_key(), self.api_secret()))
            .base_url(self.url())
            .transport(self.transport())
            .clock(self.clock())
    }

    /// Adds another account, with data, journal, faults and budget of its own and the same clock. The handle is about it.
    ///
    /// ```
    /// use shipstation_connector::testing::simulator::{Simulator, SimulatorConfig};
    /// let one = Simulator::in_process(SimulatorConfig::default());
    /// let other = one.add_account("other-key", "other-secret");
    /// other.account(|account| account.add_tag("Rush"));
    /// assert!(one.account(|account| account.tags.is_empty()));
    /// ```
    #[must_use = "the handle is the way to the account"]
    pub fn add_account(&self, key: &str, secret: &str) -> Self {
        self.beside(self.backend.add_account(KeyPair::new(key, secret)))
    }

    /// A handle of every account, in the order in which they were added, by the first of its keys.
    pub fn accounts(&self) -> Vec<Self> {
        self.backend.accounts().into_iter().map(|state| self.beside(state)).collect()
    }

    /// Adds a second pair that opens this account, as for a rotation. Each pair has a budget of its own.
    pub fn add_key(&self, key: &str, secret: &str) {
        self.with_state(|state| state.keys.push(KeyPair::new(key, secret)));
    }

    /// Refuses a key of this account with 401 from an instant on. False when there is no such key.
    pub fn expire_key(&self, key: &str, at: Timestamp) -> bool {
        self.with_state(|state| {
            let pair = state.keys.iter_mut().find(|pair| pair.key == key);
            pair.map(|pair| pair.expires = Some(at)).is_some()
        })
    }

    /// The account's first key.
    pub fn api_key(&self) -> &str {
        &self.pair.key
    }

    /// The secret that goes with it.
    pub fn api_secret(&self) -> &str {
        &self.pair.secret
    }

    /// The simulated clock, to be given to the client as well.
    pub fn clock(&self) -> Arc<SimClock> {
        Arc::clone(&self.backend.clock)
    }

    /// Looks at the account or changes it. No request is served meanwhile.
    pub fn account<R>(&self, f: impl FnOnce(&mut Account) -> R) -> R {
        self.with_state(|state| {
            state.run_scheduled();
            let result = f(&mut state.account);
            state.remember(state.account.now());
            result
        })
    }

    /// Scripts a fault, behind those given before.
    pub fn fault(&self, fault: Fault) {
        self.with_state(|state| {
            state.faults.push(fault);
            state.remember(state.account.now());
        });
    }

    /// The scripted faults, also those that nothing meets any more.
    pub fn faults(&self) -> Vec<Fault> {
        self.with_state(|state| state.faults.clone())
    }

    /// Forgets every scripted fault.
    pub fn clear_faults(&self) {
        self.with_state(|state| {
            state.faults.clear();
            state.history.clear();
        });
    }

    /// Changes the account just before the `nth` request from now with this method and path, the first being 1: the way to let
    /// an order leave the list between two pages. Paths are those of [`Fault::on`]; requests over the limit or without the right
    /// key do not count.
    pub fn before(
        &self,
        method: Method,
        path: &str,
        nth: u64,
        change: impl FnOnce(&mut Account) + Send + 'static,
    ) {
        let rule = Fault::on(method, path).after(nth.saturating_sub(1));
        self.with_state(|state| state.hooks.push((rule, Box::new(change))));
    }

    /// What ShipStation posts for this event: the address of each subscription of it that is on, and the body. `resource` is the path
    /// and query of what happened, such as `shipments?batchId=7`. Nothing is posted by itself.
    pub fn deliveries(&self, event: &str, resource: &str) -> Vec<(String, String)> {
        let urls: Vec<_> =
            self.account(|account| account.subscribers(event, None).map(str::to_owned).collect());
        urls.into_iter().map(|url| (url, self.body(event, resource))).collect()
    }

    /// What ShipStation posts for what has happened since the last time: address and body, oldest first. Nothing is posted by itself;
    /// the thousand last events wait.
    pub fn take_deliveries(&self) -> Vec<(String, String)> {
        let events = self.account(Account::take_events);
        let posts = |(event, urls): (Event, Vec<String>)| {
            let body = self.body(event.kind, &event.resource);
            urls.into_iter().map(move |url| (url, body.clone()))
        };
        events.into_iter().flat_map(posts).collect()
    }

    fn body(&self, event: &str, resource: &str) -> String {
        let url = format!("{}{}", self.url(), resource.trim_start_matches('/'));
        serde_json::json!({ "resource_url": url, "resource_type": event }).to_string()
    }

    /// Changes the rate limit.
    pub fn set_rate_limit(&self, limit: RateLimit) {
        self.with_state(|state| state.limit = limit);
    }

    /// Spends requests of the first key's present minute, as another program with the same key would.
    pub fn spend_budget(&self, requests: u32) {
        self.with_state(|state| {
            let now = state.account.now();
            state.keys.iter_mut().take(1).for_each(|pair| pair.usage.spend(now, requests));
        });
    }

    /// A copy of the journal so far.
    pub fn journal(&self) -> Journal {
        self.with_state(|state| state.journal.clone())
    }

    /// The journal so far, which is empty afterwards: between the two no request is served, so none escapes the count.
    pub fn take_journal(&self) -> Journal {
        self.with_state(|state| std::mem::take(&mut state.journal))
    }

    /// Empties the journal.
    pub fn clear_journal(&self) {
        drop(self.take_journal());
    }

    fn with_state<R>(&self, f: impl FnOnce(&mut AccountState) -> R) -> R {
        f(&mut locked(&self.state))
    }
}

shows! { |it: Simulator| url = it.url() }
