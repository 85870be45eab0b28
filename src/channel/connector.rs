//! The trait that a host drives.

use std::fmt::Debug;

use async_trait::async_trait;

use super::{
    ActionReport, CancelOrder, Capabilities, ChannelError, CheckConnection, CheckReport, Delivery,
    DiagnoseOrder, Diagnosis, EnsureWebhooks, ExplainImports, FindStuck, Finding, GetOrders, HoldOrder,
    ImportOrder, ImportOverview, ImportReport, LinkListings, LinkReport, Operation, OrderTimeline,
    PublishListings, Readiness, Refusal, ReleaseOrder, ResolveHeld, ResolveReport, ResolveShipping,
    RunActions, StuckReport, SyncListings, SyncReport, SyncShipments, TagOrder, Timeline, UntagOrder,
    WebhookReport, shipping::ShippingResolution,
};

/// A sales channel, as a host sees it.
///
/// ```
/// use shipstation_connector::channel::{
///     ChannelConnector, ChannelError, GetOrders, Operation, Readiness, SyncShipments,
/// };
///
/// /// What a host's timer does for any of its channels.
/// async fn run(channel: &dyn ChannelConnector) -> Result<(), ChannelError> {
///     if channel.readiness(Operation::GetOrders) == Readiness::Ready {
///         let report = channel.get_orders(GetOrders::new()).await?; // `Err`: nothing was done
///         println!("{}: {}", report.run.status, report.headline());
///     }
///     println!("{}", channel.sync_shipments(SyncShipments::new()).await?);
///     Ok(())
/// }
/// # let _ = |channel: &'static dyn ChannelConnector| run(channel);
/// ```
///
/// What each operation costs and how often to call it: [the guide](crate::guide::operations).
///
/// # Contract
/// - `Err(ChannelError)` means that *nothing was done*: unsupported, not configured, already running,
///   refused credentials, channel or store down at the start. Once a run has begun it ends in `Ok(report)`,
///   whatever happens, so that what was done is never lost in an error.
/// - At most one run per connection and operation is under way, however many processes try.
/// - Every operation may be repeated at any time, also after a crash, without importing an order twice or
///   sending a shipment twice.
/// - Reports and errors carry no buyer's data and no secret.
///
/// # Cancellation
/// Dropping a future is like a crash: safe, and the lease stays until it expires. To stop a run and get its
/// report, cancel the request's [`CancelToken`](super::CancelToken).
#[async_trait]
pub trait ChannelConnector: Debug + Send + Sync {
    /// What the channel can do. No I/O.
    fn capabilities(&self) -> Capabilities;

    /// Whether this connection is configured for `operation`. No I/O.
    fn readiness(&self, operation: Operation) -> Readiness;

    /// What somebody should see to before it stops the runs of this connection, such as credentials that expire soon. No I/O: it
    /// is what is known from earlier requests. A fleet keeps it in the status of each job.
    fn notices(&self) -> Vec<Finding> {
        Vec::new()
    }

    /// Looks at the credentials and every setting, and changes nothing.
    ///
    /// # Errors
    /// When the channel or a store cannot be asked at all. Wrong credentials are a finding.
    async fn check(&self, request: CheckConnection) -> Result<CheckReport, ChannelError>;

    /// Matches the host's listings with the channel's products.
    async fn link_listings(&self, request: LinkListings) -> Result<LinkReport, ChannelError>;

    /// Sends stock and prices of linked listings.
    async fn sync_listings(&self, request: SyncListings) -> Result<LinkReport, ChannelError>;

    /// Creates products on the channel.
    async fn publish_listings(&self, request: PublishListings) -> Result<LinkReport, ChannelError>;

    /// Imports new orders: of the whole window, of what changed, or of a stretch of time.
    async fn get_orders(&self, request: GetOrders) -> Result<ImportReport, ChannelError>;

    /// Imports the one order that the request names now, through the same steps, ignoring the filters that it bypasses.
    ///
    /// # Errors
    /// See the contract of the trait; also when there is no such order, or more than one.
    async fn import_order(&self, request: ImportOrder) -> Result<ImportReport, ChannelError>;

    /// Keeps the connection's webhooks in order: subscribes what is missing, replaces what differs, removes what is the
    /// connection's own and not wanted any more, and says what it did. What others have subscribed is left alone. May be
    /// called as often as one likes, such as at every start.
    ///
    /// # Errors
    /// See the contract of the trait; also when the address is not one that the channel could safely post to, or the channel
    /// was given no secret for it. By default it is unsupported.
    async fn ensure_webhooks(&self, _: EnsureWebhooks) -> Result<WebhookReport, ChannelError> {
        not_supported(Operation::EnsureWebhooks.name())
    }

