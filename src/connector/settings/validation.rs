//! What is wrong with a setting by itself. No I/O.

use std::time::Duration;

use super::{OrderSettings, PartialPolicy, Settings, ShipmentSettings, ShippingSettings, UnmappedPolicy};
use crate::{channel::Finding, client::OrderStatus};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);
const YEAR: Duration = Duration::from_secs(365 * 24 * 3_600);
const STATUSES: &str = "orders.statuses";
/// Letters that a misspelt status may differ by from the one that was meant.
const SLIP: usize = 2;

impl Settings {
    /// What is wrong with the settings by themselves. Each finding names the setting, its value, and the
    /// values that are allowed.
    pub fn problems(&self) -> Vec<Finding> {
        let mut found = self.orders.problems();
        // A request may wait out a whole minute for the rate limit, and must not lose the lease meanwhile.
        found.extend(span("lease", self.lease, 3 * MINUTE, DAY));
        found.extend(self.shipments.problems());
        found.extend(self.shipping.problems());
        found
    }
}

impl OrderSettings {
    fn problems(&self) -> Vec<Finding> {
        let mut found = status_problems(&self.statuses);
        found.extend(self.number_problems());
        found.extend(self.filter_problems());
        found
    }

    fn number_problems(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        if let Some(days) = self.created_within_days
            && !(1..=365).contains(&days)
        {
            let allowed = "1 to 365, or no limit (None) written out";
            found.push(wrong("orders.created_within_days", days.to_string(), allowed));
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
        found
    }

    fn filter_problems(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        if self.own_key_prefix.as_deref().is_some_and(is_blank) {
            let allowed = "the beginning of the host's own order keys, or none at all";
            found.push(wrong("orders.own_key_prefix", "an empty text", allowed));
        }
        if self.assign_user.as_ref().is_some_and(|user| is_blank(user.as_str())) {
            let allowed = "the GUID of a user of the account, or none at all";
            found.push(wrong("orders.assign_user", "an empty text", allowed));
        }
        if let Some(tag) = self.tag.filter(|tag| self.exclude_tags.contains(tag)) {
            let allowed = "tags other than orders.tag: no order could have it and lack it";
            found.push(wrong("orders.exclude_tags", tag.to_string(), allowed));
        }
        if let Some(tag) = self.acknowledgement_tag
            && (self.tag == Some(tag) || self.exclude_tags.contains(&tag))
        {
            let allowed = "a tag that is not one of the import's own tag filters";
            found.push(wrong("orders.acknowledgement_tag", tag.to_string(), allowed));
        }
        if let Some(store) = self.stores.intersection(&self.exclude_stores).next() {
            let allowed = "stores that are not selected in orders.stores at the same time";
            found.push(wrong("orders.exclude_stores", store.to_string(), allowed));
        }
        found
    }
}

/// A status that is nearly a known one is a slip, and would bring no order for ever. Any other unknown word may be a
/// status that ShipStation has added: it is let through, and a check warns of it.
fn status_problems(statuses: &[OrderStatus]) -> Vec<Finding> {
    if statuses.is_empty() {
        return vec![wrong(STATUSES, "none", "at least one, for instance awaiting_shipment")];
    }
    let mut found = Vec::new();
    for (at, status) in statuses.iter().enumerate() {
        if statuses.iter().take(at).any(|before| before == status) {
            found.push(wrong(STATUSES, format!("{status} twice"), "each status once"));
        }
        match status {
            OrderStatus::Unknown(word) if is_blank(word) => {
                found.push(wrong(STATUSES, "an empty text", &known_statuses()));
            }
            // The web app's filter has it, the API refuses it.
            OrderStatus::Unknown(word) if word.trim().eq_ignore_ascii_case("all") => {
                let allowed = format!("each status that is wanted, of {}", known_statuses());
                found.push(wrong(STATUSES, format!("{word:?}"), &allowed));
            }
            OrderStatus::Unknown(word) => {
                found.extend(nearest_status(word).map(|meant| misspelt(word, meant)));
            }
            _ => {}
        }
    }
    found
}

fn misspelt(word: &str, meant: &OrderStatus) -> Finding {
    Finding::error("invalid_setting", STATUSES, format!("is {word:?}"), format!("did you mean {meant}"))
}

/// The known status that a word was probably meant to be.
fn nearest_status(word: &str) -> Option<&'static OrderStatus> {
    let written = word.trim().to_lowercase();
    let distance = |status: &OrderStatus| strsim::levenshtein(status.as_str(), &written);
    OrderStatus::LISTED.iter().min_by_key(|status| distance(status)).filter(|status| distance(status) <= SLIP)
}

