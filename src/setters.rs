//! Chained setters: a declaration each instead of a body each.

/// Inside an `impl`: one consuming setter per line, `name(argument: Type) => field = value;`.
macro_rules! setters {
    ($($(#[$meta:meta])* $name:ident($($arg:ident: $type:ty)?) => $($field:ident).+ = $value:expr;)+) => {
        $($(#[$meta])*
        #[must_use]
        pub fn $name(mut self $(, $arg: $type)?) -> Self {
            self.$($field).+ = $value;
            self
        })+
    };
}

pub(crate) use setters;
