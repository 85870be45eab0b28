//! A store with a hook around every call: for metrics, for faults on purpose, and for tests that stop a run anywhere.

use std::{any::Any, collections::BTreeMap, fmt::Debug, pin::Pin, sync::Arc, time::Duration};

use async_trait::async_trait;

#[allow(clippy::wildcard_imports, reason = "the table of methods names nearly all of it")]
use crate::channel::store::*;
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId, Listing, ListingId, ListingLink, NewLink, Operation, OrderAction,
        Shipment,
        shipping::{ShippingResolution, UnmappedText},
    },
};

/// A store whose every call passes through a [`StoreHook`]. It implements each storage trait that `S` implements, so `S` may
/// be a store, an `Arc` of one, or `Arc<dyn …>`; [`instrumented`] wraps a whole [`Stores`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use shipstation_connector::{
///     channel::store::{MappingStore, StoreError},
///     stores::{Instrumented, MemoryStore, NextCall, StoreAnswer, StoreCall, StoreHook},
/// };
/// use std::sync::{Arc, atomic::{AtomicU32, Ordering}};
///
/// #[derive(Debug, Default)]
/// struct Failures(AtomicU32);
///
/// #[async_trait::async_trait]
/// impl StoreHook for Failures {
///     async fn around(&self, _: StoreCall, next: NextCall<'_>) -> Result<StoreAnswer, StoreError> {
///         let answer = next.await;
///         self.0.fetch_add(u32::from(answer.is_err()), Ordering::Relaxed);
///         answer
///     }
/// }
///
/// let failures = Arc::new(Failures::default());
/// let store = Instrumented::new(MemoryStore::new(), failures.clone());
/// store.rules(&"shop".into()).await?;
/// assert_eq!(failures.0.load(Ordering::Relaxed), 0);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Instrumented<S> {
    inner: S,
    hook: Arc<dyn StoreHook>,
}

impl<S> Instrumented<S> {
    /// `inner`, with `hook` around its calls.
    pub fn new(inner: S, hook: Arc<dyn StoreHook>) -> Self {
        Self { inner, hook }
    }

    /// The store that does the work.
    pub fn inner(&self) -> &S {
        &self.inner
    }
}

/// The same stores, with `hook` around the calls of each.
pub fn instrumented(stores: &Stores, hook: &Arc<dyn StoreHook>) -> Stores {
    let mut wrapped = stores.clone();
    wrapped.runs = Arc::new(Instrumented::new(stores.runs.clone(), hook.clone()));
    wrapped.orders = Arc::new(Instrumented::new(stores.orders.clone(), hook.clone()));
    wrapped.shipments = Arc::new(Instrumented::new(stores.shipments.clone(), hook.clone()));
    wrapped.listings = Arc::new(Instrumented::new(stores.listings.clone(), hook.clone()));
    wrapped.mappings = Arc::new(Instrumented::new(stores.mappings.clone(), hook.clone()));
    let history = stores.history.clone();
    wrapped.history = history.map(|history| Arc::new(Instrumented::new(history, hook.clone())) as _);
    let actions = stores.actions.clone();
    wrapped.actions = actions.map(|actions| Arc::new(Instrumented::new(actions, hook.clone())) as _);
    wrapped
}

/// What stands around the calls of an [`Instrumented`] store.
#[async_trait]
pub trait StoreHook: Debug + Send + Sync {
    /// Stands in for one call. `next` is the call itself: nothing of it happens before it is polled, and dropping it
    /// unfinished is what a caller does that gives up. What is returned is what the caller gets: usually the answer of
    /// `next`, seen or changed on the way, or an error in its place.
    ///
    /// # Errors
    /// Those of `next`, or one that the call is to fail with.
    async fn around(&self, call: StoreCall, next: NextCall<'_>) -> Result<StoreAnswer, StoreError>;
}

/// The call that a [`StoreHook`] stands around.
pub type NextCall<'a> = Pin<Box<dyn Future<Output = Result<StoreAnswer, StoreError>> + Send + 'a>>;

/// Which call it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct StoreCall {
    /// The trait, such as `OrderStore`.
    pub store: &'static str,
    /// The method, such as `save`.
    pub method: &'static str,
}

/// What a call answered: a value of the type that the method returns. `Debug` does not show it.
pub struct StoreAnswer(Box<dyn Any + Send>);

impl StoreAnswer {
    /// An answer; it fails the call unless `T` is what the method returns.
    pub fn new<T: Send + 'static>(answer: T) -> Self {
        Self(Box::new(answer))
    }

    /// The answer, if it is a `T`.
    pub fn get<T: 'static>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }

    /// The answer, to be changed, if it is a `T`.
    pub fn get_mut<T: 'static>(&mut self) -> Option<&mut T> {
        self.0.downcast_mut()
    }

    fn take<T: 'static>(self) -> Result<T, StoreError> {
        let other = |_| StoreError::permanent("a hook gave an answer that the method does not return");
        self.0.downcast().map(|answer| *answer).map_err(other)
    }
}

impl Debug for StoreAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoreAnswer(..)")
    }
}

macro_rules! with_hook {
    ($store:ident { $(fn $call:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)+ }) => {
        #[async_trait]
        impl<S: $store> $store for Instrumented<S> {
            $(async fn $call(&self, $($argument: $kind),*) -> Result<$answer, StoreError> {
                let call = StoreCall { store: stringify!($store), method: stringify!($call) };
                let next = async { self.inner.$call($($argument),*).await.map(StoreAnswer::new) };
                self.hook.around(call, Box::pin(next)).await?.take()
            })+
        }
    };
}
for_each_store!(with_hook);
