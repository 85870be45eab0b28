//! The clocks of the host, and how far they may be from ShipStation's.

use std::time::Duration;

use crate::Timestamp;
pub(super) use crate::clock::HostTime;

/// A larger difference between the host's clock and ShipStation's is not tolerated.
pub(super) const MAX_CLOCK_SKEW: Duration = Duration::from_secs(300);

/// Longer than any wait, and short enough for every store's dates.
pub(super) const FAR_FUTURE: Duration = Duration::from_secs(200 * 365 * 24 * 3600);

pub(super) fn apart(one: Timestamp, other: Timestamp) -> Duration {
    one.since(other).max(other.since(one))
}
