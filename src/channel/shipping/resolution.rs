//! What is asked of the rules, what they answer, and the record of texts that no rule fits.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{DisplayText, MatchKind, Scope, ScopeLevel, ShippingMethod, StoreKey, escape_invisible};
use crate::{
    Timestamp,
    channel::{record::record, wording::worded},
    setters::setters,
};

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

/// Where an order comes from and where it goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Destination<'r> {
    pub(super) store: Option<&'r StoreKey>,
    pub(super) marketplace: Option<&'r str>,
    pub(super) country: Option<Country>,
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

    /// # Errors
    ///
    /// The first country of the scope that does not exist: it would never fit.
    pub(super) fn parse_all(scope: &Scope) -> Result<Vec<Self>, &str> {
        let exists =
            |country: &Self| COUNTRIES.as_bytes().chunks(3).any(|entry| entry.starts_with(&country.0));
        let parse = |country| Self::parse(country).filter(exists).ok_or(country);
        let countries: BTreeSet<Self> =
            scope.countries.iter().map(String::as_str).map(parse).collect::<Result<_, _>>()?;
        Ok(countries.into_iter().collect())
    }
}

/// The methods of orders that no rule fits, whether or not they have a shipping text.
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

    pub(super) fn of(&self, store: Option<&StoreKey>) -> Option<(&ShippingMethod, MethodSource)> {
        let of_store = store.and_then(|store| self.by_store.get(store));
        let global = self.global.as_ref().map(|method| (method, MethodSource::GlobalDefault));
        of_store.map(|method| (method, MethodSource::StoreDefault)).or(global)
    }
}

worded! {
    /// How an order's shipping text resolved.
    ///
    /// What happens to an order that is not mapped (hold it, take a default, refuse it) is not decided here.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(tag = "outcome", rename_all = "snake_case")]
    pub enum ShippingResolution {
        /// The order goes by this method.
        Mapped {
            /// The method.
            method: ShippingMethod,
            /// What gave it, for the record.
            won: MethodSource,
        } => ("{} by {won}", method.policy),
        /// No rule fits the text, and there is no default.
        Unmapped {
            /// The text, untouched.
            text: String,
        } => ("unmapped: {}", DisplayText::new(text)),
        /// The order has no shipping text, no rule says what to do then, and there is no default.
        NoText => ("no shipping text"),
    }
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

worded! {
    /// What a resolved method comes from.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(tag = "by", rename_all = "snake_case")]
    pub enum MethodSource {
        /// A rule.
        Rule {
            /// Its place in the list the rules were compiled from, counted from 0.
            index: usize,
            /// How it matched the text.
            kind: MatchKind,
            /// How specific its scope is.
            scope: ScopeLevel,
        } => ("rule {index} ({kind}, scope: {scope})"),
        /// The default of the order's store.
        StoreDefault => ("the default of the store"),
        /// The default of every order.
        GlobalDefault => ("the global default"),
    }
}

record! {
    /// A shipping text that no rule fitted, as seen in one store.
    ///
    /// It holds no buyer's data: order ids are the only trace of orders.
    ///
    /// ```
    /// use shipstation_connector::{Timestamp, channel::shipping::UnmappedText};
    ///
    /// let morning: Timestamp = "2026-03-02T08:00:00Z".parse()?;
    /// let noon: Timestamp = "2026-03-02T12:00:00Z".parse()?;
    /// let mut unmapped = UnmappedText::new("Standard\u{a0}Mail", morning, "1001").store("12");
    /// unmapped.seen(noon, "1002");
    /// assert_eq!((unmapped.count, unmapped.last_seen), (2, noon));
    /// assert_eq!(unmapped.escaped_text(), "Standard<U+00A0>Mail");
    /// # Ok::<(), shipstation_connector::ParseTimestampError>(())
    /// ```
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct UnmappedText {
        /// The store it was seen in.
        pub store: Option<StoreKey> = None,
        /// The text, untouched.
        pub text: String,
        /// The number of orders that had it.
        pub count: u64 = 1,
        /// When the first of them was seen (UTC).
        pub first_seen: Timestamp = at,
        /// When the last of them was seen (UTC).
        pub last_seen: Timestamp = at,
        /// The ids of the first few orders on the channel: at most [`UnmappedText::MAX_SAMPLES`].
        pub samples: Vec<String> = vec![order.into()],
    }
    /// A text seen for the first time, on the order with this id.
    pub fn new(text: impl Into<String>, at: Timestamp, order: impl Into<String>);
}

impl UnmappedText {
    /// The number of order ids that are kept.
    pub const MAX_SAMPLES: usize = 5;

    setters! {
        /// Adds the store.
        store(store: impl Into<StoreKey>) => store = Some(store.into());
    }

    /// Counts one more order. Orders may come in any sequence; one whose id is among the samples is not counted again.
    pub fn seen(&mut self, at: Timestamp, order: impl Into<String>) {
        let order = order.into();
        self.first_seen = self.first_seen.min(at);
        self.last_seen = self.last_seen.max(at);
        if self.samples.contains(&order) {
            return;
        }
        self.count = self.count.saturating_add(1);
        if self.samples.len() < Self::MAX_SAMPLES {
            self.samples.push(order);
        }
    }

    /// The text with its invisible characters escaped: see [`escape_invisible`](super::escape_invisible()).
    pub fn escaped_text(&self) -> String {
        escape_invisible(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_goes_before_the_rest_and_serde_keeps_it() {
        let defaults = ShippingDefaults::none().store("12", "ground").global("slow");
        let json = serde_json::to_string(&defaults).unwrap();
        assert_eq!(serde_json::from_str::<ShippingDefaults>(&json).unwrap(), defaults);
        let cases =
            [("12", "ground", MethodSource::StoreDefault), ("13", "slow", MethodSource::GlobalDefault)];
        for (store, policy, source) in cases {
            let (method, won) = defaults.of(Some(&store.into())).unwrap();
            assert_eq!((method.policy.as_str(), won), (policy, source));
            let resolution = ShippingResolution::Mapped { method: method.clone(), won };
            let json = serde_json::to_string(&resolution).unwrap();
            assert_eq!(serde_json::from_str::<ShippingResolution>(&json).unwrap(), resolution);
        }
    }

    #[test]
    fn counts_orders_and_keeps_a_few() {
        let at = |second| Timestamp::from_unix_seconds(second);
        let mut unmapped = UnmappedText::new("x", at(100), "o0");
        unmapped.seen(at(50), "o0");
        for order in 1..10 {
            unmapped.seen(at(100 + order), format!("o{order}"));
        }
        assert_eq!(unmapped.count, 10);
        assert_eq!((unmapped.first_seen, unmapped.last_seen), (at(50), at(109)));
        assert_eq!(unmapped.samples, ["o0", "o1", "o2", "o3", "o4"]);
        let json = serde_json::to_string(&unmapped).unwrap();
        assert_eq!(serde_json::from_str::<UnmappedText>(&json).unwrap(), unmapped);
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
            assert_eq!(Country::parse_all(&alias).unwrap(), Country::parse_all(&meant).unwrap());
        }
        for unknown in ["XX", "ZZ", "EN", "USA", "", "D ", "U K"] {
            assert_eq!(Country::parse_all(&scope(unknown)), Err(unknown));
        }
        assert_eq!(COUNTRIES.len(), 250 * 3 - 1, "each code takes two letters and a blank");
    }
}
