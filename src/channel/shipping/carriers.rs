//! The way out: from the host's carrier to the channel's carrier code, exactly and without guessing.
//! Suggestions live in a file of their own and are never applied by themselves.

use std::{collections::HashMap, fmt};

use serde::{Deserialize, Serialize};

use super::{AccountCarrier, DisplayText, errors::fmt_first};
use crate::{channel::wording::count_of, setters::setters};

/// Shipments of this carrier (by this method) carry this code on the channel.
///
/// ```
/// use shipstation_connector::channel::shipping::CarrierRule;
///
/// let rule = CarrierRule::new("UPS", "ups_walleted").method("Ground");
/// assert_eq!(rule.to_string(), r#""UPS" by "Ground" -> ups_walleted"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CarrierRule {
    /// The carrier as the host writes it.
    pub carrier: String,
    /// The method as the host writes it; `None` for every method of the carrier that has no rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The channel's carrier code.
    pub code: String,
}

impl CarrierRule {
    /// A rule for every method of a carrier.
    pub fn new(carrier: impl Into<String>, code: impl Into<String>) -> Self {
        Self { carrier: carrier.into(), method: None, code: code.into() }
    }

    setters! {
        /// Limits the rule to one method.
        method(method: impl Into<String>) => method = Some(method.into());
    }

    fn key(&self) -> CarrierKey {
        CarrierKey { carrier: self.carrier.clone(), method: self.method.clone() }
    }
}

impl fmt::Display for CarrierRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}", self.key(), self.code)
    }
}

/// What a carrier rule is looked up by, and what a shipment waits on while there is none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CarrierKey {
    /// The carrier as the host writes it.
    pub carrier: String,
    /// The method as the host writes it, if the shipment names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
}

impl fmt::Display for CarrierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", DisplayText::name(&self.carrier))?;
        self.method.as_deref().map_or(Ok(()), |method| write!(f, " by {}", DisplayText::name(method)))
    }
}

/// What became of a carrier. What happens to an unmapped one is not decided here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
#[non_exhaustive]
pub enum CarrierResolution {
    /// The channel knows the carrier by this code.
    Mapped {
        /// The code.
        code: String,
    },
    /// No rule is for this carrier.
    Unmapped {
        /// What a rule must be written for.
        key: CarrierKey,
    },
}

/// Something wrong with the carrier rules. Rules are named by their place in the list, from 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "problem", rename_all = "snake_case")]
#[non_exhaustive]
pub enum CarrierRuleError {
    /// Two rules are for the same carrier and method.
    #[error("carrier rules {first} and {second} are both for {key}")]
    Repeated {
        /// The rule that stands first.
        first: usize,
        /// The other rule.
        second: usize,
        /// What both are for.
        key: CarrierKey,
    },
    /// The carrier, the method or the code is empty.
    #[error("carrier rule {rule}: the carrier, the method or the code is empty")]
    Empty {
        /// The rule.
        rule: usize,
    },
}

/// Everything that is wrong with a list of carrier rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CarrierRuleErrors {
    /// The errors. Never empty.
    pub errors: Vec<CarrierRuleError>,
}

impl fmt::Display for CarrierRuleErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the carrier rules have {}", count_of(self.errors.len() as u64, "error"))?;
        fmt_first(f, self.errors.iter(), self.errors.len())
    }
}

impl std::error::Error for CarrierRuleErrors {}

/// Carrier rules made ready.
///
/// Carrier and method are compared character by character. A rule for the carrier and the method goes before
/// one for the carrier alone.
///
/// ```
/// use shipstation_connector::channel::shipping::{CarrierResolution, CarrierRule, CarrierRules};
///
/// let list = [CarrierRule::new("UPS", "ups"), CarrierRule::new("UPS", "ups_walleted").method("Ground")];
/// let rules = CarrierRules::compile(&list)?;
/// let mapped = |code: &str| CarrierResolution::Mapped { code: code.to_owned() };
/// assert_eq!(rules.resolve("UPS", Some("Ground")), mapped("ups_walleted"));
/// assert_eq!(rules.resolve("UPS", Some("Air")), mapped("ups"));
/// assert!(matches!(rules.resolve("ups", None), CarrierResolution::Unmapped { .. }));
/// # Ok::<(), shipstation_connector::channel::shipping::CarrierRuleErrors>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct CarrierRules {
    rules: Vec<CarrierRule>,
    /// The place of each rule in `rules`.
    by_key: HashMap<CarrierKey, usize>,
}

