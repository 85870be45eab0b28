//! Rules that do nothing: shadowed by others, or for texts nobody sends. Findings only, nothing is changed.

use serde::{Deserialize, Serialize};

use super::{ShippingRules, StoreKey, compiled::CompiledRule, scope::Country};

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
        // Only these kinds are ever covered by a stronger one.
        let coverable = self.enabled().filter(|(_, rule, _)| rule.text.kind() <= super::MatchKind::Glob);
        coverable
            .filter_map(|(rule, _, compiled)| Some(Shadowed { rule, by: self.shadows(compiled)? }))
            .collect()
    }

    fn shadows(&self, weak: &CompiledRule) -> Option<Vec<usize>> {
        let stronger: Vec<(usize, &CompiledRule)> = self
            .enabled()
            .map(|(index, _, rule)| (index, rule))
            .filter(|(_, rule)| rule.precedence > weak.precedence && rule.pattern.covers(&weak.pattern))
            .collect();
        let taker = |country: Option<Country>| {
            let mut takers = stronger.iter().filter(|(_, rule)| rule.area.covers(&weak.area, country));
            takers.next().map(|(index, _)| *index)
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
        for text in seen {
            let text = self.compared(Some(text));
            waiting.retain(|(_, rule)| !rule.pattern.fits(text.as_deref()));
        }
        waiting.into_iter().map(|(index, _)| index).collect()
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
