//! The rows of an action store: how they are asked for, and what becomes of them.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    channel::{ActionId, ActionState, ChannelOrderId, IllegalTransition, OrderAction, record::record},
    setters::setters,
};

record! {
    /// An action and where it stands. Its serde form is what stores keep.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct ActionRow {
        /// Its place in the order of addition, given by the store.
        #[serde(default)]
        pub number: u64,
        /// The action.
        pub action: OrderAction,
        /// Where it stands.
        pub state: ActionState = ActionState::Pending,
        /// How many attempts were made that count.
        pub attempts: u32 = 0,
        /// How many requests had an unknown outcome. Never starts over: it bounds how often the action is sent.
        pub unknown_outcomes: u32 = 0,
        /// When the order had last been modified, as it was seen before the first request.
        pub modified_at: Option<Timestamp> = None,
        /// What the last attempt said, for people.
        pub last_error: Option<String> = None,
        /// When it was added.
        pub added_at: Timestamp = now,
        /// When its state last changed.
        pub updated_at: Timestamp = now,
    }
    /// A new row.
    pub fn new(number: u64, action: OrderAction, now: Timestamp);
}

impl ActionRow {
    /// After so many requests of unknown outcome an action is only looked for.
    pub const MAX_REQUESTS: u32 = 2;

    /// What an action is answered whose id this row has.
    pub fn answer_to(&self, action: &OrderAction) -> AddOutcome {
        if self.action == *action { AddOutcome::Duplicate } else { AddOutcome::Conflict }
    }

    /// The last of these rows of its order that decides about the same and came later.
    pub fn superseded_by<'r>(&self, order: &'r [Self]) -> Option<&'r Self> {
        let overrides =
            |row: &&Self| row.number > self.number && row.action.kind.overrides(&self.action.kind);
        order.iter().rfind(overrides)
    }

    /// Takes an intent, where `order` are all rows of its order or at least those that are open: puts the row into
    /// [`ActionState::Sending`], or leaves it as it is.
    ///
    /// # Errors
    /// [`IllegalTransition`] when the state machine does not have the step; no state that is due is without it.
    pub fn begin(
        &mut self,
        intent: &ActionIntent,
        order: &[Self],
    ) -> Result<BeginActionOutcome, IllegalTransition> {
        if !self.state.is_due(intent.now) || self.unknown_outcomes >= Self::MAX_REQUESTS {
            return Ok(BeginActionOutcome::NotDue);
        }
        if self.superseded_by(order).is_some() {
            return Ok(BeginActionOutcome::Superseded);
        }
        if order.iter().any(|other| other.number < self.number && !other.state.is_closed()) {
            return Ok(BeginActionOutcome::OrderBusy);
        }
        let (since, server_since) = (intent.now, intent.server_time);
        self.state = self.state.step(ActionState::Sending { since, server_since })?;
        if self.unknown_outcomes == 0 {
            self.modified_at = intent.modified_at;
        }
        self.updated_at = intent.now;
        Ok(BeginActionOutcome::Granted)
    }

    /// Takes a step.
    ///
    /// # Errors
    /// [`IllegalTransition`] when the state machine does not have it, or when the action was sent as often as it may; the row is as
    /// it was then.
    pub fn step(&mut self, record: ActionTransition) -> Result<(), IllegalTransition> {
        let (was_sending, was_in_flight) =
            (matches!(self.state, ActionState::Sending { .. }), self.state.is_in_flight());
        let (from, to) = (self.state.name(), record.state.name());
        let next = self.state.step(record.state)?;
        if was_in_flight && next == ActionState::Pending && self.unknown_outcomes >= Self::MAX_REQUESTS {
            return Err(IllegalTransition { from, to });
        }
        self.state = next;
        let is_unknown = matches!(self.state, ActionState::Unknown { .. });
        self.unknown_outcomes = self.unknown_outcomes.saturating_add((was_sending && is_unknown).into());
        self.attempts = self.attempts.saturating_add(u32::from(record.counts_attempt));
        self.last_error = record.error;
        self.updated_at = record.now;
        Ok(())
    }

    /// After a restore: an open one may have been sent since. It is looked at, and not sent.
    pub fn doubt(&mut self, now: Timestamp) {
        self.unknown_outcomes = self.unknown_outcomes.max(1);
        self.modified_at = None;
        self.last_error = Some("the store was restored: whether it was sent since is looked for".to_owned());
        self.updated_at = now;
    }
}

/// What became of an action that was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddOutcome {
    /// It is new.
    Added,
    /// It was there already; nothing was changed.
    Duplicate,
    /// Another action has its id; nothing was changed.
    Conflict,
}

