//! Both key pairs of an account, for the change from one to the other without a failed run.

use std::{
    error::Error as StdError,
    sync::atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;

use super::{CredentialSource, Credentials};
use crate::shows::shows;

/// The two key pairs of one account: the first is used until ShipStation refuses it (401), then the other one, and so on.
///
/// A pair can be replaced at any time then: revoke the one that is not in use, make a new one, and give the client both. A change
/// costs one more request; where both are refused, the 401 is the answer. It serves one client and its clones.
///
/// Two pairs are no larger budget. Only one of them is in use, and a client counts its requests per minute across the change.
/// Processes that share a [`SharedWindow`](super::SharedWindow) name it by both pairs (`SharedWindow::new(store, &pairs)`), or
/// by the account ([`BudgetKey::named`](super::BudgetKey::named)), which stays when a pair is replaced.
///
/// ```
/// use shipstation_connector::client::{Credentials, KeyPairs, PacificDate, ShipStation};
///
/// let first = Credentials::new("old key", "its secret").expires_on(PacificDate::new(2026, 12, 1).unwrap());
/// let second = Credentials::new("new key", "its secret");
/// let client = ShipStation::builder(KeyPairs::new(first, second)).build()?;
/// # Ok::<(), shipstation_connector::client::Error>(())
/// ```
pub struct KeyPairs {
    pub(super) pairs: [Credentials; 2],
    /// A client asks again only when the pair that it has was refused.
    asked: AtomicUsize,
}

shows! { |it: KeyPairs| pairs }

impl KeyPairs {
    /// Both pairs, in the order in which they are tried.
    pub fn new(first: Credentials, second: Credentials) -> Self {
        Self { pairs: [first, second], asked: AtomicUsize::new(0) }
    }
}

#[async_trait]
impl CredentialSource for KeyPairs {
    async fn credentials(&self) -> Result<Credentials, Box<dyn StdError + Send + Sync>> {
        let [first, second] = &self.pairs;
        let is_even = self.asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
        Ok(if is_even { first } else { second }.clone())
    }
}
