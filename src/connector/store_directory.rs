//! What the account's stores are called and which marketplaces they are on: read when a new order needs it, and again at most
//! once an hour. It lives as long as the channel, so that the runs of a process share it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use super::{clocks::HostTime, failure};
use crate::{
    Timestamp,
    channel::{ChannelOrder, shipping::StoreKey},
    client::{Clock, ErrorKind, ShipStation, Store},
    locked::locked,
    time::{HOUR, MINUTE},
};

/// The stores are read again after so long.
const MAX_AGE: Duration = HOUR;

/// The stores as they were last read.
#[derive(Debug, Default)]
pub(super) struct StoreDirectory {
    /// Whoever holds it asks ShipStation.
    turn: tokio::sync::Mutex<()>,
    reading: Mutex<Reading>,
}

#[derive(Debug, Default)]
struct Reading {
    /// When ShipStation was last asked, whatever it answered, and for how long it is not asked again.
    asked: Option<(HostTime, Duration)>,
    names: Arc<StoreNames>,
}

impl StoreDirectory {
    /// The names of the stores, and a warning if they could not be read. The caller goes on with those that were read before, or
    /// with none. One request at most, and none within an hour of the last one, refused or not; within a minute of one that got no
    /// answer.
    pub(super) async fn names(&self, client: &ShipStation) -> (Arc<StoreNames>, Option<String>) {
        let clock = &**client.clock();
        let mut warning = None;
        if self.is_due(clock) {
            // Who comes second waits for the answer instead of asking too. A caller that is dropped leaves no trace.
            let _turn = self.turn.lock().await;
            if self.is_due(clock) {
                warning = self.ask(client, clock).await;
            }
        }
        (self.known(), warning)
    }

    fn is_due(&self, clock: &dyn Clock) -> bool {
        locked(&self.reading).asked.is_none_or(|(asked, pause)| asked.elapsed(clock) >= pause)
    }

    async fn ask(&self, client: &ShipStation, clock: &dyn Clock) -> Option<String> {
        match client.stores().list().show_inactive(true).send().await {
            Ok(stores) => self.keep(&stores.items, clock),
            Err(error) if error.kind() == ErrorKind::Cancelled => {}
            Err(error) => {
                let pause = if error.is_retryable() { MINUTE } else { MAX_AGE };
                locked(&self.reading).asked = Some((HostTime::now(clock), pause));
                let why = failure::describe(&error);
                return Some(format!(
                    "the stores could not be read, so that a name or a marketplace may be missing or old: {why}"
                ));
            }
        }
        None
    }

    /// The names as they are known, without a request.
    pub(super) fn known(&self) -> Arc<StoreNames> {
        locked(&self.reading).names.clone()
    }

    /// Takes over the stores, inactive ones included, that were read for another purpose.
    pub(super) fn keep(&self, stores: &[Store], clock: &dyn Clock) {
        let name = |store: &Store| (StoreKey::new(store.store_id.to_string()), StoreName::of(store));
        let names = Arc::new(StoreNames(stores.iter().map(name).collect()));
        *locked(&self.reading) = Reading { asked: Some((HostTime::now(clock), MAX_AGE)), names };
    }
}

/// What the stores are called.
#[derive(Debug, Default)]
pub(super) struct StoreNames(HashMap<StoreKey, StoreName>);

#[derive(Debug)]
struct StoreName {
    name: Option<String>,
    marketplace: Option<String>,
}

impl StoreName {
    fn of(store: &Store) -> Self {
        Self { name: store.store_name.clone(), marketplace: store.marketplace_name.clone() }
    }
}

impl StoreNames {
    /// What people call a store.
    pub(super) fn of(&self, store: &StoreKey) -> Option<&str> {
        self.0.get(store)?.name.as_deref()
    }

    pub(super) fn marketplace_of(&self, store: &StoreKey) -> Option<&str> {
        self.0.get(store)?.marketplace.as_deref()
    }

    /// Whether it is one of the account's stores, as far as they were read.
    pub(super) fn lists(&self, store: &StoreKey) -> bool {
        self.0.contains_key(store)
    }

    /// Whether the marketplace of a store is settled for an order that has waited for it since then: the store is listed, or was
    /// still not when the stores were read again. Then it has none.
    pub(super) fn is_settled(&self, store: &StoreKey, since: Option<Timestamp>, now: Timestamp) -> bool {
        let was_read_again = since.is_some_and(|since| now.since(since) > MAX_AGE) && !self.0.is_empty();
        self.lists(store) || was_read_again
    }

    /// Names the order's store, and its marketplace; without one the order keeps its source in its place.
    pub(super) fn complete(&self, order: &mut ChannelOrder) {
        let Some(known) = order.store.as_ref().and_then(|store| self.0.get(store)) else { return };
        order.store_name.clone_from(&known.name);
        if known.marketplace.is_some() {
            order.marketplace.clone_from(&known.marketplace);
        }
    }
}
