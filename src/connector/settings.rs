//! What a merchant can set, its defaults, and what is wrong with a setting. No I/O: what only ShipStation can
//! know (does this tag exist?) is looked at in `check` and before the first import.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

use crate::{
    Timestamp,
    channel::{
        Finding,
        shipping::{Comparison, ShippingDefaults, ShippingMethod},
    },
    client::{OrderStatus, StoreId, TagId, UserId},
};

/// Everything that can be set for one connection.
///
/// ```
/// use shipstation_connector::connector::Settings;
///
/// let mut settings = Settings::default();
/// settings.orders.created_within_days = Some(14);
/// assert!(settings.problems().is_empty());
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// Which orders are imported, and what happens to them.
    pub orders: OrderSettings,
    /// How shipments are sent back.
    pub shipments: ShipmentSettings,
    /// How listings are linked; linking is not configured while this is `None`.
    pub listings: Option<ListingSettings>,
    /// How shipping texts become methods.
    pub shipping: ShippingSettings,
    /// How long a run keeps its lease without a sign of life. At least three minutes. Default: five.
    pub lease: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            orders: OrderSettings::default(),
            shipments: ShipmentSettings::default(),
            listings: None,
            shipping: ShippingSettings::default(),
            lease: Duration::from_secs(300),
        }
    }
}

/// Which orders are imported, and what happens to them.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OrderSettings {
    /// The states that are imported. Default: `awaiting_shipment`.
    pub statuses: Vec<OrderStatus>,
    /// How many days back, 1 to 365. `None` is no limit at all. Default: 7.
    pub created_within_days: Option<u32>,
    /// The date that the age is counted from. Default: when ShipStation created the order.
    pub age_basis: AgeBasis,
    /// Nothing older than this is ever imported, whatever else is set, unless somebody imports it by hand.
    pub not_before: Option<Timestamp>,
    /// By how many days at most the window is stretched over an outage; 0 switches it off. Default: 30.
    pub catch_up_days: u32,
    /// Import only orders with this tag.
    pub tag: Option<TagId>,
    /// Leave out orders with one of these tags.
    pub exclude_tags: Vec<TagId>,
    /// Import only from these stores; empty means all.
    pub stores: BTreeSet<StoreId>,
    /// Leave out these stores, for instance those that the host itself feeds.
    pub exclude_stores: BTreeSet<StoreId>,
    /// Leave out orders whose key, or one of whose custom fields, begins like this: the host put them there.
    pub own_key_prefix: Option<String>,
    /// Assign this user in ShipStation once an order is imported. A GUID.
    pub assign_user: Option<UserId>,
    /// Put this tag on once an order is imported. Must differ from `tag`.
    pub acknowledgement_tag: Option<TagId>,
    /// What happens to orders without a shippable line. Default: they are imported.
    pub empty_orders: EmptyOrders,
    /// Which of a line's SKUs counts. Default: the sold one, else the fulfilment one.
    pub sku_source: SkuSource,
    /// Which text is the shipping text. Default: the store's own.
    pub shipping_text: ShippingTextSource,
    /// What happens to orders that were split off, were taken out of, or have swallowed imported ones. Default: they are
    /// held.
    pub lineage: LineagePolicy,
    /// What happens to orders with lines that are not linked to a listing. Default: they are imported.
    pub unlinked_lines: UnlinkedLines,
    /// What happens to orders that have the address, the lines and the day of another imported one; see
    /// [`OrderFingerprint`](crate::channel::OrderFingerprint). Default: nobody looks.
    pub possible_duplicates: PossibleDuplicates,
    /// Whether to count, with one small request per status, what lies outside the window. Default: yes.
    pub skip_audit: bool,
    /// Rows per page, 1 to 500. Default: 500.
    pub page_size: u32,
    /// Import at most so many new orders in a run; the rest follows in the next one.
    pub max_orders: Option<u64>,
}

impl Default for OrderSettings {
    fn default() -> Self {
        Self {
            statuses: vec![OrderStatus::AwaitingShipment],
            created_within_days: Some(7),
            age_basis: AgeBasis::Created,
            not_before: None,
            catch_up_days: 30,
            tag: None,
            exclude_tags: Vec::new(),
            stores: BTreeSet::new(),
            exclude_stores: BTreeSet::new(),
            own_key_prefix: None,
            assign_user: None,
            acknowledgement_tag: None,
            empty_orders: EmptyOrders::Import,
            sku_source: SkuSource::Auto,
            shipping_text: ShippingTextSource::Requested,
            lineage: LineagePolicy::Hold,
            unlinked_lines: UnlinkedLines::Import,
            possible_duplicates: PossibleDuplicates::Off,
            skip_audit: true,
            page_size: 500,
            max_orders: None,
        }
    }
}

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Its name, for reports.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

