//! The failure ledger: orders that could not be imported are read again by their id, whatever their age.

use super::{
    changes,
    import::{Import, failure},
    page,
    retry_wait::{self, due_at, is_misdated},
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

/// Reads the due ones again. With a deadline they get half of the time: a long ledger must not keep a run from its window.
pub(super) async fn read_again(import: &mut Import<'_>) -> Result<(), Stop> {
    let mut due = due(import).await?;
    if due.len() > MAX_READ {
        due.truncate(MAX_READ);
        import.warn("more failed orders are due: the next run goes on");
    }
    let (half_time, mut left) = (import.ctx.run.half_time(), due.len());
    for record in due {
        import.ctx.run.checkpoint().await?;
        if half_time.is_some_and(|half_time| half_time <= import.ctx.run.now()) {
            let (orders, wait) = (count_of(count(left), "order"), if left == 1 { "waits" } else { "wait" });
            import.warn(format!(
                "{orders} that failed before {wait} for the next run: half of the time before the deadline is used"
            ));
            break;
        }
        if let Some(decided) = read_one(import, record).await? {
            import.reading.decided.insert(decided);
        }
        left -= 1;
    }
    Ok(())
}

/// What is due, first what is due for longest. A date further ahead than the longest wait is from a clock that was wrong:
/// taken as due.
async fn due(import: &mut Import<'_>) -> Result<Vec<OrderWork>, Stop> {
    let now = due_at(import.ctx.now());
    let kept = |limit| import.ctx.store().due_failures(import.ctx.connection(), now + FAR_FUTURE, limit);
    let mut due = kept(MAX_READ + 1).await?;
    if due.len() > MAX_READ {
        due = kept(MAX_WORK_ITEMS_READ).await?;
    }
    due.retain(|record| record.next_attempt <= now || is_misdated(record, now));
    import.warn_of_misdated(due.iter().filter(|record| is_misdated(record, now)).count(), "failed order");
    Ok(due)
}

/// Reads one of them: its id, if it is dealt with for this run.
async fn read_one(import: &mut Import<'_>, record: OrderWork) -> Result<Option<OrderId>, Stop> {
    let Some(id) = translate::wire_order_id(&record.order) else {
        return forget(import, &record).await.map(|()| None);
    };
    let why = match lookup::order(import.ctx.client(), id).await {
        Ok(Some(order)) if is_over(&order) && !is_wanted(&order, import.ctx.settings()) => {
            // An imported one could not be read when changes were looked for.
            if !changes::compare_one(import, &order).await? {
                import.warn(format!(
                    "order {} failed before and is now {}: not retried",
                    record.order,
                    order.order_status.as_ref().map_or("over", OrderStatus::as_str)
                ));
            }
            return forget(import, &record).await.map(|()| None);
        }
        Ok(Some(order)) => {
            import.reading.users.observe(std::slice::from_ref(&order));
            let outcomes = page::import(import, vec![order]).await?;
            return settle(import, record, outcomes.first()).await.map(|()| Some(id));
        }
        Ok(None) if lookup::may_be_behind(record.first_seen, import.ctx.now()) => {
            "ShipStation does not find the order".to_owned()
        }
        Ok(None) => {
            import.warn(format!("order {} failed before and no longer exists", record.order));
            return forget(import, &record).await.map(|()| None);
        }
        Err(error) if client_failure::ends_the_run(&error) => return Err(error.into()),
        Err(error) => client_failure::describe(&error),
    };
    import.failed(&record.order, &record.number, &why);
    keep(import, &record, &why).await.map(|()| Some(id))
}

/// What became of an order that was read again, and what that means for the ledger. What failed or was rejected again is in it
/// already; what is left out for now still waits there, with the error of its failure.
async fn settle(
    import: &mut Import<'_>,
    record: OrderWork,
    outcome: Option<&ImportOutcome>,
) -> Result<(), Stop> {
    match outcome {
        Some(outcome) if outcome.is_imported() => forget(import, &record).await,
        Some(ImportOutcome::Skipped { reasons })
            if !matches!(reasons.first(), Some(SkipReason::UnmappedShipping { .. })) =>
        {
            keep(import, &record, record.error.as_deref().unwrap_or_default()).await
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

async fn forget(import: &mut Import<'_>, record: &OrderWork) -> Result<(), Stop> {
    // What is not recorded yet must be seen again if it never is.
    if import.ctx.run.is_dry_run() || import.awaits_parcels_of(&record.order) {
        return Ok(());
    }
    import.writes();
    let order = std::slice::from_ref(&record.order);
    Ok(import.ctx.store().clear_failures(&import.ctx.run.token, order, import.ctx.now()).await?)
}

async fn keep(import: &mut Import<'_>, record: &OrderWork, error: &str) -> Result<(), Stop> {
    let (order, number) = (&record.order, &record.number);
    let failure = failure(import.ctx, order, number, error, true, retry_wait::wait(record.attempts));
    Ok(import.keep_failures(&[failure]).await?)
}