    /// Imports what a webhook's delivery points to, or publishes what became of the imported orders that it names. A delivery is
    /// a hint from outside: it is checked before anything is
    /// asked, and a lost one costs time and no order. Answer the delivery first, and call this afterwards.
    ///
    /// # Errors
    /// See the contract of the trait; also when the delivery cannot be read, is about something else, or points where it
    /// may not be followed.
    async fn on_webhook(&self, delivery: Delivery) -> Result<ImportReport, ChannelError>;

    /// Says of each order that the request names whether it is or would be imported, and why not. Changes nothing.
    ///
    /// # Errors
    /// When the channel or a store cannot be asked. An order that does not exist is an answer, not an error.
    async fn diagnose_order(&self, request: DiagnoseOrder) -> Result<Vec<Diagnosis>, ChannelError>;

    /// Says what happened to an order, step by step: imported, held and released, assigned, its shipments, changes, failures. From
    /// the stores alone where the order is named by its id. Changes nothing.
    ///
    /// # Errors
    /// When the stores cannot be asked; for an order that is named otherwise also when the channel cannot, when it has no such
    /// order, or more than one. A channel that does not keep it answers that it is not supported.
    async fn timeline(&self, _: OrderTimeline) -> Result<Timeline, ChannelError> {
        not_supported("timeline")
    }

    /// Says why imports bring nothing: the last run, and how many orders there are inside and outside of what is imported.
    /// Changes nothing.
    ///
    /// # Errors
    /// When the channel or a store cannot be asked.
    async fn why_nothing(&self, request: ExplainImports) -> Result<ImportOverview, ChannelError>;

    /// What a shipping text means under the host's present rules. No request to the channel.
    ///
    /// # Errors
    /// When the rules cannot be read or contradict each other.
    async fn resolve_shipping(&self, request: ResolveShipping) -> Result<ShippingResolution, ChannelError>;

    /// Looks again at the orders that are held for their shipping text, after a mapping changed.
    async fn resolve_held(&self, request: ResolveHeld) -> Result<ResolveReport, ChannelError>;

    /// Sends shipments back, once each, and proves it.
    async fn sync_shipments(&self, request: SyncShipments) -> Result<SyncReport, ChannelError>;

    /// Holds an imported order. What is asked for is durable before anything is sent, and done at once where that is possible:
    /// the report says what became of it, or that it is queued for a later [`run_actions`](Self::run_actions).
    ///
    /// What a person does after the first attempt is never undone: where an answer was lost, the order is looked at, and if it
    /// shows neither the hold nor the state of before, a person decides
    /// ([`OutcomeUnknown`](super::CloseReason::OutcomeUnknown)).
    ///
    /// # Errors
    /// See the contract of the trait; also when the order was not imported, or another request has the same id. Nothing is kept
    /// then.
    async fn hold_order(&self, _: HoldOrder) -> Result<ActionReport, ChannelError> {
        not_supported("hold_order")
    }

    /// Releases an imported order from its hold, as [`hold_order`](Self::hold_order) holds it.
    async fn release_order(&self, _: ReleaseOrder) -> Result<ActionReport, ChannelError> {
        not_supported("release_order")
    }

    /// Puts a tag on an imported order, as [`hold_order`](Self::hold_order) holds it.
    async fn tag_order(&self, _: TagOrder) -> Result<ActionReport, ChannelError> {
        not_supported("tag_order")
    }

    /// Takes a tag off an imported order, as [`hold_order`](Self::hold_order) holds it.
    async fn untag_order(&self, _: UntagOrder) -> Result<ActionReport, ChannelError> {
        not_supported("untag_order")
    }

    /// Cancels an order in the channel.
    async fn cancel_order(&self, _: CancelOrder) -> Result<ActionReport, ChannelError> {
        not_supported("cancel_order")
    }

    /// Works on what is open of the actions that the host has asked for.
    async fn run_actions(&self, _: RunActions) -> Result<ActionReport, ChannelError> {
        not_supported(Operation::RunActions.name())
    }

    /// Says what has waited longer than it should, since when, why, and what to do: shipments, held and failed orders, and
    /// operations that do not succeed. Asks the stores only, and changes nothing.
    ///
    /// # Errors
    /// When a store cannot be asked. By default [`Refusal::Unsupported`].
    async fn stuck(&self, _: FindStuck) -> Result<StuckReport, ChannelError> {
        not_supported("stuck")
    }
}

fn not_supported<T>(what: &'static str) -> Result<T, ChannelError> {
    let why = "the channel does not do this";
    Err(ChannelError::of(what, Refusal::Unsupported { why, instead: None }))
}

/// The trait stays usable as `Arc<dyn ChannelConnector>`.
const _: fn(&dyn ChannelConnector) = |_| ();