choice! {
    /// The date that an order's age is counted from.
    AgeBasis {
        /// When it appeared in ShipStation.
        Created = "created",
        /// When the buyer placed it, as the store said. Can be much older than its appearance.
        Ordered = "ordered",
        /// When it was paid, as the store said. An order without that date is left out.
        Paid = "paid",
        /// When it was last changed.
        Modified = "modified",
    }
}
choice! {
    /// What happens to an order without a shippable line.
    EmptyOrders {
        /// It is imported, with a warning in the report.
        Import = "import",
        /// It is left out.
        Skip = "skip",
    }
}
choice! {
    /// Which of a line's SKUs counts.
    SkuSource {
        /// The sold one, else the fulfilment one.
        Auto = "auto",
        /// The sold one only.
        Sku = "sku",
        /// The fulfilment one only.
        FulfillmentSku = "fulfillment_sku",
    }
}
choice! {
    /// Which text is an order's shipping text.
    ShippingTextSource {
        /// What the buyer chose, in the store's words.
        Requested = "requested",
        /// The service code that ShipStation has chosen.
        Service = "service",
        /// What the buyer chose, else ShipStation's service code.
        RequestedThenService = "requested_then_service",
    }
}
choice! {
    /// What happens to relatives of imported orders.
    LineagePolicy {
        /// They are imported and held.
        Hold = "hold",
        /// They are imported like any other order.
        Import = "import",
        /// They are left out.
        Skip = "skip",
    }
}
choice! {
    /// What happens to an order with lines that no listing is linked to.
    UnlinkedLines {
        /// It is imported; the lines say that they are not linked.
        Import = "import",
        /// It is imported and held.
        Hold = "hold",
    }
}

choice! {
    /// What happens to an order that looks like another imported one under another id.
    PossibleDuplicates {
        /// Nobody looks, and nothing is kept to look at later.
        Off = "off",
        /// The later one is imported and held. Only orders that were imported under this setting are compared, and two
        /// that are imported at the same moment, by a run and by hand, may both go through.
        Hold = "hold",
    }
}

/// How shipping texts become methods.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ShippingSettings {
    /// How texts are compared. Default: exactly.
    pub comparison: Comparison,
    /// Methods for texts that no rule fits.
    pub defaults: ShippingDefaults,
    /// What happens to an order whose text fits nothing. Default: it is imported and held.
    pub unmapped: UnmappedPolicy,
}

/// What happens to an order whose shipping text fits no rule and no default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnmappedPolicy {
    /// It is imported and held until a rule is added.
    #[default]
    Hold,
    /// It goes by this method.
    Default(ShippingMethod),
    /// It is not imported, and is read again in every run until a rule fits, however old it gets.
    Reject,
}

/// How shipments are sent back.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ShipmentSettings {
    /// Whether ShipStation tells the store. Default: yes.
    pub notify_sales_channel: bool,
    /// Whether ShipStation mails the buyer. Default: no.
    pub notify_customer: bool,
    /// When an order of several shipments is marked shipped. Default: once everything has left.
    pub partial: PartialPolicy,
    /// Which tracking number the order carries; ShipStation has room for one. Default: the first.
    pub primary_tracking: PrimaryTracking,
    /// Whether a shipment without a tracking number is blocked. Default: yes.
    pub require_tracking: bool,
    /// The carrier code for carriers that no rule names; `None` blocks them. Default: `None`. What was blocked before it
    /// was set is released with [`ShipmentStore::unblock`](crate::channel::store::ShipmentStore::unblock).
    pub unmapped_carrier: Option<String>,
    /// How the orders' present state is looked at before anything is sent.
    pub preflight: Preflight,
    /// How it is proven that ShipStation has it.
    pub confirm: Confirm,
    /// The first wait after a failed attempt; it doubles up to six hours. Default: a minute.
    pub backoff: Duration,
    /// When to stop trying. Default: after 7 days.
    pub give_up_after: Duration,
    /// How long after a look that did not find the shipment, or its order, the next one may be believed. Default: a
    /// minute.
    pub read_back_gap: Duration,
}

