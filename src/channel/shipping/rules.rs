//! The compiled rules: the one way from an order's shipping text to a method. Explaining, auditing and
//! suggesting build on it in files of their own.

use std::borrow::Cow;

use super::{
    Comparison, RuleErrors, ShippingDefaults, ShippingRequest, ShippingResolution, ShippingRule, WonBy,
    compiled::CompiledRule, index::Index, scope::Place, ties::ties,
};

/// Shipping rules made ready to resolve orders.
///
/// The answer never depends on the order of the rules. Among the enabled rules whose scope fits, these
/// decide, in turn:
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
    pub(super) rules: Vec<ShippingRule>,
    /// Beside each rule: its compiled form, unless it is disabled.
    pub(super) compiled: Vec<Option<CompiledRule>>,
    pub(super) comparison: Comparison,
    index: Index,
    defaults: ShippingDefaults,
}

impl ShippingRules {
    /// Checks the rules and makes them ready.
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
        let compiled = compile(&rules.iter().collect::<Vec<_>>(), comparison)?;
        let index = Index::new(&compiled);
        Ok(Self { rules: rules.to_vec(), compiled, comparison, index, defaults })
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
        let winner = self.index.winner(text.as_deref(), &Place::of(request));
        match winner.and_then(|index| Some((index, self.rules.get(index)?))) {
            Some((index, rule)) => {
                let won = WonBy::Rule { index, kind: rule.text.kind(), scope: rule.scope.level() };
                ShippingResolution::Mapped { method: rule.method.clone(), won }
            }
            None => self.without_rule(request, text.is_some()),
        }
    }

    /// The text as it is compared; `None` where the order counts as having none.
    pub(super) fn compared<'t>(&self, text: Option<&'t str>) -> Option<Cow<'t, str>> {
        text.map(|text| self.comparison.prepare(text)).filter(|text| !text.is_empty())
    }

    /// The enabled rules with their places.
    pub(super) fn enabled(&self) -> impl Iterator<Item = (usize, &ShippingRule, &CompiledRule)> {
        let pairs = self.rules.iter().zip(&self.compiled).enumerate();
        pairs.filter_map(|(index, (rule, compiled))| Some((index, rule, compiled.as_ref()?)))
    }

    fn without_rule(&self, request: &ShippingRequest, has_text: bool) -> ShippingResolution {
        match (self.defaults.of(request.store.as_ref()), &request.text) {
            (Some((method, won)), _) => ShippingResolution::Mapped { method: method.clone(), won },
            (None, Some(text)) if has_text => ShippingResolution::Unmapped { text: text.clone() },
            (None, _) => ShippingResolution::NoText,
        }
    }
}

/// The compiled form of each rule, unless it is disabled.
pub(super) fn compile(
    rules: &[&ShippingRule],
    comparison: Comparison,
) -> Result<Vec<Option<CompiledRule>>, RuleErrors> {
    let mut errors = Vec::new();
    let mut compiled = Vec::with_capacity(rules.len());
    for (index, rule) in rules.iter().enumerate() {
        let ready = rule.enabled.then(|| CompiledRule::new(index, rule, comparison)).transpose();
        compiled.push(ready.unwrap_or_else(|error| {
            errors.push(error);
            None
        }));
    }
    errors.extend(ties(rules, &compiled));
    if errors.is_empty() { Ok(compiled) } else { Err(RuleErrors::new(errors, rules)) }
}
