//! The failure ledger: orders that could not be imported are read again by their id, whatever their age.

use std::collections::HashSet;

use super::{
    changes,
    context::{Admission, Context},
    follow_up::UserSnapshots,
    page,
    recorder::{Recorder, failure},
    retry_wait::{self, due_at, is_misdated},
    window::Window,
};
use crate::{
    channel::{
        report::{ImportOutcome, SkipReason},
        store::{OrderStoreExt, OrderWork},
        wording::count_of,
    },
    client::{Order, OrderId, OrderStatus},
    connector::{
        clocks::FAR_FUTURE, count, failure as client_failure, lookup, run::Stop, settings::OrderSettings,
        translate,
    },
};

/// How many are read in one run: one request each.
const MAX_READ: usize = 200;
/// How many are looked through for those that are due, where more are kept than can be read in one run.
const MAX_WORK_ITEMS_READ: usize = 10_000;

/// Reads the due ones again: answers with those that are dealt with for this run. With a deadline they get half of the time: a
/// long ledger must not keep a run from its window.
pub(super) async fn read_again(
    ctx: &Context<'_>,
    recorder: &mut Recorder,
    window: &Window,
    users: &mut UserSnapshots,
) -> Result<HashSet<OrderId>, Stop> {
    let mut decided = HashSet::new();
    let mut due = due(ctx, recorder).await?;
    if due.len() > MAX_READ {
        due.truncate(MAX_READ);
        recorder.warn("more failed orders are due: the next run goes on");
    }
    let (half_time, mut left) = (ctx.run.half_time(), due.len());
    for record in due {
        ctx.run.checkpoint().await?;
        if half_time.is_some_and(|half_time| half_time <= ctx.run.now()) {
            let (orders, wait) = (count_of(count(left), "order"), if left == 1 { "waits" } else { "wait" });
            recorder.warn(format!(
                "{orders} that failed before {wait} for the next run: half of the time before the deadline is used"
            ));
            break;
        }
        decided.extend(read_one(ctx, recorder, window, users, record).await?);
        left -= 1;
    }
    Ok(decided)
}

/// What is due, first what is due for longest. A date further ahead than the longest wait is from a clock that was wrong:
/// taken as due.
async fn due(ctx: &Context<'_>, recorder: &mut Recorder) -> Result<Vec<OrderWork>, Stop> {
    let now = due_at(ctx.now());
    let kept = |limit| ctx.store().due_failures(ctx.connection(), now + FAR_FUTURE, limit);
    let mut due = kept(MAX_READ + 1).await?;
    if due.len() > MAX_READ {
        due = kept(MAX_WORK_ITEMS_READ).await?;
    }
    due.retain(|record| record.next_attempt <= now || is_misdated(record, now));
    recorder.warn_of_misdated(due.iter().filter(|record| is_misdated(record, now)).count(), "failed order");
    Ok(due)
}

/// Reads one of them: its id, if it is dealt with for this run.
async fn read_one(
    ctx: &Context<'_>,
    recorder: &mut Recorder,
    window: &Window,
    users: &mut UserSnapshots,
    record: OrderWork,
) -> Result<Option<OrderId>, Stop> {
    let id = translate::wire_order_id(&record.order);
    let found = match id {
        Some(id) => lookup::order(ctx.client(), id).await,
        None => Ok(None),
    };
    match found {
        Ok(Some(order)) if is_over(&order) && !is_wanted(&order, ctx.settings()) => {
            // An imported one could not be read when changes were looked for.
            if !changes::compare_one(ctx, recorder, &order).await? {
                recorder.warn(format!(
                    "order {} failed before and is now {}: not retried",
                    record.order,
                    order.order_status.as_ref().map_or("over", OrderStatus::as_str)
                ));
            }
            forget(ctx, recorder, &record).await?;
            Ok(None)
        }
        Ok(Some(order)) => {
            users.observe(std::slice::from_ref(&order));
            let outcomes = page::import(ctx, recorder, Admission::by_settings(window), vec![order]).await?;
            settle(ctx, recorder, record, outcomes.first()).await?;
            Ok(id)
        }
        Ok(None) if id.is_some() && lookup::may_be_behind(record.first_seen, ctx.now()) => {
            let why = "ShipStation does not find the order";
            recorder.failed(ctx, &record.order, &record.number, why);
            keep(ctx, recorder, &record, why).await?;
            Ok(id)
        }
        Ok(None) => {
            if id.is_some() {
                recorder.warn(format!("order {} failed before and no longer exists", record.order));
            }
            forget(ctx, recorder, &record).await?;
            Ok(None)
        }
        Err(error) if client_failure::ends_the_run(&error) => Err(error.into()),
        Err(error) => {
            let why = client_failure::describe(&error);
            recorder.failed(ctx, &record.order, &record.number, &why);
            keep(ctx, recorder, &record, &why).await?;
            Ok(id)
        }
    }
}

/// What became of an order that was read again, and what that means for the ledger. What failed or was rejected again is in it
/// already; what is left out for now still waits there, with the error of its failure.
async fn settle(
    ctx: &Context<'_>,
    recorder: &mut Recorder,
    record: OrderWork,
    outcome: Option<&ImportOutcome>,
) -> Result<(), Stop> {
    match outcome {
        Some(outcome) if outcome.is_imported() => forget(ctx, recorder, &record).await,
        Some(ImportOutcome::Skipped { reasons })
            if !matches!(reasons.first(), Some(SkipReason::UnmappedShipping { .. })) =>
        {
            keep(ctx, recorder, &record, record.error.as_deref().unwrap_or_default()).await
        }
        _ => Ok(()),
    }
}

/// Shipped or cancelled orders need no import any more.
fn is_over(order: &Order) -> bool {
    matches!(order.order_status, Some(OrderStatus::Shipped | OrderStatus::Cancelled))
}

/// Whether the settings ask for orders of this status.
fn is_wanted(order: &Order, settings: &OrderSettings) -> bool {
    order.order_status.as_ref().is_some_and(|status| settings.statuses.contains(status))
}

async fn forget(ctx: &Context<'_>, recorder: &mut Recorder, record: &OrderWork) -> Result<(), Stop> {
    // What is not recorded yet must be seen again if it never is.
    if ctx.is_dry_run() || recorder.awaits_parcels_of(&record.order) {
        return Ok(());
    }
    recorder.writes();
    let order = std::slice::from_ref(&record.order);
    Ok(ctx.store().clear_failures(&ctx.run.token, order, ctx.now()).await?)
}

async fn keep(
    ctx: &Context<'_>,
    recorder: &mut Recorder,
    record: &OrderWork,
    error: &str,
) -> Result<(), Stop> {
    let (order, number) = (&record.order, &record.number);
    let failure = failure(ctx, order, number, error, true, retry_wait::wait(record.attempts));
    Ok(recorder.keep_failures(ctx, &[failure]).await?)
}
