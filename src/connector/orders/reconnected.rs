//! A store that was connected again shows its orders once more, under other ids.

use std::collections::HashMap;

use super::capped_list::CappedList;
use crate::channel::{ChannelOrder, ChannelOrderId, hash::number_of, shipping::StoreKey};

/// How many orders of a run are remembered by number and key.
const MAX_REMEMBERED: usize = 20_000;

/// The orders that a run has met, by number and key: a store that was connected again shows its orders once more, under
/// other ids.
#[derive(Debug, Default)]
pub(super) struct ReconnectedStores {
    met: HashMap<u64, (ChannelOrderId, StoreKey)>,
    pub(super) found: CappedList,
}

impl ReconnectedStores {
    /// Takes note of an order, and of the one with the same number and key in another store.
    pub(super) fn note(&mut self, order: &ChannelOrder) {
        let (Some(key), Some(store)) = (order.key.as_deref(), &order.store) else { return };
        if key.trim().is_empty() || order.number.trim().is_empty() {
            return;
        }
        let mark = number_of([order.number.as_str(), key]);
        match self.met.get(&mark) {
            Some((other, its_store)) if *other != order.id && its_store != store => {
                let (number, id) = (&order.number, &order.id);
                self.found.add(format!("{number} is {other} of store {its_store} and {id} of store {store}"));
            }
            None if self.met.len() < MAX_REMEMBERED => {
                self.met.insert(mark, (order.id.clone(), store.clone()));
            }
            _ => {}
        }
    }
}