impl Default for ShipmentSettings {
    fn default() -> Self {
        Self {
            notify_sales_channel: true,
            notify_customer: false,
            partial: PartialPolicy::HoldUntilComplete { max_hold: None },
            primary_tracking: PrimaryTracking::FirstPackage,
            require_tracking: true,
            unmapped_carrier: None,
            preflight: Preflight::Bulk,
            confirm: Confirm::ReadBack,
            backoff: Duration::from_secs(60),
            give_up_after: Duration::from_secs(7 * 24 * 3600),
            read_back_gap: Duration::from_secs(60),
        }
    }
}

/// When an order of several shipments is marked shipped. ShipStation knows whole orders only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PartialPolicy {
    /// Once everything has left.
    HoldUntilComplete {
        /// Or once the first shipment is so old.
        max_hold: Option<Duration>,
    },
    /// With the first shipment.
    ShipOnFirst,
}

choice! {
    /// Which tracking number an order carries.
    PrimaryTracking {
        /// That of the first parcel of the first shipment.
        FirstPackage = "first_package",
        /// That of the parcel with the most items.
        MostItems = "most_items",
        /// That of the last parcel of the last shipment.
        Last = "last",
    }
}
choice! {
    /// How the orders' present state is looked at before anything is sent.
    Preflight {
        /// By listing open orders, or one by one, whichever costs fewer requests. The look may be some minutes old when
        /// the last one is sent: what a person does to an order in between is not seen.
        Bulk = "bulk",
        /// One by one, each right before it is sent.
        Single = "single",
        /// Only where an earlier attempt failed, one by one. Saves the look, and may mark an order that a person has
        /// shipped meanwhile.
        OnRetryOnly = "on_retry_only",
    }
}
choice! {
    /// How it is proven that ShipStation has a shipment.
    Confirm {
        /// Its record is read back, many at a time.
        ReadBack = "read_back",
        /// Its answer is believed.
        TrustAnswer = "trust_answer",
    }
}

/// How listings are linked.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ListingSettings {
    /// Whether inactive products count. Default: no.
    pub include_inactive: bool,
    /// Whether a product's aliases count as its SKUs. Default: yes. An alias that belongs to a store from which
    /// no orders are imported (see [`OrderSettings::stores`]) never counts.
    pub follow_aliases: bool,
    /// How products are read. Default: whichever way costs fewer requests.
    pub reading: ProductReading,
}

impl Default for ListingSettings {
    fn default() -> Self {
        Self { include_inactive: false, follow_aliases: true, reading: ProductReading::Cheapest }
    }
}

choice! {
    /// How products are read.
    ProductReading {
        /// All of them, or one look-up per SKU when the host has so few listings that this costs fewer
        /// requests. Look-ups see no aliases and no broken links.
        Cheapest = "cheapest",
        /// Always all of them.
        Sweep = "sweep",
    }
}

impl Settings {
    /// What is wrong with the settings by themselves. Each finding names the setting, its value, and the
    /// values that are allowed.
    pub fn problems(&self) -> Vec<Finding> {
        let mut found = self.orders.problems();
        // A request may wait out a whole minute for the rate limit, and must not lose the lease meanwhile.
        if self.lease < Duration::from_secs(180) {
            found.push(wrong("lease", format!("{} s", self.lease.as_secs()), "at least 180 s"));
        }
        let shipments = &self.shipments;
        let spans = [
            (
                "shipments.give_up_after",
                shipments.give_up_after,
                3_600,
                "at least an hour, for instance 7 days",
            ),
            ("shipments.read_back_gap", shipments.read_back_gap, 60, "at least 60 s"),
            ("shipments.backoff", shipments.backoff, 1, "at least 1 s"),
        ];
        for (setting, span, least, allowed) in spans {
            if span < Duration::from_secs(least) {
                found.push(wrong(setting, format!("{} s", span.as_secs()), allowed));
            }
        }
        if self.shipments.unmapped_carrier.as_deref().is_some_and(|code| code.trim().is_empty()) {
            found.push(wrong(
                "shipments.unmapped_carrier",
                "an empty text",
                "a carrier code of the account, or none at all",
            ));
        }
        found
    }
}

