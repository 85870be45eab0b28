//! What a request waits for before it leaves: its turn in the rate limit, a backoff, the end of a throttled minute; and
//! the signal that ends such a wait.

use std::{
    fmt::Debug,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use futures_util::future::{Either, select};
use http::Method;

use super::{
    CallInfo, Error, ShipStation, Wait, WaitReason,
    error::{ErrorKind, Outcome, Problem},
    key::KeyInUse,
    rate_limit::Permit,
};
use crate::{Timestamp, locked::locked};

/// A permit that was taken before its request; clones of a client share it.
pub(super) type PermitInHand = Arc<Mutex<Option<Permit>>>;

/// Ends the waits of a client whose caller wants no more work; see [`ShipStation::cancel_on`].
///
/// # Contract
/// - Once `cancelled` has returned, every later call of it MUST return at once.
/// - `cancelled` MUST be cancel-safe: dropping the future changes nothing.
#[async_trait]
pub trait CancelSignal: Debug + Send + Sync {
    /// Waits until the caller wants no more work.
    async fn cancelled(&self);
}

impl ShipStation {
    /// The same client, whose waits end as soon as this signal is given: for the rate limit, a backoff or the end of a
    /// throttled minute. Nothing is sent afterwards; a request that is under way is finished.
    ///
    /// A wait that is ended is an error of the kind [`Cancelled`](ErrorKind::Cancelled). Its outcome is that of the last
    /// attempt, and [`NotSent`](Outcome::NotSent) if there was none.
    #[must_use]
    pub fn cancel_on(&self, signal: Arc<dyn CancelSignal>) -> Self {
        Self { stop: Some(signal), ..self.clone() }
    }

    /// Waits until a request may be sent in this client's lane, so that the caller can decide after the wait, and not
    /// before it, to send one. The permit is for [`with_permit`](Self::with_permit); dropped, it is given back.
    ///
    /// # Errors
    /// The outcome is [`NotSent`](Outcome::NotSent): [`RateLimited`](ErrorKind::RateLimited) if the permit comes after the
    /// time of [`send_before`](Self::send_before), [`Cancelled`](ErrorKind::Cancelled) if the wait is
    /// [stopped](Self::cancel_on).
    pub async fn permit(&self) -> Result<Permit, Error> {
        let any = CallInfo { method: Method::default(), endpoint: String::new() };
        let (permit, _) = self.acquire(&any, true).await.map_err(|problem| problem.at("", 0))?;
        Ok(permit)
    }

    /// The same client, whose next attempt uses this permit in place of waiting for one. It is sent even if the client
    /// was told to stop meanwhile, but not later than [`send_before`](Self::send_before) allows. Further attempts wait again.
    #[must_use]
    pub fn with_permit(&self, permit: Permit) -> Self {
        Self { permit: Arc::new(Mutex::new(Some(permit))), ..self.clone() }
    }

    /// The same client, whose next request is sent even if its key is suspended because ShipStation kept refusing it: for
    /// a person who has put the account in order and wants to know. An answer that is no refusal ends the rest of the hour
    /// for every client with this key.
    #[must_use]
    pub fn ignoring_key_suspension(&self) -> Self {
        Self { probe: Arc::new(AtomicBool::new(true)), ..self.clone() }
    }

    /// The permit in hand, or the next one of the limiter, and the key to use. A permit that comes too late for the call is
    /// given back.
    pub(super) async fn acquire(
        &self,
        info: &CallInfo,
        with_credentials: bool,
    ) -> Result<(Permit, Option<KeyInUse>), Box<Problem>> {
        let before = if with_credentials { Some(self.usable_key().await?) } else { None };
        let in_hand = locked(&self.permit).take();
        let permit = match in_hand {
            Some(permit) => permit,
            None => self.wait_for_permit(info).await?,
        };
        let key = match before {
            Some((key, true)) => Some(key),
            // Requests that were under way during the wait may have been refused.
            Some((_, false)) => Some(self.usable_key().await?.0),
            None => None,
        };
        if self.is_late(self.inner.clock.now()) {
            let problem = Problem::new(ErrorKind::RateLimited, Outcome::NotSent)
                .because("its turn came after the time by which it was to be sent");
            return Err(problem.into());
        }
        Ok((permit, key))
    }

    /// The key in use, if it may be used; and whether the request is the one that may be made with a suspended key.
    async fn usable_key(&self) -> Result<(KeyInUse, bool), Box<Problem>> {
        let clock = &*self.inner.clock;
        let present = self.key().await?;
        let Err(problem) = present.key.record.check(clock) else { return Ok((present, false)) };
        if self.probe.swap(false, Ordering::Relaxed) {
            return Ok((present, true));
        }
        if !self.has_other_key(&present).await {
            return Err(problem);
        }
        let other = self.key().await?;
        other.key.record.check(clock)?;
        Ok((other, false))
    }

    async fn wait_for_permit(&self, info: &CallInfo) -> Result<Permit, Box<Problem>> {
        let limiter = &self.inner.limiter;
        if let (Some(observer), Some(until)) = (&self.observer, limiter.expected(self.lane)) {
            observer.waiting(info, &Wait { until, why: WaitReason::RateLimit });
        }
        let permit = self.unless_stopped(limiter.acquire(self.lane)).await;
        permit.ok_or_else(|| Problem::new(ErrorKind::Cancelled, Outcome::NotSent).into())
    }

    pub(super) fn is_late(&self, now: Timestamp) -> bool {
        self.not_after.is_some_and(|last| now > last)
    }

    /// What the wait brings, or `None` if the signal to stop comes first or has been given before.
    pub(super) async fn unless_stopped<T>(&self, wait: impl Future<Output = T>) -> Option<T> {
        let Some(signal) = &self.stop else { return Some(wait.await) };
        match select(pin!(signal.cancelled()), pin!(wait)).await {
            Either::Left(_) => None,
            Either::Right((done, _)) => Some(done),
        }
    }
}
