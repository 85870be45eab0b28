//! Why an order resolved as it did, rule by rule, and which rules have no effect.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
    fmt,
};

use crate::channel::wording::says;
use crate::channel::wording::{joined, worded};
use serde::{Deserialize, Serialize};

use super::{
    Difference, DisplayText, MatchKind, ShippingRequest, ShippingResolution, ShippingRule, ShippingRules,
    StoreKey, TextMatch,
    comparison::differences,
    pattern::Glob,
    precedence::{CompiledRule, CompiledRules},
    resolution::Destination,
};

/// How many rules of an explanation say in what their text differs.
const MAX_DIFFERENCES: usize = 200;

/// Every rule considered for one order, why it fitted or not, and the winner. `Display` is for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Explanation {
    /// What was asked.
    pub request: ShippingRequest,
    /// The text in the form in which it was compared; `None` if the order counts as having no text.
    pub compared: Option<String>,
    /// Every rule, in the order of the list.
    pub considered: Vec<Considered>,
    /// The answer: the same as [`ShippingRules::resolve`] gives.
    pub resolution: ShippingResolution,
}

/// One rule of an [`Explanation`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Considered {
    /// The place of the rule in the list, from 0.
    pub index: usize,
    /// The rule.
    pub rule: ShippingRule,
    /// Whether it won, and if not, why.
    pub verdict: RuleMatch,
}

worded! {
    /// Whether a rule won, and if not, why.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(tag = "verdict", rename_all = "snake_case")]
    pub enum RuleMatch {
        /// The rule gives the method.
        Won => ("wins"),
        /// The rule fits, but another one is stronger.
        Beaten {
            /// The place of the winner, from 0.
            by: usize,
            /// In what the winner is stronger.
            why: Strength,
        } => ("beaten by rule {by}, which has {why}"),
        /// The rule does not fit the order.
        NoMatch {
            /// Every reason, not only the first.
            reasons: Vec<NoMatch>,
        } => ("does not fit: {}", joined(reasons, ", ")),
        /// The rule is switched off.
        Disabled => ("disabled"),
    }
}

worded! {
    /// In what one rule is stronger than another: the first of these in which they differ.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Strength {
        /// The kind of match.
        Kind => ("the stronger kind of match"),
        /// A longer prefix, or more literal characters in a glob.
        Length => ("the longer text"),
        /// A more specific scope.
        Scope => ("the more specific scope"),
    }
}

worded! {
    /// One reason why a rule does not fit an order.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(tag = "reason", rename_all = "snake_case")]
    pub enum NoMatch {
        /// The rule is for another text.
        Text {
            /// How texts that only look equal differ. Empty for other texts, and after the first 200 such rules.
            differences: Vec<Difference>,
        } => ("another text{}", seeming(differences)),
        /// The rule is for another store, or the order's store is not known.
        Store => ("another store"),
        /// The rule is for another marketplace, or the order's marketplace is not known.
        Marketplace => ("another marketplace"),
        /// The rule is for other countries, or the order's country is not known.
        Country => ("another country"),
    }
}

impl ShippingRules {
    /// Resolves one order and explains for every rule whether it won, and if not, why.
    ///
    /// ```
    /// use shipstation_connector::channel::shipping::{
    ///     Comparison, ShippingDefaults, ShippingRequest, ShippingRule, ShippingRules,
    /// };
    ///
    /// let list = [ShippingRule::exact("Standard", "ground"), ShippingRule::prefix("Stan", "slow")];
    /// let rules = ShippingRules::compile(&list, ShippingDefaults::none(), Comparison::Exact)?;
    /// let explanation = rules.explain(&ShippingRequest::new("Standard "));
    /// assert_eq!(
    ///     explanation.to_string(),
    ///     "\"Standard␠\": slow by rule 1 (prefix, scope: every order)\n\
    ///      rule 0 [exact \"Standard\" -> ground]: does not fit: another text (it differs only in a \
    ///      leading, trailing or doubled space)\n\
    ///      rule 1 [prefix \"Stan\" -> slow]: wins",
    /// );
    /// # Ok::<(), shipstation_connector::channel::shipping::RuleErrors>(())
    /// ```
    pub fn explain(&self, request: &ShippingRequest) -> Explanation {
        let text = self.compared(request.text.as_deref());
        let destination = Destination::of(request);
        let winner = self.compiled.iter().find(|rule| rule.fits(text.as_deref(), &destination));
        let enabled: HashMap<usize, _> = self.compiled.iter().map(|rule| (rule.index, rule)).collect();
        let mut differences_left = MAX_DIFFERENCES;
        let considered = self.rules().iter().enumerate().map(|(index, rule)| {
            let verdict = enabled.get(&index).map_or(RuleMatch::Disabled, |compiled| {
                let mut reasons = no_match(compiled, text.as_deref(), &destination);
                // The texts are compared as they were written.
                if let [NoMatch::Text { differences: found }, ..] = reasons.as_mut_slice()
                    && let (TextMatch::Exact(wanted), Some(given)) = (&rule.text, &request.text)
                    && differences_left > 0
                    && let Some(differences) = differences(wanted, given)
                {
                    differences_left -= 1;
                    *found = differences;
                }
                RuleMatch::new(compiled, reasons, winner)
            });
            Considered { index, rule: rule.clone(), verdict }
        });
        Explanation {
            request: request.clone(),
            considered: considered.collect(),
            resolution: self.resolve(request),
            compared: text.map(Cow::into_owned),
        }
    }
}

