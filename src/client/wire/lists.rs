//! How lists are read: with holes, as nothing at all, or as the one thing they would hold.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserializer, Serializer,
    de::{
        self, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer,
    },
};

use super::{
    Extra, Field, FieldSeed, Lenient,
    fields::{Written, inside},
};

impl<T: Lenient> Field for Vec<T> {
    const FREE_TEXT: bool = T::FREE_TEXT;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    fn extras(&self) -> Vec<(String, &Extra)> {
        let elements = self.iter().enumerate();
        let extras = elements.flat_map(|(place, element)| {
            let inner = element.extras().into_iter();
            inner.map(move |(path, extra)| (inside(&format!("[{place}]"), &path), extra))
        });
        extras.collect()
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
        if text.trim().is_empty() { Ok(Vec::new()) } else { Self::only(text.into_deserializer()) }
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        Self::only(number.into_deserializer())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Self::only(number.into_deserializer())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut rest: A) -> Result<Self::Value, A::Error> {
        match rest.next_key::<String>()? {
            None => Ok(Vec::new()),
            first => Self::only(MapAccessDeserializer::new(Reopened { first, rest })),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = seq.next_element_seed(FieldSeed::<Option<T>>::new())? {
            list.extend(element);
        }
        Ok(list)
    }
}

impl<T: Lenient> ListVisitor<T> {
    /// A list of one thing may come as that thing.
    fn only<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
        Ok(T::read(deserializer)?.into_iter().collect())
    }
}

/// An object that came as a list of one. An empty list stands for "nothing there".
pub(crate) fn only_element<'de, T: Lenient, A: SeqAccess<'de>>(mut seq: A) -> Result<Option<T>, A::Error> {
    let only = seq.next_element_seed(FieldSeed::<Option<T>>::new())?.flatten();
    match seq.next_element::<de::IgnoredAny>()? {
        None => Ok(only),
        Some(_) => Err(de::Error::custom("expected one object, not several")),
    }
}

/// A map whose first key was looked at.
struct Reopened<A> {
    first: Option<String>,
    rest: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Reopened<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        match self.first.take() {
            Some(key) => seed.deserialize(key.into_deserializer()).map(Some),
            None => self.rest.next_key_seed(seed),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.rest.next_value_seed(seed)
    }
}
