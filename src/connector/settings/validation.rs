//! What is wrong with a setting by itself. No I/O.

use std::time::Duration;

use super::{OrderSettings, Settings};
use crate::channel::Finding;

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
    use crate::client::{TagId, UserId};

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
