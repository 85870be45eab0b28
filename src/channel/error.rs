//! The error of an operation. It always means that nothing was done.

use std::fmt;

use super::{Operation, report::Finding, shipping::DisplayText, store::StoreError};
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

/// Why an operation did not begin.
#[derive(Debug)]
#[non_exhaustive]
pub enum Refusal {
    /// The channel cannot do it. No request was made.
    Unsupported {
        /// Why it is not supported.
        why: &'static str,
        /// What to do instead.
        instead: Option<Operation>,
    },
    /// Settings are missing. No request was made.
    NotConfigured {
        /// Their names.
        missing: Vec<String>,
    },
    /// Settings are wrong, or what was handed over is.
    Config {
        /// What is wrong, with remedies.
        findings: Vec<Finding>,
    },
    /// Another run of the same operation holds the lease.
    AlreadyRunning {
        /// When the running run began.
        since: Timestamp,
        /// The owner of the running run.
        owner: String,
    },
    /// The channel refused the credentials, the plan has no API access, or the key may not do it.
    Credentials {
        /// What the channel said, and the remedy.
        message: String,
    },
    /// The channel could not be reached or did not answer sensibly.
    Unavailable {
        /// What the channel answered.
        message: String,
    },
    /// There is no such order.
    NotFound {
        /// What was looked for.
        what: String,
    },
    /// Several orders are meant where one is to be imported.
    Ambiguous {
        /// What was looked for.
        what: String,
        /// The first of those that fit, each with its id and its store.
        found: Vec<String>,
    },
    /// The host's store failed before anything was done.
    Store(StoreError),
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

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported { why, instead: None } => write!(f, "not supported: {why}"),
            Self::Unsupported { why, instead: Some(instead) } => {
                write!(f, "not supported: {why}; use {instead} instead")
            }
            Self::NotConfigured { missing } => write!(f, "not configured: set {}", missing.join(", ")),
            Self::Config { findings } => {
                let is_delivery = findings.iter().all(|finding| finding.subject == Finding::DELIVERY);
                let what = if is_delivery { "the delivery was not followed" } else { "settings are wrong" };
                f.write_str(what)?;
                findings.iter().try_for_each(|finding| write!(f, "; {finding}"))
            }
            Self::AlreadyRunning { since, owner } => {
                write!(f, "already running since {since} ({owner}); wait for it, or for its lease to expire")
            }
            Self::Credentials { message } | Self::Unavailable { message } => f.write_str(message),
            Self::NotFound { what } => write!(f, "there is no {}", DisplayText::new(what).unquoted()),
            Self::Ambiguous { what, found } => {
                let what = DisplayText::new(what).unquoted();
                write!(f, "there is more than one {what}: {}; name the one by its id", found.join(", "))
            }
            Self::Store(error) => write!(f, "the host's storage failed: {error}"),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
