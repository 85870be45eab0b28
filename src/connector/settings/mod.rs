//! What a merchant can set, and its defaults: a file for each part. What is wrong with a value by itself stands in
//! `validation`; what only ShipStation can know (does this tag exist?) is looked at in `check` and before the first import.

mod actions;
mod fields;
mod listings;
mod orders;
mod read;
mod shipments;
mod shipping;
mod validation;

use std::time::Duration;

use serde::Serialize;

use self::fields::minutes;
pub(super) use self::validation::known_statuses;
pub use self::{
    actions::ActionSettings,
    listings::{ListingSettings, ProductReading},
    orders::{
        EmptyOrderPolicy, ExternallyFulfilledPolicy, LineagePolicy, OrderSettings, PossibleDuplicatePolicy,
        ShippingTextSource, SkuSource, UnlinkedLinePolicy,
    },
    shipments::{Confirm, PartialPolicy, Preflight, PrimaryTracking, ShipmentSettings},
    shipping::{ShippingSettings, UnmappedPolicy},
};
use crate::setters::setters;

/// Everything that can be set for one connection.
///
/// ```
/// use shipstation_connector::{Settings, connector::OrderSettings};
///
/// let orders = OrderSettings::default().created_within_days(Some(14));
/// let settings = Settings::default().orders(orders);
/// assert!(settings.problems().is_empty());
///
/// let read: Settings = serde_json::from_str(r#"{"orders": {"created_within_days": 14}, "lease": "5m"}"#)?;
/// assert_eq!(read, settings);
/// let refused = serde_json::from_str::<Settings>(r#"{"orders": {"created_within_day": 14}}"#).unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     "orders.created_within_day is not a setting: did you mean created_within_days?",
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// In a file, every setting may be left out; durations are texts such as `90s`, `15m`, `1h30m`, `7d` or ISO 8601
/// (`PT15M`), which is how they are written. A key that is not a setting is refused. Reading checks no values:
/// [`problems`](Self::problems) does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Settings {
    /// Which orders are imported, and what happens to them.
    pub orders: OrderSettings,
    /// How shipments are sent back.
    pub shipments: ShipmentSettings,
    /// How listings are linked; linking is not configured while this is `None`, which is the default.
    pub listings: Option<ListingSettings>,
    /// How shipping texts become methods.
    pub shipping: ShippingSettings,
    /// What may be done to orders because the host asks. Nothing, by default.
    pub actions: ActionSettings,
    /// How long a run keeps its lease without a heartbeat. Three minutes to a day. Default: five minutes.
    #[serde(with = "crate::duration_text")]
    pub lease: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            orders: OrderSettings::default(),
            shipments: ShipmentSettings::default(),
            listings: None,
            shipping: ShippingSettings::default(),
            actions: ActionSettings::default(),
            lease: minutes(5),
        }
    }
}

impl Settings {
    setters! {
        /// Sets which orders are imported, and what happens to them.
        orders(orders: OrderSettings) => orders = orders;
        /// Sets how shipments are sent back.
        shipments(shipments: ShipmentSettings) => shipments = shipments;
        /// Sets how listings are linked.
        listings(listings: impl Into<Option<ListingSettings>>) => listings = listings.into();
        /// Sets how shipping texts become methods.
        shipping(shipping: ShippingSettings) => shipping = shipping;
        /// Sets what may be done to orders because the host asks.
        actions(actions: ActionSettings) => actions = actions;
        /// Sets how long a run keeps its lease without a heartbeat.
        lease(lease: Duration) => lease = lease;
    }
}

#[cfg(test)]
mod tests;
