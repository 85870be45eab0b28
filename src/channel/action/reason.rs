//! Why an action is closed without its effect: as a short code, and in words for a person.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::channel::{ChannelTagId, Unrecognized, kinds::kinds, wording::count_of};

kinds! { CloseKind of
    /// Why an action is closed although the order does not show it. The host may ask for it again, under a new id.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(tag = "reason", rename_all = "snake_case")]
    pub enum CloseReason {
        /// A request may have reached the channel, and the looks do not show its effect. A person decides.
        OutcomeUnknown {
            /// How many requests had an unknown outcome.
            requests: u32,
            /// What the last look saw.
            saw: String,
        } = "outcome_unknown" => (
            "whether it took effect is not known after {}: {saw}; look at the order in the channel, and ask again if it is still wanted",
            count_of(u64::from(*requests), "request")
        ),
        /// The order was changed between the first attempt and the next: that may be a later act of somebody else.
        OrderChanged = "order_changed" => (
            "the order was changed since the first attempt: look at it in the channel, and ask again if it is still wanted"
        ),
        /// The order is in a state in which it cannot be held.
        NotPossible {
            /// The state.
            status: String,
        } = "not_possible" => ("the order is {status} and cannot be held"),
        /// The order no longer exists in the channel.
        OrderGone = "order_gone" => ("the order no longer exists in the channel"),
        /// The hold would be over before it began.
        HoldIsOver = "hold_is_over" => ("the hold would be over already"),
        /// The channel has no such tag.
        TagUnknown {
            /// The tag.
            tag: ChannelTagId,
        } = "tag_unknown" => ("the channel has no tag {tag}"),
        /// The channel refused the request.
        Refused {
            /// The channel's message.
            message: String,
        } = "refused" => ("the channel refused it ({message})"),
        /// It was tried for too long.
        GaveUp {
            /// For how long.
            #[serde(with = "crate::duration_text")]
            after: Duration,
            /// What the last attempt said.
            last_error: String,
        } = "gave_up" => (
            "given up after {} h, the last attempt said: {last_error}; ask again if it is still wanted",
            after.as_secs() / 3600
        ),
        /// A value of a newer version.
        #[serde(untagged)]
        Unrecognized(reason: Unrecognized) = "unrecognized" => ("{reason}"),
    }
}
