//! The steps of the state machine, and the refusal of all others.

use super::{BlockReason, ShipmentState};

impl ShipmentState {
    /// The state after the step to `next`.
    ///
    /// # Errors
    /// [`IllegalTransition`] when the step is not in the table of [`ShipmentState`]. Staying in the same state with newer
    /// facts is allowed, so that repeating a record after a crash is harmless.
    pub fn step(&self, next: Self) -> Result<Self, IllegalTransition> {
        if self.allows(&next) {
            Ok(next)
        } else {
            Err(IllegalTransition { from: self.name(), to: next.name() })
        }
    }

    fn allows(&self, next: &Self) -> bool {
        use ShipmentState as S;
        if self == next {
            return true;
        }
        match self {
            S::Pending | S::Waiting { .. } | S::Blocked { .. } | S::RetryWait { .. } => {
                !matches!(next, S::Unknown { .. } | S::Sent { .. })
            }
            S::Sending { .. } => matches!(
                next,
                S::Sent { .. }
                    | S::Unknown { .. }
                    | S::RetryWait { .. }
                    | S::Blocked { .. }
                    | S::Failed { .. }
            ),
            S::Unknown { .. } => {
                matches!(
                    next,
                    S::Unknown { .. }
                        | S::Confirmed { .. }
                        | S::Pending
                        | S::Failed { .. }
                        | S::Blocked { reason: BlockReason::OutcomeUnknown { .. } }
                )
            }
            S::Sent { .. } => matches!(next, S::Confirmed { .. }),
            // The sales channel is notified later: what became of that may become known after the confirmation.
            S::Confirmed { .. } => matches!(next, S::Confirmed { .. }),
            S::Failed { .. } | S::Suppressed { .. } | S::Superseded { .. } | S::Cancelled => false,
        }
    }
}

/// A step that the state machine does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it cannot go from {from} to {to}")]
#[non_exhaustive]
pub struct IllegalTransition {
    /// The state it was in.
    pub from: &'static str,
    /// The state it was to be in.
    pub to: &'static str,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        Timestamp,
        channel::{FailReason, NotificationStatus, RetryClass, SupersedeReason},
    };

    fn all() -> Vec<ShipmentState> {
        let t = Timestamp::UNIX_EPOCH;
        vec![
            ShipmentState::Pending,
            ShipmentState::Waiting { missing: Vec::new() },
            ShipmentState::Blocked { reason: BlockReason::NoTracking },
            ShipmentState::RetryWait { until: t, class: RetryClass::RateLimited, server_since: None },
            ShipmentState::Sending { attempt: 1, since: t, server_since: None },
            ShipmentState::Unknown {
                since: t,
                checks: 0,
                last_check: None,
                order_missing: false,
                server_since: None,
                server_last_check: None,
            },
            ShipmentState::Sent { at: t },
            ShipmentState::Confirmed {
                record: None,
                notification: NotificationStatus::Unknown,
                already_there: false,
            },
            ShipmentState::Failed { reason: FailReason::OrderGone },
            ShipmentState::Suppressed { why: String::new() },
            ShipmentState::Superseded { reason: SupersedeReason::AlreadyMarkedShipped },
            ShipmentState::Cancelled,
        ]
    }

    #[test]
    fn nothing_that_may_have_been_sent_can_be_sent_again_without_a_look() {
        let sending = ShipmentState::Sending { attempt: 2, since: Timestamp::UNIX_EPOCH, server_since: None };
        for state in all().into_iter().filter(|state| state.is_in_flight() || state.is_closed()) {
            assert!(state.step(sending.clone()).is_err(), "{} must not go to sending", state.name());
        }
    }

    #[test]
    fn the_steps_are_those_of_the_table() {
        let not_sent: &[&str] = &[
            "pending",
            "waiting",
            "blocked",
            "retry_wait",
            "sending",
            "confirmed",
            "failed",
            "suppressed",
            "superseded",
            "cancelled",
        ];
        let table = [
            ("pending", not_sent),
            ("waiting", not_sent),
            ("blocked", not_sent),
            ("retry_wait", not_sent),
            ("sending", &["sending", "sent", "unknown", "retry_wait", "blocked", "failed"]),
            ("unknown", &["unknown", "confirmed", "pending", "failed"]),
            ("sent", &["sent", "confirmed"]),
            ("confirmed", &["confirmed"]),
            ("failed", &["failed"]),
            ("suppressed", &["suppressed"]),
            ("superseded", &["superseded"]),
            ("cancelled", &["cancelled"]),
        ];
        assert_eq!(all().iter().map(ShipmentState::name).collect::<Vec<_>>(), table.map(|(from, _)| from));
        for (state, (from, allowed)) in all().into_iter().zip(table) {
            for next in all() {
                let (to, taken) = (next.name(), state.step(next.clone()));
                let wanted =
                    if allowed.contains(&to) { Ok(next) } else { Err(IllegalTransition { from, to }) };
                assert_eq!(taken, wanted, "{from} -> {to}");
            }
        }
    }

    #[test]
    fn a_person_decides_about_an_outcome_that_no_look_could_tell() {
        let reason = BlockReason::OutcomeUnknown { requests: 3, saw: String::new() };
        let blocked = ShipmentState::Blocked { reason };
        let unknown = all().into_iter().find(|state| state.name() == "unknown").unwrap();
        assert!(unknown.step(blocked.clone()).is_ok());
        assert!(!blocked.is_due(Timestamp::UNIX_EPOCH), "not before it is released");
        assert!(blocked.step(ShipmentState::Pending).is_ok());
    }

    #[test]
    fn a_wait_that_was_set_by_a_wrong_clock_is_over() {
        let now = Timestamp::UNIX_EPOCH;
        let wait =
            |until| ShipmentState::RetryWait { until, class: RetryClass::Unavailable, server_since: None };
        let longest = now + ShipmentState::MAX_RETRY_WAIT;
        for (until, due) in [(now, true), (longest, false), (longest + Duration::from_secs(1), true)] {
            assert_eq!(wait(until).is_due(now), due, "until {until}");
        }
    }
}
