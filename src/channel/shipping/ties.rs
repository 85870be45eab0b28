//! Finding rules that fit the same order equally well. A tie is a configuration error, found here and
//! never tossed for at run time.

use std::collections::{BTreeMap, HashMap};

use super::{
    RuleError, ShippingRule, StoreKey,
    compiled::{CompiledRule, Pattern, Precedence},
    overlap::{Overlaps, TooMany},
    scope::Country,
};

/// Only rules that agree in all of this can tie.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Class<'r> {
    precedence: Precedence,
    /// The text of an exact rule or a prefix. Globs with different texts can meet, so they share a class.
    text: Option<&'r str>,
    store: Option<&'r StoreKey>,
    marketplace: Option<&'r str>,
}

impl<'r> Class<'r> {
    fn of(rule: &'r CompiledRule) -> Self {
        let text = match &rule.pattern {
            Pattern::Exact(text) | Pattern::Prefix(text) => Some(text.as_str()),
            Pattern::Glob(_) | Pattern::Absent | Pattern::Any => None,
        };
        Self {
            precedence: rule.precedence,
            text,
            store: rule.area.store.as_ref(),
            marketplace: rule.area.marketplace.as_deref(),
        }
    }
}

/// The ties among the rules; `None` stands for a rule that takes no part.
///
/// There is at most one for each rule: with one other rule that it ties with, although there may be more. Where the
/// patterns are too many to be told apart in bounded time, that is an error too.
pub(super) fn ties(rules: &[&ShippingRule], compiled: &[Option<CompiledRule>]) -> Vec<RuleError> {
    let mut classes: BTreeMap<Class<'_>, Vec<(usize, &CompiledRule)>> = BTreeMap::new();
    for (index, rule) in compiled.iter().enumerate() {
        if let Some(rule) = rule {
            classes.entry(Class::of(rule)).or_default().push((index, rule));
        }
    }
    let mut found = Vec::new();
    let mut overlaps = Overlaps::default();
    for members in classes.values().filter(|members| members.len() > 1) {
        // Places by class are not in the order of the list, but within a class they are.
        let is_glob = members.iter().any(|(_, rule)| matches!(rule.pattern, Pattern::Glob(_)));
        let pairs = if is_glob { overlaps.pairs(members) } else { Ok(same_country(members)) };
        match pairs {
            Ok(pairs) => found.extend(pairs.into_iter().map(|pair| clash(rules, compiled, pair))),
            Err(TooMany { rule }) => found.push(RuleError::TooManyPatterns { rule }),
        }
    }
    found
}

/// Rules of one text: each with the first rule before it that serves one of its countries.
fn same_country(members: &[(usize, &CompiledRule)]) -> Vec<(usize, usize)> {
    let mut first: HashMap<Option<Country>, usize> = HashMap::new();
    let mut pairs = Vec::new();
    for (index, rule) in members {
        // Rules of one class all name countries, or none of them does.
        let everywhere = rule.area.countries.is_empty().then_some(None);
        let countries = || rule.area.countries.iter().copied().map(Some).chain(everywhere);
        match countries().filter_map(|country| first.get(&country)).min() {
            Some(other) => pairs.push((*other, *index)),
            None => first.extend(countries().map(|country| (country, *index))),
        }
    }
    pairs
}

