//! Enumerations that ShipStation may extend at any time, as members of its JSON.

/// Declares [open enumerations](crate::open_enum) that are read and written as ShipStation does.
macro_rules! open_enum {
    ($($(#[$meta:meta])* pub enum $name:ident { $($variants:tt)* })+) => {
        $crate::open_enum::open_enum! { $($(#[$meta])* pub enum $name { $($variants)* })+ }

        $(
            impl $crate::client::wire::Lenient for $name {
                const WHAT: &'static str = "a text";

                fn from_text(text: &str) -> Result<Option<Self>, $crate::client::wire::Unfit> {
                    if text.is_empty() {
                        return Ok(None);
                    }
                    let value = Self::from(text);
                    if matches!(value, Self::Unknown(_)) {
                        $crate::client::wire::drift::unknown_value(stringify!($name), text);
                    }
                    Ok(Some(value))
                }

                fn from_integer(number: i64) -> Option<Self> {
                    Self::from_text(&number.to_string()).ok().flatten()
                }

                fn from_bool(value: bool) -> Option<Self> {
                    Self::from_text(&value.to_string()).ok().flatten()
                }

                fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.serialize_str(self.as_str())
                }
            }

            $crate::client::wire::standalone!($name);
        )+
    };
}

pub(crate) use open_enum;
