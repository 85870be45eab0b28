//! The failure ledger: orders that could not be imported are read again by their id, whatever their age.

use std::time::Duration;

use super::{changes, import::Import};
use crate::{
    channel::{
        Bypass,
        store::{FailureRecord, OrderFailure},
        wording::count_of,
    },
    client::{Order, OrderId, OrderStatus},
    connector::{clocks::TOLERATED_SKEW, count, failure, look, run::Stop, translate},
};

/// How many are read in one run: one request each.
const AT_ONCE: usize = 200;
/// How many are looked through for those that are due, where more are kept than can be read in one run.
const LOOKED_THROUGH: usize = 10_000;
/// The wait after a first failure; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_secs(300);
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(6 * 3600);
/// Longer than any wait, and short enough for every store's dates.
pub(super) const FOR_EVER: Duration = Duration::from_secs(200 * 365 * 24 * 3600);
/// A rule may be added at any time, so an order that waits for one is not left alone for long.
const LONGEST_WAIT_FOR_A_RULE: Duration = Duration::from_secs(3600);

/// How long an order that has failed so often before is left alone.
pub(super) fn wait(failed_before: u32) -> Duration {
    FIRST_WAIT.saturating_mul(1 << failed_before.min(16)).min(LONGEST_WAIT)
}

/// The same for an order that waits for a shipping rule.
pub(super) fn wait_for_a_rule(failed_before: u32) -> Duration {
    wait(failed_before).min(LONGEST_WAIT_FOR_A_RULE)
}

/// Reads the due ones again. With a deadline they get half of the time: a long ledger must not keep a run from its window.
pub(super) async fn read_again(import: &mut Import<'_>) -> Result<(), Stop> {
    let mut due = due(import).await?;
    if due.len() > AT_ONCE {
        due.truncate(AT_ONCE);
        import.run.warn("more failed orders are due: the next run goes on");
    }
    let (enough, mut left) = (import.run.half_time(), due.len());
    for record in due {
        import.run.go_on().await?;
        if enough.is_some_and(|enough| enough <= import.run.now()) {
            let (orders, wait) = (count_of(count(left), "order"), if left == 1 { "waits" } else { "wait" });
            import.run.warn(format!(
                "{orders} that failed before {wait} for the next run: half of the time is over"
            ));
            return Ok(());
        }
        one(import, record).await?;
        left -= 1;
    }
    Ok(())
}

/// What is due, first what is due for longest. A date further ahead than the longest wait is from a clock that was wrong:
/// taken as due.
async fn due(import: &mut Import<'_>) -> Result<Vec<FailureRecord>, Stop> {
    let channel = import.run.channel;
    // ShipStation's time counts whole seconds.
    let now = import.now() + Duration::from_secs(2);
    let kept = |limit| channel.stores.orders.due_failures(&channel.connection, now + FOR_EVER, limit);
    let mut due = kept(AT_ONCE + 1).await?;
    if due.len() > AT_ONCE {
        due = kept(LOOKED_THROUGH).await?;
    }
    let longest = now + LONGEST_WAIT + TOLERATED_SKEW;
    let misdated = |record: &FailureRecord| record.last.next_attempt > longest;
    due.retain(|record| record.last.next_attempt <= now || misdated(record));
    let wrong = due.iter().filter(|record| misdated(record)).count();
    if wrong > 0 {
        let orders = count_of(count(wrong), "failed order");
        import.run.warn(format!(
            "{orders} had a date further ahead than the longest wait, from a clock that was wrong: taken as due"
        ));
    }
    Ok(due)
}

async fn one(import: &mut Import<'_>, record: FailureRecord) -> Result<(), Stop> {
    let Some(id) = translate::wire_order_id(&record.last.order) else {
        return forget(import, &record).await;
    };
    match look::order(&import.run.client, id).await {
        Ok(Some(order)) if is_over(&order) && !import.wants(&order) => {
            // An imported one could not be read when changes were looked for.
            if !changes::look_at(import, &order).await? {
                import.run.warn(format!(
                    "order {} failed before and is {} by now: it is no longer tried",
                    record.last.order,
                    order.order_status.as_ref().map_or("over", OrderStatus::as_str)
                ));
            }
            forget(import, &record).await
        }
        Ok(Some(order)) => {
            import.decided.insert(id);
            again(import, record, order).await
        }
        Ok(None) => {
            import.run.warn(format!("order {} failed before and no longer exists", record.last.order));
            forget(import, &record).await
        }
        Err(error) if failure::ends_the_run(&error) => Err(error.into()),
        Err(error) => failed_again(import, record, id, failure::describe(&error)).await,
    }
}

/// It could not be looked at: it stays in the ledger.
async fn failed_again(
    import: &mut Import<'_>,
    record: FailureRecord,
    id: OrderId,
    words: String,
) -> Result<(), Stop> {
    import.decided.insert(id);
    import.report.counts.scanned += 1;
    import.fail(&record.last.order, &record.last.number, words.clone(), true);
    keep(import, record, words).await
}

/// Imports the order whatever its age; everything else is judged as ever.
async fn again(import: &mut Import<'_>, record: FailureRecord, order: Order) -> Result<(), Stop> {
    let before = import.report.counts.clone();
    let bypass = import.bypass;
    import.bypass = Bypass { age: true, ..bypass };
    let result = import.page(vec![order]).await;
    import.bypass = bypass;
    result?;
    let now = &import.report.counts;
    if now.imported + now.already_imported > before.imported + before.already_imported {
        return forget(import, &record).await;
    }
    // What failed or was rejected again is in the ledger already; what is left out for now still waits there, with the
    // words of its failure.
    let skipped = now.skipped.iter().find(|(reason, count)| before.skipped.get(*reason) != Some(*count));
    match skipped.map(|(reason, _)| *reason) {
        Some("unmapped_shipping") | None => Ok(()),
        Some(_) => {
            let words = record.last.error.clone();
            keep(import, record, words).await
        }
    }
}

/// Shipped or cancelled orders need no import any more.
fn is_over(order: &Order) -> bool {
    matches!(order.order_status, Some(OrderStatus::Shipped | OrderStatus::Cancelled))
}

impl Import<'_> {
    /// Whether the settings ask for orders of this status.
    fn wants(&self, order: &Order) -> bool {
        let statuses = &self.run.channel.settings.orders.statuses;
        order.order_status.as_ref().is_some_and(|status| statuses.contains(status))
    }
}

async fn forget(import: &mut Import<'_>, record: &FailureRecord) -> Result<(), Stop> {
    if import.run.control.dry_run {
        return Ok(());
    }
    import.touched = true;
    let order = std::slice::from_ref(&record.last.order);
    Ok(import.run.channel.stores.orders.clear_failures(&import.run.token, order).await?)
}

async fn keep(import: &mut Import<'_>, record: FailureRecord, error: String) -> Result<(), Stop> {
    let now = import.now();
    let again = now + wait(record.attempts);
    let failure = OrderFailure::new(record.last.order, record.last.number, error, true, now, again);
    import.keep_failures(&[failure]).await?;
    Ok(())
}
