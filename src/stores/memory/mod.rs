//! Every storage trait in memory: for tests, for trying things out, and as the shortest reading of the
//! contracts. Nothing survives the process, which is the one clause that it does not keep.

mod actions;
mod budget;
mod history;
mod listings;
mod maintenance;
mod mappings;
mod orders;
mod runs;
mod shipments;
mod traits;

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard},
};

pub use self::orders::StoredOrder;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(super) use self::{actions::ActionEffects, shipments::Effects};
pub(super) use self::{actions::Actions, listings::Links, shipments::Outbox};
use self::{history::History, mappings::Mappings, orders::Orders, runs::Runs};
use crate::{
    Timestamp,
    channel::{
        ChannelOrder, ConnectionId, Listing, RunId,
        store::{OrderChange, RunToken, StoreError, Stores},
    },
    client::BudgetKey,
    locked::locked,
};

/// A store that keeps everything in memory. Share it as `Arc<MemoryStore>`.
///
/// ```
/// use shipstation_connector::stores::MemoryStore;
/// use std::sync::Arc;
///
/// let store = Arc::new(MemoryStore::new());
/// let stores = store.stores();
/// # let _ = stores;
/// ```
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    runs: Runs,
    budgets: BTreeMap<BudgetKey, (u64, String)>,
    connections: BTreeMap<ConnectionId, Connection>,
}

/// What is kept for one connection. The files of this folder give it the methods of the storage traits.
#[derive(Debug, Default)]
struct Connection {
    orders: Orders,
    outbox: Outbox,
    links: Links,
    mappings: Mappings,
    history: History,
    actions: Actions,
}

/// The run that writes.
struct Writer<'t> {
    run: &'t RunId,
    /// When it began, if it holds the lease.
    since: Option<Timestamp>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The host's side: what it sells. Replaces listings of the same id.
    pub fn put_listings(&self, connection: &ConnectionId, listings: impl IntoIterator<Item = Listing>) {
        self.with(connection, |kept| kept.links.put_listings(listings));
    }

    /// The host's side: the imported orders, in ascending order of id.
    pub fn orders(&self, connection: &ConnectionId) -> Vec<StoredOrder> {
        self.with(connection, |kept| kept.orders.imported.values().cloned().collect())
    }

    /// The host's side: one imported order.
    pub fn order(&self, connection: &ConnectionId, id: &str) -> Option<ChannelOrder> {
        self.with(connection, |kept| Some(kept.orders.imported.get(&id.into())?.order.clone()))
    }

    /// The host's side: the changes that imported orders underwent, in the order in which they were noticed.
    pub fn order_changes(&self, connection: &ConnectionId) -> Vec<OrderChange> {
        self.with(connection, |kept| {
            kept.history.changes.iter().map(|(_, kept)| kept.change.clone()).collect()
        })
    }

    /// This store for every job, history, actions and maintenance included.
    pub fn stores(self: &Arc<Self>) -> Stores {
        let all = Stores::all_in(self.clone()).with_history(self.clone()).with_actions(self.clone());
        all.with_maintenance(self.clone())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    fn with<R>(&self, connection: &ConnectionId, read: impl FnOnce(&mut Connection) -> R) -> R {
        read(self.lock().connections.entry(connection.clone()).or_default())
    }

    /// Runs `write` for the holder of `token`, or refuses it when a newer run has begun or written.
    fn write<R>(
        &self,
        token: &RunToken,
        write: impl FnOnce(&mut Connection, &Writer<'_>) -> Result<R, StoreError>,
    ) -> Result<R, StoreError> {
        let mut state = self.lock();
        let lease = state.runs.lease_of(token);
        // Remembers a newer fence, so that the leases may be kept elsewhere.
        lease.admit(token)?;
        let holder = lease.holder.as_ref().filter(|holder| holder.run == token.run);
        let writer = Writer { run: &token.run, since: holder.map(|holder| holder.since) };
        write(state.connections.entry(token.connection.clone()).or_default(), &writer)
    }
}

/// The rows behind this place.
fn after<'m, K: Ord, T>(rows: &'m BTreeMap<K, T>, place: Option<&K>) -> impl Iterator<Item = &'m T> {
    let from = place.map_or(Bound::Unbounded, Bound::Excluded);
    rows.range::<K, _>((from, Bound::Unbounded)).map(|(_, row)| row)
}
