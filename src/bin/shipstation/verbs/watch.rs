//! The connections of the file, served until Ctrl-C.

use std::{collections::BTreeMap, convert::Infallible, sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::json;
use shipstation_connector::{
    channel::{
        CancelToken, ChannelConnector, ConnectionId, Operation, RunEvent, RunObserver, RunReport,
        store::RetentionPolicy,
    },
    client::{Clock, SystemClock},
    fleet::{BuildFailure, ConnectionSource, Fleet, FleetConnection, JobStatus},
};

use crate::{
    account::{channel_of, stop_at_interrupt},
    args::Options,
    config::{Config, Connection},
    exit::{Ended, Exit, Failure},
    output::{Output, joined},
    store::Store,
};

/// How often actions that wait are worked on, where they are enabled.
const ACTIONS_INTERVAL: Duration = Duration::from_secs(300);
/// How often it is looked whether a key file was written again.
const KEYS_INTERVAL: Duration = Duration::from_secs(2);
/// How often it is looked for what cannot run.
const LOOK_INTERVAL: Duration = Duration::from_secs(3);

/// The connections of the configuration.
#[derive(Debug)]
struct Configured {
    connections: BTreeMap<String, Connection>,
    store: Store,
}

#[async_trait]
impl ConnectionSource for Configured {
    async fn connections(&self) -> Result<Vec<FleetConnection>, BuildFailure> {
        let connections = self.connections.iter().map(|(name, connection)| {
            let mut every = connection.every.clone();
            // Listings come from a file that `link` is given.
            every.insert(Operation::LinkListings, Duration::ZERO);
            if connection.settings.actions.enabled {
                every.entry(Operation::RunActions).or_insert(ACTIONS_INTERVAL);
            }
            let fleet = FleetConnection::new(name.as_str()).revision(connection.keys.revision());
            every.iter().fold(fleet, |fleet, (operation, interval)| fleet.every(*operation, *interval))
        });
        Ok(connections.collect())
    }

    async fn channel(&self, connection: &ConnectionId) -> Result<Arc<dyn ChannelConnector>, BuildFailure> {
        let name = connection.as_str();
        let connection = self.connections.get(name).ok_or("the connection is not configured")?;
        Ok(Arc::new(channel_of(name, connection, &self.store).map_err(|failure| failure.message)?))
    }
}

/// One line for each run.
#[derive(Debug)]
struct Lines {
    json: bool,
    /// Cancelled when nobody reads them any more.
    stop: CancelToken,
}

impl RunObserver for Lines {
    fn on_event(&self, _: &RunEvent<'_>) {}

    fn on_run_end(&self, report: RunReport<'_>) {
        let (mut out, info) = (Output::new(self.json), report.info());
        let ended = info.finished.floor_second();
        let headline = report.headline();
        let line = format!("{ended} {} of {} {}: {headline}", info.operation, info.connection, info.status);
        let said = out.say(&line, &json!({"run": info, "headline": headline}));
        if let Err(failure) = &said {
            out.note(&failure.message);
        }
        if said.is_err() || out.is_closed() {
            self.stop.cancel();
        }
    }
}

pub(super) async fn watch(options: &Options, out: &mut Output) -> Ended {
    let mut config = Config::read(options)?;
    if let Some(name) = options.connection.as_deref() {
        let (name, connection) = config.connection(Some(name))?;
        config.connections = [(name.to_owned(), connection.clone())].into();
    }
    if options.dry_run {
        return Err(Failure::usage(
            "watch has no dry run: look with `import --dry-run` and `sync --dry-run`",
        ));
    }
    for (name, connection) in &config.connections {
        if !connection.may_be_changed(options) {
            let why = "watch sends shipments: consent with --yes, or set allow_writes for the connection";
            return Err(Failure::usage(format!("connection {name}: {why}")));
        }
        connection.keys.read()?;
    }
    if config.connections.is_empty() {
        return Err(Failure::usage("the configuration file has no connections"));
    }
    let store = Store::open(&config.store, out).await?;
    for (name, connection) in &config.connections {
        channel_of(name, connection, &store)?;
    }
    let (number, stop) = (config.connections.len(), stop_at_interrupt());
    let source = Configured { connections: config.connections, store: store.clone() };
    let fleet = Fleet::builder(Arc::new(source))
        .schedule(store.schedule())
        .refresh_every(KEYS_INTERVAL)
        .maintenance(store.maintenance(), RetentionPolicy::default())
        .observer(Arc::new(Lines { json: options.json, stop: stop.clone() }))
        .build();
    out.note(format!("serving {number} connections until Ctrl-C"));
    // Beside the runs, so that none of them waits for the look.
    tokio::select! {
        left = fleet.run(&stop) => Ok(if left.is_empty() { Exit::Succeeded } else { Exit::Partial }),
        never = say_troubles(&fleet, out) => match never {},
    }
}

/// Says again and again what has come up since.
async fn say_troubles(fleet: &Fleet, out: &mut Output) -> Infallible {
    let mut said = BTreeMap::new();
    loop {
        SystemClock.sleep(LOOK_INTERVAL).await;
        let present = troubles(fleet).await;
        for (of, why) in &present {
            if said.get(of) != Some(why) {
                out.note(format!("{of}: {why}"));
            }
        }
        said = present;
    }
}

/// Why runs do not begin or wait longer, and what somebody should see to.
async fn troubles(fleet: &Fleet) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let trouble = fleet.health().trouble;
    if !trouble.is_empty() {
        all.insert("the schedule".to_owned(), trouble.join("; "));
    }
    let jobs = match fleet.status(None).await {
        Ok(jobs) => jobs,
        Err(error) => return [("the schedule".to_owned(), error.to_string())].into(),
    };
    for JobStatus { job, last, .. } in jobs {
        let Some(last) = last else { continue };
        if let Some(why) = last.waits {
            all.insert(format!("{} of {}", job.operation, job.connection), format!("{}; {why}", last.ended));
        }
        if !last.notices.is_empty() {
            all.insert(job.connection.to_string(), joined(&last.notices, "; "));
        }
    }
    all
}
