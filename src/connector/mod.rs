//! ShipStation as a channel: implements [`ChannelConnector`] by means of the client and the host's stores.
//!
//! Each operation has a folder or file of its own; what they share is the run (`run`), the settings
//! (`settings`) and the translation from ShipStation's words (`translate`). Only this layer knows both sides.

mod actions;
mod capabilities;
mod check;
mod clocks;
mod events;
mod failure;
mod listings;
mod lookup;
mod mapping;
mod meter;
mod orders;
mod own_orders;
mod reported;
mod retry_timing;
mod run;
mod settings;
mod shipments;
mod store_directory;
mod store_pages;
mod stuck;
mod trace;
mod tracking;
mod translate;
mod webhooks;

use std::{
    fmt,
    sync::{Arc, atomic::AtomicBool},
};

use async_trait::async_trait;

use self::retry_timing::Readings;
pub use self::settings::{
    ActionSettings, Confirm, EmptyOrderPolicy, ExternallyFulfilledPolicy, LineagePolicy, ListingSettings,
    OrderSettings, PartialPolicy, PossibleDuplicatePolicy, Preflight, PrimaryTracking, ProductReading,
    Settings, ShipmentSettings, ShippingSettings, ShippingTextSource, SkuSource, UnlinkedLinePolicy,
    UnmappedPolicy,
};
pub use crate::channel::AgeBasis;
use crate::{
    Timestamp,
    channel::{
        ActionId, ActionReport, CancelOrder, Capabilities, ChannelConnector, ChannelError, ChannelOrder,
        CheckConnection, CheckReport, ConnectionId, Delivery, DiagnoseOrder, Diagnosis, EnsureWebhooks,
        ExplainImports, FindStuck, Finding, GetOrders, HoldOrder, ImportOrder, ImportOverview, ImportPolicy,
        ImportReport, LinkListings, LinkReport, Operation, OrderTimeline, OutboxId, PublishListings,
        Readiness, Refusal, ReleaseOrder, ResolveHeld, ResolveReport, ResolveShipping, RunActions,
        StuckReport, Support, SyncListings, SyncReport, SyncShipments, TagOrder, Timeline, Trigger,
        UntagOrder, WebhookReport,
        shipping::ShippingResolution,
        store::{ShipmentSource, Stores},
    },
    client::ShipStation,
    setters::setters,
    shows::shows,
};

/// As many rows, ids or texts as stores and ShipStation take and give in one call.
const STORE_BATCH: usize = 500;

/// A number of rows, for a report.
fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}

/// The host's answer to "did we put this order into ShipStation ourselves?".
type IsOwn = dyn Fn(&ChannelOrder) -> bool + Send + Sync;

/// One ShipStation account as a sales channel.
///
/// Cheap to share as `Arc<dyn ChannelConnector>`. All state is in the stores, so any number of processes may
/// hold one for the same connection; the lease lets one of them work at a time.
pub struct ShipStationChannel {
    client: ShipStation,
    connection: ConnectionId,
    stores: Stores,
    settings: Settings,
    owner: String,
    is_own: Arc<IsOwn>,
    /// The host's own rule about orders that are about to be imported.
    policy: Option<Arc<dyn ImportPolicy>>,
    /// Where shipments are fetched from, if the host does not enqueue them.
    source: Option<Arc<dyn ShipmentSource>>,
    /// What the account's stores are called.
    directory: store_directory::StoreDirectory,
    /// What deliveries must bring with them.
    webhook_secret: Option<webhooks::WebhookSecret>,
    /// Whether the tag and the user of the settings were found in ShipStation.
    references_checked: AtomicBool,
    /// When this process sent shipments and looked for them, by a clock that nobody can set.
    readings: Readings<OutboxId>,
    /// The same for actions on orders.
    action_readings: Readings<ActionId>,
    /// The deliveries of webhooks that are being read.
    deliveries: orders::Deliveries,
}

/// A channel under construction; see [`ShipStationChannel::builder`].
#[must_use = "a builder does nothing until build() is called"]
pub struct ShipStationChannelBuilder(ShipStationChannel);

impl ShipStationChannel {
    /// Begins a channel for one connection.
    pub fn builder(
        client: ShipStation,
        connection: impl Into<ConnectionId>,
        stores: Stores,
    ) -> ShipStationChannelBuilder {
        ShipStationChannelBuilder(Self {
            client,
            connection: connection.into(),
            stores,
            settings: Settings::default(),
            owner: default_owner(),
            is_own: Arc::new(|_| false),
            policy: None,
            source: None,
            directory: store_directory::StoreDirectory::default(),
            webhook_secret: None,
            references_checked: AtomicBool::new(false),
            readings: Readings::default(),
            action_readings: Readings::default(),
            deliveries: orders::Deliveries::default(),
        })
    }

