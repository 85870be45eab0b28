//! Get orders: window, scan, eligibility, import, follow-up. This file strings the steps together.

mod by_hand;
mod changes;
mod complete;
mod delivery;
mod diagnose;
mod duplicates;
mod eligibility;
mod find;
mod follow_up;
mod held;
mod history;
mod import;
mod ledger;
mod lines;
mod references;
mod roll;
mod scan;
mod tally;
mod window;

use std::time::Duration;

pub(super) use self::{delivery::Deliveries, eligibility::is_own};
use self::{history::Unwatched, import::Import, window::Window};
use super::{
    ShipStationChannel,
    clocks::{TOLERATED_SKEW, apart},
    failure,
    mapping::Mapper,
    run::{Run, Stop},
    trace,
};
use crate::{
    channel::{
        Bypass, ChannelError, GetOrders, ImportReport, Operation, RunControl, RunStatus, store::StoreError,
    },
    client::{ErrorKind, Lane},
};

const HOUR: Duration = Duration::from_secs(3600);

impl ShipStationChannel {
    pub(super) async fn import_window(&self, request: GetOrders) -> Result<ImportReport, ChannelError> {
        self.check_order_references(Operation::GetOrders, &request.control).await?;
        let (run, mapper) = self.begin_import(Operation::GetOrders, Lane::Import, request.control).await?;
        let unwatched = match self.unwatched(run.info.started).await {
            Ok(unwatched) => unwatched,
            Err(error) => return Err(run.refuse(Operation::GetOrders, error.into()).await),
        };
        let window = Window::of(&self.settings.orders, run.info.started, &unwatched);
        let mut import = Import::new(run, mapper, window, Bypass::NONE);
        import.reads_after(&unwatched);
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
        let mapper = Mapper::load(self).await.map_err(|refusal| trace::not_started(operation, refusal))?;
        let mut run = Run::begin(self, operation, lane, control).await?;
        run.info.settings = self.settings.orders.describe();
        if mapper.is_empty(&self.settings.shipping) {
            run.warn("there is no shipping mapping yet: every order will be held until one is added");
        }
        Ok((run, mapper))
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

impl Import<'_> {
    /// Sets what depends on since when orders were not watched.
    fn reads_after(&mut self, unwatched: &Unwatched) {
        self.report.window = Some(self.window.report());
        // Bounds are widened by an hour: the repeated one of autumn, and clocks that differ.
        self.since.changes = unwatched.since.map(|since| since - HOUR);
        let longest = 24 * HOUR * self.run.channel.settings.orders.catch_up_days;
        self.since.past_catch_up =
            unwatched.since.is_some_and(|since| self.window.to.since(since) >= longest);
    }

    /// Computes the window again when ShipStation's clock, once an answer has shown it, differs from the host's
    /// with which it was computed: says whether that was so. The answer that showed it was to a question about the wrong
    /// window.
    async fn check_clock(&mut self) -> Result<bool, StoreError> {
        let Some(now) = self.run.observed_time().filter(|_| !self.since.clock_checked) else {
            return Ok(false);
        };
        self.since.clock_checked = true;
        let elapsed = self.run.elapsed();
        let wrong = apart(self.window.to + elapsed, now);
        if wrong <= TOLERATED_SKEW {
            return Ok(false);
        }
        self.run.warn(format!(
            "the host's clock is {} min off ShipStation's: the window was computed again; set it by a time server",
            wrong.as_secs() / 60
        ));
        self.run.info.started = now - elapsed;
        let unwatched = self.run.channel.unwatched(self.run.info.started).await?;
        self.window = Window::of(&self.run.channel.settings.orders, self.run.info.started, &unwatched);
        self.reads_after(&unwatched);
        Ok(true)
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
        if !self.gaps.is_empty() {
            let why = self.gaps.join("; ");
            return Ok(self.close(RunStatus::Partial { why }).await);
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
