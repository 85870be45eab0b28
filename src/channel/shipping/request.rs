//! What is asked of the rules, the defaults, and the answer. How the answer is found lives elsewhere.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::{DisplayText, MatchKind, ScopeLevel, ShippingMethod, StoreKey};
use crate::setters::setters;

/// What is known of an order when its shipping method is resolved.
///
/// ```
/// use shipstation_connector::channel::shipping::ShippingRequest;
///
/// let request = ShippingRequest::new("Standard").store("12").country("US");
/// assert_eq!(request.text.as_deref(), Some("Standard"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ShippingRequest {
    /// The shipping text, untouched. No text and an empty one mean the same: the order names no method.
    pub text: Option<String>,
    /// The store the order comes from.
    pub store: Option<StoreKey>,
    /// The marketplace of that store.
    pub marketplace: Option<String>,
    /// The ship-to country as a two-letter code in either case. Anything else fits no country.
    pub country: Option<String>,
}

impl ShippingRequest {
    /// A request for this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self::from_text(Some(text.into()))
    }

    /// A request for the text as the channel gave it, which may be missing.
    pub fn from_text(text: Option<String>) -> Self {
        Self { text, ..Self::default() }
    }

    /// A request for an order that names no shipping method.
    pub fn without_text() -> Self {
        Self::default()
    }

    setters! {
        /// Adds the store.
        store(store: impl Into<StoreKey>) => store = Some(store.into());
        /// Adds the marketplace.
        marketplace(marketplace: impl Into<String>) => marketplace = Some(marketplace.into());
        /// Adds the ship-to country.
        country(country: impl Into<String>) => country = Some(country.into());
    }
}

/// The methods that stand in where no rule fits, for orders with and without a shipping text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ShippingDefaults {
    /// The default of a store, which goes before the global one.
    pub by_store: BTreeMap<StoreKey, ShippingMethod>,
    /// The default of every other order.
    pub global: Option<ShippingMethod>,
}

impl ShippingDefaults {
    /// No defaults: what no rule fits stays unmapped.
    pub fn none() -> Self {
        Self::default()
    }

    /// Sets the default of one store.
    #[must_use]
    pub fn store(mut self, store: impl Into<StoreKey>, method: impl Into<ShippingMethod>) -> Self {
        self.by_store.insert(store.into(), method.into());
        self
    }

    setters! {
        /// Sets the default of every order.
        global(method: impl Into<ShippingMethod>) => global = Some(method.into());
    }

    pub(super) fn of(&self, store: Option<&StoreKey>) -> Option<(&ShippingMethod, WonBy)> {
        let of_store =
            store.and_then(|store| self.by_store.get(store)).map(|method| (method, WonBy::StoreDefault));
        of_store.or_else(|| self.global.as_ref().map(|method| (method, WonBy::GlobalDefault)))
    }
}

/// How an order's shipping text resolved.
///
/// What happens to an order that is not mapped (hold it, take a default, refuse it) is not decided here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ShippingResolution {
    /// The order goes by this method.
    Mapped {
        /// The method.
        method: ShippingMethod,
        /// What gave it, for the record.
        won: WonBy,
    },
    /// No rule fits the text, and there is no default.
    Unmapped {
        /// The text, untouched.
        text: String,
    },
    /// The order has no shipping text, no rule says what to do then, and there is no default.
    NoText,
}

impl ShippingResolution {
    /// The method, if there is one.
    pub fn method(&self) -> Option<&ShippingMethod> {
        match self {
            Self::Mapped { method, .. } => Some(method),
            Self::Unmapped { .. } | Self::NoText => None,
        }
    }
}

impl fmt::Display for ShippingResolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mapped { method, won } => write!(f, "{} by {won}", method.policy),
            Self::Unmapped { text } => write!(f, "unmapped: {}", DisplayText::new(text)),
            Self::NoText => f.write_str("no shipping text"),
        }
    }
}

/// What a resolved method comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
#[non_exhaustive]
pub enum WonBy {
    /// A rule.
    Rule {
        /// Its place in the list the rules were compiled from, counted from 0.
        index: usize,
        /// How it matched the text.
        kind: MatchKind,
        /// How specific its scope is.
        scope: ScopeLevel,
    },
    /// The default of the order's store.
    StoreDefault,
    /// The default of every order.
    GlobalDefault,
}

impl fmt::Display for WonBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule { index, kind, scope } => write!(f, "rule {index} ({kind}, scope: {scope})"),
            Self::StoreDefault => f.write_str("the default of the store"),
            Self::GlobalDefault => f.write_str("the global default"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_serde() {
        let defaults = ShippingDefaults::none().store("12", "ground").global("slow");
        let (method, won) = defaults.of(Some(&"12".into())).unwrap();
        let resolution = ShippingResolution::Mapped { method: method.clone(), won };
        let json = serde_json::to_string(&resolution).unwrap();
        assert_eq!(serde_json::from_str::<ShippingResolution>(&json).unwrap(), resolution);

        let json = serde_json::to_string(&defaults).unwrap();
        assert_eq!(serde_json::from_str::<ShippingDefaults>(&json).unwrap(), defaults);
    }

    #[test]
    fn the_store_goes_before_the_rest() {
        let defaults = ShippingDefaults::none().store("12", "ground").global("slow");
        let of = |store: &str| {
            defaults.of(Some(&store.into())).map(|(method, won)| (method.policy.to_string(), won))
        };
        assert_eq!(of("12"), Some(("ground".to_owned(), WonBy::StoreDefault)));
        assert_eq!(of("13"), Some(("slow".to_owned(), WonBy::GlobalDefault)));
    }
}
