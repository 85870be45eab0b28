//! Why an action is closed without its effect: as a short code, and in words for a person.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::channel::{ChannelTagId, Unrecognized, kinds::kinds, wording::count_of};

/// Why an action is closed although the order does not show it. The host may ask for it again, under a new id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
#[non_exhaustive]
pub enum CloseReason {
    /// A request may have reached the channel, and the looks do not show its effect. A person decides.
    OutcomeUnknown {
        /// How many requests had an unknown outcome.
        requests: u32,
        /// What the last look saw.
        saw: String,
    },
    /// The order was changed between the first attempt and the next: that may be a later act of somebody else.
    OrderChanged,
    /// The order is in a state in which it cannot be held.
    NotPossible {
        /// The state.
        status: String,
    },
    /// The order no longer exists in the channel.
    OrderGone,
    /// The hold would be over before it began.
    HoldIsOver,
    /// The channel has no such tag.
    TagUnknown {
        /// The tag.
        tag: ChannelTagId,
    },
    /// The channel refused the request.
    Refused {
        /// The channel's message.
        message: String,
    },
    /// It was tried for too long.
    GaveUp {
        /// For how long.
        #[serde(with = "crate::duration_text")]
        after: Duration,
        /// What the last attempt said.
        last_error: String,
    },
    /// A value of a newer version.
    #[serde(untagged)]
    Unrecognized(Unrecognized),
}

kinds! {
    /// The kind of a [`CloseReason`].
    CloseKind of CloseReason {
        OutcomeUnknown = "outcome_unknown": Self::OutcomeUnknown { .. },
        OrderChanged = "order_changed": Self::OrderChanged,
        NotPossible = "not_possible": Self::NotPossible { .. },
        OrderGone = "order_gone": Self::OrderGone,
        HoldIsOver = "hold_is_over": Self::HoldIsOver,
        TagUnknown = "tag_unknown": Self::TagUnknown { .. },
        Refused = "refused": Self::Refused { .. },
        GaveUp = "gave_up": Self::GaveUp { .. },
        Unrecognized = "unrecognized": Self::Unrecognized(_),
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutcomeUnknown { requests, saw } => write!(
                f,
                "whether it took effect is not known after {}: {saw}; look at the order in the channel, and ask again if it is still wanted",
                count_of(u64::from(*requests), "request")
            ),
            Self::OrderChanged => f.write_str(
                "the order was changed since the first attempt: look at it in the channel, and ask again if it is still wanted",
            ),
            Self::NotPossible { status } => write!(f, "the order is {status} and cannot be held"),
            Self::OrderGone => f.write_str("the order no longer exists in the channel"),
            Self::HoldIsOver => f.write_str("the hold would be over already"),
            Self::TagUnknown { tag } => write!(f, "the channel has no tag {tag}"),
            Self::Refused { message } => write!(f, "the channel refused it ({message})"),
            Self::GaveUp { after, last_error } => write!(
                f,
                "given up after {} h, the last attempt said: {last_error}; ask again if it is still wanted",
                after.as_secs() / 3600
            ),
            Self::Unrecognized(reason) => write!(f, "{reason}"),
        }
    }
}
