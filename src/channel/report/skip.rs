//! Why an order that was read is not imported.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, HostOrderId, Unrecognized,
        kinds::kinds,
        shipping::{DisplayText, StoreKey},
        wording::{behind, joined, spaced},
    },
};

kinds! { SkipKind of
    /// Why an order that was read is not imported. The order of the variants is the order in which the
    /// reasons are counted: an order with several counts under the first.
    #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(tag = "reason", rename_all = "snake_case")]
    pub enum SkipReason {
        /// The host has it.
        AlreadyImported {
            /// When it was imported.
            at: Timestamp,
            /// The host's order.
            host_order: Option<HostOrderId>,
        } = "already_imported" => ("imported on {at}{}", behind(" as host order ", host_order.as_ref())),
        /// Its store is not selected.
        WrongStore {
            /// Its store.
            store: Option<StoreKey>,
        } = "wrong_store" => (
            "{}",
            store.as_ref().map_or("it has no store, and stores are selected".to_owned(), |store| format!("store {store} is not selected"))
        ),
        /// Its state is not one that is imported.
        WrongStatus {
            /// Its state.
            status: String,
            /// What is imported.
            wanted: Vec<String>,
        } = "wrong_status" => (
            "is {}, import wants {}", DisplayText::name(status).unquoted(), wanted.join(" or ")
        ),
        /// It is older than the limit.
        TooOld {
            /// Which date counts.
            basis: Cow<'static, str>,
            /// Its age in whole days, by the date that counts.
            age_days: u64,
            /// The age of the order by the date that the buyer knows, when that is another one.
            placed_days: Option<u64>,
            /// The limit.
            limit_days: u32,
        } = "too_old" => (
            "{basis} {age_days} d ago{}, limit {limit_days} d",
            placed_days.map(|placed| format!(" (placed {placed} d ago)")).unwrap_or_default()
        ),
        /// It is older than the fixed floor.
        BeforeFloor {
            /// The floor.
            floor: Timestamp,
        } = "before_floor" => ("older than the floor {floor}"),
        /// It lies outside the stretch of time that was asked for.
        OutsideRange {
            /// Which date counts.
            basis: Cow<'static, str>,
        } = "outside_range" => ("its {basis} date lies outside the range"),
        /// The date that its age is counted from is missing.
        NoDate {
            /// Which date.
            basis: Cow<'static, str>,
        } = "no_date" => ("has no {basis} date to count its age from"),
        /// It lacks the tag.
        MissingTag {
            /// Its tags.
            has: Vec<i64>,
            /// The tags of which it needs one.
            wants: Vec<i64>,
        } = "missing_tag" => (
            "has {}, wants {}", if has.is_empty() { "no tags".to_owned() } else { format!("tags {}", joined(has, ", ")) }, joined(wants, ", ")
        ),
        /// It has a tag that keeps it out.
        ExcludedTag {
            /// The tag.
            tag: i64,
        } = "excluded_tag" => ("has the excluded tag {tag}"),
        /// The host itself put it into the channel.
        OwnOrder = "own_order" => ("came from the host itself"),
        /// Somebody else fulfills it, such as a marketplace's own warehouse.
        ExternallyFulfilled = "externally_fulfilled" => ("fulfilled by somebody else"),
        /// Its parent is imported.
        SplitOfImported {
            /// The parent.
            parent: ChannelOrderId,
        } = "split_of_imported" => ("split off order {parent}, which is imported"),
        /// It contains imported orders.
        MergesImported {
            /// The imported orders.
            orders: Vec<ChannelOrderId>,
        } = "merges_imported" => ("contains imported orders{}", spaced(orders)),
        /// Nothing on it can be shipped.
        EmptyOrder = "empty_order" => ("no shippable line"),
        /// It failed, and a person has said that it shall not be tried again.
        Dismissed {
            /// What went wrong.
            error: String,
        } = "dismissed" => ("was dismissed after it failed: {error}"),
        /// Its shipping text is not mapped, and the settings reject such orders.
        UnmappedShipping {
            /// The text.
            text: Option<String>,
        } = "unmapped_shipping" => (
            "{}",
            text.as_ref().map_or("it has no shipping text".to_owned(), |text| format!("shipping text {} is not mapped", DisplayText::new(text)))
        ),
        /// The host's [`ImportPolicy`](crate::channel::ImportPolicy) leaves it out; the next run asks again.
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

impl SkipReason {
    /// The same for a report: texts from outside are cut where they are long.
    pub(crate) fn for_report(mut self) -> Self {
        match &mut self {
            Self::UnmappedShipping { text: Some(text) }
            | Self::Dismissed { error: text }
            | Self::ByPolicy { reason: text } => *text = DisplayText::new(text).cut(),
            Self::WrongStatus { status, .. } => *status = DisplayText::name(status).cut(),
            _ => {}
        }
        self
    }

    /// What a person can do about it, or why nothing is to be done; `None` where there is nothing to say.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::AlreadyImported { host_order, .. } => {
                host_order.as_ref().map(|order| format!("open host order {order}"))
            }
            Self::WrongStore { store: Some(store) } => Some(format!("select store {store}")),
            Self::WrongStore { store: None } => Some("clear the store filter".to_owned()),
            Self::WrongStatus { status, .. } => Some(match status.as_str() {
                "on_hold" => "release it in ShipStation, or import the status on_hold too".to_owned(),
                "awaiting_payment" => "it comes once it is paid".to_owned(),
                "cancelled" | "shipped" => format!("nothing, as it is {status}"),
                status => format!("add {} to the imported statuses", DisplayText::name(status).unquoted()),
            }),
            // No setting reaches further back than a year.
            Self::TooOld { age_days: 365.., .. } => Some("import this one order now".to_owned()),
            Self::TooOld { age_days, .. } => {
                Some(format!("{} days would include it, or import this one order now", age_days + 1))
            }
            Self::BeforeFloor { .. } => Some("move not_before, or import this one order now".to_owned()),
            Self::NoDate { .. } => Some("count the age from the creation date".to_owned()),
            Self::MissingTag { .. } => Some("tag it, or clear the tag filter".to_owned()),
            Self::ExcludedTag { tag } => Some(format!("take tag {tag} off, or stop excluding it")),
            Self::ExternallyFulfilled => {
                Some("set externally_fulfilled to hold or import, if the host is to have it".to_owned())
            }
            Self::SplitOfImported { .. } | Self::MergesImported { .. } => {
                Some("decide by hand: its goods may be on their way".to_owned())
            }
            Self::Dismissed { .. } => Some("import this one order now, if it is wanted after all".to_owned()),
            Self::UnmappedShipping { .. } => Some("add a shipping mapping for the text".to_owned()),
            Self::ByPolicy { .. } => {
                Some("the host's import policy decides: change it, or what it looks at".to_owned())
            }
            Self::OwnOrder | Self::EmptyOrder | Self::OutsideRange { .. } | Self::Unrecognized(_) => None,
        }
    }
}
