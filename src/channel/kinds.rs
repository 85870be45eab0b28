//! The kind of a value that carries facts: an enumeration with one stable name for each variant, for counts and reports.

/// An enumeration and its kinds: `Kind of` stands before the enumeration, and each variant has the name of its kind behind it.
/// What follows a name is what the kind says to a person, or behind `=>` what [the value](crate::channel::wording) itself says.
///
/// Where two variants are of one kind, or one is of two, the kinds are declared alone, with the patterns of their values.
macro_rules! kinds {
    ($kind:ident of $(#$meta:tt)* pub enum $of:ident {
        $($(#$about:tt)* $variant:ident $(($($value:tt)+))? $({ $($facts:tt)+ })? = $name:literal => ($($says:tt)+)),+ $(,)?
    }) => {
        $crate::channel::wording::worded! { $(#$meta)* pub enum $of {
            $($(#$about)* $variant $(($($value)+))? $({ $($facts)+ })? => ($($says)+)),+
        } }

        kinds! { @ $kind of $of { $($variant = $name),+ } }
    };
    ($kind:ident of $(#$meta:tt)* pub enum $of:ident {
        $($(#$about:tt)* $variant:ident $(($value:ty))? $({ $($facts:tt)+ })? = $name:literal $(($message:literal))?),+ $(,)?
    }) => {
        $(#$meta)*
        #[non_exhaustive]
        pub enum $of { $($(#$about)* $variant $(($value))? $({ $($facts)+ })?),+ }

        kinds! { @ $kind of $of { $($variant = $name $(($message))?),+ } }
    };
    (@ $kind:ident of $of:ident { $($variant:ident = $name:literal ($message:literal)),+ }) => {
        kinds! { @ $kind of $of { $($variant = $name),+ } }

        impl $kind {
            /// What it says to a person.
            pub fn message(self) -> &'static str {
                match self { $(Self::$variant => $message),+ }
            }
        }
    };
    (@ $kind:ident of $of:ident { $($variant:ident = $name:literal),+ }) => {
        kinds! { $kind of $of { $($variant = $name: Self::$variant { .. }),+ } }
    };
    ($kind:ident of $of:ident { $($variant:ident = $name:literal: $pattern:pat),+ $(,)? }) => {
        $crate::named_enum::named_enum! {
            #[doc = concat!("What kind of [`", stringify!($of), "`] it is.")]
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
