//! What is wrong with a setting by itself. No I/O.

use std::time::Duration;

use super::{
    PartialPolicy, Settings, UnmappedPolicy,
    fields::{days, hours, minutes},
};
use crate::{
    channel::{Finding, shipping::ShippingMethod},
    client::{OrderStatus, UserId},
    duration_text,
    named_enum::nearest_name,
};

const SECOND: Duration = Duration::from_secs(1);
const STATUSES: &str = "orders.statuses";

impl Settings {
    /// What is wrong with the settings by themselves. Each finding names the setting, its value, and the
    /// values that are allowed.
    pub fn problems(&self) -> Vec<Finding> {
        let wrong_values = self.wrong_values().into_iter().chain(self.contradictions());
        let found =
            wrong_values.filter_map(|(setting, value, allowed)| Some(wrong(setting, &value?, allowed)));
        status_problems(&self.orders.statuses)
            .into_iter()
            .chain(found)
            .chain(self.durations_out_of_range())
            .collect()
    }

    /// Each setting with its value, if that is none of those that are allowed.
    fn wrong_values(&self) -> [WrongValue; 9] {
        let (orders, shipments) = (&self.orders, &self.shipments);
        let user = orders.assign_user.as_ref().map(UserId::as_str);
        let defaults = &self.shipping.defaults;
        let mut methods = defaults.global.iter().chain(defaults.by_store.values());
        let otherwise =
            if let UnmappedPolicy::Default(method) = &self.shipping.unmapped { Some(method) } else { None };
        let number = |number: u32, is_wrong: bool| is_wrong.then(|| number.to_string());
        let text =
            |text: Option<&str>| text.filter(|text| is_blank(text)).map(|_| "an empty text".to_owned());
        let method = |is_wrong: bool| is_wrong.then(|| "a method without a policy".to_owned());
        let no_policy = |method: &ShippingMethod| is_blank(method.policy.as_str());
        let age = orders.created_within_days.unwrap_or(1);
        let a_policy = "a method that names a policy of the host, or none at all";
        [
            (
                "orders.created_within_days",
                number(age, !(1..=365).contains(&age)),
                "1 to 365, or no limit (None) written out",
            ),
            ("orders.catch_up_days", number(orders.catch_up_days, orders.catch_up_days > 365), "0 to 365"),
            (
                "orders.page_size",
                number(orders.page_size, !(1..=500).contains(&orders.page_size)),
                "1 to 500",
            ),
            ("orders.max_orders", number(0, orders.max_orders == Some(0)), "at least 1, or no limit (None)"),
            (
                "orders.own_key_prefix",
                text(orders.own_key_prefix.as_deref()),
                "the beginning of the host's own order keys, or none at all",
            ),
            ("orders.assign_user", text(user), "the GUID of a user of the account, or none at all"),
            (
                "shipments.unmapped_carrier",
                text(shipments.unmapped_carrier.as_deref()),
                "a carrier code of the account, or none at all",
            ),
            ("shipping.defaults", method(methods.any(no_policy)), a_policy),
            ("shipping.unmapped", method(otherwise.is_some_and(no_policy)), a_policy),
        ]
    }

    /// Settings that exclude each other, with a value that both have.
    fn contradictions(&self) -> [WrongValue; 3] {
        let orders = &self.orders;
        let excluded = orders.tag.filter(|tag| orders.exclude_tags.contains(tag));
        let acknowledged = orders.acknowledgement_tag;
        let filtered =
            acknowledged.filter(|tag| orders.tag == Some(*tag) || orders.exclude_tags.contains(tag));
        let store = orders.stores.intersection(&orders.exclude_stores).next();
        [
            (
                "orders.exclude_tags",
                excluded.map(|tag| tag.to_string()),
                "tags other than orders.tag: no order could have it and lack it",
            ),
            (
                "orders.acknowledgement_tag",
                filtered.map(|tag| tag.to_string()),
                "a tag that is not one of the import's own tag filters",
            ),
            (
                "orders.exclude_stores",
                store.map(ToString::to_string),
                "stores that are not selected in orders.stores at the same time",
            ),
        ]
    }

