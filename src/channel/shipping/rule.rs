//! A shipping rule as a person writes it: the texts it matches, its scope and its method.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use super::DisplayText;
use crate::{
    channel::{
        ids::text_id,
        record::record,
        wording::{behind, says},
    },
    named_enum::named_enum,
    setters::setters,
};

text_id! {
    /// One store (shop, seller account) on the channel, by the channel's own id. Opaque: never looked into.
    #[derive(Default)]
    StoreKey;
    /// The host's shipping policy: whatever key the host knows it by. Opaque: never looked into.
    #[derive(Default)]
    ShippingPolicy;
}

/// How to ship: the host's policy, with optional codes of the channel as extras.
///
/// ```
/// use shipstation_connector::channel::shipping::ShippingMethod;
///
/// let method = ShippingMethod::new("two-day").carrier_code("fedex").service_code("fedex_2day").rush();
/// assert_eq!(method.policy.as_str(), "two-day");
/// assert!(method.rush && !method.lock);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ShippingMethod {
    /// The host's policy. A rule without one is refused when rules are compiled.
    pub policy: ShippingPolicy,
    /// The channel's carrier code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier_code: Option<String>,
    /// The channel's service code; it belongs to the carrier code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_code: Option<String>,
    /// The channel's package code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package_code: Option<String>,
    /// The kind of delivery confirmation, in the channel's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<String>,
    /// The order goes before others.
    #[serde(default)]
    pub rush: bool,
    /// The host must not choose another method later, for instance by rate shopping.
    #[serde(default)]
    pub lock: bool,
}

impl ShippingMethod {
    /// The policy alone, without codes.
    pub fn new(policy: impl Into<ShippingPolicy>) -> Self {
        Self { policy: policy.into(), ..Self::default() }
    }

    setters! {
        /// Adds the channel's carrier code.
        carrier_code(code: impl Into<String>) => carrier_code = Some(code.into());
        /// Adds the channel's service code.
        service_code(code: impl Into<String>) => service_code = Some(code.into());
        /// Adds the channel's package code.
        package_code(code: impl Into<String>) => package_code = Some(code.into());
        /// Adds the kind of delivery confirmation.
        confirmation(confirmation: impl Into<String>) => confirmation = Some(confirmation.into());
        /// Marks orders of this method as urgent.
        rush() => rush = true;
        /// Forbids the host to change the method later.
        lock() => lock = true;
    }
}

impl<P: Into<ShippingPolicy>> From<P> for ShippingMethod {
    fn from(policy: P) -> Self {
        Self::new(policy)
    }
}

record! {
    /// Orders with this shipping text, in this scope, go by this method.
    ///
    /// ```
    /// use shipstation_connector::channel::shipping::ShippingRule;
    ///
    /// let rule = ShippingRule::exact("Standard", "ground").store("12").country("US").note("since June");
    /// assert_eq!(rule.to_string(), r#"exact "Standard" for store 12, country US -> ground"#);
    /// ```
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct ShippingRule {
        /// The texts the rule matches.
        pub text: TextMatch,
        /// The orders the rule is for.
        #[serde(default)]
        pub scope: Scope = Scope::default(),
        /// A rule that is switched off never wins and is not checked when rules are compiled.
        #[serde(default = "enabled")]
        pub enabled: bool = true,
        /// A remark for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub note: Option<String> = None,
        /// What the rule gives.
        pub method: ShippingMethod,
    }
    /// An enabled rule for every order whose shipping text matches.
    pub fn new(text: TextMatch, method: impl Into<ShippingMethod>);
}

fn enabled() -> bool {
    true
}

impl ShippingRule {
    /// A rule for exactly this text.
    pub fn exact(text: impl Into<String>, method: impl Into<ShippingMethod>) -> Self {
        Self::new(TextMatch::Exact(text.into()), method)
    }

    /// A rule for every text that starts like this.
    pub fn prefix(text: impl Into<String>, method: impl Into<ShippingMethod>) -> Self {
        Self::new(TextMatch::Prefix(text.into()), method)
    }

    /// A rule for every text that fits a pattern: see [`TextMatch::Glob`].
    pub fn glob(pattern: impl Into<String>, method: impl Into<ShippingMethod>) -> Self {
        Self::new(TextMatch::Glob(pattern.into()), method)
    }

    /// A rule for orders without a shipping text.
    pub fn absent(method: impl Into<ShippingMethod>) -> Self {
        Self::new(TextMatch::Absent, method)
    }

    /// A rule for every text there is. It does not fit orders without a text.
    pub fn any(method: impl Into<ShippingMethod>) -> Self {
        Self::new(TextMatch::Any, method)
    }

    setters! {
        /// Limits the rule to one store.
        store(store: impl Into<StoreKey>) => scope.store = Some(store.into());
        /// Limits the rule to one marketplace.
        marketplace(marketplace: impl Into<String>) => scope.marketplace = Some(marketplace.into());
        /// Adds a remark for people.
        note(note: impl Into<String>) => note = Some(note.into());
        /// Switches the rule off.
        disabled() => enabled = false;
    }

    /// Limits the rule to a ship-to country (two-letter code); repeat it to allow more countries.
    #[must_use]
    pub fn country(mut self, country: impl Into<String>) -> Self {
        self.scope.countries.insert(country.into());
        self
    }
}

impl fmt::Display for ShippingRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.text)?;
        if self.scope != Scope::default() {
            write!(f, " {}", self.scope)?;
        }
        write!(f, " -> {}", self.method.policy)
    }
}

