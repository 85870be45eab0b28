//! What a host asks for: the requests of each operation, and the options of every run.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::{
    ChannelOrderId, OrderRange, OrderScope, RunObserver, Unrecognized, record::record,
    shipping::ShippingRequest,
};
use crate::{Timestamp, setters::setters, shows::shows};

/// The options of the run.
///
/// ```
/// use shipstation_connector::channel::{CancelToken, GetOrders, RunControl, Trigger};
///
/// let stop = CancelToken::new();
/// let control = RunControl::new().dry_run().trigger(Trigger::Manual).cancel(stop.clone());
/// let request = GetOrders::with(control);
/// stop.cancel(); // from a signal handler, say
/// assert!(request.control.dry_run && request.control.cancel.is_cancelled());
/// ```
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
    /// Receives progress events.
    pub observer: Option<Arc<dyn RunObserver>>,
}

impl RunControl {
    /// An ordinary run: real, without a deadline.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Change nothing.
        dry_run() => dry_run = true;
        /// Start nothing new after this instant.
        deadline(deadline: Timestamp) => deadline = Some(deadline);
        /// Start nothing new once `cancel` is cancelled.
        cancel(cancel: CancelToken) => cancel = cancel;
        /// What set the run off.
        trigger(trigger: Trigger) => trigger = trigger;
        /// Tell `observer` of progress.
        observer(observer: Arc<dyn RunObserver>) => observer = Some(observer);
    }
}

/// A switch that asks a run to stop. Clones share it. A run that waits, for the channel's rate limit or between attempts,
/// stops waiting at once; otherwise it honors the switch between items, never between a write on the channel and its
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// A value of a newer version.
    #[serde(untagged)]
    Unrecognized(Unrecognized),
}

