//! What is recorded when something is to be tried again later, and when failures in a row end it for this run.

use std::time::Duration;

use super::{Ctx, Decision, Parcel, timing};
use crate::{
    channel::{RetryClass, ShipmentState},
    client::{Error, ErrorKind},
    connector::failure,
};

pub(super) const MISSING: &str =
    "ShipStation does not find the order: if it does not find it again, the shipment fails";

/// Nothing reached ShipStation, or a look failed: later again.
pub(super) fn try_again(ctx: Ctx<'_>, parcel: &Parcel, error: &Error) -> Decision {
    let class = failure::retry_class(error);
    let wait = if error.kind() == ErrorKind::Cancelled {
        Duration::ZERO
    } else {
        let asked = error.retry_after();
        timing::retry_wait(ctx.settings().backoff, parcel.row.attempts, class, asked, ctx.run.share())
    };
    let counts_attempt = !matches!(class, RetryClass::RateLimited | RetryClass::Credentials);
    Decision::postpone(parcel, waiting(ctx, wait, class), counts_attempt, failure::describe(error))
}

/// The order was not found once. It is looked for once more before it counts as gone.
pub(super) fn missing_once(ctx: Ctx<'_>, parcel: &Parcel, counts_attempt: bool) -> Decision {
    let state = waiting(ctx, ctx.settings().lookup_interval, RetryClass::OrderMissing);
    Decision::postpone(parcel, state, counts_attempt, MISSING)
}

/// The order was not found again. It counts as gone if it is not found after this wait either.
pub(super) fn missing_twice(ctx: Ctx<'_>, parcel: &Parcel) -> Decision {
    Decision::postpone(parcel, waiting(ctx, timing::GONE_AFTER, RetryClass::OrderMissing), false, MISSING)
}

/// What a look showed decides nothing yet: after a while again.
pub(super) fn look_again(ctx: Ctx<'_>, parcel: &Parcel, class: RetryClass, why: &str) -> Decision {
    let wait = timing::next_look_wait(ctx.settings(), parcel.row.attempts, ctx.run.share());
    Decision::postpone(parcel, waiting(ctx, wait, class), true, why)
}

fn waiting(ctx: Ctx<'_>, wait: Duration, class: RetryClass) -> ShipmentState {
    let now = ctx.run.moment();
    ShipmentState::RetryWait { until: now.host.wall + wait, class, server_since: now.server }
}
