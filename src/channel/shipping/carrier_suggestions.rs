//! "Did you mean" for carriers: codes of the account that look like the host's carrier. Never applied by
//! itself.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    CarrierRules, Reason,
    likeness::{Budget, Comparable, words},
    suggest::BEST,
};

/// What people call the large carriers, one line each. A name stands for its words; the resellers of a
/// carrier's labels stand beside it.
const SAME_CARRIER: [&[&str]; 10] = [
    &[
        "usps",
        "us postal service",
        "u s postal service",
        "united states postal service",
        "us mail",
        "stamps com",
        "endicia",
    ],
    &["ups", "united parcel service"],
    &["fedex", "fed ex", "federal express"],
    &["dhl"],
    &["canada post", "postes canada"],
    &["royal mail"],
    &["australia post", "auspost"],
    &["ontrac", "on trac"],
    &["purolator"],
    &["amazon", "amzn"],
];

/// A carrier of the channel's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AccountCarrier {
    /// The channel's code.
    pub code: String,
    /// The name shown to people.
    pub name: String,
}

impl AccountCarrier {
    /// A carrier with its code and its name.
    pub fn new(code: impl Into<String>, name: impl Into<String>) -> Self {
        Self { code: code.into(), name: name.into() }
    }
}

/// A carrier of the account that might be meant. `Display` is a question for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CarrierSuggestion {
    /// The carrier.
    pub carrier: AccountCarrier,
    /// Why it is suggested.
    pub reason: Reason,
}

impl fmt::Display for CarrierSuggestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.carrier.code, self.carrier.name, self.reason)
    }
}

impl CarrierRules {
    /// At most three carriers of the account that a host's carrier may stand for, the likeliest first.
    ///
    /// ```
    /// use shipstation_connector::channel::shipping::{AccountCarrier, CarrierRules};
    ///
    /// let account = [AccountCarrier::new("stamps_com", "Stamps.com"), AccountCarrier::new("ups", "UPS")];
    /// let suggestions = CarrierRules::suggest("U.S. Postal Service", &account);
    /// assert_eq!(suggestions[0].to_string(), "stamps_com (Stamps.com): is another name of that carrier");
    /// ```
    pub fn suggest(carrier: &str, account: &[AccountCarrier]) -> Vec<CarrierSuggestion> {
        let mut suggestions: Vec<CarrierSuggestion> = account
            .iter()
            .filter_map(|known| {
                let reasons = [&known.code, &known.name].into_iter().filter_map(|name| reason(carrier, name));
                let reason = reasons.min_by_key(Reason::rank)?;
                Some(CarrierSuggestion { carrier: known.clone(), reason })
            })
            .collect();
        suggestions.sort_by(|one, other| {
            let ranks = one.reason.rank().cmp(&other.reason.rank());
            ranks.then_with(|| one.carrier.code.cmp(&other.carrier.code))
        });
        // An account may have one carrier several times, under one code.
        suggestions.dedup_by(|one, other| one.carrier.code == other.carrier.code);
        suggestions.truncate(BEST);
        suggestions
    }
}

fn reason(carrier: &str, name: &str) -> Option<Reason> {
    if carrier.is_empty() || name.is_empty() {
        return None;
    }
    if carrier == name {
        return Some(Reason::SameName);
    }
    let (one, other) = (Comparable::new(carrier), Comparable::new(name));
    let mut budget = Budget(usize::MAX);
    one.equality(&other, &mut budget).or_else(|| match (large_carrier(carrier), large_carrier(name)) {
        (Some(one), Some(other)) => (one == other).then_some(Reason::Alias), // UPS is not a misspelt USPS
        _ => one.similarity(&other, &mut budget).ok().flatten(),
    })
}

/// The line of [`SAME_CARRIER`] with a name whose words stand together in the text.
fn large_carrier(text: &str) -> Option<usize> {
    let text = words(text);
    let stands_there = |name: &&str| {
        let name = words(name);
        text.windows(name.len().max(1)).any(|window| window == name)
    };
    SAME_CARRIER.iter().position(|names| names.iter().any(stands_there))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Vec<AccountCarrier> {
        [
            ("stamps_com", "Stamps.com"),
            ("ups_walleted", "UPS Wallet"),
            ("fedex", "FedEx"),
            ("fedex", "FedEx 2"),
            ("dhl_express", "DHL Express"),
            ("ups", "UPS"),
            ("other", "Local courier"),
        ]
        .map(|(code, name)| AccountCarrier::new(code, name))
        .into()
    }

    #[test]
    fn suggests_by_name_words_alias_and_likeness() {
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
            let found: Vec<(String, String)> = CarrierRules::suggest(carrier, &account())
                .into_iter()
                .map(|suggestion| (suggestion.carrier.code, suggestion.reason.to_string()))
                .collect();
            let wanted: Vec<(String, String)> =
                wanted.iter().map(|(code, reason)| ((*code).to_owned(), (*reason).to_owned())).collect();
            assert_eq!(found, wanted, "{carrier:?}");
        }
    }
}
