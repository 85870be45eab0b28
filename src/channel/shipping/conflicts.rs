//! Finding rules that fit the same order equally well. That is a configuration error, found when rules are compiled
//! and never decided by chance at run time.

use std::collections::HashMap;

use super::{
    RuleError, ShippingRule, StoreKey,
    glob::{Glob, MOST_STEPS},
    rules::{CompiledRule, Pattern, Precedence},
    scope::Country,
    text_table::{Row, TextTable},
};

/// Two rules, the earlier one first.
type Pair<'r> = (&'r CompiledRule, &'r CompiledRule);

/// Only rules that agree in all of this can conflict: precedence, text, store and marketplace. Globs with different
/// texts can overlap, so they share a class.
type Class<'r> = (Precedence, Option<&'r str>, Option<&'r StoreKey>, Option<&'r str>);

fn class(rule: &CompiledRule) -> Class<'_> {
    let scope = &rule.scope;
    (rule.precedence, rule.pattern.text(), scope.store.as_ref(), scope.marketplace.as_deref())
}

/// The conflicts among the compiled rules.
///
/// There is at most one for each rule: with one other rule that it conflicts with, although there may be more. Where the
/// patterns are too many to be told apart in bounded time, that is an error too.
pub(super) fn conflicts(compiled: &[CompiledRule], rules: &[&ShippingRule]) -> Vec<RuleError> {
    let mut sorted: Vec<&CompiledRule> = compiled.iter().collect();
    sorted.sort_by_key(|rule| (class(rule), rule.index));
    let mut found = Vec::new();
    let mut overlaps = Overlaps { steps_left: MOST_STEPS };
    for members in sorted.chunk_by(|one, other| class(one) == class(other)).filter(|class| class.len() > 1) {
        let are_globs = members.iter().any(|rule| matches!(rule.pattern, Pattern::Glob(_)));
        let pairs = if are_globs { overlaps.pairs(members) } else { Ok(sharing_a_country(members)) };
        match pairs {
            Ok(pairs) => found.extend(pairs.into_iter().map(|pair| conflict(rules, pair))),
            Err(TooMany { rule }) => found.push(RuleError::TooManyPatterns { rule }),
        }
    }
    found
}

/// Rules of one text: each with the first rule before it that serves one of its countries.
fn sharing_a_country<'r>(members: &[&'r CompiledRule]) -> Vec<Pair<'r>> {
    let mut first: HashMap<Option<Country>, &CompiledRule> = HashMap::new();
    let mut pairs = Vec::new();
    for rule in members.iter().copied() {
        let everywhere = rule.scope.countries.is_empty().then_some(None);
        let countries = || rule.scope.countries.iter().copied().map(Some).chain(everywhere);
        let earlier = countries().filter_map(|country| first.get(&country).copied());
        match earlier.min_by_key(|earlier| earlier.index) {
            Some(earlier) => pairs.push((earlier, rule)),
            None => first.extend(countries().map(|country| (country, rule))),
        }
    }
    pairs
}

fn conflict(rules: &[&ShippingRule], (one, other): Pair<'_>) -> RuleError {
    let (first, second) = (one.index, other.index);
    let same_text = match (&one.pattern, &other.pattern) {
        (Pattern::Glob(one), Pattern::Glob(other)) => one == other,
        _ => true,
    };
    let written = |index: usize| rules.get(index).map(|rule| &rule.text);
    if same_text && written(first) != written(second) {
        RuleError::Collision { first, second }
    } else {
        RuleError::Tie { first, second }
    }
}

/// There are more comparisons to make than there is time for.
struct TooMany {
    /// The rule at which the time was over.
    rule: usize,
}

/// Finds globs that overlap without comparing each with each, within a budget.
///
/// Two globs have a text in common only if the literal start of one begins with that of the other, and their literal
/// ends likewise. So each is compared only with those that a table of starts, or one of ends, leaves over.
struct Overlaps {
    steps_left: usize,
}

