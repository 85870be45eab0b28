//! How often and how long the client tries again. What may be tried again at all is decided in `call`.

use std::{sync::Mutex, time::Duration};

use serde::{Deserialize, Serialize};

use crate::locked::locked;

/// When and how often a failed request is repeated.
///
/// It governs reads and writes that may be repeated; a write that must happen once is never repeated after an
/// unknown outcome, whatever the policy says. Waiting for the rate limit costs no attempt.
///
/// ```
/// use shipstation_connector::client::RetryPolicy;
/// use std::time::Duration;
/// let policy = RetryPolicy { max_attempts: 6, max_elapsed: Duration::from_secs(600), ..RetryPolicy::default() };
/// assert_eq!(RetryPolicy::never().max_attempts, 1);
/// # let _ = policy;
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetryPolicy {
    /// How often a request is sent at most, the first time included. Default 4.
    pub max_attempts: u32,
    /// The longest backoff before the second attempt; it doubles with each further one. Default 500 ms.
    #[serde(with = "crate::duration_text")]
    pub initial_backoff: Duration,
    /// The longest backoff of all. Default 20 s.
    #[serde(with = "crate::duration_text")]
    pub max_backoff: Duration,
    /// No wait is begun that would end later than this after the first attempt, be it backoff or a 429. Default 5 minutes.
    #[serde(with = "crate::duration_text")]
    pub max_elapsed: Duration,
    /// The client's store of retries: each retry takes one, each success gives a tenth back. When it is empty nothing is
    /// repeated, so that an outage is not made worse. Default 60.
    pub budget: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 4,
            initial_backoff: Duration::from_millis(500),
            max_backoff: Duration::from_secs(20),
            max_elapsed: Duration::from_secs(300),
            budget: 60,
        }
    }
}

impl RetryPolicy {
    /// Every request is sent once. A 429 is still waited for.
    pub fn never() -> Self {
        Self { max_attempts: 1, ..Self::default() }
    }

    /// The backoff after this many attempts, for a random share from 0 to 1: full jitter, so that clients that
    /// failed together do not come back together.
    pub(crate) fn backoff(&self, attempts: u32, share: f64) -> Duration {
        let doubled = 1_u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX);
        let longest = self.initial_backoff.saturating_mul(doubled).min(self.max_backoff);
        longest.mul_f64(share.clamp(0.0, 1.0))
    }
}

/// The store of retries that all clones of a client share, counted in tenths.
#[derive(Debug)]
pub(crate) struct RetryBudget {
    left: Mutex<u32>,
    full: u32,
}

impl RetryBudget {
    pub(crate) fn new(retries: u32) -> Self {
        let full = retries.saturating_mul(10);
        Self { left: Mutex::new(full), full }
    }

    pub(crate) fn take(&self) -> bool {
        let mut left = locked(&self.left);
        let enough = left.checked_sub(10);
        *left = enough.unwrap_or(*left);
        enough.is_some()
    }

    pub(crate) fn reward(&self) {
        let mut left = locked(&self.left);
        *left = left.saturating_add(1).min(self.full);
    }
}