    /// The settings it works with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Frees the leases that earlier processes of this [owner](ShipStationChannelBuilder::owner) held when they died, on all connections
    /// of the stores, so that a restart need not wait until they have lasted. Says how many there were. For a host that gives
    /// each process a name that no other has at the same time, such as the stable name of a pod; a process that is not
    /// dead after all loses its lease and writes nothing more.
    ///
    /// # Errors
    /// [`Refusal::Config`] with the default owner, whose process id may come again elsewhere; or when the store cannot write.
    pub async fn release_leases(&self) -> Result<u64, ChannelError> {
        const QUESTION: &str = "releasing leases";
        if self.owner == default_owner() {
            let remedy = "give the process a name of its own, which no other has at the same time";
            let finding = Finding::error("invalid_setting", "owner", "is the default", remedy);
            return Err(ChannelError::of(QUESTION, Refusal::Config { findings: vec![finding] }));
        }
        let released = self.stores.runs.release_leases(&self.owner).await;
        released.map_err(|error| ChannelError::of(QUESTION, error.into()))
    }

    /// The connection it works for.
    pub fn connection(&self) -> &ConnectionId {
        &self.connection
    }

    fn now(&self) -> Timestamp {
        self.client.clock().now()
    }

    /// The present instant by ShipStation's clock, from its last answer; by the host's clock as long as none
    /// has come, or where the host has no monotonic clock to count the time since.
    fn server_time(&self) -> Timestamp {
        let clock = self.client.clock();
        let server = clock.monotonic().and_then(|_| self.client.server_time());
        server.unwrap_or_else(|| clock.now())
    }

    fn unsupported(&self, operation: Operation) -> ChannelError {
        let (why, instead) = match self.capabilities().support(operation) {
            Support::NotSupported { why, instead } => (*why, *instead),
            Support::Supported { .. } => ("it is not implemented", None),
        };
        ChannelError::new(operation, Refusal::Unsupported { why, instead })
    }
}

impl ShipStationChannelBuilder {
    setters! {
        #![must_use]
        /// What the merchant has set.
        settings(settings: Settings) => 0.settings = settings;
        /// Who works: shown to another process that finds the lease taken. Default: the process id.
        owner(owner: impl Into<String>) => 0.owner = owner.into();
        /// Orders for which `is_own` says yes were put into ShipStation by the host and are never imported. One at which it panics is
        /// not imported, and tried again.
        own_orders(is_own: impl Fn(&ChannelOrder) -> bool + Send + Sync + 'static) => 0.is_own = Arc::new(is_own);
        /// Each order that is about to be imported is shown to `policy`, which lets it in, holds it, leaves it out, or says which
        /// of its lines nobody ships.
        import_policy(policy: impl ImportPolicy + 'static) => 0.policy = Some(Arc::new(policy));
        /// Shipments are fetched from here at the start of each synchronization: for a host that cannot put them into the
        /// outbox itself.
        shipment_source(source: Arc<dyn ShipmentSource>) => 0.source = Some(source);
        /// The secret part of the address that [`ensure_webhooks`](ChannelConnector::ensure_webhooks) subscribes, as its parameter
        /// `key`: at least 16 letters and digits, drawn at random. [`on_webhook`](ChannelConnector::on_webhook) then refuses
        /// deliveries to an address without it, before anything else. After it has changed, call `ensure_webhooks`.
        webhook_secret(secret: impl AsRef<str>) => 0.webhook_secret = Some(webhooks::WebhookSecret::new(secret.as_ref()));
    }

    /// The channel.
    ///
    /// # Errors
    /// [`Refusal::Config`] when a setting is wrong by itself: each finding names the setting, its value and what
    /// is allowed. Nothing has been asked of ShipStation or of a store.
    pub fn build(self) -> Result<ShipStationChannel, ChannelError> {
        let mut findings = self.0.settings.problems();
        if self.0.connection.as_str().trim().is_empty() {
            findings.push(Finding::error(
                "invalid_setting",
                "connection",
                "is an empty text",
                "give it a name",
            ));
        }
        findings.extend(self.0.webhook_secret.as_ref().and_then(webhooks::WebhookSecret::problem));
        if self.0.settings.orders.watch_changes && self.0.stores.history.is_none() {
            findings.push(Finding::error(
                "invalid_setting",
                "orders.watch_changes",
                "is on, and the stores keep no history",
                "give Stores a history, or leave it off",
            ));
        }
        if self.0.settings.actions.enabled && self.0.stores.actions.is_none() {
            findings.push(Finding::error(
                "invalid_setting",
                "actions.enabled",
                "is on, and the stores keep no actions",
                "give Stores an ActionStore, or leave it off",
            ));
        }
        if findings.is_empty() {
            return Ok(self.0);
        }
        Err(ChannelError::of("the channel", Refusal::Config { findings }))
    }
}

fn default_owner() -> String {
    format!("process {}", std::process::id())
}

shows! { |it: ShipStationChannel| connection, owner, settings }

impl fmt::Debug for ShipStationChannelBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ShipStationChannelBuilder").field(&self.0).finish()
    }
}

#[async_trait]
impl ChannelConnector for ShipStationChannel {
    fn capabilities(&self) -> Capabilities {
        capabilities::capabilities(&self.settings)
    }

