//! Which orders are imported, and what happens to them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::fields::settings;
use crate::{
    Timestamp,
    channel::AgeBasis,
    client::{OrderStatus, StoreId, TagId, UserId},
    named_enum::named_enum,
};

settings! {
    /// Which orders are imported, and what happens to them.
    OrderSettings {
        /// The states that are imported.
        statuses: Vec<OrderStatus> = vec![OrderStatus::AwaitingShipment];
        /// How many days back, 1 to 365. `None` is no limit at all.
        created_within_days: Option<u32> = Some(7);
        /// The date that the age is counted from.
        age_basis: AgeBasis = AgeBasis::Created;
        /// Nothing older than this is ever imported, whatever else is set, unless somebody imports it by hand.
        not_before (into): Option<Timestamp> = None;
        /// By how many days at most the window is extended after an outage; 0 switches it off.
        catch_up_days: u32 = 30;
        /// Import only orders with this tag.
        tag (into): Option<TagId> = None;
        /// Leave out orders with one of these tags.
        exclude_tags: Vec<TagId> = Vec::new();
        /// Import only from these stores; empty means all.
        stores: BTreeSet<StoreId> = BTreeSet::new();
        /// Leave out these stores, for instance those that the host itself feeds.
        exclude_stores: BTreeSet<StoreId> = BTreeSet::new();
        /// Leave out orders whose key, or one of whose custom fields, begins like this: the host put them there.
        own_key_prefix (into): Option<String> = None;
        /// Assign this user in ShipStation once an order is imported. A GUID.
        assign_user (into): Option<UserId> = None;
        /// Put this tag on once an order is imported. Must differ from `tag`.
        acknowledgement_tag (into): Option<TagId> = None;
        /// Whether the host also gets what ShipStation says about an order and [`ChannelOrder`](crate::channel::ChannelOrder) has
        /// no member for, as JSON text, in [`extra`](crate::channel::ChannelOrder::extra). It may hold a buyer's data.
        keep_extra_members: bool = false;
        /// What happens to orders without a shippable line.
        empty_orders: EmptyOrderPolicy = EmptyOrderPolicy::Import;
        /// Which of a line's SKUs counts.
        sku_source: SkuSource = SkuSource::Auto;
        /// Which text is the shipping text.
        shipping_text: ShippingTextSource = ShippingTextSource::Requested;
        /// What happens to orders that were split off, taken out of imported ones, or merged from them.
        lineage: LineagePolicy = LineagePolicy::Hold;
        /// What happens to orders with lines that are not linked to a listing.
        unlinked_lines: UnlinkedLinePolicy = UnlinkedLinePolicy::Import;
        /// What happens to orders that have the address, the lines and the day of another imported one; see
        /// [`OrderFingerprint`](crate::channel::OrderFingerprint).
        possible_duplicates: PossibleDuplicatePolicy = PossibleDuplicatePolicy::Off;
        /// What happens to orders that somebody else fulfills, such as a marketplace's own warehouse.
        externally_fulfilled: ExternallyFulfilledPolicy = ExternallyFulfilledPolicy::Skip;
        /// Whether to count, with one small request per status, what lies outside the window.
        skip_audit: bool = true;
        /// Rows per page, 1 to 500.
        page_size: u32 = 500;
        /// Import at most so many new orders in a run; the rest follows in the next one.
        max_orders: Option<u64> = None;
        /// Whether each import also looks for what became of orders that are imported already, and adds it to the
        /// [history](crate::channel::store::HistoryStore). Costs one request more for each 500 orders that were modified since
        /// the last import, whatever their state; where some were shipped elsewhere, two for each 500 parcels.
        watch_changes: bool = false;
    }
}

impl OrderSettings {
    /// Whether orders of this store are imported; `None` is a store that is not known.
    pub(in crate::connector) fn imports_from(&self, store: Option<StoreId>) -> bool {
        let is_among = |stores: &BTreeSet<StoreId>| store.is_some_and(|store| stores.contains(&store));
        (self.stores.is_empty() || is_among(&self.stores)) && !is_among(&self.exclude_stores)
    }

    /// The settings as a report shows them.
    pub(in crate::connector) fn describe(&self) -> BTreeMap<&'static str, String> {
        let days = self.created_within_days.map_or("no limit".to_owned(), |days| format!("{days} days"));
        let mut shown = BTreeMap::from([
            ("statuses", join(self.statuses.iter())),
            ("created_within", days),
            ("age_basis", self.age_basis.to_string()),
            ("catch_up", format!("{} days", self.catch_up_days)),
            ("shipping_text", self.shipping_text.to_string()),
            ("lineage", self.lineage.to_string()),
        ]);
        shown.extend(self.tag.map(|tag| ("tag", tag.to_string())));
        shown.extend(self.assign_user.as_ref().map(|user| ("assign_user", user.to_string())));
        shown.extend(self.not_before.map(|floor| ("not_before", floor.to_string())));
        if self.possible_duplicates != PossibleDuplicatePolicy::Off {
            shown.insert("possible_duplicates", self.possible_duplicates.to_string());
        }
        if self.externally_fulfilled != ExternallyFulfilledPolicy::Skip {
            shown.insert("externally_fulfilled", self.externally_fulfilled.to_string());
        }
        if !self.stores.is_empty() {
            shown.insert("stores", join(self.stores.iter()));
        }
        shown
    }
}

pub(super) fn join<T: fmt::Display>(list: impl Iterator<Item = T>) -> String {
    list.map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

named_enum! {
    /// What happens to an order without a shippable line.
    EmptyOrderPolicy {
        /// It is imported, with a warning in the report.
        Import = "import",
        /// It is left out.
        Skip = "skip",
    }
    /// Which of a line's SKUs counts.
    SkuSource {
        /// The sold one, else the fulfillment one.
        Auto = "auto",
        /// The sold one only.
        Sku = "sku",
        /// The fulfillment one only.
        FulfillmentSku = "fulfillment_sku",
    }
    /// Which text is an order's shipping text.
    ShippingTextSource {
        /// What the buyer chose, in the store's words.
        Requested = "requested",
        /// The service code that ShipStation has chosen.
        Service = "service",
        /// What the buyer chose, else ShipStation's service code.
        RequestedThenService = "requested_then_service",
    }
    /// What happens to relatives of imported orders.
    LineagePolicy {
        /// They are imported and held.
        Hold = "hold",
        /// They are imported like any other order.
        Import = "import",
        /// They are left out.
        Skip = "skip",
    }
    /// What happens to an order with lines that no listing is linked to.
    UnlinkedLinePolicy {
        /// It is imported; the lines say that they are not linked.
        Import = "import",
        /// It is imported and held.
        Hold = "hold",
    }
    /// What happens to an order that looks like another imported one under another id.
    PossibleDuplicatePolicy {
        /// Nobody looks, and nothing is kept to look at later.
        Off = "off",
        /// The later one is imported and held. Only orders that were imported under this setting are compared, and two
        /// that are imported at the same moment, by a run and by hand, may both go through.
        Hold = "hold",
    }
    /// What happens to an order that somebody else fulfills, by ShipStation's `externallyFulfilled`.
    ExternallyFulfilledPolicy {
        /// It is left out.
        Skip = "skip",
        /// It is imported and held, until the host releases it or this setting becomes `import`.
        Hold = "hold",
        /// It is imported like any other order.
        Import = "import",
    }
}
