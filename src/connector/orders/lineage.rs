//! Orders that were split off from each other or merged. Pure.

use std::collections::HashMap;

use super::context::Records;
use crate::channel::{ChannelOrder, ChannelOrderId, HoldReason, report::SkipReason, store::ImportRecord};

/// So many splits one after the other are followed.
const MAX_GENERATIONS: usize = 100;

/// The imported relatives of an order that is not imported.
#[derive(Debug)]
pub(super) struct ImportedRelatives {
    parent: Option<ChannelOrderId>,
    merged: Vec<ChannelOrderId>,
}

pub(super) fn imported_relatives(order: &ChannelOrder, records: &Records) -> ImportedRelatives {
    let parent = split_of_imported(order, records).or_else(|| taken_out_of_imported(order, records));
    // What was merged into this one may be a part of an imported order, which only that order still tells.
    let parts = order.lineage.merged.iter().filter_map(|id| records.unshared.get(id));
    let mut merged: Vec<_> = imported_in(order, &records.known).chain(parts).cloned().collect();
    merged.sort_unstable();
    merged.dedup();
    ImportedRelatives { parent, merged }
}

impl ImportedRelatives {
    pub(super) fn skips(self) -> impl Iterator<Item = SkipReason> {
        let split = self.parent.map(|parent| SkipReason::SplitOfImported { parent });
        let orders = self.merged;
        split.into_iter().chain((!orders.is_empty()).then_some(SkipReason::MergesImported { orders }))
    }

    pub(super) fn holds(self) -> impl Iterator<Item = HoldReason> {
        let split = self.parent.map(|parent| HoldReason::SplitOfImported { parent });
        let orders = self.merged;
        split.into_iter().chain((!orders.is_empty()).then_some(HoldReason::MergesImported { orders }))
    }
}

/// The imported order that this one was split off, be it in several steps. An order that was imported *after* the split came
/// without this part, but may be a part of an imported one itself.
fn split_of_imported(order: &ChannelOrder, records: &Records) -> Option<ChannelOrderId> {
    let (mut part, mut parent) = (&order.id, order.lineage.parent.as_ref()?);
    for _ in 0..MAX_GENERATIONS {
        let record = records.known.get(parent);
        if record.is_some_and(|record| !record.lineage.merged.contains(part)) {
            return Some(parent.clone());
        }
        if let Some(imported) = records.unshared.get(parent) {
            return Some(imported.clone());
        }
        let of_parent = record.map_or(records.parents.get(parent), |record| record.lineage.parent.as_ref());
        (part, parent) = (parent, of_parent?);
    }
    None
}

/// The imported order that this one was inside of. A child that was split off before is named there as well.
fn taken_out_of_imported(order: &ChannelOrder, records: &Records) -> Option<ChannelOrderId> {
    let mut survivors = records.merged_into.get(&order.id)?.iter().map(|record| &record.order);
    survivors.find(|survivor| order.lineage.parent.as_ref() != Some(*survivor)).cloned()
}

/// The imported orders inside this one. Children that were split off it name it as their parent and are not inside it,
/// although ShipStation lists both in the same member.
pub(super) fn imported_in<'o>(
    order: &'o ChannelOrder,
    known: &HashMap<ChannelOrderId, ImportRecord>,
) -> impl Iterator<Item = &'o ChannelOrderId> {
    let is_inside = |id: &&ChannelOrderId| {
        known.get(*id).is_some_and(|record| record.lineage.parent.as_ref() != Some(&order.id))
    };
    order.lineage.merged.iter().filter(is_inside)
}

/// The imported orders inside this one that were not when it was imported itself.
pub(super) fn newly_merged<'o>(
    order: &'o ChannelOrder,
    known: &HashMap<ChannelOrderId, ImportRecord>,
) -> impl Iterator<Item = &'o ChannelOrderId> {
    let before = known.get(&order.id).map(|record| &record.lineage.merged);
    imported_in(order, known).filter(move |id| before.is_none_or(|merged| !merged.contains(id)))
}

/// What an imported order was merged with, or split into, since its import, and what the host does not have: ShipStation
/// lists both in the same member.
pub(super) fn unknown_relatives<'o>(
    order: &'o ChannelOrder,
    known: &HashMap<ChannelOrderId, ImportRecord>,
) -> impl Iterator<Item = &'o ChannelOrderId> {
    let record = known.get(&order.id);
    let relatives = record.map(|_| order.lineage.merged.iter()).into_iter().flatten();
    relatives.filter(move |id| {
        !known.contains_key(*id) && record.is_some_and(|record| !record.lineage.merged.contains(id))
    })
}
