//! Finding rules that fit the same order equally well. A tie is a configuration error, found here and
//! never tossed for at run time.

use std::collections::BTreeMap;

use super::{
    RuleError, ShippingRule, StoreKey,
    compiled::{CompiledRule, Pattern, Precedence},
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

/// Every tie among the rules; `None` stands for a rule that takes no part.
///
/// A rule that repeats an earlier one in text and scope is reported against that one only, so that a list
/// pasted twice gives one error a rule.
pub(super) fn ties(rules: &[ShippingRule], compiled: &[Option<CompiledRule>]) -> Vec<RuleError> {
    let mut classes: BTreeMap<Class<'_>, Vec<(usize, &CompiledRule)>> = BTreeMap::new();
    let mut found = Vec::new();
    for (index, rule) in compiled.iter().enumerate().filter_map(|(index, rule)| Some((index, rule.as_ref()?)))
    {
        let earlier = classes.entry(Class::of(rule)).or_default();
        let repeated = earlier.iter().find(|other| repeats(rule, other.1));
        if let Some(other) = repeated {
            found.push(clash(rules, *other, (index, rule)));
            continue;
        }
        let clashing = earlier.iter().filter(|other| clashes(rule, other.1));
        found.extend(clashing.map(|other| clash(rules, *other, (index, rule))));
        earlier.push((index, rule));
    }
    found
}

fn repeats(one: &CompiledRule, other: &CompiledRule) -> bool {
    same_text(one, other) && one.area.countries == other.area.countries
}

/// Whether two rules of one class compare equal in their texts.
fn same_text(one: &CompiledRule, other: &CompiledRule) -> bool {
    match (&one.pattern, &other.pattern) {
        (Pattern::Glob(one), Pattern::Glob(two)) => one == two,
        _ => true,
    }
}

fn clashes(one: &CompiledRule, other: &CompiledRule) -> bool {
    one.area.shares_country(&other.area) && one.pattern.meets(&other.pattern)
}

fn clash(
    rules: &[ShippingRule],
    (first, one): (usize, &CompiledRule),
    (second, two): (usize, &CompiledRule),
) -> RuleError {
    let written = |index: usize| rules.get(index).map(|rule| &rule.text);
    if same_text(one, two) && written(first) != written(second) {
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