impl Overlaps {
    /// Each glob with one before it that serves one of its countries and can fit the same text; none is left out that
    /// has one.
    fn pairs<'r>(&mut self, members: &[&'r CompiledRule]) -> Result<Vec<Pair<'r>>, TooMany> {
        let globs: Vec<(&CompiledRule, &Glob)> = members
            .iter()
            .filter_map(
                |rule| if let Pattern::Glob(glob) = &rule.pattern { Some((*rule, glob)) } else { None },
            )
            .collect();
        let table = |text: fn(&Glob) -> String| -> TextTable {
            globs.iter().enumerate().map(|(at, (_, glob))| (text(glob), at)).collect()
        };
        let (starts, ends) = (table(Glob::head), table(Glob::tail));
        let mut pairs = Vec::new();
        for (rule, glob) in &globs {
            let (head, tail) = (glob.head(), glob.tail());
            self.spend(starts.cost_of_prefixes(&head) + ends.cost_of_prefixes(&tail), rule)?;
            let by_start = Near::new(&starts, &head);
            let by_end = Near::new(&ends, &tail);
            let near = if by_start.count() <= by_end.count() { by_start } else { by_end };
            for (earlier, other) in near.places().filter_map(|at| globs.get(at)) {
                if self.conflict((earlier, other), (rule, glob))? {
                    pairs.push((*earlier, *rule));
                    break;
                }
            }
        }
        Ok(pairs)
    }

    /// Whether the two conflict and `earlier` stands first. Each pair is asked about from both sides.
    fn conflict(
        &mut self,
        (earlier, one): (&CompiledRule, &Glob),
        (later, other): (&CompiledRule, &Glob),
    ) -> Result<bool, TooMany> {
        let mut steps = 1;
        let conflict = earlier.index < later.index && {
            steps += earlier.scope.countries.len();
            earlier.scope.shares_country(&later.scope) && one.overlaps(other, &mut steps)
        };
        self.spend(steps, later)?;
        Ok(conflict)
    }

    fn spend(&mut self, steps: usize, rule: &CompiledRule) -> Result<(), TooMany> {
        self.steps_left = self.steps_left.checked_sub(steps).ok_or(TooMany { rule: rule.index })?;
        Ok(())
    }
}

/// The texts of a table that begin with one text, and the shorter ones that it begins with.
struct Near<'t> {
    table: &'t TextTable,
    text: &'t str,
}

impl<'t> Near<'t> {
    fn new(table: &'t TextTable, text: &'t str) -> Self {
        Self { table, text }
    }

    fn shorter(&self) -> impl Iterator<Item = &'t Row> + use<'t> {
        let mut chars = self.text.chars();
        let but_last = chars.next_back().map(|_| chars.as_str());
        let table = self.table;
        but_last.into_iter().flat_map(|text| table.prefixes_of(text))
    }

    fn count(&self) -> usize {
        self.table.starting_with(self.text).len() + self.shorter().count()
    }

    fn places(&self) -> impl Iterator<Item = usize> {
        self.table.starting_with(self.text).iter().chain(self.shorter()).map(|(_, at)| *at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

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

    fn compiled(patterns: &[String]) -> Vec<CompiledRule> {
        let rule = |(index, pattern): (usize, &String)| {
            CompiledRule::new(index, &ShippingRule::glob(pattern, "p"), Comparison::Exact).unwrap()
        };
        patterns.iter().enumerate().map(rule).collect()
    }

    fn overlap(one: &CompiledRule, other: &CompiledRule) -> bool {
        matches!((&one.pattern, &other.pattern), (Pattern::Glob(one), Pattern::Glob(other)) if one.overlaps(other, &mut 0))
    }

    proptest! {
        #[test]
        fn the_tables_leave_out_no_pair(patterns in vec("[ab]{0,3}[ab*?]{1,4}[ab]{0,2}", 2..12)) {
            let compiled = compiled(&patterns);
            let members: Vec<&CompiledRule> = compiled.iter().collect();
            let mut overlaps = Overlaps { steps_left: MOST_STEPS };
            let Ok(pairs) = overlaps.pairs(&members) else { panic!("the budget is large enough") };
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
        let members: Vec<&CompiledRule> = compiled.iter().collect();
        let refused = Overlaps { steps_left: 20_000 }.pairs(&members);
        assert!(matches!(refused, Err(TooMany { rule: 1.. })));
        assert!(Overlaps { steps_left: MOST_STEPS }.pairs(&members).is_ok_and(|pairs| pairs.is_empty()));
    }
}
