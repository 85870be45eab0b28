//! Why an order that was read is not imported.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, HostOrderId, Unrecognized,
        kinds::kinds,
        shipping::{DisplayText, StoreKey},
    },
};

/// Why an order that was read is not imported. The order of the variants is the order in which the
/// reasons are counted: an order with several counts under the first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
#[non_exhaustive]
pub enum SkipReason {
    /// The host has it.
    AlreadyImported {
        /// When it was imported.
        at: Timestamp,
        /// The host's order.
        host_order: Option<HostOrderId>,
    },
    /// Its store is not selected.
    WrongStore {
        /// Its store.
        store: Option<StoreKey>,
    },
    /// Its state is not one that is imported.
    WrongStatus {
        /// Its state.
        status: String,
        /// What is imported.
        wanted: Vec<String>,
    },
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
    },
    /// It is older than the fixed floor.
    BeforeFloor {
        /// The floor.
        floor: Timestamp,
    },
    /// It lies outside the stretch of time that was asked for.
    OutsideRange {
        /// Which date counts.
        basis: Cow<'static, str>,
    },
    /// The date that its age is counted from is missing.
    NoDate {
        /// Which date.
        basis: Cow<'static, str>,
    },
    /// It lacks the tag.
    MissingTag {
        /// Its tags.
        has: Vec<i64>,
        /// The tags of which it needs one.
        wants: Vec<i64>,
    },
    /// It has a tag that keeps it out.
    ExcludedTag {
        /// The tag.
        tag: i64,
    },
    /// The host itself put it into the channel.
    OwnOrder,
    /// Somebody else fulfills it, such as a marketplace's own warehouse.
    ExternallyFulfilled,
    /// Its parent is imported.
    SplitOfImported {
        /// The parent.
        parent: ChannelOrderId,
    },
    /// It contains imported orders.
    MergesImported {
        /// The imported orders.
        orders: Vec<ChannelOrderId>,
    },
    /// Nothing on it can be shipped.
    EmptyOrder,
    /// It failed, and a person has said that it shall not be tried again.
    Dismissed {
        /// What went wrong.
        error: String,
    },
    /// Its shipping text is not mapped, and the settings reject such orders.
    UnmappedShipping {
        /// The text.
        text: Option<String>,
    },
    /// The host's [`ImportPolicy`](crate::channel::ImportPolicy) leaves it out; the next run asks again.
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
    /// The kind of a [`SkipReason`].
    SkipKind of SkipReason {
        AlreadyImported = "already_imported": Self::AlreadyImported { .. },
        WrongStore = "wrong_store": Self::WrongStore { .. },
        WrongStatus = "wrong_status": Self::WrongStatus { .. },
        TooOld = "too_old": Self::TooOld { .. },
        BeforeFloor = "before_floor": Self::BeforeFloor { .. },
        OutsideRange = "outside_range": Self::OutsideRange { .. },
        NoDate = "no_date": Self::NoDate { .. },
        MissingTag = "missing_tag": Self::MissingTag { .. },
        ExcludedTag = "excluded_tag": Self::ExcludedTag { .. },
        OwnOrder = "own_order": Self::OwnOrder,
        ExternallyFulfilled = "externally_fulfilled": Self::ExternallyFulfilled,
        SplitOfImported = "split_of_imported": Self::SplitOfImported { .. },
        MergesImported = "merges_imported": Self::MergesImported { .. },
        EmptyOrder = "empty_order": Self::EmptyOrder,
        Dismissed = "dismissed": Self::Dismissed { .. },
        UnmappedShipping = "unmapped_shipping": Self::UnmappedShipping { .. },
        ByPolicy = "by_policy": Self::ByPolicy { .. },
        Unrecognized = "unrecognized": Self::Unrecognized(_),
    }
}

impl SkipReason {
    /// The same for a report: texts from outside are cut where they are long.
    pub(crate) fn for_report(self) -> Self {
        match self {
            Self::UnmappedShipping { text: Some(text) } => {
                Self::UnmappedShipping { text: Some(DisplayText::new(&text).cut()) }
            }
            Self::WrongStatus { status, wanted } => {
                Self::WrongStatus { status: DisplayText::name(&status).cut(), wanted }
            }
            Self::Dismissed { error } => Self::Dismissed { error: DisplayText::new(&error).cut() },
            Self::ByPolicy { reason } => Self::ByPolicy { reason: DisplayText::new(&reason).cut() },
            other => other,
        }
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
                status => format!("add {status} to the imported statuses"),
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

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyImported { at, host_order: Some(order) } => {
                write!(f, "imported on {at} as host order {order}")
            }
            Self::AlreadyImported { at, host_order: None } => write!(f, "imported on {at}"),
            Self::WrongStore { store: Some(store) } => write!(f, "store {store} is not selected"),
            Self::WrongStore { store: None } => f.write_str("it has no store, and stores are selected"),
            Self::WrongStatus { status, wanted } => {
                let status = DisplayText::name(status).unquoted();
                write!(f, "is {status}, import wants {}", wanted.join(" or "))
            }
            Self::TooOld { basis, age_days, placed_days, limit_days } => {
                write!(f, "{basis} {age_days} d ago")?;
                if let Some(placed) = placed_days {
                    write!(f, " (placed {placed} d ago)")?;
                }
                write!(f, ", limit {limit_days} d")
            }
            Self::BeforeFloor { floor } => write!(f, "older than the floor {floor}"),
            Self::OutsideRange { basis } => write!(f, "its {basis} date lies outside the range"),
            Self::NoDate { basis } => write!(f, "has no {basis} date to count its age from"),
            Self::MissingTag { has, wants } if has.is_empty() => {
                write!(f, "has no tags, wants {}", numbers(wants))
            }
            Self::MissingTag { has, wants } => {
                write!(f, "has tags {}, wants {}", numbers(has), numbers(wants))
            }
            Self::ExcludedTag { tag } => write!(f, "has the excluded tag {tag}"),
            Self::OwnOrder => f.write_str("came from the host itself"),
            Self::ExternallyFulfilled => f.write_str("fulfilled by somebody else"),
            Self::SplitOfImported { parent } => write!(f, "split off order {parent}, which is imported"),
            Self::MergesImported { orders } => {
                f.write_str("contains imported orders")?;
                orders.iter().try_for_each(|order| write!(f, " {order}"))
            }
            Self::EmptyOrder => f.write_str("no shippable line"),
            Self::Dismissed { error } => write!(f, "was dismissed after it failed: {error}"),
            Self::UnmappedShipping { text: Some(text) } => {
                write!(f, "shipping text {} is not mapped", DisplayText::new(text))
            }
            Self::UnmappedShipping { text: None } => f.write_str("it has no shipping text"),
            Self::ByPolicy { reason } => {
                write!(f, "by the host's policy: {}", DisplayText::new(reason).unquoted())
            }
            Self::Unrecognized(reason) => write!(f, "{reason}"),
        }
    }
}

fn numbers(list: &[i64]) -> String {
    list.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")
}
