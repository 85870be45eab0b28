//! Amounts on the wire: JSON numbers, printed and read digit by digit, never through a float.

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use serde_json::value::RawValue;

/// Writes the amount as a JSON number with exactly the digits that it holds.
pub(super) fn number<S: Serializer>(amount: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    RawValue::from_string(amount.to_string()).map_err(S::Error::custom)?.serialize(serializer)
}

/// Like [`number`], with `null` for no amount.
#[allow(clippy::ref_option)] // serde's signature
pub(super) fn number_or_null<S: Serializer>(
    amount: &Option<Decimal>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match amount {
        Some(amount) => number(amount, serializer),
        None => serializer.serialize_none(),
    }
}

/// Reads a number, a number in quotes, or `null`.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    let Some(raw) = Option::<Box<RawValue>>::deserialize(deserializer)? else { return Ok(None) };
    let text = raw.get().trim_matches('"');
    if matches!(text, "" | "null") {
        return Ok(None);
    }
    parse(text).map(Some).ok_or_else(|| D::Error::custom("Could not convert string to decimal"))
}

/// Like [`read`], with zero for `null`.
pub(super) fn read_or_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    read(deserializer).map(Option::unwrap_or_default)
}

/// The amount that a text spells, in plain or scientific notation.
pub(super) fn parse(text: &str) -> Option<Decimal> {
    Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Row(
        #[serde(serialize_with = "number_or_null", deserialize_with = "read")] Option<Decimal>,
        #[serde(serialize_with = "number", deserialize_with = "read_or_zero")] Decimal,
    );

    #[test]
    fn keeps_every_digit_both_ways() {
        for text in ["[10.10,0.0]", "[-3.70,123456789012345.67]", "[null,5]"] {
            let row: Row = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&row).unwrap(), text);
        }
    }

    #[test]
    fn reads_texts_exponents_and_nulls_but_no_nonsense() {
        let row: Row = serde_json::from_str(r#"["1.50",1e2]"#).unwrap();
        assert_eq!((row.0, row.1), (Some(Decimal::new(150, 2)), Decimal::ONE_HUNDRED));
        assert_eq!(serde_json::from_str::<Row>(r#"["",null]"#).unwrap(), Row(None, Decimal::ZERO));
        assert!(serde_json::from_str::<Row>(r#"["dear",1]"#).is_err());
    }
}
