//! How many shipments went which way.

use std::collections::BTreeMap;

use serde::Serialize;

/// How many. Every row that was due or in flight when it was read is in exactly one bucket, by what it
/// is when the run ends: `due = would_be_sent + sent + confirmed + never_confirmed + already_there +
/// waiting_partial + blocked + retry_waiting + unknown + failed_permanent + suppressed + superseded + cancelled +
/// not_evaluated`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SyncCounts {
    /// Rows that the run looked at.
    pub due: u64,
    /// In a dry run: what a real run would send.
    pub would_be_sent: u64,
    /// Accepted by the channel, in this run or an earlier one, and not confirmed yet.
    pub sent: u64,
    /// Of `sent`, those that were accepted in an earlier run.
    pub sent_by_earlier_runs: u64,
    /// Accepted by the channel, in this run or an earlier one, and confirmed in this one.
    pub confirmed: u64,
    /// Of `confirmed`, those that an earlier run had sent.
    pub confirmed_for_earlier_runs: u64,
    /// Accepted by the channel in an earlier run and never confirmed; no longer waited for.
    pub never_confirmed: u64,
    /// Was there before we sent anything.
    pub already_there: u64,
    /// Waiting for the rest of the order.
    pub waiting_partial: u64,
    /// Waiting for a person, by reason.
    pub blocked: BTreeMap<&'static str, u64>,
    /// Waiting for another attempt.
    pub retry_waiting: u64,
    /// It is not known whether the channel has it; it is looked for before anything is sent.
    pub unknown: u64,
    /// Given up, by reason.
    pub failed_permanent: BTreeMap<&'static str, u64>,
    /// Not to be told, by the host's word.
    pub suppressed: u64,
    /// Another shipment speaks for them.
    pub superseded: u64,
    /// Taken back by the host.
    pub cancelled: u64,
    /// Rows that the run did not get to.
    pub not_evaluated: u64,
    /// Tracking numbers that the channel has no room for.
    pub not_conveyed_tracking: u64,
    /// In no bucket: rows that an earlier run blocked and that are not looked at until a person has acted.
    pub still_blocked: u64,
    /// In no bucket: rows that have waited for another attempt since an earlier run, and are not due yet.
    pub still_retry_waiting: u64,
    /// Requests that asked the channel to mark an order as shipped.
    pub marked: u64,
}

impl SyncCounts {
    /// Whether every row is in exactly one bucket.
    pub fn add_up(&self) -> bool {
        self.due
            == self.would_be_sent
                + self.sent
                + self.confirmed
                + self.never_confirmed
                + self.already_there
                + self.waiting_partial
                + self.blocked.values().sum::<u64>()
                + self.retry_waiting
                + self.unknown
                + self.failed_permanent.values().sum::<u64>()
                + self.suppressed
                + self.superseded
                + self.cancelled
                + self.not_evaluated
    }
}
