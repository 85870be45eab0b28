//! The compiled rules: the one way from an order's shipping text to a method.

use std::borrow::Cow;

use super::{
    Comparison, MatchKind, MethodSource, RuleErrors, ShippingDefaults, ShippingRequest, ShippingResolution,
    ShippingRule,
    pattern::char_set,
    precedence::{CompiledRule, CompiledRules},
    resolution::Destination,
};

/// Compiled shipping rules, which resolve orders.
///
/// The answer never depends on the order of the rules. Among the enabled rules whose scope fits, these decide, in turn:
///
/// 1. the kind: exact, then prefix, then glob, then any. An exact text beats every wildcard, whatever the
///    scopes;
/// 2. the longest prefix, or the glob with the most literal characters;
/// 3. the scope: see [`ScopeLevel`](super::ScopeLevel);
/// 4. where no rule fits: the default of the store, then the global default.
///
/// Rules that would still be equal are refused when they are compiled.
///
/// ```
/// use shipstation_connector::channel::shipping::{
///     Comparison, ShippingDefaults, ShippingRequest, ShippingRule, ShippingRules,
/// };
///
/// let list = [
///     ShippingRule::exact("Standard", "ground"),
///     ShippingRule::exact("Standard", "ground-12").store("12"),
///     ShippingRule::glob("*Express*", "air"),
/// ];
/// let rules = ShippingRules::compile(&list, ShippingDefaults::none(), Comparison::Exact)?;
///
/// let policy = |request: ShippingRequest| {
///     rules.resolve(&request).method().map(|method| method.policy.to_string())
/// };
/// assert_eq!(policy(ShippingRequest::new("Standard")).as_deref(), Some("ground"));
/// assert_eq!(policy(ShippingRequest::new("Standard").store("12")).as_deref(), Some("ground-12"));
/// assert_eq!(policy(ShippingRequest::new("DHL Express")).as_deref(), Some("air"));
/// assert_eq!(policy(ShippingRequest::new("standard")), None);
/// # Ok::<(), shipstation_connector::channel::shipping::RuleErrors>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct ShippingRules {
    rules: Vec<ShippingRule>,
    pub(super) compiled: CompiledRules,
    comparison: Comparison,
    defaults: ShippingDefaults,
}

impl ShippingRules {
    /// Checks and compiles the rules.
    ///
    /// Disabled rules are carried along, so that places in the list stay what they were, but not checked.
    ///
    /// # Errors
    ///
    /// What is wrong, the first 20 errors and how many more there are: rules that are unsound in themselves, rules that
    /// tie with an earlier one, and under [`Comparison::Lenient`] texts that folding makes equal.
    pub fn compile(
        rules: &[ShippingRule],
        defaults: ShippingDefaults,
        comparison: Comparison,
    ) -> Result<Self, RuleErrors> {
        let compiled = CompiledRules::compile(&rules.iter().collect::<Vec<_>>(), comparison)?;
        Ok(Self { rules: rules.to_vec(), compiled, comparison, defaults })
    }

    /// The rules as they were compiled, in their order.
    pub fn rules(&self) -> &[ShippingRule] {
        &self.rules
    }

    /// How texts are compared.
    pub fn comparison(&self) -> Comparison {
        self.comparison
    }

    /// Resolves one order. It takes about a microsecond and never fails: see [`ShippingResolution`].
    pub fn resolve(&self, request: &ShippingRequest) -> ShippingResolution {
        let text = self.compared(request.text.as_deref());
        let winner = self.winner(text.as_deref(), &Destination::of(request));
        let rule = winner.and_then(|winner| Some((winner, self.rules.get(winner.index)?)));
        if let Some((&CompiledRule { index, kind, level: scope, .. }, rule)) = rule {
            let won = MethodSource::Rule { index, kind, scope };
            return ShippingResolution::Mapped { method: rule.method.clone(), won };
        }
        match (self.defaults.of(request.store.as_ref()), &request.text) {
            (Some((method, won)), _) => ShippingResolution::Mapped { method: method.clone(), won },
            (None, Some(given)) if text.is_some() => ShippingResolution::Unmapped { text: given.clone() },
            (None, _) => ShippingResolution::NoText,
        }
    }

    /// The strongest rule that fits, found without trying every rule.
    fn winner(&self, text: Option<&str>, destination: &Destination<'_>) -> Option<&CompiledRule> {
        let Some(text) = text else {
            // Only "absent" fits an order without a text, and stands first.
            return self.compiled.iter().find(|rule| rule.fits(None, destination));
        };
        let with_text = self.compiled.by_text(text, destination.store).find(|rule| rule.serves(destination));
        with_text.or_else(|| {
            let chars = char_set(text.chars());
            let mut likely =
                self.compiled.at_most(MatchKind::Glob).filter(|rule| rule.pattern.may_fit(chars));
            likely.find(|rule| rule.fits(Some(text), destination))
        })
    }

