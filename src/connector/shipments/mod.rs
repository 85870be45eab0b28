//! Sync shipments: recover, plan, preflight, send, confirm. This file strings the steps together. The steps take and
//! return values; what they decide is written down by `recorder`.

mod confirm;
mod context;
mod decision;
mod evidence;
mod lines;
mod lookup;
mod open_orders;
mod parcel;
mod plan;
mod preflight;
mod pull;
mod recorder;
mod rows;
mod send;
mod timing;
mod unknown_outcomes;

use std::collections::{BTreeMap, HashSet};

use self::{
    context::{Context, Ctx},
    decision::{Decision, RowOutcome, try_again},
    evidence::RecordMatch,
    lookup::LookupResult,
    open_orders::OpenOrders,
    parcel::Parcel,
    plan::Planner,
    preflight::{Clearance, preflight},
    recorder::Recorder,
    send::send,
    timing::{Event, Moment},
};
use super::{
    STORE_BATCH, ShipStationChannel, failure,
    run::{Run, Stop},
    settings::ShipmentSettings,
    store_pages::Bookmark,
    trace, translate,
};
use crate::{
    channel::{
        ChannelError, ChannelOrderId, Operation, ShipmentState, SyncReport, SyncShipments,
        store::{OrderStoreExt, OutboxQuery, OutboxRow},
    },
    client::Lane,
};

/// Rows that are planned and looked at together: the more, the fewer times open orders are listed.
const ROWS_PER_PLAN: usize = 1_000;

impl ShipStationChannel {
    pub(super) async fn run_sync_shipments(
        &self,
        request: SyncShipments,
    ) -> Result<SyncReport, ChannelError> {
        let operation = Operation::SyncShipments;
        let carriers =
            self.carrier_rules().await.map_err(|refusal| trace::not_started(operation, refusal))?;
        let (run, mut info) = Run::begin(self, operation, Lane::Tracking, request.control).await?;
        info.show_settings(describe(&self.settings.shipments));
        let ctx = Context { run, carriers };
        let mut recorder = Recorder::new(&ctx, info);
        let stop = run_steps(&mut recorder).await.err();
        recorder.finish(stop).await
    }
}

fn describe(settings: &ShipmentSettings) -> BTreeMap<&'static str, String> {
    let mut shown = BTreeMap::from([
        ("notify_sales_channel", settings.notify_sales_channel.to_string()),
        ("notify_customer", settings.notify_customer.to_string()),
        ("partial", format!("{:?}", settings.partial)),
        ("primary_tracking", settings.primary_tracking.to_string()),
        ("preflight", settings.preflight.to_string()),
        ("confirm", settings.confirm.to_string()),
        ("require_tracking", settings.require_tracking.to_string()),
    ]);
    shown.extend(settings.unmapped_carrier.as_ref().map(|code| ("unmapped_carrier", code.clone())));
    shown
}

/// The steps of a run, in their order. Every step reads what it needs from the store, so that a run that
/// finds another one's remains simply goes on.
async fn run_steps(recorder: &mut Recorder<'_>) -> Result<(), Stop> {
    pull::pull(recorder).await?;
    pull::release(recorder).await?;
    unknown_outcomes::recover(recorder).await?;
    send_due(recorder).await?;
    unknown_outcomes::look_for_unknown(recorder).await?;
    confirm::confirm(recorder).await?;
    recorder.count_the_rest(&recorder.ctx.counts().await?);
    Ok(())
}

/// Plans every row that is due, and sends what is to be sent.
async fn send_due(recorder: &mut Recorder<'_>) -> Result<(), Stop> {
    let ctx = recorder.ctx;
    let (store, connection) = ctx.store();
    let due = OutboxQuery::Due { now: ctx.run.now() };
    let mut bookmark = Bookmark::at_the_start();
    // Orders that were decided about. Their rows may come up again on a later page of what is due.
    let mut planned = HashSet::new();
    loop {
        ctx.run.checkpoint().await?;
        let rows = store.rows(connection, &due, bookmark.after(), ROWS_PER_PLAN).await?.rows;
        let Some(last) = rows.last() else { return Ok(()) };
        bookmark.pass(&last.cursor())?;
        let planned_at = ctx.run.moment();
        let parcels = plan_rows(recorder, &rows, &mut planned).await?;
        let mut open = OpenOrders::read(ctx, &parcels).await?;
        for mut parcel in parcels {
            ctx.run.checkpoint().await?;
            if ctx.run.moment().has_outdated(&planned_at) {
                // The host may have corrected or voided a shipment while it waited for its turn.
                let order = parcel.row.shipment.order.clone();
                let Some(anew) = plan_orders(recorder, &[order]).await?.pop() else { continue };
                parcel = anew;
            }
            match preflight(recorder, &parcel, &mut open).await {
                Ok(Clearance::Send { created_at, warning }) => {
                    recorder.warnings.extend(warning);
                    send(recorder, &parcel, created_at).await?;
                }
                Ok(Clearance::Hold(decision)) => recorder.apply(decision).await?,
                Err(Stop::Remote(error)) if !failure::ends_the_run(&error) => {
                    recorder.apply(try_again(ctx, &parcel, &error)).await?;
                    recorder.lookups.failures.add(error)?;
                }
                Err(stop) => return Err(stop),
            }
        }
    }
}

/// Decides about every row of the chunk; what is left is to be sent.
async fn plan_rows(
    recorder: &mut Recorder<'_>,
    rows: &[OutboxRow],
    planned: &mut HashSet<ChannelOrderId>,
) -> Result<Vec<Parcel>, Stop> {
    let mut orders: Vec<ChannelOrderId> = Vec::new();
    for row in rows {
        recorder.look_at(row);
        if matches!(row.state, ShipmentState::RetryWait { until, .. } if until > recorder.ctx.run.now()) {
            recorder.warn_of_clock(&row.id());
        }
        if planned.insert(row.shipment.order.clone()) {
            orders.push(row.shipment.order.clone());
        }
    }
    let mut parcels = Vec::new();
    for orders in orders.chunks(STORE_BATCH) {
        parcels.extend(plan_orders(recorder, orders).await?);
    }
    Ok(parcels)
}

async fn plan_orders(recorder: &mut Recorder<'_>, orders: &[ChannelOrderId]) -> Result<Vec<Parcel>, Stop> {
    let ctx = recorder.ctx;
    let imports = ctx.run.channel.stores.orders.known(&ctx.run.channel.connection, orders).await?;
    let mut parcels = Vec::new();
    for order in orders {
        let now = ctx.run.moment();
        let progress = ctx.order_progress(order).await?;
        let (settings, carriers, import) = (ctx.settings(), &ctx.carriers, imports.get(order));
        let planner = Planner { settings, carriers, now, import, progress: &progress };
        let (decision, parcel) = planner.plan(translate::wire_order_id(order));
        // Rows of a later page are planned with their order now, and so are rows that are not due by themselves.
        let is_decided = |row: &OutboxRow| decision.outcomes.iter().any(|(id, _)| *id == row.id());
        let looked_at = progress.rows.iter().filter(|row| row.state.is_due(now.host.wall) || is_decided(row));
        looked_at.for_each(|row| recorder.look_at(row));
        recorder.apply(decision).await?;
        parcels.extend(parcel);
    }
    Ok(parcels)
}
