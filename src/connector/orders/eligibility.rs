//! Whether an order that was read is to be imported. Everything that ShipStation was asked to filter is tested
//! here again, because an order may have changed between two pages. Pure; all reasons are kept.

use std::collections::HashMap;

use super::window::Window;
use crate::{
    Timestamp,
    channel::{
        Bypass, ChannelOrder, ChannelOrderId, HoldReason,
        report::SkipReason,
        store::{FailureRecord, ImportRecord},
    },
    client::{Order, PacificTime},
    connector::settings::{EmptyOrders, ExternallyFulfilled, LineagePolicy, OrderSettings},
};

/// What is known when an order is judged.
pub(super) struct Judge<'a> {
    pub(super) settings: &'a OrderSettings,
    pub(super) window: &'a Window,
    pub(super) known: &'a HashMap<ChannelOrderId, ImportRecord>,
    /// What was inside imported orders when they were imported, with those orders.
    pub(super) swallowed: &'a HashMap<ChannelOrderId, Vec<ImportRecord>>,
    /// The failures of orders that are not imported.
    pub(super) failures: &'a HashMap<ChannelOrderId, FailureRecord>,
    pub(super) is_own: &'a (dyn Fn(&ChannelOrder) -> bool + Send + Sync),
    pub(super) bypass: Bypass,
    /// Whether a person named the order: only then does a bypass of the age cross the fixed floor too, and a dismissal
    /// no longer counts.
    pub(super) by_hand: bool,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// Why it is left out, the counted reason first; empty when it is imported.
    pub(super) skips: Vec<SkipReason>,
    /// Why it is held once it is imported.
    pub(super) holds: Vec<HoldReason>,
}

