//! What the processes that use one key keep together, and the contract of who keeps it.

use std::{error::Error as StdError, fmt};

use async_trait::async_trait;
use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};

use crate::{
    Timestamp,
    client::{Credentials, KeyPairs},
};

/// Keeps one small record for each key, for the processes that share its budget: see [`SharedWindow`](super::SharedWindow).
///
/// # Contract
/// - `replace` MUST be atomic: of several that have read the same version, one succeeds.
/// - What `replace` has kept MUST be seen by every later `read`, in whichever process.
/// - `now` of a record MUST be by one clock for all processes: the store's own. The argument serves a store without one.
/// - Nothing needs to survive a crash of the store: a record that is lost is begun anew.
/// - An error MUST show no secret. The window gives a call up after two seconds; dropping it MUST do no harm, so that no call may hold
///   a lock while it waits for its caller.
///
/// The checks of it stand in `testing::conformance` (feature `conformance`).
#[async_trait]
pub trait BudgetStore: fmt::Debug + Send + Sync {
    /// What is kept for a key.
    ///
    /// # Errors
    /// When it cannot be read.
    async fn read(&self, key: &BudgetKey, now: Timestamp) -> Result<BudgetRecord, BudgetError>;

    /// Keeps `text` for a key, unless that has been done since `version` was read: says whether it was.
    ///
    /// # Errors
    /// When it cannot be written. It may have been, then.
    async fn replace(&self, key: &BudgetKey, version: u64, text: &str) -> Result<bool, BudgetError>;
}

/// Why a [`BudgetStore`] did not answer.
pub type BudgetError = Box<dyn StdError + Send + Sync>;

/// What is kept for a key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BudgetRecord {
    /// Grows with each replacement; 0 while nothing is kept.
    pub version: u64,
    /// JSON of the window's own; empty while nothing is kept.
    pub text: String,
    /// What time it is, by the store's clock.
    pub now: Timestamp,
}

impl BudgetRecord {
    /// A record that was read just now.
    pub fn new(version: u64, text: impl Into<String>, now: Timestamp) -> Self {
        Self { version, text: text.into(), now }
    }

    /// Nothing is kept.
    pub fn none(now: Timestamp) -> Self {
        Self::new(0, "", now)
    }
}

/// What the processes of one key know it by: a SHA-256, so that the key itself is kept nowhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BudgetKey([u8; 32]);

impl BudgetKey {
    /// A budget with a name that the host chooses, such as its own id of the account: for a key that changes while the budget stays.
    pub fn named(name: &str) -> Self {
        Self::of("name", name)
    }

    fn of(kind: &str, text: &str) -> Self {
        let hash = Sha256::new().chain_update("shipstation-connector budget, ").chain_update(kind);
        Self(hash.chain_update("\0").chain_update(text).finalize().into())
    }

    /// The 64 hexadecimal digits of the hash.
    pub fn hex(&self) -> String {
        use fmt::Write as _;
        self.0.iter().fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

/// The budget of this API key. Its secret does not matter.
impl From<&Credentials> for BudgetKey {
    fn from(credentials: &Credentials) -> Self {
        Self::of("key", credentials.key().expose_secret())
    }
}

/// The one budget of both pairs, in whichever order they are given.
impl From<&KeyPairs> for BudgetKey {
    fn from(pairs: &KeyPairs) -> Self {
        let mut keys = pairs.pairs.each_ref().map(|pair| Self::from(pair).hex());
        keys.sort_unstable();
        Self::of("pairs", &keys.concat())
    }
}

impl fmt::Debug for BudgetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BudgetKey({:.8})", self.hex())
    }
}
