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

/// The officially assigned codes of ISO 3166-1 alpha-2, and XK, which carriers use for Kosovo.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW \
    BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI \
    FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN \
    IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME \
    MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF \
    PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV \
    SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE \
    YT ZA ZM ZW XK";
/// Codes that people write for others.
const ALIASES: [([u8; 2], [u8; 2]); 2] = [(*b"UK", *b"GB"), (*b"EL", *b"GR")];

/// A two-letter country code in capitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Country([u8; 2]);

impl Country {
    /// `None` unless the text is exactly two ASCII letters. The usual aliases stand for the codes that are meant.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let code: [u8; 2] = text.as_bytes().try_into().ok()?;
        let code = code
            .iter()
            .all(u8::is_ascii_alphabetic)
            .then(|| code.map(|letter| letter.to_ascii_uppercase()))?;
        let alias = ALIASES.iter().find(|(alias, _)| *alias == code);
        Some(Self(alias.map_or(code, |(_, meant)| *meant)))
    }

    /// Whether there is such a country.
    fn exists(self) -> bool {
        COUNTRIES.as_bytes().chunks(3).any(|entry| entry.starts_with(&self.0))
    }
}

/// A scope made ready for comparing.
#[derive(Debug, Clone)]
pub(super) struct CompiledScope {
    pub(super) store: Option<StoreKey>,
    pub(super) marketplace: Option<String>,
    /// Sorted, without repeats. Empty: every country.
    pub(super) countries: Vec<Country>,
}

impl CompiledScope {
    /// # Errors
    ///
    /// The first country that is none: it would never fit.
    pub(super) fn new(scope: &Scope) -> Result<Self, &str> {
        let mut countries = Vec::with_capacity(scope.countries.len());
        for country in &scope.countries {
            let known = Country::parse(country).filter(|country| country.exists());
            countries.push(known.ok_or(country.as_str())?);
        }
        countries.sort_unstable();
        countries.dedup();
        Ok(Self { store: scope.store.clone(), marketplace: scope.marketplace.clone(), countries })
    }

    pub(super) fn fits(&self, destination: &Destination<'_>) -> bool {
        self.fits_store(destination) && self.fits_marketplace(destination) && self.fits_country(destination)
    }

    pub(super) fn fits_store(&self, destination: &Destination<'_>) -> bool {
        self.store.as_ref().is_none_or(|store| destination.store == Some(store))
    }

    pub(super) fn fits_marketplace(&self, destination: &Destination<'_>) -> bool {
        self.marketplace.as_deref().is_none_or(|name| destination.marketplace == Some(name))
    }

    pub(super) fn fits_country(&self, destination: &Destination<'_>) -> bool {
        self.countries.is_empty()
            || destination.country.is_some_and(|country| self.countries.contains(&country))
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
pub(super) struct Destination<'r> {
    store: Option<&'r StoreKey>,
    marketplace: Option<&'r str>,
    country: Option<Country>,
}

impl<'r> Destination<'r> {
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
    fn aliases_stand_for_the_code_that_is_meant_and_other_codes_are_refused() {
        let scope = |country: &str| Scope { countries: [country.to_owned()].into(), ..Scope::default() };
        for (alias, meant) in
            [("UK", "GB"), ("uk", "GB"), ("EL", "GR"), ("gb", "GB"), ("XK", "XK"), ("ZW", "ZW")]
        {
            let (alias, meant) = (scope(alias), scope(meant));
            assert_eq!(
                CompiledScope::new(&alias).unwrap().countries,
                CompiledScope::new(&meant).unwrap().countries
            );
        }
        for unknown in ["XX", "ZZ", "EN", "USA", "", "D ", "U K"] {
            assert_eq!(CompiledScope::new(&scope(unknown)).map(|area| area.countries), Err(unknown));
        }
        assert_eq!(COUNTRIES.len(), 250 * 3 - 1, "each code takes two letters and a blank");
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
