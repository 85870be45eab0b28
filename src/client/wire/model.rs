//! Declares a model of ShipStation's JSON: one line per member, and the leniency, the masking and the drift count
//! come with it. `Debug` masks every member that may hold free text, which is every text and every member without a type,
//! except those marked `@public`, and those marked `@personal`. The documentation of each member ends with its name in the JSON,
//! so that a member which is what its name says needs no other.

/// Declares models.
///
/// `Debug` shows a text only where `@public` stands before the member's name: order numbers, SKUs and codes. `@personal`
/// keeps any member out of it. `@droppable`, which comes last, is for a member that no decision needs: if it cannot be read,
/// it is left out and noted, and does not fail its row.
macro_rules! model {
    (
        $( $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $( $(#[$fmeta:meta])* $(@$mark:ident)* $field:ident : $ty:ty = $json:literal ),* $(,)?
        } )+
    ) => {$(
        $(#[$meta])*
        #[derive(Clone, PartialEq)]
        #[non_exhaustive]
        $vis struct $name {
            $( $(#[$fmeta])* #[doc = concat!("ShipStation's `", $json, "`.")] $vis $field: $ty, )*
            /// Members that this version of the crate does not know.
            $vis extra: $crate::client::wire::Extra,
        }

        impl $name {
            /// The members that came and could not be read, by their paths, such as `holdUntilDate` or
            /// `items[0].weight`. No decision needs them, so they are left out here; what is written back holds them as
            /// they came.
            #[allow(dead_code, reason = "not every model is asked")]
            $vis fn unreadable(&self) -> Vec<String> {
                use $crate::client::wire::{Lenient, inside};
                let extras = Lenient::extras(self).into_iter();
                extras.flat_map(|(path, extra)| extra.unreadable().map(move |name| inside(&path, name))).collect()
            }

            /// The JSON text of every member that came and is not in the model, here or in a model inside, by its path: those that
            /// this version of the crate does not know, and those that could not be read.
            #[allow(dead_code, reason = "not every model is asked")]
            $vis fn unmodeled(&self) -> Vec<(String, &str)> {
                use $crate::client::wire::{Lenient, inside};
                let extras = Lenient::extras(self).into_iter();
                extras.flat_map(|(path, extra)| extra.unmodeled().map(move |(name, json)| (inside(&path, name), json))).collect()
            }

            /// The names of the members that it knows.
            #[cfg(test)]
            #[allow(dead_code, reason = "not every model is asked")]
            pub(crate) const MEMBERS: &'static [&'static str] = &[$($json),*];
        }

        const _: () = {
            use serde::{Deserializer, Serializer, de, ser::SerializeMap as _};
            use $crate::client::wire::{Extra, Field, Lenient, WrittenField, drift, inside, only_element};

            impl Lenient for $name {
                const WHAT: &'static str = "an object";

                fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
                    deserializer.deserialize_any(ModelVisitor)
                }

                fn extras(&self) -> Vec<(String, &Extra)> {
                    let mut extras = Vec::new();
                    if self.extra.is_filled() {
                        extras.push((String::new(), &self.extra));
                    }
                    $( extras.extend(Field::extras(&self.$field).into_iter().map(|(path, extra)| (inside($json, &path), extra))); )*
                    extras
                }

                fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    let mut map = serializer.serialize_map(None)?;
                    $(
                        if !Field::is_absent(&self.$field) {
                            map.serialize_entry($json, &WrittenField(&self.$field))?;
                        } else if let Some(raw) = self.extra.raw_unreadable($json) {
                            map.serialize_entry($json, raw)?;
                        }
                    )*
                    for (member, value) in self.extra.raw() {
                        map.serialize_entry(member, value)?;
                    }
                    map.end()
                }
            }

            #[allow(non_camel_case_types)]
            #[derive(Clone, Copy)]
            enum Key {
                $($field,)*
                Other__,
            }

            /// Finds the member; the name of one that is not known is left in the slot.
            struct KeySeed<'a>(&'a mut String);

            impl<'de> de::DeserializeSeed<'de> for KeySeed<'_> {
                type Value = Key;

                #[inline]
                fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
                    deserializer.deserialize_identifier(self)
                }
            }

            impl de::Visitor<'_> for KeySeed<'_> {
                type Value = Key;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("a member name")
                }

                #[inline]
                fn visit_str<E: de::Error>(self, name: &str) -> Result<Key, E> {
                    Ok(match name {
                        $($json => Key::$field,)*
                        other => in_other_case(other, self.0),
                    })
                }
            }

            #[cold]
            #[inline(never)]
            fn in_other_case(name: &str, unknown: &mut String) -> Key {
                $(
                    if name.eq_ignore_ascii_case($json) {
                        return Key::$field;
                    }
                )*
                name.clone_into(unknown);
                Key::Other__
            }

            struct ModelVisitor;

            impl<'de> de::Visitor<'de> for ModelVisitor {
                type Value = Option<$name>;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an object")
                }

                fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                    Ok(None)
                }

                fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                    if text.trim().is_empty() { Ok(None) } else { Err(E::custom("expected an object")) }
                }

                fn visit_seq<A: de::SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                    only_element(seq)
                }

                fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                    $( let mut $field: Option<$ty> = None; )*
                    let (mut extra, mut unknown) = (Extra::default(), String::new());
                    while let Some(key) = map.next_key_seed(KeySeed(&mut unknown))? {
                        match key {
                            // The first of two wins; that the slot is empty here spares a drop at every member.
                            $( Key::$field if $field.is_none() => {
                                $field = Some($crate::client::wire::model!(
                                    @next map extra $name, $ty, $json $(, $mark)*
                                ));
                            } )*
                            Key::Other__ => {
                                drift::note(drift::DriftKind::Member, stringify!($name), &unknown);
                                extra.insert(std::mem::take(&mut unknown), map.next_value()?);
                            }
                            _ => {
                                map.next_value::<de::IgnoredAny>()?;
                            }
                        }
                    }
                    Ok(Some($name {
                        $(
                            $field: match $field {
                                Some(value) => value,
                                None => <$ty as Field>::absent().ok_or_else(|| de::Error::missing_field($json))?,
                            },
                        )*
                        extra,
                    }))
                }
            }

            impl std::fmt::Debug for $name {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    let mut out = f.debug_struct(stringify!($name));
                    $( out.field(stringify!($field), $crate::client::wire::model!(@shown self.$field $($mark)*)); )*
                    if !self.extra.is_empty() {
                        out.field("extra", &self.extra);
                    }
                    out.finish()
                }
            }
        };

        $crate::client::wire::standalone!($name);
    )+};
    (@shown $self:ident . $field:ident $(droppable)?) => { &$crate::client::wire::Shown(&$self.$field) };
    (@shown $self:ident . $field:ident public $(droppable)?) => { &$self.$field };
    (@shown $self:ident . $field:ident personal $(droppable)?) => {
        &$crate::client::wire::Masked($crate::client::wire::Field::is_absent(&$self.$field))
    };
    (@next $map:ident $extra:ident $model:ident, $ty:ty, $json:literal $(, personal)? $(, public)?) => {
        $map.next_value_seed($crate::client::wire::FieldSeed::<$ty>::new())?
    };
    (@next $map:ident $extra:ident $model:ident, $ty:ty, $json:literal $(, personal)? $(, public)?, droppable) => {
        $crate::client::wire::droppable::<$ty, _>(&mut $map, (stringify!($model), $json), &mut $extra)?
    };
}

pub(crate) use model;
