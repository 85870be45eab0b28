//! Why an order resolved as it did, rule by rule. It tries every rule on its own, so it also checks the way in which
//! the winner is found.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

use super::{
    Difference, DisplayText, ShippingRequest, ShippingResolution, ShippingRule, ShippingRules, TextMatch,
    fold, rules::CompiledRule, scope::Destination,
};

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
    /// What became of it.
    pub verdict: RuleMatch,
}

/// What became of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[non_exhaustive]
pub enum RuleMatch {
    /// The rule gives the method.
    Won,
    /// The rule fits, but another one is stronger.
    Beaten {
        /// The place of the winner, from 0.
        by: usize,
        /// In what the winner is stronger.
        why: Strength,
    },
    /// The rule does not fit the order.
    NoMatch {
        /// Every reason, not only the first.
        reasons: Vec<NoMatch>,
    },
    /// The rule is switched off.
    Disabled,
}

/// In what one rule is stronger than another: the first of these in which they differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Strength {
    /// The kind of match.
    Kind,
    /// A longer prefix, or more literal characters in a glob.
    Length,
    /// A more specific scope.
    Scope,
}

/// One reason why a rule does not fit an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
#[non_exhaustive]
pub enum NoMatch {
    /// The rule is for another text.
    Text {
        /// If the texts only seem equal: in what they differ. Otherwise empty, and behind the first 200 such rules.
        differences: Vec<Difference>,
    },
    /// The rule is for another store, or the order's store is not known.
    Store,
    /// The rule is for another marketplace, or the order's marketplace is not known.
    NotificationStatus,
    /// The rule is for other countries, or the order's country is not known.
    Country,
}

impl ShippingRules {
    /// Resolves one order and says of every rule what became of it.
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
        let mut in_order: Vec<&CompiledRule> = self.compiled.iter().collect();
        in_order.sort_by_key(|rule| rule.index);
        let mut enabled = in_order.into_iter().peekable();
        let mut differences_left = DIFFERENCES;
        let considered = self.rules().iter().enumerate().map(|(index, rule)| {
            let verdict = enabled.next_if(|rule| rule.index == index).map(|compiled| {
                let mut reasons = no_match(compiled, text.as_deref(), &destination);
                // What differs in the texts is looked for in the texts as they were written.
                if let [NoMatch::Text { differences }, ..] = reasons.as_mut_slice()
                    && let (TextMatch::Exact(wanted), Some(given)) = (&rule.text, &request.text)
                    && differences_left > 0
                    && let Some(found) = fold::differences(wanted, given)
                {
                    differences_left -= 1;
                    *differences = found;
                }
                RuleMatch::new(compiled, reasons, winner)
            });
            Considered { index, rule: rule.clone(), verdict: verdict.unwrap_or(RuleMatch::Disabled) }
        });
        Explanation {
            request: request.clone(),
            considered: considered.collect(),
            resolution: self.resolve(request),
            compared: text.map(Cow::into_owned),
        }
    }
}

/// For how many rules the difference of the texts is looked for.
const DIFFERENCES: usize = 200;

/// Every reason why a rule does not fit; a text comes first.
fn no_match(rule: &CompiledRule, text: Option<&str>, destination: &Destination<'_>) -> Vec<NoMatch> {
    let checks = [
        (rule.pattern.fits(text), NoMatch::Text { differences: Vec::new() }),
        (rule.scope.fits_store(destination), NoMatch::Store),
        (rule.scope.fits_marketplace(destination), NoMatch::NotificationStatus),
        (rule.scope.fits_country(destination), NoMatch::Country),
    ];
    checks.into_iter().filter(|(fits, _)| !fits).map(|(_, reason)| reason).collect()
}

impl RuleMatch {
    fn new(rule: &CompiledRule, reasons: Vec<NoMatch>, winner: Option<&CompiledRule>) -> Self {
        match winner {
            _ if !reasons.is_empty() => Self::NoMatch { reasons },
            Some(winner) if winner.index != rule.index => {
                let (strong, weak) = (winner.precedence, rule.precedence);
                let why = match () {
                    () if strong.kind != weak.kind => Strength::Kind,
                    () if strong.weight != weak.weight => Strength::Length,
                    () => Strength::Scope,
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

impl fmt::Display for Considered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule {} [{}]: {}", self.index, self.rule, self.verdict)
    }
}

impl fmt::Display for RuleMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Won => f.write_str("wins"),
            Self::Beaten { by, why } => write!(f, "beaten by rule {by}, which has {why}"),
            Self::NoMatch { reasons } => write!(f, "does not fit: {}", list(reasons, ", ")),
            Self::Disabled => f.write_str("disabled"),
        }
    }
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kind => "the stronger kind of match",
            Self::Length => "the longer text",
            Self::Scope => "the more specific scope",
        })
    }
}

impl fmt::Display for NoMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { differences } if differences.is_empty() => f.write_str("another text"),
            Self::Text { differences } => {
                write!(f, "another text (it differs only in {})", list(differences, " and "))
            }
            Self::Store => f.write_str("another store"),
            Self::NotificationStatus => f.write_str("another marketplace"),
            Self::Country => f.write_str("another country"),
        }
    }
}

/// Some things in a row.
pub(super) fn list<T: ToString>(items: &[T], between: &str) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(between)
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
}
