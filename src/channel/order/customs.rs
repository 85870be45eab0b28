//! What customs are to be told about an order.

use serde::{Deserialize, Serialize};

use super::open_words;
use crate::{
    channel::{Money, money},
    shows::shows,
};

/// What customs are to be told about an order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Customs {
    /// What the package holds.
    pub contents: Option<CustomsContents>,
    /// What happens if it cannot be delivered.
    pub non_delivery: Option<NonDelivery>,
    /// The lines of the declaration. They need not be those of the order.
    pub items: Vec<CustomsItem>,
}

/// A line of a customs declaration. `Debug` does not show its description, which may be a buyer's words.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CustomsItem {
    /// The channel's id of the line.
    pub id: Option<String>,
    /// A description of the goods.
    pub description: Option<String>,
    /// How many.
    pub quantity: Option<i64>,
    /// What is declared for the line, in the currency in which the channel declares it.
    #[serde(with = "money::text")]
    pub value: Option<Money>,
    /// The number of the goods in the Harmonized System.
    pub hs_code: Option<String>,
    /// The country in which they were made, two letters.
    pub origin: Option<String>,
}

shows! { |it: CustomsItem| id, quantity, value }

open_words! {
    /// What a package holds, for customs.
    pub enum CustomsContents {
        /// Goods for sale.
        Merchandise = "merchandise",
        /// Documents.
        Documents = "documents",
        /// A gift.
        Gift = "gift",
        /// Goods that are sent back.
        ReturnedGoods = "returned_goods",
        /// A sample.
        Sample = "sample",
    }

    /// What happens to a package abroad that cannot be delivered.
    pub enum NonDelivery {
        /// It comes back.
        ReturnToSender = "return_to_sender",
        /// It is given up.
        TreatAsAbandoned = "treat_as_abandoned",
    }
}