impl OrderSettings {
    fn problems(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        if self.statuses.is_empty() {
            found.push(wrong("orders.statuses", "none", "at least one, for instance awaiting_shipment"));
        }
        if let Some(days) = self.created_within_days
            && !(1..=365).contains(&days)
        {
            found.push(wrong(
                "orders.created_within_days",
                days.to_string(),
                "1 to 365, or no limit (None) written out",
            ));
        }
        if self.catch_up_days > 365 {
            found.push(wrong("orders.catch_up_days", self.catch_up_days.to_string(), "0 to 365"));
        }
        if !(1..=500).contains(&self.page_size) {
            found.push(wrong("orders.page_size", self.page_size.to_string(), "1 to 500"));
        }
        if self.max_orders == Some(0) {
            found.push(wrong("orders.max_orders", "0", "at least 1, or no limit (None)"));
        }
        if let Some(user) = &self.assign_user
            && !is_guid(&user.to_string())
        {
            found.push(wrong(
                "orders.assign_user",
                format!("{:?}", user.to_string()),
                "the GUID of a user of the account; a check lists them",
            ));
        }
        if let Some(tag) = self.acknowledgement_tag
            && (self.tag == Some(tag) || self.exclude_tags.contains(&tag))
        {
            found.push(wrong(
                "orders.acknowledgement_tag",
                tag.to_string(),
                "a tag that is not one of the import's own tag filters",
            ));
        }
        if let Some(store) = self.stores.intersection(&self.exclude_stores).next() {
            found.push(wrong(
                "orders.exclude_stores",
                store.to_string(),
                "stores that are not selected in orders.stores at the same time",
            ));
        }
        found
    }

    /// The settings as a report shows them.
    pub(super) fn describe(&self) -> BTreeMap<&'static str, String> {
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
        if self.possible_duplicates != PossibleDuplicates::Off {
            shown.insert("possible_duplicates", self.possible_duplicates.to_string());
        }
        if !self.stores.is_empty() {
            shown.insert("stores", join(self.stores.iter()));
        }
        shown
    }
}

fn join<T: fmt::Display>(list: impl Iterator<Item = T>) -> String {
    list.map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

fn wrong(setting: &'static str, value: impl Into<String>, allowed: &str) -> Finding {
    let observed = format!("is {}", value.into());
    Finding::error("invalid_setting", setting, observed, format!("allowed: {allowed}"))
}

/// Whether a text is a GUID in its usual form: 8-4-4-4-12 hexadecimal digits.
fn is_guid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths = groups.iter().map(|group| group.len());
    lengths.eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem_of(change: impl FnOnce(&mut Settings)) -> String {
        let mut settings = Settings::default();
        change(&mut settings);
        settings.problems().iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn defaults_are_right() {
        assert_eq!(problem_of(|_| {}), "");
    }

    #[test]
    fn each_wrong_value_is_named_with_what_is_allowed() {
        type Change = fn(&mut Settings);
        let cases: [(Change, &str, &str); 9] = [
            (|s| s.orders.statuses.clear(), "orders.statuses", "at least one"),
            (
                |s| s.orders.created_within_days = Some(0),
                "orders.created_within_days",
                "is 0 -> allowed: 1 to 365",
            ),
            (|s| s.orders.created_within_days = Some(366), "orders.created_within_days", "is 366"),
            (|s| s.orders.page_size = 501, "orders.page_size", "1 to 500"),
            (|s| s.orders.max_orders = Some(0), "orders.max_orders", "at least 1"),
            (|s| s.orders.assign_user = Some(UserId::new("jane")), "orders.assign_user", "GUID"),
            (
                |s| {
                    s.orders.tag = Some(TagId::new(5));
                    s.orders.acknowledgement_tag = Some(TagId::new(5));
                },
                "orders.acknowledgement_tag",
                "is 5",
            ),
            (|s| s.lease = Duration::from_secs(1), "lease", "at least 180 s"),
            (
                |s| s.shipments.unmapped_carrier = Some(" ".into()),
                "shipments.unmapped_carrier",
                "carrier code",
            ),
        ];
        for (change, setting, allowed) in cases {
            let text = problem_of(change);
            assert!(text.contains(setting) && text.contains(allowed), "{text}");
        }
    }

    #[test]
    fn guids_are_told_from_names() {
        assert!(is_guid("5f0c2a9e-7d41-4b6e-9c35-0a1b2c3d4e5f"));
        for text in ["", "42", "5f0c2a9e7d414b6e9c350a1b2c3d4e5f", "5f0c2a9e-7d41-4b6e-9c35-0a1b2c3d4e5g"] {
            assert!(!is_guid(text), "{text}");
        }
    }
}
