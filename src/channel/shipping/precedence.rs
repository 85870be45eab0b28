//! Which of two rules comes first: the rules in compared form, sorted by strength, which orders they fit, and which of them
//! conflict.

use std::{cmp::Reverse, collections::BTreeSet};

use super::{
    Comparison, MatchKind, RuleError, RuleErrors, ScopeLevel, ShippingRule, StoreKey,
    pattern::{Glob, Pattern},
    resolution::{Country, Destination},
};

/// The steps that finding conflicts may take, each a comparison of two characters or of two rules.
const MAX_STEPS: usize = 300_000_000;

/// An enabled rule that is sound in itself.
#[derive(Debug, Clone)]
pub(super) struct CompiledRule {
    /// The place of the rule in the list, from 0.
    pub(super) index: usize,
    pub(super) kind: MatchKind,
    pub(super) pattern: Pattern,
    pub(super) level: ScopeLevel,
    pub(super) store: Option<StoreKey>,
    pub(super) marketplace: Option<String>,
    /// Sorted, without repeats. Empty: every country.
    pub(super) countries: Vec<Country>,
}

/// What rules are sorted by and found by: kind and weight, text, store.
type Key<'r> = (Reverse<(MatchKind, usize)>, Option<&'r str>, Reverse<Option<&'r StoreKey>>);

impl CompiledRule {
    /// # Errors
    ///
    /// What is wrong with the rule taken alone.
    fn new(index: usize, rule: &ShippingRule, comparison: Comparison) -> Result<Self, RuleError> {
        let ShippingRule { text, scope, method, .. } = rule;
        if method.policy.as_str().trim().is_empty() {
            return Err(RuleError::NoPolicy { rule: index });
        }
        let names = [scope.store.as_ref().map(StoreKey::as_str), scope.marketplace.as_deref()];
        if names.contains(&Some("")) {
            return Err(RuleError::EmptyScope { rule: index });
        }
        let bad_country = |country: &str| RuleError::BadCountry { rule: index, country: country.to_owned() };
        Ok(Self {
            index,
            kind: text.kind(),
            countries: Country::parse_all(scope).map_err(bad_country)?,
            pattern: Pattern::new(index, text, comparison)?,
            level: scope.level(),
            store: scope.store.clone(),
            marketplace: scope.marketplace.clone(),
        })
    }

    fn key(&self) -> Key<'_> {
        let strength = (self.kind, self.pattern.weight());
        (Reverse(strength), self.pattern.text(), Reverse(self.store.as_ref()))
    }

    /// Only rules that agree in all of this can conflict. Globs with different texts can overlap, so they share a class.
    fn class(&self) -> (Key<'_>, Reverse<ScopeLevel>, Option<&str>) {
        (self.key(), Reverse(self.level), self.marketplace.as_deref())
    }

    pub(super) fn fits(&self, text: Option<&str>, destination: &Destination<'_>) -> bool {
        self.pattern.fits(text) && self.serves(destination)
    }

    pub(super) fn serves(&self, destination: &Destination<'_>) -> bool {
        self.serves_store(destination.store)
            && self.serves_marketplace(destination.marketplace)
            && self.serves_country(destination.country)
    }

    pub(super) fn serves_store(&self, store: Option<&StoreKey>) -> bool {
        self.store.is_none() || self.store.as_ref() == store
    }

    pub(super) fn serves_marketplace(&self, marketplace: Option<&str>) -> bool {
        self.marketplace.is_none() || self.marketplace.as_deref() == marketplace
    }

    pub(super) fn serves_country(&self, country: Option<Country>) -> bool {
        self.countries.is_empty() || country.is_some_and(|country| self.countries.contains(&country))
    }

    /// Whether one country is served by both, which have scopes of the same level.
    fn shares_country(&self, other: &Self) -> bool {
        self.countries.is_empty() || self.countries.iter().any(|country| other.countries.contains(country))
    }
}

/// The enabled rules. Of two rules that fit the same order, the stronger stands first.
#[derive(Debug, Clone, Default)]
pub(super) struct CompiledRules {
    rules: Vec<CompiledRule>,
    /// The lengths of the prefixes in bytes.
    prefix_lengths: BTreeSet<usize>,
}

impl CompiledRules {
    pub(super) fn compile(rules: &[&ShippingRule], comparison: Comparison) -> Result<Self, RuleErrors> {
        let (mut compiled, mut errors) = (Vec::new(), Vec::new());
        for (index, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.enabled) {
            match CompiledRule::new(index, rule, comparison) {
                Ok(rule) => compiled.push(rule),
                Err(error) => errors.push(error),
            }
        }
        compiled.sort_by(|one, other| one.class().cmp(&other.class()));
        errors.extend(conflicts(&compiled, rules));
        if !errors.is_empty() {
            return Err(RuleErrors::new(errors, rules));
        }
        let prefixes = compiled.iter().filter(|rule| rule.kind == MatchKind::Prefix);
        let prefix_lengths = prefixes.map(|rule| rule.pattern.weight()).collect();
        Ok(Self { rules: compiled, prefix_lengths })
    }

