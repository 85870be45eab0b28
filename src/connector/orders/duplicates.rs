//! Orders that came twice under two ids, from two stores for instance: the one that is imported later is held, if the
//! settings ask for it. Nothing is ever left out because of this. What a run has met is not remembered from page to page:
//! the store knows it by then, except in a dry run.

use std::collections::HashMap;

use super::{candidate::Candidate, context::Context};
use crate::{
    channel::{
        ChannelOrder, ChannelOrderId, ConnectionId, HoldReason, Lineage, OrderFingerprint,
        store::{ImportRecord, OrderStore, OrderStoreExt, StoreError},
    },
    client::PacificTime,
    connector::settings::PossibleDuplicatePolicy,
};

/// As many look-alikes of one order as are asked for: enough to find one among its own relatives.
const MAX_LOOK_ALIKES: usize = 20;

/// The fingerprint of an order, by the Pacific calendar day on which it was placed.
pub(super) fn fingerprint(order: &ChannelOrder) -> Option<OrderFingerprint> {
    let day = PacificTime::of(order.ordered_at?).date();
    OrderFingerprint::of(order, &day.to_string())
}

/// What the candidates of a batch may look like: imported orders, and candidates before them that are to be imported.
#[derive(Default)]
pub(super) struct LookAlikes(HashMap<OrderFingerprint, Vec<Met>>);

impl LookAlikes {
    /// The imported ones; none where the settings do not look for them. Gives the candidates their fingerprints.
    pub(super) async fn look_up(ctx: &Context<'_>, candidates: &mut [Candidate]) -> Result<Self, StoreError> {
        if ctx.settings().possible_duplicates == PossibleDuplicatePolicy::Off {
            return Ok(Self::default());
        }
        for candidate in candidates.iter_mut() {
            candidate.fingerprint = fingerprint(&candidate.order);
        }
        let asked: Vec<OrderFingerprint> =
            candidates.iter().filter_map(|candidate| candidate.fingerprint.clone()).collect();
        if asked.is_empty() {
            return Ok(Self::default());
        }
        Ok(Self(imported(ctx.store(), ctx.connection(), &asked).await?))
    }

    /// Holds a candidate that looks like one of them.
    pub(super) fn hold(&self, candidate: &mut Candidate) {
        let alike = candidate.fingerprint.as_ref().and_then(|fingerprint| self.0.get(fingerprint));
        let of = alike.and_then(|alike| first_other(&candidate.order, alike)).cloned();
        candidate.holds.extend(of.map(|of| HoldReason::PossibleDuplicate { of }));
    }

    /// Takes note of a candidate that is to be imported.
    pub(super) fn add(&mut self, candidate: &Candidate) {
        if let Some(fingerprint) = &candidate.fingerprint {
            self.0.entry(fingerprint.clone()).or_default().push(Met::new(
                &candidate.order.id,
                &candidate.order.lineage,
                &candidate.holds,
            ));
        }
    }
}

/// The imported order that this one looks like.
pub(super) async fn look_alike(
    store: &dyn OrderStore,
    connection: &ConnectionId,
    order: &ChannelOrder,
) -> Result<Option<ChannelOrderId>, StoreError> {
    let Some(fingerprint) = fingerprint(order) else { return Ok(None) };
    let met = imported(store, connection, std::slice::from_ref(&fingerprint)).await?;
    Ok(met.get(&fingerprint).and_then(|alike| first_other(order, alike)).cloned())
}

/// What is imported under these fingerprints, the earliest first.
async fn imported(
    store: &dyn OrderStore,
    connection: &ConnectionId,
    fingerprints: &[OrderFingerprint],
) -> Result<HashMap<OrderFingerprint, Vec<Met>>, StoreError> {
    let found = store.find_by_fingerprint(connection, fingerprints, MAX_LOOK_ALIKES).await?;
    let in_order = |mut records: Vec<ImportRecord>| {
        records.sort_by(|a, b| (a.imported_at, &a.order).cmp(&(b.imported_at, &b.order)));
        records.iter().map(|record| Met::new(&record.order, &record.lineage, &record.holds)).collect()
    };
    Ok(found.into_iter().map(|(fingerprint, records)| (fingerprint, in_order(records))).collect())
}

/// The first of these that is another order: not the order itself, not its relative, which is for the lineage to
/// decide, and not one that is held for looking like this very order.
fn first_other<'a>(order: &ChannelOrder, alike: &'a [Met]) -> Option<&'a ChannelOrderId> {
    let other = |met: &&Met| {
        met.order != order.id && !met.is_related_to(order) && met.held_for.as_ref() != Some(&order.id)
    };
    alike.iter().find(other).map(|met| &met.order)
}

/// An order with a fingerprint that was met before.
struct Met {
    order: ChannelOrderId,
    lineage: Lineage,
    /// The order that it is held for looking like.
    held_for: Option<ChannelOrderId>,
}

impl Met {
    fn new(order: &ChannelOrderId, lineage: &Lineage, holds: &[HoldReason]) -> Self {
        let held_for = holds.iter().find_map(|hold| match hold {
            HoldReason::PossibleDuplicate { of } => Some(of.clone()),
            _ => None,
        });
        Self { order: order.clone(), lineage: lineage.clone(), held_for }
    }

    /// Whether one was split off or merged into the other, or both were split off the same order.
    fn is_related_to(&self, order: &ChannelOrder) -> bool {
        let names =
            |lineage: &Lineage, id| lineage.parent.as_ref() == Some(id) || lineage.merged.contains(id);
        let siblings = self.lineage.parent.is_some() && self.lineage.parent == order.lineage.parent;
        siblings || names(&self.lineage, &order.id) || names(&order.lineage, &self.order)
    }
}
