//! ShipStation's own time, learned from its answers. It does not follow the host's wall clock.

use std::{sync::Mutex, time::Duration};

use super::Clock;
use crate::{Timestamp, locked::locked};

/// The last `Date` header, and when it came.
#[derive(Debug, Default)]
pub(crate) struct ServerClock(Mutex<Option<(Timestamp, Option<Duration>)>>);

impl ServerClock {
    /// Learns from an answer that came just now.
    pub(crate) fn observe(&self, date: Option<Timestamp>, clock: &dyn Clock) {
        if let Some(date) = date {
            *locked(&self.0) = Some((date, clock.monotonic()));
        }
    }

    pub(crate) fn now(&self, clock: &dyn Clock) -> Option<Timestamp> {
        let (date, came_at) = (*locked(&self.0))?;
        let passed = came_at.zip(clock.monotonic()).map(|(then, now)| now.saturating_sub(then));
        Some(date + passed.unwrap_or_default())
    }
}
