//! The kind of a value that carries facts: an enumeration with one stable name for each variant, for counts and reports.

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
        $crate::named_enum::named_enum! {
            $(#[$doc])*
            $kind { $(#[doc = concat!("`", $name, "`")] $variant = $name),+ }
        }

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

pub(super) use kinds;