/// Every status that this version knows.
pub(in crate::connector) fn known_statuses() -> String {
    super::orders::join(OrderStatus::LISTED.iter())
}

impl ShipmentSettings {
    fn problems(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        found.extend(span("shipments.give_up_after", self.give_up_after, HOUR, YEAR));
        found.extend(span("shipments.read_back_gap", self.read_back_gap, MINUTE, DAY));
        found.extend(span("shipments.resend_after", self.resend_after, MINUTE, DAY));
        found.extend(span("shipments.backoff", self.backoff, Duration::from_secs(1), 6 * HOUR));
        if let PartialPolicy::HoldUntilComplete { max_hold: Some(longest) } = self.partial {
            found.extend(span("shipments.partial.max_hold", longest, MINUTE, YEAR));
        }
        if self.unmapped_carrier.as_deref().is_some_and(is_blank) {
            let allowed = "a carrier code of the account, or none at all";
            found.push(wrong("shipments.unmapped_carrier", "an empty text", allowed));
        }
        found
    }
}

impl ShippingSettings {
    fn problems(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        let defaults = self.defaults.global.iter().chain(self.defaults.by_store.values());
        if defaults.into_iter().any(|method| is_blank(method.policy.as_str())) {
            found.push(no_policy("shipping.defaults"));
        }
        if let UnmappedPolicy::Default(method) = &self.unmapped
            && is_blank(method.policy.as_str())
        {
            found.push(no_policy("shipping.unmapped"));
        }
        found
    }
}

