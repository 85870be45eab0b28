//! For how long orders were not read, from the summaries of earlier runs, and the window that follows from it.

use super::{
    recorder::Recorder,
    window::{ImportGap, Window},
};
use crate::{
    Timestamp,
    channel::{
        Operation,
        store::{RunState, RunSummary, StoreError},
    },
    connector::{
        ShipStationChannel,
        clocks::{MAX_CLOCK_SKEW, apart},
    },
    time::DAY,
};

/// Runs that are looked through where no last good run can be relied on.
const MAX_RUNS_READ: usize = 1_000;
/// Runs that are looked through for the one before this: dry runs may stand between them.
const MAX_RECENT: usize = 10;

impl ShipStationChannel {
    pub(super) async fn last_import(&self) -> Result<Option<RunSummary>, StoreError> {
        self.stores.runs.last_success(&self.connection, Operation::GetOrders).await
    }

    /// The window of a run that begins at `now`.
    pub(super) async fn window_at(&self, now: Timestamp) -> Result<Window, StoreError> {
        Ok(Window::of(&self.settings.orders, now, &self.gap_at(now).await?))
    }

    /// Since when no run reads orders, as of `now`. A run that is dated later has a wrong date, and is not relied on.
    async fn gap_at(&self, now: Timestamp) -> Result<ImportGap, StoreError> {
        let last = self.last_import().await?;
        if let Some(last) = last.as_ref().filter(|last| !is_ahead(last, now)) {
            let recent = self.recent_imports(MAX_RECENT).await?;
            let interrupted = recent.iter().find(|run| ended(run)).is_some_and(|run| !run.is_success());
            return Ok(ImportGap { since: Some(last.started), interrupted, ..ImportGap::default() });
        }
        let runs = self.recent_imports(MAX_RUNS_READ).await?;
        let mut runs = runs.iter().filter(|run| !run.dry_run && !is_ahead(run, now));
        let Some(last) = last else {
            let since = runs.map(|run| run.started).min();
            let unwatched_since = self.first_single_import(now).await?;
            return Ok(ImportGap { since, unwatched_since, interrupted: true, ..ImportGap::default() });
        };
        let ahead =
            format!("the last good run is dated {}, which is in the future", last.started.floor_second());
        let earlier = runs.by_ref().filter(|run| run.is_success()).map(|run| run.started).max();
        let (since, means) = match earlier {
            Some(earlier) => (earlier, "the one before it counts"),
            None => {
                (now - DAY * self.settings.orders.catch_up_days, "the window goes back to the catch-up limit")
            }
        };
        let warning = Some(format!("{ahead}: {means}"));
        Ok(ImportGap { since: Some(since), interrupted: true, warning, ..ImportGap::default() })
    }

    /// When an order may first have been imported by anything but an import of the window, if changes are watched.
    async fn first_single_import(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let mut first = None;
        if self.settings.orders.watch_changes {
            for operation in [Operation::ImportOrder, Operation::BackFill, Operation::GetChanges] {
                let runs = self.stores.runs.recent(&self.connection, operation, MAX_RUNS_READ).await?;
                let runs = runs.iter().filter(|run| !run.dry_run && !is_ahead(run, now));
                first = runs.map(|run| run.started).chain(first).min();
            }
        }
        Ok(first)
    }

    async fn recent_imports(&self, limit: usize) -> Result<Vec<RunSummary>, StoreError> {
        self.stores.runs.recent(&self.connection, Operation::GetOrders, limit).await
    }
}

impl Recorder<'_> {
    /// Computes the window again when ShipStation's clock, once an answer has shown it, differs from the host's
    /// with which it was computed: says whether that was so. The answer that showed it was to a question about the wrong
    /// window.
    pub(super) async fn correct_window(&mut self, window: &mut Window) -> Result<bool, StoreError> {
        let Some(now) = self.ctx.run.meter.observed_time().filter(|_| !window.clock_checked) else {
            return Ok(false);
        };
        window.clock_checked = true;
        let elapsed = self.ctx.run.elapsed();
        let wrong = apart(window.to + elapsed, now);
        if wrong <= MAX_CLOCK_SKEW {
            return Ok(false);
        }
        self.warn(format!(
            "the host's clock is {} min off ShipStation's: the window was computed again; set it by a time server",
            wrong.as_secs() / 60
        ));
        let started = now - elapsed;
        self.report.run.started = started;
        let corrected = self.ctx.run.channel.window_at(started).await?;
        self.report.window = Some(corrected.report());
        *window = Window { clock_checked: true, ..corrected };
        Ok(true)
    }
}

fn is_ahead(run: &RunSummary, now: Timestamp) -> bool {
    run.started > now && apart(run.started, now) > MAX_CLOCK_SKEW
}

fn ended(run: &RunSummary) -> bool {
    !run.dry_run && run.covers_window && run.state != RunState::Running
}