/// Every reason why a rule does not fit; a text comes first.
fn no_match(rule: &CompiledRule, text: Option<&str>, destination: &Destination<'_>) -> Vec<NoMatch> {
    let checks = [
        (rule.pattern.fits(text), NoMatch::Text { differences: Vec::new() }),
        (rule.serves_store(destination.store), NoMatch::Store),
        (rule.serves_marketplace(destination.marketplace), NoMatch::Marketplace),
        (rule.serves_country(destination.country), NoMatch::Country),
    ];
    checks.into_iter().filter(|(fits, _)| !fits).map(|(_, reason)| reason).collect()
}

impl RuleMatch {
    fn new(rule: &CompiledRule, reasons: Vec<NoMatch>, winner: Option<&CompiledRule>) -> Self {
        match winner {
            _ if !reasons.is_empty() => Self::NoMatch { reasons },
            Some(winner) if winner.index != rule.index => {
                let why = if winner.kind != rule.kind {
                    Strength::Kind
                } else if winner.pattern.weight() != rule.pattern.weight() {
                    Strength::Length
                } else {
                    Strength::Scope
                };
                Self::Beaten { by: winner.index, why }
            }
            _ => Self::Won,
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = DisplayText::new(self.request.text.as_deref().unwrap_or_default());
        write!(f, "{text}: {}", self.resolution)?;
        self.considered.iter().try_for_each(|considered| write!(f, "\n{considered}"))
    }
}

says! { |it: Considered| "rule {} [{}]: {}", it.index, it.rule, it.verdict }

/// In what a text differs that only looks equal.
fn seeming(differences: &[Difference]) -> String {
    match differences {
        [] => String::new(),
        _ => format!(" (it differs only in {})", joined(differences, " and ")),
    }
}

/// A rule that can never win, because stronger rules fit everything it fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Shadowed {
    /// The place of the rule in the list, from 0.
    pub rule: usize,
    /// The places of the rules that win before it; several where each takes a country.
    pub by: Vec<usize>,
}

impl ShippingRules {
    /// The enabled rules that can never win, in their order.
    ///
    /// A rule is listed when for each of its countries a single stronger rule fits every order it fits;
    /// rules that are only covered by several together in another way are not found.
    ///
    /// ```
    /// use shipstation_connector::channel::shipping::{Comparison, ShippingDefaults, ShippingRule, ShippingRules};
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
        self.compiled.iter().any(|rule| rule.serves_store(store) && rule.pattern.fits(text.as_deref()))
    }

    /// The places of the enabled rules whose text fits none of the texts seen; scopes are not looked at.
    ///
    /// An empty text stands for an order without one.
    ///
    /// ```
    /// use shipstation_connector::channel::shipping::{Comparison, ShippingDefaults, ShippingRule, ShippingRules};
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

/// The rules that can never win, in their order.
pub(super) fn shadowed(compiled: &CompiledRules) -> Vec<Shadowed> {
    // No exact text and no prefix is ever covered by a stronger kind.
    let shadow = |rule: &CompiledRule| Some(Shadowed { rule: rule.index, by: shadowed_by(compiled, rule)? });
    let mut found: Vec<Shadowed> = compiled.at_most(MatchKind::Glob).filter_map(shadow).collect();
    found.sort_unstable_by_key(|shadowed| shadowed.rule);
    found
}

