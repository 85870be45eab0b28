//! Money: exact decimals from the text of a JSON number, never by way of a float. No currency is involved,
//! because ShipStation sends none.

use rust_decimal::Decimal;
use serde::{Serialize, Serializer, ser};
use serde_json::value::RawValue;

use super::Unfit;

/// Reads the JSON text of a value; null and `""` stand for "nothing there".
pub(crate) fn from_json_text(json: &str) -> Result<Option<Decimal>, Unfit> {
    if is_plain(json.as_bytes()) {
        return plain(json).map(Some).ok_or(Unfit);
    }
    match json.trim_ascii() {
        "null" | "\"NaN\"" => Ok(None),
        text => match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).map(str::trim) {
            Some("") => Ok(None),
            Some(quoted) => parse(quoted).map(Some).ok_or(Unfit),
            None => parse(text).map(Some).ok_or(Unfit),
        },
    }
}

/// Reads a decimal with an optional exponent. Up to 28 digits are exact; a longer fraction is rounded to fit.
pub(crate) fn parse(text: &str) -> Option<Decimal> {
    let text = text.strip_prefix('+').filter(|digits| is_plain(digits.as_bytes())).unwrap_or(text);
    let Some(at) = text.find(['e', 'E']) else { return plain(text) };
    let (mantissa, exponent) = (text.get(..at)?, text.get(at + 1..)?);
    scale(plain(mantissa)?, exponent.parse().ok()?)
}

fn plain(text: &str) -> Option<Decimal> {
    if !is_plain(text.as_bytes()) {
        return None;
    }
    Decimal::from_str_exact(text).ok().or_else(|| text.parse().ok())
}

/// Digits with a sign and a point at most; `Decimal` itself would also take underscores.
fn is_plain(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    digits.first().is_some_and(u8::is_ascii_digit)
        && digits.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
}

fn scale(mantissa: Decimal, exponent: i32) -> Option<Decimal> {
    if mantissa.is_zero() {
        return Some(Decimal::ZERO);
    }
    let places = i64::from(mantissa.scale()) - i64::from(exponent);
    match u32::try_from(places) {
        Ok(places @ 0..=28) => Decimal::try_from_i128_with_scale(mantissa.mantissa(), places).ok(),
        // The residue of a sum of floats, such as 2.84E-14: the digits past the 28th place are dropped.
        Ok(places) => {
            let kept = 10_i128.checked_pow(places - 28).map_or(0, |factor| mantissa.mantissa() / factor);
            Decimal::try_from_i128_with_scale(kept, 28).ok()
        }
        Err(_) => {
            let factor = 10_i128.checked_pow(u32::try_from(-places).ok()?)?;
            Decimal::try_from_i128_with_scale(mantissa.mantissa().checked_mul(factor)?, 0).ok()
        }
    }
}

/// Writes the decimal as a bare JSON number with every digit it has.
pub(crate) fn serialize<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    RawValue::from_string(value.to_string()).map_err(ser::Error::custom)?.serialize(serializer)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_every_form_a_number_takes() {
        for (json, want) in [
            ("5", "5"),
            ("5.0", "5.0"),
            ("-3.70", "-3.70"),
            ("\"12.50\"", "12.50"),
            ("1e3", "1000"),
            ("1.5E-7", "0.00000015"),
            ("0e99", "0"),
            ("-0.0", "0.0"),
            ("\"+12.50\"", "12.50"),
            ("2.8421709430404007E-14", "0.0000000000000284217094304040"),
            ("-1e-28", "-0.0000000000000000000000000001"),
            ("1e-40", "0.0000000000000000000000000000"),
            ("123456789012345.67", "123456789012345.67"),
        ] {
            assert_eq!(from_json_text(json).unwrap().unwrap().to_string(), want, "{json}");
        }
        assert_eq!(from_json_text("null"), Ok(None));
        assert_eq!(from_json_text("\" \""), Ok(None));
        assert_eq!(from_json_text("\"NaN\""), Ok(None));
        for json in
            ["true", "{}", "\"abc\"", "1e999999999", "\"1_000\"", "\"1,000\"", "\"+x\"", "\"Infinity\"", "[]"]
        {
            assert_eq!(from_json_text(json), Err(Unfit), "{json}");
        }
    }

    proptest! {
        #[test]
        fn every_decimal_text_up_to_28_digits_survives(negative: bool, digits in "[1-9][0-9]{0,27}", point in 0_usize..28) {
            let split = digits.len().saturating_sub(point).max(1);
            let (whole, fraction) = digits.split_at(split);
            let sign = if negative { "-" } else { "" };
            let text = if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") };
            let value = from_json_text(&text).unwrap().unwrap();
            prop_assert_eq!(value.to_string(), text.clone());
            let written = serialize(&value, serde_json::value::Serializer);
            prop_assert!(written.is_ok());
            let quoted = format!("\"{text}\"");
            prop_assert_eq!(from_json_text(&quoted), Ok(Some(value)));
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = from_json_text(&text);
        }
    }
}