/// A request that consists of its instructions and what is listed.
macro_rules! request {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty),* }) => {
        record! {
            $(#[$doc])*
            #[derive(Debug, Clone)]
            pub struct $name {
                $($(#[$field_doc])* pub $field: $type,)*
                /// The options of the run.
                pub control: RunControl = RunControl::new(),
            }
            /// An ordinary request.
            pub fn new($($field: $type),*);
        }

        impl $name {
            setters! {
                /// The same with these instructions.
                control(control: RunControl) => control = control;
            }
        }
    };
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        request! { $(#[$doc])* #[derive(Default)] $name {} }

        impl $name {
            /// A request with these instructions.
            pub fn with(control: RunControl) -> Self {
                Self { control }
            }
        }
    )+};
}

request! {
    /// Ask for the credentials and every setting to be looked at.
    CheckConnection;
    /// Ask for listings to be linked.
    LinkListings;
    /// Ask for stock and prices to be sent.
    SyncListings;
    /// Ask for products to be created.
    PublishListings;
    /// Ask for shipments to be sent back.
    SyncShipments;
    /// Ask for held orders to be looked at again.
    ResolveHeld;
    /// Ask why imports bring nothing.
    ExplainImports;
    /// Ask for open actions on orders to be done.
    RunActions;
}
request! {
    /// Ask what a shipping text means.
    ResolveShipping {
        /// The text, and where it comes from.
        shipping: ShippingRequest
    }
}
request! {
    /// Ask what happened to an order.
    OrderTimeline {
        /// Which order. Several may share a number: then it is to be named by its id.
        order: OrderSelector
    }
}
request! {
    /// Ask why an order is not there.
    DiagnoseOrder {
        /// Which order.
        order: OrderSelector
    }
}
/// Ask for new orders to be imported.
///
/// ```
/// use shipstation_connector::channel::{GetOrders, OrderRange, RunControl};
///
/// let every_hour = GetOrders::new();
/// let every_minute = GetOrders::changes_only();
/// // Orders of a January before the connection was there: first a look at what would come.
/// let january = OrderRange::new("2026-01-01T08:00:00Z".parse()?, "2026-02-01T08:00:00Z".parse()?);
/// let preview = GetOrders::back_fill(january).control(RunControl::new().dry_run());
/// assert!(preview.control.dry_run && every_hour.scope != every_minute.scope);
/// # Ok::<(), shipstation_connector::ParseTimestampError>(())
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct GetOrders {
    /// Which orders are read.
    pub scope: OrderScope,
    /// The options of the run.
    pub control: RunControl,
}

impl GetOrders {
    /// An ordinary request: the window of the settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with these instructions.
    pub fn with(control: RunControl) -> Self {
        Self { control, ..Self::default() }
    }

    /// A quick look: what was modified since the last one, for one request where that is nothing. New orders come in; what became of
    /// imported ones is added to the [history](crate::channel::store::HistoryStore), if there is one.
    pub fn changes_only() -> Self {
        Self { scope: OrderScope::Changes, ..Self::default() }
    }

    /// A deliberate back-fill: the orders of this stretch of time, whatever their age, behind everything else. A fixed floor of the
    /// settings still holds; users are assigned by the next import of the window. A report that ends early says where to [go on](crate::channel::ImportReport::resume_from).
    pub fn back_fill(range: OrderRange) -> Self {
        Self { scope: OrderScope::Range(range), ..Self::default() }
    }

    setters! {
        /// The same with these instructions.
        control(control: RunControl) => control = control;
    }
}

request! {
    /// Ask for an order to be cancelled.
    CancelOrder {
        /// Which order.
        order: ChannelOrderId
    }
}
record! {
    /// Ask for one order to be imported now.
    ///
    /// ```
    /// use shipstation_connector::channel::{Bypass, ImportOrder, OrderSelector};
    ///
    /// // The order has no tag and is too old, and a person wants it all the same.
    /// let request = ImportOrder::new(OrderSelector::Number("1001".into()));
    /// let request = request.bypass(Bypass { age: true, tag: true, ..Bypass::NONE });
    /// assert!(!request.bypass.status);
    /// ```
    #[derive(Debug, Clone)]
    pub struct ImportOrder {
        /// Which order.
        pub order: OrderSelector,
        /// The filters that do not count. Default: none.
        pub bypass: Bypass = Bypass::NONE,
        /// The options of the run.
        pub control: RunControl = RunControl::new(),
    }
    /// A request that ignores no filter.
    pub fn new(order: OrderSelector);
}

impl ImportOrder {
    setters! {
        /// The same, ignoring these filters.
        bypass(bypass: Bypass) => bypass = bypass;
        /// The same with these instructions.
        control(control: RunControl) => control = control;
    }
}

record! {
    /// Ask for the connection's webhooks to be brought in order. `Debug` does not show the address.
    ///
    /// ```
    /// use shipstation_connector::channel::{EnsureWebhooks, RunControl};
    ///
    /// // Where the host receives deliveries; the channel adds the secret part that it is built with.
    /// let request = EnsureWebhooks::new("https://hooks.example.com/shipstation").control(RunControl::new().dry_run());
    /// # let _ = request;
    /// ```
    #[derive(Clone)]
    pub struct EnsureWebhooks {
        /// The public https address at which the host receives deliveries, without the secret part.
        pub address: String,
        /// The options of the run.
        pub control: RunControl = RunControl::new(),
    }
    /// An ordinary request.
    pub fn new(address: impl Into<String>);
}

impl EnsureWebhooks {
    setters! {
        /// The same with these instructions.
        control(control: RunControl) => control = control;
    }
}

shows! { |it: EnsureWebhooks| control }

record! {
    /// What a channel posted to the host's address for webhooks. `Debug` shows none of it: whoever has it may post too.
    ///
    /// ```
    /// use shipstation_connector::channel::Delivery;
    ///
    /// // As the web server received it.
    /// let body = br#"{"resource_url":"https://ssapi.shipstation.com/orders?importBatch=1f","resource_type":"ORDER_NOTIFY"}"#;
    /// let delivery = Delivery::new("/hooks/shipstation?key=planted", &body[..]).header("content-type", "application/json");
    /// assert!(!format!("{delivery:?}").contains("planted"));
    /// ```
    #[derive(Clone)]
    pub struct Delivery {
        /// The request target as received: path and query.
        pub target: String,
        /// The headers as received, in their order.
        pub headers: Vec<(String, Vec<u8>)> = Vec::new(),
        /// The body as received, byte for byte.
        pub body: Vec<u8>,
        /// The options of the run.
        pub control: RunControl = RunControl::new().trigger(Trigger::Webhook),
    }
    /// A delivery without headers.
    pub fn new(target: impl Into<String>, body: impl Into<Vec<u8>>);
}

impl Delivery {
    /// The same with a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    setters! {
        /// The same with these instructions.
        control(control: RunControl) => control = control;
    }
}

shows! { |it: Delivery| headers = it.headers.len(), bytes = it.body.len() }

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
