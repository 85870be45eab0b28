//! Amounts of money, and how they are kept in text.

/// An exact amount in major units (12.50), without a currency: channels such as ShipStation send none,
/// so the host has it from the store.
pub type Money = rust_decimal::Decimal;

/// Serializes amounts as text, so that no reader turns them into a binary fraction.
pub(crate) mod text {
    use std::borrow::Cow;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::Money;

    #[expect(clippy::ref_option, reason = "the signature that serde asks for")]
    pub(crate) fn serialize<S: Serializer>(amount: &Option<Money>, serializer: S) -> Result<S::Ok, S::Error> {
        match amount {
            Some(amount) => serializer.collect_str(amount),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Money>, D::Error> {
        Option::<Cow<'de, str>>::deserialize(deserializer)?
            .map(|text| Money::from_str_exact(&text).map_err(D::Error::custom))
            .transpose()
    }
}
