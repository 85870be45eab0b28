//! Get orders: window, scan, eligibility, import, follow-up. This file strings the steps together.

mod by_hand;
mod changes;
mod diagnose;
mod duplicates;
mod eligibility;
mod follow_up;
mod held;
mod import;
mod ledger;
mod lines;
mod references;
mod roll;
mod scan;
mod tally;
mod window;

use std::time::Duration;

use self::{import::Import, window::Window};
use super::{
    ShipStationChannel, failure,
    mapping::Mapper,
    run::{Run, Stop},
};
use crate::{
    Timestamp,
    channel::{
        Bypass, ChannelError, GetOrders, ImportReport, Operation, RunControl, RunStatus,
        store::{RunSummary, StoreError},
    },
    client::{ErrorKind, Lane},
};

impl ShipStationChannel {
    pub(super) async fn import_window(&self, request: GetOrders) -> Result<ImportReport, ChannelError> {
        self.check_order_references(Operation::GetOrders, &request.control).await?;
        let (mut run, mapper) =
            self.begin_import(Operation::GetOrders, Lane::Import, request.control).await?;
        let since = match self.watched_since().await {
            Ok(since) => since,
            Err(error) => return Err(run.refuse(Operation::GetOrders, error.into()).await),
        };
        let window = Window::of(&self.settings.orders, run.info.started, since);
        if let Some(warning) = &window.warning {
            run.warn(warning.clone());
        }
        let mut import = Import::new(run, mapper, window, Bypass::NONE);
        import.report.window = Some(import.window.report());
        // Bounds are widened by an hour: the repeated one of autumn, and clocks that differ.
        import.changes_since = since.map(|since| since - Duration::from_secs(3600));
        let stop = everything(&mut import).await.err();
        import.finish(stop).await
    }

    /// Takes the lease and reads the shipping rules.
    async fn begin_import(
        &self,
        operation: Operation,
        lane: Lane,
        control: RunControl,
    ) -> Result<(Run<'_>, Mapper), ChannelError> {
        let mapper = Mapper::load(self).await.map_err(|refusal| ChannelError::new(operation, refusal))?;
        let mut run = Run::begin(self, operation, lane, control).await?;
        run.info.settings = self.settings.orders.describe();
        if mapper.is_empty(&self.settings.shipping) {
            run.warn("there is no shipping mapping yet: every order will be held until one is added");
        }
        Ok((run, mapper))
    }

    async fn last_import(&self) -> Result<Option<RunSummary>, StoreError> {
        self.stores.runs.last_success(&self.connection, Operation::GetOrders).await
    }

    /// Since when the account is not watched: the beginning of the last good run. As long as there was none, the first
    /// run of all, so that what was eligible then does not become too old while runs keep stopping early.
    async fn watched_since(&self) -> Result<Option<Timestamp>, StoreError> {
        const HISTORY: usize = 1_000;
        if let Some(good) = self.last_import().await? {
            return Ok(Some(good.started));
        }
        let runs = self.stores.runs.recent(&self.connection, Operation::GetOrders, HISTORY).await?;
        Ok(runs.into_iter().filter(|run| !run.dry_run).map(|run| run.started).min())
    }
}

/// The steps of a run, in their order. Each leaves behind only what is durable, so that a crash between any
/// two of them costs a repetition and nothing else.
async fn everything(import: &mut Import<'_>) -> Result<(), Stop> {
    follow_up::prepare(import).await?;
    let read = ledger_and_window(import).await;
    match &read {
        // What is imported by now gets its user all the same, or a long backlog would never see one.
        Err(Stop::Interrupted(_)) if import.full => {}
        Err(Stop::Remote(error)) if !failure::is_about_credentials(error) => {}
        Err(_) => return read,
        Ok(()) => {}
    }
    follow_up::execute(import).await?;
    if read.is_ok() {
        look_for_changes(import).await?;
    }
    read
}

/// A refusal of ShipStation's concerns this look alone: the orders are imported and the next run looks again.
async fn look_for_changes(import: &mut Import<'_>) -> Result<(), Stop> {
    match changes::elsewhere(import).await {
        Err(Stop::Remote(error)) if error.kind() == ErrorKind::Invalid => {
            let words = failure::their_words(&error);
            import.run.warn(format!("changes of imported orders could not be looked for: {words}"));
            Ok(())
        }
        looked => looked,
    }
}

async fn ledger_and_window(import: &mut Import<'_>) -> Result<(), Stop> {
    ledger::read_again(import).await?;
    scan::every_status(import).await
}

impl Import<'_> {
    /// Turns what happened into the report, or into a refusal when nothing happened at all.
    async fn finish(mut self, stop: Option<Stop>) -> Result<ImportReport, ChannelError> {
        self.flush_sightings().await;
        self.say_what_was_noted();
        if let Some(stop) = stop {
            if self.nothing_done() && matches!(stop, Stop::Remote(_) | Stop::Store(_)) {
                let operation = self.run.info.operation;
                return Err(self.run.refuse(operation, stop).await);
            }
            let status = stop.status();
            return Ok(self.close(status).await);
        }
        let status = if self.went_well() { RunStatus::Succeeded } else { RunStatus::CompletedWithErrors };
        Ok(self.close(status).await)
    }

    async fn close(self, status: RunStatus) -> ImportReport {
        let mut report = self.report;
        let headline = report.headline();
        report.run = self.run.finish(status, headline).await;
        report
    }
}
