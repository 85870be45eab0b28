//! What is wrong with a configuration, and what to do about it.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

use crate::channel::{ConnectionId, Unrecognized, record::record, wording::count_of};

record! {
    /// What a look at the whole configuration found.
    #[must_use]
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct CheckReport {
        /// The connection.
        pub connection: ConnectionId,
        /// What was found, in the order in which it was looked at.
        pub findings: Vec<Finding>,
        /// How many requests the look cost.
        pub requests: u64,
    }
    /// A report.
    pub fn new(connection: ConnectionId, findings: Vec<Finding>, requests: u64);
}

impl CheckReport {
    /// Whether runs may start: there are no errors.
    pub fn is_ok(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity != Severity::Error)
    }

    /// The finding of this code, if any.
    pub fn finding(&self, code: &str) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.code == code)
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.is_ok() { "ready" } else { "NOT READY" };
        let requests = count_of(self.requests, "request");
        writeln!(f, "check of {}: {verdict}, {requests}", self.connection)?;
        self.findings.iter().try_for_each(|finding| writeln!(f, "  {:<8}  {finding}", finding.severity))
    }
}

record! {
    /// One thing that a check or a validation found.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct Finding {
        /// A short stable name.
        pub code: Cow<'static, str>,
        /// Whether it stops runs.
        pub severity: Severity = Severity::Error,
        /// The setting or thing that it is about.
        pub subject: String,
        /// What was seen.
        pub observed: String,
        /// What a person can do.
        pub remedy: String,
    }
    /// Something that stops runs.
    pub fn error(
        code: &'static str,
        subject: impl Into<String>,
        observed: impl Into<String>,
        remedy: impl Into<String>
    );
}

impl Finding {
    /// The subject of what is wrong with a delivery and not with a setting.
    pub(crate) const DELIVERY: &'static str = "delivery";

    /// Something worth knowing that stops nothing.
    pub fn warning(
        code: &'static str,
        subject: impl Into<String>,
        observed: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, subject, observed, remedy) }
    }

    /// A plain fact.
    pub fn info(
        code: &'static str,
        subject: impl Into<String>,
        observed: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Info, ..Self::error(code, subject, observed, remedy) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.observed)?;
        if self.remedy.is_empty() { Ok(()) } else { write!(f, " -> {}", self.remedy) }
    }
}

/// How much a finding matters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Severity {
    /// Runs do not start.
    Error,
    /// Runs start, and somebody should look.
    Warning,
    /// A fact.
    Info,
    /// A value of a newer version.
    #[serde(untagged)]
    Unrecognized(Unrecognized),
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "ERROR",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Unrecognized(_) => "unknown",
        })
    }
}