    /// Whether the answer would be another one for the marketplace of some rule.
    pub(crate) fn depends_on_marketplace(&self, request: &ShippingRequest) -> bool {
        let found = self.resolve(request);
        let mut marketplaces = self.compiled.iter().filter_map(|rule| rule.marketplace.as_deref());
        marketplaces.any(|name| self.resolve(&request.clone().marketplace(name)) != found)
    }

    /// The text as it is compared; `None` where the order counts as having none.
    pub(super) fn compared<'t>(&self, text: Option<&'t str>) -> Option<Cow<'t, str>> {
        text.map(|text| self.comparison.prepare(text)).filter(|text| !text.is_empty())
    }
}

/// What holds for every list of rules: the order of rules never matters, an exact text beats everything, and the answers
/// agree with trying every rule as documented.
#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*, sample::select};

    use super::{
        super::{RuleMatch, Scope, ShippingMethod, TextMatch, comparison::fold_text, pattern::Pattern},
        *,
    };

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            "[aAb -]{0,5}",
            select(vec!["UPS", "UPS Ground", "ups ground", "Standard", " Standard", "2\u{2013}Day", "2-Day"])
                .prop_map(str::to_owned),
        ]
    }

    fn rule() -> impl Strategy<Value = ShippingRule> {
        let text_match = prop_oneof![
            3 => text().prop_map(TextMatch::Exact),
            2 => text().prop_map(TextMatch::Prefix),
            2 => "[aAb*? -]{1,5}".prop_map(TextMatch::Glob),
            1 => Just(TextMatch::Absent),
            1 => Just(TextMatch::Any),
        ];
        let store = option::of(select(vec!["1", "2"]));
        let marketplace = option::weighted(0.3, select(vec!["eBay", "Etsy"]));
        let countries = vec(select(vec!["US", "ca", "MX"]), 0..3);
        let scope = (store, marketplace, countries);
        (text_match, scope, prop::bool::weighted(0.9), "[p-z]{1,3}").prop_map(
            |(text, scope, enabled, policy)| {
                let mut rule = ShippingRule::new(text, policy);
                rule.scope.store = scope.0.map(Into::into);
                rule.scope.marketplace = scope.1.map(str::to_owned);
                rule.scope.countries = scope.2.into_iter().map(str::to_owned).collect();
                rule.enabled = enabled;
                rule
            },
        )
    }

    fn request() -> impl Strategy<Value = ShippingRequest> {
        let store = option::of(select(vec!["1", "2", "3"]));
        let marketplace = option::of(select(vec!["eBay", "Etsy"]));
        let country = option::of(select(vec!["us", "CA", "DE", "Canada"]));
        let text = option::weighted(0.9, text());
        (text, store, marketplace, country).prop_map(|(text, store, marketplace, country)| ShippingRequest {
            text,
            store: store.map(Into::into),
            marketplace: marketplace.map(str::to_owned),
            country: country.map(str::to_owned),
        })
    }

    fn comparison() -> impl Strategy<Value = Comparison> {
        select(vec![Comparison::Exact, Comparison::Lenient])
    }

    /// Rules that compile: those that are unsound or conflict with an earlier one are left out.
    fn sound(rules: Vec<ShippingRule>, comparison: Comparison) -> ShippingRules {
        let mut kept: Vec<ShippingRule> = Vec::new();
        let mut compiled = ShippingRules::default();
        for rule in rules {
            kept.push(rule);
            match ShippingRules::compile(&kept, defaults(), comparison) {
                Ok(fine) => compiled = fine,
                Err(_) => drop(kept.pop()),
            }
        }
        compiled
    }

    fn defaults() -> ShippingDefaults {
        ShippingDefaults::none().store("3", "default of store 3")
    }

    /// The documented resolution: filter, then the greatest of (kind, length, scope). Patterns have tests of their own
    /// against their definition, so they are used here.
    fn reference(rules: &ShippingRules, request: &ShippingRequest) -> Option<(ShippingMethod, usize)> {
        let folded = |text: &str| match rules.comparison() {
            Comparison::Exact => text.to_owned(),
            Comparison::Lenient => fold_text(text),
        };
        // The blank at the end of a prefix is kept, which folding the prefix with a mark behind it shows.
        let prefix = |text: &str| folded(&format!("{text}|")).trim_end_matches('|').to_owned();
        let pattern = |rule: &ShippingRule| Pattern::new(0, &rule.text, rules.comparison()).unwrap();
        let text = request.text.as_deref().map(folded).filter(|text| !text.is_empty());
        let fits_text = |rule: &ShippingRule| match (&rule.text, &text) {
            (TextMatch::Absent, text) => text.is_none(),
            (_, None) => false,
            (TextMatch::Exact(wanted), Some(text)) => folded(wanted) == *text,
            (TextMatch::Prefix(wanted), Some(text)) => text.starts_with(&prefix(wanted)),
            (TextMatch::Glob(_), text) => pattern(rule).fits(text.as_deref()),
            (TextMatch::Any, Some(_)) => true,
        };
        let fits_scope = |Scope { store, marketplace, countries }: &Scope| {
            let country =
                |wanted: &String| request.country.as_ref().is_some_and(|c| c.eq_ignore_ascii_case(wanted));
            (store.is_none() || *store == request.store)
                && (marketplace.is_none() || *marketplace == request.marketplace)
                && (countries.is_empty() || countries.iter().any(country))
        };
        let rank = |rule: &ShippingRule| {
            let length = match &rule.text {
                TextMatch::Prefix(wanted) => prefix(wanted).chars().count(),
                TextMatch::Glob(_) => pattern(rule).weight(),
                _ => 0,
            };
            (rule.text.kind(), length, rule.scope.level())
        };
        let fitting = rules.rules().iter().enumerate();
        fitting
            .filter(|(_, rule)| rule.enabled && fits_text(rule) && fits_scope(&rule.scope))
            .max_by_key(|(_, rule)| rank(rule))
            .map(|(index, rule)| (rule.method.clone(), index))
    }

    proptest! {
        #[test]
        fn resolve_explain_and_shadowed_agree_with_the_definition(
            rules in vec(rule(), 0..40), requests in vec(request(), 20), comparison in comparison(),
        ) {
            let rules = sound(rules, comparison);
            let shadowed: Vec<usize> = rules.shadowed().iter().map(|shadowed| shadowed.rule).collect();
            for request in &requests {
                let explanation = rules.explain(request);
                prop_assert_eq!(explanation.considered.len(), rules.rules().len());
                let winners = explanation.considered.iter().filter(|considered| considered.verdict == RuleMatch::Won);
                let winners: Vec<usize> = winners.map(|considered| considered.index).collect();
                let wanted = reference(&rules, request);
                prop_assert_eq!(&winners, &wanted.iter().map(|(_, index)| *index).collect::<Vec<_>>());
                prop_assert!(winners.iter().all(|index| !shadowed.contains(index)));
                let resolution = rules.resolve(request);
                prop_assert_eq!(&resolution, &explanation.resolution);
                match (resolution, wanted) {
                    (ShippingResolution::Mapped { method, won: MethodSource::Rule { index, .. } }, Some(wanted)) => {
                        prop_assert_eq!((method, index), wanted);
                    }
                    (ShippingResolution::Mapped { won, .. }, None) => {
                        prop_assert_eq!(won, MethodSource::StoreDefault);
                        prop_assert_eq!(&request.store, &Some("3".into()));
                    }
                    (ShippingResolution::Unmapped { text }, None) => prop_assert_eq!(Some(text), request.text.clone()),
                    (ShippingResolution::NoText, None) => {
                        let text = request.text.as_deref().unwrap_or_default();
                        prop_assert!(text.is_empty() || comparison == Comparison::Lenient && text.trim().is_empty());
                    }
                    (got, wanted) => prop_assert!(false, "{got:?} instead of {wanted:?}"),
                }
            }
        }

        #[test]
        fn the_order_of_rules_never_matters(
            (rules, shuffled) in vec(rule(), 0..25).prop_map(|rules| sound(rules, Comparison::Exact).rules().to_vec())
                .prop_flat_map(|rules| (Just(rules.clone()), Just(rules).prop_shuffle())),
            requests in vec(request(), 20),
        ) {
            let compile = |rules: &[ShippingRule]| ShippingRules::compile(rules, defaults(), Comparison::Exact);
            let (rules, shuffled) = (compile(&rules).unwrap(), compile(&shuffled).unwrap());
            for request in &requests {
                prop_assert_eq!(rules.resolve(request).method().cloned(), shuffled.resolve(request).method().cloned());
            }
        }

        #[test]
        fn an_exact_text_beats_everything(
            rules in vec(rule(), 0..25), request in request(), comparison in comparison(),
        ) {
            prop_assume!(request.text.as_deref().is_some_and(|text| !text.trim().is_empty()));
            let mut all = vec![ShippingRule::exact(request.text.clone().unwrap(), "the exact one")];
            all.extend(rules);
            let resolution = sound(all, comparison).resolve(&request);
            let exact = matches!(
                resolution,
                ShippingResolution::Mapped { won: MethodSource::Rule { kind: MatchKind::Exact, .. }, .. }
            );
            prop_assert!(exact, "{:?}", resolution);
        }
    }
}
