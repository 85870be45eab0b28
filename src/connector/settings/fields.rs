//! Settings as they are declared: each field with its default, which its docs and its setter take from there.

use std::time::Duration;

/// Declares a struct of settings as [options](crate::options), each with its default in the last line of its docs. How it is read
/// from a file stands elsewhere where the declaration begins with `#![read_by_hand]`.
macro_rules! settings {
    (#![read_by_hand] $($declared:tt)+) => { settings! { @declare $($declared)+ } };
    (
        @declare $(#$meta:tt)* $name:ident {
            $($(#$field_meta:tt)* $field:ident $(($into:ident))?: $type:ty = $default:expr;)+
        }
    ) => {
        $crate::options::options! {
            $(#$meta)*
            #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
            pub struct $name {
                $(
                    $(#$field_meta)*
                    #[doc = concat!("\n\nDefault: `", stringify!($default), "`.")]
                    pub $field $(($into))?: $type = $default,
                )+
            }
        }
    };
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
