//! Settings as they are declared: each field with its default, which its docs and its setter take from there.

use std::time::Duration;

/// Declares a struct of settings. `field: Type = default;` makes the field, the last line of its docs, its default and a
/// chained setter; the setter of `field (into): Type` takes whatever becomes the type. How it is read from a file stands
/// elsewhere where the declaration begins with `#![read_by_hand]`.
macro_rules! settings {
    (#![read_by_hand] $($declared:tt)+) => { settings! { @declare $($declared)+ } };
    (
        @declare $(#[$meta:meta])* $name:ident {
            $($(#[$field_meta:meta])* $field:ident $(($into:ident))?: $type:ty = $default:expr;)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
        #[non_exhaustive]
        pub struct $name {
            $(
                $(#[$field_meta])*
                #[doc = concat!("\n\nDefault: `", stringify!($default), "`.")]
                pub $field: $type,
            )+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default),+ }
            }
        }

        impl $name {
            $(
                #[doc = concat!("Sets [`", stringify!($field), "`](Self#structfield.", stringify!($field), ").")]
                #[must_use]
                pub fn $field(mut self, $field: settings!(@ $type $(, $into)?)) -> Self {
                    self.$field = $field.into();
                    self
                }
            )+
        }
    };
    (@ $type:ty) => { $type };
    (@ $type:ty, into) => { impl Into<$type> };
    ($($declared:tt)+) => {
        settings! { @declare #[derive(serde::Deserialize)] #[serde(default, deny_unknown_fields)] $($declared)+ }
    };
}

pub(super) use settings;

pub(super) const fn minutes(number: u64) -> Duration {
    Duration::from_secs(number * 60)
}

pub(super) const fn hours(number: u64) -> Duration {
    minutes(number * 60)
}

pub(super) const fn days(number: u64) -> Duration {
    hours(number * 24)
}
