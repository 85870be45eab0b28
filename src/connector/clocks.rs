//! The clocks of the host, and how far they may be from ShipStation's.

use std::time::Duration;

use crate::{Timestamp, client::Clock};

/// A larger difference between the host's clock and ShipStation's is not tolerated.
pub(super) const MAX_CLOCK_SKEW: Duration = Duration::from_secs(300);

/// An instant by both clocks of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HostTime {
    pub(super) wall: Timestamp,
    pub(super) monotonic: Option<Duration>,
}

impl HostTime {
    pub(super) fn now(clock: &dyn Clock) -> Self {
        Self { wall: clock.now(), monotonic: clock.monotonic() }
    }

    /// How much time has passed since an earlier moment: by the monotonic clock if there is one, since the wall clock may
    /// have been set in between.
    pub(super) fn since(self, earlier: Self) -> Duration {
        match (earlier.monotonic, self.monotonic) {
            (Some(then), Some(now)) => now.saturating_sub(then),
            _ => self.wall.since(earlier.wall),
        }
    }

    /// The longest time that any of the two clocks has counted since an earlier moment.
    pub(super) fn longest_since(self, earlier: Self) -> Duration {
        self.since(earlier).max(self.wall.since(earlier.wall))
    }

    /// How much time has passed since this moment.
    pub(super) fn elapsed(self, clock: &dyn Clock) -> Duration {
        Self::now(clock).since(self)
    }
}

/// How far two instants lie apart.
pub(super) fn apart(one: Timestamp, other: Timestamp) -> Duration {
    one.since(other).max(other.since(one))
}
