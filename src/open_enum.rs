//! Enumerations over the texts of somebody else, who may extend them at any time: an unlisted text stays representable and is
//! written back verbatim. And how such a text is shown.

use std::fmt;

const MAX_NAME_CHARS: usize = 40;
const MAX_DIGITS: usize = 4;

/// Declares open enumerations over texts. The documentation of each value ends with its text.
macro_rules! open_enum {
    ($($(#[$meta:meta])* pub enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),* $(,)? })+) => {$(
        $(#[$meta])*
        ///
        /// The enumeration is open: a text that is not listed is kept in `Unknown` and written back verbatim.
        ///
        /// `Debug` shows such a text only if it is a plain word.
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vmeta])* #[doc = concat!("`", $text, "`.")] $variant,)*
            /// A text that this version of the crate does not list.
            Unknown(String),
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $(Self::$variant => f.write_str(stringify!($variant)),)*
                    Self::Unknown(text) => {
                        f.debug_tuple("Unknown").field(&$crate::open_enum::Name::of_value(text)).finish()
                    }
                }
            }
        }

        impl $name {
            /// Every listed value.
            pub const LISTED: &'static [Self] = &[$(Self::$variant),*];

            /// The text that it stands for.
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
    )+};
}

pub(crate) use open_enum;

/// An unknown name for people: verbatim if it looks like one of ShipStation's, and its length otherwise.
pub(crate) enum Name<'t> {
    Plain(&'t str),
    Hidden(&'t str),
}

impl<'t> Name<'t> {
    /// The name of a member, such as `shipByDate` or `WebHookID`.
    pub(crate) fn of_member(name: &'t str) -> Self {
        Self::new(name, |c| c.is_ascii_alphanumeric() || c == '_')
    }

    /// The text of an enumeration, such as `awaiting_shipment` or `4`.
    pub(crate) fn of_value(text: &'t str) -> Self {
        Self::new(text, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    }

    fn new(text: &'t str, allowed: impl Fn(char) -> bool) -> Self {
        // A longer run of digits may be a telephone number.
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let plain =
            (1..=MAX_NAME_CHARS).contains(&text.len()) && digits <= MAX_DIGITS && text.chars().all(allowed);
        if plain { Self::Plain(text) } else { Self::Hidden(text) }
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) => f.write_str(text),
            Self::Hidden(text) => write!(f, "*** ({} bytes)", text.len()),
        }
    }
}

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) => write!(f, "\"{text}\""),
            Self::Hidden(_) => fmt::Display::fmt(self, f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_look_like_shipstations_are_verbatim() {
        for name in ["shipByDate", "WebHookID", "customField4", "_links"] {
            assert_eq!(Name::of_member(name).to_string(), name);
        }
        for text in ["awaiting_pickup", "4", "xcover2"] {
            assert_eq!(Name::of_value(text).to_string(), text);
            assert_eq!(format!("{:?}", Name::of_value(text)), format!("{text:?}"));
        }
        let long = "x".repeat(41);
        for text in ["", "Jane Canary", "jane@example.com", "18015550142", "Rose", "é", "a\nb", &long] {
            let hidden = format!("*** ({} bytes)", text.len());
            assert_eq!(Name::of_value(text).to_string(), hidden);
            assert_eq!(format!("{:?}", Name::of_value(text)), hidden);
        }
        for text in ["Jane Canary", "jane@example.com", "order18015550142"] {
            assert!(Name::of_member(text).to_string().starts_with("*** ("), "{text}");
        }
    }
}