/// The stronger rules that together fit every order that this one fits; `None` if they leave some.
fn shadowed_by(compiled: &CompiledRules, weak: &CompiledRule) -> Option<Vec<usize>> {
    let store = weak.store.as_ref();
    let stronger: Vec<&CompiledRule> = if let Some(glob) = weak.pattern.glob() {
        let of_start = compiled.by_text(&glob.start, store);
        of_start.filter(|rule| rule.kind == MatchKind::Prefix || glob.is_literal()).collect()
    } else {
        let without_literals = compiled.find(MatchKind::Glob, 0, None, store);
        without_literals.filter(|rule| rule.pattern.glob().is_some_and(Glob::fits_everything)).collect()
    };
    let shadowing = |country| {
        let orders = Destination { store, marketplace: weak.marketplace.as_deref(), country };
        stronger.iter().filter(|rule| rule.serves(&orders)).map(|rule| rule.index).min()
    };
    let by: BTreeSet<usize> = if weak.countries.is_empty() {
        [shadowing(None)?].into()
    } else {
        weak.countries.iter().map(|country| shadowing(Some(*country))).collect::<Option<_>>()?
    };
    Some(by.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::super::{Comparison, ShippingDefaults};
    use super::*;

    #[test]
    fn says_of_every_rule_what_became_of_it() {
        let list = [
            ShippingRule::exact("Ground", "a").store("1"),
            ShippingRule::exact("Ground", "b"),
            ShippingRule::prefix("Gro", "c"),
            ShippingRule::prefix("G", "d").country("US").store("1"),
            ShippingRule::exact("ground", "e").store("2").marketplace("eBay"),
            ShippingRule::any("f").disabled(),
            ShippingRule::absent("g"),
        ];
        let rules = ShippingRules::compile(&list, ShippingDefaults::none(), Comparison::Exact).unwrap();
        let explanation = rules.explain(&ShippingRequest::new("Ground").store("1"));
        let verdicts: Vec<String> =
            explanation.considered.iter().map(|considered| considered.verdict.to_string()).collect();
        assert_eq!(
            verdicts,
            [
                "wins",
                "beaten by rule 0, which has the more specific scope",
                "beaten by rule 0, which has the stronger kind of match",
                "does not fit: another country",
                "does not fit: another text (it differs only in capitals), another store, another marketplace",
                "disabled",
                "does not fit: another text",
            ]
        );
        let json = serde_json::to_string(&explanation).unwrap();
        assert_eq!(serde_json::from_str::<Explanation>(&json).unwrap(), explanation);
    }

    #[test]
    fn finds_the_rules_that_cannot_win() {
        let without_effect = [
            ShippingRule::any("a"),
            ShippingRule::glob("**", "b"),
            ShippingRule::glob("UPS Ground", "c").store("1"),
            ShippingRule::exact("ups ground", "d"),
            ShippingRule::glob("USPS*Mail", "e").country("US").country("PR"),
            ShippingRule::prefix("USPS", "f").country("US"),
            ShippingRule::prefix("USP", "g").country("PR"),
        ];
        let with_effect = [
            ShippingRule::any("a").store("1"),
            ShippingRule::glob("?*", "b").store("2"),
            ShippingRule::glob("??*", "c"),
            ShippingRule::prefix("UPS", "d").country("US"),
            ShippingRule::glob("UPS*Ground", "e").country("US").country("CA"),
            ShippingRule::glob("UPS*Air", "f"),
            ShippingRule::glob("*UPS", "g").country("US"),
            ShippingRule::absent("h"),
        ];
        let shadowed = |list: &[ShippingRule]| -> Vec<(usize, Vec<usize>)> {
            let rules = ShippingRules::compile(list, ShippingDefaults::none(), Comparison::Lenient).unwrap();
            rules.shadowed().into_iter().map(|Shadowed { rule, by }| (rule, by)).collect()
        };
        assert_eq!(shadowed(&without_effect), [(0, vec![1]), (2, vec![3]), (4, vec![5, 6])]);
        assert_eq!(shadowed(&with_effect), []);
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
