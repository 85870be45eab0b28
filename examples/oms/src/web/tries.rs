//! How often passwords may be tried.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use shipstation_connector::Timestamp;
use tokio::sync::{Semaphore, SemaphorePermit};

/// So many wrong passwords of one name, and of all names, in a minute.
const OF_ONE: usize = 10;
const OF_ALL: usize = 100;
const MINUTE: Duration = Duration::from_secs(60);
/// So many passwords are verified at once: each takes memory and time, by design.
const AT_ONCE: usize = 2;

/// The tries of the last minute: each counts as wrong until it is known to be right.
#[derive(Debug)]
pub(super) struct Tries {
    recent: Mutex<Vec<(Timestamp, String)>>,
    at_once: Semaphore,
}

impl Default for Tries {
    fn default() -> Self {
        Self { recent: Mutex::default(), at_once: Semaphore::const_new(AT_ONCE) }
    }
}

impl Tries {
    /// Counts a try of this name before it is made; `None`: not now.
    pub(super) fn begin(&self, name: &str, now: Timestamp) -> Option<SemaphorePermit<'_>> {
        let permit = self.at_once.try_acquire().ok()?;
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.retain(|(at, _)| now.since(*at) < MINUTE);
        let of_name = recent.iter().filter(|(_, tried)| tried == name).count();
        if of_name >= OF_ONE || recent.len() >= OF_ALL {
            return None;
        }
        recent.push((now, name.to_owned()));
        Some(permit)
    }

    /// The password was right.
    pub(super) fn was_right(&self, name: &str) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.retain(|(_, tried)| tried != name);
    }
}
