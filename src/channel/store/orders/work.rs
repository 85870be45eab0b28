//! What is still to be done about orders: the ledger of open work. What becomes of an entry is decided here, for every store.

use serde::{Deserialize, Serialize};

use super::NewOrder;
use crate::{
    Timestamp,
    channel::{ChannelOrderId, ChannelUserId, record::record},
    named_enum::named_enum,
};

named_enum! {
    /// What is to be done about an order.
    WorkKind {
        /// Read it again and import it: an earlier attempt failed.
        Import = "import",
        /// Assign the configured user, now that it is imported.
        AssignUser = "assign_user",
        /// Put on the acknowledgement tag, now that it is imported.
        AddTag = "add_tag",
    }
}

impl WorkKind {
    /// Whether it follows an import, and is not one itself.
    pub fn is_follow_up(self) -> bool {
        self != Self::Import
    }
}

record! {
    /// An entry of the ledger: an order needs attention at this time, for this reason, and was tried so often. Its serde form is
    /// what stores keep. Nothing of a buyer.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct OrderWork {
        /// The order.
        pub order: ChannelOrderId,
        /// Its number.
        pub number: String,
        /// What is to be done.
        pub kind: WorkKind,
        /// Whether it is to be done at all.
        pub state: WorkState = WorkState::Open,
        /// How many attempts were made.
        pub attempts: u32 = 0,
        /// Since when it is in the ledger.
        pub first_seen: Timestamp = at,
        /// The earliest time of the next attempt.
        pub next_attempt: Timestamp = at,
        /// When the last import of the order failed.
        pub failed_at: Option<Timestamp> = None,
        /// What the last attempt said, for people.
        pub error: Option<String> = None,
        /// Whether trying again may help by itself.
        pub retryable: bool = true,
        /// The user the order had when it was imported: tells our own earlier attempt from a person's choice.
        pub user_before: Option<ChannelUserId> = None,
        /// Whether an attempt may have taken effect without our knowing: then look first.
        pub outcome_unknown: bool = false,
        /// The values that were tried, each once: finding one of them on the channel is our own doing.
        pub tried: Vec<String> = Vec::new(),
    }
    /// An entry that has not been tried and is due at once.
    pub fn new(order: ChannelOrderId, number: impl Into<String>, kind: WorkKind, at: Timestamp);
}

/// Whether an entry is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[non_exhaustive]
pub enum WorkState {
    /// It is to be done.
    Open,
    /// It cannot work with this value of its setting: it waits until the setting changes.
    Failed {
        /// The value that was tried.
        wanted: String,
    },
    /// A person has said that it shall not be done.
    Dismissed,
}

impl WorkState {
    /// A short stable name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Failed { .. } => "failed",
            Self::Dismissed => "dismissed",
        }
    }
}

impl OrderWork {
    /// The entries that come into being with an order, one of each kind: its follow-ups.
    pub fn follow_ups_of(new: &NewOrder) -> Vec<Self> {
        let mut entries: Vec<Self> = Vec::new();
        for follow_up in &new.follow_ups {
            if entries.iter().all(|entry| entry.kind != follow_up.kind) {
                let (order, number) = (new.order.id.clone(), new.order.number.clone());
                let entry = Self::new(order, number, follow_up.kind, new.imported_at);
                entries.push(Self { user_before: follow_up.user_before.clone(), ..entry });
            }
        }
        entries
    }

    /// Whether it is open and its time has come.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.state == WorkState::Open && self.next_attempt <= now
    }

    /// Whether a person has dismissed it.
    pub fn is_dismissed(&self) -> bool {
        self.state == WorkState::Dismissed
    }

    /// A person has dismissed it: says whether that is new.
    pub fn dismiss(&mut self) -> bool {
        std::mem::replace(&mut self.state, WorkState::Dismissed) != WorkState::Dismissed
    }

    /// Its place among those that are due: first those that have been due for longest.
    pub fn place(&self) -> (Timestamp, &ChannelOrderId) {
        (self.next_attempt, &self.order)
    }

    /// The entry for `(order, kind)` after this outcome, where `kept` is the one before; `None` where there is none.
    ///
    /// Only [`WorkResult::ImportFailed`] makes an entry. Of a follow-up that is not open, every other outcome is ignored.
    pub fn step(kept: Option<Self>, outcome: &WorkOutcome) -> Option<Self> {
        if let WorkResult::ImportFailed(failure) = &outcome.result {
            return Some(Self::failed_again(kept, failure));
        }
        let mut entry = kept?;
        if entry.kind.is_follow_up() && entry.state != WorkState::Open {
            return Some(entry);
        }
        match &outcome.result {
            WorkResult::ImportFailed(_) => {}
            WorkResult::Attempting { wanted } => {
                entry.attempts = entry.attempts.saturating_add(1);
                entry.outcome_unknown = true;
                if !entry.tried.contains(wanted) {
                    entry.tried.push(wanted.clone());
                }
            }
            WorkResult::Pending { next_attempt, outcome_unknown, error } => {
                entry.next_attempt = *next_attempt;
                entry.outcome_unknown = *outcome_unknown;
                entry.error = Some(error.clone());
            }
            WorkResult::Failed { wanted, error } => {
                entry.state = WorkState::Failed { wanted: wanted.clone() };
                entry.error = Some(error.clone());
            }
            WorkResult::Done | WorkResult::NoLongerRequired | WorkResult::OverriddenByPerson => return None,
        }
        Some(entry)
    }

    fn failed_again(kept: Option<Self>, failure: &OrderFailure) -> Self {
        let before = kept.unwrap_or_else(|| {
            Self::new(failure.order.clone(), failure.number.clone(), WorkKind::Import, failure.at)
        });
        Self {
            number: failure.number.clone(),
            attempts: before.attempts.saturating_add(1),
            next_attempt: failure.next_attempt,
            failed_at: Some(failure.at),
            error: Some(failure.error.clone()),
            retryable: failure.retryable,
            ..before
        }
    }

    /// Opens it again if it failed for another value than `wanted`; says whether it did.
    pub fn reopen(&mut self, wanted: &str, now: Timestamp) -> bool {
        let failed = matches!(&self.state, WorkState::Failed { wanted: tried } if tried != wanted);
        if failed {
            (self.state, self.next_attempt) = (WorkState::Open, now);
        }
        failed
    }
}

