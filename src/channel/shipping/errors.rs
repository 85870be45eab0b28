//! What can be wrong with a list of rules. Finding it lives in `rules` and `conflicts`.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{DisplayText, GlobError, ShippingRule};
use crate::channel::wording::count_of;

/// Something wrong with one rule or between two. Rules are named by their place in the list, from 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "problem", rename_all = "snake_case")]
#[non_exhaustive]
pub enum RuleError {
    /// Both rules fit some order equally well, so the winner would be a matter of luck.
    Tie {
        /// The rule that stands first.
        first: usize,
        /// The other rule.
        second: usize,
    },
    /// The texts differ, but not under lenient comparison, and the rules fit some order equally well.
    Collision {
        /// The rule that stands first.
        first: usize,
        /// The other rule.
        second: usize,
    },
    /// The pattern cannot be used.
    BadGlob {
        /// The rule.
        rule: usize,
        /// Why not.
        why: GlobError,
    },
    /// The text is empty (as compared), so it would never fit: an order without a text needs `Absent`.
    EmptyText {
        /// The rule.
        rule: usize,
    },
    /// The store or the marketplace is set, but empty.
    EmptyScope {
        /// The rule.
        rule: usize,
    },
    /// The country is not a two-letter code of ISO 3166, so it would never fit.
    BadCountry {
        /// The rule.
        rule: usize,
        /// The country as written.
        country: String,
    },
    /// The patterns up to this rule are too many to be told apart in bounded time, so there may be a tie.
    TooManyPatterns {
        /// The rule.
        rule: usize,
    },
    /// The rule gives no policy.
    NoPolicy {
        /// The rule.
        rule: usize,
    },
}

impl RuleError {
    /// What is wrong, without naming the rules.
    pub fn what(&self) -> String {
        match self {
            Self::Tie { .. } => "they fit the same orders equally well".to_owned(),
            Self::Collision { .. } => "their texts are the same under lenient comparison".to_owned(),
            Self::BadGlob { why, .. } => why.to_string(),
            Self::EmptyText { .. } => {
                "the text is empty (a rule for orders without a text is of kind absent)".to_owned()
            }
            Self::EmptyScope { .. } => "the store or marketplace is empty".to_owned(),
            Self::BadCountry { country, .. } => {
                format!("{} is not a two-letter country code", DisplayText::name(country))
            }
            Self::TooManyPatterns { .. } => {
                "there are too many patterns like this one to tell which of them clash: \
                 use fewer, or give them longer texts before their first and behind their last wildcard"
                    .to_owned()
            }
            Self::NoPolicy { .. } => "no policy is given".to_owned(),
        }
    }

    /// The rule concerned, and the second one where two clash.
    pub fn rules(&self) -> (usize, Option<usize>) {
        match self {
            Self::Tie { first, second } | Self::Collision { first, second } => (*first, Some(*second)),
            Self::BadGlob { rule, .. }
            | Self::EmptyText { rule }
            | Self::EmptyScope { rule }
            | Self::BadCountry { rule, .. }
            | Self::TooManyPatterns { rule }
            | Self::NoPolicy { rule } => (*rule, None),
        }
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rules() {
            (rule, None) => write!(f, "rule {rule}: {}", self.what()),
            (first, Some(second)) => write!(f, "rules {first} and {second}: {}", self.what()),
        }
    }
}

impl std::error::Error for RuleError {}

/// How many errors about rules are kept and shown one by one.
const SHOWN: usize = 20;

/// What is wrong with a list of rules.
///
/// `Display` names each error on a line of its own, with the rules it concerns written out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RuleErrors {
    /// The first 20 errors, by the place of the (first) rule they concern. Never empty.
    pub errors: Vec<RuleError>,
    /// How many errors there are beside them.
    #[serde(default)]
    pub more: usize,
    /// The rules concerned with their places, in order.
    pub rules: Vec<(usize, ShippingRule)>,
}

impl RuleErrors {
    pub(super) fn new(mut errors: Vec<RuleError>, rules: &[&ShippingRule]) -> Self {
        errors.sort_by_key(RuleError::rules);
        let more = errors.len().saturating_sub(SHOWN);
        errors.truncate(SHOWN);
        let mut concerned: Vec<usize> =
            errors.iter().map(RuleError::rules).flat_map(|(one, two)| [Some(one), two]).flatten().collect();
        concerned.sort_unstable();
        concerned.dedup();
        let rules = concerned
            .into_iter()
            .filter_map(|index| Some((index, ShippingRule::clone(rules.get(index)?))))
            .collect();
        Self { errors, more, rules }
    }

    /// How many errors there are.
    pub fn total(&self) -> usize {
        self.errors.len().saturating_add(self.more)
    }

    /// Each error with the rules it concerns written out.
    pub fn written(&self) -> impl Iterator<Item = String> {
        self.errors.iter().map(|error| {
            let (first, second) = error.rules();
            let rules = [Some(first), second].into_iter().flatten().filter_map(|index| self.rule(index));
            let rules: Vec<String> = rules.map(|rule| format!("[{rule}]")).collect();
            format!("{error}: {}", rules.join(" and "))
        })
    }

    fn rule(&self, index: usize) -> Option<&ShippingRule> {
        let at = self.rules.binary_search_by_key(&index, |(index, _)| *index).ok()?;
        self.rules.get(at).map(|(_, rule)| rule)
    }
}

impl fmt::Display for RuleErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the shipping rules have {}", count_of(self.total() as u64, "error"))?;
        fmt_first(f, self.written(), self.total())
    }
}

impl std::error::Error for RuleErrors {}

/// Writes the first errors of a list, each on a line of its own, and how many more there are.
pub(super) fn fmt_first<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    errors: impl Iterator<Item = T>,
    total: usize,
) -> fmt::Result {
    let mut more = total;
    for error in errors.take(SHOWN) {
        write!(f, "\n- {error}")?;
        more = more.saturating_sub(1);
    }
    if more > 0 { write!(f, "\n- and {more} more") } else { Ok(()) }
}
