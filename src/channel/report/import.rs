//! What an import did.

use std::{borrow::Cow, collections::BTreeMap, fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    RunInfo, SkipKind, Tally,
    import_item::{DisplayItem, ImportItem, ImportOutcome, ImportOutcomeKind},
    in_groups, item_lines,
};
use crate::{
    Timestamp,
    channel::{
        HoldKind, Unrecognized,
        record::record,
        wording::{count_of, counted, joined, some},
    },
    named_enum::named_enum,
};

record! {
    /// What an import did.
    #[must_use]
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct ImportReport {
        /// The run.
        pub run: RunInfo,
        /// The window that was read; `None` when single orders were asked for.
        pub window: Option<ImportWindow> = None,
        /// How each status was read.
        pub scans: Vec<Scan> = Vec::new(),
        /// Orders, by what became of them.
        pub counts: ImportCounts = ImportCounts::default(),
        /// Which. Failures and holds are never left out; successes and plain skips may be.
        pub items: Vec<ImportItem> = Vec::new(),
        /// How many successes and skips were left out of `items`.
        pub items_truncated: u64 = 0,
        /// How many of the run's requests were spent on changes of orders that are imported already.
        pub watch_requests: u64 = 0,
        /// Where a back-fill that ended early goes on: everything before was dealt with.
        #[serde(default)]
        pub resume_from: Option<Timestamp> = None,
    }
    /// The report of a run that has just begun.
    pub fn new(run: RunInfo);
}

impl ImportReport {
    /// The counts in one line.
    pub fn headline(&self) -> String {
        let counts = &self.counts;
        let (new, held) = if self.run.dry_run { ("would be new", "would be held") } else { ("new", "held") };
        let skipped = if self.run.dry_run { "to skip" } else { "skipped" };
        let held = if counts.held() > 0 { format!(" ({} {held})", counts.held()) } else { String::new() };
        let others = counted([
            (counts.of(ImportOutcomeKind::Skipped), skipped),
            (counts.failed(), "failed"),
            (counts.of(ImportOutcomeKind::NotEvaluated), "not looked at"),
            (counts.skipped.of(SkipKind::ExternallyFulfilled), "fulfilled by somebody else"),
        ]);
        let outside = counts.outside_window().map(|outside| format!(", {outside} outside the window"));
        let (imported, already) = (counts.imported(), counts.already_imported());
        format!("{imported} {new}{held}, {already} already imported{others}{}", outside.unwrap_or_default())
    }
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = &self.counts;
        let (held, skipped) = if self.run.dry_run { ("to hold", "to skip") } else { ("held", "skipped") };
        let mut lines = vec![("orders", self.headline())];
        lines.extend(self.window.iter().map(|window| ("window", window.to_string())));
        lines.extend(self.scans.iter().map(|scan| ("read", scan.to_string())));
        lines.extend([
            (held, counts.held_by.to_string()),
            (skipped, counts.skipped.to_string()),
            ("user", follow_ups(&counts.users, "assigned")),
            ("tag", follow_ups(&counts.tags, "put on")),
            ("changes", some(counts.changed, "since the import")),
            ("missed", some(counts.missed_by_changes, "that the quick looks before had missed")),
        ]);
        lines.extend(self.resume_from.map(|resume_from| ("go on", format!("from {resume_from}"))));
        let items = self.items.iter().filter(|item| item.needs_attention());
        let shown = items.map(|item| DisplayItem { item, dry_run: self.run.dry_run });
        let groups = in_groups("order", shown.map(|item| (item.name(), format!(" {}", item.fate()))));
        lines.extend(item_lines("order", groups));
        self.run.fmt_report(f, lines)
    }
}

/// `3 done, 2 pending`, in the words of what is to be done.
fn follow_ups(counts: &Tally<FollowUpStatus>, done: &'static str) -> String {
    let message = |status: FollowUpStatus| match status {
        FollowUpStatus::Done => done,
        FollowUpStatus::Overridden => "overridden by a person",
        other => other.name(),
    };
    joined(counts.iter().map(|(status, count)| format!("{count} {}", message(status))), ", ")
}

record! {
    /// The stretch of time whose orders were read.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct ImportWindow {
        /// Its beginning; `None` when the age is unlimited.
        pub from: Option<Timestamp>,
        /// Its end: when the run began.
        pub to: Timestamp,
        /// By how much it was extended after an outage.
        #[serde(with = "crate::duration_text")]
        pub extended_by: Duration,
        /// The date that decides.
        pub basis: Cow<'static, str>,
    }
    /// A window.
    pub fn new(from: Option<Timestamp>, to: Timestamp, extended_by: Duration, basis: &'static str);
}

impl fmt::Display for ImportWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.from {
            Some(from) => {
                write!(f, "{} from {} to {}", self.basis, from.floor_second(), self.to.floor_second())?;
            }
            None => write!(f, "{} any time up to {}", self.basis, self.to.floor_second())?,
        }
        if self.extended_by.is_zero() {
            return Ok(());
        }
        match self.extended_by.as_secs() / 3600 {
            0 => write!(f, ", extended by {} min after an outage", self.extended_by.as_secs() / 60),
            hours => write!(f, ", extended by {hours} h after an outage"),
        }
    }
}