record! {
    /// A follow-up that comes into being with its order.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct NewFollowUp {
        /// What is to be done: [a follow-up](WorkKind::is_follow_up).
        pub kind: WorkKind,
        /// The user the order had when it was imported.
        pub user_before: Option<ChannelUserId>,
    }
    /// A follow-up of an order that had this user.
    pub fn new(kind: WorkKind, user_before: Option<ChannelUserId>);
}

/// Which entries are asked for.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum WorkQuery<'a> {
    /// Failed imports that are [due](OrderWork::is_due) at `now`: at most `limit`, in the order of [`OrderWork::place`].
    DueImports {
        /// The time at which it must be due.
        now: Timestamp,
        /// The length of the answer.
        limit: usize,
    },
    /// Follow-ups that are due at `now`: at most `limit`, in the same order.
    DueFollowUps {
        /// The time at which it must be due.
        now: Timestamp,
        /// The length of the answer.
        limit: usize,
    },
    /// Every entry of these orders, due or not, in any order. At least 500 orders MUST be taken in one call.
    Of(&'a [ChannelOrderId]),
}

record! {
    /// What became of an entry.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct WorkOutcome {
        /// The order.
        pub order: ChannelOrderId,
        /// What was to be done.
        pub kind: WorkKind,
        /// What became of it.
        pub result: WorkResult,
        /// When that was.
        pub at: Timestamp,
    }
    /// An outcome at `at`.
    pub fn new(order: ChannelOrderId, kind: WorkKind, result: WorkResult, at: Timestamp);
}

impl WorkOutcome {
    /// An order could not be imported.
    pub fn import_failed(failure: OrderFailure) -> Self {
        let (order, at) = (failure.order.clone(), failure.at);
        Self::new(order, WorkKind::Import, WorkResult::ImportFailed(failure), at)
    }
}

/// What became of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WorkResult {
    /// A request is about to leave: counts an attempt and keeps the value among those that were tried. It stays open.
    Attempting {
        /// The value that is tried.
        wanted: String,
    },
    /// It is done: the entry goes.
    Done,
    /// It need not be done any more: the entry goes.
    NoLongerRequired,
    /// A person chose something else after us: the entry goes.
    OverriddenByPerson,
    /// Not yet: it stays open.
    Pending {
        /// The earliest time of the next attempt.
        next_attempt: Timestamp,
        /// Whether the attempt may have taken effect.
        outcome_unknown: bool,
        /// What went wrong.
        error: String,
    },
    /// It cannot work with this value: it waits until the setting changes.
    Failed {
        /// The value that was tried.
        wanted: String,
        /// What went wrong.
        error: String,
    },
    /// The order could not be imported: makes an entry, or counts another attempt of it, also of a dismissed one.
    ImportFailed(OrderFailure),
}

record! {
    /// An order that could not be imported.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct OrderFailure {
        /// The order.
        pub order: ChannelOrderId,
        /// Its number.
        pub number: String,
        /// What happened; no buyer's data.
        pub error: String,
        /// Whether trying again may help by itself.
        pub retryable: bool,
        /// When it happened.
        pub at: Timestamp,
        /// The earliest time of the next attempt.
        pub next_attempt: Timestamp,
    }
    /// A failure that happened at `at` and is due again at `next_attempt`.
    pub fn new(
        order: ChannelOrderId,
        number: impl Into<String>,
        error: impl Into<String>,
        retryable: bool,
        at: Timestamp,
        next_attempt: Timestamp
    );
}