/// Which shipping texts a rule matches.
///
/// How texts are compared (character by character, or leniently) is not part of the rule: see
/// [`Comparison`](super::Comparison).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "match", content = "text", rename_all = "snake_case")]
#[non_exhaustive]
pub enum TextMatch {
    /// Exactly this text.
    Exact(String),
    /// Every text that starts like this; a longer prefix wins.
    Prefix(String),
    /// Every text that fits the whole pattern; the pattern with more literal characters wins.
    ///
    /// `*` stands for any run of characters, none included; `?` for one character; `\*`, `\?` and `\\`
    /// for the characters themselves. A text of more than 1,000 characters fits only a pattern that fits every text.
    Glob(String),
    /// No text at all.
    Absent,
    /// Every text, but not its absence.
    Any,
}

impl TextMatch {
    /// The kind of match, without its text.
    pub fn kind(&self) -> MatchKind {
        match self {
            Self::Exact(_) => MatchKind::Exact,
            Self::Prefix(_) => MatchKind::Prefix,
            Self::Glob(_) => MatchKind::Glob,
            Self::Absent => MatchKind::Absent,
            Self::Any => MatchKind::Any,
        }
    }

    /// The text or pattern, for the kinds that have one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Exact(text) | Self::Prefix(text) | Self::Glob(text) => Some(text),
            Self::Absent | Self::Any => None,
        }
    }
}

says! { |it: TextMatch| "{}{}", it.kind(), behind(" ", it.text().map(DisplayText::new)) }

named_enum! {
    /// The kinds of match, the weakest first: an exact text beats a prefix, a prefix a glob, a glob "any".
    ///
    /// `Absent` never competes: no other kind fits an order without a text.
    MatchKind {
        /// [`TextMatch::Any`].
        Any = "any",
        /// [`TextMatch::Glob`].
        Glob = "glob",
        /// [`TextMatch::Prefix`].
        Prefix = "prefix",
        /// [`TextMatch::Exact`].
        Exact = "exact",
        /// [`TextMatch::Absent`].
        Absent = "absent",
    }
}

/// The orders a rule is for. Every part that is set must fit; the default fits every order.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Scope {
    /// Only this store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreKey>,
    /// Only this marketplace, compared character by character.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marketplace: Option<String>,
    /// Only these ship-to countries, as two-letter ISO 3166 codes in either case. `UK` and `EL` stand for `GB` and `GR`;
    /// anything else is refused when the rules are compiled. Empty: every country.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub countries: BTreeSet<String>,
}

impl Scope {
    /// Which parts are set, and so how specific the scope is.
    pub fn level(&self) -> ScopeLevel {
        ScopeLevel {
            store: self.store.is_some(),
            marketplace: self.marketplace.is_some(),
            country: !self.countries.is_empty(),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let store = self.store.as_ref().map(|store| format!("store {store}"));
        let marketplace = self.marketplace.as_ref().map(|name| format!("marketplace {name}"));
        let countries: Vec<&str> = self.countries.iter().map(String::as_str).collect();
        let country = (!countries.is_empty()).then(|| format!("country {}", countries.join("|")));
        let parts: Vec<String> = [store, marketplace, country].into_iter().flatten().collect();
        if parts.is_empty() { f.write_str("for every order") } else { write!(f, "for {}", parts.join(", ")) }
    }
}

/// How specific a scope is: the greater level wins between rules that match a text equally well.
///
/// The order is store and country, store, marketplace and country, marketplace, country, nothing. A
/// scope that names both a store and a marketplace stands above one that names only the store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ScopeLevel {
    // The derived order compares the fields from the top, which is the documented order.
    /// A store is named.
    pub store: bool,
    /// A marketplace is named.
    pub marketplace: bool,
    /// At least one country is named.
    pub country: bool,
}

impl fmt::Display for ScopeLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [(self.store, "store"), (self.marketplace, "marketplace"), (self.country, "country")];
        let set: Vec<&str> = parts.iter().filter(|(set, _)| *set).map(|(_, word)| *word).collect();
        f.write_str(if set.is_empty() { "every order".to_owned() } else { set.join(" and ") }.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_flat_enough_to_write_by_hand() {
        let rule: ShippingRule = serde_json::from_value(serde_json::json!({
            "text": {"match": "exact", "text": "Standard"},
            "method": {"policy": "ground"}
        }))
        .unwrap();
        assert_eq!(rule, ShippingRule::exact("Standard", "ground"));

        let full = ShippingRule::any("x").store("1").country("US").note("n").disabled();
        let json = serde_json::to_string(&full).unwrap();
        assert_eq!(serde_json::from_str::<ShippingRule>(&json).unwrap(), full);
    }

    #[test]
    fn shows_what_cannot_be_seen() {
        let rule = ShippingRule::exact("Standard\u{a0}", "ground");
        assert_eq!(rule.to_string(), "exact \"Standard<U+00A0>\" -> ground");
    }

    #[test]
    fn levels_stand_in_the_documented_order() {
        let documented = [
            (true, false, true),
            (true, false, false),
            (false, true, true),
            (false, true, false),
            (false, false, true),
            (false, false, false),
        ]
        .map(|(store, marketplace, country)| ScopeLevel { store, marketplace, country });
        assert!(documented.is_sorted_by(|higher, lower| higher > lower));
    }

    #[test]
    fn scopes_and_levels_read_well() {
        let scope = Scope {
            store: Some("12".into()),
            marketplace: Some("eBay".to_owned()),
            countries: ["US".to_owned(), "CA".to_owned(), "MX".to_owned()].into(),
        };
        assert_eq!(scope.to_string(), "for store 12, marketplace eBay, country CA|MX|US");
        assert_eq!(scope.level().to_string(), "store and marketplace and country");
        assert_eq!(Scope::default().to_string(), "for every order");
        assert_eq!(ScopeLevel::default().to_string(), "every order");
    }
}
