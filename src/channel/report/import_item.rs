//! One order of an import: what became of it, and how a report shows many of them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::SkipReason;
use crate::channel::{
    ChannelOrderId, HoldReason, HostOrderId, Unrecognized,
    kinds::kinds,
    record::record,
    shipping::{DisplayText, StoreKey},
    wording::joined,
};

record! {
    /// One order of an import.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct ImportItem {
        /// The order.
        pub order: ChannelOrderId,
        /// Its number.
        pub number: String = DisplayText::name(&number.into()).cut(),
        /// Its store.
        pub store: Option<StoreKey>,
        /// What became of it.
        pub outcome: ImportOutcome = outcome.for_report(),
    }
    /// An item.
    pub fn new(
        order: ChannelOrderId,
        number: impl Into<String>,
        store: Option<StoreKey>,
        outcome: ImportOutcome
    );
}

impl ImportItem {
    /// Whether it may not be left out of a report.
    pub fn needs_attention(&self) -> bool {
        matches!(self.outcome, ImportOutcome::Held { .. } | ImportOutcome::Failed { .. })
    }
}

/// An item in words: what was done, or in a dry run what would be.
pub(super) struct DisplayItem<'a> {
    pub(super) item: &'a ImportItem,
    pub(super) dry_run: bool,
}

impl fmt::Display for ImportItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        DisplayItem { item: self, dry_run: false }.fmt(f)
    }
}

impl fmt::Display for DisplayItem<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name(), self.fate())
    }
}

impl DisplayItem<'_> {
    pub(super) fn name(&self) -> String {
        let number = DisplayText::name(&self.item.number).unquoted();
        format!("{number} ({})", self.item.order).trim_start().to_owned()
    }

    /// What became of it.
    pub(super) fn fate(&self) -> String {
        let would_be = if self.dry_run { "would be " } else { "" };
        match &self.item.outcome {
            ImportOutcome::Imported { .. } => format!("{would_be}imported"),
            ImportOutcome::Held { holds, .. } => format!("{would_be}held: {}", joined(holds, "; ")),
            ImportOutcome::AlreadyImported => "already imported".to_owned(),
            ImportOutcome::NotEvaluated => "not evaluated".to_owned(),
            ImportOutcome::Skipped { reasons } => format!("{would_be}skipped: {}", joined(reasons, "; ")),
            ImportOutcome::Failed { error, retryable: true } => {
                format!("failed, will be tried again: {error}")
            }
            ImportOutcome::Failed { error, retryable: false } => format!("failed: {error}"),
            ImportOutcome::Unrecognized(outcome) => outcome.to_string(),
        }
    }
}

/// What became of an order that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ImportOutcome {
    /// The host has it now, ready to ship.
    Imported {
        /// The host's order.
        host_order: Option<HostOrderId>,
    },
    /// The host has it now, and it waits for a person.
    Held {
        /// The host's order.
        host_order: Option<HostOrderId>,
        /// Why it waits.
        holds: Vec<HoldReason>,
    },
    /// The host had it. Counted, and not among the items.
    AlreadyImported,
    /// It was left out.
    Skipped {
        /// Every reason; the first one is counted.
        reasons: Vec<SkipReason>,
    },
    /// It could not be imported.
    Failed {
        /// What went wrong.
        error: String,
        /// Whether it will be tried again by itself.
        retryable: bool,
    },
    /// The run stopped before it was decided on. Counted, and not among the items.
    NotEvaluated,
    /// A value of a newer version.
    #[serde(untagged)]
    Unrecognized(Unrecognized),
}

kinds! {
    ImportOutcomeKind of ImportOutcome {
        Imported = "imported": Self::Imported { .. },
        Held = "held": Self::Held { .. },
        AlreadyImported = "already_imported": Self::AlreadyImported,
        Skipped = "skipped": Self::Skipped { .. },
        FailedRetryable = "failed_retryable": Self::Failed { retryable: true, .. },
        FailedPermanent = "failed_permanent": Self::Failed { retryable: false, .. },
        NotEvaluated = "not_evaluated": Self::NotEvaluated,
        Unrecognized = "unrecognized": Self::Unrecognized(_),
    }
}

impl ImportOutcome {
    /// What became of an order that the host has now.
    pub fn imported(host_order: Option<HostOrderId>, holds: Vec<HoldReason>) -> Self {
        if holds.is_empty() { Self::Imported { host_order } } else { Self::Held { host_order, holds } }
    }

    /// What became of an order that is left out for these reasons, the counted one first.
    pub fn skipped(reasons: Vec<SkipReason>) -> Self {
        match reasons.first() {
            Some(SkipReason::AlreadyImported { .. }) => Self::AlreadyImported,
            _ => Self::Skipped { reasons },
        }
    }

    /// What became of an order that will be tried again.
    pub fn failed(error: impl Into<String>) -> Self {
        Self::Failed { error: error.into(), retryable: true }
    }

    /// Whether the host has it.
    pub fn is_imported(&self) -> bool {
        matches!(self, Self::Imported { .. } | Self::Held { .. } | Self::AlreadyImported)
    }

    /// The same for a report: texts from outside are cut where they are long.
    fn for_report(self) -> Self {
        match self {
            Self::Held { host_order, holds } => {
                Self::Held { host_order, holds: holds.into_iter().map(HoldReason::for_report).collect() }
            }
            Self::Skipped { reasons } => {
                Self::Skipped { reasons: reasons.into_iter().map(SkipReason::for_report).collect() }
            }
            Self::Failed { error, retryable } => {
                Self::Failed { error: DisplayText::new(&error).cut(), retryable }
            }
            other => other,
        }
    }
}
