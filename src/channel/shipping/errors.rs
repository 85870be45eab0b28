//! What can be wrong with a list of shipping rules or carrier rules.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use super::{CarrierKey, DisplayText, ShippingRule};
use crate::channel::wording::{count_of, joined};

/// Something wrong with one rule or between two. Rules are named by their place in the list, from 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "problem", rename_all = "snake_case")]
#[non_exhaustive]
pub enum RuleError {
    /// Both rules fit some order equally well, so the winner would be arbitrary.
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
    /// The patterns up to this rule are too many to be compared in bounded time, so there may be a tie.
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
        let text = match self {
            Self::Tie { .. } => "they fit the same orders equally well",
            Self::Collision { .. } => "their texts are the same under lenient comparison",
            Self::BadGlob { why, .. } => return why.to_string(),
            Self::EmptyText { .. } => {
                "the text is empty (a rule for orders without a text is of kind absent)"
            }
            Self::EmptyScope { .. } => "the store or marketplace is empty",
            Self::BadCountry { country, .. } => {
                return format!("{} is not a two-letter country code", DisplayText::name(country));
            }
            Self::TooManyPatterns { .. } => {
                "there are too many patterns like this one to find those that conflict: \
                 use fewer, or give them longer texts before their first and after their last wildcard"
            }
            Self::NoPolicy { .. } => "no policy is given",
        };
        text.to_owned()
    }

    /// The rule concerned, and the second one where two conflict.
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

    pub(super) fn places(&self) -> impl Iterator<Item = usize> + use<> {
        let (first, second) = self.rules();
        [first].into_iter().chain(second)
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

/// Why a pattern is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GlobError {
    /// The pattern is empty, so it would only fit an order without a text.
    #[error("the pattern is empty")]
    Empty,
    /// A backslash stands before something other than `*`, `?` or a backslash, or at the end.
    #[error(r"a backslash must stand before *, ? or another backslash")]
    Escape,
}

/// The number of errors that are kept and shown.
const MAX_ERRORS_SHOWN: usize = 20;

/// What is wrong with a list of rules.
///
/// `Display` names each error on a line of its own, with the rules it concerns written out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("the shipping rules have {}", listed(self.written(), "error", self.total()))]
#[non_exhaustive]
pub struct RuleErrors {
    /// The first 20 errors, by the place of the (first) rule they concern. Never empty.
    pub errors: Vec<RuleError>,
    /// The number of errors beside them.
    #[serde(default)]
    pub more: usize,
    /// The rules concerned with their places, in order.
    pub rules: Vec<(usize, ShippingRule)>,
}

impl RuleErrors {
    pub(super) fn new(mut errors: Vec<RuleError>, rules: &[&ShippingRule]) -> Self {
        errors.sort_by_key(RuleError::rules);
        let more = errors.len().saturating_sub(MAX_ERRORS_SHOWN);
        errors.truncate(MAX_ERRORS_SHOWN);
        let concerned: BTreeSet<usize> = errors.iter().flat_map(RuleError::places).collect();
        let rule = |index: usize| Some((index, ShippingRule::clone(rules.get(index)?)));
        let rules = concerned.into_iter().filter_map(rule).collect();
        Self { errors, more, rules }
    }

    /// How many errors there are.
    pub fn total(&self) -> usize {
        self.errors.len().saturating_add(self.more)
    }

    /// Each error with the rules it concerns written out.
    pub fn written(&self) -> impl Iterator<Item = String> {
        self.errors.iter().map(|error| {
            let rule = |place| self.rules.iter().find(|(index, _)| *index == place);
            let rules = error.places().filter_map(rule).map(|(_, rule)| format!("[{rule}]"));
            format!("{error}: {}", joined(rules, " and "))
        })
    }
}

/// Something wrong with the carrier rules. Rules are named by their place in the list, from 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "problem", rename_all = "snake_case")]
#[non_exhaustive]
pub enum CarrierRuleError {
    /// Two rules are for the same carrier and method.
    #[error("carrier rules {first} and {second} are both for {key}")]
    Repeated {
        /// The rule that stands first.
        first: usize,
        /// The other rule.
        second: usize,
        /// What both are for.
        key: CarrierKey,
    },
    /// The carrier, the method or the code is empty.
    #[error("carrier rule {rule}: the carrier, the method or the code is empty")]
    Empty {
        /// The rule.
        rule: usize,
    },
}

/// Everything that is wrong with a list of carrier rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("the carrier rules have {}", listed(.errors, "error", .errors.len()))]
#[non_exhaustive]
pub struct CarrierRuleErrors {
    /// The errors. Never empty.
    pub errors: Vec<CarrierRuleError>,
}

/// The number of errors and the first of them, each on a line of its own.
pub(super) fn listed<T: ToString>(errors: impl IntoIterator<Item = T>, noun: &str, total: usize) -> String {
    let shown = errors.into_iter().take(MAX_ERRORS_SHOWN).map(|error| error.to_string());
    let mut lines: Vec<String> = [count_of(total as u64, noun)].into_iter().chain(shown).collect();
    let more = total.saturating_sub(lines.len() - 1);
    lines.extend((more > 0).then(|| format!("and {more} more")));
    lines.join("\n- ")
}
