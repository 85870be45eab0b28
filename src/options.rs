//! Structures of options: one declaration of each option with its default, instead of a structure, a `Default` and setters.

/// Every option becomes a public member, its default and a chained setter; the setter of `option (into): Type` takes whatever becomes
/// the type.
macro_rules! options {
    (
        $(#$meta:tt)*
        pub struct $name:ident { $($(#$about:tt)* pub $option:ident $(($into:ident))?: $type:ty = $value:expr,)+ }
    ) => {
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
                pub fn $option(mut self, $option: $crate::options::options!(@ $type $(, $into)?)) -> Self {
                    self.$option = $option.into();
                    self
                }
            )+
        }
    };
    (@ $type:ty) => { $type };
    (@ $type:ty, into) => { impl Into<$type> };
}

pub(crate) use options;
