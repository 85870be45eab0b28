//! Stores that are wrong on purpose: the memory store with one flaw each. They test the suite, not the stores.

mod actions;
mod flaws;
mod history;
mod listings;
mod maintenance;
mod mappings;
mod orders;
mod runs;
mod shipments;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
};

use shipstation_connector::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId, OutboxId, ShipmentState,
        store::{Lease, OrderWork, RecordedChange, RecordedEvent, RunToken},
    },
    stores::MemoryStore,
};

pub(crate) use flaws::{FLAWS, FLAWS_OF_MAINTENANCE, Flaw, Write};

/// A memory store with a flaw.
#[derive(Debug)]
pub(crate) struct BrokenStore {
    inner: Arc<MemoryStore>,
    /// Where orders and shipments are kept by a store that does not learn of new leases.
    apart: MemoryStore,
    flaw: Flaw,
    /// The highest fence that was granted.
    fence: AtomicU64,
    /// How many rows the pages so far have held.
    served: AtomicUsize,
    /// How many orders were saved that were there already.
    repeats: AtomicUsize,
    newest: Mutex<Vec<ChannelOrderId>>,
    late: Mutex<Vec<OrderWork>>,
    recorded: Mutex<Vec<(OutboxId, ShipmentState)>>,
    /// The lease of a store that takes it without a lock.
    unlocked: Mutex<Lease>,
    /// The last grant or heartbeat, and when its lease ends.
    lease: Mutex<Option<(RunToken, Timestamp)>>,
    /// Whether what is old was removed.
    maintained: AtomicBool,
    /// What was kept of an order when its buyer was forgotten.
    events: Mutex<Vec<RecordedEvent>>,
    changes: Mutex<Vec<RecordedChange>>,
}

impl BrokenStore {
    pub(crate) fn new(inner: Arc<MemoryStore>, flaw: Flaw) -> Self {
        Self {
            inner,
            apart: MemoryStore::new(),
            flaw,
            fence: AtomicU64::default(),
            served: AtomicUsize::default(),
            repeats: AtomicUsize::default(),
            newest: Mutex::default(),
            late: Mutex::default(),
            recorded: Mutex::default(),
            unlocked: Mutex::default(),
            lease: Mutex::default(),
            maintained: AtomicBool::default(),
            events: Mutex::default(),
            changes: Mutex::default(),
        }
    }

    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    fn data(&self) -> &MemoryStore {
        if self.is(Flaw::LearnsOfGrantsLate) { &self.apart } else { &self.inner }
    }

    fn connection(&self, connection: &ConnectionId) -> ConnectionId {
        if self.is(Flaw::ConnectionsMeet) { "one for all".into() } else { connection.clone() }
    }

    /// The token as the inner store gets it: a flaw lets a stale one pass for a new one.
    fn token(&self, token: &RunToken, write: Write) -> RunToken {
        let mut token = token.clone();
        token.connection = self.connection(&token.connection);
        if self.is(Flaw::TakesStale(write)) {
            token.fence = self.fence.load(Ordering::SeqCst);
        }
        token
    }

    fn text(&self, text: &str) -> String {
        if self.is(Flaw::FoldsTexts) { text.trim().to_lowercase() } else { text.to_owned() }
    }

    /// A page of `rows` by their number and not by their key, as a store with OFFSET would cut it.
    fn page_by_number<T>(&self, rows: Vec<T>, first: bool, limit: usize) -> Vec<T> {
        if first {
            self.served.store(0, Ordering::SeqCst);
        }
        let page: Vec<T> = rows.into_iter().skip(self.served.load(Ordering::SeqCst)).take(limit).collect();
        self.served.fetch_add(page.len(), Ordering::SeqCst);
        page
    }
}
