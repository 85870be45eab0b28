//! What an import did.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::Serialize;

use super::{
    RunInfo, SkipReason, fmt_by_reason, fmt_items,
    import_item::{DisplayItem, ImportItem},
    in_groups,
};
use crate::Timestamp;
use crate::channel::wording::count_of;

/// What an import did.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ImportReport {
    /// The run.
    pub run: RunInfo,
    /// The window that was read; `None` when single orders were asked for.
    pub window: Option<ImportWindow>,
    /// How each status was read.
    pub scans: Vec<Scan>,
    /// How many.
    pub counts: ImportCounts,
    /// Which. Failures and holds are never left out; successes and plain skips may be.
    pub items: Vec<ImportItem>,
    /// How many successes and skips were left out of `items`.
    pub items_truncated: u64,
}

impl ImportReport {
    /// The report of a run that has just begun.
    pub fn new(run: RunInfo) -> Self {
        Self {
            run,
            window: None,
            scans: Vec::new(),
            counts: ImportCounts::default(),
            items: Vec::new(),
            items_truncated: 0,
        }
    }

    /// The counts in one line.
    pub fn headline(&self) -> String {
        let counts = &self.counts;
        let (new, held) = if self.run.dry_run { ("would be new", "would be held") } else { ("new", "held") };
        let skipped = if self.run.dry_run { "to skip" } else { "skipped" };
        let held = if counts.held > 0 { format!(" ({} {held})", counts.held) } else { String::new() };
        let mut parts = vec![
            format!("{} {new}{held}", counts.imported),
            format!("{} already imported", counts.already_imported),
        ];
        let failed = counts.failed_retryable + counts.failed_permanent;
        let others = [
            (counts.skipped.values().sum(), skipped),
            (failed, "failed"),
            (counts.not_evaluated, "not looked at"),
        ];
        let theirs = counts.skipped.get(SkipReason::ExternallyFulfilled.code()).copied().unwrap_or_default();
        let theirs = (theirs > 0).then(|| format!("{theirs} fulfilled by somebody else"));
        parts.extend(
            others.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")),
        );
        parts.extend(theirs);
        parts.extend(counts.outside_window().map(|outside| format!("{outside} outside the window")));
        parts.join(", ")
    }
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.run.fmt_head(f)?;
        writeln!(f, "  orders    {}", self.headline())?;
        if let Some(window) = &self.window {
            writeln!(f, "  window    {window}")?;
        }
        for scan in &self.scans {
            writeln!(f, "  read      {scan}")?;
        }
        let counts = &self.counts;
        let (held, skipped) = if self.run.dry_run { ("to hold", "to skip") } else { ("held", "skipped") };
        fmt_by_reason(f, held, &counts.held_by)?;
        fmt_by_reason(f, skipped, &counts.skipped)?;
        fmt_by_reason(f, "user", &counts.users())?;
        fmt_by_reason(f, "tag", &counts.tags())?;
        fmt_by_reason(f, "changes", &[("told to the host", counts.changed)].into())?;
        let items = self.items.iter().filter(|item| item.needs_attention());
        let shown = items.map(|item| DisplayItem { item, dry_run: self.run.dry_run });
        let lines = in_groups("order", shown.map(|item| (item.name(), format!(" {}", item.fate()))));
        fmt_items(f, "order", lines.iter())?;
        self.run.fmt_tail(f)
    }
}

/// The stretch of time whose orders were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ImportWindow {
    /// Its beginning; `None` when the age is unlimited.
    pub from: Option<Timestamp>,
    /// Its end: when the run began.
    pub to: Timestamp,
    /// By how much it was stretched over an outage.
    pub extended_by: Duration,
    /// The date that decides.
    pub basis: &'static str,
}

impl ImportWindow {
    /// A window.
    pub fn new(from: Option<Timestamp>, to: Timestamp, extended_by: Duration, basis: &'static str) -> Self {
        Self { from, to, extended_by, basis }
    }
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
            0 => write!(f, ", stretched by {} min over an outage", self.extended_by.as_secs() / 60),
            hours => write!(f, ", stretched by {hours} h over an outage"),
        }
    }
}

