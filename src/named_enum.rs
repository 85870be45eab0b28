//! Enums whose variants have one stable name each, and what to say about a name that is none of them.

/// Letters by which a misspelled name may differ from the one that was meant.
const NEAR: usize = 2;
/// How many characters of an unknown name an error shows.
const MAX_ECHOED_CHARS: usize = 60;

/// The known name that a word was probably meant to be.
pub(crate) fn nearest_name<'k>(given: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let given = given.trim().to_lowercase();
    let distances = known.into_iter().map(|name| (strsim::levenshtein(name, &given), name));
    distances
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= NEAR)
        .map(|(_, name)| name)
}

/// A name that an enum does not know. It says which one may have been meant, or which there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    given: String,
    known: &'static [&'static str],
}

impl UnknownName {
    pub(crate) fn new(given: &str, known: &'static [&'static str]) -> Self {
        Self { given: given.chars().take(MAX_ECHOED_CHARS).collect(), known }
    }
}

impl std::fmt::Display for UnknownName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} is not known: ", self.given)?;
        match nearest_name(&self.given, self.known.iter().copied()) {
            Some(name) => write!(f, "did you mean {name}?"),
            None => write!(f, "allowed are {}", self.known.join(", ")),
        }
    }
}

impl std::error::Error for UnknownName {}

/// Enums of plain variants with a name each: `name`, `Display`, `FromStr` and serde use that name and nothing else.
macro_rules! named_enum {
    ($($(#[$meta:meta])* $enum:ident { $($(#[$variant_meta:meta])* $variant:ident = $name:literal),+ $(,)? })+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $enum { $($(#[$variant_meta])* $variant),+ }

        impl $enum {
            const NAMES: &'static [&'static str] = &[$($name),+];

            /// Its stable name, as settings, stores and reports write it.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        impl std::fmt::Display for $enum {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl std::str::FromStr for $enum {
            type Err = $crate::UnknownName;

            fn from_str(name: &str) -> Result<Self, $crate::UnknownName> {
                match name {
                    $($name => Ok(Self::$variant),)+
                    _ => Err($crate::UnknownName::new(name, Self::NAMES)),
                }
            }
        }

        impl serde::Serialize for $enum {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $enum {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                name.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

pub(crate) use named_enum;

#[cfg(test)]
#[expect(unreachable_pub, reason = "the macro makes public enumerations")]
mod tests {
    named_enum! {
        MatchKind { Any = "any", Glob = "glob", Prefix = "prefix", Exact = "exact", Absent = "absent" }
    }

    #[test]
    fn names_go_out_and_come_back() {
        for kind in [MatchKind::Any, MatchKind::Exact, MatchKind::Absent] {
            assert_eq!(kind.to_string().parse(), Ok(kind));
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(json, format!("\"{kind}\""));
            assert_eq!(serde_json::from_str::<MatchKind>(&json).unwrap(), kind);
        }
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_nearest_one() {
        let refused = |name: &str| name.parse::<MatchKind>().unwrap_err().to_string();
        assert_eq!(refused("exakt"), "\"exakt\" is not known: did you mean exact?");
        assert_eq!(refused("Prefix"), "\"Prefix\" is not known: did you mean prefix?");
        assert_eq!(
            refused("fuzzy-ish"),
            "\"fuzzy-ish\" is not known: allowed are any, glob, prefix, exact, absent"
        );
        let error = serde_json::from_str::<MatchKind>("\"regex pattern\"").unwrap_err().to_string();
        assert!(error.starts_with("\"regex pattern\" is not known"), "{error}");
        assert!(serde_json::from_str::<MatchKind>("1").is_err());
    }
}
