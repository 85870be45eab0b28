//! What runs by itself: the fleet, and beside it what is written into the host's tables and looked at.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use shipstation_connector::{
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
    shop::{accounts, parcels},
};

const USAGE_INTERVAL: Duration = Duration::from_secs(5);

/// Says which connection has sent shipments, so that no run waits for the host's tables.
#[derive(Debug)]
struct Syncs(mpsc::UnboundedSender<ConnectionId>);

impl RunObserver for Syncs {
    fn on_event(&self, _: &RunEvent<'_>) {}

    fn on_run_end(&self, report: RunReport<'_>) {
        if let RunReport::Sync(report) = report {
            // When the process stops nobody takes it any more.
            let _ = self.0.send(report.run.connection.clone());
        }
    }
}

/// The fleet of every account in the host's tables. Listings are not linked: every SKU of a channel is known to this host.
pub(crate) fn fleet(database: &Database, channels: &Arc<Channels>, clock: Arc<dyn Clock>) -> Fleet {
    let (sender, synced) = mpsc::unbounded_channel();
    tokio::spawn(settle(database.clone(), synced));
    Fleet::builder(channels.clone())
        .schedule(database.schedule())
        .clock(clock)
        .every(Operation::LinkListings, Duration::ZERO)
        .refresh_every(Duration::from_secs(5))
        .maintenance(database.maintenance(), RetentionPolicy::default())
        .observer(Arc::new(Syncs(sender)))
        .build()
}

/// Takes over what became of the parcels: once for all runs of a connection that ended meanwhile.
async fn settle(database: Database, mut synced: mpsc::UnboundedReceiver<ConnectionId>) {
    let mut connections = Vec::new();
    while synced.recv_many(&mut connections, 1_000).await > 0 {
        for connection in connections.drain(..).collect::<BTreeSet<_>>() {
            if let Err(error) = parcels::settle(&database, &connection).await {
                tracing::error!("the parcels of {connection} are not settled: {error}");
            }
        }
    }
}

/// Writes down again and again how many requests were sent.
pub(crate) async fn write_usage(channels: Arc<Channels>, clock: Arc<dyn Clock>) {
    loop {
        clock.sleep(USAGE_INTERVAL).await;
        if let Err(error) = channels.write_usage().await {
            tracing::error!("the use of the budget is not written down: {error}");
        }
    }
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
