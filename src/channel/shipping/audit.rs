//! Rules that do nothing: shadowed by others, or for texts nobody sends. Findings only, nothing is changed.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::{
    MatchKind, ShippingRules, StoreKey,
    glob::Glob,
    rules::{CompiledRule, Pattern},
    scope::Country,
};

/// A rule that can never win, because stronger rules fit everything it fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Shadowed {
    /// The place of the rule in the list, from 0.
    pub rule: usize,
    /// The places of the rules that stand before it; several where each takes a country.
    pub by: Vec<usize>,
}

impl ShippingRules {
    /// The enabled rules that can never win, in their order.
    ///
    /// A rule is listed when for each of its countries a single stronger rule fits every order it fits;
    /// rules that are only covered by several together in another way are not found.
    ///
    /// ```
    /// use shipstation_connector::channel::shipping::{
    ///     Comparison, ShippingDefaults, ShippingRule, ShippingRules,
    /// };
    ///
    /// let list = [ShippingRule::glob("UPS *Ground*", "ground").store("12"), ShippingRule::prefix("UPS", "ups")];
    /// let rules = ShippingRules::compile(&list, ShippingDefaults::none(), Comparison::Exact)?;
    /// assert_eq!(rules.shadowed()[0].rule, 0); // a prefix beats a glob, whatever the scopes
    /// # Ok::<(), shipstation_connector::channel::shipping::RuleErrors>(())
    /// ```
    pub fn shadowed(&self) -> Vec<Shadowed> {
        shadowed(&self.compiled)
    }

    /// Whether an enabled rule fits this text in this store, under some marketplace or country. An empty text stands
    /// for an order without one.
    pub(crate) fn may_map(&self, text: &str, store: Option<&StoreKey>) -> bool {
        let text = self.compared(Some(text));
        self.compiled.iter().any(|rule| {
            let of_store = rule.scope.store.as_ref().is_none_or(|wanted| Some(wanted) == store);
            of_store && rule.pattern.fits(text.as_deref())
        })
    }

    /// The places of the enabled rules whose text fits none of the texts seen; scopes are not looked at.
    ///
    /// An empty text stands for an order without one.
    ///
    /// ```
    /// use shipstation_connector::channel::shipping::{
    ///     Comparison, ShippingDefaults, ShippingRule, ShippingRules,
    /// };
    ///
    /// let list = [ShippingRule::exact("Standard", "ground"), ShippingRule::exact("Freight", "truck")];
    /// let rules = ShippingRules::compile(&list, ShippingDefaults::none(), Comparison::Exact)?;
    /// assert_eq!(rules.unused(["Standard", "Express"]), [1]);
    /// # Ok::<(), shipstation_connector::channel::shipping::RuleErrors>(())
    /// ```
    pub fn unused<'t>(&self, seen: impl IntoIterator<Item = &'t str>) -> Vec<usize> {
        let mut unused: Vec<&CompiledRule> = self.compiled.iter().collect();
        for text in seen.into_iter().collect::<BTreeSet<_>>() {
            let text = self.compared(Some(text));
            unused.retain(|rule| !rule.pattern.fits(text.as_deref()));
        }
        let mut places: Vec<usize> = unused.into_iter().map(|rule| rule.index).collect();
        places.sort_unstable();
        places
    }
}

/// The compiled rules that can never win, in their order.
pub(super) fn shadowed(compiled: &[CompiledRule]) -> Vec<Shadowed> {
    let covering = Covering::new(compiled);
    let shadow = |weak: &CompiledRule| Some(Shadowed { rule: weak.index, by: covering.shadows(weak)? });
    let mut found: Vec<Shadowed> = compiled.iter().filter_map(shadow).collect();
    found.sort_by_key(|shadowed| shadowed.rule);
    found
}

/// What a rule that may stand before others is found by: its kind, its text (none, if it fits every text) and its store.
type Key<'r> = (MatchKind, &'r str, Option<&'r StoreKey>);

/// The rules that may stand before another one.
struct Covering<'r> {
    rules: HashMap<Key<'r>, Vec<&'r CompiledRule>>,
    /// The lengths of the prefixes.
    lengths: BTreeSet<usize>,
}