    /// Every rule, the strongest first.
    pub(super) fn iter(&self) -> std::slice::Iter<'_, CompiledRule> {
        self.rules.iter()
    }

    /// The rules of this kind and the weaker kinds below it, the strongest first.
    pub(super) fn at_most(&self, kind: MatchKind) -> impl Iterator<Item = &CompiledRule> {
        self.iter().skip(self.rules.partition_point(|rule| rule.kind > kind))
    }

    /// The exact texts equal to a text and the prefixes of it, for one store and for every store, the strongest first.
    pub(super) fn by_text<'r, 't>(
        &'r self,
        text: &'t str,
        store: Option<&'t StoreKey>,
    ) -> impl Iterator<Item = &'r CompiledRule> {
        let starts = self.prefix_lengths.range(..=text.len()).rev().filter_map(|length| text.get(..*length));
        let prefixes =
            starts.flat_map(move |start| self.find(MatchKind::Prefix, start.len(), Some(start), store));
        self.find(MatchKind::Exact, 0, Some(text), store).chain(prefixes)
    }

    /// The rules of one kind, weight and text: first those of the store, then those of every store.
    pub(super) fn find<'r, 't>(
        &'r self,
        kind: MatchKind,
        weight: usize,
        text: Option<&'t str>,
        store: Option<&'t StoreKey>,
    ) -> impl Iterator<Item = &'r CompiledRule> {
        let stores = store.map(Some).into_iter().chain([None]);
        stores.flat_map(move |store| {
            let key = (Reverse((kind, weight)), text, Reverse(store));
            let first = self.rules.partition_point(|rule| rule.key() < key);
            self.iter().skip(first).take_while(move |rule| rule.key() == key)
        })
    }
}

/// The conflicts among sorted rules: rules that fit the same order equally well.
///
/// There is at most one for each rule: with one rule before it that it conflicts with, although there may be more. Patterns
/// that are too many to be compared in bounded time are an error too.
fn conflicts(compiled: &[CompiledRule], rules: &[&ShippingRule]) -> Vec<RuleError> {
    let (mut errors, mut steps_left) = (Vec::new(), MAX_STEPS);
    let written = |rule: &CompiledRule| rules.get(rule.index).map(|rule| &rule.text);
    let conflict = |(one, other): (&CompiledRule, &CompiledRule)| {
        let (first, second) = (one.index, other.index);
        let same_when_folded = one.pattern == other.pattern && written(one) != written(other);
        if same_when_folded {
            RuleError::Collision { first, second }
        } else {
            RuleError::Tie { first, second }
        }
    };
    for class in compiled.chunk_by(|one, other| one.class() == other.class()) {
        match conflicting_pairs(class, &mut steps_left) {
            Ok(pairs) => errors.extend(pairs.into_iter().map(conflict)),
            Err(rule) => errors.push(RuleError::TooManyPatterns { rule: rule.index }),
        }
    }
    errors
}

