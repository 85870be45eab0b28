//! Keys that ShipStation keeps refusing. It may lock an account whose key is tried over and over, and every run of every
//! connection would try it: so a key that was refused three times in a row is not used for an hour, by whichever client
//! of this process.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    sync::{LazyLock, Mutex, MutexGuard, Weak},
    time::Duration,
};

use http::HeaderValue;
use url::Url;

use super::{Clock, ErrorKind, Outcome, error::Problem};
use crate::{Timestamp, locked::locked};

/// Refusals in a row after which a key is suspended.
const MAX_REFUSALS: u32 = 3;
const KEY_SUSPENSION: Duration = Duration::from_secs(3600);

/// The process's one list. It is shared by clients that know nothing of each other, so it cannot be handed to them. Keys
/// are in it only while they are refused.
static REFUSED: Mutex<BTreeMap<KeyId, Refusals>> = Mutex::new(BTreeMap::new());
/// Seeds that never leave the process: what is kept of a key cannot be turned back into it.
static SEEDS: LazyLock<[RandomState; 2]> = LazyLock::new(|| [RandomState::new(), RandomState::new()]);

/// A key at an address, on a clock: a time is worth nothing on another clock than the one it was taken from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct KeyId {
    hash: [u64; 2],
    /// The address of the clock that a host brought; `None` for the machine's.
    clock: Option<usize>,
}

struct Refusals {
    in_a_row: u32,
    last: (Timestamp, Option<Duration>),
    /// Keeps the address of the clock from being given to another one.
    clock: Option<Weak<dyn Clock>>,
}

/// What is known of one client's key.
pub(crate) struct KeyRecord {
    id: KeyId,
    /// The clock that the host brought.
    clock: Option<Weak<dyn Clock>>,
}

impl KeyRecord {
    pub(crate) fn new(authorization: &HeaderValue, base: &Url, clock: Option<Weak<dyn Clock>>) -> Self {
        let key = (authorization.as_bytes(), base.as_str());
        let id = KeyId {
            hash: SEEDS.each_ref().map(|seed| seed.hash_one(key)),
            clock: clock.as_ref().map(|clock| clock.as_ptr().cast::<()>().addr()),
        };
        Self { id, clock }
    }

    /// The error of a request that must not be made with the key yet.
    pub(crate) fn check(&self, clock: &dyn Clock) -> Result<(), Box<Problem>> {
        let left = refused().get(&self.id).and_then(|refusals| refusals.left_alone_for(clock));
        let Some(left) = left else { return Ok(()) };
        let until = clock.now() + left;
        let what = format!(
            "the key was refused {MAX_REFUSALS} times in a row and is not used again before {}",
            until.floor_second()
        );
        let problem = Problem::new(ErrorKind::Auth, Outcome::NotSent).because(what);
        Err(Problem { retry_after: Some(left), ..problem }.into())
    }

    /// ShipStation took the key.
    pub(crate) fn accepted(&self) {
        refused().remove(&self.id);
    }

    /// ShipStation refused the key.
    pub(crate) fn refused(&self, clock: &dyn Clock) {
        let mut refused = refused();
        refused.retain(|_, refusals| refusals.clock.as_ref().is_none_or(|clock| clock.strong_count() > 0));
        let last = (clock.now(), clock.monotonic());
        let refusals =
            refused.entry(self.id).or_insert(Refusals { in_a_row: 0, last, clock: self.clock.clone() });
        refusals.in_a_row = refusals.in_a_row.saturating_add(1);
        refusals.last = last;
        if refusals.in_a_row >= MAX_REFUSALS {
            tracing::warn!(until = %(last.0 + KEY_SUSPENSION), "API key suspended after repeated refusals");
        }
    }
}

impl Refusals {
    /// After the hour each further refusal begins another one.
    fn left_alone_for(&self, clock: &dyn Clock) -> Option<Duration> {
        let (wall, monotonic) = self.last;
        let passed = match (monotonic, clock.monotonic()) {
            (Some(then), Some(now)) => now.saturating_sub(then),
            // A clock that was set back says nothing; the key is not suspended for longer than the hour for it.
            _ if clock.now() < wall => KEY_SUSPENSION,
            _ => clock.now().since(wall),
        };
        let left = KEY_SUSPENSION.saturating_sub(passed);
        (self.in_a_row >= MAX_REFUSALS && !left.is_zero()).then_some(left)
    }
}

fn refused() -> MutexGuard<'static, BTreeMap<KeyId, Refusals>> {
    locked(&REFUSED)
}
