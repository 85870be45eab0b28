//! The account of a run: what became of every row that it looked at, and how that is counted and put into words.

use std::{collections::BTreeMap, time::Duration};

use super::{Sync, tracking::same};
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, LineQuantity, Marketplace, OutboxId, ShipmentState,
        report::{SyncCounts, SyncItem, SyncOutcome},
        store::{OutboxRow, SendIntent},
    },
};

/// Successes that a report names one by one.
const NAMED: usize = 200;
/// Reasons of blocked rows that are nobody's plan.
const FAULTS: [&str; 4] = ["refused", "outcome_unknown", "unknown_lines", "order_mismatch"];

/// What is known at the end of one row that the run looked at.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) order: ChannelOrderId,
    pub(super) number: Option<String>,
    pub(super) enqueued_at: Timestamp,
    pub(super) state: ShipmentState,
    /// The name of the state that it was found in.
    pub(super) found: &'static str,
    /// Whether the run came to a decision about it.
    pub(super) decided: bool,
    /// Whether this run sent it, or would have.
    pub(super) sending: Sending,
    pub(super) note: Option<String>,
}

/// What a run did about sending a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sending {
    /// Nothing; an earlier run may have sent it.
    Nothing,
    /// A request left.
    Done,
    /// A request would have left, had the run not been dry.
    Would,
    /// Nothing; an earlier run has sent it, and its proof is no longer waited for.
    Believed,
}

impl Sync<'_> {
    /// Takes a row into the account.
    pub(super) fn look_at(&mut self, row: &OutboxRow) {
        self.account.entry(row.id()).or_insert_with(|| Entry {
            order: row.shipment.order.clone(),
            number: row.shipment.order_number.clone(),
            enqueued_at: row.enqueued_at,
            state: row.state.clone(),
            found: row.state.name(),
            decided: false,
            sending: Sending::Nothing,
            note: None,
        });
    }

    /// How many of so many rows in a state, as the store counts them, are not in the account.
    pub(super) fn not_in_account(&self, counts: &BTreeMap<String, u64>, state: &str) -> u64 {
        // A dry run leaves the rows as it found them.
        let dry_run = self.run.control.dry_run;
        let stands = |entry: &&Entry| (if dry_run { entry.found } else { entry.state.name() }) == state;
        let looked_at = u64::try_from(self.account.values().filter(stands).count()).unwrap_or(u64::MAX);
        counts.get(state).copied().unwrap_or(0).saturating_sub(looked_at)
    }

    pub(super) fn decide(&mut self, id: &OutboxId, note: Option<String>) {
        if let Some(entry) = self.account.get_mut(id) {
            entry.decided = true;
            entry.note = note;
        }
    }

    /// The request leaves: if its outcome cannot be recorded, the report must not say that the row was not reached.
    pub(super) fn is_under_way(&mut self, id: &OutboxId, intent: SendIntent) {
        if let Some(entry) = self.account.get_mut(id) {
            entry.state = intent.sending();
            entry.sending = Sending::Done;
        }
    }

    /// A dry run comes this far.
    pub(super) fn would_be_sent(&mut self, id: &OutboxId) {
        if let Some(entry) = self.account.get_mut(id) {
            entry.sending = Sending::Would;
        }
    }

    /// It was accepted long ago, and its record never showed.
    pub(super) fn is_believed(&mut self, id: &OutboxId) {
        if let Some(entry) = self.account.get_mut(id) {
            entry.sending = Sending::Believed;
        }
    }

    /// Lists the tracking numbers of these rows that the order has no room for. Nothing is dropped silently.
    pub(super) fn note_not_conveyed<'r>(
        &mut self,
        rows: impl IntoIterator<Item = &'r OutboxRow>,
        told: &[String],
    ) {
        let mut known = told.to_vec();
        for row in rows {
            for tracking in super::rows::tracking_numbers([row]) {
                if known.iter().any(|known| same(known, &tracking)) {
                    continue;
                }
                self.report.counts.not_conveyed_tracking += 1;
                self.report.not_conveyed.push(SyncItem::new(
                    row.id(),
                    row.shipment.order.clone(),
                    row.shipment.order_number.clone(),
                    SyncOutcome::NotConveyed,
                    Some(format!("{tracking}, for the order has room for one only")),
                ));
                known.push(tracking);
            }
        }
    }

    /// Every row of the account goes into exactly one bucket, by where it stands now.
    pub(super) fn tally(&mut self) {
        let now = self.run.now();
        for (id, entry) in std::mem::take(&mut self.account) {
            let counts = &mut self.report.counts;
            counts.due += 1;
            let Some(outcome) = bucket(counts, &entry) else {
                counts.not_evaluated += 1;
                continue;
            };
            let waited = now.since(entry.enqueued_at);
            if outcome == SyncOutcome::WaitingPartial {
                self.report.oldest_waiting = self.report.oldest_waiting.max(Some(waited));
            }
            let note = entry.note.or_else(|| words(&entry.state, waited));
            let item = SyncItem::new(id, entry.order, entry.number, outcome, note);
            if item.needs_attention() || self.report.items.len() < NAMED {
                self.report.items.push(item);
            } else {
                self.report.items_truncated += 1;
            }
        }
    }

    /// Whether anything failed that is kept for another attempt or for a person.
    pub(super) fn has_errors(&self) -> bool {
        let counts = &self.report.counts;
        let store_not_told = |item: &SyncItem| {
            matches!(item.outcome, SyncOutcome::Confirmed { marketplace: Marketplace::Failed { .. } })
        };
        counts.retry_waiting > 0
            || counts.unknown > 0
            || counts.blocked.keys().any(|reason| FAULTS.contains(reason))
            || !counts.failed_permanent.is_empty()
            || self.report.items.iter().any(store_not_told)
    }
}