/// Each rule of a class that conflicts with an earlier one, with one such, the earlier one first. `Err` names the rule at
/// which the steps are used up.
///
/// Two globs overlap only if the literal start of one begins with the literal start of the other, and their ends likewise.
/// So in the order of the starts (or of the ends, if these are more various) each is compared with a few only.
fn conflicting_pairs<'r>(
    class: &'r [CompiledRule],
    steps_left: &mut usize,
) -> Result<Vec<(&'r CompiledRule, &'r CompiledRule)>, &'r CompiledRule> {
    if class.len() < 2 {
        return Ok(Vec::new());
    }
    let sorted = |literal: fn(&Glob) -> String| {
        let of_rule = |rule: &'r CompiledRule| (rule.pattern.glob().map(literal).unwrap_or_default(), rule);
        let mut sorted: Vec<(String, &CompiledRule)> = class.iter().map(of_rule).collect();
        sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
        let variety = sorted.chunk_by(|(one, _), (other, _)| one == other).count();
        (variety, sorted)
    };
    let by_start = sorted(|glob| glob.start.clone());
    let by_end = sorted(|glob| glob.end.chars().rev().collect());
    let (_, order) = if by_start.0 >= by_end.0 { by_start } else { by_end };

    let (mut pairs, mut shorter) = (Vec::new(), Vec::<&(String, &CompiledRule)>::new());
    for (at, entry) in order.iter().enumerate() {
        let (literal, rule) = entry;
        while shorter.pop_if(|(shorter, _)| !literal.starts_with(shorter.as_str())).is_some() {}
        // Those with the same literal come later in the list, so that they are compared when it is their turn.
        let rest = order.get(at + 1..).unwrap_or_default();
        let same = rest.partition_point(|(other, _)| other == literal);
        let longer = rest.iter().skip(same).take_while(|(longer, _)| longer.starts_with(literal.as_str()));
        for (_, other) in shorter.iter().copied().chain(longer) {
            *steps_left = steps_left.checked_sub(1).ok_or(*rule)?;
            let comparable = other.index < rule.index && other.shares_country(rule);
            if comparable && other.pattern.overlaps(&rule.pattern, steps_left).ok_or(*rule)? {
                pairs.push((*other, *rule));
                break;
            }
        }
        shorter.push(entry);
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::{
        super::{ShippingDefaults, ShippingRules},
        *,
    };

    fn compile(rules: &[ShippingRule], comparison: Comparison) -> Result<ShippingRules, RuleErrors> {
        ShippingRules::compile(rules, ShippingDefaults::none(), comparison)
    }

    fn tie(first: usize, second: usize) -> RuleError {
        RuleError::Tie { first, second }
    }

    fn collision(first: usize, second: usize) -> RuleError {
        RuleError::Collision { first, second }
    }

    #[test]
    fn lists_every_conflict_with_both_rules() {
        let ties = [
            ShippingRule::exact("Standard", "a"),
            ShippingRule::any("b").country("US").country("CA"),
            ShippingRule::exact("Standard", "c"),
            ShippingRule::any("d").country("ca").country("MX"),
            ShippingRule::any("e").country("GB"),
            ShippingRule::glob("a*b", "f"),
            ShippingRule::glob("ab*", "g"),
            ShippingRule::glob("x*y", "h"),
        ];
        let other_scopes_and_kinds = [
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
        let equal_when_folded = [
            ShippingRule::exact("2-Day", "a"),
            ShippingRule::exact("2\u{2013}day ", "b"),
            ShippingRule::glob("*Day", "c"),
            ShippingRule::glob("*DAY", "d"),
        ];
        let cases: [(&[ShippingRule], Comparison, &[RuleError]); 4] = [
            (&ties, Comparison::Exact, &[tie(0, 2), tie(1, 3), tie(5, 6)]),
            (&other_scopes_and_kinds, Comparison::Exact, &[]),
            (&equal_when_folded, Comparison::Exact, &[]),
            (&equal_when_folded, Comparison::Lenient, &[collision(0, 1), collision(2, 3)]),
        ];
        for (rules, comparison, wanted) in cases {
            let found = compile(rules, comparison).map_or_else(|refused| refused.errors, |_| Vec::new());
            assert_eq!(found, wanted);
        }
    }

    #[test]
    fn a_pasted_list_gives_one_error_a_rule() {
        let rules = [0; 50].map(|_| ShippingRule::glob("*Ground*", "a"));
        let refused = compile(&rules, Comparison::Exact).unwrap_err();
        assert_eq!((refused.errors.len(), refused.more, refused.total()), (20, 29, 49));
        assert_eq!(refused.errors[..2], [tie(0, 1), tie(0, 2)]);
        let shown = refused.to_string();
        assert!(shown.starts_with("the shipping rules have 49 errors\n- rules 0 and 1: "), "{shown}");
        assert!(shown.ends_with("\n- and 29 more"), "{shown}");
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
        let shown = compile(&rules, Comparison::Exact).unwrap_err().to_string();
        assert_eq!(
            shown.lines().collect::<Vec<_>>(),
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

    fn compiled(patterns: &[String]) -> Vec<CompiledRule> {
        let rule = |(index, pattern): (usize, &String)| {
            CompiledRule::new(index, &ShippingRule::glob(pattern, "p"), Comparison::Exact).unwrap()
        };
        patterns.iter().enumerate().map(rule).collect()
    }

    fn overlap(one: &CompiledRule, other: &CompiledRule) -> bool {
        let mut unlimited = usize::MAX;
        one.pattern.overlaps(&other.pattern, &mut unlimited).unwrap()
    }

    proptest! {
        #[test]
        fn no_pair_is_left_out(patterns in vec("[ab]{0,3}[ab*?]{1,4}[ab]{0,2}", 2..12)) {
            let compiled = compiled(&patterns);
            let pairs = conflicting_pairs(&compiled, &mut 1_000_000).unwrap();
            for rule in &compiled {
                let first = compiled.iter().take(rule.index).any(|other| overlap(other, rule));
                let found: Vec<_> = pairs.iter().filter(|(_, later)| later.index == rule.index).collect();
                prop_assert_eq!(found.len(), usize::from(first), "{:?}", patterns);
                prop_assert!(found.iter().all(|(earlier, _)| earlier.index < rule.index && overlap(earlier, rule)));
            }
        }
    }

    #[test]
    fn what_takes_too_long_is_refused_and_named() {
        let patterns: Vec<String> = (0..50).map(|n| format!("?{}{n:02}*", "x".repeat(100))).collect();
        let compiled = compiled(&patterns);
        let refused = conflicting_pairs(&compiled, &mut 20_000);
        assert!(matches!(refused, Err(CompiledRule { index: 1.., .. })));
        assert!(conflicting_pairs(&compiled, &mut 1_000_000).is_ok_and(|pairs| pairs.is_empty()));
    }
}
