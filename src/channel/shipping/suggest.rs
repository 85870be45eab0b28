//! "Did you mean": mapped texts that look like an unmapped one. Suggestions are never applied by themselves.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use super::{
    Difference, DisplayText, Scope, ShippingMethod, ShippingRule, ShippingRules, StoreKey, TextMatch,
    explain::list,
    fold::{differences, fold_text},
    nearness::{cost, is_long, near, words},
};

/// How many suggestions are made at most.
const BEST: usize = 3;

/// A mapping that might be meant for an unmapped text. `Display` is a question for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Suggestion {
    /// The text that is mapped.
    pub text: String,
    /// Where it is mapped.
    pub scope: Scope,
    /// What it is mapped to.
    pub method: ShippingMethod,
    /// The place of the rule in the list, from 0.
    pub rule: usize,
    /// Why it is suggested.
    pub reason: Reason,
}

/// Why a mapping is suggested, the best reason first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// The texts are the same under lenient comparison.
    OnlySeemsDifferent {
        /// In what they differ.
        differences: Vec<Difference>,
    },
    /// The same text is mapped, but for another store or another scope.
    MappedElsewhere,
    /// The texts are made of the same words.
    SameWords,
    /// The texts are alike.
    Similar {
        /// How many characters differ.
        distance: usize,
    },
}

impl Reason {
    fn rank(&self) -> (u8, usize) {
        match self {
            Self::OnlySeemsDifferent { differences } => (0, differences.len()),
            Self::MappedElsewhere => (1, 0),
            Self::SameWords => (2, 0),
            Self::Similar { distance } => (3, *distance),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnlySeemsDifferent { differences } => {
                write!(f, "differs only in {}", list(differences, " and "))
            }
            Self::MappedElsewhere => f.write_str("is mapped there: copy it?"),
            Self::SameWords => f.write_str("has the same words"),
            Self::Similar { distance: 1 } => f.write_str("differs in one character"),
            Self::Similar { distance } => write!(f, "differs in {distance} characters"),
        }
    }
}

impl fmt::Display for Suggestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = DisplayText::new(&self.text);
        write!(f, "{text} {} -> {}: {}", self.scope, self.method.policy, self.reason)
    }
}

/// At most three mapped texts that may be meant by a text of a store, the likeliest first.
///
/// Only enabled exact rules are looked at. First come texts that merely seem different (case, spaces,
/// dashes, invisible characters), then the same text mapped for another store, then the same words in
/// another order, then texts within an edit distance of two characters or a fifth. Among equals, a rule that
/// already applies to the store comes first.
///
/// A text of more than 1,000 characters is only compared whole, and under very many rules not all that are alike are
/// found: the search has a budget.
///
/// ```
/// use shipstation_connector::channel::shipping::{
///     Comparison, ShippingDefaults, ShippingRule, ShippingRules, suggest,
/// };
///
/// let list = [ShippingRule::exact("Standard Mail", "ground"), ShippingRule::exact("2 Day", "air")];
/// let rules = ShippingRules::compile(&list, ShippingDefaults::none(), Comparison::Exact)?;
/// let suggestions = suggest("standard\u{a0}mail", None, &rules);
/// assert_eq!(
///     suggestions[0].to_string(),
///     "\"Standard Mail\" for every order -> ground: \
///      differs only in a non-breaking or unusual space and capitals",
/// );
/// # Ok::<(), shipstation_connector::channel::shipping::RuleErrors>(())
/// ```
pub fn suggest(text: &str, store: Option<&StoreKey>, rules: &ShippingRules) -> Vec<Suggestion> {
    Suggester::new(rules).suggest(text, store)
}

/// What it may cost to find suggestions for all texts of a list, in comparisons of single letters.
const BUDGET: usize = 50_000_000;
/// What it may cost for one text.
const BUDGET_OF_ONE: usize = 10_000_000;

/// Makes suggestions for many texts under the same rules. When they have cost too much, it makes no more.
#[derive(Debug)]
pub(crate) struct Suggester<'r> {
    mapped: Vec<Mapped<'r>>,
    left: usize,
}

/// An enabled exact rule.
#[derive(Debug)]
struct Mapped<'r> {
    index: usize,
    rule: &'r ShippingRule,
    text: &'r str,
    /// What it is compared by, unless the text is long.
    folded: Option<Folded>,
}

#[derive(Debug)]
struct Folded {
    text: String,
    words: BTreeSet<String>,
    length: usize,
}

impl Folded {
    /// `None` for a long text: it is only compared whole.
    fn of(text: &str) -> Option<Self> {
        if is_long(text) {
            return None;
        }
        let text = fold_text(text);
        Some(Self { words: words(&text).into_iter().collect(), length: text.chars().count(), text })
    }

    fn has_words_of(&self, other: &Self) -> bool {
        !self.words.is_empty() && self.words == other.words
    }
}

impl<'r> Suggester<'r> {
    pub(crate) fn new(rules: &'r ShippingRules) -> Self {
        let exact = rules.enabled().filter_map(|(index, rule, _)| match &rule.text {
            TextMatch::Exact(text) => Some(Mapped { index, rule, text, folded: Folded::of(text) }),
            _ => None,
        });
        Self { mapped: exact.collect(), left: BUDGET }
    }

    /// As [`suggest`], as long as the budget of the list lasts.
    pub(crate) fn suggest(&mut self, text: &str, store: Option<&StoreKey>) -> Vec<Suggestion> {
        let mut left = self.left.min(BUDGET_OF_ONE);
        let before = left;
        let mut best = best(self.certain(text, store, &mut left), store);
        // What is alike stands behind what is equal in some way.
        if best.len() < BEST {
            best.extend(self.similar(text, &mut left));
            best = self::best(best, store);
        }
        self.left -= before - left;
        best
    }

