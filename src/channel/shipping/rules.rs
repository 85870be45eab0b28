//! The compiled rules: the one way from an order's shipping text to a method. Explaining, auditing and
//! suggesting build on it in files of their own.

use std::{borrow::Cow, cmp::Reverse};

use super::{
    Comparison, MatchKind, RuleError, RuleErrors, ScopeLevel, ShippingDefaults, ShippingRequest,
    ShippingResolution, ShippingRule, TextMatch, WonBy,
    conflicts::conflicts,
    fold::Ends,
    glob::{BigramSet, Glob},
    scope::{CompiledScope, Destination},
    text_table::TextTable,
};

/// Shipping rules made ready to resolve orders.
///
/// The answer never depends on the order of the rules. Among the enabled rules whose scope fits, these
/// decide, in turn:
///
/// 1. the kind: exact, then prefix, then glob, then any. An exact text beats every wildcard, whatever the
///    scopes;
/// 2. the longest prefix, or the glob with the most literal characters;
/// 3. the scope: see [`ScopeLevel`];
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
    /// The enabled rules, the strongest first.
    pub(super) compiled: Vec<CompiledRule>,
    /// The exact texts and the prefixes, by their places in `compiled`.
    exact: TextTable,
    prefixes: TextTable,
    comparison: Comparison,
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
        let texts = |kind: MatchKind| -> TextTable {
            let of_kind = compiled.iter().enumerate().filter(|(_, rule)| rule.precedence.kind == kind);
            of_kind.filter_map(|(at, rule)| Some((rule.pattern.text()?.to_owned(), at))).collect()
        };
        let (exact, prefixes) = (texts(MatchKind::Exact), texts(MatchKind::Prefix));
        Ok(Self { rules: rules.to_vec(), compiled, exact, prefixes, comparison, defaults })
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
        if let Some((compiled, rule)) =
            winner.and_then(|winner| Some((winner, self.rules.get(winner.index)?)))
        {
            let Precedence { kind, level, .. } = compiled.precedence;
            let won = WonBy::Rule { index: compiled.index, kind, scope: level };
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
        // The strongest kind comes first in the list, and only "absent" fits an order without a text.
        let Some(text) = text else { return self.compiled.iter().find(|rule| rule.fits(None, destination)) };
        let with_text = self.exact.equal(text).iter().chain(self.prefixes.prefixes_of(text));
        let mut with_text = with_text.filter_map(|(_, at)| self.compiled.get(*at));
        with_text.find(|rule| rule.scope.fits(destination)).or_else(|| {
            let patterns = self.compiled.partition_point(|rule| rule.precedence.kind > MatchKind::Glob);
            let bigrams = BigramSet::of(text);
            let mut likely = self.compiled.iter().skip(patterns).filter(|rule| rule.pattern.may_fit(bigrams));
            likely.find(|rule| rule.fits(Some(text), destination))
        })
    }

    /// The text as it is compared; `None` where the order counts as having none.
    pub(super) fn compared<'t>(&self, text: Option<&'t str>) -> Option<Cow<'t, str>> {
        text.map(|text| self.comparison.prepare(text)).filter(|text| !text.is_empty())
    }

    /// The enabled rules with their compiled form, the strongest first.
    pub(super) fn enabled(&self) -> impl Iterator<Item = (&ShippingRule, &CompiledRule)> {
        self.compiled.iter().filter_map(|compiled| Some((self.rules.get(compiled.index)?, compiled)))
    }
}

/// The enabled rules in their compiled form, the strongest first.
pub(super) fn compile(
    rules: &[&ShippingRule],
    comparison: Comparison,
) -> Result<Vec<CompiledRule>, RuleErrors> {
    let (mut compiled, mut errors) = (Vec::new(), Vec::new());
    for (index, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.enabled) {
        match CompiledRule::new(index, rule, comparison) {
            Ok(rule) => compiled.push(rule),
            Err(error) => errors.push(error),
        }
    }
    compiled.sort_by_key(|rule| (Reverse(rule.precedence), rule.index));
    errors.extend(conflicts(&compiled, rules));
    if errors.is_empty() { Ok(compiled) } else { Err(RuleErrors::new(errors, rules)) }
}

