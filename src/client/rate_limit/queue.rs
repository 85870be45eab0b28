//! Who waits for a permit, the urgent first.

use std::{collections::BTreeSet, sync::Mutex};

use tokio::sync::Notify;

use super::Lane;
use crate::locked::locked;

/// The requests that wait, by [`Lane`], then by arrival.
#[derive(Debug, Default)]
pub(super) struct LaneQueue {
    waiting: Mutex<Waiting>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    places: BTreeSet<Ticket>,
    arrivals: u64,
}

type Ticket = (Lane, u64);

impl LaneQueue {
    pub(super) fn join(&self, lane: Lane) -> Place<'_> {
        let mut waiting = locked(&self.waiting);
        waiting.arrivals += 1;
        let ticket = (lane, waiting.arrivals);
        waiting.places.insert(ticket);
        Place { queue: self, ticket }
    }

    /// How many wait in each lane.
    pub(super) fn lanes(&self) -> Vec<(Lane, u32)> {
        let mut lanes: Vec<(Lane, u32)> = Vec::new();
        for (lane, _) in &locked(&self.waiting).places {
            match lanes.last_mut() {
                Some((last, waiting)) if last == lane => *waiting = waiting.saturating_add(1),
                _ => lanes.push((*lane, 1)),
            }
        }
        lanes
    }
}

/// A place in the queue, given up on drop: a cancelled request blocks nobody.
pub(super) struct Place<'a> {
    queue: &'a LaneQueue,
    ticket: Ticket,
}

impl Place<'_> {
    /// Waits until nobody is before this one. Somebody more urgent may come later.
    pub(super) async fn first(&self) {
        loop {
            let changed = self.queue.changed.notified();
            tokio::pin!(changed);
            // Registered before the queue is read, so that no change in between is missed.
            changed.as_mut().enable();
            if locked(&self.queue.waiting).places.first() == Some(&self.ticket) {
                return;
            }
            changed.await;
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        locked(&self.queue.waiting).places.remove(&self.ticket);
        self.queue.changed.notify_waiters();
    }
}