    /// The suggestions whose reason is that something is equal.
    fn certain(&self, text: &str, store: Option<&StoreKey>, left: &mut usize) -> Vec<Suggestion> {
        let folded = Folded::of(text);
        let mut found = Vec::new();
        for mapped in &self.mapped {
            if !spend(left, 1) {
                break;
            }
            let reason = if mapped.text == text {
                // A rule that already applies needs no copy.
                let applies = mapped.rule.scope == Scope::default() || mapped.rule.scope == of_store(store);
                (!applies).then_some(Reason::MappedElsewhere)
            } else if let (Some(one), Some(other)) = (&folded, &mapped.folded) {
                if one.text == other.text {
                    // Twelve edit distances.
                    spend(left, one.length.saturating_mul(other.length).saturating_mul(12))
                        .then(|| differences(text, mapped.text))
                        .flatten()
                        .map(|differences| Reason::OnlySeemsDifferent { differences })
                } else {
                    one.has_words_of(other).then_some(Reason::SameWords)
                }
            } else {
                None
            };
            found.extend(reason.map(|reason| mapped.suggestion(reason)));
        }
        found
    }

    /// The suggestions whose reason is that something is alike.
    fn similar(&self, text: &str, left: &mut usize) -> Vec<Suggestion> {
        let Some(folded) = Folded::of(text) else { return Vec::new() };
        let mut found = Vec::new();
        for mapped in &self.mapped {
            let Some(other) = mapped.folded.as_ref().filter(|_| mapped.text != text) else { continue };
            if folded.text == other.text || folded.has_words_of(other) {
                continue;
            }
            if !spend(left, cost(folded.length, other.length)) {
                break;
            }
            let distance = near(&folded.text, &other.text);
            found.extend(distance.map(|distance| mapped.suggestion(Reason::Similar { distance })));
        }
        found
    }
}

impl Mapped<'_> {
    fn suggestion(&self, reason: Reason) -> Suggestion {
        Suggestion {
            text: self.text.to_owned(),
            scope: self.rule.scope.clone(),
            method: self.rule.method.clone(),
            rule: self.index,
            reason,
        }
    }
}

fn spend(left: &mut usize, work: usize) -> bool {
    let rest = left.checked_sub(work);
    *left = rest.unwrap_or(0);
    rest.is_some()
}

fn of_store(store: Option<&StoreKey>) -> Scope {
    Scope { store: store.cloned(), ..Scope::default() }
}

/// Whether the scope is that of another store.
fn elsewhere(scope: &Scope, store: Option<&StoreKey>) -> bool {
    scope.store.is_some() && scope.store.as_ref() != store
}

/// The best few; a text with the same method in several scopes is one suggestion.
fn best(mut suggestions: Vec<Suggestion>, store: Option<&StoreKey>) -> Vec<Suggestion> {
    // The last two keys make the order independent of the order of the rules.
    suggestions.sort_by(|one, other| {
        let key = |suggestion: &Suggestion| (suggestion.reason.rank(), elsewhere(&suggestion.scope, store));
        (key(one).cmp(&key(other))).then_with(|| (&one.text, &one.scope).cmp(&(&other.text, &other.scope)))
    });
    let mut best: Vec<Suggestion> = Vec::with_capacity(BEST);
    for suggestion in suggestions {
        let repeats = |other: &Suggestion| other.text == suggestion.text && other.method == suggestion.method;
        if !best.iter().any(repeats) {
            best.push(suggestion);
        }
        if best.len() == BEST {
            break;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::super::{Comparison, ShippingDefaults};
    use super::*;

    fn suggestions(text: &str, store: &str, list: &[ShippingRule]) -> Vec<(String, String)> {
        let rules = ShippingRules::compile(list, ShippingDefaults::none(), Comparison::Exact).unwrap();
        let found = suggest(text, Some(&store.into()), &rules);
        found.into_iter().map(|s| (s.method.policy.to_string(), s.reason.to_string())).collect()
    }

    #[test]
    fn the_best_three_in_the_documented_order() {
        let list = [
            ShippingRule::exact("2 Day Shipping!", "near"),
            ShippingRule::exact("Shipping 2 Day", "words"),
            ShippingRule::exact("2 Day Shipping", "elsewhere").store("2"),
            ShippingRule::exact("2 day shipping", "case"),
            ShippingRule::exact("2 Days Shipping", "nearer").disabled(),
            ShippingRule::prefix("2 Day", "prefix").store("2"),
            ShippingRule::exact("Freight", "other"),
        ];
        let pair = |policy: &str, reason: &str| (policy.to_owned(), reason.to_owned());
        assert_eq!(
            suggestions("2 Day Shipping", "1", &list),
            [
                pair("case", "differs only in capitals"),
                pair("elsewhere", "is mapped there: copy it?"),
                pair("near", "has the same words"),
            ]
        );
        assert_eq!(suggestions("2 Dya Shipping", "1", &list[..2]), [pair("near", "differs in 3 characters")]);
        assert_eq!(suggestions("Freigth", "1", &list), [pair("other", "differs in 2 characters")]);
        assert_eq!(suggestions("Something else entirely", "1", &list), []);
    }

    #[test]
    fn the_own_store_goes_first_and_copies_are_named_once() {
        let list = [
            ShippingRule::exact("standard", "b").store("2"),
            ShippingRule::exact("standard", "a").store("9"),
            ShippingRule::exact("standard", "b").store("3"),
            ShippingRule::exact("standard", "a").store("1"),
        ];
        let found: Vec<String> =
            suggestions("Standard", "1", &list).into_iter().map(|(policy, _)| policy).collect();
        assert_eq!(found, ["a", "b"]);
    }
}