record! {
    /// How the orders of one status were read.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct Scan {
        /// The status.
        pub status: String,
        /// The way that was taken.
        pub strategy: ScanStrategy,
        /// How many rows there are, as the channel said; the highest number that it said.
        pub total: Option<u64> = None,
        /// How many rows were read, those of no interest and those that could not be understood included.
        pub read: u64 = 0,
        /// Whether it is certain that every row was read.
        pub complete: bool = false,
        /// How many orders of this status lie outside the window; `None` when it was not asked.
        pub outside_window: Option<u64> = None,
        /// Rows that could not be understood.
        pub unreadable: u64 = 0,
    }
    /// A scan that has read nothing yet.
    pub fn new(status: impl Into<String>, strategy: ScanStrategy);
}

impl fmt::Display for Scan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.status, self.strategy.describe())?;
        write!(f, ", {}", count_of(self.read, "row"))?;
        if let Some(total) = self.total {
            write!(f, " of {total}")?;
        }
        if let Some(outside_window) = self.outside_window {
            write!(f, ", {outside_window} outside the window")?;
        }
        if self.unreadable > 0 {
            write!(f, ", {} unreadable", self.unreadable)?;
        }
        if self.complete { Ok(()) } else { f.write_str(", INCOMPLETE") }
    }
}

/// The way in which the orders of a status are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ScanStrategy {
    /// The channel filtered by date; tags were tested here.
    Window,
    /// The channel filtered by tag; the age was tested here. Orders without the tag were not observed.
    Tag,
    /// The channel filtered by modification date: every state came, and the state was tested here.
    Changes,
    /// A value of a newer version.
    #[serde(untagged)]
    Unrecognized(Unrecognized),
}

impl ScanStrategy {
    fn describe(&self) -> &'static str {
        match self {
            Self::Window => "read by date",
            Self::Tag => "read by tag (orders without it were not observed)",
            Self::Changes => "read by modification date",
            Self::Unrecognized(_) => "read in a way that this version does not know",
        }
    }
}

named_enum! {
    /// How far what is to be done on the channel for an imported order is.
    FollowUpStatus {
        /// It is done, by the crate or already.
        Done = "done",
        /// It is still to be done.
        Pending = "pending",
        /// It cannot be done until somebody changes a setting.
        Failed = "failed",
        /// A person has chosen otherwise in the meantime.
        Overridden = "overridden_by_person",
    }
}

/// How many. Every order that was read is counted once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ImportCounts {
    /// The orders that were read, by what became of each. In a dry run: what would.
    pub outcomes: Tally<ImportOutcomeKind>,
    /// Those that were left out, by the first reason.
    pub skipped: Tally<SkipKind>,
    /// Those that are held, by reason; an order with several reasons counts under each.
    pub held_by: Tally<HoldKind>,
    /// Users to be assigned.
    pub users: Tally<FollowUpStatus>,
    /// Acknowledgement tags to be put on.
    pub tags: Tally<FollowUpStatus>,
    /// Changes of orders that were imported before.
    pub changed: u64,
    /// New orders and changes that a quick look should have shown before: whether the modification date can be believed.
    #[serde(default)]
    pub missed_by_changes: u64,
    /// Orders outside the window, by status.
    pub outside_window: BTreeMap<String, u64>,
}

impl ImportCounts {
    /// Counts one order.
    pub fn add(&mut self, outcome: &ImportOutcome) {
        self.outcomes.add(outcome.kind());
        match outcome {
            ImportOutcome::Held { holds, .. } => holds.iter().for_each(|hold| self.held_by.add(hold.kind())),
            ImportOutcome::Skipped { reasons } => {
                reasons.first().into_iter().for_each(|reason| self.skipped.add(reason.kind()));
            }
            _ => {}
        }
    }

    /// How many orders were read.
    pub fn scanned(&self) -> u64 {
        self.outcomes.total()
    }

    /// How many orders have this outcome.
    pub fn of(&self, outcome: ImportOutcomeKind) -> u64 {
        self.outcomes.of(outcome)
    }

    /// How many orders the host has now and had not before, held ones included.
    pub fn imported(&self) -> u64 {
        self.of(ImportOutcomeKind::Imported) + self.held()
    }

    /// How many of the new orders are held.
    pub fn held(&self) -> u64 {
        self.of(ImportOutcomeKind::Held)
    }

    /// How many orders the host had.
    pub fn already_imported(&self) -> u64 {
        self.of(ImportOutcomeKind::AlreadyImported)
    }

    /// How many orders failed, whether or not they will be tried again.
    pub fn failed(&self) -> u64 {
        self.of(ImportOutcomeKind::FailedRetryable) + self.of(ImportOutcomeKind::FailedPermanent)
    }

    /// Whether the counts by reason are those of the outcomes.
    pub fn add_up(&self) -> bool {
        self.skipped.total() == self.of(ImportOutcomeKind::Skipped) && self.held_by.total() >= self.held()
    }

    /// How many orders lie outside the window, over all statuses that were asked.
    pub fn outside_window(&self) -> Option<u64> {
        (!self.outside_window.is_empty()).then(|| self.outside_window.values().sum())
    }
}
