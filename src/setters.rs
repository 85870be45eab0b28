//! Chained setters: a declaration each instead of a body each.

/// Inside an `impl`: one consuming setter per line, `name(argument: Type) => field = value;`. Where the type itself is
/// `#[must_use]`, the lines begin with `#![must_use]`, and the setters do not say it again.
macro_rules! setters {
    (#![must_use]
        $($(#[$meta:meta])* $name:ident($($arg:ident: $type:ty),*) => $($field:tt).+ = $value:expr;)+) => {
        $($(#[$meta])*
        pub fn $name(mut self $(, $arg: $type)*) -> Self {
            self.$($field).+ = $value;
            self
        })+
    };
    ($($(#[$meta:meta])* $name:ident($($arg:ident: $type:ty),*) => $($field:tt).+ = $value:expr;)+) => {
        $($(#[$meta])*
        #[must_use]
        pub fn $name(mut self $(, $arg: $type)*) -> Self {
            self.$($field).+ = $value;
            self
        })+
    };
}

pub(crate) use setters;