fn no_policy(setting: &'static str) -> Finding {
    wrong(setting, "a method without a policy", "a method that names a policy of the host, or none at all")
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

fn wrong(setting: &'static str, value: impl Into<String>, allowed: &str) -> Finding {
    let observed = format!("is {}", value.into());
    Finding::error("invalid_setting", setting, observed, format!("allowed: {allowed}"))
}

/// A length of time outside its range.
fn span(setting: &'static str, value: Duration, least: Duration, most: Duration) -> Option<Finding> {
    let allowed = || format!("{} to {}", in_words(least), in_words(most));
    (!(least..=most).contains(&value)).then(|| wrong(setting, in_words(value), &allowed()))
}

/// A length of time in the largest unit that it is a whole number of.
fn in_words(span: Duration) -> String {
    let units = [(DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (Duration::from_secs(1), "s")];
    let whole = |unit: Duration| span.subsec_nanos() == 0 && span.as_secs().is_multiple_of(unit.as_secs());
    let fitting = units.into_iter().find(|(unit, _)| !span.is_zero() && whole(*unit));
    fitting.map_or_else(
        || format!("{span:?}"),
        |(unit, name)| format!("{} {name}", span.as_secs() / unit.as_secs()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        channel::shipping::ShippingMethod,
        client::{StoreId, TagId, UserId},
    };

    fn problem_of(change: impl FnOnce(&mut Settings)) -> String {
        let mut settings = Settings::default();
        change(&mut settings);
        settings.problems().iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    fn one_status(word: &str) -> String {
        problem_of(|settings| settings.orders.statuses = vec![OrderStatus::Unknown(word.to_owned())])
    }

    #[test]
    fn defaults_are_right() {
        assert_eq!(problem_of(|_| {}), "");
    }

    #[test]
    fn each_wrong_value_is_named_with_what_is_allowed() {
        type Change = fn(&mut Settings);
        let cases: [(Change, &str, &str); 14] = [
            (|s| s.orders.statuses.clear(), "orders.statuses", "at least one"),
            (
                |s| s.orders.statuses = vec![OrderStatus::OnHold, OrderStatus::OnHold],
                "orders.statuses",
                "is on_hold twice -> allowed: each status once",
            ),
            (
                |s| s.orders.created_within_days = Some(0),
                "orders.created_within_days",
                "is 0 -> allowed: 1 to 365",
            ),
            (|s| s.orders.created_within_days = Some(366), "orders.created_within_days", "is 366"),
            (|s| s.orders.catch_up_days = 366, "orders.catch_up_days", "is 366 -> allowed: 0 to 365"),
            (|s| s.orders.page_size = 501, "orders.page_size", "1 to 500"),
            (|s| s.orders.max_orders = Some(0), "orders.max_orders", "at least 1"),
            (|s| s.orders.own_key_prefix = Some(String::new()), "orders.own_key_prefix", "an empty text"),
            (|s| s.orders.assign_user = Some(UserId::new(" ")), "orders.assign_user", "GUID"),
            (
                |s| {
                    s.orders.tag = Some(TagId::new(5));
                    s.orders.acknowledgement_tag = Some(TagId::new(5));
                },
                "orders.acknowledgement_tag",
                "is 5",
            ),
            (
                |s| {
                    s.orders.tag = Some(TagId::new(5));
                    s.orders.exclude_tags = vec![TagId::new(5)];
                },
                "orders.exclude_tags",
                "is 5",
            ),
            (
                |s| {
                    s.orders.stores = [StoreId::new(7)].into();
                    s.orders.exclude_stores = [StoreId::new(7)].into();
                },
                "orders.exclude_stores",
                "is 7",
            ),
            (
                |s| s.shipments.unmapped_carrier = Some(" ".into()),
                "shipments.unmapped_carrier",
                "carrier code",
            ),
            (
                |s| s.shipping.unmapped = UnmappedPolicy::Default(ShippingMethod::new(" ")),
                "shipping.unmapped",
                "a policy of the host",
            ),
        ];
        for (change, setting, allowed) in cases {
            let text = problem_of(change);
            assert!(text.contains(setting) && text.contains(allowed), "{text}");
        }
    }

    #[test]
    fn lengths_of_time_have_a_range_at_both_ends() {
        type Set = fn(&mut Settings, Duration);
        let spans: [(Set, &str, Duration, Duration); 6] = [
            (|s, span| s.lease = span, "lease: is 2 d -> allowed: 3 min to 1 d", 3 * MINUTE, DAY),
            (
                |s, span| s.shipments.give_up_after = span,
                "shipments.give_up_after: is 730 d -> allowed: 1 h to 365 d",
                HOUR,
                YEAR,
            ),
            (
                |s, span| s.shipments.read_back_gap = span,
                "shipments.read_back_gap: is 2 d -> allowed: 1 min to 1 d",
                MINUTE,
                DAY,
            ),
            (
                |s, span| s.shipments.resend_after = span,
                "shipments.resend_after: is 2 d -> allowed: 1 min to 1 d",
                MINUTE,
                DAY,
            ),
            (
                |s, span| s.shipments.backoff = span,
                "shipments.backoff: is 12 h -> allowed: 1 s to 6 h",
                Duration::from_secs(1),
                6 * HOUR,
            ),
            (
                |s, span| s.shipments.partial = PartialPolicy::HoldUntilComplete { max_hold: Some(span) },
                "shipments.partial.max_hold: is 730 d -> allowed: 1 min to 365 d",
                MINUTE,
                YEAR,
            ),
        ];
        for (set, wanted, least, most) in spans {
            let problem = |span| problem_of(|settings| set(settings, span));
            assert_eq!(problem(most * 2), wanted);
            assert_eq!((problem(least), problem(most)), (String::new(), String::new()));
            for span in [Duration::ZERO, least / 2, most + Duration::from_nanos(1), Duration::MAX] {
                assert!(problem(span).ends_with(wanted.split_once("->").unwrap().1), "{}", problem(span));
            }
        }
    }

    #[test]
    fn a_misspelt_status_is_refused_with_the_one_that_was_meant() {
        for (word, meant) in [
            ("awaiting_shipmnet", "awaiting_shipment"),
            ("Awaiting Shipment", "awaiting_shipment"),
            ("AwaitingShipment", "awaiting_shipment"),
            ("canceled", "cancelled"),
            ("onhold", "on_hold"),
            ("shipped", "shipped"),
        ] {
            let wanted = format!("orders.statuses: is {word:?} -> did you mean {meant}");
            assert_eq!(one_status(word), wanted);
        }
        assert!(one_status(" ").contains("is an empty text -> allowed: awaiting_payment, "));
        assert!(one_status("All").contains("is \"All\" -> allowed: each status that is wanted, of awaiting"));
        for new in ["parked", "partially_shipped", "awaiting_fulfillment"] {
            assert_eq!(one_status(new), "", "ShipStation may have it one day");
        }
    }
}
