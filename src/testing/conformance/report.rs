//! What the suite found, check by check.

use std::fmt;

/// What became of every check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a suite that nobody reads proves nothing"]
pub struct Report {
    /// The checks, in the order in which they were run.
    pub outcomes: Vec<Outcome>,
}

/// What became of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// Its name: `trait::what_is_so`.
    pub name: &'static str,
    /// The clause of the contract, in one sentence.
    pub clause: &'static str,
    /// What became of it.
    pub verdict: Verdict,
}

/// What became of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The store keeps the clause.
    Passed,
    /// It does not.
    Failed {
        /// What was seen instead.
        how: String,
    },
    /// It could not be tried on what the builder gave.
    LeftOut {
        /// Why it was left out.
        why: &'static str,
    },
}

impl Report {
    /// Whether no check failed, and at least one was run.
    pub fn passed(&self) -> bool {
        self.failures().next().is_none() && !self.outcomes.is_empty()
    }

    /// The checks that failed.
    pub fn failures(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|outcome| matches!(outcome.verdict, Verdict::Failed { .. }))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed = self.failures().count();
        writeln!(f, "{} checks, {failed} failed", self.outcomes.len())?;
        self.outcomes.iter().try_for_each(|outcome| writeln!(f, "{outcome}"))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.verdict {
            Verdict::Passed => write!(f, "  ok       {}", self.name),
            Verdict::LeftOut { why } => write!(f, "  left out {}: {why}", self.name),
            Verdict::Failed { how } => {
                write!(
                    f,
                    "  FAILED   {}\n           contract: {}\n           seen: {how}",
                    self.name, self.clause
                )
            }
        }
    }
}
