//! How one member of a model is read and written. Null, absent and `""` mean "nothing there"; numbers may come
//! as text and texts as numbers. Error texts name the expectation, never the value: it may be a buyer's.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::value::RawValue;

use super::{DriftKind, Extra, drift, scalars::is_slow_pass};

/// The JSON value cannot be what is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unfit;

/// A JSON text, number or boolean.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scalar<'a> {
    Text(&'a str),
    Integer(i64),
    /// Any other number.
    Float(f64),
    Bool(bool),
}

impl<'a> Scalar<'a> {
    /// What stands for a text. A float may have lost digits.
    pub(crate) fn text(self) -> Result<Cow<'a, str>, Unfit> {
        match self {
            Self::Text(text) => Ok(text.into()),
            Self::Integer(number) => Ok(number.to_string().into()),
            Self::Bool(value) => Ok(value.to_string().into()),
            Self::Float(_) => Err(Unfit),
        }
    }
}

/// A value that may stand in a member or in a list.
pub(crate) trait Lenient: Sized {
    /// What the reader expects, for error texts.
    const WHAT: &'static str;

    /// Whether it may hold free text, which `Debug` masks.
    const FREE_TEXT: bool = false;

    /// From a JSON text, number or boolean. A text may also stand for "nothing there".
    fn from_scalar(_scalar: Scalar<'_>) -> Result<Option<Self>, Unfit> {
        Err(Unfit)
    }

    /// Reads the value, or the fact that there is none.
    #[inline]
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        deserializer.deserialize_any(ScalarVisitor(PhantomData))
    }

    /// Whether the value can stand for a member that a row cannot do without.
    fn is_valid(&self) -> bool {
        true
    }

    /// What it and the models in it hold beside their members, with the paths to them.
    fn extras(&self) -> Vec<(String, &Extra)> {
        Vec::new()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

pub(super) struct ScalarVisitor<T>(pub(super) PhantomData<T>);

impl<T: Lenient> ScalarVisitor<T> {
    fn of<E: de::Error>(scalar: Scalar<'_>) -> Result<Option<T>, E> {
        T::from_scalar(scalar).map_err(|Unfit| issue::<T, E>())
    }
}

pub(super) fn issue<T: Lenient, E: de::Error>() -> E {
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

    #[inline]
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Self::of(Scalar::Text(text))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        Self::of(Scalar::Integer(number))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Self::of(Scalar::Integer(i64::try_from(number).map_err(|_| issue::<T, E>())?))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        Self::of(Scalar::Float(number))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
        Self::of(Scalar::Bool(value))
    }

    // With `serde_json/arbitrary_precision` on anywhere in the host's graph every number arrives as a map.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let number = serde_json::Number::deserialize(MapAccessDeserializer::new(map))
            .map_err(|_| issue::<T, A::Error>())?;
        match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Self::of(Scalar::Integer(integer)),
            (None, Some(float)) => Self::of(Scalar::Float(float)),
            (None, None) => Err(issue::<T, A::Error>()),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
        Err(issue::<T, A::Error>())
    }
}

/// A member of a model.
pub(crate) trait Field: Sized {
    /// Whether it may hold free text, which `Debug` masks.
    const FREE_TEXT: bool;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;

    /// The value of a member that is missing; `None` if the row cannot do without it.
    fn absent() -> Option<Self>;

    /// Whether there is nothing to write or to show.
    fn is_absent(&self) -> bool;

    /// What the models in it hold beside their members, with the paths to them.
    fn extras(&self) -> Vec<(String, &Extra)>;

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

impl<T: Lenient> Field for Option<T> {
    const FREE_TEXT: bool = T::FREE_TEXT;

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

    fn extras(&self) -> Vec<(String, &Extra)> {
        self.as_ref().map(T::extras).unwrap_or_default()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => value.write(serializer),
            None => serializer.serialize_none(),
        }
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

/// Reads a member that no decision needs: what cannot be read is left out and noted. Only the slow pass does so; the fast
/// one fails, and is followed by it.
#[inline]
pub(crate) fn droppable<'de, F: Field, A: MapAccess<'de>>(
    map: &mut A,
    (model, member): (&'static str, &'static str),
    extra: &mut Extra,
) -> Result<F, A::Error> {
    if is_slow_pass() {
        return droppable_slowly(map, (model, member), extra);
    }
    map.next_value_seed(FieldSeed::new())
}

#[cold]
#[inline(never)]
fn droppable_slowly<'de, F: Field, A: MapAccess<'de>>(
    map: &mut A,
    (model, member): (&'static str, &'static str),
    extra: &mut Extra,
) -> Result<F, A::Error> {
    let raw: Box<RawValue> = map.next_value()?;
    let read = F::read(&mut serde_json::Deserializer::from_str(raw.get()));
    read.or_else(|issue| {
        drift::note(DriftKind::Unreadable, model, member);
        extra.insert_unreadable(member, raw);
        F::absent().ok_or_else(|| de::Error::custom(issue))
    })
}

/// The path of a member inside another one: `items` and `[0].weight` make `items[0].weight`. Either may be empty.
pub(crate) fn inside(outer: &str, inner: &str) -> String {
    let dot = if outer.is_empty() || inner.is_empty() || inner.starts_with('[') { "" } else { "." };
    format!("{outer}{dot}{inner}")
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
                <Self as $crate::client::wire::Lenient>::read(deserializer)?.ok_or_else(|| {
                    serde::de::Error::custom(concat!("expected a value for ", stringify!($name)))
                })
            }
        }

        impl $crate::client::wire::Field for $name {
            const FREE_TEXT: bool = <Self as $crate::client::wire::Lenient>::FREE_TEXT;

            fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use $crate::client::wire::Lenient;
                <Self as Lenient>::read(deserializer)?.filter(Lenient::is_valid).ok_or_else(|| {
                    serde::de::Error::custom(concat!("expected a value for ", stringify!($name)))
                })
            }

            fn extras(&self) -> Vec<(String, &$crate::client::wire::Extra)> {
                $crate::client::wire::Lenient::extras(self)
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

/// A member in `Debug` output, unless it may hold free text: then whether it is there.
pub(crate) struct Shown<'a, F>(pub(crate) &'a F);

impl<F: Field + fmt::Debug> fmt::Debug for Shown<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if F::FREE_TEXT { Masked(self.0.is_absent()).fmt(f) } else { self.0.fmt(f) }
    }
}

/// A personal member in `Debug` output: present or not, never its content.
pub(crate) struct Masked(pub(crate) bool);

impl fmt::Debug for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 { "None" } else { "***" })
    }
}
