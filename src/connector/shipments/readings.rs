//! What this process remembers of its own requests and looks, by the monotonic clock. It is kept in memory only: another
//! process has another clock.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::timing::{Event, Moment, Reading};
use crate::{Timestamp, channel::OutboxId};

/// Longer than anything waits for: readings that are older decide nothing.
const KEPT: Duration = Duration::from_secs(8 * 24 * 3600);

/// When this process sent shipments and looked for them. An event is known by its row and by the host's time of it.
#[derive(Debug, Default)]
pub(in crate::connector) struct Readings(Mutex<HashMap<(OutboxId, Timestamp), Reading>>);

impl Readings {
    /// Remembers what happened to a row at `moment`, in this process.
    pub(super) fn note(&self, row: &OutboxId, moment: &Moment) {
        if let Some(monotonic) = moment.monotonic {
            self.lock().insert((row.clone(), moment.host), Reading::Happened(monotonic));
        }
    }

    /// What happened to a row at these times. What another process did is known from now on.
    pub(super) fn event(
        &self,
        row: &OutboxId,
        host: Timestamp,
        server: Option<Timestamp>,
        now: &Moment,
    ) -> Event {
        let monotonic = now
            .monotonic
            .map(|now| *self.lock().entry((row.clone(), host)).or_insert(Reading::FirstSeen(now)));
        Event { host, server, monotonic }
    }

    /// Forgets what is too old to matter.
    pub(super) fn forget_old(&self, now: &Moment) {
        if let Some(now) = now.monotonic {
            self.lock().retain(|_, reading| now.saturating_sub(reading.at()) < KEPT);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(OutboxId, Timestamp), Reading>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
