//! The connections of the file, served until Ctrl-C.

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use serde_json::json;
use shipstation_connector::{
    channel::{
        ChannelConnector, ConnectionId, Operation, RunEvent, RunObserver, RunReport, store::RetentionPolicy,
    },
    client::{Clock, SystemClock},
    fleet::{BuildFailure, ConnectionSource, Fleet, FleetConnection, JobStatus},
};

use crate::{
    account::{channel_of, is_loopback, stop_at_interrupt},
    args::Options,
    config::{Config, Connection},
    exit::{Exit, Failure},
    output::Output,
    store::Store,
};

/// How often actions that wait are worked on, where they are enabled.
const ACTIONS_INTERVAL: Duration = Duration::from_secs(300);
/// How often it is looked for what cannot run.
const LOOK_INTERVAL: Duration = Duration::from_secs(15);

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
            if connection.settings.actions.enabled {
                every.entry(Operation::RunActions).or_insert(ACTIONS_INTERVAL);
            }
            every.iter().fold(FleetConnection::new(name.as_str()), |fleet, (operation, interval)| {
                fleet.every(*operation, *interval)
            })
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
}

impl RunObserver for Lines {
    fn on_event(&self, _: &RunEvent<'_>) {}

    fn on_run_end(&self, report: RunReport<'_>) {
        let (mut out, info) = (Output::new(self.json), report.info());
        let ended = info.finished.floor_second();
        let said = out.say(
            &format!(
                "{ended} {} of {} {}: {}",
                info.operation,
                info.connection,
                info.status,
                report.headline()
            ),
            &json!({"run": info, "headline": report.headline()}),
        );
        if let Err(failure) = said {
            out.note(failure.message);
        }
    }
}

pub(super) async fn watch(options: &Options, out: &mut Output) -> Result<Exit, Failure> {
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
    let may_write = |connection: &Connection| {
        options.yes || connection.allow_writes || is_loopback(&connection.client.base_url)
    };
    for (name, connection) in &config.connections {
        if !may_write(connection) {
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
    let number = config.connections.len();
    let source = Configured { connections: config.connections, store: store.clone() };
    let fleet = Fleet::builder(Arc::new(source))
        .schedule(store.schedule())
        .maintenance(store.maintenance(), RetentionPolicy::default())
        .observer(Arc::new(Lines { json: options.json }))
        .build();
    out.note(format!("serving {number} connections until Ctrl-C"));
    let (stop, mut said) = (stop_at_interrupt(), BTreeSet::new());
    let mut run = pin!(fleet.run(&stop));
    let left = loop {
        tokio::select! {
            left = &mut run => break left,
            () = SystemClock.sleep(LOOK_INTERVAL) => {}
        }
        for trouble in troubles(&fleet).await {
            if said.insert(trouble.clone()) {
                out.note(trouble);
            }
        }
    };
    Ok(if left.is_empty() { Exit::Succeeded } else { Exit::Partial })
}

/// Why runs do not begin or wait longer, and what somebody should see to.
async fn troubles(fleet: &Fleet) -> Vec<String> {
    let mut all = fleet.health().trouble;
    let jobs = match fleet.status(None).await {
        Ok(jobs) => jobs,
        Err(error) => return [all, vec![format!("the schedule cannot be read: {error}")]].concat(),
    };
    for JobStatus { job, last, .. } in jobs {
        let Some(last) = last else { continue };
        let of = format!("{} of {}", job.operation, job.connection);
        all.extend(last.waits.map(|why| format!("{of}: {}: {why}", last.ended)));
        all.extend(last.notices.iter().map(|notice| format!("{}: {notice}", job.connection)));
    }
    all
}
