//! The fleet of the host: what runs by itself, and what is written down of each run.

use std::{sync::Arc, time::Duration};

use shipstation_connector::{
    Timestamp,
    channel::{
        ChannelConnector, CheckConnection, ConnectionId, Operation, RunEvent, RunObserver, RunReport,
        report::Severity, store::RetentionPolicy,
    },
    client::Clock,
    fleet::Fleet,
};
use tokio::sync::mpsc;

use crate::{
    Failure,
    channels::Channels,
    database::Database,
    shop::{accounts, parcels, usage},
};

/// A run that has ended: what is written down of it.
#[derive(Debug)]
struct Ended {
    connection: ConnectionId,
    operation: Operation,
    at: Timestamp,
    requests: u64,
}

/// Hands over the end of each run, so that no run waits for the host's tables.
#[derive(Debug)]
struct Ends(mpsc::UnboundedSender<Ended>);

impl RunObserver for Ends {
    fn on_event(&self, _: &RunEvent<'_>) {}

    fn on_run_end(&self, report: RunReport<'_>) {
        let info = report.info();
        let (connection, requests) = (info.connection.clone(), info.api.requests);
        // When the process stops nobody takes it any more.
        let _ = self.0.send(Ended { connection, operation: info.operation, at: info.finished, requests });
    }
}

/// The fleet of every account in the host's tables. Listings are not linked: every SKU of a channel is known to this host.
pub(crate) fn fleet(database: &Database, channels: &Arc<Channels>, clock: Arc<dyn Clock>) -> Fleet {
    let (sender, ends) = mpsc::unbounded_channel();
    tokio::spawn(write_down(database.clone(), ends));
    Fleet::builder(channels.clone())
        .schedule(database.schedule())
        .clock(clock)
        .every(Operation::LinkListings, Duration::ZERO)
        .refresh_every(Duration::from_secs(5))
        .maintenance(database.maintenance(), RetentionPolicy::default())
        .observer(Arc::new(Ends(sender)))
        .build()
}

async fn write_down(database: Database, mut ends: mpsc::UnboundedReceiver<Ended>) {
    while let Some(ended) = ends.recv().await {
        if let Err(error) = record(&database, &ended).await {
            tracing::error!("the end of a run is not written down: {error}");
        }
    }
}

async fn record(database: &Database, ended: &Ended) -> Result<(), Failure> {
    let requests = i64::try_from(ended.requests)?;
    usage::add(database, &ended.connection, ended.at, requests).await?;
    if ended.operation == Operation::SyncShipments {
        parcels::settle(database, &ended.connection).await?;
    }
    Ok(())
}

/// Looks at the keys and settings of every account that has not been looked at: at the start, and when its keys have changed.
pub(crate) async fn check_all(database: Database, channels: Arc<Channels>, clock: Arc<dyn Clock>) {
    loop {
        for account in accounts::all(&database).await.unwrap_or_default() {
            if account.paused.is_none()
                && channels.checked(&account.name).is_none()
                && let Err(error) = check(&channels, &account.name).await
            {
                tracing::warn!("connection {} is not checked: {error}", account.name);
            }
        }
        clock.sleep(Duration::from_secs(60)).await;
    }
}

/// Looks at the keys and settings of an account, and keeps what is found: says how it is.
pub(crate) async fn check(channels: &Channels, name: &str) -> Result<String, Failure> {
    let report = channels.of(name).await?.check(CheckConnection::new()).await?;
    let number = |of: Severity| report.findings.iter().filter(|finding| finding.severity == of).count();
    let verdict = if report.is_ok() { "ready" } else { "NOT READY" };
    let verdict =
        format!("{verdict}, {} errors and {} warnings", number(Severity::Error), number(Severity::Warning));
    channels.keep_check(report);
    Ok(verdict)
}