impl<'r> Covering<'r> {
    fn new(compiled: &'r [CompiledRule]) -> Self {
        let mut covering = Self { rules: HashMap::new(), lengths: BTreeSet::new() };
        for rule in compiled {
            let (kind, text) = match &rule.pattern {
                Pattern::Exact(text) => (MatchKind::Exact, text.as_str()),
                Pattern::Prefix(text) => (MatchKind::Prefix, text.as_str()),
                Pattern::Glob(glob) if glob.fits_everything() => (MatchKind::Glob, ""),
                Pattern::Glob(_) | Pattern::Absent | Pattern::Any => continue,
            };
            if kind == MatchKind::Prefix {
                covering.lengths.insert(text.len());
            }
            covering.rules.entry((kind, text, rule.scope.store.as_ref())).or_default().push(rule);
        }
        covering
    }

    /// The rules that together fit every order that this one fits; `None` unless there are such.
    fn shadows(&self, weak: &CompiledRule) -> Option<Vec<usize>> {
        let stronger = self.stronger(weak);
        let taker = |country: Option<Country>| {
            let takers = stronger.iter().filter(|rule| rule.scope.covers(&weak.scope, country));
            takers.map(|rule| rule.index).min()
        };
        let by: Option<BTreeSet<usize>> = if weak.scope.countries.is_empty() {
            taker(None).map(|rule| [rule].into())
        } else {
            weak.scope.countries.iter().map(|country| taker(Some(*country))).collect()
        };
        Some(by?.into_iter().collect())
    }

    /// The rules of a stronger kind that fit every text that this one fits, as far as their store allows. Only a glob and
    /// "any" are ever covered so.
    fn stronger(&self, weak: &CompiledRule) -> Vec<&'r CompiledRule> {
        let (only, head) = match &weak.pattern {
            Pattern::Glob(glob) => (glob.only_text(), Glob::head(glob)),
            Pattern::Any => (None, String::new()),
            Pattern::Exact(_) | Pattern::Prefix(_) | Pattern::Absent => return Vec::new(),
        };
        let starts = self.lengths.range(..=head.len()).filter_map(|length| head.get(..*length));
        let mut texts: Vec<(MatchKind, &str)> = starts.map(|start| (MatchKind::Prefix, start)).collect();
        texts.extend(only.as_deref().map(|text| (MatchKind::Exact, text)));
        if weak.precedence.kind == MatchKind::Any {
            texts.push((MatchKind::Glob, ""));
        }
        let own_store = weak.scope.store.as_ref().map(Some);
        let stores = || own_store.into_iter().chain([None]);
        let keys = texts.into_iter().flat_map(|(kind, text)| stores().map(move |store| (kind, text, store)));
        keys.filter_map(|key| self.rules.get(&key)).flatten().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Comparison, ShippingDefaults, ShippingRule};
    use super::*;

    fn shadowed(list: &[ShippingRule]) -> Vec<(usize, Vec<usize>)> {
        let rules = ShippingRules::compile(list, ShippingDefaults::none(), Comparison::Lenient).unwrap();
        rules.shadowed().into_iter().map(|Shadowed { rule, by }| (rule, by)).collect()
    }

    #[test]
    fn finds_rules_that_cannot_win() {
        let list = [
            ShippingRule::any("a"),
            ShippingRule::glob("**", "b"),
            ShippingRule::glob("UPS Ground", "c").store("1"),
            ShippingRule::exact("ups ground", "d"),
            ShippingRule::glob("USPS*Mail", "e").country("US").country("PR"),
            ShippingRule::prefix("USPS", "f").country("US"),
            ShippingRule::prefix("USP", "g").country("PR"),
        ];
        assert_eq!(shadowed(&list), [(0, vec![1]), (2, vec![3]), (4, vec![5, 6])]);
    }

    #[test]
    fn leaves_rules_that_can() {
        let list = [
            ShippingRule::any("a").store("1"),
            ShippingRule::glob("?*", "b").store("2"),
            ShippingRule::glob("??*", "c"),
            ShippingRule::prefix("UPS", "d").country("US"),
            ShippingRule::glob("UPS*Ground", "e").country("US").country("CA"),
            ShippingRule::glob("UPS*Air", "f"),
            ShippingRule::glob("*UPS", "g").country("US"),
            ShippingRule::absent("h"),
        ];
        assert_eq!(shadowed(&list), []);
    }

    #[test]
    fn an_absent_rule_is_used_by_an_order_without_text() {
        let list = [ShippingRule::absent("a"), ShippingRule::any("b"), ShippingRule::prefix("U", "c")];
        let rules = ShippingRules::compile(&list, ShippingDefaults::none(), Comparison::Exact).unwrap();
        assert_eq!(rules.unused([""]), [1, 2]);
        assert_eq!(rules.unused(["UPS"]), [0]);
        assert_eq!(rules.unused([]), [0, 1, 2]);
    }
}
