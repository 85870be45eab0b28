//! What every step of an import reads and none changes, and the store's answers about the orders of one page.

use std::collections::HashMap;

use crate::{
    Timestamp,
    channel::{
        Bypass, ChannelOrder, ChannelOrderId, ConnectionId, Operation,
        store::{HistoryStore, ImportRecord, OrderStore, OrderStoreExt, OrderWork, StoreError},
    },
    client::ShipStation,
    connector::{
        mapping::Mapper,
        run::Run,
        settings::{LineagePolicy, OrderSettings},
    },
};

use super::window::Window;

/// What every step of a run reads.
#[derive(Debug)]
pub(super) struct Context<'c> {
    pub(super) run: Run<'c>,
    pub(super) mapper: Mapper,
}

impl<'c> Context<'c> {
    pub(super) fn settings(&self) -> &'c OrderSettings {
        &self.run.channel.settings.orders
    }

    pub(super) fn client(&self) -> &ShipStation {
        &self.run.client
    }

    pub(super) fn store(&self) -> &'c dyn OrderStore {
        &*self.run.channel.stores.orders
    }

    pub(super) fn connection(&self) -> &'c ConnectionId {
        &self.run.channel.connection
    }

    /// Where it is kept how orders look and how they change, if this run may write.
    pub(super) fn history(&self) -> Option<&'c dyn HistoryStore> {
        self.run.channel.stores.history.as_deref().filter(|_| !self.run.is_dry_run())
    }

    pub(super) fn is_quick_look(&self) -> bool {
        self.run.token.operation == Operation::GetChanges
    }

    /// Whether this run reads the orders of a stretch of time: of the window, or of a back-fill.
    pub(super) fn reads_stretch(&self) -> bool {
        matches!(self.run.token.operation, Operation::GetOrders | Operation::BackFill)
    }

    /// Whether this run compares imported orders with how they looked before.
    pub(super) fn watches_changes(&self) -> bool {
        self.history().is_some() && (self.settings().watch_changes || self.is_quick_look())
    }

    /// The present instant by ShipStation's clock.
    pub(super) fn now(&self) -> Timestamp {
        self.run.server_time()
    }

    /// The import records of these orders and of their relatives.
    pub(super) async fn known<'o>(
        &self,
        orders: impl Iterator<Item = &'o ChannelOrder>,
    ) -> Result<HashMap<ChannelOrderId, ImportRecord>, StoreError> {
        let ids: Vec<ChannelOrderId> = orders.flat_map(with_relatives).cloned().collect();
        self.store().known(self.connection(), &ids).await
    }
}

/// An order and those that it was split off from or merged with.
pub(super) fn with_relatives(order: &ChannelOrder) -> impl Iterator<Item = &ChannelOrderId> {
    std::iter::once(&order.id).chain(&order.lineage.parent).chain(&order.lineage.merged)
}

/// Which orders are admitted: the window, and what a person lets pass.
#[derive(Debug, Clone)]
pub(super) struct Admission {
    pub(super) window: Window,
    pub(super) bypass: Bypass,
    /// Whether a person named the order: only then does a bypass of the age cross the fixed floor too, and a dismissal
    /// no longer counts.
    pub(super) by_hand: bool,
}

impl Admission {
    /// By the settings alone.
    pub(super) fn by_settings(window: Window) -> Self {
        Self { window, bypass: Bypass::NONE, by_hand: false }
    }
}

/// What the store knows of the orders of one page.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// Those that are imported, and imported relatives.
    pub(super) known: HashMap<ChannelOrderId, ImportRecord>,
    /// What was inside imported orders when they were imported, with those orders.
    pub(super) merged_into: HashMap<ChannelOrderId, Vec<ImportRecord>>,
    /// What orders of the page were split off.
    pub(super) parents: HashMap<ChannelOrderId, ChannelOrderId>,
    /// What imported orders of this run are said to be split into, or to hold, and the host never had; with those orders.
    pub(super) unshared: HashMap<ChannelOrderId, ChannelOrderId>,
    /// Earlier failures of those that are not imported.
    pub(super) failures: HashMap<ChannelOrderId, OrderWork>,
}

impl Records {
    pub(super) async fn look_up(
        ctx: &Context<'_>,
        orders: impl Iterator<Item = &ChannelOrder> + Clone,
    ) -> Result<Self, StoreError> {
        let mut records = Self { known: ctx.known(orders.clone()).await?, ..Self::default() };
        let new = orders.filter(|order| !records.known.contains_key(&order.id));
        let new: Vec<(ChannelOrderId, Option<ChannelOrderId>)> =
            new.map(|order| (order.id.clone(), order.lineage.parent.clone())).collect();
        let ids: Vec<ChannelOrderId> = new.iter().map(|(id, _)| id.clone()).collect();
        records.failures = ctx.store().failures(ctx.connection(), &ids).await?;
        // Nobody asks for survivors and ancestors where relatives are imported like any other order.
        if ctx.settings().lineage != LineagePolicy::Import {
            records.merged_into = ctx.store().merged_into(ctx.connection(), &ids).await?;
            records.parents = new.into_iter().filter_map(|(id, parent)| Some((id, parent?))).collect();
            records.look_up_ancestors(ctx.store(), ctx.connection()).await?;
        }
        Ok(records)
    }

    /// The imported ancestors of the new orders: a part may have been split off a part.
    pub(super) async fn look_up_ancestors(
        &mut self,
        store: &dyn OrderStore,
        connection: &ConnectionId,
    ) -> Result<(), StoreError> {
        let mut line: Vec<ChannelOrderId> = self.parents.values().cloned().collect();
        while !line.is_empty() {
            let parents = line.iter().filter_map(|id| self.known.get(id)?.lineage.parent.clone());
            line = parents.filter(|id| !self.known.contains_key(id)).collect();
            self.known.extend(store.known(connection, &line).await?);
        }
        Ok(())
    }

    /// The same for orders of which only the ids could be read.
    pub(super) async fn of_ids(ctx: &Context<'_>, ids: &[ChannelOrderId]) -> Result<Self, StoreError> {
        let known = ctx.store().known(ctx.connection(), ids).await?;
        let failures = ctx.store().failures(ctx.connection(), ids).await?;
        Ok(Self { known, failures, ..Self::default() })
    }

    pub(super) fn attempts(&self, order: &ChannelOrderId) -> u32 {
        self.failures.get(order).map_or(0, |failure| failure.attempts)
    }

    /// Whether the order has failed before and is still to be tried.
    pub(super) fn is_open_failure(&self, order: &ChannelOrderId) -> bool {
        self.failures.get(order).is_some_and(|failure| !failure.is_dismissed())
    }

    /// Whether a person has dismissed the order: only a person tries it again.
    pub(super) fn is_dismissed(&self, order: &ChannelOrderId) -> bool {
        self.failures.get(order).is_some_and(OrderWork::is_dismissed)
    }

    /// Whether the next attempt of an order is still to come.
    pub(super) fn is_put_off(&self, order: &ChannelOrderId, now: Timestamp) -> bool {
        self.failures.get(order).is_some_and(|failure| failure.next_attempt > now)
    }
}
