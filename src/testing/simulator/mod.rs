//! A stateful ShipStation V1 on a loopback port, for tests and demonstrations. It is a witness independent of
//! the client: it shares nothing with it but the [`Clock`](crate::client::Clock) trait.

mod account;
mod answer;
mod api;
mod basic;
mod builders;
mod clock;
mod config;
mod fault;
mod history;
mod inject;
mod journal;
mod lists;
mod pacific;
mod pipeline;
mod quirks;
mod rate_limit;
mod record;
mod request;
mod row_text;
mod script;
mod server;
mod shapes;

use std::{io, sync::Arc};

use tokio::sync::watch;

pub use account::{Account, Notice};
pub use builders::{SimAddress, SimLine, SimOrder, SimProduct};
pub use clock::SimClock;
pub use config::{RateLimit, SimulatorConfig};
pub use fault::{Fault, FaultKind, ListFlaw};
pub use http::Method;
pub use journal::{Journal, JournalEntry, ShownList};
pub use quirks::{ActionFailure, Quirks, RepeatMarkAsShipped, UnshippableMark};
pub use record::{Field, Record};

use pipeline::Service;

/// A running simulator. Clones share it, and the port closes when the last one is dropped.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use shipstation_connector::testing::simulator::{SimOrder, Simulator, SimulatorConfig};
///
/// let sim = Simulator::start(SimulatorConfig::default()).await?;
/// sim.account(|account| account.add_order(SimOrder::new("1001").shipping("Standard")));
/// // Point a client at `sim.url()` with `sim.api_key()`, `sim.api_secret()` and `sim.clock()`,
/// // then count what it asked for:
/// assert_eq!(sim.journal().count("GET", "/orders"), 0);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct Simulator {
    service: Arc<Service>,
    url: url::Url,
    api_key: Arc<str>,
    api_secret: Arc<str>,
    _open: Arc<Door>,
}

/// Closes the port when the last handle is gone.
#[derive(Debug)]
struct Door(watch::Sender<bool>);

impl Drop for Door {
    fn drop(&mut self) {
        self.0.send_replace(false);
    }
}

impl Simulator {
    /// Opens a loopback port and serves the account behind it on the present tokio runtime.
    ///
    /// # Errors
    /// When the port cannot be opened.
    pub async fn start(config: SimulatorConfig) -> io::Result<Self> {
        let service = Arc::new(Service::new(&config));
        let (sender, receiver) = watch::channel(true);
        let address = server::open(Arc::clone(&service), config.port, receiver).await?;
        let url = url::Url::parse(&format!("http://{address}/")).map_err(io::Error::other)?;
        Ok(Self {
            service,
            url,
            api_key: config.api_key.into(),
            api_secret: config.api_secret.into(),
            _open: Arc::new(Door(sender)),
        })
    }

    /// The base address, such as `http://127.0.0.1:49152/`.
    pub fn url(&self) -> url::Url {
        self.url.clone()
    }

    /// The key that is let in.
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// The secret that goes with it.
    pub fn api_secret(&self) -> &str {
        &self.api_secret
    }

    /// The simulated clock, to be given to the client as well.
    pub fn clock(&self) -> Arc<SimClock> {
        Arc::clone(self.service.clock())
    }

    /// Looks at the account or changes it. No request is served meanwhile.
    pub fn account<R>(&self, f: impl FnOnce(&mut Account) -> R) -> R {
        let mut state = self.service.state();
        state.settle();
        let result = f(&mut state.account);
        state.remember();
        result
    }

    /// Scripts a fault, behind those given before.
    pub fn fault(&self, fault: Fault) {
        self.service.state().add_fault(fault);
    }

    /// Forgets every scripted fault.
    pub fn clear_faults(&self) {
        self.service.state().clear_faults();
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
        let target = fault::Target::new(Some(method), path);
        self.service.state().script.add_hook(target, nth, Box::new(change));
    }

    /// Changes the rate limit.
    pub fn set_rate_limit(&self, limit: RateLimit) {
        self.service.state().set_limit(limit);
    }

    /// Spends requests of the present minute, as another program with the same key would.
    pub fn spend_budget(&self, requests: u32) {
        self.service.state().spend(requests);
    }

    /// A copy of the journal so far.
    pub fn journal(&self) -> Journal {
        self.service.state().journal.clone()
    }

    /// The journal so far, which is empty afterwards: between the two no request is served, so none escapes the count.
    pub fn take_journal(&self) -> Journal {
        std::mem::take(&mut self.service.state().journal)
    }

    /// Empties the journal.
    pub fn clear_journal(&self) {
        drop(self.take_journal());
    }
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulator").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}