/// Counts a row and says what became of it; `None` when the run did not get to it.
fn bucket(counts: &mut SyncCounts, entry: &Entry) -> Option<SyncOutcome> {
    let from_before = u64::from(entry.sending == Sending::Nothing);
    let (count, outcome) = match &entry.state {
        _ if entry.sending == Sending::Would => (&mut counts.would_be_sent, SyncOutcome::WouldBeSent),
        ShipmentState::Sent { .. } => {
            counts.sent_by_earlier_runs += from_before;
            (&mut counts.sent, SyncOutcome::Sent)
        }
        ShipmentState::Confirmed { already_there: true, .. } => {
            (&mut counts.already_there, SyncOutcome::AlreadyThere)
        }
        ShipmentState::Confirmed { .. } if entry.sending == Sending::Believed => {
            (&mut counts.never_confirmed, SyncOutcome::NeverConfirmed)
        }
        ShipmentState::Confirmed { marketplace, .. } => {
            counts.confirmed_for_earlier_runs += from_before;
            (&mut counts.confirmed, SyncOutcome::Confirmed { marketplace: marketplace.clone() })
        }
        ShipmentState::Unknown { .. } | ShipmentState::Sending { .. } => {
            (&mut counts.unknown, SyncOutcome::Unknown)
        }
        _ if !entry.decided => return None,
        ShipmentState::Waiting { .. } => (&mut counts.waiting_partial, SyncOutcome::WaitingPartial),
        ShipmentState::Blocked { reason } => {
            (counts.blocked.entry(reason.code()).or_default(), SyncOutcome::Blocked)
        }
        ShipmentState::RetryWait { .. } | ShipmentState::Pending => {
            (&mut counts.retry_waiting, SyncOutcome::RetryWaiting)
        }
        ShipmentState::Failed { reason } => {
            (counts.failed_permanent.entry(reason.code()).or_default(), SyncOutcome::Failed)
        }
        ShipmentState::Suppressed { .. } => (&mut counts.suppressed, SyncOutcome::Suppressed),
        ShipmentState::Superseded { .. } => (&mut counts.superseded, SyncOutcome::Superseded),
        ShipmentState::Cancelled => (&mut counts.cancelled, SyncOutcome::Cancelled),
    };
    *count += 1;
    Some(outcome)
}

/// What a person should know of a state, where its name does not say it.
fn words(state: &ShipmentState, waited: Duration) -> Option<String> {
    match state {
        ShipmentState::Waiting { missing } => {
            Some(format!("since {} h, missing {}", waited.as_secs() / 3600, list(missing)))
        }
        ShipmentState::Blocked { reason } => Some(reason.to_string()),
        ShipmentState::Failed { reason } => Some(reason.to_string()),
        ShipmentState::Confirmed { marketplace: Marketplace::Failed { message }, .. } => {
            Some(format!("the store could not be told: {message}"))
        }
        _ => None,
    }
}

fn list(missing: &[LineQuantity]) -> String {
    let lines = missing.iter().map(|line| format!("{} of line {}", line.quantity, line.line));
    lines.collect::<Vec<_>>().join(", ")
}
