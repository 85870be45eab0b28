//! Where the run writes down what was decided: into the store, as events, and into the report.

use std::collections::BTreeMap;

use super::{Ctx, Decision, Moment, RowOutcome, Stop, lookup::Lookups};
use crate::{
    channel::{
        ChannelError, ItemOutcome, LineQuantity, NotificationStatus, OutboxId, RetryClass, RunEventKind,
        RunStatus, ShipmentState, ShipmentStateKind, SyncReport,
        report::{RunInfo, SyncItem, SyncOutcome},
        store::{BeginSendOutcome, OutboxRow, SendIntent, ShipmentStoreExt, ShipmentTransition},
    },
    connector::{count, failure::FailureStreak},
};

/// Successes that a report names one by one.
const NAMED_SUCCESSES: usize = 200;

/// What is known of one row that the run looked at.
struct Account {
    found: OutboxRow,
    state: ShipmentState,
    /// Whether a request left in this run.
    is_sent: bool,
    outcome: SyncOutcome,
    note: Option<String>,
}

/// The account of a run, and what its look-ups and requests have shown so far.
pub(super) struct Recorder<'r> {
    pub(super) ctx: Ctx<'r>,
    pub(super) lookups: Lookups,
    /// Requests to mark a shipment that failed in a row.
    pub(super) failures: FailureStreak,
    rows: BTreeMap<OutboxId, Account>,
    report: SyncReport,
    pub(super) warnings: Vec<String>,
    /// Whether anything was changed, in a store or in ShipStation.
    pub(super) has_acted: bool,
    /// Whether something was to be read and could not be, which a warning says.
    is_incomplete: bool,
    has_warned_of_clock: bool,
}

impl<'r> Recorder<'r> {
    pub(super) fn new(ctx: Ctx<'r>, info: RunInfo) -> Self {
        Self {
            ctx,
            lookups: Lookups::default(),
            failures: FailureStreak::default(),
            rows: BTreeMap::new(),
            report: SyncReport::new(info),
            warnings: Vec::new(),
            has_acted: false,
            is_incomplete: false,
            has_warned_of_clock: false,
        }
    }

    /// Takes a row into the account.
    pub(super) fn look_at(&mut self, row: &OutboxRow) {
        let account = || Account {
            found: row.clone(),
            state: row.state.clone(),
            is_sent: false,
            outcome: if row.state.is_in_flight() {
                outcome(&row.state, false)
            } else {
                SyncOutcome::NotReached
            },
            note: None,
        };
        self.rows.entry(row.id()).or_insert_with(account);
    }

    /// Something was to be read and could not be.
    pub(super) fn warn_incomplete(&mut self, warning: impl Into<String>) {
        self.is_incomplete = true;
        self.warnings.push(warning.into());
    }

    /// A time in a row lies so far ahead that no wait explains it.
    pub(super) fn warn_of_clock(&mut self, row: &OutboxId) {
        if !std::mem::replace(&mut self.has_warned_of_clock, true) {
            self.warnings.push(format!(
                "the host's clock was wrong when shipment {row} was last tried: its wait ends too far ahead, and is taken as over"
            ));
        }
    }

    /// Records what was decided: in the store, unless the run is dry, as events, and in the account.
    pub(super) async fn apply(&mut self, decision: Decision) -> Result<(), Stop> {
        self.report.unreported.extend(decision.unreported);
        self.warnings.extend(decision.warnings);
        let (store, _) = self.ctx.store();
        let moment = self.ctx.run.moment();
        let records: Vec<_> =
            decision.outcomes.iter().filter_map(|(id, outcome)| outcome.record(id, &moment)).collect();
        if !self.ctx.run.is_dry_run() && !records.is_empty() {
            store.record(&self.ctx.run.token, &records).await?;
            self.has_acted = true;
        }
        for record in records {
            if matches!(record.state, ShipmentState::RetryWait { class: RetryClass::OrderMissing, .. }) {
                self.ctx.remember(&record.id, &moment);
            }
            let (shipment, state) = (&record.id, record.state.kind());
            self.ctx.run.event(RunEventKind::ShipmentStep { shipment, state });
            if let Some(account) = self.rows.get_mut(&record.id) {
                account.state = record.state;
                account.note = record.error;
            }
        }
        for (id, what) in decision.outcomes {
            let Some(account) = self.rows.get_mut(&id) else { continue };
            account.outcome = match what {
                RowOutcome::WouldBeSent => SyncOutcome::WouldBeSent,
                RowOutcome::AssumedConfirmed => SyncOutcome::NeverConfirmed,
                RowOutcome::Step { .. } | RowOutcome::Noted(_) => outcome(&account.state, account.is_sent),
            };
            if let RowOutcome::Noted(why) = what {
                account.note = Some(why);
            }
        }
        Ok(())
    }

    /// Makes it durable that a request is about to leave; without that none may. From then on the report does not say that
    /// the row was not reached, even if its outcome cannot be recorded.
    pub(super) async fn begin_send(
        &mut self,
        intent: &SendIntent,
        moment: &Moment,
    ) -> Result<BeginSendOutcome, Stop> {
        let id = &intent.id;
        // Whatever the store answers: a failure may hide that the row is kept.
        self.has_acted = true;
        let answer = self.ctx.store().0.begin_send_one(&self.ctx.run.token, intent).await?;
        if answer == BeginSendOutcome::Granted {
            self.ctx.remember(id, moment);
            self.report.counts.marked += 1;
            if let Some(account) = self.rows.get_mut(id) {
                account.state = intent.sending();
                account.is_sent = true;
                account.outcome = SyncOutcome::Unknown;
            }
        }
        Ok(answer)
    }

