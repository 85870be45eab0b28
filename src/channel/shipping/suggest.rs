//! "Did you mean": mapped texts that look like an unmapped one. Suggestions are never applied by themselves.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    DisplayText, Reason, Scope, ShippingMethod, ShippingRule, ShippingRules, StoreKey, TextMatch,
    likeness::{Budget, Comparable},
};

/// How many suggestions are made at most.
pub(super) const BEST: usize = 3;
/// What it may cost to find suggestions for all texts of a list, in comparisons of single letters.
const BUDGET: usize = 50_000_000;
/// What it may cost for one text.
const BUDGET_OF_ONE: usize = 10_000_000;

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
    text: Comparable<'r>,
}

impl<'r> Suggester<'r> {
    pub(crate) fn new(rules: &'r ShippingRules) -> Self {
        let exact = rules.enabled().filter_map(|(rule, compiled)| match &rule.text {
            TextMatch::Exact(text) => {
                Some(Mapped { index: compiled.index, rule, text: Comparable::new(text) })
            }
            _ => None,
        });
        Self { mapped: exact.collect(), left: BUDGET }
    }

    /// As [`suggest`], as long as the budget of the list lasts.
    pub(crate) fn suggest(&mut self, text: &str, store: Option<&StoreKey>) -> Vec<Suggestion> {
        let before = self.left.min(BUDGET_OF_ONE);
        let mut budget = Budget(before);
        let text = Comparable::new(text);
        let mut found = best(self.equal(&text, store, &mut budget), store);
        // What is alike stands behind what is equal in some way.
        if found.len() < BEST {
            found.extend(self.similar(&text, &mut budget));
            found = best(found, store);
        }
        self.left -= before - budget.0;
        found
    }

    /// The suggestions whose reason is that something is equal.
    fn equal(&self, text: &Comparable<'_>, store: Option<&StoreKey>, budget: &mut Budget) -> Vec<Suggestion> {
        let mut found = Vec::new();
        for mapped in &self.mapped {
            if !budget.spend(1) {
                break;
            }
            let reason = if mapped.text.text == text.text {
                // A rule that already applies needs no copy.
                let of_store = Scope { store: store.cloned(), ..Scope::default() };
                let applies = mapped.rule.scope == Scope::default() || mapped.rule.scope == of_store;
                (!applies).then_some(Reason::MappedElsewhere)
            } else {
                text.equality(&mapped.text, budget)
            };
            found.extend(reason.map(|reason| mapped.suggestion(reason)));
        }
        found
    }

    /// The suggestions whose reason is that something is alike.
    fn similar(&self, text: &Comparable<'_>, budget: &mut Budget) -> Vec<Suggestion> {
        let others = self.mapped.iter().filter(|mapped| mapped.text.text != text.text);
        let reasons = others.map_while(|mapped| Some((mapped, text.similarity(&mapped.text, budget).ok()?)));
        reasons.filter_map(|(mapped, reason)| Some(mapped.suggestion(reason?))).collect()
    }
}

impl Mapped<'_> {
    fn suggestion(&self, reason: Reason) -> Suggestion {
        Suggestion {
            text: self.text.text.to_owned(),
            scope: self.rule.scope.clone(),
            method: self.rule.method.clone(),
            rule: self.index,
            reason,
        }
    }
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
