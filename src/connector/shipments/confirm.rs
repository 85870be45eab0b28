//! Proof that ShipStation has what it accepted: its records are read back, a page for many shipments.

use std::{collections::BTreeMap, pin::pin};

use futures_util::StreamExt;

use super::{Ctx, Decision, RecordMatch, Recorder, RowOutcome, Stop, evidence, timing};
use crate::{
    Timestamp,
    channel::{
        NotificationStatus, RunEventKind, ShipmentState,
        store::{OutboxQuery, OutboxRow},
    },
    client::{Fulfillment, FulfillmentSort, MAX_PAGE_SIZE, OrderId},
    connector::{STORE_BATCH, failure, translate},
};

/// So many that are overdue are asked for one by one; for more it is cheaper to read the list from their time on.
const MAX_OVERDUE_LISTED: usize = 20;
/// Overdue orders that a run asks for, at most: they must not use up the minute of what is to be sent.
const MAX_OVERDUE_READS: usize = 5;

/// What was accepted and is not proven yet.
struct SentRow {
    row: OutboxRow,
    at: Timestamp,
}

type SentRows = BTreeMap<OrderId, SentRow>;

/// Confirms everything that was accepted, in this run and in earlier ones.
pub(super) async fn confirm(recorder: &mut Recorder<'_>) -> Result<(), Stop> {
    let ctx = recorder.ctx;
    if ctx.run.is_dry_run() {
        return Ok(());
    }
    let rows =
        ctx.rows(&OutboxQuery::InFlight, |row| matches!(row.state, ShipmentState::Sent { .. })).await?;
    let mut sent: SentRows = rows.into_iter().filter_map(SentRow::of).collect();
    match prove_all(recorder, &mut sent).await {
        // What was accepted stays accepted and is looked for in the next run.
        Err(Stop::Remote(error)) if !failure::ends_the_run(&error) => recorder
            .warn_incomplete(format!("shipments could not be confirmed yet: {}", failure::describe(&error))),
        other => other?,
    }
    let after = ctx.settings().give_up_after;
    let is_expired =
        |sent: &SentRow| timing::is_record_given_up(sent.at, sent.row.enqueued_at, after, now(ctx));
    let mut expired: Vec<SentRow> = sent.into_values().filter(is_expired).collect();
    // What was accepted and never seen for as long as anything is tried is taken for confirmed, and said.
    expired.sort_by_key(|sent| sent.row.cursor());
    for SentRow { row, .. } in expired {
        recorder.apply(Decision::of(&row, RowOutcome::AssumedConfirmed)).await?;
    }
    Ok(())
}

/// The present as the rows' `at` is: by ShipStation's clock, where it is known.
fn now(ctx: Ctx<'_>) -> Timestamp {
    ctx.run.moment().server_or_host()
}

impl SentRow {
    fn of(row: OutboxRow) -> Option<(OrderId, Self)> {
        let ShipmentState::Sent { at } = row.state else { return None };
        Some((translate::wire_order_id(&row.shipment.order)?, Self { row, at }))
    }
}

async fn prove_all(recorder: &mut Recorder<'_>, sent: &mut SentRows) -> Result<(), Stop> {
    let ctx = recorder.ctx;
    let left = match worth_reading_from(sent, now(ctx)) {
        Some(since) => read_records(recorder, since, sent).await?,
        None => overdue(ctx, sent),
    };
    let asked = ctx.settings().notify_sales_channel;
    for order in left {
        let Some(SentRow { row, .. }) = sent.get(&order) else { continue };
        let ours = ctx.all_tracking(row).await?;
        let found = evidence::match_records(&ctx.run.client, order, &ours, asked, true, true).await?;
        if let RecordMatch::Ours { record, notification, .. } = found
            && let Some(proven) = sent.remove(&order)
        {
            recorder.apply(proven_by(&proven, record, notification, now(ctx))).await?;
        }
        ctx.run.checkpoint().await?;
    }
    Ok(())
}

/// Where the list of records is to be read from. A few that are overdue are asked for one by one: for their sake the
/// records of days would be read again in every run.
fn worth_reading_from(sent: &SentRows, now: Timestamp) -> Option<Timestamp> {
    let few =
        sent.values().filter(|sent| timing::is_record_overdue(sent.at, now)).count() <= MAX_OVERDUE_LISTED;
    let expected =
        sent.values().map(|sent| sent.at).filter(|at| !(few && timing::is_record_overdue(*at, now)));
    expected.min().map(|oldest| oldest.min(now) - timing::RECORDS_MARGIN)
}

/// Some of the overdue orders, others in every run.
fn overdue(ctx: Ctx<'_>, sent: &SentRows) -> Vec<OrderId> {
    let now = now(ctx);
    let overdue =
        sent.iter().filter(|(_, sent)| timing::is_record_overdue(sent.at, now)).map(|(order, _)| *order);
    ctx.run.client.draw(|random| random.choose_multiple(overdue, MAX_OVERDUE_READS))
}

/// Reads records from `since` on, while that is cheaper than asking for each order that is left. Says which orders are
/// to be asked for: those that are left, or those whose record should have shown long ago.
async fn read_records(
    recorder: &mut Recorder<'_>,
    since: Timestamp,
    sent: &mut SentRows,
) -> Result<Vec<OrderId>, Stop> {
    let ctx = recorder.ctx;
    let list = ctx.run.client.fulfillments().list();
    let list = list.created_since(since).sort_by(FulfillmentSort::CreateDate).page_size(MAX_PAGE_SIZE);
    let mut pages = pin!(list.pages());
    while let Some(page) = pages.next().await.transpose()? {
        let (what, rows) = ("fulfillments", page.items.len());
        ctx.run.event(RunEventKind::PageRead { what, rows, of: page.total });
        let left =
            page.total.map_or(0, |total| usize::try_from(total).unwrap_or(usize::MAX).saturating_sub(rows));
        for record in page.items {
            recorder.apply(prove(ctx, &record, sent).await?).await?;
        }
        if sent.is_empty() {
            return Ok(Vec::new());
        }
        ctx.run.checkpoint().await?;
        if sent.len() < left.div_ceil(STORE_BATCH) {
            return Ok(sent.keys().copied().collect());
        }
    }
    Ok(overdue(ctx, sent))
}

/// Confirms the row that this record proves, if any.
async fn prove(ctx: Ctx<'_>, record: &Fulfillment, sent: &mut SentRows) -> Result<Decision, Stop> {
    let order = record.order_id.filter(|_| evidence::still_stands(record));
    if let Some(order) = order
        && let Some(SentRow { row, .. }) = sent.get(&order)
        && evidence::is_ours(record, &ctx.all_tracking(row).await?)
        && let Some(proven) = sent.remove(&order)
    {
        let notification = evidence::notice(record, ctx.settings().notify_sales_channel);
        return Ok(proven_by(&proven, Some(record.fulfillment_id.to_string()), notification, now(ctx)));
    }
    Ok(Decision::default())
}

/// ShipStation shows it. It stays open for a while if the notice to the store is still on its way, so that a
/// notice that fails is not missed.
fn proven_by(
    sent: &SentRow,
    record: Option<String>,
    notification: NotificationStatus,
    now: Timestamp,
) -> Decision {
    if notification == NotificationStatus::Pending && timing::is_notice_awaited(sent.at, now) {
        return Decision::default();
    }
    let state = ShipmentState::Confirmed { record, notification, already_there: false };
    Decision::steps([&sent.row], &state)
}