impl CarrierRules {
    /// Checks the rules and makes them ready.
    ///
    /// # Errors
    ///
    /// Everything that is wrong at once: empty parts, and rules for the same carrier and method.
    pub fn compile(rules: &[CarrierRule]) -> Result<Self, CarrierRuleErrors> {
        let (mut errors, mut by_key) = (Vec::new(), HashMap::new());
        for (index, rule) in rules.iter().enumerate() {
            let parts = [Some(&rule.carrier), rule.method.as_ref(), Some(&rule.code)];
            if parts.into_iter().flatten().any(|part| part.trim().is_empty()) {
                errors.push(CarrierRuleError::Empty { rule: index });
                continue;
            }
            let first = *by_key.entry(rule.key()).or_insert(index);
            if first != index {
                errors.push(CarrierRuleError::Repeated { first, second: index, key: rule.key() });
            }
        }
        if errors.is_empty() {
            Ok(Self { rules: rules.to_vec(), by_key })
        } else {
            Err(CarrierRuleErrors { errors })
        }
    }

    /// The rules as they were compiled, in their order.
    pub fn rules(&self) -> &[CarrierRule] {
        &self.rules
    }

    /// The channel's code for a shipment's carrier and, if it names one, method.
    pub fn resolve(&self, carrier: &str, method: Option<&str>) -> CarrierResolution {
        let key = CarrierKey { carrier: carrier.to_owned(), method: method.map(str::to_owned) };
        let of_carrier = CarrierKey { carrier: carrier.to_owned(), method: None };
        let index = self.by_key.get(&key).or_else(|| self.by_key.get(&of_carrier));
        match index.and_then(|index| self.rules.get(*index)) {
            Some(rule) => CarrierResolution::Mapped { code: rule.code.clone() },
            None => CarrierResolution::Unmapped { key },
        }
    }

    /// The rules whose code is none of the account's: a finding for a check, since the channel may accept
    /// codes that are not connected.
    pub fn not_connected<'s>(
        &'s self,
        account: &'s [AccountCarrier],
    ) -> impl Iterator<Item = &'s CarrierRule> {
        self.rules.iter().filter(|rule| !account.iter().any(|carrier| carrier.code == rule.code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_method_goes_before_the_carrier_and_nothing_is_guessed() {
        let list = [
            CarrierRule::new("UPS", "ups"),
            CarrierRule::new("UPS", "ups_walleted").method("Ground"),
            CarrierRule::new("DHL", "dhl_express").method("Express"),
        ];
        let rules = CarrierRules::compile(&list).unwrap();
        let cases = [
            ("UPS", Some("Ground"), Some("ups_walleted")),
            ("UPS", Some("ground"), Some("ups")),
            ("UPS", None, Some("ups")),
            ("DHL", Some("Express"), Some("dhl_express")),
            ("DHL", None, None),
            ("UPS ", None, None),
            ("", Some(""), None),
        ];
        for (carrier, method, wanted) in cases {
            let resolution = match wanted {
                Some(code) => CarrierResolution::Mapped { code: code.to_owned() },
                None => CarrierResolution::Unmapped {
                    key: CarrierKey { carrier: carrier.to_owned(), method: method.map(str::to_owned) },
                },
            };
            assert_eq!(rules.resolve(carrier, method), resolution, "{carrier:?} {method:?}");
        }
    }

    #[test]
    fn lists_every_error() {
        let list = [
            CarrierRule::new("UPS", "ups"),
            CarrierRule::new("", "x"),
            CarrierRule::new("UPS", "ups"),
            CarrierRule::new("UPS", "other"),
            CarrierRule::new("UPS", "x").method(""),
            CarrierRule::new("DHL", " "),
        ];
        assert_eq!(
            CarrierRules::compile(&list).unwrap_err().to_string(),
            "the carrier rules have 5 errors\n\
             - carrier rule 1: the carrier, the method or the code is empty\n\
             - carrier rules 0 and 2 are both for \"UPS\"\n\
             - carrier rules 0 and 3 are both for \"UPS\"\n\
             - carrier rule 4: the carrier, the method or the code is empty\n\
             - carrier rule 5: the carrier, the method or the code is empty"
        );
    }

    #[test]
    fn finds_codes_that_are_not_connected() {
        let rules =
            CarrierRules::compile(&[CarrierRule::new("A", "ups"), CarrierRule::new("B", "usps")]).unwrap();
        let account = [AccountCarrier::new("ups", "UPS")];
        let codes: Vec<&str> = rules.not_connected(&account).map(|rule| rule.code.as_str()).collect();
        assert_eq!(codes, ["usps"]);
    }

    #[test]
    fn survives_serde() {
        let rule = CarrierRule::new("UPS", "ups").method("Ground");
        let json = serde_json::to_string(&rule).unwrap();
        assert_eq!(json, r#"{"carrier":"UPS","method":"Ground","code":"ups"}"#);
        assert_eq!(serde_json::from_str::<CarrierRule>(&json).unwrap(), rule);
    }
}