fn clash(
    rules: &[&ShippingRule],
    compiled: &[Option<CompiledRule>],
    (first, second): (usize, usize),
) -> RuleError {
    let pattern = |index: usize| compiled.get(index).and_then(Option::as_ref).map(|rule| &rule.pattern);
    let same_text = match (pattern(first), pattern(second)) {
        (Some(Pattern::Glob(one)), Some(Pattern::Glob(two))) => one == two,
        _ => true,
    };
    let written = |index: usize| rules.get(index).map(|rule| &rule.text);
    if same_text && written(first) != written(second) {
        RuleError::Collision { first, second }
    } else {
        RuleError::Tie { first, second }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Comparison, RuleErrors, ShippingDefaults, ShippingRules};
    use super::*;

    fn errors(rules: &[ShippingRule], comparison: Comparison) -> Vec<RuleError> {
        let compiled = ShippingRules::compile(rules, ShippingDefaults::none(), comparison);
        compiled.map_or_else(|RuleErrors { errors, .. }| errors, |_| Vec::new())
    }

    fn tie(first: usize, second: usize) -> RuleError {
        RuleError::Tie { first, second }
    }

    #[test]
    fn lists_every_tie_with_both_rules() {
        let rules = [
            ShippingRule::exact("Standard", "a"),
            ShippingRule::any("b").country("US").country("CA"),
            ShippingRule::exact("Standard", "c"),
            ShippingRule::any("d").country("ca").country("MX"),
            ShippingRule::any("e").country("GB"),
            ShippingRule::glob("a*b", "f"),
            ShippingRule::glob("ab*", "g"),
            ShippingRule::glob("x*y", "h"),
        ];
        assert_eq!(errors(&rules, Comparison::Exact), [tie(0, 2), tie(1, 3), tie(5, 6)]);
    }

    #[test]
    fn a_pasted_list_gives_one_error_a_rule() {
        let rules = [0; 50].map(|_| ShippingRule::glob("*Ground*", "a"));
        let refused =
            ShippingRules::compile(&rules, ShippingDefaults::none(), Comparison::Exact).unwrap_err();
        assert_eq!((refused.errors.len(), refused.more, refused.total()), (20, 29, 49));
        assert_eq!(refused.errors[..2], [tie(0, 1), tie(0, 2)]);
        let shown = refused.to_string();
        assert!(shown.starts_with("the shipping rules have 49 errors\n- rules 0 and 1: "), "{shown}");
        assert!(shown.ends_with("\n- and 29 more"), "{shown}");
    }

    #[test]
    fn other_scopes_kinds_and_disabled_rules_do_not_tie() {
        let rules = [
            ShippingRule::exact("S", "a"),
            ShippingRule::exact("S", "b").disabled(),
            ShippingRule::exact("S", "c").store("1"),
            ShippingRule::exact("S", "d").store("2"),
            ShippingRule::exact("S", "e").marketplace("eBay"),
            ShippingRule::exact("S", "f").country("US"),
            ShippingRule::prefix("S", "g"),
            ShippingRule::prefix("St", "h"),
            ShippingRule::glob("S*", "i"),
            ShippingRule::glob("S*t", "j"),
            ShippingRule::absent("k"),
            ShippingRule::any("l"),
        ];
        assert_eq!(errors(&rules, Comparison::Exact), []);
    }

    #[test]
    fn folding_makes_texts_collide() {
        let rules = [
            ShippingRule::exact("2-Day", "a"),
            ShippingRule::exact("2\u{2013}day ", "b"),
            ShippingRule::glob("*Day", "c"),
            ShippingRule::glob("*DAY", "d"),
        ];
        assert_eq!(errors(&rules, Comparison::Exact), []);
        let collisions = errors(&rules, Comparison::Lenient);
        let collision = |first, second| RuleError::Collision { first, second };
        assert_eq!(collisions, [collision(0, 1), collision(2, 3)]);
    }

    #[test]
    fn says_what_is_wrong_with_single_rules_too() {
        let rules = [
            ShippingRule::exact("", "a"),
            ShippingRule::glob(r"\a", "b"),
            ShippingRule::any("c").country("USA"),
            ShippingRule::any("d").store(""),
            ShippingRule::absent(""),
            ShippingRule::exact("", "").country("?").disabled(),
        ];
        let compiled = ShippingRules::compile(&rules, ShippingDefaults::none(), Comparison::Exact);
        let shown = compiled.unwrap_err().to_string();
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(
            lines,
            [
                "the shipping rules have 5 errors",
                "- rule 0: the text is empty (a rule for orders without a text is of kind absent): [exact \"\" -> a]",
                r#"- rule 1: a backslash must stand before *, ? or another backslash: [glob "\a" -> b]"#,
                "- rule 2: \"USA\" is not a two-letter country code: [any for country USA -> c]",
                "- rule 3: the store or marketplace is empty: [any for store  -> d]",
                "- rule 4: no policy is given: [absent -> ]",
            ]
        );
    }
}
