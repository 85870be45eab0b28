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

/// A tracking number as it may be shown. What people write in its place may name the buyer: words are no number.
pub(crate) fn shown_tracking(number: &str) -> String {
    let is_code = |word: &str| word.chars().count() <= 2 || word.contains(|c: char| c.is_ascii_digit());
    let mut words = number.split_whitespace();
    let is_number = words.clone().count() == 1 || words.all(is_code);
    if is_number && !number.contains('@') { number.to_owned() } else { "***".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_that_stand_where_a_number_is_expected_are_not_shown() {
        for text in ["1Z 999 AA1 01 2345", "RR 123 456 789 GB", "9400", "OTHER-7"] {
            assert_eq!(shown_tracking(text), text);
        }
        for text in ["to Jane Doe, 12 Rose Lane", "555-0142 Jane", "jane@example.com"] {
            assert_eq!(shown_tracking(text), "***");
        }
    }
}
