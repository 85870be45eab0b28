//! Why an imported order waits.

use serde::{Deserialize, Serialize};

use super::{
    ChannelOrderId, Unrecognized,
    kinds::kinds,
    shipping::{DisplayText, cut_names, name_list},
    wording::spaced,
};

kinds! { HoldKind of
    /// Why an imported order must wait for a person before it is shipped.
    #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(tag = "reason", rename_all = "snake_case")]
    pub enum HoldReason {
        /// No rule maps the shipping text.
        UnmappedShipping {
            /// The text, exactly.
            text: String,
        } = "unmapped_shipping" => ("shipping text {} is not mapped", DisplayText::new(text)),
        /// The store gave no shipping text and no rule says what that means.
        NoShippingText = "no_shipping_text" => ("the store gave no shipping text"),
        /// A line is not linked to anything that the host sells.
        NotManagedLine {
            /// The SKUs; lines without one are named as such.
            skus: Vec<String>,
        } = "not_managed_line" => ("not linked to a listing: {}", name_list(&cut_names(skus))),
        /// It was split off, or taken out of, an order that is already imported: its goods may be on their way.
        SplitOfImported {
            /// The imported order.
            parent: ChannelOrderId,
        } = "split_of_imported" => ("split off the imported order {parent}"),
        /// It was merged from orders that are already imported.
        MergesImported {
            /// The imported orders.
            orders: Vec<ChannelOrderId>,
        } = "merges_imported" => ("contains the imported orders{}", spaced(orders)),
        /// Somebody else fulfills it, such as a marketplace's own warehouse.
        ExternallyFulfilled = "externally_fulfilled" => ("fulfilled by somebody else"),
        /// Address, lines and day are those of another imported order; see
        /// [`OrderFingerprint`](super::OrderFingerprint).
        PossibleDuplicate {
            /// The order that it looks like.
            of: ChannelOrderId,
        } = "possible_duplicate" => ("has the address, lines and day of order {of}"),
        /// The host's [`ImportPolicy`](super::ImportPolicy) says so. Only the host releases it.
        ByPolicy {
            /// Why, in the host's words; no buyer's data.
            #[serde(rename = "text")]
            reason: String,
        } = "by_policy" => ("by the host's policy: {}", DisplayText::new(reason).unquoted()),
        /// A value of a newer version.
        #[serde(untagged)]
        Unrecognized(reason: Unrecognized) = "unrecognized" => ("{reason}"),
    }
}

impl HoldReason {
    /// The same for a report: texts from outside are cut where they are long.
    pub(crate) fn for_report(mut self) -> Self {
        match &mut self {
            Self::UnmappedShipping { text } | Self::ByPolicy { reason: text } => {
                *text = DisplayText::new(text).cut();
            }
            Self::NotManagedLine { skus } => *skus = cut_names(skus),
            _ => {}
        }
        self
    }

    /// Whether it is about how the order is shipped, or who ships it: a shipping rule or a setting can release it.
    pub fn is_about_shipping(&self) -> bool {
        matches!(self, Self::UnmappedShipping { .. } | Self::NoShippingText | Self::ExternallyFulfilled)
    }
}
