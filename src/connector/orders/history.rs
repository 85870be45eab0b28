//! For how long orders were not read, from the summaries of earlier runs.

use std::time::Duration;

use crate::{
    Timestamp,
    channel::{
        Operation,
        store::{RunState, RunSummary, StoreError},
    },
    connector::{
        ShipStationChannel,
        clocks::{TOLERATED_SKEW, apart},
    },
};

/// Runs that are looked through where no last good run can be relied on.
const HISTORY: usize = 1_000;
/// Runs that are looked through for the one before this: dry runs may stand between them.
const BEFORE: usize = 10;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Since when orders are not watched.
#[derive(Debug, Clone, Default)]
pub(super) struct Unwatched {
    /// When the last good run began. As long as there was none: the first run of all, so that what was eligible then does
    /// not become too old while runs keep stopping early.
    pub(super) since: Option<Timestamp>,
    /// Whether a run has failed or stopped early since then: however short the time was, something may have been missed.
    pub(super) interrupted: bool,
    /// What an operator should know.
    pub(super) warning: Option<String>,
}

impl ShipStationChannel {
    pub(super) async fn last_import(&self) -> Result<Option<RunSummary>, StoreError> {
        self.stores.runs.last_success(&self.connection, Operation::GetOrders).await
    }

    /// Since when orders are not watched, as of `now`. A run that is dated later has a wrong date, and is not relied on.
    pub(super) async fn unwatched(&self, now: Timestamp) -> Result<Unwatched, StoreError> {
        let last = self.last_import().await?;
        if let Some(last) = last.as_ref().filter(|last| !is_ahead(last, now)) {
            let recent = self.recent_imports(BEFORE).await?;
            let interrupted = recent.iter().find(|run| ended(run)).is_some_and(|run| !run.is_success());
            return Ok(Unwatched { since: Some(last.started), interrupted, warning: None });
        }
        let runs = self.recent_imports(HISTORY).await?;
        let mut runs = runs.iter().filter(|run| !run.dry_run && !is_ahead(run, now));
        let Some(last) = last else {
            let since = runs.map(|run| run.started).min();
            return Ok(Unwatched { since, interrupted: true, warning: None });
        };
        let ahead =
            format!("the last good run is dated {}, which is still to come", last.started.floor_second());
        let earlier = runs.by_ref().filter(|run| run.is_success()).map(|run| run.started).max();
        let (since, means) = match earlier {
            Some(earlier) => (earlier, "the one before it counts"),
            None => {
                (now - DAY * self.settings.orders.catch_up_days, "the window goes back to the catch-up limit")
            }
        };
        Ok(Unwatched { since: Some(since), interrupted: true, warning: Some(format!("{ahead}: {means}")) })
    }

    async fn recent_imports(&self, limit: usize) -> Result<Vec<RunSummary>, StoreError> {
        self.stores.runs.recent(&self.connection, Operation::GetOrders, limit).await
    }
}

fn is_ahead(run: &RunSummary, now: Timestamp) -> bool {
    run.started > now && apart(run.started, now) > TOLERATED_SKEW
}

fn ended(run: &RunSummary) -> bool {
    !run.dry_run && run.state != RunState::Running
}
