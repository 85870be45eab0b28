//! The answer to "why is this order not here?".

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

use super::{ChannelOrderId, Timeline, Unrecognized, record::record, shipping::DisplayText};

record! {
    /// What is known about one order of the channel and its import.
    #[must_use]
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct Diagnosis {
        /// The order; `None` when it does not exist, or when it is not known which one it is.
        pub order: Option<ChannelOrderId>,
        /// How to call it in a sentence: number, id, store.
        pub title: String = DisplayText::new(&title.into()).unquoted(),
        /// Whether the host has it.
        pub imported: bool = false,
        /// Every check, in the order in which they are worth reading: status first, then age.
        pub checks: Vec<Check> = Vec::new(),
        /// Facts that neither block nor pass.
        pub notes: Vec<DiagnosisNote> = Vec::new(),
        /// The newest of what happened to it; `None` when nothing is known of that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub timeline: Option<Timeline> = None,
    }
    /// An empty answer.
    pub fn new(order: Option<ChannelOrderId>, title: impl Into<String>);
}

impl Diagnosis {
    /// The reason to give when only one can be given: the first check that blocks.
    pub fn primary(&self) -> Option<&Check> {
        self.checks.iter().find(|check| check.verdict == Verdict::Blocks)
    }

    /// The check of this name.
    pub fn check(&self, name: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.name == name)
    }
}

record! {
    /// One thing that was looked at.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct Check {
        /// What was looked at ("status", "age").
        pub name: Cow<'static, str>,
        /// What came of it.
        pub verdict: Verdict,
        /// What was seen.
        pub observed: String,
        /// What would have been needed.
        pub wanted: Option<String>,
        /// What a person can do.
        pub remedy: Option<String>,
    }
    /// A check with this verdict.
    pub fn new(
        name: &'static str,
        verdict: Verdict,
        observed: impl Into<String>,
        wanted: Option<String>,
        remedy: Option<String>
    );
}

impl Check {
    /// A check that passes.
    pub fn pass(name: &'static str, observed: impl Into<String>) -> Self {
        Self::new(name, Verdict::Pass, observed, None, None)
    }
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// Fine.
    Pass,
    /// Keeps the order out.
    Blocks,
    /// Lets it in, but not smoothly.
    Warns,
    /// Could not be found out.
    Unknown,
    /// A value of a newer version.
    #[serde(untagged)]
    Unrecognized(Unrecognized),
}

impl Verdict {
    fn word(&self) -> &'static str {
        match self {
            Self::Pass => "passes",
            Self::Blocks => "BLOCKS",
            Self::Warns => "warns",
            Self::Unknown | Self::Unrecognized(_) => "unknown",
        }
    }
}

/// A fact beside the checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DiagnosisNote(pub String);

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.imported { "IMPORTED" } else { "NOT IMPORTED" };
        writeln!(f, "{:<60} {state}", self.title)?;
        for check in &self.checks {
            // What would keep it out now has not.
            let is_past = self.imported && check.verdict == Verdict::Blocks;
            let word = if is_past { "now" } else { check.verdict.word() };
            write!(f, "  {word:<8}{:<11}{}", check.name, check.observed)?;
            if let Some(wanted) = &check.wanted {
                write!(f, ", {wanted}")?;
            }
            if let Some(remedy) = check.remedy.as_ref().filter(|_| !is_past) {
                write!(f, "  -> {remedy}")?;
            }
            writeln!(f)?;
        }
        self.notes.iter().try_for_each(|note| writeln!(f, "  info    {}", note.0))?;
        let events = self.timeline.iter().flat_map(Timeline::lines);
        events.into_iter().try_for_each(|line| writeln!(f, "  event   {line}"))
    }
}
