//! A parcel that left without the host: somebody sent it off in the channel.

use serde::{Deserialize, Serialize};

use super::{CalendarDate, Money, Unrecognized, money, record::record};

record! {
    /// A parcel of an order, as the channel recorded it.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct ChannelParcel {
        /// How it came to be.
        pub source: ParcelSource,
        /// The carrier, as the channel names it.
        pub carrier: Option<String> = None,
        /// The carrier's service, as the channel names it.
        pub service: Option<String> = None,
        /// The tracking number.
        pub tracking_number: Option<String> = None,
        /// The day it left.
        pub shipped_on: Option<CalendarDate> = None,
        /// What it cost the merchant, in US dollars.
        #[serde(with = "money::text", default)]
        pub cost: Option<Money> = None,
        /// Whether it was taken back: nothing travels under its number.
        pub voided: bool = false,
    }
    /// A parcel of which nothing else is known.
    pub fn new(source: ParcelSource);
}

/// How a parcel came to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ParcelSource {
    /// Its label was bought in the channel.
    Label,
    /// Somebody marked the order as shipped.
    Marked,
    /// A value of a newer version.
    #[serde(untagged)]
    Unrecognized(Unrecognized),
}
