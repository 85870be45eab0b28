//! Settings as files hold them.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::{
    channel::{
        AgeBasis,
        shipping::{Comparison, ShippingDefaults, ShippingMethod},
    },
    client::{OrderStatus, StoreId, TagId, UserId},
};

/// The documented default of every setting.
fn defaults() -> serde_json::Value {
    json!({
        "orders": {
            "statuses": ["awaiting_shipment"],
            "created_within_days": 7,
            "age_basis": "created",
            "not_before": null,
            "catch_up_days": 30,
            "tag": null,
            "exclude_tags": [],
            "stores": [],
            "exclude_stores": [],
            "own_key_prefix": null,
            "assign_user": null,
            "acknowledgement_tag": null,
            "empty_orders": "import",
            "sku_source": "auto",
            "shipping_text": "requested",
            "lineage": "hold",
            "unlinked_lines": "import",
            "possible_duplicates": "off",
            "externally_fulfilled": "skip",
            "skip_audit": true,
            "page_size": 500,
            "max_orders": null,
            "watch_changes": false,
            "keep_extra_members": false,
        },
        "shipments": {
            "notify_sales_channel": true,
            "notify_customer": false,
            "partial": {"hold_until_complete": {"max_hold": null}},
            "primary_tracking": "first_package",
            "require_tracking": true,
            "unmapped_carrier": null,
            "preflight": "bulk",
            "confirm": "read_back",
            "backoff": "PT1M",
            "give_up_after": "P7D",
            "lookup_interval": "PT1M",
            "resend_after": "PT4M",
        },
        "listings": null,
        "shipping": {
            "comparison": "exact",
            "defaults": {"by_store": {}, "global": null},
            "unmapped": "hold",
        },
        "actions": { "enabled": false, "give_up_after": "P1D" },
        "lease": "PT5M",
    })
}

#[test]
fn the_defaults_are_the_documented_ones() {
    assert_eq!(serde_json::to_value(Settings::default()).unwrap(), defaults());
    let listings = serde_json::to_value(ListingSettings::default()).unwrap();
    assert_eq!(listings, json!({"include_inactive": false, "follow_aliases": true, "reading": "cheapest"}));
    for empty in [json!({}), defaults()] {
        assert_eq!(serde_json::from_value::<Settings>(empty).unwrap(), Settings::default());
    }
}

#[test]
fn what_is_set_survives_a_file() {
    let orders = OrderSettings::default()
        .statuses(vec![OrderStatus::OnHold, "parked".into()])
        .created_within_days(None)
        .age_basis(AgeBasis::Paid)
        .not_before(crate::Timestamp::UNIX_EPOCH)
        .tag(TagId::new(5))
        .exclude_tags(vec![TagId::new(6)])
        .stores([StoreId::new(7)].into())
        .own_key_prefix("shop-".to_owned())
        .assign_user(UserId::new("5f0c2a9e-7d41-4b6e-9c35-0a1b2c3d4e5f"))
        .page_size(100)
        .max_orders(Some(u64::MAX));
    let shipments = ShipmentSettings::default()
        .partial(PartialPolicy::HoldUntilComplete { max_hold: Some(Duration::from_secs(36 * 3_600)) })
        .unmapped_carrier("other".to_owned())
        .backoff(Duration::from_millis(1_500));
    let method = ShippingMethod::new("ground").carrier_code("ups");
    let shipping = ShippingSettings::default()
        .comparison(Comparison::Lenient)
        .defaults(ShippingDefaults::none().store("12", method.clone()))
        .unmapped(UnmappedPolicy::Default(method));
    let settings = Settings::default()
        .orders(orders)
        .shipments(shipments)
        .listings(ListingSettings::default().reading(ProductReading::Sweep))
        .shipping(shipping)
        .lease(Duration::from_secs(600));
    let json = serde_json::to_string(&settings).unwrap();
    assert!(json.contains(r#""max_hold":"PT36H""#) && json.contains(r#""lease":"PT10M""#), "{json}");
    assert_eq!(serde_json::from_str::<Settings>(&json).unwrap(), settings);
    assert_eq!(settings.problems(), []);
}

#[test]
fn what_cannot_be_read_is_named_by_its_path() {
    let cases = [
        (json!({"order": {}}), "order is not a setting: did you mean orders?"),
        (
            json!({"credentials": {}}),
            "credentials is not a setting: there are actions, lease, listings, orders, shipments, shipping",
        ),
        (json!({"orders": {"Page_Sise": 1}}), "orders.Page_Sise is not a setting: did you mean page_size?"),
        (
            json!({"listings": {"aliases": true}}),
            "listings.aliases is not a setting: there are follow_aliases, include_inactive, reading",
        ),
        (
            json!({"shipping": {"defaults": {"globl": 1}}}),
            "shipping.defaults.globl is not a setting: did you mean global?",
        ),
        (
            json!({"shipping": {"defaults": {"global": {"policy": "g", "carrier_cod": "ups"}}}}),
            "shipping.defaults.global.carrier_cod is not a setting: did you mean carrier_code?",
        ),
        (
            json!({"shipping": {"defaults": {"by_store": {"7": {"policy": "g", "rsh": true}}}}}),
            "shipping.defaults.by_store.7.rsh is not a setting: did you mean rush?",
        ),
        (
            json!({"shipping": {"unmapped": {"default": {"policy": "g", "servce_code": "x"}}}}),
            "shipping.unmapped.default.servce_code is not a setting: did you mean service_code?",
        ),
        (json!({"orders": {"page_size": -1}}), "orders.page_size: invalid value: integer `-1`, expected u32"),
        (
            json!({"orders": {"lineage": "keep"}}),
            "orders.lineage: \"keep\" is not known: allowed are hold, import, skip",
        ),
        (json!({"orders": {"lineage": "hald"}}), "orders.lineage: \"hald\" is not known: did you mean hold?"),
        (
            json!({"shipments": {"backoff": 60}}),
            "shipments.backoff: invalid type: integer `60`, expected a duration such as 90s, 15m, 1h30m, 7d, PT15M or P7D \
             (decimals only as in PT0.5S)",
        ),
        (
            json!({"lease": "soon"}),
            "lease: \"soon\" is not a duration such as 90s, 15m, 1h30m, 7d, PT15M or P7D (decimals only as in PT0.5S)",
        ),
        (json!(7), "settings are an object with a key for each part"),
    ];
    for (json, wanted) in cases {
        assert_eq!(serde_json::from_value::<Settings>(json).unwrap_err().to_string(), wanted);
    }
    let hold = json!({"shipments": {"partial": {"hold_until_complete": {"max_hodl": "2d"}}}});
    let refused = serde_json::from_value::<Settings>(hold).unwrap_err().to_string();
    assert_eq!(
        refused,
        "shipments.partial.hold_until_complete.max_hodl is not a setting: did you mean max_hold?"
    );
}

#[test]
fn policies_with_a_value_have_names_too() {
    for policy in [PartialPolicy::ShipOnFirst, PartialPolicy::HoldUntilComplete { max_hold: None }] {
        assert_eq!(policy.to_string().parse(), Ok(policy));
    }
    for policy in [UnmappedPolicy::Hold, UnmappedPolicy::Reject] {
        assert_eq!(policy.to_string().parse(), Ok(policy));
    }
    assert_eq!(UnmappedPolicy::Default("ground".into()).to_string(), "default");
    assert!("default".parse::<UnmappedPolicy>().is_err());
}
