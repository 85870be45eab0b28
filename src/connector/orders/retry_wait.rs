//! How long an order that failed is left alone before it is tried again.

use std::time::Duration;

use crate::{Timestamp, channel::store::OrderWork, connector::clocks::MAX_CLOCK_SKEW, time::HOUR};

/// The wait after a first failure; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_secs(300);
const MAX_FAILED_ORDER_WAIT: Duration = HOUR.saturating_mul(6);
/// A rule may be added at any time, so an order that waits for one is not left alone for long.
const MAX_WAIT_FOR_A_RULE: Duration = HOUR;

/// How long an order that has failed so often before is left alone.
pub(super) fn wait(failed_before: u32) -> Duration {
    FIRST_WAIT.saturating_mul(1 << failed_before.min(16)).min(MAX_FAILED_ORDER_WAIT)
}

/// The same for an order that waits for a shipping rule.
pub(super) fn wait_for_a_rule(failed_before: u32) -> Duration {
    wait(failed_before).min(MAX_WAIT_FOR_A_RULE)
}

/// The same where ShipStation asks for a wait of its own.
pub(super) fn at_least(failed_before: u32, asked: Duration) -> Duration {
    wait(failed_before).max(asked.min(MAX_FAILED_ORDER_WAIT))
}

/// Up to when open work is due: ShipStation's time counts whole seconds.
pub(super) fn due_at(now: Timestamp) -> Timestamp {
    now + Duration::from_secs(2)
}

/// Whether an entry is to wait longer than any wait is: the clock was wrong when that was written down.
pub(super) fn is_misdated(work: &OrderWork, now: Timestamp) -> bool {
    work.next_attempt > now + MAX_FAILED_ORDER_WAIT + MAX_CLOCK_SKEW
}