    /// Rows that stay blocked on a person's act, or wait for another attempt, are in every report, although nothing was
    /// done about them.
    pub(super) fn count_the_rest(&mut self, stored: &BTreeMap<String, u64>) {
        // A dry run leaves the rows as it found them.
        let dry_run = self.ctx.run.is_dry_run();
        let kind = |row: &Account| if dry_run { row.found.state.kind() } else { row.state.kind() };
        let rest = |wanted: ShipmentStateKind| {
            let looked_at = count(self.rows.values().filter(|row| kind(row) == wanted).count());
            stored.get(wanted.name()).copied().unwrap_or(0).saturating_sub(looked_at)
        };
        self.report.counts.still_blocked = rest(ShipmentStateKind::Blocked);
        self.report.counts.still_retry_waiting = rest(ShipmentStateKind::RetryWait);
    }

    /// Counts every row by where it stands now, names what the report has to name, and ends the run.
    pub(super) async fn finish(self, stop: Option<Stop>) -> Result<SyncReport, ChannelError> {
        let (now, mut report, mut has_errors) = (self.ctx.run.now(), self.report, self.is_incomplete);
        for (id, row) in self.rows {
            let outcome = row.outcome;
            report.counts.add(&outcome);
            let event = ItemOutcome::Shipment(outcome.kind());
            self.ctx.run.event(RunEventKind::ItemDone { id: Some(id.shipment.as_str()), outcome: event });
            has_errors |= outcome.is_error();
            let in_outbox = now.since(row.found.enqueued_at);
            if matches!(outcome, SyncOutcome::NotReached | SyncOutcome::RetryWaiting) {
                report.oldest_due = report.oldest_due.max(Some(in_outbox));
            }
            let hours = in_outbox.as_secs() / 3600;
            let note = match &outcome {
                SyncOutcome::NotReached => continue,
                SyncOutcome::WaitingPartial { missing } => {
                    report.oldest_waiting = report.oldest_waiting.max(Some(in_outbox));
                    Some(format!("since {hours} h, missing {}", list(missing)))
                }
                SyncOutcome::Blocked { reason } => Some(reason.to_string()),
                SyncOutcome::Failed { reason } => Some(reason.to_string()),
                SyncOutcome::Confirmed { notification: NotificationStatus::Failed { message } }
                | SyncOutcome::ConfirmedEarlier { notification: NotificationStatus::Failed { message } } => {
                    Some(format!("ShipStation could not notify the sales channel: {message}"))
                }
                _ => None,
            };
            let shipment = row.found.shipment;
            let item = SyncItem::new(id, shipment.order, shipment.order_number, outcome, row.note.or(note));
            if item.needs_attention() || report.items.len() < NAMED_SUCCESSES {
                report.items.push(item);
            } else {
                report.items_truncated += 1;
            }
        }
        report.run.warnings.extend(self.warnings);
        let status = if has_errors { RunStatus::CompletedWithErrors } else { RunStatus::Succeeded };
        self.ctx.run.end(report, stop, self.has_acted, status).await
    }
}

impl RowOutcome {
    /// The step that the row takes, if it takes one.
    fn record(&self, id: &OutboxId, moment: &Moment) -> Option<ShipmentTransition> {
        let (state, counts_attempt, error) = match self {
            Self::Step { state, counts_attempt, error } => (state.clone(), *counts_attempt, error.clone()),
            Self::AssumedConfirmed => {
                let error = "ShipStation accepted it, but its record was never seen: look by hand";
                (
                    ShipmentState::Confirmed {
                        record: None,
                        notification: NotificationStatus::Unknown,
                        already_there: false,
                    },
                    false,
                    Some(error.to_owned()),
                )
            }
            Self::Noted(_) | Self::WouldBeSent => return None,
        };
        let mut record = ShipmentTransition::new(id.clone(), state, moment.host.wall);
        (record.counts_attempt, record.error) = (counts_attempt, error);
        Some(record)
    }
}

/// What became of a row that is in this state, once it was decided about.
fn outcome(state: &ShipmentState, is_sent: bool) -> SyncOutcome {
    match state.clone() {
        ShipmentState::Sent { .. } if is_sent => SyncOutcome::Sent,
        ShipmentState::Sent { .. } => SyncOutcome::SentEarlier,
        ShipmentState::Confirmed { already_there: true, .. } => SyncOutcome::AlreadyThere,
        ShipmentState::Confirmed { notification, .. } if is_sent => SyncOutcome::Confirmed { notification },
        ShipmentState::Confirmed { notification, .. } => SyncOutcome::ConfirmedEarlier { notification },
        ShipmentState::Unknown { .. } | ShipmentState::Sending { .. } => SyncOutcome::Unknown,
        ShipmentState::Waiting { missing } => SyncOutcome::WaitingPartial { missing },
        ShipmentState::Blocked { reason } => SyncOutcome::Blocked { reason },
        ShipmentState::RetryWait { .. } | ShipmentState::Pending => SyncOutcome::RetryWaiting,
        ShipmentState::Failed { reason } => SyncOutcome::Failed { reason },
        ShipmentState::Suppressed { .. } => SyncOutcome::Suppressed,
        ShipmentState::Superseded { .. } => SyncOutcome::Superseded,
        ShipmentState::Cancelled => SyncOutcome::Cancelled,
    }
}

fn list(missing: &[LineQuantity]) -> String {
    let lines = missing.iter().map(|line| format!("{} of line {}", line.quantity, line.line));
    lines.collect::<Vec<_>>().join(", ")
}
