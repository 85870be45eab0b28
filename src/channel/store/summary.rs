//! What is kept of a run.

use serde::{Deserialize, Serialize};

use super::NewRun;
use crate::{
    Timestamp,
    channel::{Operation, RunId, RunStatus, record::record},
};

record! {
    /// What is kept of a run. Its serde form is what stores keep; summaries of version 0.1 are read with the defaults that the
    /// members name.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct RunSummary {
        /// The run.
        pub run: RunId,
        /// The operation. `None` in summaries of version 0.1.
        #[serde(default)]
        pub operation: Option<Operation> = None,
        /// What kind of run it was. `Full` in summaries of version 0.1.
        #[serde(default)]
        pub kind: RunKind = RunKind::Full,
        /// Whether it set out to do the whole of its operation: an import of the whole window, and not a quick look, a
        /// back-fill, a single order or a webhook. Only such runs count as [successes](Self::is_success). `true` in summaries of
        /// version 0.1, which kept no others.
        #[serde(default = "yes")]
        pub covers_window: bool = true,
        /// When it began. For an import this is the end of its window.
        pub started: Timestamp,
        /// When it ended; `None` while it runs or when it was abandoned.
        pub finished: Option<Timestamp> = Some(finished),
        /// Whether it changed nothing.
        pub dry_run: bool,
        /// What became of it.
        pub state: RunState = RunState::Ended { status },
        /// The report's counts in one line, for people.
        pub headline: String,
    }
    /// The summary of a run that has ended, and that did the whole of its operation unless [`of_kind`](Self::of_kind) says
    /// otherwise.
    pub fn ended(
        run: RunId,
        started: Timestamp,
        finished: Timestamp,
        dry_run: bool,
        status: RunStatus,
        headline: impl Into<String>
    );
}

fn yes() -> bool {
    true
}

impl RunSummary {
    /// The summary of a run that has just begun.
    pub fn running(run: &NewRun) -> Self {
        let summary = Self {
            run: run.run.clone(),
            operation: None,
            kind: RunKind::Full,
            covers_window: true,
            started: run.now,
            finished: None,
            dry_run: run.dry_run,
            state: RunState::Running,
            headline: String::new(),
        };
        summary.of_kind(run.operation, run.kind.clone())
    }

    /// The operation, and what kind of run of it this is.
    #[must_use]
    pub fn of_kind(mut self, operation: Operation, kind: RunKind) -> Self {
        self.covers_window = kind == RunKind::Full;
        self.operation = Some(operation);
        self.kind = kind;
        self
    }

    /// Whether it counts for [`RunStore::last_success`](super::RunStore::last_success): it covered the window, was not dry,
    /// and ended `Succeeded` or `CompletedWithErrors`.
    pub fn is_success(&self) -> bool {
        self.did_its_work() && self.covers_window
    }

    /// Whether it was not dry, and ended `Succeeded` or `CompletedWithErrors`, whatever it set out to do.
    pub fn did_its_work(&self) -> bool {
        let worked = matches!(&self.state, RunState::Ended { status } if status.read_everything());
        worked && !self.dry_run
    }
}

/// What became of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "run", rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunState {
    /// It holds the lease.
    Running,
    /// Its lease expired or was released, and another run took it.
    Abandoned,
    /// It ended.
    Ended {
        /// How it ended.
        status: RunStatus,
    },
}

/// What kind of run it is. Kept by [its name](Self::name); one that this version does not know is kept as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
#[non_exhaustive]
pub enum RunKind {
    /// The whole of the operation: for orders, the window.
    #[default]
    Full,
    /// Only what changed since the last look.
    QuickLook,
    /// Orders of a time that the window does not cover.
    BackFill,
    /// Orders that a person named.
    SingleOrder,
    /// What a webhook pointed at.
    Webhook,
    /// A kind of a later version, by its name.
    Other(String),
}

impl RunKind {
    /// A short stable name.
    pub fn name(&self) -> &str {
        match self {
            Self::Full => "full",
            Self::QuickLook => "quick_look",
            Self::BackFill => "back_fill",
            Self::SingleOrder => "single_order",
            Self::Webhook => "webhook",
            Self::Other(name) => name,
        }
    }
}

impl From<String> for RunKind {
    fn from(name: String) -> Self {
        let known = [Self::Full, Self::QuickLook, Self::BackFill, Self::SingleOrder, Self::Webhook];
        known.into_iter().find(|kind| kind.name() == name).unwrap_or(Self::Other(name))
    }
}

impl From<RunKind> for String {
    fn from(kind: RunKind) -> Self {
        kind.name().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_of_version_0_1_covers_the_window() {
        let kept = r#"{"run":"r","started":"2026-03-02T08:00:00Z","finished":"2026-03-02T08:01:00Z","dry_run":false,
                       "state":{"run":"ended","status":{"status":"succeeded"}},"headline":"2 imported"}"#;
        let summary: RunSummary = serde_json::from_str(kept).unwrap();
        assert_eq!((summary.operation, &summary.kind), (None, &RunKind::Full));
        assert!(summary.is_success());
    }

    #[test]
    fn a_kind_of_a_later_version_is_written_back_as_it_was() {
        for name in ["full", "quick_look", "back_fill", "single_order", "webhook", "replay"] {
            let json = format!("{name:?}");
            let kind: RunKind = serde_json::from_str(&json).unwrap();
            assert_eq!(kind == RunKind::Other(name.to_owned()), name == "replay");
            assert_eq!(serde_json::to_string(&kind).unwrap(), json);
        }
    }
}
