//! Enumerations that ShipStation may extend at any time: an unlisted text stays representable and is written
//! back verbatim.

/// Declares open enumerations over texts.
macro_rules! open_enum {
    ($($(#[$meta:meta])* pub enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),* $(,)? })+) => {$(
        $(#[$meta])*
        ///
        /// The enumeration is open: a text that is not listed is kept in `Unknown` and written back verbatim.
        ///
        /// `Debug` shows such a text only if it is a word as ShipStation writes them.
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vmeta])* $variant,)*
            /// A text that this version of the crate does not list.
            Unknown(String),
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $(Self::$variant => f.write_str(stringify!($variant)),)*
                    Self::Unknown(text) => {
                        f.debug_tuple("Unknown").field(&$crate::client::wire::Name::of_value(text)).finish()
                    }
                }
            }
        }

        impl $name {
            /// Every listed value.
            pub const LISTED: &'static [Self] = &[$(Self::$variant),*];

            /// The text as ShipStation writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Unknown(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)*
                    other => Self::Unknown(other.to_owned()),
                }
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::from(text.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::convert::Infallible;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(Self::from(text))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

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
    )+};
}

pub(crate) use open_enum;
