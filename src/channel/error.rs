//! The error of an operation. It always means that nothing was done.

use super::{Operation, report::Finding, shipping::DisplayText, store::StoreError, wording::worded};
use crate::Timestamp;

/// Why an operation did not begin. **Nothing was done**: once a run has begun it ends in a report.
#[derive(Debug, thiserror::Error)]
#[error("{operation} was not started: {refusal}")]
#[non_exhaustive]
pub struct ChannelError {
    /// The operation that was asked for.
    pub operation: &'static str,
    /// Why it was not started.
    #[source]
    pub refusal: Refusal,
}

impl ChannelError {
    /// A refusal of a run.
    pub fn new(operation: Operation, refusal: Refusal) -> Self {
        Self { operation: operation.name(), refusal }
    }

    /// A refusal of a question that is not a run, such as `diagnose_order`.
    pub fn of(question: &'static str, refusal: Refusal) -> Self {
        Self { operation: question, refusal }
    }

    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_retryable(&self) -> bool {
        match &self.refusal {
            Refusal::AlreadyRunning { .. } | Refusal::Unavailable { .. } => true,
            Refusal::Store(error) => error.is_retryable(),
            _ => false,
        }
    }
}

worded! {
    /// Why an operation did not begin.
    #[derive(Debug)]
    pub enum Refusal {
        /// The channel cannot do it. No request was made.
        Unsupported {
            /// Why it is not supported.
            why: &'static str,
            /// What to do instead.
            instead: Option<Operation>,
        } => ("not supported: {why}{}", instead.map(|instead| format!("; use {instead} instead")).unwrap_or_default()),
        /// Settings are missing. No request was made.
        NotConfigured {
            /// Their names.
            missing: Vec<String>,
        } => ("not configured: set {}", missing.join(", ")),
        /// Settings are wrong, or what was handed over is.
        Config {
            /// What is wrong, with remedies.
            findings: Vec<Finding>,
        } => ("{}", wrong(findings)),
        /// Another run of the same operation holds the lease.
        AlreadyRunning {
            /// When the running run began.
            since: Timestamp,
            /// The owner of the running run.
            owner: String,
        } => ("already running since {since} ({owner}); wait for it, or for its lease to expire"),
        /// The channel refused the credentials, the plan has no API access, or the key may not do it.
        Credentials {
            /// What the channel said, and the remedy.
            message: String,
        } => ("{message}"),
        /// The channel could not be reached or did not answer sensibly.
        Unavailable {
            /// What the channel answered.
            message: String,
        } => ("{message}"),
        /// There is no such order.
        NotFound {
            /// What was looked for.
            what: String,
        } => ("there is no {}", DisplayText::new(what).unquoted()),
        /// Several orders are meant where one is to be imported.
        Ambiguous {
            /// What was looked for.
            what: String,
            /// The first of those that fit, each with its id and its store.
            found: Vec<String>,
        } => (
            "there is more than one {}: {}; name the one by its id", DisplayText::new(what).unquoted(), found.join(", ")
        ),
        /// The host's store failed before anything was done.
        Store(error: StoreError) => ("the host's storage failed: {error}"),
    }
}

fn wrong(findings: &[Finding]) -> String {
    let is_delivery = findings.iter().all(|finding| finding.subject == Finding::DELIVERY);
    let what = if is_delivery { "the delivery was not followed" } else { "settings are wrong" };
    findings.iter().fold(what.to_owned(), |text, finding| format!("{text}; {finding}"))
}

impl std::error::Error for Refusal {
    /// The cause of a store's failure: what the store itself says is part of the refusal's text.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => error.source(),
            _ => None,
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
