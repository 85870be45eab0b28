//! From the host's carrier to the channel's carrier code, exactly and without guessing, and "did you mean" for carriers
//! that no rule is for. Suggestions are never applied by themselves.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{
    CarrierRuleError, CarrierRuleErrors, DisplayText, SuggestionReason,
    similarity::{Comparable, words},
    suggestions::MAX_SUGGESTIONS,
};
use crate::{
    channel::{
        record::record,
        wording::{behind, says},
    },
    setters::setters,
};

record! {
    /// Shipments of this carrier (by this method) carry this code on the channel.
    ///
    /// ```
    /// use shipstation_connector::channel::shipping::CarrierRule;
    ///
    /// let rule = CarrierRule::new("UPS", "ups_walleted").method("Ground");
    /// assert_eq!(rule.to_string(), r#""UPS" by "Ground" -> ups_walleted"#);
    /// ```
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct CarrierRule {
        /// The carrier as the host writes it.
        pub carrier: String,
        /// The method as the host writes it; `None` for every method of the carrier that has no rule.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub method: Option<String> = None,
        /// The channel's carrier code.
        pub code: String,
    }
    /// A rule for every method of a carrier.
    pub fn new(carrier: impl Into<String>, code: impl Into<String>);
}

impl CarrierRule {
    setters! {
        /// Limits the rule to one method.
        method(method: impl Into<String>) => method = Some(method.into());
    }

    fn key(&self) -> CarrierKey {
        CarrierKey { carrier: self.carrier.clone(), method: self.method.clone() }
    }
}

says! { |it: CarrierRule| "{} -> {}", it.key(), it.code }

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

says! { |it: CarrierKey|
    "{}{}", DisplayText::name(&it.carrier), behind(" by ", it.method.as_deref().map(DisplayText::name))
}

/// The code of a carrier, or none. What happens to an unmapped carrier is not decided here.
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

/// Compiled carrier rules.
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
    /// Checks and compiles the rules.
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

    /// At most three carriers of the account that the host's carrier may stand for, the likeliest first.
    ///
    /// ```
    /// use shipstation_connector::channel::shipping::{AccountCarrier, CarrierRules};
    ///
    /// let account = [AccountCarrier::new("stamps_com", "Stamps.com"), AccountCarrier::new("ups", "UPS")];
    /// let suggestions = CarrierRules::suggest("U.S. Postal Service", &account);
    /// assert_eq!(suggestions[0].to_string(), "stamps_com (Stamps.com): is another name of that carrier");
    /// ```
    pub fn suggest(carrier: &str, account: &[AccountCarrier]) -> Vec<CarrierSuggestion> {
        let suggestion = |known: &AccountCarrier| {
            let reasons = [&known.code, &known.name].into_iter().filter_map(|name| reason(carrier, name));
            let reason = reasons.min_by_key(SuggestionReason::rank)?;
            Some(CarrierSuggestion { carrier: known.clone(), reason })
        };
        let mut suggestions: Vec<CarrierSuggestion> = account.iter().filter_map(suggestion).collect();
        suggestions.sort_by(|one, other| {
            let key = |suggestion: &CarrierSuggestion| suggestion.reason.rank();
            (key(one), &one.carrier.code).cmp(&(key(other), &other.carrier.code))
        });
        // An account may have one carrier several times, under one code.
        suggestions.dedup_by(|one, other| one.carrier.code == other.carrier.code);
        suggestions.truncate(MAX_SUGGESTIONS);
        suggestions
    }
}

record! {
    /// A carrier of the channel's account.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct AccountCarrier {
        /// The channel's code.
        pub code: String,
        /// The name shown to people.
        pub name: String,
    }
    /// A carrier with its code and its name.
    pub fn new(code: impl Into<String>, name: impl Into<String>);
}

/// A carrier of the account that may be meant. `Display` is for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CarrierSuggestion {
    /// The carrier.
    pub carrier: AccountCarrier,
    /// Why it is suggested.
    pub reason: SuggestionReason,
}

