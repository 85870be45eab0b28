//! The storage traits that a host implements, and nothing of any database.
//!
//! One trait per job, so that a host may take a ready-made store for four of them and write only the fifth
//! against its own tables. They meet in [`Stores`].
//!
//! # The common contract
//! Each trait adds its own clauses to these:
//!
//! - **Durable.** `Ok` MUST mean that what was written survives a crash of the process and is seen by every
//!   later read, also from other processes.
//! - **Repeatable.** Every method MUST be safe to repeat with the same arguments: a run that died after a write
//!   and before it learned of it will do so.
//! - **Separate.** Everything is kept per [`ConnectionId`](super::ConnectionId); ids of two connections MUST NOT meet.
//! - **Fenced.** A method that takes a [`RunToken`] MUST refuse a token whose fence is lower than one that it
//!   has seen for the same connection and operation, with [`StoreErrorKind::LostLease`], and MUST then write
//!   nothing. A store that also holds the leases MUST refuse it from the moment at which a newer lease was granted.
//! - **One call, one transaction.** The crate never needs a transaction across two calls. Where a method
//!   takes a batch, its own documentation says what commits together.
//! - **Errors** say whether trying again may help ([`StoreError::is_retryable`]) and carry no buyer's data. A method whose own
//!   documentation names none fails only when the store cannot read or write, or with `LostLease` if it takes a token.
//! - **Cancellation.** A dropped future MUST leave either the whole effect of the call or none.

mod actions;
mod cursors;
mod error;
mod events;
mod history;
mod lease;
mod listings;
mod maintenance;
mod mappings;
mod methods;
mod orders;
mod redaction;
mod runs;
mod shipments;
mod source;
mod summary;

use std::sync::Arc;

use crate::setters::setters;

pub use self::{
    actions::{
        ActionIntent, ActionQuery, ActionRow, ActionStore, ActionTransition, AddOutcome, BeginActionOutcome,
    },
    cursors::{ChangeCursor, EventCursor},
    error::{StoreError, StoreErrorKind},
    events::{OrderEvent, OrderEventKind, RecordedEvent},
    history::{
        HistoryStore, HistoryStoreExt, OrderChange, OrderChangeKind, OrderObservation, OrderSnapshot,
        RecordedChange,
    },
    lease::{Lease, LeaseHolder},
    listings::{LinkQuery, ListingStore, ListingStoreExt, PutLinkOutcome},
    maintenance::{Forgotten, Maintained, Maintenance, RESTORE_FENCES, RetentionPolicy},
    mappings::{
        MappingStore, MappingStoreExt, NewRules, ReplaceOutcome, RuleTables, UnmappedOccurrence, Versioned,
    },
    orders::{
        ApplyOutcome, HeldOrder, ImportRecord, LineNames, NewFollowUp, NewOrder, OrderFailure, OrderStore,
        OrderStoreExt, OrderWork, RecordKey, SaveOutcome, WorkKind, WorkOutcome, WorkQuery, WorkResult,
        WorkState,
    },
    runs::{BeginOutcome, NewRun, RunStore, RunToken},
    shipments::{
        BeginSendOutcome, EnqueueOutcome, OrderProgress, OutboxCursor, OutboxPage, OutboxQuery, OutboxRow,
        SendIntent, SendLane, ShipmentStore, ShipmentStoreExt, ShipmentTransition,
    },
    source::{ChangedShipment, ShipmentSource, SourceCursor},
    summary::{RunKind, RunState, RunSummary},
};
pub(crate) use self::{maintenance::WITH_LEASE, methods::for_each_store};

/// Keys that the conveniences ask for in one call: what every store takes.
const KEYS_PER_CALL: usize = 500;

/// The five stores of a connection. They may be five views of one database, or five databases.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Stores {
    /// Leases and run history.
    pub runs: Arc<dyn RunStore>,
    /// Imported orders.
    pub orders: Arc<dyn OrderStore>,
    /// The outbox of shipments.
    pub shipments: Arc<dyn ShipmentStore>,
    /// Listings and their links.
    pub listings: Arc<dyn ListingStore>,
    /// Shipping rules and carrier rules.
    pub mappings: Arc<dyn MappingStore>,
    /// What becomes of orders after they were imported, if that is kept.
    pub history: Option<Arc<dyn HistoryStore>>,
    /// What the host wants done to orders in the channel, if that is kept.
    pub actions: Option<Arc<dyn ActionStore>>,
    /// What removes what nobody needs any more, if something does.
    pub maintenance: Option<Arc<dyn Maintenance>>,
}

impl Stores {
    /// One store that does all five jobs, and keeps no history.
    pub fn all_in<S>(store: Arc<S>) -> Self
    where
        S: RunStore + OrderStore + ShipmentStore + ListingStore + MappingStore + 'static,
    {
        Self {
            runs: store.clone(),
            orders: store.clone(),
            shipments: store.clone(),
            listings: store.clone(),
            mappings: store,
            history: None,
            actions: None,
            maintenance: None,
        }
    }

    setters! {
        /// The same stores, but orders go to the host's own.
        with_orders(orders: Arc<dyn OrderStore>) => orders = orders;
        /// The same stores, but shipments come from the host's own.
        with_shipments(shipments: Arc<dyn ShipmentStore>) => shipments = shipments;
        /// The same stores, but listings come from the host's own.
        with_listings(listings: Arc<dyn ListingStore>) => listings = listings;
        /// The same stores, but mappings come from the host's own.
        with_mappings(mappings: Arc<dyn MappingStore>) => mappings = mappings;
        /// The same stores, and what becomes of orders after they were imported is kept here.
        with_history(history: Arc<dyn HistoryStore>) => history = Some(history);
        /// The same stores, and what the host wants done to orders in the channel is kept here.
        with_actions(actions: Arc<dyn ActionStore>) => actions = Some(actions);
        /// The same stores, and this removes what nobody needs any more.
        with_maintenance(maintenance: Arc<dyn Maintenance>) => maintenance = Some(maintenance);
        /// The same stores, but leases are kept by the host's own.
        with_runs(runs: Arc<dyn RunStore>) => runs = runs;
    }
}
