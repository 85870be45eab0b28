//! Why an imported order waits.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    ChannelOrderId, Unrecognized,
    kinds::kinds,
    shipping::{DisplayText, cut_names, name_list},
};

/// Why an imported order must wait for a person before it is shipped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
#[non_exhaustive]
pub enum HoldReason {
    /// No rule maps the shipping text.
    UnmappedShipping {
        /// The text, exactly.
        text: String,
    },
    /// The store gave no shipping text and no rule says what that means.
    NoShippingText,
    /// A line is not linked to anything that the host sells.
    NotManagedLine {
        /// The SKUs; lines without one are named as such.
        skus: Vec<String>,
    },
    /// It was split off, or taken out of, an order that is already imported: its goods may be on their way.
    SplitOfImported {
        /// The imported order.
        parent: ChannelOrderId,
    },
    /// It was merged from orders that are already imported.
    MergesImported {
        /// The imported orders.
        orders: Vec<ChannelOrderId>,
    },
    /// Somebody else fulfills it, such as a marketplace's own warehouse.
    ExternallyFulfilled,
    /// Address, lines and day are those of another imported order; see
    /// [`OrderFingerprint`](super::OrderFingerprint).
    PossibleDuplicate {
        /// The order that it looks like.
        of: ChannelOrderId,
    },
    /// The host's [`ImportPolicy`](super::ImportPolicy) says so. Only the host releases it.
    ByPolicy {
        /// Why, in the host's words; no buyer's data.
        #[serde(rename = "text")]
        reason: String,
    },
    /// A value of a newer version.
    #[serde(untagged)]
    Unrecognized(Unrecognized),
}

kinds! {
    /// The kind of a [`HoldReason`].
    HoldKind of HoldReason {
        UnmappedShipping = "unmapped_shipping": Self::UnmappedShipping { .. },
        NoShippingText = "no_shipping_text": Self::NoShippingText,
        NotManagedLine = "not_managed_line": Self::NotManagedLine { .. },
        SplitOfImported = "split_of_imported": Self::SplitOfImported { .. },
        MergesImported = "merges_imported": Self::MergesImported { .. },
        ExternallyFulfilled = "externally_fulfilled": Self::ExternallyFulfilled,
        PossibleDuplicate = "possible_duplicate": Self::PossibleDuplicate { .. },
        ByPolicy = "by_policy": Self::ByPolicy { .. },
        Unrecognized = "unrecognized": Self::Unrecognized(_),
    }
}

impl HoldReason {
    /// The same for a report: texts from outside are cut where they are long.
    pub(crate) fn for_report(self) -> Self {
        match self {
            Self::UnmappedShipping { text } => Self::UnmappedShipping { text: DisplayText::new(&text).cut() },
            Self::NotManagedLine { skus } => Self::NotManagedLine { skus: cut_names(&skus) },
            Self::ByPolicy { reason } => Self::ByPolicy { reason: DisplayText::new(&reason).cut() },
            other => other,
        }
    }

    /// Whether it is about how the order is shipped, or who ships it: a shipping rule or a setting can release it.
    pub fn is_about_shipping(&self) -> bool {
        matches!(self, Self::UnmappedShipping { .. } | Self::NoShippingText | Self::ExternallyFulfilled)
    }
}

impl fmt::Display for HoldReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnmappedShipping { text } => {
                write!(f, "shipping text {} is not mapped", DisplayText::new(text))
            }
            Self::NoShippingText => f.write_str("the store gave no shipping text"),
            Self::NotManagedLine { skus } => {
                write!(f, "not linked to a listing: {}", name_list(&cut_names(skus)))
            }
            Self::SplitOfImported { parent } => write!(f, "split off the imported order {parent}"),
            Self::MergesImported { orders } => {
                f.write_str("contains the imported orders")?;
                orders.iter().try_for_each(|order| write!(f, " {order}"))
            }
            Self::ExternallyFulfilled => f.write_str("fulfilled by somebody else"),
            Self::PossibleDuplicate { of } => write!(f, "has the address, lines and day of order {of}"),
            Self::ByPolicy { reason } => {
                write!(f, "by the host's policy: {}", DisplayText::new(reason).unquoted())
            }
            Self::Unrecognized(reason) => write!(f, "{reason}"),
        }
    }
}
