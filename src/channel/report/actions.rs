//! What became of actions on orders.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{RunInfo, Tally, item_lines};
use crate::channel::{
    ActionState, CloseKind, CloseReason, OrderAction, Unrecognized, kinds::kinds, record::record,
    shipping::DisplayText, wording::joined,
};

record! {
    /// What working on actions did.
    #[must_use]
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct ActionReport {
        /// The run.
        pub run: RunInfo,
        /// Actions, by what became of them.
        pub counts: ActionCounts = ActionCounts::default(),
        /// Which. What needs a person is never left out; successes may be.
        pub items: Vec<ActionItem> = Vec::new(),
        /// How many successes were left out of `items`.
        pub items_truncated: u64 = 0,
    }
    /// The report of a run that has just begun.
    pub fn new(run: RunInfo);
}

/// Successes that a report names one by one.
const NAMED_SUCCESSES: usize = 200;

impl ActionReport {
    /// Counts an action, and names it if there is room or need.
    pub fn add(&mut self, item: ActionItem) {
        self.counts.add(&item.outcome);
        if item.outcome.is_error() || self.items.len() < NAMED_SUCCESSES {
            self.items.push(item);
        } else {
            self.items_truncated += 1;
        }
    }

    /// The counts in one line.
    pub fn headline(&self) -> String {
        let ways = self.counts.outcomes.iter().map(|(kind, count)| format!("{count} {}", kind.message()));
        Some(joined(ways, ", ")).filter(|ways| !ways.is_empty()).unwrap_or_else(|| "none open".to_owned())
    }
}

impl fmt::Display for ActionReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = [("actions", self.headline()), ("closed", self.counts.closed.to_string())];
        let items = self.items.iter().filter(|item| item.outcome.is_error());
        self.run.fmt_report(f, lines.into_iter().chain(item_lines("action", items)))
    }
}

/// How many. Every action that the run looked at is counted once, by what it is when the run ends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ActionCounts {
    /// The actions, by what became of each.
    pub outcomes: Tally<ActionOutcomeKind>,
    /// Those that were closed without their effect, by reason.
    pub closed: Tally<CloseKind>,
    /// Requests that asked the channel to change an order.
    pub sent: u64,
}

impl ActionCounts {
    /// Counts one action.
    pub fn add(&mut self, outcome: &ActionOutcome) {
        self.outcomes.add(outcome.kind());
        if let ActionOutcome::Closed { reason } = outcome {
            self.closed.add(reason.kind());
        }
    }

    /// How many actions have this outcome.
    pub fn of(&self, outcome: ActionOutcomeKind) -> u64 {
        self.outcomes.of(outcome)
    }

    /// Whether the counts by reason are those of the outcomes.
    pub fn add_up(&self) -> bool {
        self.closed.total() == self.of(ActionOutcomeKind::Closed)
    }
}

record! {
    /// One action.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct ActionItem {
        /// The action.
        pub action: OrderAction,
        /// What became of it.
        pub outcome: ActionOutcome,
        /// What a person should know.
        pub note: Option<String>,
    }
    /// An item.
    pub fn new(action: OrderAction, outcome: ActionOutcome, note: Option<String>);
}

impl fmt::Display for ActionItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OrderAction { id, order, kind } = &self.action;
        let [id, order] = [id.as_str(), order.as_str()].map(|text| DisplayText::name(text).unquoted());
        write!(f, "{id} ({kind}) of order {order}: {}", self.outcome.kind().message())?;
        match (&self.outcome, &self.note) {
            (ActionOutcome::Closed { reason }, _) => {
                write!(f, ": {}", DisplayText::new(&reason.to_string()).unquoted())
            }
            (_, Some(note)) => write!(f, ": {}", DisplayText::new(note).unquoted()),
            _ => Ok(()),
        }
    }
}

kinds! { ActionOutcomeKind of
    /// What became of an action in this run.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(tag = "outcome", rename_all = "snake_case")]
    pub enum ActionOutcome {
        /// A real run would try it; this one was dry.
        WouldBeTried = "would_be_tried" ("would be tried"),
        /// The order is as wanted, by a request of ours.
        Done = "done" ("done"),
        /// The order was so already; nothing was sent.
        AlreadyThere = "already_there" ("were so already"),
        /// It is kept, and a later run does it.
        Queued = "queued" ("queued for a later run"),
        /// Waits for another attempt.
        RetryWaiting = "retry_waiting" ("will be tried again"),
        /// It is not known whether it took effect; it is looked for before anything is sent.
        Unknown = "unknown" ("of unknown outcome, will be looked for"),
        /// Closed without its effect.
        Closed {
            /// Why.
            #[serde(flatten)]
            reason: CloseReason,
        } = "closed" ("closed without their effect"),
        /// A later action decides about the same.
        Superseded = "superseded" ("superseded by a later action"),
        /// A value of a newer version.
        #[serde(untagged)]
        Unrecognized(Unrecognized) = "unrecognized" ("not known to this version"),
    }
}

impl ActionOutcome {
    /// Whether something failed that is kept for another attempt or for a person.
    pub fn is_error(&self) -> bool {
        matches!(self, Self::RetryWaiting | Self::Unknown | Self::Closed { .. })
    }
}

/// What an action in this state is, in a report.
impl From<&ActionState> for ActionOutcome {
    fn from(state: &ActionState) -> Self {
        match state {
            ActionState::Pending => Self::Queued,
            ActionState::RetryWait { .. } => Self::RetryWaiting,
            ActionState::Sending { .. } | ActionState::Unknown { .. } => Self::Unknown,
            ActionState::Done { already_there: true } => Self::AlreadyThere,
            ActionState::Done { .. } => Self::Done,
            ActionState::Closed { reason } => Self::Closed { reason: reason.clone() },
            ActionState::Superseded { .. } => Self::Superseded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::ActionKind;

    #[test]
    fn every_outcome_is_read_back() {
        let reason = CloseReason::OutcomeUnknown { requests: 2, saw: "nothing".to_owned() };
        for outcome in [
            ActionOutcome::Done,
            ActionOutcome::Queued,
            ActionOutcome::Closed { reason },
            ActionOutcome::Closed { reason: CloseReason::OrderGone },
        ] {
            let action = OrderAction::new("a-1", "7", ActionKind::AddTag { tag: "5".into() });
            let item = ActionItem::new(action, outcome, Some("note".to_owned()));
            let json = serde_json::to_string(&item).unwrap();
            assert_eq!(serde_json::from_str::<ActionItem>(&json).unwrap(), item, "{json}");
        }
        let newer = r#"{ "action": { "id": "a", "order": "1", "action": "release" },
                         "outcome": { "outcome": "postponed" }, "note": null }"#;
        let item: ActionItem = serde_json::from_str(newer).unwrap();
        assert_eq!(item.outcome.kind(), ActionOutcomeKind::Unrecognized);
    }
}