    fn durations_out_of_range(&self) -> Vec<Finding> {
        let shipments = &self.shipments;
        let max_hold = match shipments.partial {
            PartialPolicy::HoldUntilComplete { max_hold } => max_hold,
            PartialPolicy::ShipOnFirst => None,
        };
        let ranges = [
            // A request may wait out a whole minute for the rate limit, and must not lose the lease meanwhile.
            ("lease", Some(self.lease), minutes(3), days(1)),
            ("shipments.give_up_after", Some(shipments.give_up_after), hours(1), days(365)),
            ("actions.give_up_after", Some(self.actions.give_up_after), hours(1), days(365)),
            ("shipments.lookup_interval", Some(shipments.lookup_interval), minutes(1), days(1)),
            ("shipments.resend_after", Some(shipments.resend_after), minutes(1), days(1)),
            ("shipments.backoff", Some(shipments.backoff), SECOND, hours(6)),
            ("shipments.partial.max_hold", max_hold, minutes(1), days(365)),
        ];
        let finding = |(setting, value, least, most): (_, Option<Duration>, Duration, Duration)| {
            let value = value.filter(|value| !(least..=most).contains(value))?;
            let [value, least, most] = [value, least, most].map(duration_text::short);
            Some(wrong(setting, &value, &format!("{least} to {most}")))
        };
        ranges.into_iter().filter_map(finding).collect()
    }
}

/// A setting, its value if that is wrong, and what is allowed.
type WrongValue = (&'static str, Option<String>, &'static str);

/// A status that is nearly a known one is a typo, and would never bring an order. Any other unknown word may be a
/// status that ShipStation has added: it is let through, and a check warns of it.
fn status_problems(statuses: &[OrderStatus]) -> Vec<Finding> {
    if statuses.is_empty() {
        return vec![wrong(STATUSES, "none", "at least one, for instance awaiting_shipment")];
    }
    let mut found = Vec::new();
    for (at, status) in statuses.iter().enumerate() {
        if statuses.iter().take(at).any(|before| before == status) {
            found.push(wrong(STATUSES, &format!("{status} twice"), "each status once"));
        }
        match status {
            OrderStatus::Unknown(word) if is_blank(word) => {
                found.push(wrong(STATUSES, "an empty text", &known_statuses()));
            }
            // The web app's filter has it, the API refuses it.
            OrderStatus::Unknown(word) if word.trim().eq_ignore_ascii_case("all") => {
                let allowed = format!("each status that is wanted, of {}", known_statuses());
                found.push(wrong(STATUSES, &format!("{word:?}"), &allowed));
            }
            OrderStatus::Unknown(word) => {
                found.extend(misspelled(word));
            }
            _ => {}
        }
    }
    found
}

/// A status that differs from a known one by a letter or two.
fn misspelled(word: &str) -> Option<Finding> {
    let meant = nearest_name(word, OrderStatus::LISTED.iter().map(OrderStatus::as_str))?;
    let remedy = format!("did you mean {meant}");
    Some(Finding::error("invalid_setting", STATUSES, format!("is {word:?}"), remedy))
}

/// Every status that this version knows.
pub(in crate::connector) fn known_statuses() -> String {
    super::orders::join(OrderStatus::LISTED.iter())
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

fn wrong(setting: &'static str, value: &str, allowed: &str) -> Finding {
    Finding::error("invalid_setting", setting, format!("is {value}"), format!("allowed: {allowed}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{StoreId, TagId};

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
        let spans: [(Set, &str, Duration, Duration); 7] = [
            (|s, span| s.lease = span, "lease: is 2d -> allowed: 3m to 1d", minutes(3), days(1)),
            (
                |s, span| s.shipments.give_up_after = span,
                "shipments.give_up_after: is 730d -> allowed: 1h to 365d",
                hours(1),
                days(365),
            ),
            (
                |s, span| s.actions.give_up_after = span,
                "actions.give_up_after: is 730d -> allowed: 1h to 365d",
                hours(1),
                days(365),
            ),
            (
                |s, span| s.shipments.lookup_interval = span,
                "shipments.lookup_interval: is 2d -> allowed: 1m to 1d",
                minutes(1),
                days(1),
            ),
            (
                |s, span| s.shipments.resend_after = span,
                "shipments.resend_after: is 2d -> allowed: 1m to 1d",
                minutes(1),
                days(1),
            ),
            (
                |s, span| s.shipments.backoff = span,
                "shipments.backoff: is 12h -> allowed: 1s to 6h",
                SECOND,
                hours(6),
            ),
            (
                |s, span| s.shipments.partial = PartialPolicy::HoldUntilComplete { max_hold: Some(span) },
                "shipments.partial.max_hold: is 730d -> allowed: 1m to 365d",
                minutes(1),
                days(365),
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
    fn a_misspelled_status_is_refused_with_the_one_that_was_meant() {
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
