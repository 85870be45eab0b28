//! Whether an order that was read is to be imported. Everything that ShipStation was asked to filter is tested
//! here again, because an order may have changed between two pages. Pure; all reasons are kept.

use super::{
    context::{Admission, Records},
    lineage,
};
use crate::{
    Timestamp,
    channel::{ChannelOrder, HoldReason, report::SkipReason, shipping::ShippingResolution, store::OrderWork},
    client::{Order, PacificTime},
    connector::{
        ShipStationChannel,
        mapping::Mapper,
        own_orders,
        settings::{
            EmptyOrderPolicy, ExternallyFulfilledPolicy, LineagePolicy, OrderSettings, UnmappedPolicy,
        },
        store_directory::StoreNames,
        translate,
    },
};

pub(super) struct Criteria<'a> {
    pub(super) channel: &'a ShipStationChannel,
    pub(super) mapper: &'a Mapper,
    pub(super) admission: &'a Admission,
    pub(super) records: &'a Records,
    /// The stores' names, where an order needs them.
    pub(super) stores: Option<&'a StoreNames>,
}

/// What is decided about an order before its lines are looked up.
#[derive(Debug)]
pub(super) enum Class {
    /// It is to be imported.
    New { holds: Vec<HoldReason>, shipping: ShippingResolution },
    /// It is left out.
    Skipped(Vec<SkipReason>),
    /// It is left out for its shipping text alone: it is read again, as a rule may be added.
    Rejected(Vec<SkipReason>, ShippingResolution),
    /// It cannot be decided now.
    Undecided(Undecided),
}

/// Why it cannot be decided now whether an order is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Undecided {
    /// The host's word about its own orders panicked.
    OwnOrdersPanicked,
    /// A shipping rule for a marketplace may be meant, and the order's is not known.
    MarketplaceUnknown,
}

impl Undecided {
    pub(super) fn why(self) -> &'static str {
        match self {
            Self::OwnOrdersPanicked => own_orders::PANICKED,
            Self::MarketplaceUnknown => {
                "its store is not among the stores that could be read, and a shipping rule asks for the store's marketplace"
            }
        }
    }
}

/// Whether an order is imported.
#[derive(Debug, Default)]
pub(super) struct Eligibility {
    /// Why it is left out, the counted reason first; empty when it is imported.
    pub(super) skips: Vec<SkipReason>,
    /// Why it is held once it is imported.
    pub(super) holds: Vec<HoldReason>,
    /// What kept it from being judged whole.
    pub(super) undecided: Option<Undecided>,
}

