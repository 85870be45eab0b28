//! How one member of a model is read and written. Null, absent and `""` mean "nothing there"; numbers may come
//! as text and texts as numbers. Error texts name the expectation, never the value: it may be a buyer's.

use std::{fmt, marker::PhantomData};

use rust_decimal::Decimal;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, DeserializeSeed, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::{Value, value::RawValue};

use super::money;

/// The JSON value cannot be what is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unfit;

/// A value that may stand in a member or in a list.
pub(crate) trait Lenient: Sized {
    /// What the reader expects, for error texts.
    const WHAT: &'static str;

    /// From a JSON string, which may also stand for "nothing there".
    fn from_text(text: &str) -> Result<Option<Self>, Unfit> {
        if text.trim().is_empty() { Ok(None) } else { Err(Unfit) }
    }

    /// From a JSON integer.
    fn from_integer(_number: i64) -> Option<Self> {
        None
    }

    /// From any other JSON number.
    fn from_float(_number: f64) -> Option<Self> {
        None
    }

    /// From a JSON boolean.
    fn from_bool(_value: bool) -> Option<Self> {
        None
    }

    /// Reads the value, or the fact that there is none.
    #[inline]
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        deserializer.deserialize_any(ScalarVisitor(PhantomData))
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

struct ScalarVisitor<T>(PhantomData<T>);

impl<T: Lenient> ScalarVisitor<T> {
    fn some<E: de::Error>(value: Option<T>) -> Result<Option<T>, E> {
        value.map(Some).ok_or_else(|| misfit::<T, E>())
    }
}

fn misfit<T: Lenient, E: de::Error>() -> E {
    E::custom(format_args!("expected {}", T::WHAT))
}

impl<'de, T: Lenient> Visitor<'de> for ScalarVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::WHAT)
    }

    #[inline]
    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        T::read(deserializer)
    }

    #[inline]
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        T::from_text(text).map_err(|Unfit| misfit::<T, E>())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        Self::some(T::from_integer(number))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Self::some(i64::try_from(number).ok().and_then(T::from_integer))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        Self::some(T::from_float(number))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
        Self::some(T::from_bool(value))
    }

    // With `serde_json/arbitrary_precision` on anywhere in the host's graph every number arrives as a map.
    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let number = serde_json::Number::deserialize(MapAccessDeserializer::new(map))
            .map_err(|_| misfit::<T, A::Error>())?;
        match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Self::some(T::from_integer(integer)),
            (None, Some(float)) => Self::some(T::from_float(float)),
            (None, None) => Err(misfit::<T, A::Error>()),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
        Err(misfit::<T, A::Error>())
    }
}

impl Lenient for String {
    const WHAT: &'static str = "a text";

    fn from_text(text: &str) -> Result<Option<Self>, Unfit> {
        Ok(Some(text.to_owned()))
    }

    fn from_integer(number: i64) -> Option<Self> {
        Some(number.to_string())
    }

    fn from_float(number: f64) -> Option<Self> {
        Some(number.to_string())
    }

    fn from_bool(value: bool) -> Option<Self> {
        Some(value.to_string())
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl Lenient for bool {
    const WHAT: &'static str = "true or false";

    fn from_text(text: &str) -> Result<Option<Self>, Unfit> {
        match text.trim() {
            "" => Ok(None),
            "1" => Ok(Some(true)),
            "0" => Ok(Some(false)),
            text if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            text if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            _ => Err(Unfit),
        }
    }

    fn from_integer(number: i64) -> Option<Self> {
        match number {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn from_bool(value: bool) -> Option<Self> {
        Some(value)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*self)
    }
}

impl Lenient for i64 {
    const WHAT: &'static str = "a whole number";

    fn from_text(text: &str) -> Result<Option<Self>, Unfit> {
        let text = text.trim();
        if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| Unfit) }
    }

    fn from_integer(number: i64) -> Option<Self> {
        Some(number)
    }

    fn from_float(number: f64) -> Option<Self> {
        // Whole numbers that a float holds exactly: some writers print 3 as 3.0.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
        (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as Self)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(*self)
    }
}

impl Lenient for Decimal {
    const WHAT: &'static str = "a decimal number";

    fn from_text(text: &str) -> Result<Option<Self>, Unfit> {
        let text = text.trim();
        if text.is_empty() { Ok(None) } else { money::parse(text).map(Some).ok_or(Unfit) }
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        money::from_json_text(raw.get()).map_err(|Unfit| misfit::<Self, D::Error>())
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        money::serialize(self, serializer)
    }
}

/// Untyped JSON, where nobody has recorded a type.
impl Lenient for Value {
    const WHAT: &'static str = "any JSON";

    fn from_text(text: &str) -> Result<Option<Self>, Unfit> {
        Ok(Some(Self::String(text.to_owned())))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        let value = Self::deserialize(deserializer)?;
        Ok((!value.is_null()).then_some(value))
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

/// A member of a model.
pub(crate) trait Field: Sized {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;

    /// The value of a member that is missing; `None` if the row cannot do without it.
    fn absent() -> Option<Self>;

    /// Whether there is nothing to write or to show.
    fn is_absent(&self) -> bool;

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

impl<T: Lenient> Field for Option<T> {
    #[inline]
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => value.write(serializer),
            None => serializer.serialize_none(),
        }
    }
}

impl<T: Lenient> Field for Vec<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Written))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Lenient> Visitor<'de> for ListVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.trim().is_empty() { Ok(Vec::new()) } else { Err(E::custom("expected a list")) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = seq.next_element_seed(FieldSeed::<Option<T>>::new())? {
            list.extend(element);
        }
        Ok(list)
    }
}

/// Reads a [`Field`] where serde wants a seed.
pub(crate) struct FieldSeed<F>(PhantomData<F>);

impl<F> FieldSeed<F> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'de, F: Field> DeserializeSeed<'de> for FieldSeed<F> {
    type Value = F;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<F, D::Error> {
        F::read(deserializer)
    }
}

/// Writes a value the way ShipStation reads it.
pub(crate) struct Written<'a, T>(pub(crate) &'a T);

impl<T: Lenient> Serialize for Written<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

/// Writes a member the way ShipStation reads it.
pub(crate) struct WrittenField<'a, F>(pub(crate) &'a F);

impl<F: Field> Serialize for WrittenField<'_, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

/// Gives a [`Lenient`] type serde's traits, and lets it stand as a member that a row cannot do without.
macro_rules! standalone {
    ($name:ty) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::client::wire::Lenient::write(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <Self as $crate::client::wire::Field>::read(deserializer)
            }
        }

        impl $crate::client::wire::Field for $name {
            fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <Self as $crate::client::wire::Lenient>::read(deserializer)?.ok_or_else(|| {
                    serde::de::Error::custom(concat!("expected a value for ", stringify!($name)))
                })
            }

            fn absent() -> Option<Self> {
                None
            }

            fn is_absent(&self) -> bool {
                false
            }

            fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::client::wire::Lenient::write(self, serializer)
            }
        }
    };
}
pub(crate) use standalone;

/// A personal member in `Debug` output: present or not, never its content.
pub(crate) struct Masked(pub(crate) bool);

impl fmt::Debug for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 { "None" } else { "***" })
    }
}
