//! How listings are linked.

use super::fields::settings;
use crate::named_enum::named_enum;

settings! {
    /// How listings are linked.
    ListingSettings {
        /// Whether inactive products count.
        include_inactive: bool = false;
        /// Whether a product's aliases count as its SKUs. An alias that belongs to a store from which
        /// no orders are imported (see [`OrderSettings::stores`](super::OrderSettings::stores)) never counts.
        follow_aliases: bool = true;
        /// How products are read.
        reading: ProductReading = ProductReading::Cheapest;
    }
}

named_enum! {
    /// How products are read.
    ProductReading {
        /// All of them, or one look-up per SKU when the host has so few listings that this costs fewer
        /// requests. Look-ups see no aliases and no broken links.
        Cheapest = "cheapest",
        /// Always all of them.
        Sweep = "sweep",
    }
}
