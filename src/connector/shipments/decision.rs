//! What a stage decides about rows of the outbox, also where something is to be tried again later. The
//! [recorder](super::recorder) does all that follows from it.

use std::time::Duration;

use super::{Ctx, Parcel, rows, timing};
use crate::{
    channel::{
        OutboxId, RetryClass, ShipmentState, SupersedeReason,
        report::{SyncItem, SyncOutcome},
        store::OutboxRow,
    },
    client::{Error, ErrorKind},
    connector::{failure, settings::PartialPolicy},
};

/// What happens to a row.
#[derive(Debug)]
pub(super) enum RowOutcome {
    /// It takes a step.
    Step { state: ShipmentState, counts_attempt: bool, error: Option<String> },
    /// ShipStation accepted it in an earlier run, and its record never showed: it is taken for confirmed.
    AssumedConfirmed,
    /// It was decided about, and this is what a person should know.
    Noted(String),
    /// The run is dry, and a real one would send it.
    WouldBeSent,
}

/// What a stage decides. Its steps are recorded together.
#[derive(Debug, Default)]
pub(super) struct Decision {
    pub(super) outcomes: Vec<(OutboxId, RowOutcome)>,
    /// Tracking numbers that the order has no room for.
    pub(super) unreported: Vec<SyncItem>,
    /// What an operator should know although nothing failed.
    pub(super) warnings: Vec<String>,
}

impl Decision {
    pub(super) fn of(row: &OutboxRow, outcome: RowOutcome) -> Self {
        Self { outcomes: vec![(row.id(), outcome)], ..Self::default() }
    }

    /// Rows that take the same step.
    pub(super) fn steps<'r>(rows: impl IntoIterator<Item = &'r OutboxRow>, state: &ShipmentState) -> Self {
        let mut decision = Self::default();
        decision.step_all(rows, state);
        decision
    }

    /// What keeps the parcel from being proven or sent now; the rows that it covers wait with it.
    pub(super) fn postpone(
        parcel: &Parcel,
        state: ShipmentState,
        counts_attempt: bool,
        error: impl Into<String>,
    ) -> Self {
        let mut decision =
            Self::of(&parcel.row, RowOutcome::Step { state, counts_attempt, error: Some(error.into()) });
        for row in &parcel.covers {
            decision.note(row, format!("waits with shipment {}", parcel.row.id()));
        }
        decision
    }

    /// A step that counts no attempt and leaves no error.
    pub(super) fn step(&mut self, row: &OutboxRow, state: ShipmentState) {
        self.outcomes.push((row.id(), RowOutcome::Step { state, counts_attempt: false, error: None }));
    }

    pub(super) fn step_all<'r, R>(&mut self, rows: R, state: &ShipmentState)
    where
        R: IntoIterator<Item = &'r OutboxRow>,
    {
        for row in rows {
            self.step(row, state.clone());
        }
    }

    pub(super) fn note(&mut self, row: &OutboxRow, why: impl Into<String>) {
        self.outcomes.push((row.id(), RowOutcome::Noted(why.into())));
    }

    /// Closes the rows that a parcel covers, now that ShipStation has it with the `reported` number.
    pub(super) fn close_covered(&mut self, partial: PartialPolicy, parcel: &Parcel, reported: &[String]) {
        self.list_unreported(parcel.rows(), reported);
        self.step_all(&parcel.covers, &superseded_by(partial, &parcel.row));
    }

    /// Lists the tracking numbers of these rows that the order has no room for, beside the `reported` ones. Nothing is
    /// dropped silently.
    pub(super) fn list_unreported<'r>(
        &mut self,
        rows: impl IntoIterator<Item = &'r OutboxRow>,
        reported: &[String],
    ) {
        for (row, tracking) in rows::further_tracking(rows, reported) {
            let (order, number) = (row.shipment.order.clone(), row.shipment.order_number.clone());
            let note = Some(format!("{tracking}, for the order has room for one only"));
            self.unreported.push(SyncItem::new(row.id(), order, number, SyncOutcome::Unreported, note));
        }
    }
}

/// The end of a shipment whose order is marked shipped with another one.
pub(super) fn superseded_by(partial: PartialPolicy, other: &OutboxRow) -> ShipmentState {
    let reason = match partial {
        PartialPolicy::ShipOnFirst => SupersedeReason::AlreadyMarkedShipped,
        PartialPolicy::HoldUntilComplete { .. } => {
            SupersedeReason::ReportedWith { shipment: other.shipment.id.clone() }
        }
    };
    ShipmentState::Superseded { reason }
}

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
