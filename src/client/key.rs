//! The key pair in use, for all clones of a client: asked of its source at first use, and again after a refusal.

use std::sync::{
    Arc, Mutex as SyncMutex, Weak,
    atomic::{AtomicBool, Ordering},
};

use futures_util::future::{Either, select};
use http::HeaderValue;
use tokio::sync::Mutex;
use url::Url;

use super::{
    Clock, CredentialSource, Credentials, Error, PacificDate, ShipStation,
    error::{ErrorKind, Outcome, Problem},
    refused_keys::KeyRecord,
};
use crate::locked::locked;

/// A pair as requests carry it, and what became of it.
pub(super) struct Key {
    pub(super) authorization: HeaderValue,
    pub(super) record: KeyRecord,
    /// Whether ShipStation has accepted it.
    has_worked: AtomicBool,
}

impl Key {
    /// Learns from what an attempt came to. Only ShipStation's own 401 counts, as `classify` tells it from a page: what a
    /// proxy refuses never reached the account and cannot lock it.
    pub(super) fn learn<T>(&self, result: &mut Result<T, Box<Problem>>, clock: &dyn Clock) {
        match result {
            Err(problem) if problem.kind == ErrorKind::Auth => {
                self.record.refused(clock);
                if self.has_worked.load(Ordering::Relaxed) {
                    problem.what = Some(
                        "the API key worked before: it has expired or was revoked, so make a new one in ShipStation under \
                         Settings, Account, API Settings"
                            .to_owned(),
                    );
                }
            }
            Err(problem) if problem.outcome != Outcome::Answered => {}
            _ => {
                self.record.accepted();
                self.has_worked.store(true, Ordering::Relaxed);
            }
        }
    }
}

/// The key in use and where the next one comes from.
pub(super) struct Keys {
    source: Arc<dyn CredentialSource>,
    base: Url,
    /// The clock that the host brought.
    clock: Option<Weak<dyn Clock>>,
    state: Mutex<State>,
    /// When the pair in use expires.
    expires_on: SyncMutex<Option<PacificDate>>,
}

#[derive(Default)]
struct State {
    key: Option<Arc<Key>>,
    /// The one that was in use before: it may come again.
    before: Option<Arc<Key>>,
    /// How often the source was asked after a refusal.
    asked: u64,
}

/// A key that was taken for a request.
pub(super) struct KeyInUse {
    pub(super) key: Arc<Key>,
    /// How often the source had been asked by then.
    asked: u64,
}

impl Keys {
    /// # Errors
    /// The pair is known and cannot work.
    pub(super) fn new(
        source: Arc<dyn CredentialSource>,
        base: &Url,
        clock: Option<&Arc<dyn Clock>>,
    ) -> Result<Self, Error> {
        let fixed = source.fixed();
        let clock = clock.map(Arc::downgrade);
        let (state, expires_on) = (Mutex::default(), SyncMutex::default());
        let mut keys = Self { source, base: base.clone(), clock, state, expires_on };
        if let Some(credentials) = fixed {
            let key = keys.key(&credentials).map_err(|problem| problem.at("", 0))?;
            keys.state.get_mut().key = Some(Arc::new(key));
        }
        Ok(keys)
    }

    fn key(&self, credentials: &Credentials) -> Result<Key, Box<Problem>> {
        let authorization = credentials.header()?;
        *locked(&self.expires_on) = credentials.expires_on;
        let record = KeyRecord::new(&authorization, &self.base, self.clock.clone());
        Ok(Key { authorization, record, has_worked: AtomicBool::new(false) })
    }

    pub(super) fn expires_on(&self) -> Option<PacificDate> {
        *locked(&self.expires_on)
    }
}

impl ShipStation {
    /// The key in use.
    pub(super) async fn key(&self) -> Result<KeyInUse, Box<Problem>> {
        let mut state = self.inner.keys.state.lock().await;
        let key = match &state.key {
            Some(key) => Arc::clone(key),
            None => Arc::clone(state.key.insert(self.ask_for_key().await?)),
        };
        Ok(KeyInUse { key, asked: state.asked })
    }

    /// Whether there is another key than this one, which ShipStation refused. The source is asked once for all requests that
    /// were refused together.
    pub(super) async fn has_other_key(&self, refused: &KeyInUse) -> bool {
        let keys = &self.inner.keys;
        if keys.source.fixed().is_some() {
            return false;
        }
        let mut state = keys.state.lock().await;
        let differs = |key: &Key| key.authorization != refused.key.authorization;
        if state.asked == refused.asked && !state.key.as_deref().is_some_and(differs) {
            match self.ask_for_key().await {
                Ok(key) if differs(&key) => {
                    tracing::warn!(
                        "ShipStation refused the key pair in use: another one is used from now on"
                    );
                    let known = state.before.take().filter(|known| known.authorization == key.authorization);
                    state.before = state.key.replace(known.unwrap_or(key));
                }
                Ok(_) => {}
                Err(problem) => {
                    tracing::warn!(kind = ?problem.kind, "the credential source gave no other key after a refusal");
                }
            }
            state.asked += 1;
        }
        state.key.as_deref().is_some_and(differs)
    }

    async fn ask_for_key(&self) -> Result<Arc<Key>, Box<Problem>> {
        let keys = &self.inner.keys;
        let ask = select(keys.source.credentials(), self.inner.clock.timer(self.timeout()));
        let none = |what| Problem::new(ErrorKind::Auth, Outcome::NotSent).because(what);
        match self.unless_stopped(ask).await {
            Some(Either::Left((Ok(credentials), _))) => Ok(Arc::new(keys.key(&credentials)?)),
            Some(Either::Left((Err(source), _))) => {
                Err(Problem { source: Some(source), ..none("the credential source gave no pair") }.into())
            }
            Some(Either::Right(_)) => Err(none("the credential source did not answer in time").into()),
            None => Err(Problem::new(ErrorKind::Cancelled, Outcome::NotSent).into()),
        }
    }
}