impl Criteria<'_> {
    fn settings(&self) -> &OrderSettings {
        &self.channel.settings.orders
    }

    /// Whether an order is to be imported, and how.
    pub(super) fn classify(&self, wire: &Order, order: &ChannelOrder) -> Class {
        let Eligibility { skips: mut reasons, mut holds, undecided } = self.judge(wire, order);
        if matches!(reasons.first(), Some(SkipReason::AlreadyImported { .. })) {
            return Class::Skipped(reasons);
        }
        let shipping = self.mapper.rules.resolve(&translate::shipping_request(order));
        let reject = self.channel.settings.shipping.unmapped == UnmappedPolicy::Reject;
        if shipping.method().is_none() && reject {
            let alone = reasons.is_empty();
            reasons.push(SkipReason::UnmappedShipping { text: order.shipping_text.clone() });
            return if alone { Class::Rejected(reasons, shipping) } else { Class::Skipped(reasons) };
        }
        if !reasons.is_empty() {
            return Class::Skipped(reasons);
        }
        let undecided = undecided.or_else(|| self.unknown_marketplace(order, &shipping));
        if let Some(why) = undecided {
            return Class::Undecided(why);
        }
        holds.extend(match &shipping {
            ShippingResolution::Unmapped { text } => {
                Some(HoldReason::UnmappedShipping { text: text.clone() })
            }
            ShippingResolution::NoText => Some(HoldReason::NoShippingText),
            _ => None,
        });
        Class::New { holds, shipping }
    }

    pub(super) fn judge(&self, wire: &Order, order: &ChannelOrder) -> Eligibility {
        let is_own = own_orders::is_own(self.channel, order);
        let mut skips: Vec<SkipReason> = [
            self.already_imported(order),
            self.wrong_store(wire, order),
            self.wrong_status(order),
            self.wrong_tag(order),
            is_own.unwrap_or_default().then_some(SkipReason::OwnOrder),
            self.externally_fulfilled(order),
            self.empty(order),
            self.dismissed(order),
        ]
        .into_iter()
        .flatten()
        .collect();
        skips.extend(self.age(wire, order));
        let mut holds = Vec::new();
        if order.externally_fulfilled
            && self.settings().externally_fulfilled == ExternallyFulfilledPolicy::Hold
        {
            holds.push(HoldReason::ExternallyFulfilled);
        }
        if self.settings().lineage != LineagePolicy::Import {
            let related = lineage::imported_relatives(order, self.records);
            if self.settings().lineage == LineagePolicy::Skip {
                skips.extend(related.skips());
            } else {
                holds.extend(related.holds());
            }
        }
        skips.sort();
        Eligibility { skips, holds, undecided: is_own.is_none().then_some(Undecided::OwnOrdersPanicked) }
    }

    /// Whether a rule for the marketplace of a store that is not known may be meant instead of what was found. One that finds no
    /// method is held, and looked at again once the store is known.
    fn unknown_marketplace(&self, order: &ChannelOrder, found: &ShippingResolution) -> Option<Undecided> {
        let (stores, store) = (self.stores?, order.store.as_ref()?);
        let first_failure = self.records.failures.get(&order.id).map(|failure| failure.first_seen);
        let is_settled = stores.is_settled(store, first_failure, self.channel.server_time());
        let is_known = is_settled || found.method().is_none();
        let may_differ = || self.mapper.rules.depends_on_marketplace(&translate::shipping_request(order));
        (!is_known && may_differ()).then_some(Undecided::MarketplaceUnknown)
    }

    fn already_imported(&self, order: &ChannelOrder) -> Option<SkipReason> {
        let record = self.records.known.get(&order.id)?;
        Some(SkipReason::AlreadyImported { at: record.imported_at, host_order: record.host_order.clone() })
    }

    fn wrong_store(&self, wire: &Order, order: &ChannelOrder) -> Option<SkipReason> {
        let is_selected = self.settings().imports_from(translate::store_id(wire));
        (!is_selected).then(|| SkipReason::WrongStore { store: order.store.clone() })
    }

    fn wrong_status(&self, order: &ChannelOrder) -> Option<SkipReason> {
        let wanted = || self.settings().statuses.iter().map(|status| status.as_str().to_owned());
        let fits = self.admission.bypass.status || wanted().any(|status| status == order.status);
        (!fits).then(|| SkipReason::WrongStatus { status: order.status.clone(), wanted: wanted().collect() })
    }

    /// Both limits are reported: an order may be too old and stand before the floor. One that failed when it was young is never too old.
    fn age(&self, wire: &Order, order: &ChannelOrder) -> Vec<SkipReason> {
        let floor =
            self.admission.window.floor.filter(|_| !(self.admission.by_hand && self.admission.bypass.age));
        let is_of_any_age = self.admission.bypass.age || self.records.is_open_failure(&order.id);
        let limited = self.admission.window.age_from.filter(|_| !is_of_any_age);
        let Some(date) = self.admission.window.date(wire) else {
            // With no limit and no floor the date does not matter, and may be missing.
            let matters = limited.is_some() || floor.is_some() || self.admission.window.is_range;
            let basis = || self.admission.window.basis.name().into();
            return matters.then(|| SkipReason::NoDate { basis: basis() }).into_iter().collect();
        };
        // In the repeated hour of autumn the later reading decides: better an hour too generous than an order lost.
        let before = |limit: &Timestamp| date.latest() < *limit;
        let too_old = limited.filter(before).map(|_| self.too_old(wire, date));
        let before_floor = floor.filter(before).map(|floor| SkipReason::BeforeFloor { floor });
        let outside = self
            .is_outside_range(date)
            .then(|| SkipReason::OutsideRange { basis: self.admission.window.basis.name().into() });
        too_old.into_iter().chain(before_floor).chain(outside).collect()
    }

    fn is_outside_range(&self, date: &PacificTime) -> bool {
        let window = &self.admission.window;
        let starts_later = window.from.is_some_and(|from| date.latest() < from);
        window.is_range && (starts_later || window.to <= date.earliest())
    }

    fn too_old(&self, wire: &Order, date: &PacificTime) -> SkipReason {
        let placed = wire.order_date.as_ref().map(|placed| self.days_since(placed.instant()));
        let age_days = self.days_since(date.instant());
        SkipReason::TooOld {
            basis: self.admission.window.basis.name().into(),
            age_days,
            placed_days: placed.filter(|placed| *placed != age_days),
            limit_days: self.admission.window.limit_days.unwrap_or_default(),
        }
    }

    fn days_since(&self, instant: Timestamp) -> u64 {
        self.admission.window.to.since(instant).as_secs() / (24 * 3600)
    }

    fn wrong_tag(&self, order: &ChannelOrder) -> Option<SkipReason> {
        if self.admission.bypass.tag {
            return None;
        }
        let has = |tag: i64| order.tags.contains(&tag);
        if let Some(wanted) = self.settings().tag.filter(|tag| !has(tag.get())) {
            return Some(SkipReason::MissingTag { has: order.tags.clone(), wants: vec![wanted.get()] });
        }
        let excluded = self.settings().exclude_tags.iter().find(|tag| has(tag.get()))?;
        Some(SkipReason::ExcludedTag { tag: excluded.get() })
    }

    fn externally_fulfilled(&self, order: &ChannelOrder) -> Option<SkipReason> {
        let skip = self.settings().externally_fulfilled == ExternallyFulfilledPolicy::Skip;
        (skip && order.externally_fulfilled).then_some(SkipReason::ExternallyFulfilled)
    }

    fn empty(&self, order: &ChannelOrder) -> Option<SkipReason> {
        let skip = self.settings().empty_orders == EmptyOrderPolicy::Skip
            && order.shippable_lines().next().is_none();
        skip.then_some(SkipReason::EmptyOrder)
    }

    fn dismissed(&self, order: &ChannelOrder) -> Option<SkipReason> {
        self.records.failures.get(&order.id).filter(|_| !self.admission.by_hand).and_then(dismissal)
    }
}

/// The reason to leave out an order whose failure a person has dismissed.
pub(super) fn dismissal(failure: &OrderWork) -> Option<SkipReason> {
    failure.is_dismissed().then(|| SkipReason::Dismissed { error: failure.error.clone().unwrap_or_default() })
}
