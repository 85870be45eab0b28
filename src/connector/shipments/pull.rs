//! What becomes due before anything is sent: shipments that the host does not enqueue itself, and rows that were blocked
//! on something that has changed.

use super::{Ctx, Decision, Recorder, Stop, parcel::carrier_code, rows, timing};
use crate::{
    channel::{
        BlockKind, BlockReason, Shipment, ShipmentState, ShipmentStateKind,
        store::{ChangedShipment, EnqueueOutcome, OutboxQuery, OutboxRow, SourceCursor},
    },
    connector::STORE_BATCH,
};

/// Puts what has changed in the host since the cursor into the outbox, and moves the cursor after it.
pub(super) async fn pull(recorder: &mut Recorder<'_>) -> Result<(), Stop> {
    let ctx = recorder.ctx;
    let Some(source) = ctx.run.channel.source.as_deref().filter(|_| !ctx.run.is_dry_run()) else {
        return Ok(());
    };
    let (store, connection) = ctx.store();
    let kept = source.cursor(connection).await?;
    // By the clock that is behind.
    let latest = ctx.run.started.min(ctx.run.now()) - timing::SOURCE_LAG;
    let (mut at, mut safe) = (kept.clone(), kept.clone());
    loop {
        let changed = source.changed_since(connection, at.as_ref(), STORE_BATCH).await?;
        let (rows, last) = (changed.len(), changed.last().map(ChangedShipment::cursor));
        let leads_on = leads_on(&changed, at.as_ref());
        let cursors: Vec<SourceCursor> = changed.iter().map(ChangedShipment::cursor).collect();
        let shipments: Vec<Shipment> = changed.into_iter().map(|row| row.shipment).collect();
        if !shipments.is_empty() {
            let enqueued = store.enqueue(connection, &shipments, ctx.run.now()).await?;
            recorder.has_acted |= enqueued.contains(&EnqueueOutcome::New);
        }
        for cursor in cursors {
            if cursor.updated_at <= latest {
                safe = safe.max(Some(cursor));
            }
        }
        if !leads_on {
            recorder.warn_incomplete(
                "the host's shipment source does not go on from its cursor in the order of (updated at, shipment id): \
                 shipments behind this page are not seen, and the cursor stays where it is",
            );
            return Ok(());
        }
        if let Some(cursor) = safe.as_ref().filter(|safe| kept.as_ref() < Some(*safe)) {
            source.move_cursor(&ctx.run.token, cursor).await?;
        }
        if rows < STORE_BATCH {
            return Ok(());
        }
        at = last;
        ctx.run.checkpoint().await?;
    }
}

/// Whether a page can be gone on from. Past one that is out of order, or full and shows nothing beyond the cursor, the
/// cursor would jump shipments.
fn leads_on(page: &[ChangedShipment], at: Option<&SourceCursor>) -> bool {
    let last = page.last().map(ChangedShipment::cursor);
    page.is_sorted_by_key(ChangedShipment::cursor) && (page.len() < STORE_BATCH || last.as_ref() > at)
}

/// Releases rows whose carrier a rule names now or has a code although none does, whose tracking number is not required any
/// more, or whose carrier code ShipStation refused and the rules have changed.
///
/// Closes rows that name the wrong order, once a newer revision names the right one.
pub(super) async fn release(recorder: &mut Recorder<'_>) -> Result<(), Stop> {
    let ctx = recorder.ctx;
    if ctx.run.is_dry_run() || !ctx.counts().await?.contains_key(ShipmentStateKind::Blocked.name()) {
        return Ok(());
    }
    let (store, connection) = ctx.store();
    let no_tracking = (!ctx.settings().require_tracking).then_some(BlockKind::NoTracking.name());
    for key in ctx.carriers.rules().iter().map(|rule| rule.carrier.as_str()).chain(no_tracking) {
        recorder.has_acted |= store.unblock(connection, key, ctx.run.now()).await? > 0;
    }
    let may_go = |row: &OutboxRow| has_code_now(ctx, row) || rows::is_of_another_order(row);
    let mut decision = Decision::default();
    for row in ctx.rows(&OutboxQuery::Blocked, may_go).await? {
        if has_code_now(ctx, &row) {
            decision.step(&row, ShipmentState::Pending);
        } else if let Some(state) = ctx.superseded_by_revision(&row).await? {
            decision.step(&row, state);
        }
    }
    recorder.apply(decision).await
}

fn has_code_now(ctx: Ctx<'_>, row: &OutboxRow) -> bool {
    match &row.state {
        // It may be the carrier of another shipment of the order: only the setting gives a code to any.
        ShipmentState::Blocked { reason: BlockReason::UnmappedCarrier { .. } } => {
            ctx.settings().unmapped_carrier.is_some()
        }
        ShipmentState::Blocked { reason: BlockReason::RefusedCarrier { code, .. } } => {
            carrier_code(&ctx.carriers, ctx.settings(), &row.shipment).is_ok_and(|other| other != *code)
        }
        _ => false,
    }
}
