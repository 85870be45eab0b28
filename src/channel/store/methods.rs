//! The methods of every store, as one table: what is the same for all of them is written once.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;

#[allow(clippy::wildcard_imports, reason = "the table names nearly all of it")]
use super::*;
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId, Listing, ListingId, ListingLink, NewLink, Operation, OrderAction,
        Shipment,
        shipping::{ShippingResolution, UnmappedText},
    },
};

/// Hands the table of methods to the macro `$then`, one invocation per trait.
macro_rules! for_each_store {
    ($then:ident) => {
        $then! { RunStore {
            fn begin(run: NewRun) -> BeginOutcome;
            fn heartbeat(token: &RunToken, ttl: Duration, now: Timestamp) -> ();
            fn finish(token: &RunToken, summary: RunSummary) -> ();
            fn last_success(connection: &ConnectionId, operation: Operation) -> Option<RunSummary>;
            fn recent(connection: &ConnectionId, operation: Operation, limit: usize) -> Vec<RunSummary>;
            fn release_leases(owner: &str) -> u64;
        } }
        $then! { OrderStore {
            fn save(token: &RunToken, batch: &[NewOrder]) -> Vec<SaveOutcome>;
            fn records(connection: &ConnectionId, keys: &[RecordKey], limit: usize) -> Vec<Vec<ImportRecord>>;
            fn work(connection: &ConnectionId, query: WorkQuery<'_>) -> Vec<OrderWork>;
            fn record_work(token: &RunToken, outcomes: &[WorkOutcome]) -> ();
            fn reopen_work(token: &RunToken, kind: WorkKind, wanted: &str, now: Timestamp) -> u64;
            fn dismiss(connection: &ConnectionId, order: &ChannelOrderId, now: Timestamp) -> ();
            fn held(connection: &ConnectionId, after: Option<&ChannelOrderId>, limit: usize) -> Vec<HeldOrder>;
            fn apply_shipping(
                token: &RunToken,
                order: &ChannelOrderId,
                text: Option<&str>,
                resolution: &ShippingResolution,
                rules_version: u64,
                now: Timestamp
            ) -> ApplyOutcome;
        } }
        $then! { ShipmentStore {
            fn enqueue(connection: &ConnectionId, shipments: &[Shipment], now: Timestamp) -> Vec<EnqueueOutcome>;
            fn rows(
                connection: &ConnectionId,
                query: &OutboxQuery,
                after: Option<&OutboxCursor>,
                limit: usize
            ) -> OutboxPage;
            fn begin_send(token: &RunToken, intents: &[SendIntent]) -> Vec<BeginSendOutcome>;
            fn record(token: &RunToken, records: &[ShipmentTransition]) -> ();
            fn unblock(connection: &ConnectionId, key: &str, now: Timestamp) -> u64;
            fn counts(connection: &ConnectionId) -> BTreeMap<String, u64>;
        } }
        $then! { ListingStore {
            fn listings(connection: &ConnectionId, after: Option<&ListingId>, limit: usize) -> Vec<Listing>;
            fn links(connection: &ConnectionId, query: LinkQuery<'_>) -> Vec<ListingLink>;
            fn put_links(token: &RunToken, links: &[NewLink]) -> Vec<PutLinkOutcome>;
            fn mark_broken(token: &RunToken, listings: &[ListingId]) -> ();
        } }
        $then! { MappingStore {
            fn rules(connection: &ConnectionId) -> RuleTables;
            fn replace(connection: &ConnectionId, expected_version: u64, rules: NewRules) -> ReplaceOutcome;
            fn note_unmapped(connection: &ConnectionId, seen: &[UnmappedOccurrence]) -> ();
            fn unmapped(connection: &ConnectionId) -> Vec<UnmappedText>;
        } }
        $then! { HistoryStore {
            fn snapshots(connection: &ConnectionId, orders: &[ChannelOrderId]) -> Vec<OrderSnapshot>;
            fn record_changes(token: &RunToken, observed: &[OrderObservation], now: Timestamp) -> u64;
            fn changes(
                connection: &ConnectionId,
                after: Option<ChangeCursor>,
                limit: usize
            ) -> Vec<RecordedChange>;
            fn events(
                connection: &ConnectionId,
                order: &ChannelOrderId,
                after: Option<EventCursor>,
                limit: usize
            ) -> Vec<RecordedEvent>;
        } }
        $then! { ActionStore {
            fn add_actions(connection: &ConnectionId, actions: &[OrderAction], now: Timestamp) -> Vec<AddOutcome>;
            fn actions(
                connection: &ConnectionId,
                query: &ActionQuery,
                after: Option<u64>,
                limit: usize
            ) -> Vec<ActionRow>;
            fn begin_actions(token: &RunToken, intents: &[ActionIntent]) -> Vec<BeginActionOutcome>;
            fn record_actions(token: &RunToken, records: &[ActionTransition]) -> ();
        } }
    };
}
pub(crate) use for_each_store;

/// A pointer to a store is a store, and a store can always be had as `dyn`.
macro_rules! through_pointers {
    ($store:ident { $(fn $call:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)+ }) => {
        through_pointers! { @ Arc $store { $(fn $call($($argument: $kind),*) -> $answer;)+ } }
        through_pointers! { @ Box $store { $(fn $call($($argument: $kind),*) -> $answer;)+ } }
        const _: fn(&dyn $store) = |_| ();
    };
    (@ $pointer:ident $store:ident { $(fn $call:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)+ }) => {
        #[async_trait]
        impl<S: $store + ?Sized> $store for $pointer<S> {
            $(async fn $call(&self, $($argument: $kind),*) -> Result<$answer, StoreError> {
                (**self).$call($($argument),*).await
            })+
        }
    };
}
for_each_store!(through_pointers);
