//! Rules that do nothing: shadowed by others, or for texts nobody sends. Findings only, nothing is changed.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::{
    ShippingRules, StoreKey,
    compiled::{CompiledRule, Pattern},
    scope::{Area, Country},
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
        self.enabled().any(|(_, rule, compiled)| {
            let of_store = rule.scope.store.as_ref().is_none_or(|wanted| Some(wanted) == store);
            of_store && compiled.pattern.fits(text.as_deref())
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
        let mut waiting: Vec<(usize, &CompiledRule)> =
            self.enabled().map(|(index, _, rule)| (index, rule)).collect();
        for text in seen.into_iter().collect::<BTreeSet<_>>() {
            let text = self.compared(Some(text));
            waiting.retain(|(_, rule)| !rule.pattern.fits(text.as_deref()));
        }
        waiting.into_iter().map(|(index, _)| index).collect()
    }
}

/// The compiled rules that can never win, in their order.
pub(super) fn shadowed(compiled: &[Option<CompiledRule>]) -> Vec<Shadowed> {
    let covering = Covering::new(compiled);
    let enabled = compiled.iter().enumerate().filter_map(|(index, rule)| Some((index, rule.as_ref()?)));
    enabled.filter_map(|(rule, weak)| Some(Shadowed { rule, by: covering.shadows(weak)? })).collect()
}

/// Rules by their places, with what they apply to.
type Entries<'r> = Vec<(usize, &'r Area)>;
type ByTextAndStore<'r> = HashMap<(&'r str, Option<&'r StoreKey>), Entries<'r>>;

/// The rules that may stand before another one, by their text and store.
#[derive(Default)]
struct Covering<'r> {
    exact: ByTextAndStore<'r>,
    prefixes: ByTextAndStore<'r>,
    /// The lengths of the prefixes.
    lengths: BTreeSet<usize>,
    /// The globs that fit every text.
    everything: HashMap<Option<&'r StoreKey>, Entries<'r>>,
}

impl<'r> Covering<'r> {
    fn new(compiled: &'r [Option<CompiledRule>]) -> Self {
        let mut covering = Self::default();
        for (index, rule) in
            compiled.iter().enumerate().filter_map(|(index, rule)| Some((index, rule.as_ref()?)))
        {
            let (store, entry) = (rule.area.store.as_ref(), (index, &rule.area));
            match &rule.pattern {
                Pattern::Exact(text) => covering.exact.entry((text, store)).or_default().push(entry),
                Pattern::Prefix(text) => {
                    covering.prefixes.entry((text, store)).or_default().push(entry);
                    covering.lengths.insert(text.len());
                }
                Pattern::Glob(glob) if glob.fits_everything() => {
                    covering.everything.entry(store).or_default().push(entry);
                }
                Pattern::Glob(_) | Pattern::Absent | Pattern::Any => {}
            }
        }
        covering
    }

    /// The rules that together fit every order that this one fits; `None` unless there are such.
    fn shadows(&self, weak: &CompiledRule) -> Option<Vec<usize>> {
        let stronger = self.stronger(weak);
        let taker = |country: Option<Country>| {
            let takers = stronger.iter().filter(|(_, area)| area.covers(&weak.area, country));
            takers.map(|(index, _)| *index).min()
        };
        let mut by = if weak.area.countries.is_empty() {
            vec![taker(None)?]
        } else {
            weak.area.countries.iter().map(|country| taker(Some(*country))).collect::<Option<Vec<_>>>()?
        };
        by.sort_unstable();
        by.dedup();
        Some(by)
    }

    /// The rules of a stronger kind that fit every text that this one fits, as far as their store allows. Only a glob and
    /// "any" are ever covered so.
    fn stronger(&self, weak: &CompiledRule) -> Entries<'r> {
        let mut stores = vec![None];
        stores.extend(weak.area.store.as_ref().map(Some));
        let mut found = Vec::new();
        for store in stores {
            match &weak.pattern {
                Pattern::Glob(glob) => {
                    let only = glob.only_text();
                    found.extend(
                        only.iter().filter_map(|text| self.exact.get(&(text.as_str(), store))).flatten(),
                    );
                    let head = glob.head();
                    let starts = self.lengths.range(..=head.len()).filter_map(|length| head.get(..*length));
                    found.extend(starts.filter_map(|start| self.prefixes.get(&(start, store))).flatten());
                }
                Pattern::Any => found.extend(self.everything.get(&store).into_iter().flatten()),
                Pattern::Exact(_) | Pattern::Prefix(_) | Pattern::Absent => {}
            }
        }
        found
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
