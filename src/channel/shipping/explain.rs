//! Why an order resolved as it did, rule by rule. It tries every rule on its own, so it also checks the
//! index.

use std::{borrow::Cow, cell::Cell, fmt};

use serde::{Deserialize, Serialize};

use super::{
    Difference, DisplayText, ShippingRequest, ShippingResolution, ShippingRule, ShippingRules, TextMatch,
    compiled::{CompiledRule, Precedence},
    fold::differences,
    scope::Place,
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
    pub verdict: Verdict,
}

/// What became of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
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
    Misfit {
        /// Every reason, not only the first.
        reasons: Vec<Misfit>,
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
#[serde(tag = "misfit", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Misfit {
    /// The rule is for another text.
    Text {
        /// If the texts only seem equal: in what they differ. Otherwise empty, and behind the first 200 such rules.
        differences: Vec<Difference>,
    },
    /// The rule is for another store, or the order's store is not known.
    Store,
    /// The rule is for another marketplace, or the order's marketplace is not known.
    Marketplace,
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
        let asked = Asked {
            request,
            text: text.as_deref(),
            place: Place::of(request),
            differences: Cell::new(DIFFERENCES),
        };
        let winner = self
            .enabled()
            .filter(|(_, _, rule)| rule.fits(asked.text, &asked.place))
            .max_by_key(|(_, _, rule)| rule.precedence)
            .map(|(index, _, rule)| (index, rule.precedence));
        let rules = self.rules.iter().zip(&self.compiled).enumerate();
        let considered = rules
            .map(|(index, (rule, compiled))| Considered {
                index,
                rule: rule.clone(),
                verdict: compiled
                    .as_ref()
                    .map_or(Verdict::Disabled, |compiled| asked.verdict((index, rule, compiled), winner)),
            })
            .collect();
        Explanation {
            request: request.clone(),
            compared: text.map(Cow::into_owned),
            considered,
            resolution: self.resolve(request),
        }
    }
}

/// For how many rules the difference of the texts is looked for.
const DIFFERENCES: usize = 200;

struct Asked<'r> {
    request: &'r ShippingRequest,
    text: Option<&'r str>,
    place: Place<'r>,
    /// For how many more rules the difference of the texts is looked for.
    differences: Cell<usize>,
}

impl Asked<'_> {
    fn verdict(
        &self,
        (index, rule, compiled): (usize, &ShippingRule, &CompiledRule),
        winner: Option<(usize, Precedence)>,
    ) -> Verdict {
        let reasons = self.misfits(rule, compiled);
        match winner {
            _ if !reasons.is_empty() => Verdict::Misfit { reasons },
            Some((by, precedence)) if by != index => {
                Verdict::Beaten { by, why: strength(precedence, compiled.precedence) }
            }
            _ => Verdict::Won,
        }
    }

    fn misfits(&self, rule: &ShippingRule, compiled: &CompiledRule) -> Vec<Misfit> {
        let area = &compiled.area;
        let checks = [
            (compiled.pattern.fits(self.text), Misfit::Text { differences: Vec::new() }),
            (area.fits_store(&self.place), Misfit::Store),
            (area.fits_marketplace(&self.place), Misfit::Marketplace),
            (area.fits_country(&self.place), Misfit::Country),
        ];
        let misfits = checks.into_iter().filter(|(fits, _)| !fits).map(|(_, misfit)| misfit);
        misfits.map(|misfit| self.with_differences(rule, misfit)).collect()
    }

    fn with_differences(&self, rule: &ShippingRule, misfit: Misfit) -> Misfit {
        match (&misfit, &rule.text, &self.request.text) {
            (Misfit::Text { .. }, TextMatch::Exact(wanted), Some(text)) if self.differences.get() > 0 => {
                let differences = differences(wanted, text);
                self.differences.update(|left| left.saturating_sub(usize::from(differences.is_some())));
                Misfit::Text { differences: differences.unwrap_or_default() }
            }
            _ => misfit,
        }
    }
}

fn strength(winner: Precedence, beaten: Precedence) -> Strength {
    if winner.kind != beaten.kind {
        Strength::Kind
    } else if winner.weight != beaten.weight {
        Strength::Length
    } else {
        Strength::Scope
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

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Won => f.write_str("wins"),
            Self::Beaten { by, why } => write!(f, "beaten by rule {by}, which has {why}"),
            Self::Misfit { reasons } => write!(f, "does not fit: {}", list(reasons, ", ")),
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

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { differences } if differences.is_empty() => f.write_str("another text"),
            Self::Text { differences } => {
                write!(f, "another text (it differs only in {})", list(differences, " and "))
            }
            Self::Store => f.write_str("another store"),
            Self::Marketplace => f.write_str("another marketplace"),
            Self::Country => f.write_str("another country"),
        }
    }
}

pub(super) fn list<T: ToString>(items: &[T], between: &str) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::super::{Comparison, ShippingDefaults};
    use super::*;

    #[test]
    fn gives_every_rule_its_verdict() {
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