/// Which rows are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ActionQuery {
    /// Rows that are not closed.
    Open,
    /// Every row of one order, closed ones included.
    OfOrder(ChannelOrderId),
}

impl ActionQuery {
    /// Whether the row is one of them.
    pub fn takes(&self, row: &ActionRow) -> bool {
        match self {
            Self::Open => !row.state.is_closed(),
            Self::OfOrder(order) => row.action.order == *order,
        }
    }
}

record! {
    /// What is recorded before a request leaves.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct ActionIntent {
        /// The action.
        pub id: ActionId,
        /// The present instant.
        pub now: Timestamp,
        /// The channel's own time at this instant, where it is known.
        pub server_time: Option<Timestamp> = None,
        /// When the order was last modified, as the channel says.
        pub modified_at: Option<Timestamp> = None,
    }
    /// An intent.
    pub fn new(id: ActionId, now: Timestamp);
}

impl ActionIntent {
    setters! {
        /// The channel's own time at this instant.
        server_time(time: Option<Timestamp>) => server_time = time;
        /// When the order was last modified.
        modified_at(time: Option<Timestamp>) => modified_at = time;
    }
}

/// Whether an action may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BeginActionOutcome {
    /// The intent is durable: send.
    Granted,
    /// The action is not due any more, or was sent as often as it may. Do not send.
    NotDue,
    /// A later action decides about the same. Do not send.
    Superseded,
    /// An earlier action of the order is open. Do not send.
    OrderBusy,
}

record! {
    /// A step of a row.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct ActionTransition {
        /// The action.
        pub id: ActionId,
        /// The state it is in from now on.
        pub state: ActionState,
        /// Whether an attempt is to be counted.
        pub counts_attempt: bool = false,
        /// What happened, for people; `None` clears the last error.
        pub error: Option<String> = None,
        /// The present instant.
        pub now: Timestamp,
    }
    /// A step that counts no attempt and leaves no error.
    pub fn new(id: ActionId, state: ActionState, now: Timestamp);
}

impl ActionTransition {
    setters! {
        /// The attempt counts.
        counting_attempt() => counts_attempt = true;
        /// With a note on what happened.
        because(error: impl Into<String>) => error = Some(error.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::ActionKind;

    fn row(number: u64, kind: ActionKind) -> ActionRow {
        let action = OrderAction::new(format!("a{number}"), "1", kind);
        ActionRow::new(number, action, Timestamp::UNIX_EPOCH)
    }

    fn to(row: &mut ActionRow, state: ActionState) -> Result<(), IllegalTransition> {
        row.step(ActionTransition::new(row.action.id.clone(), state, Timestamp::UNIX_EPOCH))
    }

    fn intent(row: &ActionRow) -> ActionIntent {
        ActionIntent::new(row.action.id.clone(), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn an_action_is_sent_twice_at_most() {
        let mut row = row(1, ActionKind::Release);
        for outcome in [Ok(()), Err(())] {
            assert_eq!(row.begin(&intent(&row), &[]), Ok(BeginActionOutcome::Granted));
            to(&mut row, ActionState::unknown_since(Timestamp::UNIX_EPOCH, None)).unwrap();
            assert_eq!(to(&mut row, ActionState::Pending).map_err(drop), outcome);
        }
        let mut tampered = ActionRow { state: ActionState::Pending, ..row };
        assert_eq!(tampered.begin(&intent(&tampered), &[]), Ok(BeginActionOutcome::NotDue));
    }

    #[test]
    fn the_first_date_is_the_one_that_is_compared() {
        let mut row = row(1, ActionKind::Release);
        let at = |seconds| Some(Timestamp::from_unix_seconds(seconds));
        row.begin(&intent(&row).modified_at(at(5)), &[]).unwrap();
        to(&mut row, ActionState::unknown_since(Timestamp::UNIX_EPOCH, None)).unwrap();
        to(&mut row, ActionState::Pending).unwrap();
        row.begin(&intent(&row).modified_at(at(9)), &[]).unwrap();
        assert_eq!(row.modified_at, at(5));
    }

    #[test]
    fn an_earlier_one_goes_first_and_a_later_one_counts() {
        let hold = row(1, ActionKind::Hold { until: Timestamp::UNIX_EPOCH });
        let (tag, release) = (row(2, ActionKind::AddTag { tag: "7".into() }), row(3, ActionKind::Release));
        let order = [hold.clone(), tag.clone(), release.clone()];
        let begin = |row: &ActionRow| row.clone().begin(&intent(row), &order).unwrap();
        assert_eq!(begin(&hold), BeginActionOutcome::Superseded);
        assert_eq!(begin(&tag), BeginActionOutcome::OrderBusy);
        assert_eq!(hold.superseded_by(&order), Some(&release));
    }
}
