//! What an operation says it did. Reports carry ids, order numbers and shipping texts; never buyer's data.
//!
//! # JSON
//!
//! Every report can be written as JSON and read back, also by another version of this crate: members are only added,
//! and a value of an enumeration that the reading version does not know is kept as it is
//! ([`Unrecognized`]). Only the operation must be known: it says which report it is. `settings` are texts for people.
//!
//! | in Rust | in JSON |
//! | --- | --- |
//! | `run` ([`RunInfo`]) | `run`, `connection`, `operation`, `trigger`, `dry_run`, `started`, `finished`, `status`, `settings`, `warnings`, `api` |
//! | a time | text in RFC 3339, in UTC |
//! | a duration | text in ISO 8601: `PT15M`, `P7D` |
//! | an enumeration with facts | an object whose first member names the variant (`status`, `outcome`, `reason`, `matched_by`, `notice`), the facts beside it |
//! | an enumeration without facts | its name as text, in snake case |
//! | counts ([`Tally`]) | an object with a member for each kind that occurs; kinds that do not occur are absent |
//! | an absent value | `null` |
//!
//! ```
//! use shipstation_connector::channel::report::{ImportCounts, SkipKind};
//!
//! let counts: ImportCounts = serde_json::from_str(
//!     r#"{
//!         "outcomes": { "imported": 2, "skipped": 1, "quarantined": 1 },
//!         "skipped": { "missing_tag": 1 },
//!         "held_by": {}, "users": { "done": 2 }, "tags": {}, "changed": 0, "outside_window": {}
//!     }"#,
//! )?;
//! assert_eq!((counts.imported(), counts.skipped.of(SkipKind::MissingTag)), (2, 1));
//! assert_eq!(counts.scanned(), 4); // with one of a kind that only a newer version knows
//! # Ok::<(), serde_json::Error>(())
//! ```

mod actions;
mod check;
mod import;
mod import_item;
mod links;
mod resolve;
mod skip;
mod sync;
mod tally;
mod webhooks;

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    fmt,
    time::Duration,
};

use serde::{Deserialize, Serialize};

pub use self::{
    actions::{ActionCounts, ActionItem, ActionOutcome, ActionOutcomeKind, ActionReport},
    check::{CheckReport, Finding, Severity},
    import::{FollowUpStatus, ImportCounts, ImportReport, ImportWindow, Scan, ScanStrategy},
    import_item::{ImportItem, ImportOutcome, ImportOutcomeKind},
    links::{BrokenBy, LinkCounts, LinkItem, LinkOutcome, LinkOutcomeKind, LinkReport, MatchedBy},
    resolve::{HeldOutcomeKind, ResolveCounts, ResolveReport},
    skip::{SkipKind, SkipReason},
    sync::{SyncCounts, SyncItem, SyncOutcome, SyncOutcomeKind, SyncReport},
    tally::Tally,
    webhooks::{WebhookItem, WebhookOutcome, WebhookOutcomeKind, WebhookReport},
};
use super::{ConnectionId, Operation, RunId, Trigger, Unrecognized};
use crate::{
    Timestamp,
    channel::{
        record::record,
        wording::{counted, joined, worded},
    },
};

worded! {
    /// How a run ended.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(tag = "status", rename_all = "snake_case")]
    pub enum RunStatus {
        /// Everything was read and everything went well.
        Succeeded => ("succeeded"),
        /// Everything was read; some items failed and are kept for another attempt or for a person.
        CompletedWithErrors => ("completed with errors"),
        /// It stopped early; the next run goes on.
        Partial {
            /// Why it stopped.
            why: String,
        } => ("partial: {why}"),
        /// It could not go on.
        Failed {
            /// What went wrong.
            error: String,
        } => ("failed: {error}"),
        /// A value of a newer version.
        #[serde(untagged)]
        Unrecognized(status: Unrecognized) => ("{status}"),
    }
}

impl RunStatus {
    /// The stable name of its kind, as in JSON; `unrecognized` for one of a newer version.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::CompletedWithErrors => "completed_with_errors",
            Self::Partial { .. } => "partial",
            Self::Failed { .. } => "failed",
            Self::Unrecognized(_) => "unrecognized",
        }
    }

    /// Whether everything there was to read was read.
    pub fn read_everything(&self) -> bool {
        matches!(self, Self::Succeeded | Self::CompletedWithErrors)
    }
}

