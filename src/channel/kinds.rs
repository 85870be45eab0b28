//! Enumerations with one stable name for each variant, and the kind of a value that carries facts: for counts and reports.

/// An enumeration of names.
macro_rules! named {
    ($(#[$doc:meta])* $kind:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $kind { $($(#[$variant_doc])* #[doc = concat!("`", $name, "`")] $variant),+ }

        impl $kind {
            /// Its stable name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        impl std::fmt::Display for $kind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }

        impl serde::Serialize for $kind {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }
    };
}

/// The kind of a value.
macro_rules! kinds {
    ($(#[$doc:meta])* $kind:ident of $of:ident {
        $($variant:ident = $name:literal ($message:literal): $pattern:pat),+ $(,)?
    }) => {
        kinds! { $(#[$doc])* $kind of $of { $($variant = $name: $pattern),+ } }

        impl $kind {
            /// What it says to a person.
            pub fn message(self) -> &'static str {
                match self { $(Self::$variant => $message),+ }
            }
        }
    };
    ($(#[$doc:meta])* $kind:ident of $of:ident { $($variant:ident = $name:literal: $pattern:pat),+ $(,)? }) => {
        $crate::channel::kinds::named! { $(#[$doc])* $kind { $($variant = $name),+ } }

        impl $of {
            /// Its kind.
            pub fn kind(&self) -> $kind {
                match self { $($pattern => $kind::$variant),+ }
            }

            /// The stable name of its kind.
            pub fn name(&self) -> &'static str {
                self.kind().name()
            }
        }
    };
}

pub(super) use {kinds, named};