    fn readiness(&self, operation: Operation) -> Readiness {
        if let Support::NotSupported { why, .. } = self.capabilities().support(operation) {
            return Readiness::Disabled { why: (*why).to_owned() };
        }
        let missing = match operation {
            Operation::LinkListings if self.settings.listings.is_none() => "listings",
            Operation::EnsureWebhooks if self.webhook_secret.is_none() => "webhook_secret",
            Operation::RunActions => return self.actions_readiness(),
            _ => return Readiness::Ready,
        };
        Readiness::NotConfigured { missing: vec![missing.to_owned()] }
    }

    fn notices(&self) -> Vec<Finding> {
        self.key_expiry().into_iter().collect()
    }

    async fn check(&self, request: CheckConnection) -> Result<CheckReport, ChannelError> {
        self.run_check(&request.control).await
    }

    async fn link_listings(&self, request: LinkListings) -> Result<LinkReport, ChannelError> {
        trace::in_span(self, Operation::LinkListings, self.run_link_listings(request)).await
    }

    async fn sync_listings(&self, _: SyncListings) -> Result<LinkReport, ChannelError> {
        Err(self.unsupported(Operation::SyncListings))
    }

    async fn publish_listings(&self, _: PublishListings) -> Result<LinkReport, ChannelError> {
        Err(self.unsupported(Operation::PublishListings))
    }

    async fn get_orders(&self, request: GetOrders) -> Result<ImportReport, ChannelError> {
        let operation = request.scope.operation();
        trace::in_span(self, operation, self.run_get_orders(request)).await
    }

    async fn import_order(&self, request: ImportOrder) -> Result<ImportReport, ChannelError> {
        trace::in_span(self, Operation::ImportOrder, self.run_import_order(request)).await
    }

    async fn ensure_webhooks(&self, request: EnsureWebhooks) -> Result<WebhookReport, ChannelError> {
        trace::in_span(self, Operation::EnsureWebhooks, self.run_ensure_webhooks(request)).await
    }

    async fn on_webhook(&self, delivery: Delivery) -> Result<ImportReport, ChannelError> {
        let posted = webhooks::accept(self, &delivery)?;
        trace::in_span(
            self,
            Operation::ImportOrder,
            self.run_on_webhook(&posted, delivery.control.trigger(Trigger::Webhook)),
        )
        .await
    }

    async fn diagnose_order(&self, request: DiagnoseOrder) -> Result<Vec<Diagnosis>, ChannelError> {
        self.run_diagnose_order(request).await
    }

    async fn timeline(&self, request: OrderTimeline) -> Result<Timeline, ChannelError> {
        self.run_timeline(request).await
    }

    async fn why_nothing(&self, request: ExplainImports) -> Result<ImportOverview, ChannelError> {
        self.run_why_nothing(&request.control).await
    }

    async fn resolve_shipping(&self, request: ResolveShipping) -> Result<ShippingResolution, ChannelError> {
        const QUESTION: &str = "resolve_shipping";
        run::client_for(QUESTION, self, &request.control)?;
        let refuse = |refusal| ChannelError::of(QUESTION, refusal);
        let mapper = mapping::Mapper::load(self).await.map_err(refuse)?;
        Ok(mapper.rules.resolve(&request.shipping))
    }

    async fn resolve_held(&self, request: ResolveHeld) -> Result<ResolveReport, ChannelError> {
        trace::in_span(self, Operation::ResolveHeld, self.run_resolve_held(request.control)).await
    }

    async fn sync_shipments(&self, request: SyncShipments) -> Result<SyncReport, ChannelError> {
        trace::in_span(self, Operation::SyncShipments, self.run_sync_shipments(request)).await
    }

    async fn hold_order(&self, request: HoldOrder) -> Result<ActionReport, ChannelError> {
        trace::in_span(self, Operation::RunActions, self.run_action(request.into())).await
    }

    async fn release_order(&self, request: ReleaseOrder) -> Result<ActionReport, ChannelError> {
        trace::in_span(self, Operation::RunActions, self.run_action(request.into())).await
    }

    async fn tag_order(&self, request: TagOrder) -> Result<ActionReport, ChannelError> {
        trace::in_span(self, Operation::RunActions, self.run_action(request.into())).await
    }

    async fn untag_order(&self, request: UntagOrder) -> Result<ActionReport, ChannelError> {
        trace::in_span(self, Operation::RunActions, self.run_action(request.into())).await
    }

    async fn cancel_order(&self, _: CancelOrder) -> Result<ActionReport, ChannelError> {
        let refusal = Refusal::Unsupported { why: actions::CANCEL_BY_HAND, instead: None };
        Err(ChannelError::of("cancel_order", refusal))
    }

    async fn run_actions(&self, request: RunActions) -> Result<ActionReport, ChannelError> {
        trace::in_span(self, Operation::RunActions, self.run_run_actions(request)).await
    }

    async fn stuck(&self, request: FindStuck) -> Result<StuckReport, ChannelError> {
        self.run_stuck(request).await
    }
}
