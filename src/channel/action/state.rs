//! Where an action stands, and the steps that it can take.

use serde::{Deserialize, Serialize};

use super::CloseReason;
use crate::{
    Timestamp,
    channel::{ActionId, IllegalTransition, RetryClass, ShipmentState, kinds::kinds},
};

kinds! { ActionStateKind of
    /// Where an action stands.
    ///
    /// | from | to |
    /// | --- | --- |
    /// | `Pending`, `RetryWait` | any state but `Unknown`: only what was `Sending` can become that |
    /// | `Sending` | `Done`, `Unknown`, `RetryWait`, `Closed` |
    /// | `Unknown` | `Unknown` (looked once more), `Done`, `Pending` (to be tried once more), `Closed`, `Superseded` |
    /// | `Done`, `Closed`, `Superseded` | nothing |
    ///
    /// [`step`](Self::step) decides it, and every store asks it. `not_sent` are the two states of the first row:
    ///
    #[doc = include_str!("../../../docs/pictures/action-states.svg")]
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(tag = "state", rename_all = "snake_case")]
    pub enum ActionState {
        /// Nothing has been done yet, or it is to be tried once more.
        Pending = "pending",
        /// Nothing reached the channel, or the channel asked to come back: try again later.
        RetryWait {
            /// The earliest time of the next attempt.
            until: Timestamp,
            /// Why it waits.
            class: RetryClass,
            /// The channel's own time when the wait began, where it is known.
            server_since: Option<Timestamp>,
        } = "retry_wait",
        /// A request may be on its way. Durable before the request leaves.
        Sending {
            /// When that began.
            since: Timestamp,
            /// The channel's own time then, where it is known.
            server_since: Option<Timestamp>,
        } = "sending",
        /// It is not known whether it took effect: look before anything is sent again.
        Unknown {
            /// When the request was begun.
            since: Timestamp,
            /// The channel's own time of `since`, where it is known.
            server_since: Option<Timestamp>,
            /// How many looks in a row did not see the effect.
            checks: u32,
            /// When it was last looked for.
            last_check: Option<Timestamp>,
            /// The channel's own time of `last_check`, where it is known.
            server_last_check: Option<Timestamp>,
            /// Whether a look saw that the order was changed since. It is not sent again then.
            changed: bool,
        } = "unknown",
        /// The order is as wanted.
        Done {
            /// Whether it was so before anything was sent.
            already_there: bool,
        } = "done",
        /// Closed without its effect, for a person or for good.
        Closed {
            /// Why.
            reason: CloseReason,
        } = "closed",
        /// A later action decides about the same.
        Superseded {
            /// The later action.
            by: ActionId,
        } = "superseded",
    }
}

impl ActionState {
    /// Whether nothing will be done about it any more.
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Closed { .. } | Self::Superseded { .. })
    }

    /// Whether a request may have reached the channel, so that nothing may be sent without looking.
    pub fn is_in_flight(&self) -> bool {
        matches!(self, Self::Sending { .. } | Self::Unknown { .. })
    }

    /// Whether it may be sent at `now`. A wait that ends further ahead than
    /// [`MAX_RETRY_WAIT`](ShipmentState::MAX_RETRY_WAIT) was set by a wrong clock, and is over.
    pub fn is_due(&self, now: Timestamp) -> bool {
        match self {
            Self::Pending => true,
            Self::RetryWait { until, .. } => *until <= now || *until > now + ShipmentState::MAX_RETRY_WAIT,
            _ => false,
        }
    }

    /// It is not known whether a request that was begun then arrived, and it was not looked for.
    pub(crate) fn unknown_since(since: Timestamp, server_since: Option<Timestamp>) -> Self {
        let (checks, last_check, server_last_check, changed) = (0, None, None, false);
        Self::Unknown { since, server_since, checks, last_check, server_last_check, changed }
    }

    /// The state after the step to `next`.
    ///
    /// # Errors
    /// [`IllegalTransition`] when the step is not in the table of [`ActionState`]. Staying in the same state is allowed, so that
    /// repeating a record after a crash is harmless.
    pub fn step(&self, next: Self) -> Result<Self, IllegalTransition> {
        if *self == next || self.allows(&next) {
            Ok(next)
        } else {
            Err(IllegalTransition { from: self.name(), to: next.name() })
        }
    }

    fn allows(&self, next: &Self) -> bool {
        use ActionState as S;
        match self {
            S::Pending | S::RetryWait { .. } => !matches!(next, S::Unknown { .. }),
            S::Sending { .. } => {
                matches!(next, S::Done { .. } | S::Unknown { .. } | S::RetryWait { .. } | S::Closed { .. })
            }
            S::Unknown { .. } => !matches!(next, S::Sending { .. } | S::RetryWait { .. }),
            S::Done { .. } | S::Closed { .. } | S::Superseded { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_are_those_of_the_table() {
        let t = Timestamp::UNIX_EPOCH;
        let all = [
            ActionState::Pending,
            ActionState::RetryWait { until: t, class: RetryClass::RateLimited, server_since: None },
            ActionState::Sending { since: t, server_since: None },
            ActionState::unknown_since(t, None),
            ActionState::Done { already_there: false },
            ActionState::Closed { reason: CloseReason::OrderGone },
            ActionState::Superseded { by: "later".into() },
        ];
        let not_sent: &[&str] = &["pending", "retry_wait", "sending", "done", "closed", "superseded"];
        let table = [
            ("pending", not_sent),
            ("retry_wait", not_sent),
            ("sending", &["sending", "unknown", "retry_wait", "done", "closed"]),
            ("unknown", &["unknown", "pending", "done", "closed", "superseded"]),
            ("done", &["done"]),
            ("closed", &["closed"]),
            ("superseded", &["superseded"]),
        ];
        for (from, allowed) in table {
            let state = all.iter().find(|state| state.name() == from).unwrap();
            for next in &all {
                let legal = state.step(next.clone()).is_ok();
                assert_eq!(legal, allowed.contains(&next.name()), "{from} -> {}", next.name());
            }
        }
    }
}
