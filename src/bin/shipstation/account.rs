//! One connection, ready to be worked with: its channel, its client, and the store.

use std::{
    env,
    io::{self, Write as _},
    sync::{Arc, OnceLock},
};

use shipstation_connector::{
    ShipStation, ShipStationChannel, Timestamp,
    channel::{
        CancelToken, ChannelConnector, ConnectionId, OrderSelector, OrderTimeline, RunControl, RunObserver,
        Trigger, store::Stores,
    },
};

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{
    args::Options,
    config::{Config, Connection},
    exit::{Exit, Failure, said},
    output::{Output, joined},
    progress::Progress,
    store::Store,
};

/// The secret part of the address of webhooks.
const WEBHOOK_SECRET: &str = "SHIPSTATION_WEBHOOK_SECRET";

/// One connection.
pub(crate) struct Account {
    pub(crate) id: ConnectionId,
    pub(crate) channel: Arc<ShipStationChannel>,
    pub(crate) client: ShipStation,
    pub(crate) store: Store,
    pub(crate) stores: Stores,
    pub(crate) dry_run: bool,
    may_write: bool,
    /// Cancelled by Ctrl-C, once a run is under way: until then it ends the program.
    stop: OnceLock<CancelToken>,
}

impl Account {
    /// Opens the connection that the options name. No request is sent.
    pub(crate) async fn open(options: &Options, out: &mut Output) -> Result<Self, Failure> {
        let config = Config::read(options)?;
        let (name, connection) = config.connection(options.connection.as_deref())?;
        let client = client(name, connection)?;
        let store = Store::open(&config.store, out).await?;
        let stores = store.stores();
        let channel = channel(name, connection, client.clone(), stores.clone())?;
        Ok(Self {
            id: name.into(),
            channel: Arc::new(channel),
            client,
            store,
            stores,
            dry_run: options.dry_run,
            may_write: connection.may_be_changed(options),
            stop: OnceLock::new(),
        })
    }

    /// The options of a run.
    pub(crate) fn control(&self) -> RunControl {
        let stop = self.stop.get_or_init(stop_at_interrupt).clone();
        let mut control = RunControl::new().trigger(Trigger::Manual).cancel(stop);
        control.dry_run = self.dry_run;
        control.observer = Progress::new().map(|progress| Arc::new(progress) as Arc<dyn RunObserver>);
        control
    }

    /// Refuses what may change the account without consent.
    pub(crate) fn consent(&self, what: &str) -> Result<(), Failure> {
        consent(self.may_write || self.dry_run, what)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.client.clock().now()
    }

    /// ShipStation's id of the one order that is meant. An id costs no request.
    pub(crate) async fn order_id(&self, which: &OrderSelector) -> Result<String, Failure> {
        if let OrderSelector::Id(id) = which {
            let number = id.as_str().parse::<i64>().ok().filter(|number| *number > 0);
            let is_id = number.is_some_and(|number| number.to_string() == id.as_str());
            let wrong = || Failure::usage(format!("id:{id} is no id of ShipStation's: it is a number"));
            return if is_id { Ok(id.to_string()) } else { Err(wrong()) };
        }
        let request = OrderTimeline::new(which.clone()).control(self.control());
        let found = self.channel.timeline(request).await;
        // What was asked for is no timeline.
        let found = found.map_err(|error| Failure { message: said(&error.refusal), ..error.into() })?;
        Ok(found.order.to_string())
    }
}

/// Refuses what may change an account, unless it may be.
pub(crate) fn consent(is_given: bool, what: &str) -> Result<(), Failure> {
    let why = || {
        format!(
            "{what} may change orders in the account: consent with --yes, set allow_writes for the connection, or look first with --dry-run"
        )
    };
    if is_given { Ok(()) } else { Err(Failure::usage(why())) }
}

/// The client of a connection, once its settings are found sound.
fn client(name: &str, connection: &Connection) -> Result<ShipStation, Failure> {
    let problems = connection.settings.problems();
    if !problems.is_empty() {
        return Err(Failure::usage(format!("connection {name}: {}", joined(problems, "; "))));
    }
    Ok(ShipStation::builder(connection.keys.read()?).settings(&connection.client).build()?)
}

fn channel(
    name: &str,
    connection: &Connection,
    client: ShipStation,
    stores: Stores,
) -> Result<ShipStationChannel, Failure> {
    let mut settings = connection.settings.clone();
    // What is linked is what `link` was given.
    settings.listings.get_or_insert_default();
    let mut builder = ShipStationChannel::builder(client, name, stores).settings(settings);
    if let Some(secret) = env::var(WEBHOOK_SECRET).ok().filter(|secret| !secret.is_empty()) {
        builder = builder.webhook_secret(secret);
    }
    builder.build().map_err(|error| Failure::usage(format!("connection {name}: {error}")))
}

/// The channel of a connection of the file, for `watch`.
pub(crate) fn channel_of(
    name: &str,
    connection: &Connection,
    store: &Store,
) -> Result<ShipStationChannel, Failure> {
    channel(name, connection, client(name, connection)?, store.stores())
}

/// Whether the address is a simulator's, where nothing can go wrong.
pub(crate) fn is_loopback(address: &str) -> bool {
    let host = url::Url::parse(address).ok().and_then(|url| url.host().map(|host| host.to_owned()));
    match host {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Cancelled by the first Ctrl-C, or when the system ends the program; the second one ends it at once.
pub(crate) fn stop_at_interrupt() -> CancelToken {
    let stop = CancelToken::new();
    let token = stop.clone();
    // Listened for from here on, and not only once the task runs.
    let mut interrupts = Interrupts::listen();
    tokio::spawn(async move {
        interrupts.next().await;
        token.cancel();
        interrupts.next().await;
        let _ = writeln!(
            io::stderr(),
            "shipstation: ended at once; a run that was under way keeps others out until its lease ends, five minutes at most unless it is set otherwise"
        );
        std::process::exit(Exit::Partial as i32);
    });
    stop
}

/// Ctrl-C, and on Unix the system's wish that the program ends.
#[cfg(unix)]
struct Interrupts(Option<(Signal, Signal)>);

#[cfg(unix)]
impl Interrupts {
    fn listen() -> Self {
        Self(signal(SignalKind::interrupt()).ok().zip(signal(SignalKind::terminate()).ok()))
    }

    async fn next(&mut self) {
        let Some((interrupt, terminate)) = &mut self.0 else { return std::future::pending().await };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Interrupts;

#[cfg(not(unix))]
impl Interrupts {
    fn listen() -> Self {
        Self
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
