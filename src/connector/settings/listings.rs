//! How listings are linked.

use super::choice::choice;

/// How listings are linked.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ListingSettings {
    /// Whether inactive products count. Default: no.
    pub include_inactive: bool,
    /// Whether a product's aliases count as its SKUs. Default: yes. An alias that belongs to a store from which
    /// no orders are imported (see [`OrderSettings::stores`](super::OrderSettings::stores)) never counts.
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
