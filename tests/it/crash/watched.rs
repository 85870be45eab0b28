//! Stores that ask a watch before each call and tell it afterwards: the places at which a process can die or stall.

use std::{
    collections::{BTreeMap, HashMap},
    future::poll_fn,
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use async_trait::async_trait;
use shipstation_connector::{
    Timestamp,
    channel::{
        ChannelOrderId, ChannelProductId, ConnectionId, Listing, ListingId, ListingLink, NewLink, Operation,
        OrderFingerprint, OutboxId, Shipment,
        shipping::{CarrierRule, ShippingResolution, ShippingRule, UnmappedText},
        store::{
            Applied, Begin, BeginSend, Enqueued, FailureRecord, FollowUp, FollowUpKind, FollowUpOutcome,
            HeldOrder, ImportRecord, ListingStore, MappingStore, NewOrder, NewRun, OrderFailure,
            OrderProgress, OrderStore, OutboxCursor, OutboxRow, PutLink, Replace, RunStore, RunSummary,
            RunToken, SaveOutcome, SendIntent, ShipmentRecord, ShipmentStore, Sighting, StoreError, Stores,
            Versioned,
        },
    },
    stores::SqliteStore,
};

use super::fuse::Fuse;

/// An SQLite store whose every call is watched.
#[derive(Debug)]
pub(super) struct Watched {
    store: Arc<SqliteStore>,
    fuse: Arc<Fuse>,
}

impl Watched {
    pub(super) fn stores(store: Arc<SqliteStore>, fuse: Arc<Fuse>) -> Stores {
        Stores::all_in(Arc::new(Self { store, fuse }))
    }

    async fn around<R>(&self, call: &'static str, work: impl Future<Output = R>) -> R {
        self.fuse.before(call).await;
        let mut work = pin!(work);
        if self.fuse.abandons(call) {
            // The call is on its way and nobody waits for its end: the store has to do all of it or nothing.
            let begun = poll_fn(|context| Poll::Ready(work.as_mut().poll(context).is_ready()));
            begun.await;
            self.fuse.die().await;
        }
        let answer = work.await;
        self.fuse.after(call).await;
        answer
    }
}

macro_rules! watched {
    ($store:ident { $(fn $call:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)+ }) => {
        #[async_trait]
        impl $store for Watched {
            $(async fn $call(&self, $($argument: $kind),*) -> Result<$answer, StoreError> {
                self.around(stringify!($call), self.store.$call($($argument),*)).await
            })+
        }
    };
}

watched! {
    RunStore {
        fn begin(run: NewRun) -> Begin;
        fn heartbeat(token: &RunToken, ttl: Duration, now: Timestamp) -> ();
        fn finish(token: &RunToken, summary: RunSummary) -> ();
        fn last_success(connection: &ConnectionId, operation: Operation) -> Option<RunSummary>;
        fn recent(connection: &ConnectionId, operation: Operation, limit: usize) -> Vec<RunSummary>;
    }
}
watched! {
    OrderStore {
        fn known(connection: &ConnectionId, orders: &[ChannelOrderId]) -> HashMap<ChannelOrderId, ImportRecord>;
        fn swallowed(
            connection: &ConnectionId,
            orders: &[ChannelOrderId]
        ) -> HashMap<ChannelOrderId, Vec<ImportRecord>>;
        fn look_alikes(
            connection: &ConnectionId,
            fingerprints: &[OrderFingerprint],
            limit: usize
        ) -> HashMap<OrderFingerprint, Vec<ImportRecord>>;
        fn save(token: &RunToken, batch: &[NewOrder]) -> Vec<SaveOutcome>;
        fn open_follow_ups(connection: &ConnectionId, now: Timestamp, limit: usize) -> Vec<FollowUp>;
        fn settle_follow_ups(token: &RunToken, outcomes: &[FollowUpOutcome]) -> ();
        fn reopen_follow_ups(token: &RunToken, kind: FollowUpKind, wanted: &str, now: Timestamp) -> u64;
        fn record_failures(token: &RunToken, failures: &[OrderFailure]) -> ();
        fn due_failures(connection: &ConnectionId, now: Timestamp, limit: usize) -> Vec<FailureRecord>;
        fn failures(
            connection: &ConnectionId,
            orders: &[ChannelOrderId]
        ) -> HashMap<ChannelOrderId, FailureRecord>;
        fn clear_failures(token: &RunToken, orders: &[ChannelOrderId]) -> ();
        fn dismiss_failure(connection: &ConnectionId, order: &ChannelOrderId) -> ();
        fn held(connection: &ConnectionId, after: Option<&ChannelOrderId>, limit: usize) -> Vec<HeldOrder>;
        fn apply_shipping(
            token: &RunToken,
            order: &ChannelOrderId,
            text: Option<&str>,
            resolution: &ShippingResolution,
            rules_version: u64
        ) -> Applied;
    }
}
watched! {
    ShipmentStore {
        fn enqueue(connection: &ConnectionId, shipment: Shipment, now: Timestamp) -> Enqueued;
        fn due(
            connection: &ConnectionId,
            now: Timestamp,
            after: Option<&OutboxCursor>,
            limit: usize
        ) -> Vec<OutboxRow>;
        fn begin_send(token: &RunToken, id: &OutboxId, intent: SendIntent) -> BeginSend;
        fn record(token: &RunToken, records: &[ShipmentRecord]) -> ();
        fn unfinished(connection: &ConnectionId, after: Option<&OutboxCursor>, limit: usize) -> Vec<OutboxRow>;
        fn unblock(connection: &ConnectionId, key: &str) -> u64;
        fn counts(connection: &ConnectionId) -> BTreeMap<String, u64>;
        fn order_progress(connection: &ConnectionId, order: &ChannelOrderId) -> OrderProgress;
    }
}
watched! {
    ListingStore {
        fn listings(connection: &ConnectionId, after: Option<&ListingId>, limit: usize) -> Vec<Listing>;
        fn links(connection: &ConnectionId, after: Option<&ListingId>, limit: usize) -> Vec<ListingLink>;
        fn links_by_sku(connection: &ConnectionId, skus: &[String]) -> HashMap<String, ListingLink>;
        fn links_by_product(
            connection: &ConnectionId,
            products: &[ChannelProductId]
        ) -> HashMap<ChannelProductId, ListingLink>;
        fn put_links(token: &RunToken, links: &[NewLink]) -> Vec<PutLink>;
        fn mark_broken(token: &RunToken, listings: &[ListingId]) -> ();
    }
}
watched! {
    MappingStore {
        fn shipping_rules(connection: &ConnectionId) -> Versioned<ShippingRule>;
        fn replace_shipping_rules(
            connection: &ConnectionId,
            expected_version: u64,
            rules: Vec<ShippingRule>
        ) -> Replace;
        fn carrier_rules(connection: &ConnectionId) -> Versioned<CarrierRule>;
        fn replace_carrier_rules(
            connection: &ConnectionId,
            expected_version: u64,
            rules: Vec<CarrierRule>
        ) -> Replace;
        fn note_unmapped(connection: &ConnectionId, seen: &[Sighting]) -> ();
        fn unmapped(connection: &ConnectionId) -> Vec<UnmappedText>;
    }
}
