//! `Debug` by a list of what may be seen: a declaration each instead of an implementation each.

/// Implements `Debug` for a type that shows these fields and no more, since the others may hold a secret or a buyer's data:
/// `shows! { |it: Type| field, name = it.what_is_shown() }`.
macro_rules! shows {
    (@ $shown:expr $(, $default:expr)?) => { &$shown };
    ($(#[$meta:meta])* |$it:ident: $type:ident $(<$param:ident>)?| $($name:ident $(= $value:expr)?),*) => {
        $(#[$meta])*
        impl $(<$param>)? ::std::fmt::Debug for $type $(<$param>)? {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                let $it = self;
                let mut shown = f.debug_struct(stringify!($type));
                $(shown.field(stringify!($name), $crate::shows::shows!(@ $($value,)? $it.$name));)*
                shown.finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use shows;
