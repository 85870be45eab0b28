//! What became of a connection's webhooks.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{RunInfo, Tally, item_lines};
use crate::channel::{Unrecognized, kinds::kinds, record::record, wording::count_of};

record! {
    /// What [`ensure_webhooks`](crate::channel::ChannelConnector::ensure_webhooks) found and did; of a dry run, what it would have done.
    #[must_use]
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct WebhookReport {
        /// The run.
        pub run: RunInfo,
        /// Where deliveries go, masked: `https://hooks.example.com/***`.
        pub address: String,
        /// The connection's own webhooks.
        pub items: Vec<WebhookItem> = Vec::new(),
        /// How many webhooks of others there are; they are left alone.
        pub others: u64 = 0,
    }
    /// The report of a run that has just begun.
    pub fn new(run: RunInfo, address: impl Into<String>);

    /// What became of one webhook.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct WebhookItem {
        /// The event, by the channel's name.
        pub event: String,
        /// What became of it.
        #[serde(flatten)]
        pub outcome: WebhookOutcome,
    }
    /// A webhook of this event.
    pub fn new(event: impl Into<String>, outcome: WebhookOutcome);
}

kinds! { WebhookOutcomeKind of
    /// What became of a webhook.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(tag = "outcome", rename_all = "snake_case")]
    pub enum WebhookOutcome {
        /// It was right.
        Unchanged = "unchanged",
        /// It was missing and is subscribed.
        Subscribed = "subscribed",
        /// It was the connection's, and is removed. One that differed was subscribed anew before.
        Removed {
            /// What was wrong with it.
            why: String,
        } = "removed",
        /// Whether it is there is not known; the next run sees to it.
        Unknown {
            /// Why it is not known.
            why: String,
        } = "unknown",
        /// The channel refused it.
        Failed {
            /// What the channel said.
            why: String,
        } = "failed",
        /// A value of a newer version.
        #[serde(untagged)]
        Unrecognized(Unrecognized) = "unrecognized",
    }
}

impl WebhookReport {
    /// How many webhooks came to which outcome.
    pub fn counts(&self) -> Tally<WebhookOutcomeKind> {
        self.items.iter().map(|item| item.outcome.kind()).collect()
    }

    /// The counts in one line.
    pub fn headline(&self) -> String {
        self.counts().to_string()
    }
}

impl fmt::Display for WebhookReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = if self.others > 0 {
            format!("{} of others", count_of(self.others, "webhook"))
        } else {
            String::new()
        };
        let lines = [("webhooks", format!("{} at {}", self.headline(), self.address)), ("left", left)];
        let items = self.items.iter().filter(|item| item.outcome != WebhookOutcome::Unchanged);
        self.run.fmt_report(f, lines.into_iter().chain(item_lines("webhook", items)))
    }
}

impl fmt::Display for WebhookItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.event)?;
        match &self.outcome {
            WebhookOutcome::Unchanged => f.write_str("unchanged"),
            WebhookOutcome::Subscribed => f.write_str("subscribed"),
            WebhookOutcome::Removed { why } => write!(f, "removed, {why}"),
            WebhookOutcome::Unknown { why } => write!(f, "not known: {why}"),
            WebhookOutcome::Failed { why } => write!(f, "failed: {why}"),
            WebhookOutcome::Unrecognized(outcome) => write!(f, "{outcome}"),
        }
    }
}
