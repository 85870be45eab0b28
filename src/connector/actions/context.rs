//! What every step of a run works with, and where it writes down what was decided.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Timestamp,
    channel::{
        ActionId, ActionState, ChannelError, CloseReason, ItemOutcome, RetryClass, RunEventKind, RunStatus,
        report::{ActionItem, ActionOutcome, ActionReport, RunInfo},
        store::{ActionRow, ActionStore, ActionTransition},
    },
    client::TagId,
    connector::{
        failure::FailureStreak,
        retry_timing::{Event, LookTimes, Moment},
        run::{Run, Stop},
        settings::{Settings, ShipmentSettings},
    },
};

/// Nothing in here changes while the run goes on.
pub(super) struct Context<'c> {
    pub(super) run: Run<'c>,
    pub(super) store: &'c dyn ActionStore,
}

/// How the steps of a run get at it.
pub(super) type Ctx<'c> = &'c Context<'c>;

impl<'c> Context<'c> {
    fn settings(&self) -> &'c Settings {
        &self.run.channel.settings
    }

    /// When what is of unknown outcome is looked for: how late an effect comes does not depend on what was sent.
    pub(super) fn times(&self) -> LookTimes {
        let &ShipmentSettings { lookup_interval, resend_after, .. } = &self.settings().shipments;
        let give_up_after = self.settings().actions.give_up_after;
        LookTimes { lookup_interval, resend_after, give_up_after, max_requests: ActionRow::MAX_REQUESTS }
    }

    /// What happened to an action at these times, as far as this process knows.
    pub(super) fn event(&self, id: &ActionId, host: Timestamp, server: Option<Timestamp>) -> Event {
        self.run.channel.action_readings.event(id, host, server, &self.run.moment())
    }

    /// Remembers that this process did something about an action at `moment`.
    pub(super) fn remember(&self, id: &ActionId, moment: &Moment) {
        self.run.channel.action_readings.note(id, moment);
    }

    /// A wait for another attempt.
    pub(super) fn waiting(&self, wait: std::time::Duration, class: RetryClass) -> ActionState {
        let now = self.run.moment();
        ActionState::RetryWait { until: now.host.wall + wait, class, server_since: now.server }
    }

    /// The first wait after a failed attempt, and a random share of a whole.
    pub(super) fn backoff(&self) -> (std::time::Duration, f64) {
        (self.settings().shipments.backoff, self.run.share())
    }
}

/// What a step decides about a row.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) state: ActionState,
    pub(super) counts_attempt: bool,
    pub(super) error: Option<String>,
}

impl Decision {
    pub(super) fn to(state: ActionState) -> Self {
        Self { state, counts_attempt: false, error: None }
    }

    pub(super) fn close(reason: CloseReason) -> Self {
        Self::to(ActionState::Closed { reason })
    }

    /// An attempt that counts, and what came of it.
    pub(super) fn attempt(state: ActionState, error: impl Into<String>) -> Self {
        Self { state, counts_attempt: true, error: Some(error.into()) }
    }
}

/// What changes while the run goes on: the account of the rows that it looked at, and what ShipStation has shown.
pub(super) struct Ledger<'r> {
    pub(super) ctx: Ctx<'r>,
    rows: BTreeMap<u64, ActionRow>,
    /// The tags of the account, once they were asked for.
    pub(super) tags: Option<BTreeSet<TagId>>,
    /// Requests that failed in a row.
    pub(super) failures: FailureStreak,
    /// Requests that asked for a change.
    pub(super) sent: u64,
    /// Whether anything was changed, in a store or in ShipStation.
    pub(super) has_acted: bool,
}

impl<'r> Ledger<'r> {
    pub(super) fn new(ctx: Ctx<'r>, has_acted: bool) -> Self {
        let (rows, failures) = (BTreeMap::new(), FailureStreak::default());
        Self { ctx, rows, tags: None, failures, sent: 0, has_acted }
    }

    pub(super) fn look_at(&mut self, row: &ActionRow) {
        self.rows.insert(row.number, row.clone());
    }

    /// Records a step, and takes it.
    pub(super) async fn record(&mut self, row: &mut ActionRow, decision: Decision) -> Result<(), Stop> {
        let Decision { state, counts_attempt, error } = decision;
        let now = self.ctx.run.now();
        let record = ActionTransition { id: row.action.id.clone(), state, counts_attempt, error, now };
        self.has_acted = true;
        self.ctx.store.record_actions(&self.ctx.run.token, std::slice::from_ref(&record)).await?;
        self.ctx.run.event(RunEventKind::ActionStep { action: &record.id, state: record.state.kind() });
        row.step(record).map_err(|error| Stop::Store(error.into()))?;
        self.look_at(row);
        Ok(())
    }

    /// Counts every row by where it stands now, and ends the run.
    pub(super) async fn finish(
        self,
        info: RunInfo,
        stop: Option<Stop>,
    ) -> Result<ActionReport, ChannelError> {
        let mut report = ActionReport::new(info);
        report.counts.sent = self.sent;
        let mut has_errors = false;
        for row in self.rows.into_values() {
            let would_be_tried = self.ctx.run.is_dry_run() && !row.state.is_closed();
            let outcome = if would_be_tried { ActionOutcome::WouldBeTried } else { (&row.state).into() };
            has_errors |= outcome.is_error();
            let (id, event) = (Some(row.action.id.as_str()), ItemOutcome::Action(outcome.kind()));
            self.ctx.run.event(RunEventKind::ItemDone { id, outcome: event });
            report.add(ActionItem::new(row.action, outcome, row.last_error));
        }
        let status = if has_errors { RunStatus::CompletedWithErrors } else { RunStatus::Succeeded };
        self.ctx.run.end(report, stop, self.has_acted, status).await
    }
}