says! { |it: CarrierSuggestion| "{} ({}): {}", it.carrier.code, it.carrier.name, it.reason }

/// What people call the large carriers, one line each. A name matches by its words; the resellers of a carrier's labels
/// are on its line.
const LARGE_CARRIERS: [&str; 10] = [
    "usps|us postal service|u s postal service|united states postal service|us mail|stamps com|endicia",
    "ups|united parcel service",
    "fedex|fed ex|federal express",
    "dhl",
    "canada post|postes canada",
    "royal mail",
    "australia post|auspost",
    "ontrac|on trac",
    "purolator",
    "amazon|amzn",
];

fn reason(carrier: &str, name: &str) -> Option<SuggestionReason> {
    if carrier.is_empty() || name.is_empty() {
        return None;
    }
    if carrier == name {
        return Some(SuggestionReason::SameName);
    }
    let (one, other) = (Comparable::new(carrier), Comparable::new(name));
    let mut unlimited = usize::MAX;
    one.equality(&other, &mut unlimited).or_else(|| match (large_carrier(carrier), large_carrier(name)) {
        // "UPS" and "USPS" differ in one letter, but are not alike.
        (Some(one), Some(other)) => (one == other).then_some(SuggestionReason::Alias),
        _ => one.similarity(&other, &mut unlimited),
    })
}

/// The line of [`LARGE_CARRIERS`] with a name whose words follow each other in the text.
fn large_carrier(text: &str) -> Option<usize> {
    let text = words(text);
    let in_text = |name: &str| {
        let name = words(name);
        text.windows(name.len().max(1)).any(|window| window == name)
    };
    LARGE_CARRIERS.iter().position(|names| names.split('|').any(in_text))
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
        let rules = [CarrierRule::new("A", "ups"), CarrierRule::new("B", "usps")];
        let compiled = CarrierRules::compile(&rules).unwrap();
        let account = [AccountCarrier::new("ups", "UPS")];
        assert_eq!(compiled.not_connected(&account).collect::<Vec<_>>(), [&rules[1]]);
    }

    #[test]
    fn survives_serde() {
        let rule = CarrierRule::new("UPS", "ups").method("Ground");
        let json = serde_json::to_string(&rule).unwrap();
        assert_eq!(json, r#"{"carrier":"UPS","method":"Ground","code":"ups"}"#);
        assert_eq!(serde_json::from_str::<CarrierRule>(&json).unwrap(), rule);
    }

    #[test]
    fn suggests_by_name_words_alias_and_likeness() {
        let account = [
            ("stamps_com", "Stamps.com"),
            ("ups_walleted", "UPS Wallet"),
            ("fedex", "FedEx"),
            ("fedex", "FedEx 2"),
            ("dhl_express", "DHL Express"),
            ("ups", "UPS"),
            ("other", "Local courier"),
        ]
        .map(|(code, name)| AccountCarrier::new(code, name));
        let cases: [(&str, &[(&str, &str)]); 9] = [
            ("fedex", &[("fedex", "has the same name")]),
            ("FEDEX ", &[("fedex", "differs only in a leading, trailing or doubled space and capitals")]),
            ("Express-DHL", &[("dhl_express", "has the same words")]),
            (
                "United Parcel Service",
                &[
                    ("ups", "is another name of that carrier"),
                    ("ups_walleted", "is another name of that carrier"),
                ],
            ),
            ("USPS", &[("stamps_com", "is another name of that carrier")]),
            ("Federal Express", &[("fedex", "is another name of that carrier")]),
            ("Fedx", &[("fedex", "differs in one character")]),
            ("Pigeon", &[]),
            ("", &[]),
        ];
        for (carrier, wanted) in cases {
            let found = CarrierRules::suggest(carrier, &account);
            let found: Vec<(&str, String)> =
                found.iter().map(|found| (found.carrier.code.as_str(), found.reason.to_string())).collect();
            let wanted: Vec<_> = wanted.iter().map(|(code, reason)| (*code, (*reason).to_owned())).collect();
            assert_eq!(found, wanted, "{carrier:?}");
        }
    }
}
