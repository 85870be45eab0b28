//! The clocks of the host, and how far they may be from ShipStation's.

use std::time::Duration;

use crate::{Timestamp, client::Clock};

/// A larger difference between the host's clock and ShipStation's is not tolerated.
pub(super) const TOLERATED_SKEW: Duration = Duration::from_secs(300);

/// An instant by both clocks of the host.
#[derive(Debug, Clone, Copy)]
pub(super) struct HostTime {
    pub(super) wall: Timestamp,
    monotonic: Option<Duration>,
}

impl HostTime {
    pub(super) fn now(clock: &dyn Clock) -> Self {
        Self { wall: clock.now(), monotonic: clock.monotonic() }
    }

    /// How long ago it was: by the monotonic clock if there is one, since the other one may have been set meanwhile.
    pub(super) fn elapsed(self, clock: &dyn Clock) -> Duration {
        let now = Self::now(clock);
        match (self.monotonic, now.monotonic) {
            (Some(then), Some(now)) => now.saturating_sub(then),
            _ => now.wall.since(self.wall),
        }
    }
}

/// How far two instants lie apart.
pub(super) fn apart(one: Timestamp, other: Timestamp) -> Duration {
    one.since(other).max(other.since(one))
}
