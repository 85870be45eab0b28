//! The failure ledger: orders that could not be imported are read again by their id, whatever their age.

use super::{
    changes, page,
    recorder::{Recorder, failure},
    retry_wait::{self, due_at, is_misdated},
    scan::Reading,
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

/// What is kept of an order that was not found once.
const NOT_FOUND: &str = "ShipStation does not find the order";

/// Reads the due ones again. With a deadline they get half of the time: a long ledger must not keep a run from its window.
pub(super) async fn read_again(recorder: &mut Recorder<'_>, reading: &mut Reading) -> Result<(), Stop> {
    let mut due = due(recorder).await?;
    if due.len() > MAX_READ {
        due.truncate(MAX_READ);
        recorder.warn("more failed orders are due: the next run goes on");
    }
    let (half_time, mut left) = (recorder.ctx.run.half_time(), due.len());
    for record in due {
        recorder.ctx.run.checkpoint().await?;
        if half_time.is_some_and(|half_time| half_time <= recorder.ctx.run.now()) {
            let (orders, wait) = (count_of(count(left), "order"), if left == 1 { "waits" } else { "wait" });
            recorder.warn(format!(
                "{orders} that failed before {wait} for the next run: half of the time before the deadline is used"
            ));
            break;
        }
        if let Some(decided) = read_one(recorder, reading, record).await? {
            reading.decided.insert(decided);
        }
        left -= 1;
    }
    Ok(())
}

/// What is due, first what is due for longest. A date further ahead than the longest wait is from a clock that was wrong:
/// taken as due.
async fn due(recorder: &mut Recorder<'_>) -> Result<Vec<OrderWork>, Stop> {
    let now = due_at(recorder.ctx.now());
    let kept = |limit| recorder.ctx.store().due_failures(recorder.ctx.connection(), now + FAR_FUTURE, limit);
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
    recorder: &mut Recorder<'_>,
    reading: &mut Reading,
    record: OrderWork,
) -> Result<Option<OrderId>, Stop> {
    let Some(id) = translate::wire_order_id(&record.order) else {
        return forget(recorder, &record).await.map(|()| None);
    };
    let why = match lookup::order(recorder.ctx.client(), id).await {
        Ok(Some(order)) if is_over(&order) && !is_wanted(&order, recorder.ctx.settings()) => {
            // An imported one could not be read when changes were looked for.
            if !changes::compare_one(recorder, &order).await? {
                recorder.warn(format!(
                    "order {} failed before and is now {}: not retried",
                    record.order,
                    order.order_status.as_ref().map_or("over", OrderStatus::as_str)
                ));
            }
            return forget(recorder, &record).await.map(|()| None);
        }
        Ok(Some(order)) => {
            reading.users.observe(std::slice::from_ref(&order));
            let outcomes = page::import(recorder, &reading.admission, vec![order]).await?;
            return settle(recorder, record, outcomes.first()).await.map(|()| Some(id));
        }
        // A gateway may say so for a while: only a second look, some minutes later, ends it.
        Ok(None)
            if record.error.as_deref() != Some(NOT_FOUND)
                || lookup::may_be_behind(record.first_seen, recorder.ctx.now()) =>
        {
            NOT_FOUND.to_owned()
        }
        Ok(None) => {
            recorder.warn(format!("order {} failed before and no longer exists", record.order));
            return forget(recorder, &record).await.map(|()| None);
        }
        Err(error) if client_failure::ends_the_run(&error) => return Err(error.into()),
        Err(error) => client_failure::describe(&error),
    };
    recorder.failed(&record.order, &record.number, &why);
    keep(recorder, &record, &why).await.map(|()| Some(id))
}

/// What became of an order that was read again, and what that means for the ledger. What failed or was rejected again is in it
/// already; what is left out for now still waits there, with the error of its failure.
async fn settle(
    recorder: &mut Recorder<'_>,
    record: OrderWork,
    outcome: Option<&ImportOutcome>,
) -> Result<(), Stop> {
    match outcome {
        Some(outcome) if outcome.is_imported() => forget(recorder, &record).await,
        Some(ImportOutcome::Skipped { reasons })
            if !matches!(reasons.first(), Some(SkipReason::UnmappedShipping { .. })) =>
        {
            keep(recorder, &record, record.error.as_deref().unwrap_or_default()).await
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

async fn forget(recorder: &mut Recorder<'_>, record: &OrderWork) -> Result<(), Stop> {
    // What is not recorded yet must be seen again if it never is.
    if recorder.ctx.run.is_dry_run() || recorder.awaits_parcels_of(&record.order) {
        return Ok(());
    }
    recorder.writes();
    let order = std::slice::from_ref(&record.order);
    Ok(recorder.ctx.store().clear_failures(&recorder.ctx.run.token, order, recorder.ctx.now()).await?)
}

async fn keep(recorder: &mut Recorder<'_>, record: &OrderWork, error: &str) -> Result<(), Stop> {
    let (order, number) = (&record.order, &record.number);
    let failure = failure(recorder.ctx, order, number, error, true, retry_wait::wait(record.attempts));
    Ok(recorder.keep_failures(&[failure]).await?)
}
