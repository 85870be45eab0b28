//! The trait that a host drives.

use std::fmt::Debug;

use async_trait::async_trait;

use super::{
    Bypass, Capabilities, ChannelError, CheckReport, Diagnosis, GetOrders, ImportReport, LinkListings,
    LinkReport, Operation, OrderSelector, PublishListings, Readiness, ResolveReport, SyncListings,
    SyncReport, SyncShipments,
    shipping::{ShippingRequest, ShippingResolution},
};

/// A sales channel, as a host sees it.
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

    /// Looks at the credentials and every setting, and changes nothing.
    ///
    /// # Errors
    /// When the channel or a store cannot be asked at all. Wrong credentials are a finding.
    async fn check(&self) -> Result<CheckReport, ChannelError>;

    /// Matches the host's listings with the channel's products.
    ///
    /// # Errors
    /// See the contract of the trait.
    async fn link_listings(&self, request: LinkListings) -> Result<LinkReport, ChannelError>;

    /// Sends stock and prices of linked listings.
    ///
    /// # Errors
    /// See the contract of the trait.
    async fn sync_listings(&self, request: SyncListings) -> Result<LinkReport, ChannelError>;

    /// Creates products on the channel.
    ///
    /// # Errors
    /// See the contract of the trait.
    async fn publish_listings(&self, request: PublishListings) -> Result<LinkReport, ChannelError>;

    /// Imports new orders.
    ///
    /// # Errors
    /// See the contract of the trait.
    async fn get_orders(&self, request: GetOrders) -> Result<ImportReport, ChannelError>;

    /// Imports the one order that `which` names now, through the same steps, ignoring the filters in `bypass`.
    ///
    /// # Errors
    /// See the contract of the trait; also when there is no such order, or more than one.
    async fn import_order(&self, which: OrderSelector, bypass: Bypass) -> Result<ImportReport, ChannelError>;

    /// Says of each order that `which` names whether it is or would be imported, and why not. Changes nothing.
    ///
    /// # Errors
    /// When the channel or a store cannot be asked. An order that does not exist is an answer, not an error.
    async fn diagnose_order(&self, which: OrderSelector) -> Result<Vec<Diagnosis>, ChannelError>;

    /// What a shipping text means under the host's present rules. No request to the channel.
    ///
    /// # Errors
    /// When the rules cannot be read or contradict each other.
    async fn resolve_shipping(&self, what: &ShippingRequest) -> Result<ShippingResolution, ChannelError>;

    /// Looks again at the orders that are held for their shipping text, after a mapping changed.
    ///
    /// # Errors
    /// See the contract of the trait.
    async fn resolve_held(&self) -> Result<ResolveReport, ChannelError>;

    /// Sends shipments back, once each, and proves it.
    ///
    /// # Errors
    /// See the contract of the trait.
    async fn sync_shipments(&self, request: SyncShipments) -> Result<SyncReport, ChannelError>;
}

/// The trait stays usable as `Arc<dyn ChannelConnector>`.
const _: fn(&dyn ChannelConnector) = |_| ();
