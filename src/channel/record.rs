//! Values of public members with a constructor: one declaration instead of a structure and a function that repeats its members.

/// Structures with public members, each with its constructor. A member that is given a value here begins with it; any other is
/// the argument of its name, turned into its type.
macro_rules! record {
    ($(
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($(#[$member_meta:meta])* pub $member:ident: $type:ty $(= $value:expr)?,)+
        }
        $(#[$new_meta:meta])*
        pub fn $new:ident($($argument:ident: $given:ty),* $(,)?);
    )+) => {$(
        $(#[$meta])*
        #[non_exhaustive]
        pub struct $name {
            $($(#[$member_meta])* pub $member: $type,)+
        }

        impl $name {
            $(#[$new_meta])*
            pub fn $new($($argument: $given),*) -> Self {
                Self { $($member: record!(@ $member $(, $value)?)),+ }
            }
        }
    )+};
    (@ $member:ident) => { $member.into() };
    (@ $member:ident, $value:expr) => { $value };
}

pub(super) use record;