record! {
    /// What every report of a run begins with.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct RunInfo {
        /// The run.
        pub run: RunId,
        /// The connection.
        pub connection: ConnectionId,
        /// The operation.
        pub operation: Operation,
        /// What set it off.
        pub trigger: Trigger,
        /// Whether it changed nothing.
        pub dry_run: bool,
        /// When it began.
        pub started: Timestamp,
        /// When it ended.
        pub finished: Timestamp = started,
        /// How it ended.
        pub status: RunStatus = RunStatus::Failed { error: "the run did not end".to_owned() },
        /// The settings that it ran with, by name.
        pub settings: BTreeMap<Cow<'static, str>, String> = BTreeMap::new(),
        /// What an operator should know although nothing failed.
        pub warnings: Vec<String> = Vec::new(),
        /// What it cost.
        pub api: ApiUse = ApiUse::default(),
    }
    /// The head of a run that has just begun. It counts as failed until it is said to have ended.
    pub fn begun(
        run: RunId,
        connection: ConnectionId,
        operation: Operation,
        trigger: Trigger,
        dry_run: bool,
        started: Timestamp
    );
}

impl RunInfo {
    /// Puts the settings in force into the report.
    pub fn show_settings(&mut self, settings: impl IntoIterator<Item = (&'static str, String)>) {
        self.settings.extend(settings.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)));
    }

    /// Writes a report of the run: its head, a line for each text that is not empty, and what it cost.
    fn fmt_report(
        &self,
        f: &mut fmt::Formatter<'_>,
        lines: impl IntoIterator<Item = (&'static str, String)>,
    ) -> fmt::Result {
        let dry = if self.dry_run { " (dry run)" } else { "" };
        writeln!(f, "{} of {}{dry}: {}", self.operation, self.connection, self.status)?;
        let mut lines = lines.into_iter().filter(|(_, text)| !text.is_empty());
        lines.try_for_each(|(label, text)| writeln!(f, "  {label:<9} {text}"))?;
        self.warnings.iter().try_for_each(|warning| writeln!(f, "  warning   {warning}"))?;
        writeln!(f, "  requests  {}", self.api)
    }
}

/// What a run cost of the key's request budget.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ApiUse {
    /// Requests that left, repeated attempts included.
    pub requests: u64,
    /// How long the run waited for the rate limit or between attempts.
    #[serde(with = "crate::duration_text")]
    pub waited: Duration,
    /// How many requests the channel last said were left in the minute.
    pub rate_remaining: Option<u32>,
    /// How many of the requests repeated an earlier one.
    pub retries: u64,
    /// How many requests the channel's rate limit turned away.
    pub throttled: u64,
    /// How many requests brought no answer of the channel's, or one that it failed with.
    pub faults: u64,
}

impl ApiUse {
    /// Counts that were taken elsewhere.
    pub fn new(requests: u64, waited: Duration, rate_remaining: Option<u32>) -> Self {
        Self { requests, waited, rate_remaining, ..Self::default() }
    }
}

impl fmt::Display for ApiUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others = [(self.retries, "repeated"), (self.throttled, "throttled"), (self.faults, "failed")];
        write!(f, "{}{}", self.requests, counted(others))?;
        if !self.waited.is_zero() {
            write!(f, ", waited {} s", self.waited.as_secs())?;
        }
        match self.rate_remaining {
            Some(left) => write!(f, ", {left} left in this minute"),
            None => Ok(()),
        }
    }
}

/// A line for each of the first few items that need a person, and how many more there are.
fn item_lines<T: fmt::Display>(
    label: &'static str,
    items: impl IntoIterator<Item = T>,
) -> Vec<(&'static str, String)> {
    const MAX_ITEMS_SHOWN: usize = 8;
    let mut items = items.into_iter();
    let mut lines: Vec<_> =
        items.by_ref().take(MAX_ITEMS_SHOWN).map(|item| (label, item.to_string())).collect();
    let more = items.count();
    lines.extend((more > 0).then(|| (label, format!("and {more} more, see the report's items"))));
    lines
}

/// A line for each thing that became of `noun`s, from their names and what became of each: many that are held for one reason
/// are one line.
fn in_groups(noun: &str, items: impl Iterator<Item = (String, String)>) -> Vec<String> {
    const MAX_NAMES_PER_LINE: usize = 5;
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (name, fate) in items {
        let place = *places.entry(fate).or_insert_with_key(|fate| {
            groups.push((fate.clone(), Vec::new()));
            groups.len() - 1
        });
        if let Some((_, names)) = groups.get_mut(place) {
            names.push(name);
        }
    }
    let line = |(fate, names): (String, Vec<String>)| match names.as_slice() {
        [one] => format!("{one}{fate}"),
        many => {
            let named = joined(many.iter().take(MAX_NAMES_PER_LINE), ", ");
            let more = match many.len().saturating_sub(MAX_NAMES_PER_LINE) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("{} {noun}s{fate}: {named}{more}", many.len())
        }
    };
    groups.into_iter().map(line).collect()
}
