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

use self::fields::{minutes, settings};
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

settings! {
    #![read_by_hand]
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
    Settings {
        /// Which orders are imported, and what happens to them.
        orders: OrderSettings = OrderSettings::default();
        /// How shipments are sent back.
        shipments: ShipmentSettings = ShipmentSettings::default();
        /// How listings are linked; linking is not configured while this is `None`.
        listings (into): Option<ListingSettings> = None;
        /// How shipping texts become methods.
        shipping: ShippingSettings = ShippingSettings::default();
        /// What may be done to orders because the host asks. Nothing, by default.
        actions: ActionSettings = ActionSettings::default();
        /// How long a run keeps its lease without a heartbeat. Three minutes to a day.
        #[serde(with = "crate::duration_text")]
        lease: Duration = minutes(5);
    }
}

#[cfg(test)]
mod tests;
