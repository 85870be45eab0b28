//! How single values are read: texts, truth values, whole numbers, decimals, and JSON that nobody has typed.

use std::{cell::Cell, marker::PhantomData};

use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, value::RawValue};

use super::{
    Lenient, Scalar, Unfit,
    fields::{ScalarVisitor, issue},
    money,
};

impl Lenient for String {
    const WHAT: &'static str = "a text";
    const FREE_TEXT: bool = true;

    fn from_scalar(scalar: Scalar<'_>) -> Result<Option<Self>, Unfit> {
        scalar.text().map(|text| Some(text.into_owned()))
    }

    #[inline]
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        if VERBATIM.get() {
            verbatim(deserializer)
        } else {
            deserializer.deserialize_any(ScalarVisitor(PhantomData))
        }
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

thread_local! {
    static VERBATIM: Cell<bool> = const { Cell::new(false) };
}

/// Decodes with numbers that stand for texts taken digit by digit. That is slow, and a float would spoil a tracking
/// number, so that a number too long for an integer fails the first pass and is read in this one.
pub(crate) fn with_verbatim_texts<T>(decode: impl FnOnce() -> T) -> T {
    let outer = VERBATIM.replace(true);
    let value = decode();
    VERBATIM.set(outer);
    value
}

/// Whether this is the slow pass.
pub(super) fn is_slow_pass() -> bool {
    VERBATIM.get()
}

fn verbatim<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    match raw.get().as_bytes().first() {
        Some(b'-' | b'0'..=b'9') => Ok(Some(raw.get().to_owned())),
        _ => serde_json::Deserializer::from_str(raw.get())
            .deserialize_any(ScalarVisitor(PhantomData))
            .map_err(|_| issue::<String, D::Error>()),
    }
}

impl Lenient for bool {
    const WHAT: &'static str = "true or false";

    fn from_scalar(scalar: Scalar<'_>) -> Result<Option<Self>, Unfit> {
        match scalar {
            Scalar::Bool(value) => Ok(Some(value)),
            Scalar::Text(text) => match text.trim() {
                "" => Ok(None),
                "1" => Ok(Some(true)),
                "0" => Ok(Some(false)),
                text if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
                text if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
                _ => Err(Unfit),
            },
            Scalar::Integer(_) | Scalar::Float(_) => match i64::from_scalar(scalar)? {
                Some(0) => Ok(Some(false)),
                Some(1) => Ok(Some(true)),
                _ => Err(Unfit),
            },
        }
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*self)
    }
}

impl Lenient for i64 {
    const WHAT: &'static str = "a whole number";

    fn from_scalar(scalar: Scalar<'_>) -> Result<Option<Self>, Unfit> {
        // Whole numbers that a float holds exactly: some writers print 3 as 3.0.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let number = match scalar {
            Scalar::Text(text) if text.trim().is_empty() => return Ok(None),
            Scalar::Text(text) => {
                let whole = || money::parse(text.trim()).filter(Decimal::is_integer)?.to_i64();
                text.trim().parse().ok().or_else(whole)
            }
            Scalar::Integer(number) => Some(number),
            #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
            Scalar::Float(number) if number.fract() == 0.0 && number.abs() <= EXACT => Some(number as Self),
            Scalar::Float(_) | Scalar::Bool(_) => None,
        };
        number.map(Some).ok_or(Unfit)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(*self)
    }
}

impl Lenient for Decimal {
    const WHAT: &'static str = "a decimal number";

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        money::from_json_text(raw.get()).map_err(|Unfit| issue::<Self, D::Error>())
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        money::serialize(self, serializer)
    }
}

/// Untyped JSON, where nobody has recorded a type.
impl Lenient for Value {
    const WHAT: &'static str = "any JSON";
    const FREE_TEXT: bool = true;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        let value = Self::deserialize(deserializer)?;
        Ok((!value.is_null()).then_some(value))
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}
