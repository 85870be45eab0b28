//! What the host wants done to an order in the channel, apart from shipping it. The states that an action passes through stand
//! beside this file, so that every store refuses the same illegal steps.

mod reason;
mod request;
mod state;

use serde::{Deserialize, Serialize};

pub(crate) use self::request::ActionRequest;
pub use self::{
    reason::{CloseKind, CloseReason},
    request::{HoldOrder, ReleaseOrder, TagOrder, UntagOrder},
    state::{ActionState, ActionStateKind},
};
use super::{ActionId, ChannelOrderId, ChannelTagId};
use crate::{
    Timestamp,
    channel::{record::record, wording::worded},
};

record! {
    /// Something that the host wants done to an order in the channel.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct OrderAction {
        /// Its identity: adding it again does nothing.
        pub id: ActionId,
        /// The order.
        pub order: ChannelOrderId,
        /// What is to be done.
        #[serde(flatten)]
        pub kind: ActionKind,
    }
    /// An action.
    pub fn new(id: impl Into<ActionId>, order: impl Into<ChannelOrderId>, kind: ActionKind);
}

worded! {
    /// What is to be done to an order.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(tag = "action", rename_all = "snake_case")]
    pub enum ActionKind {
        /// Hold it: it is not to be shipped before this instant.
        Hold {
            /// The end of the hold. A channel that holds by the day ends it with the first day that begins then or later.
            until: Timestamp,
        } => ("hold until {until}"),
        /// Release it from its hold.
        Release => ("release"),
        /// Put a tag on it.
        AddTag {
            /// The tag.
            tag: ChannelTagId,
        } => ("add tag {tag}"),
        /// Take a tag off it.
        RemoveTag {
            /// The tag.
            tag: ChannelTagId,
        } => ("remove tag {tag}"),
    }
}

impl ActionKind {
    /// Whether it decides about the same as an earlier one: whether the order is held, or whether it has the tag. Of two such
    /// the later one counts.
    pub fn overrides(&self, earlier: &Self) -> bool {
        match (self, earlier) {
            (Self::Hold { .. } | Self::Release, Self::Hold { .. } | Self::Release) => true,
            (
                Self::AddTag { tag } | Self::RemoveTag { tag },
                Self::AddTag { tag: other } | Self::RemoveTag { tag: other },
            ) => tag == other,
            _ => false,
        }
    }

    /// The method of [`ChannelConnector`](super::ChannelConnector) that asks for it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hold { .. } => "hold_order",
            Self::Release => "release_order",
            Self::AddTag { .. } => "tag_order",
            Self::RemoveTag { .. } => "untag_order",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_of_two_about_the_same_counts() {
        let hold = ActionKind::Hold { until: Timestamp::UNIX_EPOCH };
        let [add, remove] = ["7", "7"].map(ChannelTagId::from);
        let (add, remove) = (ActionKind::AddTag { tag: add }, ActionKind::RemoveTag { tag: remove });
        let other = ActionKind::AddTag { tag: "8".into() };
        for (later, earlier, overrides) in [
            (&ActionKind::Release, &hold, true),
            (&hold, &hold, true),
            (&remove, &add, true),
            (&other, &add, false),
            (&add, &hold, false),
            (&hold, &remove, false),
        ] {
            assert_eq!(later.overrides(earlier), overrides, "{later} after {earlier}");
        }
    }
}
