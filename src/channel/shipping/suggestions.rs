//! "Did you mean": mapped texts that resemble an unmapped one. Suggestions are never applied by themselves.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    DisplayText, Scope, ShippingMethod, ShippingRule, ShippingRules, StoreKey, SuggestionReason, TextMatch,
    UnmappedText,
    similarity::{Comparable, spend},
};
use crate::channel::{record::record, wording::count_of, wording::says};

/// The number of suggestions for one text or carrier.
pub(super) const MAX_SUGGESTIONS: usize = 3;
/// The cost of the suggestions for all texts of a list, in comparisons of two characters.
const MAX_STEPS: usize = 50_000_000;
/// The cost of the suggestions for one text.
const MAX_STEPS_OF_ONE: usize = 10_000_000;

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
    pub reason: SuggestionReason,
}

says! { |it: Suggestion| "{} {} -> {}: {}", DisplayText::new(&it.text), it.scope, it.method.policy, it.reason }

/// At most three mapped texts that a text of a store may stand for, the likeliest first.
///
/// Only enabled exact rules are looked at. First come texts that merely seem different (case, spaces, dashes, invisible
/// characters), then the same text mapped for another store, then the same words in another order, then texts within an
/// edit distance of two characters or a fifth. Among equals, a rule that already applies to the store comes first.
///
/// A text of more than 1,000 characters is only compared whole, and under very many rules not all that are alike are
/// found: the search has a budget.
///
/// ```
/// use shipstation_connector::channel::shipping::{Comparison, ShippingDefaults, ShippingRule, ShippingRules, suggest};
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

/// Makes suggestions for many texts under the same rules, as long as the budget lasts.
#[derive(Debug)]
pub(crate) struct Suggester<'r> {
    mapped: Vec<Mapped<'r>>,
    steps_left: usize,
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
        let enabled = rules.rules().iter().enumerate().filter(|(_, rule)| rule.enabled);
        let mapped = enabled.filter_map(|(index, rule)| {
            let TextMatch::Exact(text) = &rule.text else { return None };
            Some(Mapped { index, rule, text: Comparable::new(text) })
        });
        Self { mapped: mapped.collect(), steps_left: MAX_STEPS }
    }

    /// As [`suggest`], as long as the budget of the list lasts.
    pub(crate) fn suggest(&mut self, text: &str, store: Option<&StoreKey>) -> Vec<Suggestion> {
        let budget = self.steps_left.min(MAX_STEPS_OF_ONE);
        let mut steps_left = budget;
        let text = Comparable::new(text);
        let of_store = Scope { store: store.cloned(), ..Scope::default() };
        let mut found = self.find(&mut steps_left, |mapped, steps_left| {
            if mapped.text.text != text.text {
                return text.equality(&mapped.text, steps_left);
            }
            // A rule that already applies needs no copy.
            let applies = mapped.rule.scope == Scope::default() || mapped.rule.scope == of_store;
            (!applies).then_some(SuggestionReason::MappedElsewhere)
        });
        found = best(found, store);
        // Similar texts rank behind those with something equal.
        if found.len() < MAX_SUGGESTIONS {
            let similar = |mapped: &Mapped<'_>, steps: &mut usize| text.similarity(&mapped.text, steps);
            found.extend(self.find(&mut steps_left, similar));
            found = best(found, store);
        }
        self.steps_left -= budget - steps_left;
        found
    }

    /// The rules for which there is a reason.
    fn find(
        &self,
        steps_left: &mut usize,
        reason: impl Fn(&Mapped<'r>, &mut usize) -> Option<SuggestionReason>,
    ) -> Vec<Suggestion> {
        let mut found = Vec::new();
        for mapped in &self.mapped {
            if !spend(1, steps_left) {
                break;
            }
            found.extend(reason(mapped, steps_left).map(|reason| Suggestion {
                text: mapped.text.text.to_owned(),
                scope: mapped.rule.scope.clone(),
                method: mapped.rule.method.clone(),
                rule: mapped.index,
                reason,
            }));
        }
        found
    }
}

/// The best few; a text with the same method in several scopes is one suggestion.
fn best(mut suggestions: Vec<Suggestion>, store: Option<&StoreKey>) -> Vec<Suggestion> {
    suggestions.sort_by(|one, other| {
        let of_other_store = |scope: &Scope| scope.store.is_some() && scope.store.as_ref() != store;
        let key = |suggestion: &Suggestion| (suggestion.reason.rank(), of_other_store(&suggestion.scope));
        // The last two keys make the order independent of the order of the rules.
        (key(one), &one.text, &one.scope).cmp(&(key(other), &other.text, &other.scope))
    });
    let mut best: Vec<Suggestion> = Vec::with_capacity(MAX_SUGGESTIONS);
    for suggestion in suggestions {
        let repeats = |other: &Suggestion| other.text == suggestion.text && other.method == suggestion.method;
        if best.len() < MAX_SUGGESTIONS && !best.iter().any(repeats) {
            best.push(suggestion);
        }
    }
    best
}

record! {
    /// An unmapped text for the person who maps it: `Display` shows its invisible characters and asks "did you mean".
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct UnmappedShipping {
        /// The text, its store, and when and how often it was seen. An empty text stands for orders without one.
        pub seen: UnmappedText,
        /// The number of orders that are held for it now.
        pub held: u64 = 0,
        /// What may have been meant, the likeliest first; never applied by itself.
        pub suggestions: Vec<Suggestion> = Vec::new(),
    }
    /// A text that no order is held for, without suggestions.
    pub fn new(seen: UnmappedText);
}

impl UnmappedShipping {
    /// The text in quotes with its store, and with its invisible characters made visible.
    pub fn name(&self) -> String {
        let text = match self.seen.text.as_str() {
            "" => "no shipping text".to_owned(),
            text => DisplayText::new(text).to_string(),
        };
        self.seen.store.as_ref().map_or(text.clone(), |store| format!("{text} of store {store}"))
    }
}

impl fmt::Display for UnmappedShipping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UnmappedText { count, first_seen, last_seen, samples, .. } = &self.seen;
        let orders = count_of(*count, "order");
        write!(f, "{}: {orders} from {first_seen} to {last_seen}, {} held", self.name(), self.held)?;
        write!(f, "; for instance {}", samples.join(", "))?;
        self.suggestions.iter().try_for_each(|suggestion| {
            let question = suggestion.to_string();
            write!(f, "\n  did you mean {}?", question.trim_end_matches('?'))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Comparison, ShippingDefaults},
        *,
    };
    use crate::Timestamp;

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

    #[test]
    fn a_suggestion_that_asks_is_asked_once() {
        let list = [ShippingRule::exact("2 Day", "air").store("11")];
        let rules = ShippingRules::compile(&list, ShippingDefaults::none(), Comparison::Exact).unwrap();
        let seen = UnmappedText::new("2 Day", Timestamp::UNIX_EPOCH, "1").store("12");
        let mut unmapped = UnmappedShipping::new(seen);
        unmapped.suggestions = suggest("2 Day", unmapped.seen.store.as_ref(), &rules);
        let shown = unmapped.to_string();
        assert!(shown.ends_with("is mapped there: copy it?") && !shown.ends_with("??"), "{shown}");
    }
}
