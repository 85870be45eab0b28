//! What remains to be done on the channel once an order is imported.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    channel::{ChannelOrderId, UserKey},
};

/// A thing to do on the channel once an order is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FollowUpKind {
    /// Assign the configured user.
    AssignUser,
    /// Put on the acknowledgement tag.
    AddTag,
}

/// A follow-up that is born with its order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NewFollowUp {
    /// What is to be done.
    pub kind: FollowUpKind,
    /// The user the order had when it was imported: tells our own earlier attempt from a person's choice.
    pub user_before: Option<UserKey>,
}

impl NewFollowUp {
    /// A follow-up of an order that had this user.
    pub fn new(kind: FollowUpKind, user_before: Option<UserKey>) -> Self {
        Self { kind, user_before }
    }
}

/// A thing that is still to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FollowUp {
    /// On which order.
    pub order: ChannelOrderId,
    /// What.
    pub kind: FollowUpKind,
    /// The user the order had when it was imported.
    pub user_before: Option<UserKey>,
    /// How many attempts were made.
    pub attempts: u32,
    /// Whether an attempt may have taken effect without our knowing: then look first.
    pub outcome_unknown: bool,
    /// The values that were tried, each once: finding one of them on the channel is our own doing.
    #[serde(default)]
    pub tried: Vec<String>,
    /// Since when it is open.
    pub created_at: Timestamp,
}

impl FollowUp {
    /// A follow-up that has not been tried.
    pub fn open(order: ChannelOrderId, new: NewFollowUp, created_at: Timestamp) -> Self {
        Self {
            order,
            kind: new.kind,
            user_before: new.user_before,
            attempts: 0,
            outcome_unknown: false,
            tried: Vec::new(),
            created_at,
        }
    }

    /// Takes down an attempt with this value.
    pub fn attempt(&mut self, wanted: &str) {
        self.attempts = self.attempts.saturating_add(1);
        self.outcome_unknown = true;
        if !self.tried.iter().any(|tried| tried == wanted) {
            self.tried.push(wanted.to_owned());
        }
    }
}

/// What became of a follow-up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FollowUpOutcome {
    /// On which order.
    pub order: ChannelOrderId,
    /// What.
    pub kind: FollowUpKind,
    /// What became of it.
    pub result: FollowUpResult,
}

impl FollowUpOutcome {
    /// An outcome.
    pub fn new(order: ChannelOrderId, kind: FollowUpKind, result: FollowUpResult) -> Self {
        Self { order, kind, result }
    }
}

/// What became of a follow-up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FollowUpResult {
    /// A request is about to leave. Counts an attempt, keeps the value among those that were tried and sets
    /// `outcome_unknown`; the follow-up stays open. [`FollowUp::attempt`] does that.
    Attempting {
        /// The value that is tried.
        wanted: String,
    },
    /// It is done: closed for ever.
    Done,
    /// The setting was cleared: closed.
    NoLongerRequired,
    /// A person chose somebody else after us: closed.
    OverriddenByPerson,
    /// Not yet: it stays open.
    Pending {
        /// Not before this.
        next_attempt: Timestamp,
        /// Whether the attempt may have taken effect.
        outcome_unknown: bool,
        /// What happened.
        error: String,
    },
    /// It cannot work with this value: closed until the setting changes.
    Failed {
        /// The value that was tried.
        wanted: String,
        /// What happened.
        error: String,
    },
}
