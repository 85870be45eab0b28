//! A shipping rule as a person writes it. Compiling and comparing live elsewhere.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Scope, ShippingMethod, StoreKey};

/// Orders with this shipping text, in this scope, go by this method.
///
/// ```
/// use shipstation_connector::channel::shipping::ShippingRule;
///
/// let rule = ShippingRule::exact("Standard", "ground").store("12").country("US").note("since June");
/// assert_eq!(rule.to_string(), r#"exact "Standard" for store 12, country US -> ground"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ShippingRule {
    /// The texts the rule matches.
    pub text: TextMatch,
    /// The orders the rule is for.
    #[serde(default)]
    pub scope: Scope,
    /// A rule that is switched off never wins and is not checked when rules are compiled.
    #[serde(default = "enabled")]
    pub enabled: bool,
    /// A remark for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What the rule gives.
    pub method: ShippingMethod,
}

fn enabled() -> bool {
    true
}

impl ShippingRule {
    /// An enabled rule for every order whose shipping text matches.
    pub fn new(text: TextMatch, method: impl Into<ShippingMethod>) -> Self {
        Self { text, scope: Scope::default(), enabled: true, note: None, method: method.into() }
    }

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

    /// Limits the rule to one store.
    #[must_use]
    pub fn store(mut self, store: impl Into<StoreKey>) -> Self {
        self.scope.store = Some(store.into());
        self
    }

    /// Limits the rule to one marketplace.
    #[must_use]
    pub fn marketplace(mut self, marketplace: impl Into<String>) -> Self {
        self.scope.marketplace = Some(marketplace.into());
        self
    }

    /// Limits the rule to a ship-to country (two-letter code); repeat it to allow more countries.
    #[must_use]
    pub fn country(mut self, country: impl Into<String>) -> Self {
        self.scope.countries.insert(country.into());
        self
    }

    /// Adds a remark for people.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// Switches the rule off.
    #[must_use]
    pub fn disabled(mut self) -> Self {
        self.enabled = false;
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

impl fmt::Display for TextMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind())?;
        self.text().map_or(Ok(()), |text| write!(f, " {}", super::DisplayText::new(text)))
    }
}

/// The kinds of match, the weakest first: an exact text beats a prefix, a prefix a glob, a glob "any".
///
/// `Absent` never competes: no other kind fits an order without a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MatchKind {
    /// [`TextMatch::Any`].
    Any,
    /// [`TextMatch::Glob`].
    Glob,
    /// [`TextMatch::Prefix`].
    Prefix,
    /// [`TextMatch::Exact`].
    Exact,
    /// [`TextMatch::Absent`].
    Absent,
}

impl MatchKind {
    /// The word for this kind: `exact`, `prefix`, `glob`, `absent` or `any`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Glob => "glob",
            Self::Prefix => "prefix",
            Self::Exact => "exact",
            Self::Absent => "absent",
        }
    }
}

impl fmt::Display for MatchKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
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
}
