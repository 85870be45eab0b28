//! What a merchant can set, and its defaults: a file for each part. What is wrong with a value by itself stands in
//! `validation`; what only ShipStation can know (does this tag exist?) is looked at in `check` and before the first import.

mod choice;
mod listings;
mod orders;
mod shipments;
mod shipping;
mod validation;

use std::time::Duration;

pub(super) use self::validation::known_statuses;
pub use self::{
    listings::{ListingSettings, ProductReading},
    orders::{
        AgeBasis, EmptyOrders, ExternallyFulfilled, LineagePolicy, OrderSettings, PossibleDuplicates,
        ShippingTextSource, SkuSource, UnlinkedLines,
    },
    shipments::{Confirm, PartialPolicy, Preflight, PrimaryTracking, ShipmentSettings},
    shipping::{ShippingSettings, UnmappedPolicy},
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
    /// How long a run keeps its lease without a sign of life. Three minutes to a day. Default: five minutes.
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
