//! An outbox that can die at any call: before the call has an effect, or after it and before the caller learns. Or
//! it fails there, once.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use shipstation_connector::{
    channel::{
        ChannelConnector, SyncReport, SyncShipments,
        store::{StoreError, Stores},
    },
    client::ShipStation,
    stores::{Instrumented, NextCall, StoreAnswer, StoreCall, StoreHook},
};
use tokio::sync::Notify;

use crate::support::World;

/// What happens at a call: the process dies, or the call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Before,
    After,
    Fails,
}

#[derive(Debug)]
pub(super) struct Mortal {
    calls: AtomicUsize,
    end: Option<(usize, When)>,
    died: Notify,
}

impl Mortal {
    /// Dies at the `n`th call, the first being 1.
    pub(super) fn new(end: Option<(usize, When)>) -> Arc<Self> {
        Arc::new(Self { calls: AtomicUsize::new(0), end, died: Notify::new() })
    }

    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    async fn die_if(&self, here: (usize, When)) {
        if self.end == Some(here) {
            self.died.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

#[async_trait]
impl StoreHook for Mortal {
    async fn around(&self, _: StoreCall, next: NextCall<'_>) -> Result<StoreAnswer, StoreError> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        if self.end == Some((call, When::Fails)) {
            return Err(StoreError::retryable("the disk is full"));
        }
        self.die_if((call, When::Before)).await;
        let answer = next.await;
        self.die_if((call, When::After)).await;
        answer
    }
}

/// A run of a process that may die; `None` if it did.
pub(super) async fn sync_until_death(
    world: &World,
    client: ShipStation,
    mortal: &Arc<Mortal>,
) -> Option<SyncReport> {
    let outbox = Arc::new(Instrumented::new(world.store.clone(), mortal.clone()));
    let stores = Stores::all_in(world.store.clone()).with_shipments(outbox);
    let channel = world.builder(client, stores, |_| {}).build().unwrap();
    tokio::select! {
        report = channel.sync_shipments(SyncShipments::new()) => report.ok(),
        () = mortal.died.notified() => None,
    }
}
