//! Get orders: window, scan, eligibility, import, follow-up. This file strings the steps together.
//!
//! A page of orders goes from `scan`, which reads it, to `page`, whose stages look it up (`context`), decide
//! (`eligibility`, `lineage`), link (`candidate`, `duplicates`), ask the host (`policy`) and save. What became of each order is returned as an
//! `ImportOutcome`, which the `Recorder` counts.

mod back_fill;
mod by_hand;
mod candidate;
mod changes;
mod context;
mod diagnose;
mod duplicates;
mod eligibility;
mod failed_orders;
mod find;
mod follow_up;
mod import_gap;
mod lineage;
mod list_tally;
mod notes;
mod page;
mod parcels;
mod policy;
mod quick_look;
mod recorder;
mod resolve_held;
mod retry_wait;
mod scan;
mod ship_notice;
mod timeline;
mod webhook_import;
mod window;

use std::sync::atomic::Ordering;

pub(super) use self::webhook_import::Deliveries;
use self::{context::Context, recorder::Recorder, scan::Reading, window::Window};
use super::{
    ShipStationChannel, check, failure,
    mapping::Mapper,
    run::{Run, Stop},
    trace,
};
use crate::{
    channel::{
        ChannelError, Finding, GetOrders, ImportReport, Operation, OrderScope, RunControl, Severity,
        report::RunInfo,
    },
    client::{Error, ErrorKind, Lane},
};

impl ShipStationChannel {
    pub(super) async fn run_get_orders(&self, request: GetOrders) -> Result<ImportReport, ChannelError> {
        let GetOrders { scope, control } = request;
        let lane = match scope {
            OrderScope::Range(range) => back_fill::refuse_empty(range).map(|()| Lane::Bulk)?,
            OrderScope::Window | OrderScope::Changes => Lane::Import,
        };
        let (ctx, mut info) = self.begin_import(scope.operation(), lane, control).await?;
        let window = match scope {
            OrderScope::Range(range) => Window::of_range(&self.settings.orders, range),
            OrderScope::Window | OrderScope::Changes => match self.window_at(info.started).await {
                Ok(window) => window,
                Err(error) => return Err(ctx.run.refuse(&mut info, error.into()).await),
            },
        };
        let mut recorder = Recorder::new(&ctx, info);
        recorder.report.window = Some(window.report());
        let mut reading = Reading::of(window);
        let ran = match scope {
            OrderScope::Window => run_steps(&mut recorder, &mut reading).await,
            OrderScope::Changes => quick_look::run(&mut recorder, &mut reading).await,
            OrderScope::Range(_) => back_fill::run(&mut recorder, &mut reading).await,
        };
        recorder.finish(reading.admission.window, ran.err()).await
    }

    /// Reads the shipping rules, takes the lease, and looks up what the settings name: a run that is refused for that is in
    /// the history of runs, so that the window begins no later than it.
    async fn begin_import(
        &self,
        operation: Operation,
        lane: Lane,
        control: RunControl,
    ) -> Result<(Context<'_>, RunInfo), ChannelError> {
        let mapper = Mapper::load(self).await.map_err(|refusal| trace::not_started(operation, refusal))?;
        let (run, mut info) = Run::begin(self, operation, lane, control).await?;
        if let Err(stop) = self.check_order_references(&run).await {
            return Err(run.refuse(&mut info, stop).await);
        }
        info.show_settings(self.settings.orders.describe());
        if mapper.is_empty(&self.settings.shipping) {
            let warning = "there is no shipping mapping yet: every order will be held until one is added";
            info.warnings.push(warning.to_owned());
        }
        Ok((Context { run, mapper }, info))
    }

    /// Stops an import under a tag or a user that does not exist. Costs a request each for the first import
    /// of this object, and none when a check was made before.
    async fn check_order_references(&self, run: &Run<'_>) -> Result<(), Stop> {
        // A run that must not start anything ends by itself, with a report.
        if self.references_checked.load(Ordering::Relaxed) || run.check_may_start().is_err() {
            return Ok(());
        }
        let mut findings = match self.references(run).await {
            Ok(findings) => findings,
            // The run ends for the same reason, with a report.
            Err(error) if error.kind() == ErrorKind::Cancelled => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        findings.retain(|finding| finding.severity == Severity::Error);
        if findings.is_empty() {
            self.references_checked.store(true, Ordering::Relaxed);
            return Ok(());
        }
        Err(Stop::Misconfigured(findings))
    }

    async fn references(&self, run: &Run<'_>) -> Result<Vec<Finding>, Error> {
        let mut findings = check::tags(self, &run.client).await?;
        findings.extend(check::users(self, &run.client).await?);
        Ok(findings)
    }
}

/// The steps of a run, in their order. Each leaves behind only what is durable, so that a crash between any
/// two of them costs a repetition and nothing else.
async fn run_steps(recorder: &mut Recorder<'_>, reading: &mut Reading) -> Result<(), Stop> {
    recorder.looks = recorder.ctx.run.channel.quick_looks().await?;
    reading.users = follow_up::prepare(recorder.ctx).await?;
    let read = read_orders(recorder, reading).await;
    match &read {
        // What is imported gets its user all the same, or a long backlog would never see one.
        Ok(()) | Err(Stop::LimitReached(_)) => {}
        Err(Stop::Remote(error)) if !failure::is_about_credentials(error) => {}
        Err(_) => return read,
    }
    follow_up::execute(recorder, &reading.users).await?;
    read?;
    look_for_changes(recorder, reading).await?;
    parcels::publish_shipped(recorder).await
}

/// Reads the failure ledger and then the window.
async fn read_orders(recorder: &mut Recorder<'_>, reading: &mut Reading) -> Result<(), Stop> {
    failed_orders::read_again(recorder, reading).await?;
    scan::read_statuses(recorder, reading).await
}

/// A refusal of ShipStation's concerns this look alone: the orders are imported and the next run looks again.
async fn look_for_changes(recorder: &mut Recorder<'_>, reading: &mut Reading) -> Result<(), Stop> {
    match changes::scan(recorder, reading).await {
        Err(Stop::Remote(error)) if error.kind() == ErrorKind::Invalid => {
            let message = failure::vendor_message(&error);
            recorder.gap(format!("changes of imported orders could not be looked for: {message}"));
            Ok(())
        }
        looked => looked,
    }
}