/// An enabled rule that is sound in itself.
#[derive(Debug, Clone)]
pub(super) struct CompiledRule {
    /// The place of the rule in the list, from 0.
    pub(super) index: usize,
    pub(super) pattern: Pattern,
    pub(super) scope: CompiledScope,
    pub(super) precedence: Precedence,
}

impl CompiledRule {
    /// # Errors
    ///
    /// What is wrong with the rule taken alone.
    pub(super) fn new(index: usize, rule: &ShippingRule, comparison: Comparison) -> Result<Self, RuleError> {
        if rule.method.policy.as_str().trim().is_empty() {
            return Err(RuleError::NoPolicy { rule: index });
        }
        let scope = &rule.scope;
        if scope.store.as_ref().is_some_and(|store| store.as_str().is_empty())
            || scope.marketplace.as_ref().is_some_and(String::is_empty)
        {
            return Err(RuleError::EmptyScope { rule: index });
        }
        let level = scope.level();
        let scope = CompiledScope::new(scope)
            .map_err(|country| RuleError::BadCountry { rule: index, country: country.to_owned() })?;
        let pattern = Pattern::new(index, &rule.text, comparison)?;
        let precedence = Precedence { kind: rule.text.kind(), weight: pattern.weight(), level };
        Ok(Self { index, pattern, scope, precedence })
    }

    pub(super) fn fits(&self, text: Option<&str>, destination: &Destination<'_>) -> bool {
        self.pattern.fits(text) && self.scope.fits(destination)
    }
}

/// The order among rules that fit the same order: the greatest wins. Two equal ones are a tie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Precedence {
    // The derived order compares the fields from the top.
    pub(super) kind: MatchKind,
    /// The length of a prefix or the literal characters of a glob; 0 for the other kinds.
    pub(super) weight: usize,
    pub(super) level: ScopeLevel,
}

/// The texts a rule matches, in the form in which texts are compared.
#[derive(Debug, Clone)]
pub(super) enum Pattern {
    Exact(String),
    Prefix(String),
    Glob(Glob),
    Absent,
    Any,
}

impl Pattern {
    fn new(index: usize, text: &TextMatch, comparison: Comparison) -> Result<Self, RuleError> {
        let pattern = match text {
            TextMatch::Exact(text) => Self::Exact(comparison.prepare(text).into_owned()),
            TextMatch::Prefix(text) => {
                let ends = Ends { open_start: false, open_end: true };
                Self::Prefix(comparison.prepare_part(text, ends).into_owned())
            }
            TextMatch::Glob(pattern) => Glob::parse(pattern, comparison)
                .map(Self::Glob)
                .map_err(|why| RuleError::BadGlob { rule: index, why })?,
            TextMatch::Absent => Self::Absent,
            TextMatch::Any => Self::Any,
        };
        if pattern.text() == Some("") { Err(RuleError::EmptyText { rule: index }) } else { Ok(pattern) }
    }

    /// The text of an exact rule or a prefix.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Exact(text) | Self::Prefix(text) => Some(text),
            Self::Glob(_) | Self::Absent | Self::Any => None,
        }
    }

    fn weight(&self) -> usize {
        match self {
            Self::Prefix(text) => text.chars().count(),
            Self::Glob(glob) => glob.literals,
            Self::Exact(_) | Self::Absent | Self::Any => 0,
        }
    }

    /// Whether the rule matches a text in its compared form, or its absence.
    pub(super) fn fits(&self, text: Option<&str>) -> bool {
        match (self, text) {
            (Self::Absent, text) => text.is_none(),
            (_, None) => false,
            (Self::Exact(wanted), Some(text)) => wanted == text,
            (Self::Prefix(prefix), Some(text)) => text.starts_with(prefix.as_str()),
            (Self::Glob(glob), Some(text)) => glob.fits(text),
            (Self::Any, Some(_)) => true,
        }
    }

    /// Whether the rule may match a text with these pairs of characters.
    fn may_fit(&self, bigrams: BigramSet) -> bool {
        if let Self::Glob(glob) = self { bigrams.may_have(glob.bigrams) } else { true }
    }
}