/// How the orders of one status were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Scan {
    /// The status.
    pub status: String,
    /// The way that was taken.
    pub strategy: ScanStrategy,
    /// How many rows there are, as the channel said; the highest number that it said.
    pub total: Option<u64>,
    /// How many rows were read, those of no interest and those that could not be understood included.
    pub read: u64,
    /// Whether it is certain that every row was read.
    pub complete: bool,
    /// How many orders of this status lie outside the window; `None` when it was not asked.
    pub too_old: Option<u64>,
    /// Rows that could not be understood.
    pub unreadable: u64,
}

impl Scan {
    /// A scan that has read nothing yet.
    pub fn new(status: impl Into<String>, strategy: ScanStrategy) -> Self {
        Self {
            status: status.into(),
            strategy,
            total: None,
            read: 0,
            complete: false,
            too_old: None,
            unreadable: 0,
        }
    }
}

impl fmt::Display for Scan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.status, self.strategy.describe())?;
        write!(f, ", {}", count_of(self.read, "row"))?;
        if let Some(total) = self.total {
            write!(f, " of {total}")?;
        }
        if let Some(too_old) = self.too_old {
            write!(f, ", {too_old} outside the window")?;
        }
        if self.unreadable > 0 {
            write!(f, ", {} unreadable", self.unreadable)?;
        }
        if self.complete { Ok(()) } else { f.write_str(", INCOMPLETE") }
    }
}

/// The way in which the orders of a status are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ScanStrategy {
    /// The channel filtered by date; tags were tested here.
    Window,
    /// The channel filtered by tag; the age was tested here. Orders without the tag were not observed.
    Tag,
}

impl ScanStrategy {
    fn describe(self) -> &'static str {
        match self {
            Self::Window => "read by date",
            Self::Tag => "read by tag (orders without it were not observed)",
        }
    }
}

/// How many. `scanned = imported + already_imported + skipped + failed + not_evaluated`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ImportCounts {
    /// Orders that were read, each once.
    pub scanned: u64,
    /// Orders that are new in the host. In a dry run: that would be.
    pub imported: u64,
    /// Of these, held.
    pub held: u64,
    /// Of these, by reason; an order with several reasons counts under each.
    pub held_by: BTreeMap<&'static str, u64>,
    /// Orders that the host had.
    pub already_imported: u64,
    /// Orders that were left out, by the first reason.
    pub skipped: BTreeMap<&'static str, u64>,
    /// Orders that failed and will be tried again.
    pub failed_retryable: u64,
    /// Orders that failed until a person changes something.
    pub failed_permanent: u64,
    /// Orders that were read and not decided on, because the run stopped.
    pub not_evaluated: u64,
    /// Users assigned, by us or already.
    pub assigned: u64,
    /// Users still to be assigned.
    pub assign_pending: u64,
    /// Users that cannot be assigned.
    pub assign_failed: u64,
    /// Users that were not assigned because a person has chosen somebody else meanwhile.
    pub overridden: u64,
    /// Acknowledgement tags put on.
    pub tagged: u64,
    /// Acknowledgement tags still to be put on.
    pub tag_pending: u64,
    /// Acknowledgement tags that cannot be put on.
    pub tag_failed: u64,
    /// Changes of orders imported before, told to the host's sink.
    pub changed: u64,
    /// Orders outside the window, by status.
    pub too_old: BTreeMap<String, u64>,
}

impl ImportCounts {
    /// Whether every order that was read is in exactly one of the counts.
    pub fn add_up(&self) -> bool {
        let skipped: u64 = self.skipped.values().sum();
        self.scanned
            == self.imported
                + self.already_imported
                + skipped
                + self.failed_retryable
                + self.failed_permanent
                + self.not_evaluated
    }

    fn users(&self) -> BTreeMap<&'static str, u64> {
        let counts = [
            ("assigned", self.assigned),
            ("failed", self.assign_failed),
            ("overridden by a person", self.overridden),
            ("pending", self.assign_pending),
        ];
        counts.into()
    }

    fn tags(&self) -> BTreeMap<&'static str, u64> {
        [("failed", self.tag_failed), ("pending", self.tag_pending), ("put on", self.tagged)].into()
    }

    /// How many orders lie outside the window, over all statuses that were asked.
    pub fn outside_window(&self) -> Option<u64> {
        (!self.too_old.is_empty()).then(|| self.too_old.values().sum())
    }
}
