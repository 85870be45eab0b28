//! Where a rule applies: store, marketplace and ship-to country. Nothing about texts here.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use super::{ShippingRequest, StoreKey};

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
    /// Only these ship-to countries, as two-letter ISO 3166 codes in either case. Empty: every country.
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
        let mut lead = "";
        for (_, word) in parts.iter().filter(|(set, _)| *set) {
            write!(f, "{lead}{word}")?;
            lead = " and ";
        }
        if lead.is_empty() { f.write_str("every order") } else { Ok(()) }
    }
}

/// A two-letter country code in capitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Country([u8; 2]);

impl Country {
    /// `None` unless the text is exactly two ASCII letters.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let code: [u8; 2] = text.as_bytes().try_into().ok()?;
        code.iter().all(u8::is_ascii_alphabetic).then(|| Self(code.map(|letter| letter.to_ascii_uppercase())))
    }
}

/// A scope made ready for comparing.
#[derive(Debug, Clone)]
pub(super) struct Area {
    pub(super) store: Option<StoreKey>,
    pub(super) marketplace: Option<String>,
    /// Sorted, without repeats. Empty: every country.
    pub(super) countries: Vec<Country>,
}

impl Area {
    /// # Errors
    ///
    /// The first country that is not a two-letter code.
    pub(super) fn new(scope: &Scope) -> Result<Self, &str> {
        let mut countries = Vec::with_capacity(scope.countries.len());
        for country in &scope.countries {
            countries.push(Country::parse(country).ok_or(country.as_str())?);
        }
        countries.sort_unstable();
        countries.dedup();
        Ok(Self { store: scope.store.clone(), marketplace: scope.marketplace.clone(), countries })
    }

    pub(super) fn fits(&self, place: &Place<'_>) -> bool {
        self.fits_store(place) && self.fits_marketplace(place) && self.fits_country(place)
    }

    pub(super) fn fits_store(&self, place: &Place<'_>) -> bool {
        self.store.as_ref().is_none_or(|store| place.store == Some(store))
    }

    pub(super) fn fits_marketplace(&self, place: &Place<'_>) -> bool {
        self.marketplace.as_deref().is_none_or(|name| place.marketplace == Some(name))
    }

    pub(super) fn fits_country(&self, place: &Place<'_>) -> bool {
        self.countries.is_empty() || place.country.is_some_and(|country| self.countries.contains(&country))
    }

    /// Whether every order of `country` (of any country, if `None`) that fits `other` fits this one too.
    pub(super) fn covers(&self, other: &Self, country: Option<Country>) -> bool {
        (self.store.is_none() || self.store == other.store)
            && (self.marketplace.is_none() || self.marketplace == other.marketplace)
            && (self.countries.is_empty() || country.is_some_and(|country| self.countries.contains(&country)))
    }

    /// Whether one country is served by both. Only meaningful for scopes of the same level.
    pub(super) fn shares_country(&self, other: &Self) -> bool {
        self.countries.is_empty() || self.countries.iter().any(|country| other.countries.contains(country))
    }
}

/// Where an order comes from and goes to, as far as scopes care.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'r> {
    store: Option<&'r StoreKey>,
    marketplace: Option<&'r str>,
    country: Option<Country>,
}

impl<'r> Place<'r> {
    pub(super) fn of(request: &'r ShippingRequest) -> Self {
        Self {
            store: request.store.as_ref(),
            marketplace: request.marketplace.as_deref(),
            country: request.country.as_deref().and_then(|country| Country::parse(country.trim())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_stand_in_the_documented_order() {
        let level = |store, marketplace, country| ScopeLevel { store, marketplace, country };
        let documented = [
            level(true, false, true),
            level(true, false, false),
            level(false, true, true),
            level(false, true, false),
            level(false, false, true),
            level(false, false, false),
        ];
        assert!(documented.is_sorted_by(|higher, lower| higher > lower));
    }

    #[test]
    fn countries_compare_without_case_and_nothing_else_is_a_country() {
        assert_eq!(Country::parse("us"), Country::parse("US"));
        for text in ["", "U", "USA", "U1", "ß", " U"] {
            assert_eq!(Country::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn reads_well() {
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
