//! The answer to "why was nothing imported?", asked without an order.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    ConnectionId,
    record::record,
    report::{Finding, ImportWindow},
    store::{RunState, RunSummary},
};
use crate::channel::wording::count_of;

record! {
    /// What there is to import, and what the import looks for.
    #[must_use]
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct ImportOverview {
        /// The connection.
        pub connection: ConnectionId,
        /// The newest run, whatever became of it.
        pub last: Option<RunSummary> = None,
        /// The newest run that did its work.
        pub last_success: Option<RunSummary> = None,
        /// The window that a run would read now.
        pub window: Option<ImportWindow> = None,
        /// The tag that orders need.
        pub wants_tag: Option<i64> = None,
        /// Whether there is no shipping mapping at all.
        pub no_mapping: bool = false,
        /// What each status holds, the imported ones first.
        pub statuses: Vec<StatusTotals> = Vec::new(),
        /// Stores whose orders do not come into the channel by themselves, or have not for a day.
        pub stores: Vec<Finding> = Vec::new(),
        /// What may stop imports soon; see [`ChannelConnector::notices`](super::ChannelConnector::notices).
        #[serde(default)]
        pub notices: Vec<Finding> = Vec::new(),
    }
    /// An answer without facts.
    pub fn new(connection: ConnectionId);

    /// How many orders a status holds. `None` where it was not asked or not answered.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct StatusTotals {
        /// The status.
        pub status: String,
        /// Whether orders of this status are imported.
        pub imported: bool,
        /// Orders inside the window.
        pub inside: Option<u64> = None,
        /// Orders outside the window.
        pub outside: Option<u64> = None,
        /// Orders with the tag, of whatever age.
        pub tagged: Option<u64> = None,
        /// Of the first orders inside the window, those that somebody else fulfills and that are left out for it. Asked only
        /// where nothing else explains why they are not imported.
        pub externally_fulfilled: Option<u64> = None,
    }
    /// A status of which nothing is known yet.
    pub fn new(status: impl Into<String>, imported: bool);
}

impl ImportOverview {
    /// What a person can look at, the likeliest cause first: status, then age, then the tag.
    pub fn hints(&self) -> Vec<String> {
        let mut hints = Vec::new();
        let (wanted, others): (Vec<_>, Vec<_>) = self.statuses.iter().partition(|totals| totals.imported);
        let inside: u64 = wanted.iter().filter_map(|totals| totals.inside).sum();
        if inside == 0 {
            for (status, orders) in some(&others, |totals| totals.inside) {
                hints.push(format!("{orders} orders are {status}: release them, or add {status}"));
            }
        }
        for (status, orders) in some(&wanted, |totals| totals.outside) {
            hints.push(format!("{orders} orders that are {status} are too old: widen the window"));
        }
        if let Some(tag) = self.wants_tag
            && wanted.iter().all(|totals| totals.tagged == Some(0))
        {
            hints.push(format!("no order has tag {tag}: tag some, or clear the filter"));
        }
        for (status, orders) in some(&wanted, |totals| totals.externally_fulfilled) {
            hints.push(format!(
                "{} of those that are {status} fulfilled by somebody else: set externally_fulfilled to hold or import to have them",
                count_of(orders, "order")
            ));
        }
        hints.extend(self.stores.iter().chain(&self.notices).map(ToString::to_string));
        if self.no_mapping {
            hints.push("there is no shipping mapping: every order would be held".to_owned());
        }
        hints
    }
}

/// The statuses that hold some, and how many.
fn some<'t>(
    statuses: &[&'t StatusTotals],
    of: fn(&StatusTotals) -> Option<u64>,
) -> impl Iterator<Item = (&'t str, u64)> {
    let totals = statuses.iter().map(move |totals| (totals.status.as_str(), of(totals).unwrap_or_default()));
    totals.filter(|(_, orders)| *orders > 0)
}

impl fmt::Display for ImportOverview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "What there is to import for {}", self.connection)?;
        match &self.last {
            Some(run) => writeln!(f, "  last run  {}: {}", run.started, Ended(run))?,
            None => writeln!(f, "  last run  none yet")?,
        }
        if let Some(window) = &self.window {
            writeln!(f, "  window    {window}")?;
        }
        for totals in &self.statuses {
            writeln!(f, "  {totals}")?;
        }
        self.hints().iter().try_for_each(|hint| writeln!(f, "  -> {hint}"))
    }
}

impl fmt::Display for StatusTotals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |total: Option<u64>| total.map_or("?".to_owned(), |total| total.to_string());
        write!(f, "{:<22}{} in the window", self.status, number(self.inside))?;
        if !self.imported {
            return f.write_str(" (this status is not imported)");
        }
        write!(f, ", {} outside", number(self.outside))?;
        if self.tagged.is_some() {
            write!(f, ", {} with the tag", number(self.tagged))?;
        }
        if let Some(orders) = self.externally_fulfilled.filter(|orders| *orders > 0) {
            write!(f, ", {orders} fulfilled by somebody else")?;
        }
        Ok(())
    }
}

/// How a run ended, with its counts.
struct Ended<'a>(&'a RunSummary);

impl fmt::Display for Ended<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.state {
            RunState::Running => f.write_str("still running"),
            RunState::Abandoned => f.write_str("abandoned; another run took its lease"),
            RunState::Ended { status } => write!(f, "{status}, {}", self.0.headline),
        }
    }
}
