//! The rate limit: a fixed window, aligned with the clock minute.

use super::RateLimit;
use crate::Timestamp;

/// Requests of one pair of keys, counted in the present minute.
#[derive(Debug, Default)]
pub(super) struct MinuteUsage {
    minute: i64,
    used: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RateStatus {
    pub(super) limit: u32,
    pub(super) remaining: u32,
    /// Seconds until the next minute, 1 to 60.
    pub(super) reset: u64,
    pub(super) over: bool,
}

impl MinuteUsage {
    /// Spends requests of the present minute without a call, as another user of the key would.
    pub(super) fn spend(&mut self, now: Timestamp, requests: u32) {
        let minute = now.unix_seconds().div_euclid(60);
        if minute != self.minute {
            (self.minute, self.used) = (minute, 0);
        }
        self.used = self.used.saturating_add(requests);
    }

    pub(super) fn count(&mut self, limit: RateLimit, now: Timestamp) -> Option<RateStatus> {
        let RateLimit::PerMinute(limit) = limit else { return None };
        self.spend(now, 0);
        let over = self.used >= limit;
        self.used += u32::from(!over);
        let second = now.unix_seconds().rem_euclid(60).unsigned_abs();
        Some(RateStatus { limit, remaining: limit.saturating_sub(self.used), reset: 60 - second, over })
    }
}