impl Judge<'_> {
    pub(super) fn judge(&self, wire: &Order, order: &ChannelOrder) -> Verdict {
        let mut skips: Vec<SkipReason> = [
            self.already_imported(order),
            self.wrong_store(wire, order),
            self.wrong_status(order),
            self.wrong_tag(order),
            self.own_order(order),
            self.externally_fulfilled(order),
            self.empty(order),
            self.dismissed(order),
        ]
        .into_iter()
        .flatten()
        .collect();
        skips.extend(self.age(wire));
        let (related, mut holds) = self.relatives(order);
        if order.externally_fulfilled && self.settings.externally_fulfilled == ExternallyFulfilled::Hold {
            holds.push(HoldReason::ExternallyFulfilled);
        }
        skips.extend(related);
        skips.sort();
        Verdict { skips, holds }
    }

    fn already_imported(&self, order: &ChannelOrder) -> Option<SkipReason> {
        let record = self.known.get(&order.id)?;
        Some(SkipReason::AlreadyImported { at: record.imported_at, host_order: record.host_order.clone() })
    }

    fn wrong_store(&self, wire: &Order, order: &ChannelOrder) -> Option<SkipReason> {
        let store = wire.advanced_options.as_ref().and_then(|options| options.store_id);
        let selected = self.settings.stores.is_empty()
            || store.is_some_and(|store| self.settings.stores.contains(&store));
        let excluded = store.is_some_and(|store| self.settings.exclude_stores.contains(&store));
        (!selected || excluded).then(|| SkipReason::WrongStore { store: order.store.clone() })
    }

    fn wrong_status(&self, order: &ChannelOrder) -> Option<SkipReason> {
        let wanted = || self.settings.statuses.iter().map(|status| status.as_str().to_owned());
        let fits = self.bypass.status || wanted().any(|status| status == order.status);
        (!fits).then(|| SkipReason::WrongStatus { status: order.status.clone(), wanted: wanted().collect() })
    }

    /// Both limits are reported: an order may be too old and stand before the floor.
    fn age(&self, wire: &Order) -> Vec<SkipReason> {
        let floor = self.window.floor.filter(|_| !(self.by_hand && self.bypass.age));
        let limited = self.window.age_from.filter(|_| !self.bypass.age);
        let Some(date) = self.window.date(wire) else {
            // With no limit and no floor the date does not matter, and may be missing.
            let matters = limited.is_some() || floor.is_some();
            return if matters {
                vec![SkipReason::NoDate { basis: self.window.basis.as_str() }]
            } else {
                Vec::new()
            };
        };
        // In the repeated hour of autumn the later reading decides: better an hour too generous than an order lost.
        let before = |limit: &Timestamp| date.latest() < *limit;
        let too_old = limited.filter(before).map(|_| self.too_old(wire, date));
        let before_floor = floor.filter(before).map(|floor| SkipReason::BeforeFloor { floor });
        too_old.into_iter().chain(before_floor).collect()
    }

    fn too_old(&self, wire: &Order, date: &PacificTime) -> SkipReason {
        let placed = wire.order_date.as_ref().map(|placed| self.days_since(placed.instant()));
        let age_days = self.days_since(date.instant());
        SkipReason::TooOld {
            basis: self.window.basis.as_str(),
            age_days,
            placed_days: placed.filter(|placed| *placed != age_days),
            limit_days: self.window.limit_days.unwrap_or_default(),
        }
    }

    fn days_since(&self, instant: Timestamp) -> u64 {
        self.window.to.since(instant).as_secs() / (24 * 3600)
    }

    fn wrong_tag(&self, order: &ChannelOrder) -> Option<SkipReason> {
        if self.bypass.tag {
            return None;
        }
        let has = |tag: i64| order.tags.contains(&tag);
        if let Some(wanted) = self.settings.tag.filter(|tag| !has(tag.get())) {
            return Some(SkipReason::MissingTag { has: order.tags.clone(), wants: vec![wanted.get()] });
        }
        let excluded = self.settings.exclude_tags.iter().find(|tag| has(tag.get()))?;
        Some(SkipReason::ExcludedTag { tag: excluded.get() })
    }

    fn own_order(&self, order: &ChannelOrder) -> Option<SkipReason> {
        is_own(self.settings, self.is_own, order).then_some(SkipReason::OwnOrder)
    }

    fn externally_fulfilled(&self, order: &ChannelOrder) -> Option<SkipReason> {
        let skip = self.settings.externally_fulfilled == ExternallyFulfilled::Skip;
        (skip && order.externally_fulfilled).then_some(SkipReason::ExternallyFulfilled)
    }

    fn empty(&self, order: &ChannelOrder) -> Option<SkipReason> {
        let skip =
            self.settings.empty_orders == EmptyOrders::Skip && order.shippable_lines().next().is_none();
        skip.then_some(SkipReason::EmptyOrder)
    }

    fn dismissed(&self, order: &ChannelOrder) -> Option<SkipReason> {
        self.failures.get(&order.id).filter(|_| !self.by_hand).and_then(dismissal)
    }

    fn relatives(&self, order: &ChannelOrder) -> (Vec<SkipReason>, Vec<HoldReason>) {
        if self.settings.lineage == LineagePolicy::Import {
            return (Vec::new(), Vec::new());
        }
        let parent = self.split_of_imported(order).or_else(|| self.taken_out_of_imported(order));
        let merged: Vec<ChannelOrderId> = imported_in(order, self.known).cloned().collect();
        if self.settings.lineage == LineagePolicy::Skip {
            let mut skips: Vec<SkipReason> =
                parent.map(|parent| SkipReason::SplitOfImported { parent }).into_iter().collect();
            if !merged.is_empty() {
                skips.push(SkipReason::MergesImported { orders: merged });
            }
            return (skips, Vec::new());
        }
        let mut holds: Vec<HoldReason> =
            parent.map(|parent| HoldReason::SplitOfImported { parent }).into_iter().collect();
        if !merged.is_empty() {
            holds.push(HoldReason::MergesImported { orders: merged });
        }
        (Vec::new(), holds)
    }

    /// The imported parent, unless the parent was imported *after* the split: then it came without this part.
    fn split_of_imported(&self, order: &ChannelOrder) -> Option<ChannelOrderId> {
        let parent = order.lineage.parent.as_ref()?;
        let record = self.known.get(parent)?;
        (!record.lineage.merged.contains(&order.id)).then(|| parent.clone())
    }

    /// The imported order that this one was inside of. A child that was split off before is named there as well.
    fn taken_out_of_imported(&self, order: &ChannelOrder) -> Option<ChannelOrderId> {
        let mut survivors = self.swallowed.get(&order.id)?.iter().map(|record| &record.order);
        survivors.find(|survivor| order.lineage.parent.as_ref() != Some(*survivor)).cloned()
    }
}

/// Whether the host itself put the order into ShipStation: by the beginning of its key or of one of its custom fields, or
/// by the host's own word.
pub(in crate::connector) fn is_own(
    settings: &OrderSettings,
    says: &(dyn Fn(&ChannelOrder) -> bool + Send + Sync),
    order: &ChannelOrder,
) -> bool {
    let prefix = settings.own_key_prefix.as_deref().filter(|prefix| !prefix.is_empty());
    let mut marks = order.key.iter().chain(order.custom_fields.iter().flatten());
    prefix.is_some_and(|prefix| marks.any(|mark| mark.starts_with(prefix))) || says(order)
}

/// The reason to leave out an order whose failure a person has dismissed.
pub(super) fn dismissal(failure: &FailureRecord) -> Option<SkipReason> {
    failure.dismissed.then(|| SkipReason::Dismissed { error: failure.last.error.clone() })
}

/// The imported orders inside this one. Children that were split off it name it as their parent and are not inside it,
/// although ShipStation lists both in the same member.
pub(super) fn imported_in<'o>(
    order: &'o ChannelOrder,
    known: &HashMap<ChannelOrderId, ImportRecord>,
) -> impl Iterator<Item = &'o ChannelOrderId> {
    let swallowed = |id: &&ChannelOrderId| {
        known.get(*id).is_some_and(|record| record.lineage.parent.as_ref() != Some(&order.id))
    };
    order.lineage.merged.iter().filter(swallowed)
}
