//! A parcel that left without the host: somebody sent it off in the channel.

use serde::{Deserialize, Serialize};

use super::{CalendarDate, Money, Unrecognized, money};

/// A parcel of an order, as the channel recorded it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChannelParcel {
    /// How it came to be.
    pub source: ParcelSource,
    /// The carrier, as the channel names it.
    pub carrier: Option<String>,
    /// The carrier's service, as the channel names it.
    pub service: Option<String>,
    /// The tracking number.
    pub tracking_number: Option<String>,
    /// The day it left.
    pub shipped_on: Option<CalendarDate>,
    /// What it cost the merchant, in US dollars.
    #[serde(with = "money::text", default)]
    pub cost: Option<Money>,
    /// Whether it was taken back: nothing travels under its number.
    pub voided: bool,
}

impl ChannelParcel {
    /// A parcel of which nothing else is known.
    pub fn new(source: ParcelSource) -> Self {
        Self {
            source,
            carrier: None,
            service: None,
            tracking_number: None,
            shipped_on: None,
            cost: None,
            voided: false,
        }
    }
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
