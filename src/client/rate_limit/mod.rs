//! The contract between the client and whatever keeps it inside ShipStation's rate limit. The limiter that is
//! used unless the host brings its own is in `minute_window`; that of several processes with one key, in `shared_window`.

mod budget;
mod budget_shares;
mod headers;
mod minute_window;
mod minutes;
mod queue;
mod shared_window;

use std::fmt::{self, Debug};

use async_trait::async_trait;

pub use self::{
    budget::{BudgetError, BudgetKey, BudgetRecord, BudgetStore},
    headers::RateHeaders,
    minute_window::MinuteWindow,
    shared_window::SharedWindow,
};
use crate::Timestamp;

/// What a request is for, which decides who goes first when there is not enough for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum Lane {
    /// Telling ShipStation that goods have left: first of all.
    Tracking,
    /// Somebody is waiting for the answer. The default.
    #[default]
    Interactive,
    /// Reading new orders.
    Import,
    /// Reference lists, and whatever else can wait: last.
    Bulk,
}

/// Decides when a request may be sent, so that the key's budget is kept.
///
/// # Contract
/// - `acquire` MUST serve a lower [`Lane`] before a higher one when both wait, and MUST be cancel-safe: a dropped
///   future takes nothing and blocks nobody.
/// - `observe` is called after every answer, also after a 429, and MUST NOT block.
/// - A limiter that several processes share MAY do I/O in `acquire`; it MUST then let requests pass rather than
///   fail when that I/O fails, because ShipStation's own 429 is the last word.
///
/// ```
/// use shipstation_connector::client::{Lane, Permit, RateHeaders, RateLimiter};
///
/// /// For a proxy that does the limiting itself.
/// #[derive(Debug)]
/// struct Unlimited;
///
/// #[async_trait::async_trait]
/// impl RateLimiter for Unlimited {
///     async fn acquire(&self, _: Lane) -> Permit {
///         Permit::new()
///     }
///     fn observe(&self, _: &RateHeaders) {}
/// }
/// ```
#[async_trait]
pub trait RateLimiter: Debug + Send + Sync {
    /// Waits for permission to send one request.
    async fn acquire(&self, lane: Lane) -> Permit;

    /// Learns from an answer.
    fn observe(&self, headers: &RateHeaders);

    /// When a request of this lane could be sent that is asked for now; `None` for at once or not known. It only
    /// feeds [`CallObserver::waiting`](super::CallObserver::waiting).
    fn expected(&self, _lane: Lane) -> Option<Timestamp> {
        None
    }
}

/// Permission to send one request. Dropped unspent, it is given back.
#[must_use = "a permit that is dropped unspent is given back"]
pub struct Permit(Option<Box<dyn FnOnce() + Send>>);

impl Permit {
    /// A permit that nobody wants back.
    pub fn new() -> Self {
        Self(None)
    }

    /// A permit that calls `give_back` when it is dropped without having been spent.
    pub fn returnable(give_back: impl FnOnce() + Send + 'static) -> Self {
        Self(Some(Box::new(give_back)))
    }

    /// The request goes out now.
    pub fn spend(mut self) {
        self.0 = None;
    }
}

impl Default for Permit {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(give_back) = self.0.take() {
            give_back();
        }
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("returnable", &self.0.is_some()).finish()
    }
}
