//! Options with their defaults: one declaration instead of a structure, its default and its setters.

/// A structure of options. Each begins with its value here, and has a setter of its name.
macro_rules! options {
    ($(#$meta:tt)* pub struct $name:ident { $($(#$about:tt)* pub $option:ident: $type:ty = $value:expr,)+ }) => {
        $(#$meta)*
        #[non_exhaustive]
        pub struct $name {
            $($(#$about)* pub $option: $type,)+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($option: $value),+ }
            }
        }

        impl $name {
            $(
                #[doc = concat!("Sets [`", stringify!($option), "`](Self#structfield.", stringify!($option), ").")]
                #[must_use]
                pub fn $option(mut self, $option: $type) -> Self {
                    self.$option = $option;
                    self
                }
            )+
        }
    };
}

pub(super) use options;
