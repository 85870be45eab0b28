//! Get orders: window, scan, eligibility, import, follow-up. This file strings the steps together.
//!
//! A page of orders goes from `scan`, which reads it, to `page`, whose stages look it up (`context`), decide
//! (`eligibility`, `lineage`), link (`lines`, `duplicates`), ask the host (`policy`) and save. What became of each order is returned as an
//! `ImportOutcome`, which `recorder` counts.

mod back_fill;
mod by_hand;
mod candidate;
mod capped_list;
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
mod lines;
mod list_tally;
mod page;
mod parcels;
mod policy;
mod quick_look;
mod reconnected;
mod recorder;
mod references;
mod resolve_held;
mod retry_wait;
mod scan;
mod ship_notice;
mod timeline;
mod webhook_import;
mod window;

use std::collections::HashSet;

pub(super) use self::webhook_import::Deliveries;
use self::{
    changes::ReadById, context::Context, follow_up::UserSnapshots, recorder::Recorder, scan::Reading,
    window::Window,
};
use super::{
    ShipStationChannel, failure,
    mapping::Mapper,
    run::{Run, Stop},
    trace,
};
use crate::{
    Timestamp,
    channel::{
        ChannelError, GetOrders, ImportReport, Operation, OrderScope, RunControl, RunStatus,
        store::StoreError,
    },
    client::{ErrorKind, Lane, OrderId},
};

impl ShipStationChannel {
    pub(super) async fn run_get_orders(&self, request: GetOrders) -> Result<ImportReport, ChannelError> {
        let GetOrders { scope, control } = request;
        let lane = match scope {
            OrderScope::Range(range) => back_fill::refuse_empty(range).map(|()| Lane::Bulk)?,
            OrderScope::Window | OrderScope::Changes => Lane::Import,
        };
        let (ctx, mut recorder) = self.begin_import(scope.operation(), lane, control).await?;
        let now = recorder.report.run.started;
        let mut window = match self.window_of(scope, now).await {
            Ok(window) => window,
            Err(error) => return Err(ctx.run.refuse(recorder.report.run, error.into()).await),
        };
        recorder.report.window = Some(window.report());
        let ran = match scope {
            OrderScope::Window => run_steps(&ctx, &mut recorder, &mut window).await,
            OrderScope::Changes => quick_look::run(&ctx, &mut recorder, &mut window).await,
            OrderScope::Range(_) => back_fill::run(&ctx, &mut recorder, &mut window).await,
        };
        finish(ctx, recorder, window, ran.err()).await
    }

    /// The window by which a run of this scope admits orders.
    async fn window_of(&self, scope: OrderScope, now: Timestamp) -> Result<Window, StoreError> {
        match scope {
            OrderScope::Range(range) => Ok(Window::of_range(&self.settings.orders, range)),
            OrderScope::Window | OrderScope::Changes => self.window_at(now).await,
        }
    }

    /// Reads the shipping rules, takes the lease, and looks up what the settings name: a run that is refused for that is in
    /// the history of runs, so that the window begins no later than it.
    async fn begin_import(
        &self,
        operation: Operation,
        lane: Lane,
        control: RunControl,
    ) -> Result<(Context<'_>, Recorder), ChannelError> {
        let mapper = Mapper::load(self).await.map_err(|refusal| trace::not_started(operation, refusal))?;
        let (run, mut info) = Run::begin(self, operation, lane, control).await?;
        if let Err(stop) = self.check_order_references(&run).await {
            return Err(run.refuse(info, stop).await);
        }
        info.show_settings(self.settings.orders.describe());
        let mut recorder = Recorder::new(info);
        if mapper.is_empty(&self.settings.shipping) {
            recorder.warn("there is no shipping mapping yet: every order will be held until one is added");
        }
        Ok((Context { run, mapper }, recorder))
    }
}

/// The steps of a run, in their order. Each leaves behind only what is durable, so that a crash between any
/// two of them costs a repetition and nothing else.
async fn run_steps(ctx: &Context<'_>, recorder: &mut Recorder, window: &mut Window) -> Result<(), Stop> {
    recorder.looks = ctx.run.channel.quick_looks().await?;
    let mut users = follow_up::prepare(ctx).await?;
    let mut by_id = ReadById::default();
    let read = read_orders(ctx, recorder, window, &mut users, &mut by_id).await;
    match &read {
        // What is imported gets its user all the same, or a long backlog would never see one.
        Ok(_) | Err(Stop::LimitReached(_)) => {}
        Err(Stop::Remote(error)) if !failure::is_about_credentials(error) => {}
        Err(_) => return read.map(drop),
    }
    follow_up::execute(ctx, recorder, users).await?;
    look_for_changes(ctx, recorder, window, &read?, &mut by_id).await?;
    parcels::publish_shipped(ctx, recorder).await
}

/// Reads the failure ledger and then the window: answers with the orders that the ledger has dealt with.
async fn read_orders(
    ctx: &Context<'_>,
    recorder: &mut Recorder,
    window: &mut Window,
    users: &mut UserSnapshots,
    by_id: &mut ReadById,
) -> Result<HashSet<OrderId>, Stop> {
    let decided = failed_orders::read_again(ctx, recorder, window, users).await?;
    scan::read_statuses(ctx, recorder, Reading { window, decided: &decided, users, by_id }).await?;
    Ok(decided)
}

/// A refusal of ShipStation's concerns this look alone: the orders are imported and the next run looks again.
async fn look_for_changes(
    ctx: &Context<'_>,
    recorder: &mut Recorder,
    window: &Window,
    decided: &HashSet<OrderId>,
    by_id: &mut ReadById,
) -> Result<(), Stop> {
    match changes::scan(ctx, recorder, window, decided, by_id).await {
        Err(Stop::Remote(error)) if error.kind() == ErrorKind::Invalid => {
            let message = failure::vendor_message(&error);
            recorder.gap(format!("changes of imported orders could not be looked for: {message}"));
            Ok(())
        }
        looked => looked,
    }
}

/// Turns what happened into the report, or into a refusal when nothing happened at all.
async fn finish(
    ctx: Context<'_>,
    mut recorder: Recorder,
    window: Window,
    stop: Option<Stop>,
) -> Result<ImportReport, ChannelError> {
    recorder.flush_sightings(&ctx).await;
    recorder.report.run.warnings.extend(window.warnings);
    recorder.warn_of_notes();
    let status = match stop {
        Some(stop @ (Stop::Remote(_) | Stop::Store(_))) if recorder.nothing_done() => {
            return Err(ctx.run.refuse(recorder.report.run, stop).await);
        }
        Some(stop) => stop.status(),
        None => match recorder.gaps() {
            Some(why) => RunStatus::Partial { why },
            None if recorder.went_well() => RunStatus::Succeeded,
            None => RunStatus::CompletedWithErrors,
        },
    };
    Ok(ctx.run.report(recorder.report, status).await)
}
