//! What a host asks for: the requests of each operation, and what every run can be told.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::{ChannelOrderId, RunObserver};
use crate::Timestamp;

/// What every run can be told.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct RunControl {
    /// Read and decide, but change nothing, neither on the channel nor in the stores (the run itself is
    /// recorded, marked as dry).
    pub dry_run: bool,
    /// Start nothing new after this instant; the run then ends `Partial`.
    pub deadline: Option<Timestamp>,
    /// Start nothing new once this is cancelled; the run then ends `Partial`.
    pub cancel: CancelToken,
    /// What set the run off, for the report.
    pub trigger: Trigger,
    /// Who wants to hear of progress.
    pub observer: Option<Arc<dyn RunObserver>>,
}

impl RunControl {
    /// An ordinary run: real, without a deadline.
    pub fn new() -> Self {
        Self::default()
    }

    /// Change nothing.
    #[must_use]
    pub fn dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }

    /// Start nothing new after this instant.
    #[must_use]
    pub fn deadline(mut self, deadline: Timestamp) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Start nothing new once `cancel` is cancelled.
    #[must_use]
    pub fn cancel(mut self, cancel: CancelToken) -> Self {
        self.cancel = cancel;
        self
    }

    /// What set the run off.
    #[must_use]
    pub fn trigger(mut self, trigger: Trigger) -> Self {
        self.trigger = trigger;
        self
    }

    /// Tell `observer` of progress.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn RunObserver>) -> Self {
        self.observer = Some(observer);
        self
    }
}

/// A switch that asks a run to stop. Clones share it. A run that waits, for the channel's rate limit or between attempts,
/// stops waiting at once; otherwise it honours the switch between items, never between a write on the channel and its
/// record. So its report is there within the time of the one request that is under way.
#[derive(Debug, Clone, Default)]
pub struct CancelToken(Arc<Switch>);

#[derive(Debug, Default)]
struct Switch {
    on: AtomicBool,
    wake: Notify,
}

impl CancelToken {
    /// A switch that is off.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks every run that holds a clone to stop.
    pub fn cancel(&self) {
        self.0.on.store(true, Ordering::SeqCst);
        self.0.wake.notify_waiters();
    }

    /// Waits until the switch is on. Cancel-safe: dropping the future changes nothing.
    pub async fn cancelled(&self) {
        let mut woken = std::pin::pin!(self.0.wake.notified());
        // Registered before the switch is read, so that no call of `cancel` falls between the two.
        woken.as_mut().enable();
        if !self.is_cancelled() {
            woken.await;
        }
    }

    /// Whether the switch is on.
    pub fn is_cancelled(&self) -> bool {
        self.0.on.load(Ordering::SeqCst)
    }
}

/// What set a run off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Trigger {
    /// The host's timer.
    #[default]
    Schedule,
    /// A person.
    Manual,
    /// A hint from the channel.
    Webhook,
}

macro_rules! request {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default)]
        #[non_exhaustive]
        pub struct $name {
            /// What every run can be told.
            pub control: RunControl,
        }

        impl $name {
            /// An ordinary run.
            pub fn new() -> Self {
                Self::default()
            }

            /// A run with these instructions.
            pub fn with(control: RunControl) -> Self {
                Self { control }
            }
        }
    };
}

request! {
    /// Ask for listings to be linked.
    LinkListings
}
request! {
    /// Ask for stock and prices to be sent.
    SyncListings
}
request! {
    /// Ask for products to be created.
    PublishListings
}
request! {
    /// Ask for new orders to be imported.
    GetOrders
}
request! {
    /// Ask for shipments to be sent back.
    SyncShipments
}

/// How a person names one order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OrderSelector {
    /// By the channel's id: at most one.
    Id(ChannelOrderId),
    /// By its number, compared exactly. Several orders may share it: a diagnosis answers for each, an import refuses.
    Number(String),
    /// By the key of the system that put it into the channel, looked for among the orders of this number.
    Key {
        /// The key, compared exactly.
        key: String,
        /// The number of the order that has it: the channel cannot search by key.
        number: String,
    },
}

/// Which filters an import by hand ignores. De-duplication, lineage and the loop guard always hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bypass {
    /// Import it however old it is.
    pub age: bool,
    /// Import it without the tag.
    pub tag: bool,
    /// Import it in whatever state it is.
    pub status: bool,
}

impl Bypass {
    /// Ignore nothing.
    pub const NONE: Self = Self { age: false, tag: false, status: false };
    /// Ignore age, tag and status.
    pub const ALL: Self = Self { age: true, tag: true, status: true };
}
