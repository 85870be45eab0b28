//! How reports and errors put things into words.

use std::fmt;

/// An enumeration with what each value says to a person, in which its facts have their names.
macro_rules! worded {
    ($(#$meta:tt)* pub enum $of:ident {
        $($(#$about:tt)* $variant:ident $(($value:ident: $value_type:ty))?
            $({ $($(#$fact_about:tt)* $fact:ident: $type:ty),+ $(,)? })? => ($($says:tt)+)),+ $(,)?
    }) => {
        $(#$meta)*
        #[non_exhaustive]
        pub enum $of {
            $($(#$about)* $variant $(($value_type))? $({ $($(#$fact_about)* $fact: $type),+ })?),+
        }

        impl std::fmt::Display for $of {
            #[allow(unused_variables, reason = "not every fact is told")]
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self { $(Self::$variant $(($value))? $({ $($fact),+ })? => write!(f, $($says)+)),+ }
            }
        }
    };
}

pub(crate) use worded;

/// What a value says to a person: `says! { |it: Type| "its {}", it.member }`.
macro_rules! says {
    (|$it:ident: $type:ty| $($says:tt)+) => {
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let $it = self;
                write!(f, $($says)+)
            }
        }
    };
}

pub(crate) use says;

/// A count with its noun: `1 row`, `2 rows`.
pub(crate) fn count_of(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// What is counted, unless it is nothing: `2 failed`.
pub(super) fn some(count: u64, what: &str) -> String {
    if count > 0 { format!("{count} {what}") } else { String::new() }
}

/// What is counted beside something else, unless it is nothing: `, 2 failed`.
pub(super) fn counted<const N: usize>(counts: [(u64, &str); N]) -> String {
    let some = counts.into_iter().filter(|(count, _)| *count > 0);
    some.fold(String::new(), |text, (count, what)| format!("{text}, {count} {what}"))
}

/// All of them as one text.
pub(super) fn joined<T: ToString>(items: impl IntoIterator<Item = T>, between: &str) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(between)
}

/// A text with what stands behind it, or nothing.
pub(super) fn behind(text: &str, item: Option<impl fmt::Display>) -> String {
    item.map(|item| format!("{text}{item}")).unwrap_or_default()
}

/// Each with a blank before it.
pub(super) fn spaced(items: &[impl fmt::Display]) -> String {
    items.iter().fold(String::new(), |text, item| format!("{text} {item}"))
}
